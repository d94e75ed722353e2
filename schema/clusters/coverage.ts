/** Whether a provider's pools can deliver what is promised before it expires. */
import { isStaff } from '../../api/access/index.ts'
import { type Coverage, type CoverageMonth, coverageOf } from '../../api/clusters/index.ts'
import type { Uuid } from '../../api/platform/index.ts'
import { batch } from '../kernel/batch.ts'
import { builder } from '../kernel/builder.ts'
import { TokenClass } from '../tokens/tokens.ts'

const Month = builder.objectRef<CoverageMonth>('CoverageMonth').implement({
  description:
    'Until the end of a month: what is promised and expires until then, and what can be delivered until then.',
  fields: (t) => ({
    month: t.exposeString('month', { description: 'The month: 2027-03.' }),
    expiring: t.expose('expiring', { type: 'Tokens', description: 'Tokens of which this is the last month.' }),
    hours: t.expose('hours', {
      type: 'Tokens',
      nullable: true,
      description: 'H100-hours that the pools can deliver in it; null where a factor is not known.',
    }),
    promised: t.expose('promised', { type: 'Tokens', description: 'Tokens that expire until its end.' }),
    deliverable: t.expose('deliverable', {
      type: 'Tokens',
      nullable: true,
      description: 'H100-hours until its end that those tokens can use; null where that is not known.',
    }),
    ratio: t.expose('ratio', {
      type: 'Decimal',
      nullable: true,
      description: 'deliverable / promised, ten places, rounded down; null where not known or nothing is promised.',
    }),
  }),
})

const CoverageType = builder.objectRef<Coverage>('TokenCoverage').implement({
  description:
    'Coverage of a token class: deliverable H100-hours for each token that is promised, up to every month of expiry. Below 1 more is promised than can be delivered.',
  fields: (t) => ({
    pools: t.exposeInt('pools', { description: 'Pools that are booked with it.' }),
    months: t.field({
      type: [Month],
      description: 'From this month to the last in which tokens expire, at most 121.',
      complexity: { field: 1, multiplier: 12 },
      resolve: ({ months }) => [...months],
    }),
    least: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'The lowest ratio of all months; null where none is known.',
      resolve: ({ worst }) => worst?.ratio ?? null,
    }),
    leastIn: t.string({
      nullable: true,
      description: 'The month of the lowest ratio.',
      resolve: ({ worst }) => worst?.month ?? null,
    }),
    unknown: t.exposeString('unknown', { nullable: true, description: 'Why some months cannot be told.' }),
  }),
})

builder.objectField(TokenClass, 'coverage', (t) =>
  t.field({
    type: CoverageType,
    nullable: true,
    description: 'Its coverage now (docs/coverage.md); null for who is neither staff of the fund nor of the provider.',
    complexity: 50,
    resolve: async ({ tokenClassId, providerId }, _args, context) => {
      if (!isStaff(context.actor) && !context.actor.providerIds.has(providerId)) return null
      const load = (ids: readonly Uuid[]) => coverageOf(context.deps.db, ids)
      return (await batch(context, ['TokenClass.coverage'], tokenClassId, load)) ?? null
    },
  }),
)
