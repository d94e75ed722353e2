/** What people do with usage that was kept aside: try it again, mend it, discard it. */
import { z } from 'zod'
import type { Actor } from '../../access/index.ts'
import { metersFor, mustSeeReservation, poolsOfProvider } from '../../clusters/index.ts'
import {
  audit,
  BadInput,
  type Deps,
  DomainError,
  globalId,
  instant,
  inTransaction,
  newId,
  once,
  type PoolRef,
  parse,
  Refused,
  SamePerson,
  type Trx,
  type Uuid,
  WrongState,
  zIdempotencyKey,
  zPoolRef,
  zText,
} from '../../platform/index.ts'
import { mustLookAfterUsage } from '../visibility.ts'
import { reasonOf, type UsageWords } from './quarantine.store.ts'
import { mustSeeQuarantined, type QuarantinedView, quarantineEvents } from './quarantine.views.ts'
import { postLine, readUsageLine, wordsOf, zUsageLine } from './take-usage.ts'

const WAITING = ['open', 'discard_asked'] as const
const zQuarantineId = zPoolRef('QuarantinedUsage')

export const ReplayUsageInput = z.strictObject({ quarantineId: zQuarantineId, idempotencyKey: zIdempotencyKey })
export type ReplayUsageInput = z.input<typeof ReplayUsageInput>

/**
 * Tries a record again, as it was mended last. It goes the way of all usage, in the name of who reported it; when it was
 * recorded meanwhile, it is recognised. In two transactions, of the company and of the provider: what ends between them is
 * made good by the next try.
 *
 * @throws {NotFound} {Forbidden}
 * @throws {WrongState} for a record that was discarded
 */
export async function replayUsage(deps: Deps, actor: Actor, input: ReplayUsageInput): Promise<PoolRef> {
  const { quarantineId } = parse(ReplayUsageInput, input)
  const view = await mustSeeQuarantined(deps.db, actor, quarantineId)
  mustLookAfterUsage(actor, view.ref.providerId)
  return tryAgain(deps, actor, view)
}

async function tryAgain(deps: Deps, actor: Actor, view: QuarantinedView): Promise<PoolRef> {
  const ref: PoolRef = { poolId: view.ref.providerId, id: view.ref.id }
  if (view.state === 'recorded') return ref
  if (view.state === 'discarded') throw new WrongState('usage record', view.state, WAITING)
  const events = (await quarantineEvents(deps.db, [ref])).get(view.ref.id) ?? []
  const mended = events.findLast(({ kind }) => kind === 'mended')
  const { providerId } = view.ref
  const meterer = {
    // Who metered it: the reporter, or who of the provider's own people mended it.
    actorId: mended !== undefined && metersFor(actor, providerId) ? mended.actorId : view.reportedBy,
    providerId,
    pools: await poolsOfProvider(deps.db, providerId),
  }
  const line = parse(zUsageLine, mended?.record ?? view.words)
  const answer = await postLine(deps, meterer, line, view.requestId ?? undefined)
  await inTransaction(deps.db, async (trx) => {
    const state = await lockState(trx, ref)
    if (state !== 'open' && state !== 'discard_asked') return
    if (answer instanceof DomainError) {
      await move(trx, actor, ref, { kind: 'tried', reason: reasonOf(answer) })
    } else {
      await move(trx, actor, ref, { kind: 'recorded', to: 'recorded', usageId: answer.usageId })
    }
  })
  return ref
}

export const MendUsageInput = z.strictObject({
  quarantineId: zQuarantineId,
  record: z.unknown().transform((value, context) => {
    const line = readUsageLine(value)
    if (!(line instanceof BadInput)) return line
    for (const { path, reason } of line.faults) context.addIssue({ code: 'custom', message: reason, path: [...path] })
    return z.NEVER
  }),
  reason: zText(400),
  idempotencyKey: zIdempotencyKey,
})
export type MendUsageInput = z.input<typeof MendUsageInput>

/**
 * Keeps a corrected record beside the one that came in, and tries it. The provider's own people may correct anything but its
 * source. Operations of the fund may say where it belongs, but never raise what was metered: usage earns the fund's shares.
 *
 * @throws {NotFound} {Forbidden} {Refused} {WrongState}
 */
export async function mendUsage(deps: Deps, actor: Actor, input: MendUsageInput): Promise<PoolRef> {
  const { quarantineId: ref, record, reason, idempotencyKey } = parse(MendUsageInput, input)
  const view = await mustSeeQuarantined(deps.db, actor, ref)
  mustLookAfterUsage(actor, view.ref.providerId)
  const words = wordsOf(record)
  mustBeACorrection(actor, view, words)
  // Nobody puts usage where they do not see.
  if ('reservationId' in record) await mustSeeReservation(deps.db, actor, record.reservationId)
  const call = { operation: 'mendUsage', scope: { kind: 'provider', id: ref.poolId }, idempotencyKey, input } as const
  await once(deps, actor, call, async (trx) => {
    const state = await lockState(trx, ref)
    if (state !== 'open' && state !== 'discard_asked') throw new WrongState('usage record', state, WAITING)
    await move(trx, actor, ref, { kind: 'mended', to: 'open', reason, record: words })
    return null
  })
  return tryAgain(deps, actor, await mustSeeQuarantined(deps.db, actor, ref))
}

