/** A pool over time: capacity that changes, maintenance, what is dedicated to companies, and their shares. */
import type { Actor } from '../../api/access/index.ts'
import {
  BadInterval,
  type CapacityChange,
  capacityChanges,
  changePoolCapacity,
  DedicatedTwice,
  type DedicationView,
  dedicateCapacity,
  dedicationsOf,
  endDedication,
  liftMaintenance,
  type MaintenanceView,
  maintenanceOf,
  type PoolView,
  planMaintenance,
  poolsById,
  ReservationsInTheWay,
  type ShareView,
  setMeterDelay,
  setPoolShare,
  sharesOf,
  WAYS_WITH_CONFLICTS,
} from '../../api/clusters/index.ts'
import { globalId, NotFound, type Uuid } from '../../api/platform/index.ts'
import { batch } from '../kernel/batch.ts'
import { builder } from '../kernel/builder.ts'
import type { Context } from '../kernel/context.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { Pool } from './clusters.ts'

const WayWithConflicts = builder.enumType('WayWithConflicts', {
  description:
    'What becomes of reservations that stand in the way. REFUSE: nothing is changed, and they are named. WAIT: GPUs that are free are taken out now, the others as reservations move or end.',
  values: WAYS_WITH_CONFLICTS,
})

const CapacityChangeType = builder.objectRef<CapacityChange>('CapacityChange').implement({
  description: 'How many GPUs a pool has from an instant on. Of two for one instant the one recorded later holds.',
  fields: (t) => ({
    from: t.expose('from', { type: 'DateTime', description: 'From when on.' }),
    capacity: t.exposeInt('capacity', { description: 'GPUs from then on.' }),
    reason: t.exposeString('reason', { description: 'Why.' }),
    recordedAs: t.exposeString('recordedAs', { description: 'In whose name: the "provider", or "operations".' }),
    recordedAt: t.expose('recordedAt', { type: 'DateTime', description: 'When it was recorded.' }),
  }),
})
const MaintenanceType = builder.objectRef<MaintenanceView>('Maintenance').implement({
  description: 'GPUs that a provider takes out of its pool for a planned time.',
  fields: (t) => ({
    id: t.id({ description: 'Its id.', resolve: (one) => globalId('Maintenance', one.poolId, one.maintenanceId) }),
    gpus: t.exposeInt('gpus', { description: 'How many.' }),
    startsAt: t.expose('startsAt', { type: 'DateTime', description: 'First instant.' }),
    endsAt: t.expose('endsAt', { type: 'DateTime', description: 'First instant after it, as it was planned.' }),
    note: t.exposeString('note', { description: 'What is done.' }),
    plannedAs: t.exposeString('plannedAs', { description: 'In whose name: the "provider", or "operations".' }),
    liftedFrom: t.expose('liftedFrom', {
      type: 'DateTime',
      nullable: true,
      description: 'Its GPUs are back from here on, where it was called off or ended early.',
    }),
  }),
})
const DedicationType = builder.objectRef<DedicationView>('Dedication').implement({
  description: 'GPUs of a pool that only one company books for a time.',
  fields: (t) => ({
    id: t.id({ description: 'Its id.', resolve: (one) => globalId('Dedication', one.poolId, one.dedicationId) }),
    companyId: t.id({
      description: 'Id of the company.',
      resolve: ({ companyId }) => globalId('Company', companyId),
    }),
    gpus: t.exposeInt('gpus', { description: 'How many.' }),
    startsAt: t.expose('startsAt', { type: 'DateTime', description: 'First instant.' }),
    endsAt: t.expose('endsAt', { type: 'DateTime', description: 'First instant after it, as it was agreed.' }),
    source: t.exposeString('source', { description: 'Which document says so.' }),
    agreedAs: t.exposeString('agreedAs', { description: 'In whose name: the "provider", or "operations".' }),
    endedFrom: t.expose('endedFrom', {
      type: 'DateTime',
      nullable: true,
      description: 'Dedicated no longer from here on, where it was ended early.',
    }),
  }),
})
const PoolShareType = builder.objectRef<ShareView>('PoolShare').implement({
  description:
    'The most of a pool’s capacity that one company may have booked at an instant. One for the company itself comes before one for every company; of two the one recorded later holds.',
  fields: (t) => ({
    companyId: t.id({
      nullable: true,
      description: 'Id of the company; null: every company without one of its own.',
      resolve: ({ companyId }) => (companyId === null ? null : globalId('Company', companyId)),
    }),
    part: t.expose('part', { type: 'Decimal', description: 'Part of the capacity, from 0 to 1.' }),
    from: t.expose('from', { type: 'DateTime', description: 'For reservations that start from then on.' }),
    source: t.exposeString('source', { description: 'Which document says so.' }),
    setAs: t.exposeString('setAs', { description: 'In whose name: the "provider", or "operations".' }),
  }),
})

