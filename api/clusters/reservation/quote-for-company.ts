import { z } from 'zod'
import type { Actor } from '../../access/index.ts'
import { mustSeeCompany } from '../../parties/index.ts'
import {
  canonicalJson,
  type Deps,
  formatNumeric,
  globalId,
  instant,
  type JsonValue,
  type MicroTokens,
  NotFound,
  newId,
  once,
  parse,
  type Reader,
  Refused,
  type Trx,
  type Uuid,
  zIdempotencyKey,
  zInstant,
  zKey,
} from '../../platform/index.ts'
import { lotsOf } from '../../tokens/index.ts'
import { QuoteChanged, QuoteExpired } from '../errors.ts'
import { addMinutes, type Interval, microsecondsOf } from '../interval.ts'
import type { Quote } from '../metering/charge.ts'
import { findPool, lowestFreeFor, mustSeePool } from '../pool/pool.views.ts'
import { hasScheduler } from '../scheduler/tell-scheduler.ts'
import { mustBookFor } from '../visibility.ts'
import { type BookingRules, bookingTermsOf, HOUSE_RULES } from './booking-terms.ts'
import { type NoShowFound, noShowFound } from './no-show-found.ts'
import { priceReservation, zGpus } from './quote-reservation.ts'

/** The rules of one lot that can pay: by which terms each cause is charged. */
export type QuotedRules = BookingRules & { readonly lotId: Uuid }
/** A quote as it was shown, and until when it holds. */
export type StoredQuote = Quote &
  Interval & {
    readonly companyId: Uuid
    readonly quoteId: Uuid
    readonly poolId: Uuid
    readonly gpus: number
    readonly rules: readonly QuotedRules[]
    readonly lockMinutes: number
    /** How it is found by itself that nobody came. */
    readonly noShow: NoShowFound
    readonly validUntil: string
    /** GPUs that the company can book over the whole interval now. Nothing is set aside by asking. */
    readonly free: number
  }

export const QuoteForCompanyInput = z.strictObject({
  companyId: zKey('Company'),
  poolId: zKey('Pool'),
  gpus: zGpus,
  startsAt: zInstant,
  endsAt: zInstant,
  idempotencyKey: zIdempotencyKey,
})
export type QuoteForCompanyInput = z.input<typeof QuoteForCompanyInput>

/**
 * What a reservation would take and by which rules it would be charged, kept for as long as the shortest of the terms that
 * apply says. A request that names it is refused once it holds no longer.
 *
 * @throws {NotFound} {BadInterval} {NoFactor}
 */
export async function quoteForCompany(deps: Deps, actor: Actor, input: QuoteForCompanyInput): Promise<StoredQuote> {
  const { companyId, poolId, gpus, startsAt, endsAt, idempotencyKey } = parse(QuoteForCompanyInput, input)
  await mustSeeCompany(deps.db, actor, companyId)
  const pool = await mustSeePool(deps.db, actor, poolId)
  mustBookFor(actor, companyId)
  const scope = { kind: 'company', id: companyId } as const
  const interval = { startsAt, endsAt }
  return once(deps, actor, { operation: 'quoteReservation', scope, idempotencyKey, input }, async (trx) => {
    const { basis, ...quote } = await priceReservation(trx, pool, gpus, interval, companyId)
    const rules = await rulesFor(trx, companyId, pool.tokenClassId)
    const noShow = noShowFound(await hasScheduler(trx, poolId), pool.meterDelayMinutes)
    const at = await instant(trx)
    const validUntil = addMinutes(
      at,
      Math.min(...rules.map(({ quoteMinutes }) => quoteMinutes), HOUSE_RULES.quoteMinutes),
    )
    const quoteId = newId()
    await trx
      .insertInto('reservation_quote')
      .values({
        company_id: companyId,
        quote_id: quoteId,
        pool_id: poolId,
        gpus,
        starts_at: startsAt,
        ends_at: endsAt,
        factor_id: basis.factorId,
        h100_hours_per_gpu_hour: formatNumeric(quote.factor),
        hold_micro: quote.hold,
        rules: canonicalJson(wireRules(rules, noShow)),
        quoted_to: actor.id,
        quoted_at: at,
        valid_until: validUntil,
      })
      .execute()
    const free = await lowestFreeFor(trx, pool, companyId, interval)
    return {
      ...quote,
      ...interval,
      companyId,
      quoteId,
      poolId,
      gpus,
      rules,
      lockMinutes: pool.lockMinutes,
      noShow,
      validUntil,
      free,
    }
  })
}

