/** Pools, their factors and their free capacity. */
import type { Actor } from '../../api/access/index.ts'
import {
  agreeFactor,
  BadInterval,
  countersignFactor,
  createPool,
  FACTOR_BASES,
  type FactorView,
  type FreeCapacity,
  type FreeStep,
  factorsOf,
  freeCapacities,
  MOST_STEPS,
  type PoolView,
  poolCount,
  poolPage,
  poolsById,
  setFactor,
} from '../../api/clusters/index.ts'
import { globalId, NotFound, Refused, type Uuid } from '../../api/platform/index.ts'
import { batch } from '../kernel/batch.ts'
import { builder, nodeName, PAGE_MAX } from '../kernel/builder.ts'
import './cluster-errors.ts'
import type { Context } from '../kernel/context.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { type PageArgs, pageById } from '../kernel/pages.ts'
import { inOrder, Provider } from '../parties.ts'
import { TokenClass } from '../tokens/tokens.ts'

export const FactorBasis = builder.enumType('FactorBasis', {
  description: 'What a factor rests on. Public factors of these kinds disagree: the contract decides which one holds.',
  values: FACTOR_BASES,
})
/** A factor of a pool. */
export const Factor = builder.objectRef<FactorView>('Factor').implement({
  description:
    'How many H100-hours a GPU-hour of a pool counts, for a time. Of two for one instant the one recorded later holds.',
  fields: (t) => ({
    factorId: t.id({
      description: 'Names it where it is signed.',
      resolve: ({ poolId, factorId }) => globalId('Factor', poolId, factorId),
    }),
    h100HoursPerGpuHour: t.expose('factor', { type: 'Decimal', description: 'H100-hours per GPU-hour, exact.' }),
    basis: t.field({ type: FactorBasis, description: 'What it rests on.', resolve: (factor) => factor.basis }),
    source: t.exposeString('source', { description: 'Where it comes from.' }),
    validFrom: t.expose('validFrom', { type: 'DateTime', description: 'From when it holds.' }),
    validUntil: t.expose('validUntil', {
      type: 'DateTime',
      nullable: true,
      description: 'Until when, that instant not included; null where it has no end.',
    }),
    approvedAs: t.exposeString('approvedAs', {
      description:
        'In whose name it was approved: "provider" (a conflict signal where the provider is affiliated) or "operations" of the fund.',
    }),
    recordedAt: t.expose('recordedAt', { type: 'DateTime', description: 'When it was recorded.' }),
    countersignedAt: t.expose('countersignedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the other side signed it too; null while one side alone set it, which is a conflict signal.',
    }),
  }),
})

const FreeStepType = builder.objectRef<FreeStep>('FreeStep').implement({
  description: 'A part of an interval over which a pool’s capacity and use do not change.',
  fields: (t) => ({
    startsAt: t.expose('startsAt', { type: 'DateTime', description: 'First instant of the step.' }),
    endsAt: t.expose('endsAt', { type: 'DateTime', description: 'First instant after it.' }),
    capacity: t.exposeInt('capacity', { description: 'GPUs that the pool has.' }),
    free: t.exposeInt('free', { description: 'GPUs of them that nobody has reserved.' }),
  }),
})
const FreeCapacityType = builder.objectRef<FreeCapacity>('FreeCapacity').implement({
  description: 'A pool’s free GPUs over an interval.',
  fields: (t) => ({
    lowest: t.exposeInt('lowest', {
      description: 'GPUs that are free over the whole interval: the most that can be booked over it.',
    }),
    steps: t.field({
      type: [FreeStepType],
      description: `Steps that cover the interval without gaps, at most ${MOST_STEPS}.`,
      complexity: { field: 1, multiplier: 20 },
      resolve: (free) => [...free.steps],
    }),
  }),
})

