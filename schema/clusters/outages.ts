/** Outages of reserved GPUs, and what they are credited. */
import {
  BadInterval,
  type OutageView,
  outageCreditsOf,
  outagesOf,
  RESTART_ANSWERS,
  type RestartView,
  reservationsById,
  restartsOf,
} from '../../api/clusters/index.ts'
import { completeRestart, type RecordedOutage, recordOutage } from '../../api/drawdown/index.ts'
import { globalId } from '../../api/platform/index.ts'
import { batch } from '../kernel/batch.ts'
import { builder } from '../kernel/builder.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { keyOf, Reservation, refOf, reservationOrNotFound } from './reservations.ts'

const OutageType = builder.objectRef<OutageView>('ReservationOutage').implement({
  description: 'Time in which reserved GPUs were down, as it was recorded.',
  fields: (t) => ({
    gpus: t.exposeInt('gpus', { description: 'How many GPUs. At most the reserved ones count.' }),
    startsAt: t.expose('startsAt', { type: 'DateTime', description: 'First instant.' }),
    endsAt: t.expose('endsAt', { type: 'DateTime', description: 'First instant after it.' }),
    node: t.exposeString('node', { nullable: true, description: 'The node, where it is known.' }),
    source: t.exposeString('source', { description: 'Who or what says so.' }),
    evidence: t.exposeString('evidence', { description: 'What shows it.' }),
    gpuSeconds: t.expose('gpuSeconds', {
      type: 'BigInt',
      description: 'GPU-seconds by which it raised what counts as down: none where other records say it already.',
    }),
    recordedAs: t.exposeString('recordedAs', { description: 'In which capacity: provider or operations.' }),
    recordedAt: t.expose('recordedAt', { type: 'DateTime', description: 'When.' }),
  }),
})
builder.objectFields(Reservation, (t) => ({
  outages: t.field({
    type: [OutageType],
    description: 'Time in which its GPUs were down, in the order of recording; at most 500.',
    complexity: { field: 1, multiplier: 5 },
    resolve: async (row, _args, context) => {
      const load = async (keys: readonly string[]) =>
        Map.groupBy(await outagesOf(context.deps.db, keys.map(refOf)), keyOf)
      return (await batch(context, ['Reservation.outages'], keyOf(row), load)) ?? []
    },
  }),
  outageCredit: t.field({
    type: 'Tokens',
    description: 'Tokens that it was not charged, or that went back, since its GPUs were down.',
    resolve: async (row, _args, context) => {
      const load = async (keys: readonly string[]) =>
        Map.groupBy(await outageCreditsOf(context.deps.db, keys.map(refOf)), keyOf)
      const credits = (await batch(context, ['Reservation.outageCredit'], keyOf(row), load)) ?? []
      return credits.reduce((sum, { amount }) => sum + amount, 0n)
    },
  }),
}))

