/** In which form equity is issued for compute: as it is sent and as it is read. */
import { type InstrumentKindTerms, SAFE_CAP_BASES, SAFE_RESTS } from '../../api/rounds/index.ts'
import { builder } from '../kernel/builder.ts'
import { MoneyInput } from '../kernel/scalars.ts'

const Kind = builder.enumType('ComputeInstrumentKind', {
  description:
    'STOCK, issued as unearned.basis says; a PENNY_WARRANT that vests as compute is drawn; or a SAFE whose purchase amount accrues as compute is delivered.',
  values: ['STOCK', 'PENNY_WARRANT', 'SAFE'] as const,
})
const CapBase = builder.enumType('ComputeSafeCapBase', {
  description:
    'What the cap of a SAFE is divided by. POST_MONEY: every share with what converts, without an increase of the pool. PRE_MONEY: without what converts, with the increase.',
  values: SAFE_CAP_BASES,
})
/** What becomes of the rest of a SAFE for compute. */
export const SafeRestEnum = builder.enumType('ComputeSafeRest', {
  description:
    'What becomes of what has not accrued when a priced round converts a SAFE. END: it ends, and so do the tokens that are left. ROUND_PRICE: what accrues later is issued as stock at the price of that round. NEW_SAFE: it goes on as a new SAFE on the same terms.',
  values: SAFE_RESTS,
})

export const ComputeInstrumentInput = builder.inputType('ComputeInstrumentInput', {
  description: 'In which form equity is issued for compute.',
  fields: (t) => ({
    kind: t.field({ type: Kind, description: 'Which.' }),
    exercisePrice: t.field({ type: MoneyInput, required: false, description: 'Of a warrant, per share.' }),
    expiresOn: t.field({
      type: 'Date',
      required: false,
      description: 'Of a warrant: its last day; not before the long-stop date.',
    }),
    cap: t.field({
      type: MoneyInput,
      required: false,
      description:
        'Of a SAFE: valuation cap, above the purchase amount. Without cap and discount: the price of the round.',
    }),
    capBase: t.field({ type: CapBase, required: false, description: 'Of a SAFE: with a cap, and only then.' }),
    discount: t.field({
      type: 'Decimal',
      required: false,
      description: 'Of a SAFE: what comes off the price of the round, as a part of 1.',
    }),
    rest: t.field({
      type: SafeRestEnum,
      required: false,
      description: 'Of a SAFE, and always: what becomes of the rest.',
    }),
  }),
})

export const ComputeInstrument = builder.objectRef<InstrumentKindTerms>('ComputeInstrument').implement({
  description: 'In which form equity is issued for compute.',
  fields: (t) => ({
    kind: t.field({ type: Kind, description: 'Which.', resolve: ({ kind }) => kind }),
    exercisePrice: t.field({
      type: 'Money',
      nullable: true,
      description: 'Of a warrant, per share.',
      resolve: (it) => (it.kind === 'PENNY_WARRANT' ? it.exercisePrice : null),
    }),
    expiresOn: t.field({
      type: 'Date',
      nullable: true,
      description: 'Of a warrant: its last day.',
      resolve: (it) => (it.kind === 'PENNY_WARRANT' ? it.expiresOn : null),
    }),
    cap: t.field({
      type: 'Money',
      nullable: true,
      description: 'Of a SAFE: its valuation cap; null where it has none.',
      resolve: (it) => (it.kind === 'SAFE' ? (it.cap ?? null) : null),
    }),
    capBase: t.field({
      type: CapBase,
      nullable: true,
      description: 'Of a SAFE with a cap: what the cap is divided by.',
      resolve: (it) => (it.kind === 'SAFE' ? (it.capBase ?? null) : null),
    }),
    discount: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'Of a SAFE: what comes off the price of the round, as a part of 1; null for nothing.',
      resolve: (it) => (it.kind === 'SAFE' ? (it.discount ?? null) : null),
    }),
    rest: t.field({
      type: SafeRestEnum,
      nullable: true,
      description: 'Of a SAFE: what becomes of what has not accrued when a priced round converts it.',
      resolve: (it) => (it.kind === 'SAFE' ? it.rest : null),
    }),
  }),
})
