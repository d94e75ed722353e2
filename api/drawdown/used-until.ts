/** When the time that a charge is for ended. */
import { sql } from 'kysely'
import type { Trx, Uuid } from '../platform/index.ts'

/** What a charge is for: a usage record, or reserved time; neither for what is not of any time. */
export type ChargedFor = { readonly usageId: Uuid | null; readonly reservationId: Uuid | null }

/**
 * The end of the usage record; of reserved time, when it was given back or was over, whichever came first; `undefined` for what
 * is of no time.
 */
export async function usedUntilOf(
  trx: Trx,
  companyId: Uuid,
  { usageId, reservationId }: ChargedFor,
): Promise<string | undefined> {
  if (usageId === null && reservationId === null) return undefined
  const { rows } = await sql<{ ended: string | null }>`SELECT ${usedUntil} AS ended
    FROM (SELECT ${companyId}::uuid AS company_id, ${usageId}::uuid AS usage_id, ${reservationId}::uuid AS reservation_id)
      AS head`.execute(trx)
  return rows[0]?.ended ?? undefined
}

/** The same in SQL, of the row `head`: null for what is of no time. */
export const usedUntil = sql<string | null>`CASE WHEN head.usage_id IS NOT NULL
  THEN (SELECT ended_at FROM usage_record AS usage WHERE usage.company_id = head.company_id AND usage.usage_id = head.usage_id)
  ELSE (SELECT least(reserved.ends_at, (SELECT min(event.at) FROM reservation_event AS event
      WHERE event.company_id = reserved.company_id AND event.reservation_id = reserved.reservation_id
        AND event.to_state IN ('completed', 'no_show', 'cancelled', 'failed')))
    FROM reservation AS reserved
    WHERE reserved.company_id = head.company_id AND reserved.reservation_id = head.reservation_id)
  END`
