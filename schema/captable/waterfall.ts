/** Waterfalls: of a company's table on a day, and of the company that a round would make. */
import {
  BeforeFirstTransaction,
  type ClassPayout,
  companyWaterfalls,
  type ExitPayouts,
  type HolderPayout,
  MOST_EXITS,
  type NamedBreakpoint,
  NoCapTable,
  WaterfallRefused,
  type WaterfallView,
} from '../../api/captable/index.ts'
import { Refused } from '../../api/platform/index.ts'
import { type RoundView, roundWaterfalls, TermsRefused } from '../../api/rounds/index.ts'
import { batch, instantOf, mustHave } from '../kernel/batch.ts'
import { builder } from '../kernel/builder.ts'
import './captable-errors.ts'
import { DomainErrorInterface } from '../kernel/errors.ts'
import { withoutNulls } from '../kernel/input.ts'
import { Company } from '../parties.ts'
import { Round } from '../rounds/rounds.ts'

const reasons = { description: 'All of them.', resolve: ({ reasons: all }: { reasons: readonly string[] }) => [...all] }

builder.objectType(WaterfallRefused, {
  name: 'WaterfallRefused',
  description: 'The cap table does not say enough for a waterfall, or what is asked contradicts it.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({ reasons: t.stringList(reasons) }),
})

const BreakpointKind = builder.enumType('BreakpointKind', {
  description: 'What happens at a breakpoint.',
  values: {
    DEBT_PAID: { description: 'Debt of one rank is paid.' },
    CARVE_OUT_STARTS: { description: 'The carve-out begins to take its part.' },
    CARVE_OUT_FULL: { description: 'The carve-out has its most.' },
    PREFERENCES_PAID: { description: 'Classes and convertibles of one seniority have their preference.' },
    EXERCISES: { description: 'An option or warrant is worth exercising.' },
    CAP_REACHED: { description: 'A participating class has reached its cap.' },
    CONVERTS: { description: 'A class or convertible takes as common from here on.' },
  } as const,
})
const Breakpoint = builder.objectRef<NamedBreakpoint>('WaterfallBreakpoint').implement({
  description: 'An exit value at which the shares of the next dollar change. Between two, every payout is linear.',
  fields: (t) => ({
    exit: t.expose('exit', { type: 'Decimal', description: 'The exit value, rounded up to the cent.' }),
    kind: t.expose('kind', { type: BreakpointKind, description: 'What happens there.' }),
    names: t.stringList({ description: 'To whom.', resolve: ({ names }) => [...names] }),
  }),
})
const ClassPayoutType = builder.objectRef<ClassPayout>('ClassPayout').implement({
  description: 'What a stock class gets.',
  fields: (t) => ({
    classId: t.exposeString('classId', { description: 'Its id in Open Cap Format, or "new" and its name.' }),
    className: t.exposeString('className', { description: 'Name.' }),
    amount: t.expose('amount', { type: 'Decimal', description: 'Payout of the whole class.' }),
    converts: t.exposeBoolean('converts', { description: 'True where it takes as common instead of its preference.' }),
  }),
})
const PayoutType = builder.objectRef<HolderPayout>('HolderPayout').implement({
  description: 'What somebody gets for one class or kind of instrument.',
  fields: (t) => ({
    holderId: t.exposeString('holderId', { description: 'Id of the stakeholder in Open Cap Format.' }),
    holder: t.exposeString('holder', { description: 'Name.' }),
    what: t.exposeString('what', { description: 'The class or instrument.' }),
    amount: t.expose('amount', { type: 'Decimal', description: 'Payout, less the strike where it is exercised.' }),
    converts: t.exposeBoolean('converts', {
      nullable: true,
      description: 'Of an option exercised, of a convertible converted; null for stock.',
    }),
  }),
})
const Named = builder.objectRef<{ readonly name: string; readonly amount: bigint }>('NamedAmount').implement({
  description: 'An amount and what it is for.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What for.' }),
    amount: t.expose('amount', { type: 'Decimal', description: 'The amount.' }),
  }),
})
const Exit = builder.objectRef<ExitPayouts>('ExitPayouts').implement({
  description: 'An exit value, paid out to the last cent: debts, carve-out and payouts add up to it.',
  fields: (t) => ({
    exit: t.expose('exit', { type: 'Decimal', description: 'The exit value.' }),
    debts: t.field({ type: [Named], description: 'Paid first, by rank.', resolve: ({ debts }) => [...debts] }),
    carveOut: t.expose('carveOut', { type: 'Decimal', description: 'What management gets of what debt leaves.' }),
    classes: t.field({
      type: [ClassPayoutType],
      description: 'By stock class.',
      complexity: { field: 1, multiplier: 5 },
      resolve: ({ classes }) => [...classes],
    }),
    payouts: t.field({
      type: [PayoutType],
      description: 'By holder, and by class or instrument; at most `first`.',
      args: { first: t.arg.int({ defaultValue: 100, description: 'At most 1,000.' }) },
      complexity: ({ first }) => ({ field: 1, multiplier: Math.max(1, Math.min(first ?? 100, 1_000) / 20) }),
      resolve: ({ payouts }, { first }) => payouts.slice(0, Math.max(0, Math.min(first ?? 100, 1_000))),
    }),
    perShare: t.expose('perShare', {
      type: 'Decimal',
      description: 'Per share of common, rounded down to ten places; 0 until all preferences are paid.',
    }),
    sharing: t.expose('sharing', {
      type: 'Shares',
      description: 'The waterfall base: shares of common that share the last dollar.',
    }),
  }),
})
export const WaterfallType = builder.objectRef<WaterfallView>('Waterfall').implement({
  description: 'Who gets what of a sale, for each exit value that was asked for.',
  fields: (t) => ({
    asOf: t.expose('asOf', { type: 'Date', description: 'The day of the cap table.' }),
    currency: t.exposeString('currency', { description: 'Currency of all amounts, ISO 4217.' }),
    exits: t.field({
      type: [Exit],
      description: 'In the order asked for.',
      complexity: { field: 1, multiplier: 10 },
      resolve: ({ exits }) => [...exits],
    }),
    breakpoints: t.field({
      type: [Breakpoint],
      description: 'By rising exit value.',
      complexity: { field: 1, multiplier: 10 },
      resolve: ({ breakpoints }) => [...breakpoints],
    }),
    notes: t.stringList({ description: 'What was taken for granted.', resolve: ({ notes }) => [...notes] }),
  }),
})

