/** Usage that was kept aside: what waits, why and since when; and what people do with it. */
import {
  DISCARD_DECISIONS,
  discardUsage,
  mendUsage,
  QUARANTINE_STATES,
  type QuarantineCount,
  type QuarantinedView,
  type QuarantineEventView,
  type QuarantineState,
  quarantineCounts,
  quarantinedById,
  quarantineEvents,
  quarantinePage,
  replayUsage,
} from '../../api/drawdown/index.ts'
import { BadInput, globalId, type PoolRef, parseGlobalId } from '../../api/platform/index.ts'
import { builder, PAGE_MAX } from '../kernel/builder.ts'
import type { Context } from '../kernel/context.ts'
import { withoutNulls } from '../kernel/input.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { pageById } from '../kernel/pages.ts'

/** Each state at most once; what waits for somebody where none is named. */
function statesOf(states: readonly QuarantineState[] | null | undefined): readonly QuarantineState[] {
  if (states == null) return ['open', 'discard_asked']
  if (new Set(states).size < states.length) throw new BadInput([{ path: ['states'], reason: 'names a state twice' }])
  return states
}

const refOf = (id: string): PoolRef => ({ poolId: id.slice(0, 36), id: id.slice(37) })

const QuarantineStateEnum = builder.enumType('QuarantineState', {
  description:
    'Where usage that was kept aside is: open, asked by somebody to be discarded, recorded after all, or discarded by two people.',
  values: QUARANTINE_STATES,
})
const DiscardDecision = builder.enumType('DiscardDecision', {
  description: 'DISCARD asks for it, or agrees to what another person asked for; KEEP does not agree.',
  values: DISCARD_DECISIONS,
})

const Event = builder.objectRef<QuarantineEventView>('QuarantineEvent').implement({
  description: 'Something that was done to usage that was kept aside.',
  fields: (t) => ({
    kind: t.exposeString('kind', {
      description: 'tried (in vain), mended, recorded, discard_asked, discard_refused or discarded.',
    }),
    record: t.field({
      type: 'JSON',
      nullable: true,
      description: 'The corrected record.',
      resolve: (event) => event.record,
    }),
    reason: t.exposeString('reason', { nullable: true, description: 'Why, or why it could still not be used.' }),
    usageId: t.exposeID('usageId', { nullable: true, description: 'The usage record that came of it.' }),
    actorId: t.exposeID('actorId', { description: 'Who did it.' }),
    at: t.expose('at', { type: 'DateTime', description: 'When.' }),
  }),
})

const QuarantinedUsage = builder.objectRef<QuarantinedView>('QuarantinedUsage').implement({
  description: 'A usage record that could not be used, as it came in. Nothing that was told is lost.',
  fields: (t) => ({
    quarantineId: t.id({
      description: 'What it is kept under.',
      resolve: (kept) => globalId('QuarantinedUsage', kept.ref.providerId, kept.ref.id),
    }),
    state: t.field({ type: QuarantineStateEnum, description: 'Where it is now.', resolve: (kept) => kept.state }),
    record: t.field({ type: 'JSON', description: 'The record as it was told.', resolve: (kept) => kept.words }),
    source: t.string({ description: 'Who metered it.', resolve: (kept) => kept.words.source }),
    externalId: t.string({ description: 'Its id there.', resolve: (kept) => kept.words.externalId }),
    reasonCode: t.exposeString('reasonCode', { description: 'Why it could not be used, as a code.' }),
    detail: t.exposeString('detail', { description: 'Why, in words.' }),
    reportedAt: t.expose('reportedAt', { type: 'DateTime', description: 'When it came in.' }),
    providerId: t.id({
      description: 'The provider that told it.',
      resolve: (kept) => globalId('Provider', kept.ref.providerId),
    }),
    triedAgain: t.exposeInt('replays', { description: 'How often it was tried again in vain.' }),
    events: t.loadableList({
      type: Event,
      description: 'What was done to it, oldest first.',
      complexity: { field: 1, multiplier: 5 },
      resolve: (kept) => `${kept.ref.providerId}:${kept.ref.id}`,
      load: async (ids: string[], { deps }: Context) => {
        const events = await quarantineEvents(deps.db, ids.map(refOf))
        return ids.map((id) => events.get(refOf(id).id) ?? [])
      },
    }),
  }),
})

const Count = builder.objectRef<QuarantineCount>('QuarantineCount').implement({
  description: 'How much usage waits for somebody, for one reason.',
  fields: (t) => ({
    reasonCode: t.exposeString('reasonCode', { description: 'Why it could not be used.' }),
    count: t.exposeInt('count', { description: 'How many records.' }),
    oldestAt: t.expose('oldestAt', { type: 'DateTime', description: 'When the oldest of them came in.' }),
  }),
})

