/** What a reservation would take: for the one who asks first, and for the one who books. */
import { z } from 'zod'
import type { Actor } from '../../access/index.ts'
import { mustSeeCompany } from '../../parties/index.ts'
import {
  instant,
  type MicroTokens,
  parse,
  type Reader,
  Refused,
  type Uuid,
  zInstant,
  zKey,
} from '../../platform/index.ts'
import { type GoverningFactor, governingFactor } from '../factor/grant-factors.ts'
import { checkBookable, type Interval } from '../interval.ts'
import { type Quote, quote } from '../metering/charge.ts'
import { lowestFree, mustSeePool, type PoolView } from '../pool/pool.views.ts'

/** Most tokens that one reservation may hold: more would be no booking but a mistake. */
const MOST_HELD: MicroTokens = 10n ** 18n

/** A number of GPUs. */
export const zGpus = z
  .int({ error: 'must be a whole number' })
  .min(1, 'must be at least 1')
  .max(1_000_000, 'must be at most 1000000')

export type ReservationQuote = Quote & {
  /** GPUs that are free over the whole interval now. Nothing is set aside by asking. */
  readonly free: number
  readonly basis: GoverningFactor
}

export const QuoteReservationInput = z.strictObject({
  /** The company that would book, where it is known: its grants decide the factor. */
  companyId: zKey('Company').nullish(),
  poolId: zKey('Pool'),
  gpus: zGpus,
  startsAt: zInstant,
  endsAt: zInstant,
})
export type QuoteReservationInput = z.input<typeof QuoteReservationInput>

/**
 * The quote for so many GPUs of a pool over an interval.
 *
 * @throws {NotFound} {BadInterval} {NoFactor} {FactorNotAgreed}
 */
export async function quoteReservation(
  reader: Reader,
  actor: Actor,
  input: QuoteReservationInput,
): Promise<ReservationQuote> {
  const { companyId, poolId, gpus, startsAt, endsAt } = parse(QuoteReservationInput, input)
  const interval = { startsAt, endsAt }
  if (companyId != null) await mustSeeCompany(reader, actor, companyId)
  const pool = await mustSeePool(reader, actor, poolId)
  const priced = await priceReservation(reader, pool, gpus, interval, companyId ?? undefined)
  return { ...priced, free: await lowestFree(reader, pool, interval) }
}

/**
 * Checks the interval against the pool and prices it by the factor that holds for the company at its start, or by the
 * pool's own where nobody is named.
 *
 * @throws {BadInterval} {NoFactor} {FactorNotAgreed}
 */
export async function priceReservation(
  reader: Reader,
  pool: PoolView,
  gpus: number,
  interval: Interval,
  companyId?: Uuid,
): Promise<Quote & { readonly basis: GoverningFactor }> {
  checkBookable(interval, await instant(reader), pool)
  const basis = await governingFactor(reader, companyId, pool, interval.startsAt)
  const priced = quote(gpus, interval, basis.factor)
  if (priced.hold > MOST_HELD) throw new Refused('gpus', 'times the length is more than any reservation can hold')
  return { ...priced, basis }
}
