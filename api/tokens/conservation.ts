/** Checks what must hold of a company's tokens, from the rows themselves. */
import { sql } from 'kysely'
import type { MicroTokens, Reader, Uuid } from '../platform/index.ts'

/** Something that should be equal and is not. Micro-tokens. */
export type Difference = {
  readonly lotId: Uuid
  /** What was compared: `held = holds`. */
  readonly what: string
  readonly expected: MicroTokens
  readonly found: MicroTokens
}

/**
 * The differences in a company's lots; none when all is well:
 * - every account's four balances equal the sums of its transfers;
 * - granted = locked + available + held + escrow + charged + expired + cancelled + what left the holder;
 * - the contra account was debited with the lot's amount, no more and no less;
 * - what is held equals the rests of posted holds, and what is pending the pending holds;
 * - what is locked covers the releases still planned, in lots that have not expired.
 */
export const conservation = async (reader: Reader, companyId: Uuid): Promise<readonly Difference[]> =>
  (await conservations(reader, [companyId])).get(companyId) ?? []

/** {@link conservation} of several companies, in one query. */
export async function conservations(
  reader: Reader,
  companyIds: readonly Uuid[],
): Promise<Map<Uuid, readonly Difference[]>> {
  const ids = sql`${[...companyIds]}::uuid[]`
  const { rows } = await sql<Difference & { companyId: Uuid }>`
    WITH side AS (
      SELECT holder_id, debit_account_id AS account_id, kind, amount_micro, 0 AS credit, pending_id FROM transfer
        WHERE holder_id = ANY(${ids})
      UNION ALL
      SELECT holder_id, credit_account_id, kind, amount_micro, 1, pending_id FROM transfer WHERE holder_id = ANY(${ids})
    ), total AS (
      SELECT side.holder_id, side.account_id,
        sum(side.amount_micro) FILTER (WHERE credit = 0 AND side.kind IN ('posted', 'post_pending')) AS debits_posted,
        sum(side.amount_micro) FILTER (WHERE credit = 1 AND side.kind IN ('posted', 'post_pending')) AS credits_posted,
        sum(CASE side.kind WHEN 'pending' THEN side.amount_micro WHEN 'posted' THEN 0 ELSE -promise.amount_micro END)
          FILTER (WHERE credit = 0) AS debits_pending,
        sum(CASE side.kind WHEN 'pending' THEN side.amount_micro WHEN 'posted' THEN 0 ELSE -promise.amount_micro END)
          FILTER (WHERE credit = 1) AS credits_pending
      FROM side LEFT JOIN transfer promise ON promise.holder_id = side.holder_id AND promise.transfer_id = side.pending_id
      GROUP BY side.holder_id, side.account_id
    ), account AS (
      SELECT a.*, lot.amount_micro, lot.expires_on, a.credits_posted - a.debits_posted AS posted
      FROM ledger_account a JOIN lot ON lot.company_id = a.holder_id AND lot.lot_id = a.lot_id
      WHERE a.holder_id = ANY(${ids})
    ), hold AS (
      SELECT h.company_id AS holder_id, part.lot_id,
        sum(part.amount_micro - part.charged_micro) FILTER (WHERE h.state = 'posted') AS held,
        sum(part.amount_micro) FILTER (WHERE h.state = 'pending') AS pending
      FROM token_hold h JOIN token_hold_lot part ON part.company_id = h.company_id AND part.hold_id = h.hold_id
      WHERE h.company_id = ANY(${ids}) GROUP BY h.company_id, part.lot_id
    ), compared AS (
      SELECT account.holder_id, account.lot_id, account.kind || ' ' || c.what || ' = transfers' AS what,
        coalesce(c.expected, 0) AS expected, c.found
      FROM account LEFT JOIN total USING (holder_id, account_id) CROSS JOIN LATERAL (VALUES
        ('debits posted', total.debits_posted, account.debits_posted),
        ('credits posted', total.credits_posted, account.credits_posted),
        ('debits pending', total.debits_pending, account.debits_pending),
        ('credits pending', total.credits_pending, account.credits_pending)) AS c (what, expected, found)
      UNION ALL
      SELECT holder_id, lot_id, 'granted = where the tokens are', sum(debits_posted) FILTER (WHERE kind = 'obligation'),
        sum(posted) FILTER (WHERE kind <> 'obligation') + sum(credits_posted) FILTER (WHERE kind = 'obligation')
      FROM account GROUP BY holder_id, lot_id
      UNION ALL
      SELECT holder_id, lot_id, 'granted = amount of the lot', amount_micro, debits_posted FROM account
      WHERE kind = 'obligation'
      UNION ALL
      SELECT holder_id, lot_id, 'held = rests of posted holds', coalesce(hold.held, 0), posted
      FROM account LEFT JOIN hold USING (holder_id, lot_id) WHERE kind = 'held'
      UNION ALL
      SELECT holder_id, lot_id, 'pending into held = pending holds', coalesce(hold.pending, 0), credits_pending
      FROM account LEFT JOIN hold USING (holder_id, lot_id) WHERE kind = 'held'
      UNION ALL
      SELECT account.holder_id, account.lot_id, 'locked covers planned releases', sum(plan.amount_micro), min(account.posted)
      FROM account JOIN (
        SELECT company_id, lot_id, amount_micro FROM release_plan
          WHERE company_id = ANY(${ids}) AND released_transfer_id IS NULL
        UNION ALL
        SELECT asked.company_id, asked.lot_id, asked.amount_micro
        FROM asked_release asked LEFT JOIN asked_release_decision decision USING (company_id, lot_id, release_id)
        WHERE asked.company_id = ANY(${ids}) AND asked.released_transfer_id IS NULL AND asked.lapsed_at IS NULL
          AND coalesce(decision.decision, 'confirmed') = 'confirmed'
      ) AS plan ON plan.company_id = account.holder_id AND plan.lot_id = account.lot_id
      WHERE account.kind = 'locked' AND account.expires_on > (equihour_now() AT TIME ZONE 'UTC')::date
      GROUP BY account.holder_id, account.lot_id HAVING sum(plan.amount_micro) > min(account.posted)
    )
    SELECT holder_id AS "companyId", lot_id AS "lotId", what, expected::bigint AS expected, found::bigint AS found
    FROM compared WHERE expected IS DISTINCT FROM found ORDER BY holder_id, lot_id, what`.execute(reader)
  const found = new Map<Uuid, Difference[]>(companyIds.map((id) => [id, []]))
  for (const { companyId, ...difference } of rows) found.get(companyId)?.push(difference)
  return found
}
