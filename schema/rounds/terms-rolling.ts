/** Rolling closings in the terms of a round. */
import type { RollingTerms as Terms } from '../../api/rounds/index.ts'
import { builder } from '../kernel/builder.ts'
import { MoneyInput } from '../kernel/scalars.ts'

export const RollingTerms = builder.objectRef<Terms>('RollingTerms').implement({
  description: 'More closings may follow the first, at its price.',
  fields: (t) => ({
    maximum: t.expose('maximum', { type: 'Money', description: 'Most that all closings may bring, cash and compute.' }),
    outsideDate: t.expose('outsideDate', { type: 'Date', description: 'The last day on which one may be held.' }),
  }),
})
export const RollingTermsInput = builder.inputType('RollingTermsInput', {
  description: 'More closings may follow the first, at its price.',
  fields: (t) => ({
    maximum: t.field({ type: MoneyInput, description: 'Most that all closings may bring, the first included.' }),
    outsideDate: t.field({ type: 'Date', description: 'The last day on which one may be held, before the long-stop.' }),
  }),
})
