/** What is promised and neither charged nor ended, by the day on which it expires. */

import { sql } from 'kysely'
import type { MicroTokens, Reader, Uuid } from '../platform/index.ts'

export type Outstanding = { readonly companyId: Uuid; readonly expiresOn: string; readonly amount: MicroTokens }

/** Outstanding tokens of these classes, by holder and day of expiry: locked, available, held and in escrow. One query. */
export async function outstandingByExpiry(
  reader: Reader,
  tokenClassIds: readonly Uuid[],
): Promise<Map<Uuid, Outstanding[]>> {
  const classes = new Map<Uuid, Outstanding[]>(tokenClassIds.map((id) => [id, []]))
  const { rows } = await sql<Outstanding & { tokenClassId: Uuid }>`
    SELECT lot.token_class_id AS "tokenClassId", lot.company_id AS "companyId", lot.expires_on AS "expiresOn",
      sum(account.credits_posted - account.debits_posted + account.credits_pending - account.debits_pending)::bigint AS amount
    FROM lot JOIN ledger_account AS account ON account.holder_id = lot.company_id AND account.lot_id = lot.lot_id
    WHERE lot.token_class_id = ANY(${[...tokenClassIds]}::uuid[]) AND account.kind IN ('locked', 'available', 'held', 'escrow')
    GROUP BY lot.token_class_id, lot.company_id, lot.expires_on
    ORDER BY lot.expires_on, lot.company_id`.execute(reader)
  for (const { tokenClassId, ...row } of rows) classes.get(tokenClassId)?.push(row)
  return classes
}