const OutageOutcome = builder.enumType('OutageOutcome', {
  description: 'What became of a record of an outage.',
  values: ['RECORDED', 'ALREADY_RECORDED'] as const,
})
const Recorded = builder.objectRef<RecordedOutage>('RecordedOutage').implement({
  description: 'What recording an outage did.',
  fields: (t) => ({
    reservation: t.field({
      type: Reservation,
      description: 'The reservation.',
      resolve: ({ ref }, _args, { deps, actor }) => reservationOrNotFound(deps, actor, ref),
    }),
    outcome: t.expose('outcome', { type: OutageOutcome, description: 'Whether it was new.' }),
    downGpuSeconds: t.expose('downGpuSeconds', {
      type: 'BigInt',
      description: 'GPU-seconds of the reservation that count as down, no GPU twice.',
    }),
    credited: t.expose('credited', {
      type: 'Tokens',
      description: 'Tokens that went back now. None while the reservation runs: completing it charges less.',
    }),
    restatedIds: t.idList({
      description: 'Statements that were made again, as new versions: the ones before are superseded.',
      resolve: ({ restated }) => restated.map((ref) => globalId('Statement', ref.companyId, ref.id)),
    }),
  }),
})
const RecordOutageInput = builder.inputType('RecordOutageInput', {
  description: 'Reserved GPUs that were down.',
  fields: (t) => ({
    reservationId: t.id({ description: 'The reservation.' }),
    gpus: t.int({ description: 'How many GPUs were down.' }),
    startsAt: t.field({ type: 'DateTime', description: 'First instant.' }),
    endsAt: t.field({ type: 'DateTime', description: 'First instant after it: not ahead.' }),
    node: t.string({
      required: false,
      description: 'The node, where it is known: different nodes add up. Records without one may be of the same GPUs.',
    }),
    source: t.string({ description: 'Who or what says so, such as a monitor. At most 100 characters.' }),
    evidence: t.string({ description: 'What shows it. At most 2000 characters. The company reads it.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const RestartType = builder.objectRef<RestartView>('NodeRestart').implement({
  description:
    'A node that the reservation had was down between two checks of its scheduler: when it may have been, and when it was for certain. What is certain is an outage; the provider says the rest.',
  fields: (t) => ({
    id: t.id({
      description: 'Its id.',
      resolve: ({ poolId, restartId }) => globalId('NodeRestart', poolId, restartId),
    }),
    node: t.exposeString('node', { description: 'The node.' }),
    gpus: t.exposeInt('gpus', { description: 'GPUs of the reservation that were on it for certain.' }),
    possibleFrom: t.expose('possibleFrom', { type: 'DateTime', description: 'It was not down before.' }),
    possibleUntil: t.expose('possibleUntil', { type: 'DateTime', description: 'It was not down after it.' }),
    certainFrom: t.expose('certainFrom', {
      type: 'DateTime',
      nullable: true,
      description: 'From when on it was down for certain; null where no part is certain.',
    }),
    certainUntil: t.expose('certainUntil', {
      type: 'DateTime',
      nullable: true,
      description: 'Until when it was down for certain.',
    }),
    evidence: t.exposeString('evidence', { description: 'What shows it.' }),
    answer: t.exposeString('answer', {
      nullable: true,
      description:
        'Null while the provider has not said. KNOWN: the scheduler told all of it. OUTAGE: the provider said from when to when. NOTHING_MORE: that it was no more than is certain.',
    }),
    answeredFrom: t.expose('answeredFrom', { type: 'DateTime', nullable: true, description: 'As the provider says.' }),
    answeredUntil: t.expose('answeredUntil', {
      type: 'DateTime',
      nullable: true,
      description: 'As the provider says.',
    }),
    note: t.exposeString('note', { nullable: true, description: 'How the provider knows.' }),
  }),
})
builder.objectFields(Reservation, (t) => ({
  nodeRestarts: t.field({
    type: [RestartType],
    description: 'Nodes of it that were down between two checks of the scheduler, in the order of time.',
    complexity: { field: 1, multiplier: 5 },
    resolve: async (row, _args, context) => {
      const load = async (keys: readonly string[]) => {
        const rows = await reservationsById(context.deps.db, context.actor, keys.map(refOf))
        return Map.groupBy(await restartsOf(context.deps.db, rows), keyOf)
      }
      return (await batch(context, ['Reservation.nodeRestarts'], keyOf(row), load)) ?? []
    },
  }),
}))
const RestartAnswer = builder.enumType('RestartAnswer', {
  description:
    'What the provider says of a node that was down between two checks. OUTAGE: from when to when. NOTHING_MORE: at no other time than is certain.',
  values: RESTART_ANSWERS,
})
const CompleteRestartInput = builder.inputType('CompleteRestartInput', {
  description: 'When a node was down that the scheduler had not seen go.',
  fields: (t) => ({
    restartId: t.id({ description: 'Id of the restart.' }),
    answer: t.field({ type: RestartAnswer, description: 'Whether it was down for longer than is certain.' }),
    startsAt: t.field({
      type: 'DateTime',
      required: false,
      description: 'First instant of an outage: not before possibleFrom, nor after certainFrom.',
    }),
    endsAt: t.field({
      type: 'DateTime',
      required: false,
      description: 'First instant after it: not after possibleUntil, nor before certainUntil.',
    }),
    note: t.string({ description: 'How it is known, at most 1000 characters. The company reads it.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
builder.mutationField('completeRestart', (t) =>
  t.field({
    type: Reservation,
    description:
      'Say when a node was down between two checks of the scheduler: only the provider’s own staff, once, within what is possible and no less than what is certain. An outage is recorded and credited like all.',
    ...may(['provider'], [BadInterval]),
    args: { input: t.arg({ type: CompleteRestartInput }) },
    resolve: async (_root, { input }, { deps, actor }) =>
      reservationOrNotFound(deps, actor, (await completeRestart(deps, actor, input)).ref),
  }),
)
builder.mutationField('recordOutage', (t) =>
  t.field({
    type: Recorded,
    description:
      'Record that reserved GPUs were down, with what shows it: the provider’s own staff and machines, or operations on its behalf. Unused time that was down is credited by the signed terms, never more than was charged for it; delivered compute stays charged.',
    ...may(['provider', 'machine', 'operations'], [BadInterval]),
    args: { input: t.arg({ type: RecordOutageInput }) },
    resolve: (_root, { input }, { deps, actor }) => recordOutage(deps, actor, input),
  }),
)
