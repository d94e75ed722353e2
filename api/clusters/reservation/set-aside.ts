/** Setting aside what a reservation takes: tokens of lots that may pay for it, and GPUs. */
import { addJob, type MicroTokens, type Trx, type Uuid } from '../../platform/index.ts'
import { hold, lotsOf, TokensNotReleased, WouldOverdraw } from '../../tokens/index.ts'
import { PastDeadline } from '../errors.ts'
import { addMinutes, type Interval } from '../interval.ts'
import { bookingTermsOf } from './booking-terms.ts'
import { EXPIRE_HOLD_JOB } from './expire-hold-job.ts'
import { insertBooking, insertReservation, type NewReservation } from './reservation.store.ts'
import { mustNotOvertake } from './waiting.store.ts'

/**
 * How long after the end of a reservation its tokens stay set aside for usage that is told late. The provider's time to
 * decide is much shorter, and is kept by {@link EXPIRE_HOLD_JOB}.
 */
export const LATE_USAGE_MINUTES = 45 * 24 * 60

/**
 * Holds the tokens of a reservation, of lots that have neither expired nor passed their grant's long-stop when it ends.
 *
 * @throws {PastDeadline} when others would have been enough
 * @throws {WouldOverdraw} {TokensNotReleased}
 */
export async function holdTokens(
  trx: Trx,
  of: { companyId: Uuid; holdId: Uuid; tokenClassId: Uuid; amount: MicroTokens; interval: Interval },
): Promise<void> {
  const lastDay = lastDayOf(of.interval)
  const terms = await bookingTermsOf(trx, of.companyId)
  const stopped = stoppedBy(terms, lastDay)
  try {
    await hold(trx, {
      companyId: of.companyId,
      holdId: of.holdId,
      tokenClassId: of.tokenClassId,
      amount: of.amount,
      expiresAt: addMinutes(of.interval.endsAt, LATE_USAGE_MINUTES),
      usableOn: lastDay,
      exceptLots: stopped,
    })
  } catch (error) {
    if (!(error instanceof WouldOverdraw || error instanceof TokensNotReleased)) throw error
    const lots = (await lotsOf(trx, of.companyId)).filter((lot) => lot.tokenClassId === of.tokenClassId)
    const usable = lots.some((lot) => lot.expiresOn > lastDay && !stopped.has(lot.lotId))
    if (usable || lots.length === 0) throw error
    const stops = lots.flatMap((lot) => (stopped.has(lot.lotId) ? (terms.get(lot.lotId)?.longStop ?? []) : []))
    const latest = (dates: readonly string[]): string => dates.toSorted().at(-1) ?? lastDay
    throw stops.length > 0
      ? new PastDeadline('LONG_STOP', latest(stops))
      : new PastDeadline('TOKEN_EXPIRY', latest(lots.map((lot) => lot.expiresOn)))
  }
}

/** Tokens that expire before the compute is delivered could not pay for it. */
const lastDayOf = (interval: Interval): string => addMinutes(interval.endsAt, -1).slice(0, 10)

/** Lots whose grant's long-stop has come by a day. */
const stoppedBy = (terms: Awaited<ReturnType<typeof bookingTermsOf>>, day: string): Set<Uuid> =>
  new Set([...terms.values()].filter(({ longStop }) => longStop <= day).map(({ lotId }) => lotId))

/** The lots that may pay for a time: of the class, neither expired nor past their grant's long-stop when it ends. */
export async function usableLots(
  trx: Trx,
  of: { readonly companyId: Uuid; readonly tokenClassId: Uuid; readonly interval: Interval },
): Promise<ReadonlySet<Uuid>> {
  const lastDay = lastDayOf(of.interval)
  const stopped = stoppedBy(await bookingTermsOf(trx, of.companyId), lastDay)
  const lots = (await lotsOf(trx, of.companyId)).filter((lot) => lot.tokenClassId === of.tokenClassId)
  return new Set(lots.flatMap((lot) => (lot.expiresOn > lastDay && !stopped.has(lot.lotId) ? [lot.lotId] : [])))
}

/**
 * Tokens and GPUs of a new reservation. The company's side first, the pool's last: its row is the one that others wait for.
 *
 * @throws {OverCapacity} {OverShare} {WaitersFirst} and what {@link holdTokens} throws
 */
export async function setAside(trx: Trx, reservation: NewReservation): Promise<void> {
  const { ref, holdId, holdExpiresAt, tokenClassId, interval, quote } = reservation
  await holdTokens(trx, { companyId: ref.companyId, holdId, tokenClassId, amount: quote.hold, interval })
  await insertReservation(trx, reservation)
  await mustNotOvertake(trx, reservation)
  await insertBooking(trx, reservation)
  await addExpiry(trx, ref, holdExpiresAt)
}

/** The end of the provider's time to decide. */
export const addExpiry = (trx: Trx, ref: NewReservation['ref'], at: string): Promise<void> =>
  addJob(trx, {
    name: EXPIRE_HOLD_JOB,
    payload: { companyId: ref.companyId, reservationId: ref.id },
    runAt: at,
    key: `${EXPIRE_HOLD_JOB}:${ref.id}`,
  })

/**
 * That these lots may pay for a time until its end, as {@link usableLots} has it.
 *
 * @throws {PastDeadline} with the deadline of the first that may not
 */
export async function mustLast(
  trx: Trx,
  of: { readonly companyId: Uuid; readonly lotIds: readonly Uuid[]; readonly interval: Interval },
): Promise<void> {
  const lastDay = lastDayOf(of.interval)
  const terms = await bookingTermsOf(trx, of.companyId)
  for (const { lotId, expiresOn } of await lotsOf(trx, of.companyId)) {
    if (!of.lotIds.includes(lotId)) continue
    const longStop = terms.get(lotId)?.longStop
    if (longStop !== undefined && longStop <= lastDay) throw new PastDeadline('LONG_STOP', longStop)
    if (expiresOn <= lastDay) throw new PastDeadline('TOKEN_EXPIRY', expiresOn)
  }
}
