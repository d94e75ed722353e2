/** Accounting: journal lines by grant and month, breakage, and elections under section 83(b). */

import { type GrantBreakage, grantBreakage } from '../../api/closing/index.ts'
import {
  type Accounting,
  accountingOf,
  ELECTION_DECISIONS,
  type ElectionView,
  type GrantAccounting,
  type JournalLine,
  type MonthOfBooks,
  NoBreakage,
  recordElection,
} from '../../api/drawdown/index.ts'
import { Forbidden, globalId, NotFound, Refused } from '../../api/platform/index.ts'
import { builder } from '../kernel/builder.ts'
import { DomainErrorInterface } from '../kernel/errors.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { Mark } from '../tokens/index-marks.ts'

builder.objectType(NoBreakage, {
  name: 'NoBreakage',
  description: 'There is no breakage to recognise: unused tokens are refundable, or the estimate cannot be.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({ reason: t.exposeString('reason', { description: 'Why.' }) }),
})

const DecisionEnum = builder.enumType('ElectionDecision', {
  description: 'What was decided about an election under section 83(b).',
  values: ELECTION_DECISIONS,
})
const Election = builder.objectRef<ElectionView>('TaxElection').implement({
  description: 'An election under section 83(b) for one issuance: when it is due, and what was decided.',
  fields: (t) => ({
    securityId: t.exposeString('securityId', { description: 'The OCF security.' }),
    issuedOn: t.expose('issuedOn', { type: 'Date', description: 'Day of the issuance.' }),
    dueOn: t.expose('dueOn', {
      type: 'Date',
      description: 'The thirtieth day after it, or the next business day (IRC 83(b)(2), 7503).',
    }),
    decision: t.field({
      type: DecisionEnum,
      nullable: true,
      description: 'As the company recorded it; null while it has not.',
      resolve: ({ decision }) => ELECTION_DECISIONS.find((known) => known === decision) ?? null,
    }),
    filedOn: t.expose('filedOn', { type: 'Date', nullable: true, description: 'When it was filed.' }),
  }),
})
const Line = builder.objectRef<JournalLine>('JournalLine').implement({
  description: 'One line of a journal. A signal for accountants, not their judgement.',
  fields: (t) => ({
    month: t.exposeString('month', { description: 'The month: 2027-01.' }),
    grantId: t.exposeID('grant', { description: 'The grant: its id within the company.' }),
    books: t.exposeString('books', { description: 'Whose books: provider or company.' }),
    account: t.exposeString('account', { description: 'The account.' }),
    debit: t.exposeString('debit', { description: 'Debit, exact; negative where a correction takes back.' }),
    credit: t.exposeString('credit', { description: 'Credit, exact.' }),
    currency: t.exposeString('currency', { description: 'ISO 4217 code.' }),
    source: t.exposeString('source', { description: 'The standard.' }),
  }),
})
const Equity = builder.enumType('EquityForCompute', {
  description:
    'FORFEITABLE: unused tokens take back the shares that they would have earned; cost is recognised as compute is received, and there is no prepaid. NON_FORFEITABLE: releases earn the shares, used or not; what was released is prepaid until it is received (ASC 718-10-35-1B).',
  values: ['FORFEITABLE', 'NON_FORFEITABLE'] as const,
})
const Month = builder.objectRef<MonthOfBooks>('GrantAccountingMonth').implement({
  description: 'What both books say of a grant at the end of a stated month, cumulative since its opening.',
  fields: (t) => ({
    month: t.exposeString('month', { description: 'The month: 2027-01.' }),
    provided: t.expose('provided', {
      type: 'Tokens',
      description: 'H100-hours for which shares are retained: what revenue and expense follow.',
    }),
    providerRevenue: t.expose('providerRevenue', {
      type: 'Decimal',
      nullable: true,
      description: "The provider's revenue, in the currency of its consideration; null without one.",
    }),
    providerLiability: t.expose('providerLiability', {
      type: 'Decimal',
      nullable: true,
      description:
        'What the provider still owes in hours for shares that are retained in any case, in the currency of its consideration; null where none are retained so, and without a consideration.',
    }),
    companyExpense: t.expose('companyExpense', {
      type: 'Decimal',
      description: "The company's expense, in the currency of its consideration (ASC 718-10-25-2C).",
    }),
    companyPrepaid: t.expose('companyPrepaid', {
      type: 'Decimal',
      description:
        'Compute paid for and not received yet, in the currency of its consideration; zero where the equity is forfeitable.',
    }),
  }),
})
const OfGrant = builder.objectRef<GrantAccounting>('GrantAccounting').implement({
  description: 'The accounts of one grant. A signal for accountants, not their judgement.',
  fields: (t) => ({
    grantId: t.exposeID('grantId', { description: 'Its id within the company, as in the journal lines.' }),
    grant: t.id({
      description: 'Its global id, `Grant:<company>:<grant>`.',
      resolve: ({ companyId, grantId }) => globalId('Grant', companyId, grantId),
    }),
    securityId: t.exposeString('securityId', { description: 'The OCF security that it vests.' }),
    granted: t.expose('granted', { type: 'Tokens', description: 'H100-hours owed for the consideration.' }),
    equity: t.expose('equity', { type: Equity, description: 'Whether unused tokens take shares back.' }),
    companyConsideration: t.expose('companyConsideration', {
      type: 'Money',
      description: "The shares at the price of the round: what the company's expense is measured at.",
    }),
    providerConsideration: t.expose('providerConsideration', {
      type: 'Money',
      nullable: true,
      description:
        "The shares at `mark`: the provider's non-cash consideration (ASC 606-10-32-21). Null without an approved mark, and for who is not on the fund's staff.",
    }),
    mark: t.expose('mark', {
      type: Mark,
      nullable: true,
      description: 'The approved fair value of a share in force on the day of the contract.',
    }),
    cannotTell: t.exposeString('cannotTell', {
      nullable: true,
      description: "Why there is no provider's consideration; null for who sees no marks.",
    }),
    months: t.field({
      type: [Month],
      description: 'One for each stated month, oldest first.',
      resolve: ({ months }) => [...months],
    }),
    journal: t.field({
      type: [Line],
      description: 'Its journal lines, by month.',
      args: { month: t.arg.string({ required: false, description: 'Only of this month: 2027-01.' }) },
      resolve: ({ journal }, { month }) => journal.filter((line) => month == null || line.month === month),
    }),
  }),
})
const AccountingType = builder.objectRef<Accounting>('Accounting').implement({
  description: 'What a company’s statements come to in accounts.',
  fields: (t) => ({
    grants: t.field({
      type: [OfGrant],
      description: 'One for each grant whose issuance is recorded.',
      resolve: ({ grants }) => [...grants],
    }),
    journal: t.field({
      type: [Line],
      description: "Journal lines, by grant and month. The provider's are for the fund's staff.",
      resolve: ({ journal }) => [...journal],
    }),
    elections: t.field({
      type: [Election],
      description: 'One for each issuance that earns by drawdown.',
      resolve: ({ elections }) => [...elections],
    }),
  }),
})
builder.queryField('companyAccounting', (t) =>
  t.field({
    type: AccountingType,
    description: 'What the stated months of a company come to in accounts, and its elections under section 83(b).',
    errors: { types: [NotFound] },
    args: { companyId: t.arg.id({ description: 'The company.' }) },
    complexity: 500,
    resolve: (_root, { companyId }, { deps, actor }) =>
      accountingOf(deps.db, actor, String(companyId).replace(/^Company:/, '')),
  }),
)

