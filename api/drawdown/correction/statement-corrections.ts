/** What statements say of corrections: the lines of the month, and tokens that moved later than they count. */
import { sql } from 'kysely'
import { formatTokens, globalId, type JsonValue, type MicroTokens, type Trx, type Uuid } from '../../platform/index.ts'
import type { Period } from '../statement/statement.store.ts'

/** Tokens that a correction moved after `close`, but that count before it: the month was made again. */
export type LateMove = {
  readonly tokenClassId: Uuid
  readonly from: string
  readonly to: string
  readonly reason: string
  readonly amount: MicroTokens
}

export async function movedLater(trx: Trx, companyId: Uuid, close: string): Promise<LateMove[]> {
  const { rows } = await sql<LateMove>`
    SELECT lot.token_class_id AS "tokenClassId", part.from_kind AS "from", part.to_kind AS "to", transfer.reason,
      sum(part.amount_micro)::bigint AS amount
    FROM correction
    JOIN correction_part AS part ON part.company_id = correction.company_id AND part.correction_id = correction.correction_id
    JOIN transfer ON transfer.holder_id = part.company_id AND transfer.transfer_id = part.transfer_id
    JOIN lot ON lot.company_id = part.company_id AND lot.lot_id = part.lot_id
    WHERE correction.company_id = ${companyId} AND correction.accounted_at <= ${close}::timestamptz
      AND transfer.created_at > ${close}::timestamptz
    GROUP BY 1, 2, 3, 4`.execute(trx)
  return rows
}

/** The corrections and credits that count in a period, each with the tokens that it moved. */
export async function correctionsIn(trx: Trx, companyId: Uuid, { from, until }: Period): Promise<JsonValue> {
  const { rows } = await sql<{
    kind: string
    before: bigint | null
    after: bigint | null
    reason: string
    externalId: string | null
    ofMonth: string | null
    poolId: Uuid | null
    grantId: Uuid | null
    from: string | null
    to: string | null
    amount: MicroTokens | null
  }>`
    SELECT correction.kind, correction.gpu_seconds_before AS before, correction.gpu_seconds_after AS after, correction.reason,
      usage.external_id AS "externalId", coalesce(reservation.pool_id, usage.pool_id) AS "poolId", lot.grant_id AS "grantId",
      part.from_kind AS "from", part.to_kind AS "to", part.amount_micro AS amount,
      to_char((SELECT min(charge.at) FROM charge WHERE charge.company_id = correction.company_id
        AND charge.reservation_id IS NOT DISTINCT FROM correction.reservation_id AND charge.correction_id IS NULL
        AND (correction.usage_id IS NULL OR charge.usage_id = correction.usage_id)) AT TIME ZONE 'UTC', 'YYYY-MM') AS "ofMonth"
    FROM correction
    LEFT JOIN correction_part AS part ON part.company_id = correction.company_id AND part.correction_id = correction.correction_id
    LEFT JOIN lot ON lot.company_id = part.company_id AND lot.lot_id = part.lot_id
    LEFT JOIN usage_record AS usage ON usage.company_id = correction.company_id AND usage.usage_id = correction.usage_id
    LEFT JOIN reservation ON reservation.company_id = correction.company_id
      AND reservation.reservation_id = correction.reservation_id
    WHERE correction.company_id = ${companyId} AND correction.accounted_at < ${until}::timestamptz
      AND (${from ?? null}::timestamptz IS NULL OR correction.accounted_at >= ${from ?? null}::timestamptz)
    ORDER BY correction.accounted_at, correction.correction_id, part.ordinal`.execute(trx)
  return rows.map((row) => ({
    after: (row.after ?? 0n).toString(),
    before: (row.before ?? 0n).toString(),
    cause: (row.from ?? '').replace('charged:', ''),
    externalId: row.externalId ?? '',
    from: row.from ?? '',
    grant: row.grantId,
    kind: row.kind,
    ofMonth: row.ofMonth ?? '',
    pool: row.poolId === null ? '' : globalId('Pool', row.poolId),
    reason: row.reason,
    to: row.to ?? '',
    tokens: formatTokens(row.amount ?? 0n),
  }))
}
