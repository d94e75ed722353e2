/** In which form equity is issued for compute: as it is sent and as it is read. */
import type { InstrumentKindTerms } from '../api/rounds/index.ts'
import { builder } from './builder.ts'
import { MoneyInput } from './scalars.ts'

const Kind = builder.enumType('ComputeInstrumentKind', {
  description: 'STOCK, issued as unearned.basis says, or a PENNY_WARRANT that vests as compute is drawn.',
  values: ['STOCK', 'PENNY_WARRANT'] as const,
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
  }),
})

export const ComputeInstrument = builder.objectRef<InstrumentKindTerms>('ComputeInstrument').implement({
  description: 'In which form equity is issued for compute.',
  fields: (t) => ({
    kind: t.expose('kind', { type: Kind, description: 'Which.' }),
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
  }),
})
