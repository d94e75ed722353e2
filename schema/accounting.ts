/** Accounting: journal lines by month, and elections under section 83(b). */

import {
  type Accounting,
  accountingOf,
  ELECTION_DECISIONS,
  type ElectionView,
  type JournalLine,
  recordElection,
} from '../api/drawdown/index.ts'
import { builder } from './builder.ts'
import { idempotencyKey, may } from './mutation.ts'

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
    grantId: t.exposeID('grant', { description: 'The grant.' }),
    books: t.exposeString('books', { description: 'Whose books: provider or company.' }),
    account: t.exposeString('account', { description: 'The account.' }),
    debit: t.exposeString('debit', { description: 'Debit, exact; negative where a correction takes back.' }),
    credit: t.exposeString('credit', { description: 'Credit, exact.' }),
    currency: t.exposeString('currency', { description: 'ISO 4217 code.' }),
    source: t.exposeString('source', { description: 'The standard.' }),
  }),
})
const AccountingType = builder.objectRef<Accounting>('Accounting').implement({
  description: 'What a company’s statements come to in accounts.',
  fields: (t) => ({
    journal: t.field({
      type: [Line],
      description: 'Journal lines, by grant and month.',
      resolve: ({ journal }) => [...journal],
    }),
    elections: t.field({
      type: [Election],
      description: 'One for each issuance that earns by drawdown.',
      resolve: ({ elections }) => [...elections],
    }),
  }),
})
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