/** @throws {Refused} */
function mustBeACorrection(actor: Actor, view: QuarantinedView, words: UsageWords): void {
  if (words.source !== view.words.source) throw new Refused('record.source', `must stay ${view.words.source}`)
  const raised = BigInt(words.gpuSeconds) > BigInt(view.words.gpuSeconds)
  if (raised && !metersFor(actor, view.ref.providerId)) {
    throw new Refused(
      'record.gpuSeconds',
      `must be at most ${view.words.gpuSeconds}, as metered: only the provider's own people may say more`,
    )
  }
}

export const DISCARD_DECISIONS = ['DISCARD', 'KEEP'] as const
export const DiscardUsageInput = z.strictObject({
  quarantineId: zQuarantineId,
  decision: z.enum(DISCARD_DECISIONS).default('DISCARD'),
  reason: zText(400),
  idempotencyKey: zIdempotencyKey,
})
export type DiscardUsageInput = z.input<typeof DiscardUsageInput>

/**
 * Asks that a record be discarded; by another person after that, discards it, or keeps it after all. Its row stays.
 *
 * @throws {NotFound} {Forbidden} {WrongState}
 * @throws {SamePerson} for who asked for it, and for who reported it
 */
export async function discardUsage(deps: Deps, actor: Actor, input: DiscardUsageInput): Promise<PoolRef> {
  const { quarantineId: ref, decision, reason, idempotencyKey } = parse(DiscardUsageInput, input)
  const view = await mustSeeQuarantined(deps.db, actor, ref)
  mustLookAfterUsage(actor, view.ref.providerId)
  const call = {
    operation: 'discardUsage',
    scope: { kind: 'provider', id: ref.poolId },
    idempotencyKey,
    input,
  } as const
  return once(deps, actor, call, async (trx) => {
    const state = await lockState(trx, ref)
    if (decision === 'KEEP') {
      if (state !== 'discard_asked') throw new WrongState('usage record', state, ['discard_asked'])
      await move(trx, actor, ref, { kind: 'discard_refused', to: 'open', reason })
    } else if (state === 'open') {
      await move(trx, actor, ref, { kind: 'discard_asked', to: 'discard_asked', reason })
    } else if (state === 'discard_asked') {
      const events = (await quarantineEvents(trx, [ref])).get(ref.id) ?? []
      const asked = events.findLast(({ kind }) => kind === 'discard_asked')
      if (asked?.actorId === actor.id || view.reportedBy === actor.id) throw new SamePerson('discard')
      await move(trx, actor, ref, { kind: 'discarded', to: 'discarded', reason })
    } else {
      throw new WrongState('usage record', state, WAITING)
    }
    return ref
  })
}

async function lockState(trx: Trx, ref: PoolRef): Promise<string> {
  const { state } = await trx
    .selectFrom('quarantine_state')
    .select('state')
    .where('scope_id', '=', ref.poolId)
    .where('quarantine_id', '=', ref.id)
    .forUpdate()
    .executeTakeFirstOrThrow()
  return state
}

type Move = {
  readonly kind: 'tried' | 'mended' | 'recorded' | 'discard_asked' | 'discard_refused' | 'discarded'
  readonly to?: 'open' | 'discard_asked' | 'recorded' | 'discarded'
  readonly reason?: string
  readonly record?: UsageWords
  readonly usageId?: Uuid
}

async function move(trx: Trx, actor: Actor, ref: PoolRef, { kind, to, reason, record, usageId }: Move): Promise<void> {
  await trx
    .updateTable('quarantine_state')
    .set((on) => ({
      ...(to === undefined ? {} : { state: to }),
      ...(kind === 'tried' ? { replays: on('replays', '+', 1) } : {}),
    }))
    .where('scope_id', '=', ref.poolId)
    .where('quarantine_id', '=', ref.id)
    .execute()
  await trx
    .insertInto('quarantine_event')
    .values({
      scope_id: ref.poolId,
      event_id: newId(),
      quarantine_id: ref.id,
      kind,
      record: record === undefined ? null : JSON.stringify(record),
      reason: reason ?? null,
      usage_id: usageId ?? null,
      actor_id: actor.id,
      at: await instant(trx),
    })
    .execute()
  await audit(trx, actor, {
    scope: { kind: 'provider', id: ref.poolId },
    kind: `usage.${kind}`,
    subject: globalId('QuarantinedUsage', ref.poolId, ref.id),
    payload: { reason: reason ?? null, usageId: usageId ?? null },
  })
}
