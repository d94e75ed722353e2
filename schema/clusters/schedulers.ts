/** The schedulers of pools, as operations and the provider see them. */
import {
  type PoolSchedulerView,
  type PoolView,
  SCHEDULER_DIFFERENCES,
  type SchedulerDifference,
  schedulersOf,
  WAITING_SHOWN,
  type WaitingPush,
} from '../../api/clusters/index.ts'
import { globalId } from '../../api/platform/index.ts'
import { batch } from '../kernel/batch.ts'
import { builder } from '../kernel/builder.ts'
import type { Context } from '../kernel/context.ts'
import { Pool } from './clusters.ts'

const DifferenceKind = builder.enumType('SchedulerDifferenceKind', {
  description:
    'What calendar and scheduler tell differently. ONLY_HERE: the scheduler has no such reservation. ONLY_THERE: it has one that the calendar does not. SIZE, TIME, ACCOUNT: both have it, and differ.',
  values: SCHEDULER_DIFFERENCES,
})
const DifferenceType = builder.objectRef<SchedulerDifference>('SchedulerDifference').implement({
  description: 'One thing that a pool’s calendar and its scheduler tell differently. A person decides what is right.',
  fields: (t) => ({
    kind: t.field({ type: DifferenceKind, description: 'What differs.', resolve: ({ kind }) => kind }),
    reservationId: t.id({
      nullable: true,
      description: 'Id of the reservation; null of one that only the scheduler has.',
      resolve: ({ companyId, id }) => (companyId === null ? null : globalId('Reservation', companyId, id)),
    }),
    name: t.exposeString('id', { description: 'The scheduler’s name of it.' }),
    here: t.exposeString('here', { nullable: true, description: 'What the calendar holds; null for nothing.' }),
    there: t.exposeString('there', { nullable: true, description: 'What the scheduler shows; null for nothing.' }),
    why: t.exposeString('why', {
      nullable: true,
      description: 'Of one that is only here: why the scheduler could not be told, when it was tried.',
    }),
  }),
})

type NodeDown = NonNullable<PoolSchedulerView['nodesDown']>[number]
const NodeDownType = builder.objectRef<NodeDown>('NodeDown').implement({
  description: 'GPUs that cannot be used now.',
  fields: (t) => ({
    node: t.exposeString('node', { description: 'The scheduler’s name of the node.' }),
    gpus: t.exposeInt('gpus', { description: 'How many GPUs it has.' }),
    from: t.expose('from', { type: 'DateTime', description: 'Since when, as the scheduler tells it.' }),
    reason: t.exposeString('reason', { description: 'Why, in the scheduler’s words.' }),
  }),
})

const WaitingType = builder.objectRef<WaitingPush>('SchedulerWaiting').implement({
  description: 'A reservation that waits to be told to its pool’s scheduler. It stays confirmed, and is tried again.',
  fields: (t) => ({
    reservationId: t.id({
      description: 'Id of the reservation.',
      resolve: ({ companyId, reservationId }) => globalId('Reservation', companyId, reservationId),
    }),
    ending: t.boolean({
      description: 'Whether it waits to be cancelled there; else to be made there.',
      resolve: ({ state }) => state === 'ending',
    }),
    attempts: t.exposeInt('attempts', { description: 'Attempts that failed since the last that did not.' }),
    why: t.exposeString('detail', { nullable: true, description: 'Why the last attempt failed.' }),
    triedAt: t.expose('triedAt', { type: 'DateTime', description: 'When it was last tried.' }),
    nextTryAt: t.expose('nextTryAt', { type: 'DateTime', nullable: true, description: 'When it is tried again.' }),
  }),
})

const SchedulerType = builder.objectRef<PoolSchedulerView>('PoolScheduler').implement({
  description: 'The scheduler of a pool when it was last asked.',
  fields: (t) => ({
    name: t.exposeString('scheduler', { description: 'Names it in usage records too, like "slurm/cluster".' }),
    up: t.exposeBoolean('up', { description: 'Whether it answered.' }),
    downSince: t.expose('downSince', {
      type: 'DateTime',
      nullable: true,
      description: 'Since when it has not answered; null while it does.',
    }),
    version: t.exposeString('version', { nullable: true, description: 'What it says that it runs.' }),
    detail: t.exposeString('detail', { description: 'What it said, or why it could not be asked.' }),
    checkedAt: t.expose('checkedAt', { type: 'DateTime', description: 'When it was asked.' }),
    differences: t.field({
      type: [DifferenceType],
      nullable: true,
      description: 'What the calendar tells differently; null where the scheduler could not be asked.',
      complexity: { field: 2, multiplier: 10 },
      resolve: ({ differences }) => (differences === null ? null : [...differences]),
    }),
    nodesDown: t.field({
      type: [NodeDownType],
      nullable: true,
      description: 'Nodes of the pool that are down; null where the scheduler could not be asked.',
      complexity: { field: 2, multiplier: 10 },
      resolve: ({ nodesDown }) => (nodesDown === null ? null : [...nodesDown]),
    }),
    waiting: t.field({
      type: [WaitingType],
      description: `Reservations that it could not be told of yet, at most ${WAITING_SHOWN}, oldest request first.`,
      complexity: { field: 2, multiplier: 10 },
      resolve: ({ waiting }) => [...waiting],
    }),
  }),
})

builder.objectField(Pool, 'scheduler', (t) =>
  t.field({
    type: SchedulerType,
    nullable: true,
    description:
      'Its scheduler, for the fund’s staff and the provider’s own; null for others, and where it has none or was not asked yet.',
    complexity: 5,
    resolve: async (pool, _args, context) => {
      const load = (pools: readonly PoolView[]) => schedulersByPool(context, pools)
      return (await batch(context, ['Pool.scheduler'], pool, load)) ?? null
    },
  }),
)

async function schedulersByPool(
  { deps, actor }: Context,
  pools: readonly PoolView[],
): Promise<Map<PoolView, PoolSchedulerView>> {
  const found = await schedulersOf(deps.db, actor, pools)
  return new Map(
    pools.flatMap((pool) => {
      const scheduler = found.get(pool.poolId)
      return scheduler === undefined ? [] : [[pool, scheduler] as const]
    }),
  )
}