/** The rules of the lots that can pay with a token, as they are drawn: for what is asked for today, or was on a day. */
export async function rulesFor(
  reader: Reader,
  companyId: Uuid,
  tokenClassId: Uuid,
  requestedOn?: string,
): Promise<QuotedRules[]> {
  const terms = await bookingTermsOf(reader, companyId, requestedOn)
  const lots = (await lotsOf(reader, companyId)).filter((lot) => lot.tokenClassId === tokenClassId)
  return lots.map(({ lotId }) => {
    const { charging, refunds, lockedRefund, noShowGraceMinutes, noShowPart, outageFactor, quoteMinutes } =
      terms.get(lotId) ?? HOUSE_RULES
    return { lotId, charging, refunds, lockedRefund, noShowGraceMinutes, noShowPart, outageFactor, quoteMinutes }
  })
}

const wireRules = (rules: readonly QuotedRules[], noShow: NoShowFound): JsonValue => ({
  lots: rules.map(({ refunds, lockedRefund, noShowPart, outageFactor, onDemand: _, ...plain }) => ({
    ...plain,
    refunds: refunds.map(({ hoursBefore, part }) => ({ hoursBefore, part: formatNumeric(part) })),
    lockedRefund: formatNumeric(lockedRefund),
    noShowPart: formatNumeric(noShowPart),
    outageFactor: formatNumeric(outageFactor),
  })),
  noShow: { ...noShow },
})

/**
 * Holds a request to the quote that it names.
 *
 * @throws {NotFound} {Refused} for a quote for something else
 * @throws {QuoteExpired} when its time is over, or other rules apply by now
 * @throws {QuoteChanged} when the request takes another amount by now
 */
export async function mustHold(
  trx: Trx,
  request: { companyId: Uuid; quoteId: Uuid; poolId: Uuid; gpus: number; tokenClassId: Uuid } & Interval,
  now: MicroTokens,
): Promise<void> {
  const { companyId, quoteId } = request
  const row = await trx
    .selectFrom('reservation_quote')
    .select([
      'pool_id as poolId',
      'gpus',
      'starts_at as startsAt',
      'ends_at as endsAt',
      'hold_micro as hold',
      'rules',
      'valid_until as validUntil',
    ])
    .where('company_id', '=', companyId)
    .where('quote_id', '=', quoteId)
    .executeTakeFirst()
  if (row === undefined) throw new NotFound('quote', globalId('Quote', companyId, quoteId))
  const same =
    row.poolId === request.poolId &&
    row.gpus === request.gpus &&
    microsecondsOf(row.startsAt) === microsecondsOf(request.startsAt) &&
    microsecondsOf(row.endsAt) === microsecondsOf(request.endsAt)
  if (!same) throw new Refused('quoteId', 'is a quote for another pool, time or number of GPUs')
  if (microsecondsOf(row.validUntil) <= microsecondsOf(await instant(trx))) {
    throw new QuoteExpired(row.validUntil, 'TIME')
  }
  const pool = await findPool(trx, request.poolId)
  const noShow = noShowFound(await hasScheduler(trx, request.poolId), pool?.meterDelayMinutes ?? null)
  const rules = canonicalJson(wireRules(await rulesFor(trx, companyId, request.tokenClassId), noShow))
  if (canonicalJson(Rules.parse(row.rules)) !== rules) throw new QuoteExpired(row.validUntil, 'RULES')
  if (row.hold !== now) throw new QuoteChanged(row.hold, now)
}

const Rules = z.json()