const UnearnedTreatment = builder.enumType('UnearnedTreatment', {
  description: 'What shares that have not vested get in a sale.',
  values: {
    NO_PREFERENCE: { description: 'They share as common does: no preference beyond earned value. The default.' },
    FULL: { description: 'As the earned ones.' },
    FORFEITED: { description: 'Nothing.' },
  } as const,
})
const ParticipationKind = builder.enumType('ParticipationKind', {
  description: 'What preferred gets beside its preference.',
  values: {
    NONE: { description: 'The preference, or as common, whichever is more.' },
    FULL: { description: 'The preference, and with common.' },
    CAPPED: { description: 'So until both make a multiple of the price, or as common if that is more.' },
  } as const,
})
const DebtInput = builder.inputType('WaterfallDebtInput', {
  description: 'Money lent, paid before all else.',
  fields: (t) => ({
    name: t.string({ description: 'Who is owed. Names differ.' }),
    amount: t.field({ type: 'Decimal', description: 'How much, with at most two places.' }),
    rank: t.int({ required: false, description: '1 is paid first; equal ranks share. Default 1.' }),
  }),
})
const CarveOutInput = builder.inputType('CarveOutInput', {
  description: 'What management gets of what debt leaves.',
  fields: (t) => ({
    part: t.field({ type: 'Decimal', description: 'A part of 1: "0.10".' }),
    above: t.field({ type: 'Decimal', required: false, description: 'Of what exceeds this. Default 0.' }),
    atMost: t.field({ type: 'Decimal', required: false, description: 'And not more than this.' }),
  }),
})
const ClassInput = builder.inputType('WaterfallClassInput', {
  description: 'What the cap table does not say about a class.',
  fields: (t) => ({
    classId: t.string({ description: 'Its id in Open Cap Format.' }),
    participation: t.field({
      type: ParticipationKind,
      required: false,
      description: 'Default: CAPPED where the class has a cap, else NONE. Open Cap Format has no word for FULL.',
    }),
    capMultiple: t.field({ type: 'Decimal', required: false, description: 'Of the price; with CAPPED.' }),
    price: t.field({ type: 'Decimal', required: false, description: 'Original issue price per share.' }),
    accrued: t.field({ type: 'Decimal', required: false, description: 'Dividends accrued and unpaid, per share.' }),
  }),
})
const WaterfallInput = builder.inputType('WaterfallInput', {
  description: 'Exit values, and what a cap table does not say about a sale.',
  fields: (t) => ({
    exits: t.field({
      type: ['Decimal'],
      description: `Exit values with at most two places, 1 to ${MOST_EXITS} of them.`,
    }),
    currency: t.string({ required: false, description: 'ISO 4217. Default "USD"; of a round its own.' }),
    debts: t.field({ type: [DebtInput], required: false, description: 'At most 50.' }),
    carveOut: t.field({ type: CarveOutInput, required: false, description: 'None by default.' }),
    unearned: t.field({ type: UnearnedTreatment, required: false, description: 'Default NO_PREFERENCE.' }),
    unvestedOptions: t.boolean({
      required: false,
      description: 'True where options that have not vested may be exercised. Default false.',
    }),
    classes: t.field({ type: [ClassInput], required: false, description: 'At most 100.' }),
  }),
})

const cost = (args: { input: { exits: readonly string[] } }) => ({
  field: 20 + Math.min(args.input.exits.length, MOST_EXITS),
})

builder.objectField(Company, 'waterfall', (t) =>
  t.field({
    type: WaterfallType,
    description: 'Who gets what if the company is sold, by its cap table on a day.',
    args: {
      asOf: t.arg({ type: 'Date', required: false, description: 'The day, inclusive; today (UTC) by default.' }),
      input: t.arg({ type: WaterfallInput, description: 'What for.' }),
    },
    errors: { types: [NoCapTable, BeforeFirstTransaction, WaterfallRefused] },
    complexity: cost,
    resolve: async ({ companyId }, { asOf, input }, context) => {
      const day = asOf ?? (await instantOf(context)).slice(0, 10)
      const asked = withoutNulls(input)
      const load = (ids: readonly string[]) => companyWaterfalls(context.deps.db, ids, day, asked)
      return mustHave(await batch(context, ['Company.waterfall', day, asked], companyId, load))
    },
  }),
)
builder.objectField(Round, 'waterfall', (t) =>
  t.field({
    type: WaterfallType,
    description: 'Who gets what if the company is sold right after the round, by its pro forma.',
    args: { input: t.arg({ type: WaterfallInput, description: 'What for.' }) },
    errors: { types: [TermsRefused, Refused, WaterfallRefused] },
    complexity: cost,
    resolve: async (round, { input }, context) => {
      const asked = withoutNulls(input)
      const load = (rounds: readonly RoundView[]) => roundWaterfalls(context.deps.db, rounds, asked)
      return mustHave(await batch(context, ['Round.waterfall', asked], round, load))
    },
  }),
)
