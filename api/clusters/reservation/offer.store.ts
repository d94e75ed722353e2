/** Writes what a provider offers instead of what was asked for. */
import {
  formatNumeric,
  instant,
  type MicroTokens,
  type Numeric,
  parseNumeric,
  type Ref,
  type Trx,
  type Uuid,
} from '../../platform/index.ts'
import type { Interval } from '../interval.ts'

export type NewOffer = {
  readonly ref: Ref
  readonly offerId: Uuid
  readonly gpus: number
  readonly interval: Interval
  readonly factorId: Uuid
  readonly factor: Numeric
  readonly hold: MicroTokens
  readonly reason: string
  readonly note: string | null
  readonly offeredBy: Uuid
  readonly answerBy: string
  readonly waitedSeconds: bigint
}

export async function insertOffer(trx: Trx, offer: NewOffer): Promise<void> {
  await trx
    .insertInto('reservation_offer')
    .values({
      company_id: offer.ref.companyId,
      offer_id: offer.offerId,
      reservation_id: offer.ref.id,
      gpus: offer.gpus,
      starts_at: offer.interval.startsAt,
      ends_at: offer.interval.endsAt,
      factor_id: offer.factorId,
      h100_hours_per_gpu_hour: formatNumeric(offer.factor),
      hold_micro: offer.hold,
      reason_code: offer.reason,
      note: offer.note,
      offered_by: offer.offeredBy,
      offered_at: await instant(trx),
      answer_by: offer.answerBy,
      waited_seconds: offer.waitedSeconds,
    })
    .execute()
}

/** The offer that waits for an answer, locked; the reservation is locked. */
export async function openOffer(
  trx: Trx,
  ref: Ref,
): Promise<Pick<NewOffer, 'gpus' | 'interval' | 'factorId' | 'factor' | 'hold' | 'answerBy' | 'offerId'> | undefined> {
  const row = await trx
    .selectFrom('reservation_offer')
    .select([
      'offer_id as offerId',
      'gpus',
      'starts_at as startsAt',
      'ends_at as endsAt',
      'factor_id as factorId',
      'h100_hours_per_gpu_hour as factor',
      'hold_micro as hold',
      'answer_by as answerBy',
    ])
    .where('company_id', '=', ref.companyId)
    .where('reservation_id', '=', ref.id)
    .where('answer', 'is', null)
    .forNoKeyUpdate()
    .executeTakeFirst()
  if (row === undefined) return undefined
  const { startsAt, endsAt, factor, ...plain } = row
  return { ...plain, interval: { startsAt, endsAt }, factor: parseNumeric(factor) }
}

/** Answers the offer of a reservation, where one waits for it. */
export async function endOffer(trx: Trx, ref: Ref, answer: 'ACCEPTED' | 'REFUSED' | 'LAPSED'): Promise<void> {
  await trx
    .updateTable('reservation_offer')
    .set({ answer, answered_at: await instant(trx) })
    .where('company_id', '=', ref.companyId)
    .where('reservation_id', '=', ref.id)
    .where('answer', 'is', null)
    .execute()
}