const Breakage = builder.objectRef<GrantBreakage>('GrantBreakage').implement({
  description:
    "The provider's revenue from a grant until its last stated month, with breakage in proportion to what is redeemed (ASC 606-10-55-46 to 55-49). Amounts are in the currency of the consideration.",
  fields: (t) => ({
    month: t.exposeString('month', { description: 'The last stated month.' }),
    redeemed: t.expose('redeemed', { type: 'Tokens', description: 'Redeemed until its end.' }),
    expectedUnused: t.expose('expectedUnused', { type: 'Tokens', description: 'The estimate that was given.' }),
    consideration: t.expose('consideration', { type: 'Money', description: 'The shares at the approved mark.' }),
    because: t.exposeString('because', { description: 'Why unused tokens are not refundable.' }),
    delivery: t.expose('delivery', { type: 'Decimal', description: 'Revenue for what was redeemed.' }),
    breakage: t.expose('breakage', { type: 'Decimal', description: 'Revenue for what is expected to stay unused.' }),
    revenue: t.expose('revenue', { type: 'Decimal', description: 'Both.' }),
    liability: t.expose('liability', { type: 'Decimal', description: 'What is still owed.' }),
  }),
})
builder.queryField('grantBreakage', (t) =>
  t.field({
    type: Breakage,
    description:
      "Breakage of a grant. For the fund's staff. Refused where unused tokens forfeit shares, and where no approved mark says what was received.",
    errors: { types: [NotFound, Forbidden, Refused, NoBreakage] },
    args: {
      grantId: t.arg.id({ description: 'The grant, `Grant:<company>:<grant>`.' }),
      expectedUnused: t.arg({ type: 'Tokens', description: 'Tokens that are expected never to be redeemed.' }),
    },
    complexity: 500,
    resolve: (_root, args, { deps, actor }) => grantBreakage(deps.db, actor, args),
  }),
)

const Input = builder.inputType('RecordElectionInput', {
  description: 'What was decided about an election under section 83(b).',
  fields: (t) => ({
    companyId: t.id({ description: 'The company.' }),
    securityId: t.string({ description: 'The OCF security.' }),
    decision: t.field({ type: DecisionEnum, description: 'The decision.' }),
    filedOn: t.field({ type: 'Date', required: false, description: 'When it was filed: only of one that was made.' }),
    reason: t.string({ description: 'Why.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
builder.mutationField('recordElection', (t) =>
  t.field({
    type: AccountingType,
    description: 'Record what was decided about an election under section 83(b). The last record holds.',
    ...may(['founder', 'signatory']),
    args: { input: t.arg({ type: Input }) },
    resolve: async (_root, { input }, { deps, actor }) => {
      const { companyId } = await recordElection(deps, actor, input)
      return accountingOf(deps.db, actor, companyId)
    },
  }),
)
