/** What became of the tokens of reservations, as lists of them and the graph show it. */
import { sql } from 'kysely'
import type { MicroTokens, Reader, Ref, Uuid } from '../../platform/index.ts'

/** Tokens of one reservation: `setAside` is the sum of the others, but for `credited`, which is a part of them. */
export type ReservationTokens = {
  readonly companyId: Uuid
  readonly reservationId: Uuid
  /** Set aside for it: by its hold as it was last, and what was charged or taken beyond that. None while it waits for GPUs. */
  readonly setAside: MicroTokens
  /** Set aside now, with what waits for a change of it. */
  readonly held: MicroTokens
  readonly delivered: MicroTokens
  readonly idle: MicroTokens
  readonly noShow: MicroTokens
  /** For cancelling it, or a part of it. */
  readonly cancelFee: MicroTokens
  /** Given back: what its hold left when it ended, and what corrections took back of charges. */
  readonly returned: MicroTokens
  /** Not charged, or given back, since its GPUs were down. */
  readonly credited: MicroTokens
}

/**
 * The tokens of reservations that the caller has shown to be visible, in no order. One query. Charges are net of corrections;
 * delivered ones are read from the meter, since there may be very many.
 */
export async function reservationTokens(reader: Reader, refs: readonly Ref[]): Promise<ReservationTokens[]> {
  if (refs.length === 0) return []
  const { rows } = await sql<Omit<ReservationTokens, 'setAside'>>`
    SELECT row.company_id AS "companyId", row.reservation_id AS "reservationId", meter.delivered_micro AS delivered,
      charged.idle, charged.no_show AS "noShow", charged.cancel_fee AS "cancelFee", credit.amount AS credited,
      more.amount + CASE WHEN hold.state IN ('pending', 'posted') THEN hold.amount_micro - parts.charged ELSE 0 END AS held,
      back.amount + CASE WHEN hold.state IN ('closed', 'voided', 'expired') THEN hold.amount_micro - parts.charged ELSE 0 END
        AS returned
    FROM unnest(${refs.map(({ companyId }) => companyId)}::uuid[], ${refs.map(({ id }) => id)}::uuid[])
      AS asked (company_id, reservation_id)
    JOIN reservation AS row USING (company_id, reservation_id)
    JOIN meter USING (company_id, reservation_id)
    LEFT JOIN token_hold AS hold ON hold.company_id = row.company_id AND hold.hold_id = row.hold_id
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(charged_micro), 0)::bigint AS charged FROM token_hold_lot AS part
      WHERE part.company_id = row.company_id AND part.hold_id = row.hold_id
    ) AS parts
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(other.amount_micro), 0)::bigint AS amount FROM reservation_change AS change
      JOIN token_hold AS other ON other.company_id = change.company_id AND other.hold_id = change.more_hold_id
      WHERE change.company_id = row.company_id AND change.reservation_id = row.reservation_id AND change.answer IS NULL
        AND other.state = 'pending'
    ) AS more
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(amount_micro) FILTER (WHERE cause = 'idle_reserved'), 0)::bigint AS idle,
        coalesce(sum(amount_micro) FILTER (WHERE cause = 'no_show'), 0)::bigint AS no_show,
        coalesce(sum(amount_micro) FILTER (WHERE cause = 'cancel_fee'), 0)::bigint AS cancel_fee
      FROM charge WHERE charge.company_id = row.company_id AND charge.reservation_id = row.reservation_id
        AND cause <> 'delivered'
    ) AS charged
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(part.amount_micro), 0)::bigint AS amount FROM correction
      JOIN correction_part AS part ON part.company_id = correction.company_id AND part.correction_id = correction.correction_id
      WHERE correction.company_id = row.company_id AND correction.reservation_id = row.reservation_id
        AND part.to_kind IN ('available', 'expired')
    ) AS back
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(amount_micro), 0)::bigint AS amount FROM outage_credit AS credit
      WHERE credit.company_id = row.company_id AND credit.reservation_id = row.reservation_id
    ) AS credit`.execute(reader)
  return rows.map((row) => ({
    ...row,
    setAside: row.held + row.delivered + row.idle + row.noShow + row.cancelFee + row.returned,
  }))
}
