/** How reservations are charged by cause: the booking terms, frozen for the grant at closing. */
import { z } from 'zod'
import {
  formatNumeric,
  formatTokens,
  type InputFault,
  NUMERIC_PLACES,
  zNumeric,
  zTokens,
} from '../../platform/index.ts'
import { zCount } from './term-pieces.ts'

const ONE = 10n ** BigInt(NUMERIC_PLACES)
const zPart = zNumeric.refine((part) => part >= 0n && part <= ONE, { error: 'must be from 0 to 1' })

export const Booking = z.strictObject({
  /**
   * Parts of the held tokens that return when the company cancels before the lock time: of the steps whose hours are still
   * ahead, the longest holds; with fewer hours than the last step has, the last step. None: everything returns.
   */
  refunds: z
    .array(z.strictObject({ hoursBefore: zCount(0, 10_000), part: zPart }))
    .max(20, { error: 'has more than 20 steps' })
    .default([]),
  /** Part that returns from the pool's lock time until the start. The rest is charged as `cancel_fee`. */
  lockedRefund: zPart.prefault('1'),
  /** Minutes after the start within which somebody must come. */
  noShowGraceMinutes: zCount(0, 10_080).default(60),
  /** Part of the held tokens that is charged as `no_show`, where reserved time is charged. Its capacity is free again. */
  noShowPart: zPart.prefault('1'),
  /** Tokens returned for each token's worth of reserved time in which the GPUs were down. */
  outageFactor: zNumeric
    .refine((factor) => factor >= 0n && factor <= 10n * ONE, { error: 'must be from 0 to 10' })
    .prefault('1'),
  /** Minutes for which a quote holds. */
  quoteMinutes: zCount(1, 10_080).default(15),
  /** Use outside any reservation draws available tokens, charged as `delivered`. Left out: it may not. */
  onDemand: z
    .strictObject({
      /** By what the pool's factor is multiplied. */
      premium: zNumeric
        .refine((premium) => premium > 0n && premium <= 10n * ONE, { error: 'must be above 0, up to 10' })
        .prefault('1'),
      /** Most tokens that such use may cost in a calendar month (UTC). Left out: no cap. */
      monthlyCapTokens: zTokens.refine((tokens) => tokens > 0n, { error: 'must be above 0' }).optional(),
    })
    .optional(),
})
export type BookingTerms = z.output<typeof Booking>

/** Steps run down: fewer hours before the start never return more, and the lock time never returns more than they do. */
export function* bookingFaults({ booking }: { readonly booking?: BookingTerms | undefined }): Iterable<InputFault> {
  if (booking === undefined) return
  const { refunds, lockedRefund } = booking
  for (const [index, step] of refunds.entries()) {
    const before = refunds[index - 1]
    if (before === undefined) continue
    if (step.hoursBefore >= before.hoursBefore) {
      yield { path: ['booking', 'refunds', index, 'hoursBefore'], reason: 'must be less than in the step before' }
    }
    if (step.part > before.part) {
      yield {
        path: ['booking', 'refunds', index, 'part'],
        reason: 'returns more than the step before, nearer to the start',
      }
    }
  }
  const least = refunds.at(-1)
  if (least !== undefined && lockedRefund > least.part) {
    yield { path: ['booking', 'lockedRefund'], reason: 'returns more than the last step before the lock time' }
  }
}

/** Booking terms back on the wire. */
export const writeBooking = ({
  refunds,
  lockedRefund,
  noShowPart,
  outageFactor,
  onDemand,
  ...plain
}: BookingTerms) => ({
  ...plain,
  ...(onDemand === undefined ? {} : { onDemand: writeOnDemand(onDemand) }),
  refunds: refunds.map(({ hoursBefore, part }) => ({ hoursBefore, part: formatNumeric(part) })),
  lockedRefund: formatNumeric(lockedRefund),
  noShowPart: formatNumeric(noShowPart),
  outageFactor: formatNumeric(outageFactor),
})

const writeOnDemand = ({ premium, monthlyCapTokens }: NonNullable<BookingTerms['onDemand']>) => ({
  premium: formatNumeric(premium),
  ...(monthlyCapTokens === undefined ? {} : { monthlyCapTokens: formatTokens(monthlyCapTokens) }),
})
