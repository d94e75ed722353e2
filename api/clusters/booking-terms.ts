/** The signed terms by which reservations that draw a lot are charged by cause. Frozen at closing; a lot without has the house's. */
import { z } from 'zod'
import {
  divide,
  formatNumeric,
  instant,
  type MicroTokens,
  NUMERIC_PLACES,
  type Numeric,
  parseNumeric,
  type Reader,
  type Trx,
  type Uuid,
} from '../platform/index.ts'
import type { Charging } from './charge.ts'

const ONE: Numeric = 10n ** BigInt(NUMERIC_PLACES)

export type BookingRules = {
  readonly charging: Charging
  /** Parts that return before the lock time, by whole hours before the start, longest first. None: everything. */
  readonly refunds: readonly { readonly hoursBefore: number; readonly part: Numeric }[]
  readonly lockedRefund: Numeric
  readonly noShowGraceMinutes: number
  readonly noShowPart: Numeric
  readonly outageFactor: Numeric
  readonly quoteMinutes: number
}
export type FrozenBooking = BookingRules & {
  readonly companyId: Uuid
  readonly lotId: Uuid
  readonly roundId: Uuid
  readonly longStop: string
}

/** For tokens that no round granted, such as a top-up's: everything returns on cancelling. */
export const HOUSE_RULES: BookingRules = {
  charging: 'RESERVED',
  refunds: [],
  lockedRefund: ONE,
  noShowGraceMinutes: 60,
  noShowPart: ONE,
  outageFactor: ONE,
  quoteMinutes: 15,
}

/** Freezes the booking terms of a grant's lot. Called once, when the round closes. */
export async function freezeBookingTerms(trx: Trx, terms: FrozenBooking): Promise<void> {
  await trx
    .insertInto('booking_terms')
    .values({
      company_id: terms.companyId,
      lot_id: terms.lotId,
      round_id: terms.roundId,
      charging: terms.charging,
      refunds: JSON.stringify(
        terms.refunds.map(({ hoursBefore, part }) => ({ hoursBefore, part: formatNumeric(part) })),
      ),
      locked_refund: formatNumeric(terms.lockedRefund),
      no_show_grace_minutes: terms.noShowGraceMinutes,
      no_show_part: formatNumeric(terms.noShowPart),
      outage_factor: formatNumeric(terms.outageFactor),
      quote_minutes: terms.quoteMinutes,
      long_stop: terms.longStop,
      frozen_at: await instant(trx),
    })
    .execute()
}

const Refunds = z.array(z.object({ hoursBefore: z.int(), part: z.string().transform(parseNumeric) }))
const Charged = z.enum(['RESERVED', 'METERED'])

/** The frozen terms of a company's lots, by lot. */
export async function bookingTermsOf(reader: Reader, companyId: Uuid): Promise<ReadonlyMap<Uuid, FrozenBooking>> {
  const rows = await reader
    .selectFrom('booking_terms')
    .select([
      'lot_id as lotId',
      'round_id as roundId',
      'charging',
      'refunds',
      'locked_refund as lockedRefund',
      'no_show_grace_minutes as noShowGraceMinutes',
      'no_show_part as noShowPart',
      'outage_factor as outageFactor',
      'quote_minutes as quoteMinutes',
      'long_stop as longStop',
    ])
    .where('company_id', '=', companyId)
    .execute()
  return new Map(
    rows.map((row) => [
      row.lotId,
      {
        ...row,
        companyId,
        charging: Charged.parse(row.charging),
        refunds: Refunds.parse(row.refunds),
        lockedRefund: parseNumeric(row.lockedRefund),
        noShowPart: parseNumeric(row.noShowPart),
        outageFactor: parseNumeric(row.outageFactor),
      },
    ]),
  )
}

/**
 * The part of the held tokens that returns on cancelling `minutesLeft` before the start, in a pool that locks
 * `lockMinutes` before it.
 */
export function refundPart(rules: BookingRules, minutesLeft: number, lockMinutes: number): Numeric {
  if (minutesLeft < lockMinutes) return rules.lockedRefund
  const step = rules.refunds.find(({ hoursBefore }) => minutesLeft >= hoursBefore * 60)
  return (step ?? rules.refunds.at(-1))?.part ?? ONE
}

/** What is kept of held tokens where a part returns: rounded down, in favour of the company. */
export const feeOf = (held: MicroTokens, refund: Numeric): MicroTokens => divide(held * (ONE - refund), ONE, 'DOWN')

/** What is charged of held tokens when nobody came: a part where reserved time is charged, else nothing. */
export const noShowCharge = (held: MicroTokens, rules: BookingRules): MicroTokens =>
  rules.charging === 'RESERVED' ? divide(held * rules.noShowPart, ONE, 'DOWN') : 0n