builder.queryFields((t) => ({
  usageQuarantine: t.connection(
    {
      type: QuarantinedUsage,
      description: `Usage that was kept aside, newest first; at most ${PAGE_MAX} a page. For the fund's staff and the provider that told it.`,
      complexity: (args) => ({ field: 2, multiplier: Math.min(args.first ?? args.last ?? 20, PAGE_MAX) }),
      args: {
        states: t.arg({
          type: [QuarantineStateEnum],
          required: false,
          description: 'Only of these states. Default: what waits for somebody.',
        }),
      },
      resolve: (_root, args, { deps, actor }) =>
        pageById(
          args,
          (kept: QuarantinedView) => kept.ref.id,
          (page) => quarantinePage(deps.db, actor, statesOf(args.states), page),
        ),
    },
    { name: 'QuarantinedUsageConnection', description: 'A page of usage that was kept aside.' },
    { name: 'QuarantinedUsageEdge', description: 'One record of a page.' },
  ),
  quarantinedUsage: t.field({
    type: QuarantinedUsage,
    nullable: true,
    description:
      'Usage that was kept aside, by what it is kept under; null where there is none that the actor may see.',
    args: { quarantineId: t.arg.id({ description: 'What it is kept under.' }) },
    resolve: async (_root, { quarantineId }, { deps, actor }) => {
      const parsed = parseGlobalId(quarantineId)
      const [poolId, id] = parsed?.type === 'QuarantinedUsage' ? parsed.keys : []
      if (poolId === undefined || id === undefined) return null
      return (await quarantinedById(deps.db, actor, [{ poolId, id }]))[0] ?? null
    },
  }),
  usageQuarantineCounts: t.field({
    type: [Count],
    description: 'How much usage waits for somebody, by reason.',
    complexity: { field: 10, multiplier: 5 },
    resolve: (_root, _args, { deps, actor }) => quarantineCounts(deps.db, actor),
  }),
}))

const QuarantinedRecordInput = builder.inputType('QuarantinedRecordInput', {
  description: 'A corrected usage record.',
  fields: (t) => ({
    reservationId: t.string({ description: 'Global id of the reservation it ran in.' }),
    source: t.string({ description: 'Who metered it: as it was.' }),
    externalId: t.string({ description: 'Its id there.' }),
    gpuSeconds: t.string({
      description: "Whole GPU-seconds. Only the provider's own people may say more than was metered.",
    }),
    startedAt: t.field({ type: 'DateTime', description: 'When the use began.' }),
    endedAt: t.field({ type: 'DateTime', description: 'When it ended.' }),
    job: t.string({ required: false, description: 'The job that ran.' }),
  }),
})
const ReplayUsageInput = builder.inputType('ReplayUsageInput', {
  description: 'Usage that is to be tried again.',
  fields: (t) => ({ quarantineId: t.id({ description: 'Which.' }), idempotencyKey: idempotencyKey(t) }),
})
const MendUsageInput = builder.inputType('MendUsageInput', {
  description: 'Usage that is to be corrected and tried again.',
  fields: (t) => ({
    quarantineId: t.id({ description: 'Which.' }),
    record: t.field({ type: QuarantinedRecordInput, description: 'The corrected record.' }),
    reason: t.string({ description: 'Why it was wrong.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const DiscardUsageInput = builder.inputType('DiscardUsageInput', {
  description: 'Usage that is to be discarded, or kept after all.',
  fields: (t) => ({
    quarantineId: t.id({ description: 'Which.' }),
    decision: t.field({ type: DiscardDecision, required: false, description: 'Default DISCARD.' }),
    reason: t.string({ description: 'Why.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})

const loaded = async (ref: PoolRef, { deps, actor }: Context): Promise<QuarantinedView> => {
  const [view] = await quarantinedById(deps.db, actor, [ref])
  if (view === undefined) throw new Error('a record was acted on and then not found')
  return view
}

builder.mutationFields((t) => ({
  replayUsage: t.field({
    type: QuarantinedUsage,
    description: 'Try usage again that was kept aside, as it was mended last.',
    ...may(['operations', 'provider']),
    args: { input: t.arg({ type: ReplayUsageInput }) },
    resolve: async (_root, { input }, context) =>
      loaded(await replayUsage(context.deps, context.actor, input), context),
  }),
  mendUsage: t.field({
    type: QuarantinedUsage,
    description: 'Correct usage that was kept aside, beside what came in, and try it again.',
    ...may(['operations', 'provider']),
    args: { input: t.arg({ type: MendUsageInput }) },
    resolve: async (_root, { input }, context) =>
      loaded(await mendUsage(context.deps, context.actor, { ...input, record: withoutNulls(input.record) }), context),
  }),
  discardUsage: t.field({
    type: QuarantinedUsage,
    description: 'Ask that usage that was kept aside be discarded; by another person, discard it or keep it after all.',
    ...may(['operations', 'provider']),
    args: { input: t.arg({ type: DiscardUsageInput }) },
    resolve: async (_root, { input }, context) =>
      loaded(
        await discardUsage(context.deps, context.actor, { ...input, decision: input.decision ?? 'DISCARD' }),
        context,
      ),
  }),
}))
