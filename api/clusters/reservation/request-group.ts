/** Reservations that are asked for together, all or nothing: a series in one pool, or a set over several (ADR 29). */
import { z } from 'zod'
import type { Actor } from '../../access/index.ts'
import type { FlagsDeps } from '../../flags/index.ts'
import { lockCompany, mustSeeCompany } from '../../parties/index.ts'
import {
  addJob,
  audit,
  type Deps,
  DomainError,
  globalId,
  instant,
  inTransaction,
  NOBODY,
  newId,
  once,
  parse,
  type Ref,
  type Trx,
  type Uuid,
  WrongState,
  zIdempotencyKey,
  zInstant,
  zKey,
  zUuid,
} from '../../platform/index.ts'
import { PartRefused } from '../errors.ts'
import { addMinutes, type Interval, microsecondsOf } from '../interval.ts'
import { mustSeePool } from '../pool/pool.views.ts'
import { mustBookFor } from '../visibility.ts'
import { giveBack } from './give-back.ts'
import { priceReservation, zGpus } from './quote-reservation.ts'
import { decideBy } from './request-reservation.ts'
import { lockReservation } from './reservation.store.ts'
import { checkReserve, refuseReserve } from './reserve-gate.ts'
import { addExpiry, setAside } from './set-aside.ts'

/** Name of the job that undoes a group which nobody completed. */
export const UNDO_GROUP_JOB = 'clusters.undo-group'
/** Minutes in which the parts of a group are gathered. */
const GATHER_MINUTES = 10
const MOST_PARTS = 120

const Part = z.strictObject({ poolId: zKey('Pool'), gpus: zGpus, startsAt: zInstant, endsAt: zInstant })
type Part = z.output<typeof Part>

export const RECURRENCES = ['DAILY', 'WEEKLY'] as const
export const RequestGroupInput = z
  .strictObject({
    companyId: zKey('Company'),
    parts: z
      .array(Part)
      .min(1, 'must name at least one reservation')
      .max(MOST_PARTS, `must name at most ${MOST_PARTS}`),
    /** Repeats the one part: so many times in all, every day or week of 24 or 168 hours, in UTC. */
    recurrence: z
      .strictObject({
        every: z.enum(RECURRENCES),
        count: z.int().min(2, 'must be at least 2').max(MOST_PARTS).nullish(),
        until: zInstant.nullish(),
      })
      .refine(({ count, until }) => (count == null) !== (until == null), {
        path: ['count'],
        message: 'or until must be given, not both',
      })
      .nullish(),
    idempotencyKey: zIdempotencyKey,
  })
  .refine(({ parts, recurrence }) => recurrence == null || parts.length === 1, {
    path: ['parts'],
    message: 'must name one reservation where it recurs',
  })
export type RequestGroupInput = z.input<typeof RequestGroupInput>
type Request = z.output<typeof RequestGroupInput>

/** The reservations that a request comes to. Days and weeks are of UTC: no clock is put forward or back in it. */
export function partsOf({ parts, recurrence }: Pick<Request, 'parts' | 'recurrence'>): readonly Part[] {
  const [first] = parts
  if (recurrence == null || first === undefined) return parts
  const minutes = recurrence.every === 'DAILY' ? 24 * 60 : 7 * 24 * 60
  const made: Part[] = []
  for (let n = 0; n < (recurrence.count ?? MOST_PARTS); n += 1) {
    const part = {
      ...first,
      startsAt: addMinutes(first.startsAt, n * minutes),
      endsAt: addMinutes(first.endsAt, n * minutes),
    }
    if (recurrence.until != null && microsecondsOf(part.startsAt) >= microsecondsOf(recurrence.until)) break
    made.push(part)
  }
  return made
}

/**
 * Asks for several reservations, all or nothing. Each is held in a transaction of its own, in the order of pools; when the
 * last is held they wait for the provider like any other. Where one is refused, what was held is given back. A process that
 * dies in between leaves holds that expire by themselves; the same call again goes on where it stopped.
 *
 * @throws {PartRefused} with the part that was refused and why
 */