builder.objectFields(Pool, (t) => ({
  capacityChanges: t.loadableList({
    type: CapacityChangeType,
    description: 'How its capacity changes, earliest first; none: it stays what it was set up with.',
    complexity: { field: 2, multiplier: 5 },
    load: async (ids: Uuid[], { deps }: Context) => inLists(ids, await capacityChanges(deps.db, ids)),
    resolve: (pool) => pool.poolId,
  }),
  maintenance: t.loadableList({
    type: MaintenanceType,
    description: 'Its maintenance windows, latest first.',
    complexity: { field: 2, multiplier: 5 },
    load: async (ids: Uuid[], { deps }: Context) => inLists(ids, await maintenanceOf(deps.db, ids)),
    resolve: (pool) => pool.poolId,
  }),
  dedications: t.field({
    type: [DedicationType],
    description: 'What is dedicated to companies that the actor sees; to the provider’s staff, all of it.',
    complexity: { field: 2, multiplier: 5 },
    resolve: async ({ poolId }, _args, context) => {
      const load = async (ids: readonly Uuid[]) =>
        Map.groupBy(await dedicationsOf(context.deps.db, context.actor, ids), (one) => one.poolId)
      return (await batch(context, ['Pool.dedications'], poolId, load)) ?? []
    },
  }),
  shares: t.field({
    type: [PoolShareType],
    description: 'The shares that limit companies, the one recorded last first.',
    complexity: { field: 2, multiplier: 5 },
    resolve: async ({ poolId }, _args, context) => {
      const load = async (ids: readonly Uuid[]) =>
        Map.groupBy(await sharesOf(context.deps.db, context.actor, ids), (one) => one.poolId)
      return (await batch(context, ['Pool.shares'], poolId, load)) ?? []
    },
  }),
}))

function inLists<Row extends { readonly poolId: Uuid }>(ids: readonly Uuid[], rows: readonly Row[]): Row[][] {
  const byPool = Map.groupBy(rows, (row) => row.poolId)
  return ids.map((id) => byPool.get(id) ?? [])
}

const gpus = { description: 'How many GPUs, at least 1.' }
const instants = {
  startsAt: 'First instant, a whole minute, not in the past.',
  endsAt: 'First instant after it, a whole minute.',
}

