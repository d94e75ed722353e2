/** The terms of factors, in and out. */
import type { FactorTerms } from '../../api/rounds/index.ts'
import { FactorBasis } from '../clusters/clusters.ts'
import { builder } from '../kernel/builder.ts'

export const LaterPools = builder.enumType('LaterPools', {
  description:
    'How pools that come after the document get their factor. BOTH_SIGN: the company signs each. BASIS: at once, where it rests on the basis that is agreed on.',
  values: ['BOTH_SIGN', 'BASIS'] as const,
})
export const FactorTermsInput = builder.inputType('FactorTermsInput', {
  description: 'Factors of pools that the document does not name, since they come later.',
  fields: (t) => ({
    laterPools: t.field({ type: LaterPools, description: 'Which way.' }),
    basis: t.field({ type: FactorBasis, required: false, description: 'With BASIS: what such a factor rests on.' }),
  }),
})
/** What the terms say of factors. */
export const FactorTermsType = builder.objectRef<FactorTerms>('FactorTerms').implement({
  description: 'Factors of pools that the document does not name. Those that it names keep the factor that it states.',
  fields: (t) => ({
    laterPools: t.field({ type: LaterPools, description: 'Which way.', resolve: ({ laterPools }) => laterPools }),
    basis: t.field({
      type: FactorBasis,
      nullable: true,
      description: 'With BASIS: what such a factor rests on; null otherwise.',
      resolve: (terms) => (terms.laterPools === 'BASIS' ? terms.basis : null),
    }),
  }),
})