export async function requestGroup(
  deps: FlagsDeps,
  actor: Actor,
  input: RequestGroupInput,
): Promise<{ groupId: Uuid; refs: readonly Ref[] }> {
  const request = parse(RequestGroupInput, input)
  const { companyId, idempotencyKey } = request
  await mustSeeCompany(deps.db, actor, companyId)
  for (const poolId of new Set(request.parts.map((part) => part.poolId))) await mustSeePool(deps.db, actor, poolId)
  mustBookFor(actor, companyId)
  await checkReserve(deps, actor, companyId)
  const parts = partsOf(request).toSorted((a, b) => compare(a.poolId, b.poolId) || compare(a.startsAt, b.startsAt))
  const scope = { kind: 'company', id: companyId } as const
  const group = await once(deps, actor, { operation: 'requestGroup', scope, idempotencyKey, input }, async (trx) => {
    await refuseReserve(trx, companyId)
    return insertGroup(trx, actor, companyId, parts, request.recurrence == null ? 'set' : 'series')
  })
  const refs: Ref[] = []
  for (const [index, part] of parts.entries()) {
    try {
      refs.push(await holdPart(deps, actor, { companyId, ...group }, part, index))
    } catch (error) {
      if (!(error instanceof DomainError)) throw error
      const why = `${error.code}: ${error.message}`
      await undoGroup(deps, { companyId, groupId: group.groupId, why })
      throw new PartRefused(index, error.code, error.message)
    }
  }
  await completeGroup(deps, actor, { companyId, id: group.groupId }, refs)
  return { groupId: group.groupId, refs }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

async function insertGroup(
  trx: Trx,
  actor: Actor,
  companyId: Uuid,
  parts: readonly Part[],
  kind: 'set' | 'series',
): Promise<{ groupId: Uuid; gatherUntil: string }> {
  const groupId = newId()
  const at = await instant(trx)
  const gatherUntil = addMinutes(at, GATHER_MINUTES)
  await trx
    .insertInto('reservation_group')
    .values({
      company_id: companyId,
      group_id: groupId,
      kind,
      state: 'gathering',
      parts: JSON.stringify(parts),
      requested_by: actor.id,
      requested_at: at,
      gather_until: gatherUntil,
    })
    .execute()
  await addJob(trx, {
    name: UNDO_GROUP_JOB,
    payload: { companyId, groupId },
    runAt: gatherUntil,
    key: `${UNDO_GROUP_JOB}:${groupId}`,
  })
  await audit(trx, actor, {
    scope: { kind: 'company', id: companyId },
    kind: 'reservation-group.requested',
    subject: globalId('Company', companyId),
    payload: { group: groupId, kind, parts: parts.map(({ poolId, ...part }) => ({ ...part, pool: poolId })) },
  })
  return { groupId, gatherUntil }
}

/** Held until the group's time to gather is over. */
async function holdPart(
  deps: Deps,
  actor: Actor,
  { companyId, groupId, gatherUntil }: { companyId: Uuid; groupId: Uuid; gatherUntil: string },
  part: Part,
  index: number,
): Promise<Ref> {
  const scope = { kind: 'company', id: companyId } as const
  const interval: Interval = { startsAt: part.startsAt, endsAt: part.endsAt }
  const call = { operation: 'requestGroup.part', scope, idempotencyKey: `${groupId}:${index}`, input: { ...part } }
  return once(deps, actor, call, async (trx) => {
    await refuseReserve(trx, companyId)
    const state = await lockGroup(trx, { companyId, id: groupId })
    if (state !== 'gathering') throw new WrongState('group', state, ['gathering'])
    const pool = await mustSeePool(trx, actor, part.poolId)
    const { basis, ...quote } = await priceReservation(trx, pool, part.gpus, interval, companyId)
    const ref = { companyId, id: newId() }
    await setAside(trx, {
      ref,
      poolId: part.poolId,
      tokenClassId: pool.tokenClassId,
      gpus: part.gpus,
      interval,
      factorId: basis.factorId,
      quote,
      holdId: newId(),
      holdExpiresAt: gatherUntil,
      requestedBy: actor.id,
      groupId,
    })
    await audit(trx, actor, {
      scope,
      kind: 'reservation.requested',
      subject: globalId('Reservation', companyId, ref.id),
      payload: { pool: globalId('Pool', part.poolId), gpus: part.gpus, ...interval, group: groupId },
    })
    return ref
  })
}

async function lockGroup(trx: Trx, group: Ref): Promise<string> {
  const row = await trx
    .selectFrom('reservation_group')
    .select('state')
    .where('company_id', '=', group.companyId)
    .where('group_id', '=', group.id)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow()
  return row.state
}

/** Every part is held: each gets the provider's usual time. */
async function completeGroup(deps: Deps, actor: Actor, group: Ref, refs: readonly Ref[]): Promise<void> {
  await inTransaction(deps.db, async (trx) => {
    await lockCompany(trx, group.companyId)
    if ((await lockGroup(trx, group)) !== 'gathering') return
    const now = await instant(trx)
    for (const ref of refs) {
      const reservation = await lockReservation(trx, ref)
      if (reservation.state !== 'held') throw new WrongState('reservation', reservation.state, ['held'])
      const pool = await mustSeePool(trx, actor, reservation.poolId)
      const until = decideBy(now, pool, reservation.interval.startsAt)
      await trx
        .updateTable('reservation')
        .set({ hold_expires_at: until })
        .where('company_id', '=', ref.companyId)
        .where('reservation_id', '=', ref.id)
        .execute()
      await addExpiry(trx, ref, until)
    }
    await setState(trx, group, 'complete', null)
  })
}

const setState = async (trx: Trx, group: Ref, state: string, reason: string | null): Promise<void> => {
  await trx
    .updateTable('reservation_group')
    .set({ state, reason })
    .where('company_id', '=', group.companyId)
    .where('group_id', '=', group.id)
    .execute()
}

const Undone = z.object({ companyId: zUuid, groupId: zUuid, why: z.string().optional() })

/** Gives back what an incomplete group holds: each part in a transaction of its own. Harmless for one that is complete, and twice. */
export async function undoGroup(deps: Deps, payload: unknown): Promise<{ undone: number }> {
  const { companyId, groupId, why } = parse(Undone, payload)
  const group = { companyId, id: groupId }
  const undoing = await inTransaction(deps.db, async (trx) => {
    await lockCompany(trx, companyId)
    const state = await lockGroup(trx, group)
    if (state === 'gathering') await setState(trx, group, 'undone', why ?? 'It was not complete in time.')
    return state !== 'complete'
  })
  if (!undoing) return { undone: 0 }
  const held = await deps.db
    .selectFrom('reservation')
    .select('reservation_id as id')
    .where('company_id', '=', companyId)
    .where('group_id', '=', groupId)
    .where('state', '=', 'held')
    .execute()
  let undone = 0
  for (const { id } of held) {
    await inTransaction(deps.db, async (trx) => {
      await lockCompany(trx, companyId)
      const reservation = await lockReservation(trx, { companyId, id })
      if (reservation.state !== 'held') return
      await giveBack(trx, reservation, { to: 'cancelled', reason: 'GROUP_UNDONE' })
      await audit(trx, NOBODY, {
        scope: { kind: 'company', id: companyId },
        kind: 'reservation.group-undone',
        subject: globalId('Reservation', companyId, id),
        payload: { group: groupId },
      })
      undone += 1
    })
  }
  return { undone }
}

/** Whether a reservation's group is still gathered, or was undone: the provider does not decide on it, and is not blamed for it. */
export async function isUngathered(trx: Trx, { companyId }: Ref, groupId: Uuid | null): Promise<boolean> {
  if (groupId === null) return false
  return (await lockGroup(trx, { companyId, id: groupId })) !== 'complete'
}
