/** A company asks for more of a reservation that is confirmed or runs, or for another time: the provider decides. */
import type { Actor } from '../../access/index.ts'
import {
  addJob,
  audit,
  formatTokens,
  globalId,
  instant,
  type MicroTokens,
  newId,
  type Trx,
} from '../../platform/index.ts'
import { readHolds } from '../../tokens/index.ts'
import { earlier } from '../interval.ts'
import type { Quote } from '../metering/charge.ts'
import type { PoolView } from '../pool/pool.views.ts'
import type { Taken } from './beyond.ts'
import { insertChange, type NewChange, setBeyondAside } from './change.store.ts'
import { EXPIRE_HOLD_JOB } from './expire-hold-job.ts'
import { decideBy } from './request-reservation.ts'
import { factorIdOf, type LockedReservation, moveReservation } from './reservation.store.ts'
import { holdTokens, mustLast, usableLots } from './set-aside.ts'

/**
 * Sets aside at once what the change takes beyond the reservation, which stays as it is. In the transaction that
 * locked it.
 *
 * @throws {OverCapacity} {OverShare} {WaitersFirst} {WouldOverdraw} {TokensNotReleased} {PastDeadline} {BadInterval}
 */
export async function askChange(
  trx: Trx,
  actor: Actor,
  asked: {
    readonly reservation: LockedReservation
    readonly pool: PoolView
    readonly how: NewChange['how']
    readonly wanted: Taken
    readonly priced: Quote
    /** Where another factor holds at the new start. */
    readonly factorId: string | undefined
  },
): Promise<void> {
  const { reservation, pool, how, wanted, priced } = asked
  const { ref, interval, tokenClassId } = reservation
  const running = reservation.state === 'active'
  const latest = running ? interval.endsAt : earlier(interval.startsAt, wanted.interval.startsAt)
  const answerBy = decideBy(await instant(trx), pool, latest)
  // What runs keeps its hold, which is firm; another is held beside it for the time that is added.
  const more =
    priced.hold - (running ? await firmFor(trx, reservation, wanted) : await keptBy(trx, reservation, wanted))
  const moreHoldId = more > 0n ? newId() : null
  if (moreHoldId !== null) {
    const { companyId } = ref
    await holdTokens(trx, { companyId, holdId: moreHoldId, tokenClassId, amount: more, interval: wanted.interval })
  }
  await insertChange(trx, {
    ref,
    changeId: newId(),
    how,
    ...wanted,
    factorId: asked.factorId ?? (await factorIdOf(trx, ref)),
    factor: priced.factor,
    hold: priced.hold,
    moreHoldId,
    askedBy: actor.id,
    answerBy,
  })
  await moveReservation(trx, reservation, { to: reservation.state, reason: 'CHANGE_ASKED', actor, asked: wanted })
  await setBeyondAside(trx, reservation, wanted)
  await addJob(trx, {
    name: EXPIRE_HOLD_JOB,
    payload: { companyId: ref.companyId, reservationId: ref.id },
    runAt: answerBy,
    key: `${EXPIRE_HOLD_JOB}:${ref.id}`,
  })
  await audit(trx, actor, {
    scope: { kind: 'company', id: ref.companyId },
    kind: 'reservation.change-asked',
    subject: globalId('Reservation', ref.companyId, ref.id),
    payload: {
      how,
      gpus: wanted.gpus,
      ...wanted.interval,
      held: formatTokens(priced.hold),
      more: formatTokens(more > 0n ? more : 0n),
      answerBy,
    },
  })
}

/**
 * What the hold of one that runs has. Use draws its lots in their order, whenever it was: where some are left that are not good
 * until the new end, they would pay for time after their own.
 *
 * @throws {PastDeadline}
 */
async function firmFor(
  trx: Trx,
  { ref: { companyId }, holdId, hold }: LockedReservation,
  { interval }: Taken,
): Promise<MicroTokens> {
  const { lots = [] } = (await readHolds(trx, companyId, [holdId])).get(holdId) ?? {}
  const lotIds = lots.flatMap(({ lotId, amount, charged }) => (amount > charged ? [lotId] : []))
  await mustLast(trx, { companyId, lotIds, interval })
  return hold
}

/** What the reservation's own hold pays of the new time: not what expires, or reaches its long-stop, before its end. */
async function keptBy(
  trx: Trx,
  { ref, holdId, tokenClassId }: LockedReservation,
  { interval }: Taken,
): Promise<MicroTokens> {
  const hold = (await readHolds(trx, ref.companyId, [holdId])).get(holdId)
  const usable = await usableLots(trx, { companyId: ref.companyId, tokenClassId, interval })
  return (hold?.lots ?? []).reduce((sum, { lotId, amount }) => (usable.has(lotId) ? sum + amount : sum), 0n)
}