/** A pool, loaded by id. */
export const Pool = builder.loadableNodeRef(nodeName('Pool', 1), {
  id: { resolve: (pool: PoolView) => pool.poolId },
  load: async (ids: Uuid[], { deps, actor }: Context) =>
    inOrder(ids, await poolsById(deps.db, actor, ids), (row) => row.poolId),
})
Pool.implement({
  description: 'Identical GPUs of one provider with a capacity, booked with that provider’s token.',
  fields: (t) => ({
    provider: t.field({ type: Provider, description: 'Who operates it.', resolve: (pool) => pool.providerId }),
    cluster: t.exposeString('cluster', { description: 'Name of the cluster that it is part of.' }),
    gpuModel: t.exposeString('gpuModel', { description: 'Model of its GPUs.' }),
    capacity: t.exposeInt('capacity', {
      description: 'The most GPUs that it has at any time. Capacity over time: freeCapacity and capacityChanges.',
    }),
    tokenClass: t.field({
      type: TokenClass,
      description: 'The token that it is booked with.',
      resolve: (pool) => pool.tokenClassId,
    }),
    opensAt: t.expose('opensAt', { type: 'DateTime', description: 'From when it can be booked.' }),
    minLeadMinutes: t.exposeInt('minLeadMinutes', { description: 'Least minutes from a request to its start.' }),
    maxLeadMinutes: t.exposeInt('maxLeadMinutes', { description: 'Most minutes from a request to its start.' }),
    minLengthMinutes: t.exposeInt('minLengthMinutes', { description: 'Least minutes of a reservation.' }),
    maxLengthMinutes: t.exposeInt('maxLengthMinutes', { description: 'Most minutes of a reservation.' }),
    lockMinutes: t.exposeInt('lockMinutes', {
      description:
        'So many minutes before its start a reservation is locked: cancelling it no longer returns everything, where the terms say so.',
    }),
    decisionMinutes: t.exposeInt('decisionMinutes', {
      description: 'Minutes that the provider has to decide on a request.',
    }),
    meterDelayMinutes: t.exposeInt('meterDelayMinutes', {
      nullable: true,
      description:
        'Minutes within which its meter tells of GPUs that are in use; null where it tells of jobs that have ended. Not asked where a scheduler is connected.',
    }),
    createdAs: t.exposeString('createdAs', {
      description: 'Who set it up: the "provider", or "operations" of the fund on its behalf.',
    }),
    factors: t.loadableList({
      type: Factor,
      description: 'Its factors, the one recorded last first.',
      complexity: { field: 2, multiplier: 5 },
      load: async (ids: Uuid[], { deps }: Context) => {
        const factors = Map.groupBy(await factorsOf(deps.db, ids), (factor) => factor.poolId)
        return ids.map((id) => factors.get(id) ?? [])
      },
      resolve: (pool) => pool.poolId,
    }),
    freeCapacity: t.field({
      type: FreeCapacityType,
      description: 'Its free GPUs over an interval.',
      errors: { types: [BadInterval, Refused] },
      args: {
        from: t.arg({ type: 'DateTime', description: 'First instant.' }),
        to: t.arg({ type: 'DateTime', description: 'First instant after the interval.' }),
      },
      complexity: 5,
      resolve: async ({ poolId }, { from, to }, context) => {
        const load = (ids: readonly Uuid[]) => freeCapacities(context.deps.db, ids, { startsAt: from, endsAt: to })
        const answer = await batch(context, ['Pool.freeCapacity', from, to], poolId, load)
        if (answer === undefined) throw new NotFound('pool', globalId('Pool', poolId))
        return answer
      },
    }),
  }),
})

/** The cost of a page, for the bound of a request. */
export const pageCost = (args: PageArgs) => ({
  field: 2,
  multiplier: Math.min(args.first ?? args.last ?? 20, PAGE_MAX),
})

const PoolConnection = builder.connectionObject({
  name: 'PoolConnection',
  description: 'A page of pools, newest first.',
  type: Pool,
  fields: (t) => ({
    totalCount: t.int({
      description: 'How many pools the actor sees.',
      resolve: (_page, _args, { deps, actor }) => poolCount(deps.db, actor),
    }),
  }),
})
builder.queryFields((t) => ({
  pools: t.connection(
    {
      type: Pool,
      description: `The pools that the actor sees, newest first; at most ${PAGE_MAX} a page.`,
      complexity: pageCost,
      resolve: (_root, args, { deps, actor }) =>
        pageById(
          args,
          (pool: PoolView) => pool.poolId,
          (query) => poolPage(deps.db, actor, query),
        ),
    },
    PoolConnection,
  ),
}))

