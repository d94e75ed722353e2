/** Outages of reserved GPUs, and what they are credited. */
import { BadInterval, type OutageView, outageCreditsOf, outagesOf } from '../api/clusters/index.ts'
import { type RecordedOutage, recordOutage } from '../api/drawdown/index.ts'
import { globalId } from '../api/platform/index.ts'
import { batch } from './batch.ts'
import { builder } from './builder.ts'
import { idempotencyKey, may } from './mutation.ts'
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
