/** What a change of a reservation would take, before it is asked for, kept for as long as it holds. */
import { z } from 'zod'
import type { Actor } from '../../access/index.ts'
import {
  addMinutes,
  HOUSE_RULES,
  type Interval,
  lockReservation,
  lowestFreeFor,
  microsecondsOf,
  mustBookFor,
  mustSeeReservation,
  QuoteChanged,
  type QuotedRules,
  QuoteExpired,
  rulesFor,
  zGpus,
} from '../../clusters/index.ts'
import { lockCompany } from '../../parties/index.ts'
import {
  type Deps,
  globalId,
  instant,
  type MicroTokens,
  NotFound,
  newId,
  once,
  parse,
  type Ref,
  Refused,
  type Trx,
  type Uuid,
  zIdempotencyKey,
  zInstant,
  zRef,
} from '../../platform/index.ts'
import { type PlannedChange, planChange } from './plan-change.ts'

export const QuoteChangeInput = z.strictObject({
  reservationId: zRef('Reservation'),
  gpus: zGpus.nullish(),
  startsAt: zInstant.nullish(),
  endsAt: zInstant.nullish(),
  idempotencyKey: zIdempotencyKey,
})
export type QuoteChangeInput = z.input<typeof QuoteChangeInput>

/** A quote of a change as it was shown. Nothing is set aside by asking. */
export type ChangeQuote = Interval & {
  readonly ref: Ref
  readonly quoteId: Uuid
  readonly gpus: number
  /** Of the whole reservation as it would be. */
  readonly hold: MicroTokens
  /** What it holds now. */
  readonly before: MicroTokens
  /** Charged for what is given up. */
  readonly fee: MicroTokens
  /** Whether the provider decides. */
  readonly waits: boolean
  /** GPUs of the pool that the company can book beside its own over the new time, or over what is added of it. */
  readonly free: number
  /** The rules of the day on which the reservation was asked for, which hold for it on. */
  readonly rules: readonly QuotedRules[]
  readonly lockMinutes: number
  readonly validUntil: string
}

/**
 * What a change would take, and what it would cost to give up. It holds for as long as the shortest of the terms that apply
 * say; a change that names it is refused once it holds no longer.
 *
 * @throws what `changeReservation` throws but for capacity and tokens
 */
export async function quoteChange(deps: Deps, actor: Actor, input: QuoteChangeInput): Promise<ChangeQuote> {
  const { reservationId: ref, idempotencyKey, ...asked } = parse(QuoteChangeInput, input)
  await mustSeeReservation(deps.db, actor, ref)
  mustBookFor(actor, ref.companyId)
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'quoteChange', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, ref.companyId)
    const reservation = await lockReservation(trx, ref)
    const { pool, how, wanted, priced, fee, waits } = await planChange(trx, reservation, asked)
    const rules = await rulesFor(trx, ref.companyId, reservation.tokenClassId, reservation.requestedAt)
    const at = await instant(trx)
    const minutes = Math.min(...rules.map(({ quoteMinutes }) => quoteMinutes), HOUSE_RULES.quoteMinutes)
    const quote = { quoteId: newId(), fee, validUntil: addMinutes(at, minutes) }
    await trx
      .insertInto('reservation_change_quote')
      .values({
        company_id: ref.companyId,
        quote_id: quote.quoteId,
        reservation_id: ref.id,
        gpus: wanted.gpus,
        starts_at: wanted.interval.startsAt,
        ends_at: wanted.interval.endsAt,
        hold_micro: priced.hold,
        fee_micro: fee,
        quoted_to: actor.id,
        quoted_at: at,
        valid_until: quote.validUntil,
      })
      .execute()
    const added = how === 'EXTENDED' && wanted.gpus === reservation.gpus
    const over = added ? { ...wanted.interval, startsAt: reservation.interval.endsAt } : wanted.interval
    return {
      ...quote,
      ref,
      ...wanted.interval,
      gpus: wanted.gpus,
      hold: priced.hold,
      before: reservation.hold,
      waits,
      free: how === 'SHRUNK' ? 0 : await lowestFreeFor(trx, pool, ref.companyId, over),
      rules,
      lockMinutes: pool.lockMinutes,
    }
  })
}

/**
 * Holds a change to the quote that it names.
 *
 * @throws {NotFound} {Refused} for a quote of something else
 * @throws {QuoteExpired} when its time is over
 * @throws {QuoteChanged} when the change takes, or costs, another amount by now
 */
export async function mustHoldQuote(
  trx: Trx,
  ref: Ref,
  named: Ref,
  { wanted, priced, fee }: PlannedChange,
): Promise<void> {
  if (named.companyId !== ref.companyId) throw new Refused('quoteId', 'is a quote for another company')
  const row = await trx
    .selectFrom('reservation_change_quote')
    .select(['reservation_id as reservationId', 'gpus', 'starts_at as startsAt', 'ends_at as endsAt'])
    .select(['hold_micro as hold', 'fee_micro as fee', 'valid_until as validUntil'])
    .where('company_id', '=', ref.companyId)
    .where('quote_id', '=', named.id)
    .executeTakeFirst()
  if (row === undefined) throw new NotFound('quote', globalId('ChangeQuote', ref.companyId, named.id))
  const same =
    row.reservationId === ref.id &&
    row.gpus === wanted.gpus &&
    microsecondsOf(row.startsAt) === microsecondsOf(wanted.interval.startsAt) &&
    microsecondsOf(row.endsAt) === microsecondsOf(wanted.interval.endsAt)
  if (!same) throw new Refused('quoteId', 'is a quote for another change')
  if (microsecondsOf(row.validUntil) <= microsecondsOf(await instant(trx))) {
    throw new QuoteExpired(row.validUntil, 'TIME')
  }
  const [quoted, now] = [row.hold + row.fee, priced.hold + fee]
  if (quoted !== now || row.fee !== fee) throw new QuoteChanged(quoted, now)
}