const CreatePoolInput = builder.inputType('CreatePoolInput', {
  description: 'A pool as it is set up.',
  fields: (t) => ({
    providerId: t.id({ description: 'Id of the provider.' }),
    tokenClassId: t.id({ description: 'Id of the token class that it is booked with: the same provider’s.' }),
    cluster: t.string({ description: 'Name of the cluster, at most 100 characters.' }),
    gpuModel: t.string({ description: 'Model of its GPUs, such as "H100-SXM".' }),
    capacity: t.int({ description: 'GPUs, 1 to 1,000,000.' }),
    opensAt: t.field({ type: 'DateTime', description: 'From when it can be booked, a whole minute.' }),
    minLeadMinutes: t.int({
      required: false,
      description: 'Least minutes from a request to its start; 0 unless given.',
    }),
    maxLeadMinutes: t.int({
      required: false,
      description: 'Most minutes from a request to its start; two years unless given.',
    }),
    minLengthMinutes: t.int({ required: false, description: 'Least minutes of a reservation; 60 unless given.' }),
    maxLengthMinutes: t.int({ required: false, description: 'Most minutes of a reservation; 90 days unless given.' }),
    lockMinutes: t.int({
      required: false,
      description: 'Minutes before its start at which a reservation is locked; a day unless given.',
    }),
    decisionMinutes: t.int({
      required: false,
      description: 'Minutes that the provider has to decide; two days unless given.',
    }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const SetFactorInput = builder.inputType('SetFactorInput', {
  description: 'A factor as it is agreed.',
  fields: (t) => ({
    poolId: t.id({ description: 'Id of the pool.' }),
    h100HoursPerGpuHour: t.field({
      type: 'Decimal',
      description: 'H100-hours per GPU-hour, above 0 and at most 1000.',
    }),
    basis: t.field({ type: FactorBasis, description: 'What it rests on.' }),
    source: t.string({ description: 'Where it comes from, at most 500 characters.' }),
    validFrom: t.field({
      type: 'DateTime',
      description: 'From when. Not in the past, but for the pool’s first factor.',
    }),
    validUntil: t.field({ type: 'DateTime', required: false, description: 'Until when, that instant not included.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const CountersignFactorInput = builder.inputType('CountersignFactorInput', {
  description: 'The other side’s signature under a factor.',
  fields: (t) => ({
    factorId: t.id({ description: 'Id of the factor.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const AgreeFactorInput = builder.inputType('AgreeFactorInput', {
  description: 'The company’s signature under a factor.',
  fields: (t) => ({
    companyId: t.id({ description: 'Id of the company.' }),
    factorId: t.id({ description: 'Id of the factor.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
/** The pool as it is after a mutation. */
async function poolOrNotFound(deps: Context['deps'], actor: Actor, poolId: Uuid): Promise<PoolView> {
  const [pool] = await poolsById(deps.db, actor, [poolId])
  if (pool === undefined) throw new NotFound('pool', globalId('Pool', poolId))
  return pool
}

builder.mutationFields((t) => ({
  createPool: t.field({
    type: Pool,
    description:
      'Set up a pool with its capacity: the provider’s staff, or operations on their behalf, which is recorded.',
    ...may(['provider', 'operations']),
    args: { input: t.arg({ type: CreatePoolInput }) },
    resolve: async (_root, { input }, { deps, actor }) => {
      const { poolId } = await createPool(deps, actor, input)
      return poolOrNotFound(deps, actor, poolId)
    },
  }),
  setFactor: t.field({
    type: Pool,
    description:
      'Set how many H100-hours a GPU-hour of a pool counts, for a time. Reservations keep the factor they were made with.',
    ...may(['provider', 'operations']),
    args: { input: t.arg({ type: SetFactorInput }) },
    resolve: async (_root, { input }, { deps, actor }) => {
      const { poolId } = await setFactor(deps, actor, input)
      return poolOrNotFound(deps, actor, poolId)
    },
  }),
  countersignFactor: t.field({
    type: Pool,
    description:
      'Sign a factor that the other side set: operations for the fund, or the provider’s staff. Another person than who set it.',
    ...may(['provider', 'operations']),
    args: { input: t.arg({ type: CountersignFactorInput }) },
    resolve: async (_root, { input }, { deps, actor }) => {
      const { poolId } = await countersignFactor(deps, actor, input)
      return poolOrNotFound(deps, actor, poolId)
    },
  }),
  agreeFactor: t.field({
    type: Pool,
    description:
      'Sign the factor of a pool that came after the company’s grants, for the company. Until then it cannot be booked, unless the terms agreed on its basis.',
    ...may(['signatory']),
    args: { input: t.arg({ type: AgreeFactorInput }) },
    resolve: async (_root, { input }, { deps, actor }) => {
      const { poolId } = await agreeFactor(deps, actor, input)
      return poolOrNotFound(deps, actor, poolId)
    },
  }),
}))