const ChangePoolCapacityInput = builder.inputType('ChangePoolCapacityInput', {
  description: 'Another capacity of a pool.',
  fields: (t) => ({
    poolId: t.id({ description: 'Id of the pool.' }),
    capacity: t.int({ description: 'GPUs from then on, 0 to 1,000,000.' }),
    from: t.field({ type: 'DateTime', description: 'From when on, a whole minute, not in the past.' }),
    reason: t.string({ description: 'Why, at most 500 characters.' }),
    conflicts: t.field({
      type: WayWithConflicts,
      required: false,
      description: 'What becomes of reservations in the way; REFUSE unless given.',
    }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const PlanMaintenanceInput = builder.inputType('PlanMaintenanceInput', {
  description: 'A maintenance window.',
  fields: (t) => ({
    poolId: t.id({ description: 'Id of the pool.' }),
    gpus: t.int(gpus),
    startsAt: t.field({ type: 'DateTime', description: instants.startsAt }),
    endsAt: t.field({ type: 'DateTime', description: instants.endsAt }),
    note: t.string({ description: 'What is done, at most 500 characters. Everybody who books reads it.' }),
    conflicts: t.field({
      type: WayWithConflicts,
      required: false,
      description: 'What becomes of reservations in the way; REFUSE unless given.',
    }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const LiftMaintenanceInput = builder.inputType('LiftMaintenanceInput', {
  description: 'A maintenance window that is called off, or ends early.',
  fields: (t) => ({
    maintenanceId: t.id({ description: 'Id of the window.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const DedicateCapacityInput = builder.inputType('DedicateCapacityInput', {
  description: 'GPUs that are promised to one company for a time.',
  fields: (t) => ({
    poolId: t.id({ description: 'Id of the pool.' }),
    companyId: t.id({ description: 'Id of the company. A provider names companies that hold its token.' }),
    gpus: t.int(gpus),
    startsAt: t.field({ type: 'DateTime', description: instants.startsAt }),
    endsAt: t.field({ type: 'DateTime', description: instants.endsAt }),
    source: t.string({ description: 'Which document says so, at most 500 characters.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const EndDedicationInput = builder.inputType('EndDedicationInput', {
  description: 'A dedication that ends early.',
  fields: (t) => ({
    dedicationId: t.id({ description: 'Id of the dedication.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const SetPoolShareInput = builder.inputType('SetPoolShareInput', {
  description: 'The most of a pool that one company may have booked at an instant.',
  fields: (t) => ({
    poolId: t.id({ description: 'Id of the pool.' }),
    companyId: t.id({
      required: false,
      description: 'Id of the company; left out: every company without a share of its own.',
    }),
    part: t.field({ type: 'Decimal', description: 'Part of the capacity, from 0 to 1.' }),
    source: t.string({ description: 'Which document says so, at most 500 characters.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})

const SetMeterDelayInput = builder.inputType('SetMeterDelayInput', {
  description: 'How soon the meter of a pool without a scheduler here tells of GPUs that are in use.',
  fields: (t) => ({
    poolId: t.id({ description: 'Id of the pool.' }),
    minutes: t.int({
      description:
        'Minutes from when a job begins until the meter has told of it, while it still runs. At most 45 days.',
    }),
    source: t.string({ description: 'What says so, at most 500 characters.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})

/** The pool as it is after a mutation. */
async function poolAfter(deps: Context['deps'], actor: Actor, poolId: Uuid): Promise<PoolView> {
  const [pool] = await poolsById(deps.db, actor, [poolId])
  if (pool === undefined) throw new NotFound('pool', globalId('Pool', poolId))
  return pool
}

builder.mutationFields((t) => ({
  changePoolCapacity: t.field({
    type: Pool,
    description: 'Set how many GPUs a pool has from an instant on. What is booked stays booked.',
    ...may(['provider', 'operations'], [ReservationsInTheWay, BadInterval]),
    args: { input: t.arg({ type: ChangePoolCapacityInput }) },
    resolve: async (_root, { input }, { deps, actor }) =>
      poolAfter(
        deps,
        actor,
        (await changePoolCapacity(deps, actor, { ...input, conflicts: input.conflicts ?? 'REFUSE' })).poolId,
      ),
  }),
  planMaintenance: t.field({
    type: Pool,
    description: 'Take GPUs out of a pool for a planned time. What is booked stays booked.',
    ...may(['provider', 'operations'], [ReservationsInTheWay, BadInterval]),
    args: { input: t.arg({ type: PlanMaintenanceInput }) },
    resolve: async (_root, { input }, { deps, actor }) =>
      poolAfter(
        deps,
        actor,
        (await planMaintenance(deps, actor, { ...input, conflicts: input.conflicts ?? 'REFUSE' })).ref.poolId,
      ),
  }),
  liftMaintenance: t.field({
    type: Pool,
    description: 'Call maintenance off, or end it early: its GPUs can be booked again from the next minute on.',
    ...may(['provider', 'operations']),
    args: { input: t.arg({ type: LiftMaintenanceInput }) },
    resolve: async (_root, { input }, { deps, actor }) =>
      poolAfter(deps, actor, (await liftMaintenance(deps, actor, input)).ref.poolId),
  }),
  dedicateCapacity: t.field({
    type: Pool,
    description: 'Promise GPUs of a pool to one company for a time. What is promised or booked already is refused.',
    ...may(['provider', 'operations'], [DedicatedTwice, BadInterval]),
    args: { input: t.arg({ type: DedicateCapacityInput }) },
    resolve: async (_root, { input }, { deps, actor }) =>
      poolAfter(deps, actor, (await dedicateCapacity(deps, actor, input)).ref.poolId),
  }),
  endDedication: t.field({
    type: Pool,
    description: 'End a dedication from the next minute on.',
    ...may(['provider', 'operations']),
    args: { input: t.arg({ type: EndDedicationInput }) },
    resolve: async (_root, { input }, { deps, actor }) =>
      poolAfter(deps, actor, (await endDedication(deps, actor, input)).ref.poolId),
  }),
  setPoolShare: t.field({
    type: Pool,
    description: 'Limit what one company may have booked of a pool at an instant. Reservations that are there stay.',
    ...may(['provider', 'operations']),
    args: { input: t.arg({ type: SetPoolShareInput }) },
    resolve: async (_root, { input }, { deps, actor }) =>
      poolAfter(deps, actor, (await setPoolShare(deps, actor, input)).poolId),
  }),
  setMeterDelay: t.field({
    type: Pool,
    description:
      'Say how soon the meter of a pool tells of GPUs that are in use. Only then can it be found before the end that nobody has come to a reservation; else a day after it.',
    ...may(['provider', 'operations']),
    args: { input: t.arg({ type: SetMeterDelayInput }) },
    resolve: async (_root, { input }, { deps, actor }) =>
      poolAfter(deps, actor, (await setMeterDelay(deps, actor, input)).poolId),
  }),
}))
