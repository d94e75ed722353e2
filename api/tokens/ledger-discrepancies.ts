/** Checks the ledger against itself, for reconciliation: each returns what does not add up. */
import { sql } from 'kysely'
import { type Discrepancy, globalId, type Reader, type Uuid } from '../platform/index.ts'
import { conservations } from './conservation.ts'

/** The ledgers of these companies: balances, conservation, holds, releases, and which promises are open. */
export async function ledgerDiscrepancies(
  reader: Reader,
  companyIds: readonly Uuid[],
): Promise<readonly Discrepancy[]> {
  const conserved = await conservations(reader, companyIds)
  const ofLots = [...conserved].flatMap(([companyId, differences]) =>
    differences.map(
      ({ lotId, what, expected, found }): Discrepancy => ({
        check: checkOf(what),
        companyId,
        subject: globalId('Lot', companyId, lotId),
        what,
        expected: expected.toString(),
        found: found.toString(),
      }),
    ),
  )
  return [
    ...ofLots,
    ...(await promises(reader, companyIds)),
    ...(await releases(reader, companyIds)),
    ...(await sendings(reader, companyIds)),
  ]
}

function checkOf(what: string): string {
  if (what.endsWith('= transfers')) return 'BALANCES'
  if (what.startsWith('granted')) return 'CONSERVATION'
  return what.startsWith('locked') ? 'RELEASES' : 'HOLDS'
}

/** `open_pending` lists exactly the pending transfers that nothing has resolved. */
async function promises(reader: Reader, companyIds: readonly Uuid[]): Promise<readonly Discrepancy[]> {
  const ids = sql`${[...companyIds]}::uuid[]`
  const { rows } = await sql<Discrepancy>`
    SELECT 'PROMISES' AS check, coalesce(o.holder_id, t.holder_id) AS "companyId",
      'TokenTransfer:' || coalesce(o.holder_id, t.holder_id) || ':' || coalesce(o.transfer_id, t.transfer_id) AS subject,
      'open promises = pending transfers without an end' AS what,
      CASE WHEN t.transfer_id IS NULL THEN 'ended' ELSE 'open' END AS expected,
      CASE WHEN o.transfer_id IS NULL THEN 'ended' ELSE 'open' END AS found
    FROM (SELECT holder_id, transfer_id FROM open_pending WHERE holder_id = ANY(${ids})) o
    FULL JOIN (
      SELECT p.holder_id, p.transfer_id FROM transfer p
      WHERE p.holder_id = ANY(${ids}) AND p.kind = 'pending' AND NOT EXISTS (
        SELECT FROM transfer e WHERE e.holder_id = p.holder_id AND e.pending_id = p.transfer_id)
    ) t ON t.holder_id = o.holder_id AND t.transfer_id = o.transfer_id
    WHERE o.transfer_id IS NULL OR t.transfer_id IS NULL`.execute(reader)
  return rows
}

/** A release that was made, planned or asked for, is a transfer of just its amount out of what was locked in its lot. */
async function releases(reader: Reader, companyIds: readonly Uuid[]): Promise<readonly Discrepancy[]> {
  const { rows } = await sql<Discrepancy>`
    SELECT 'RELEASES' AS check, plan.company_id AS "companyId", 'Lot:' || plan.company_id || ':' || plan.lot_id AS subject,
      'release of ' || plan.release_on || ' = its transfer' AS what, plan.amount_micro::text AS expected,
      CASE WHEN t.lot_id = plan.lot_id AND debit.kind = 'locked' THEN t.amount_micro ELSE 0 END::text AS found
    FROM (
      SELECT company_id, lot_id, release_on, amount_micro, released_transfer_id FROM release_plan
      UNION ALL SELECT company_id, lot_id, due_on, amount_micro, released_transfer_id FROM asked_release
    ) AS plan
      JOIN transfer t ON t.holder_id = plan.company_id AND t.transfer_id = plan.released_transfer_id
      JOIN ledger_account debit ON debit.holder_id = t.holder_id AND debit.account_id = t.debit_account_id
    WHERE plan.company_id = ANY(${[...companyIds]}::uuid[])
      AND (t.amount_micro <> plan.amount_micro OR t.lot_id <> plan.lot_id OR debit.kind <> 'locked')`.execute(reader)
  return rows
}

/**
 * What is promised to escrow for a sending is that of the sendings that are open; what a receiver took in by a sending it has
 * a receipt for, and it is just what was sent. The sender's side of a receipt lies elsewhere and is read too.
 */
async function sendings(reader: Reader, companyIds: readonly Uuid[]): Promise<readonly Discrepancy[]> {
  const ids = sql`${[...companyIds]}::uuid[]`
  const { rows } = await sql<Discrepancy>`
    WITH promised AS (
      SELECT t.holder_id, split_part(t.subject, ':', 3)::uuid AS sending_id, sum(t.amount_micro) AS amount
      FROM open_pending o JOIN transfer t ON t.holder_id = o.holder_id AND t.transfer_id = o.transfer_id
      WHERE o.holder_id = ANY(${ids}) AND t.reason = 'send' GROUP BY 1, 2
    ), left_by AS (
      SELECT t.holder_id, split_part(t.subject, ':', 3)::uuid AS sending_id, sum(t.amount_micro) AS amount
      FROM transfer t WHERE t.holder_id = ANY(${ids}) AND t.reason = 'sent' GROUP BY 1, 2
    ), taken AS (
      SELECT t.holder_id, split_part(t.subject, ':', 3)::uuid AS sending_id, sum(t.amount_micro) AS amount
      FROM transfer t WHERE t.holder_id = ANY(${ids}) AND t.reason = 'receive' GROUP BY 1, 2
    ), compared AS (
      SELECT s.company_id, 'TokenSending:' || s.company_id || ':' || s.sending_id AS subject, c.what, c.expected, c.found
      FROM token_sending s
        LEFT JOIN promised ON promised.holder_id = s.company_id AND promised.sending_id = s.sending_id
        LEFT JOIN left_by ON left_by.holder_id = s.company_id AND left_by.sending_id = s.sending_id
        CROSS JOIN LATERAL (VALUES
          ('set aside for the sending', CASE WHEN s.state IN ('asked', 'on_its_way') THEN s.amount_micro ELSE 0 END,
            coalesce(promised.amount, 0)),
          ('left by the sending', CASE WHEN s.state = 'completed' THEN s.amount_micro ELSE 0 END,
            coalesce(left_by.amount, 0))) AS c (what, expected, found)
      WHERE s.company_id = ANY(${ids})
      UNION ALL
      SELECT r.company_id, 'TokenReceipt:' || r.company_id || ':' || r.sending_id, 'taken in by the receipt',
        CASE WHEN r.outcome = 'taken' THEN s.amount_micro ELSE 0 END, coalesce(taken.amount, 0)
      FROM token_receipt r
        LEFT JOIN token_sending s ON s.company_id = r.from_company_id AND s.sending_id = r.sending_id
        LEFT JOIN taken ON taken.holder_id = r.company_id AND taken.sending_id = r.sending_id
      WHERE r.company_id = ANY(${ids})
      UNION ALL
      SELECT s.company_id, 'TokenSending:' || s.company_id || ':' || s.sending_id, 'taken in by the receiver, once completed',
        CASE WHEN s.state = 'completed' THEN 1 ELSE 0 END, CASE WHEN r.outcome = 'taken' THEN 1 ELSE 0 END
      FROM token_sending s LEFT JOIN token_receipt r ON r.company_id = s.to_company_id AND r.sending_id = s.sending_id
      WHERE s.company_id = ANY(${ids}) AND s.state <> 'on_its_way'
    )
    SELECT 'SENDING' AS check, company_id AS "companyId", subject, what, expected::text, found::text FROM compared
    WHERE expected IS DISTINCT FROM found ORDER BY 2, 3, 4`.execute(reader)
  return rows
}

/**
 * The supply of every token class: what was granted is what its lots were opened with, and what is authorised is what was
 * authorised less what lapsed. Reads over all companies.
 */
export async function supplyDiscrepancies(reader: Reader): Promise<readonly Discrepancy[]> {
  const { rows } = await sql<Discrepancy>`
    WITH lots AS (
      SELECT token_class_id, sum(amount_micro) AS granted FROM lot WHERE origin <> 'transfer' GROUP BY token_class_id
    ), authority AS (
      SELECT token_class_id, sum(amount_micro) AS authorised FROM supply_authorisation GROUP BY token_class_id
    )
    SELECT 'SUPPLY' AS check, NULL::uuid AS "companyId", 'TokenClass:' || s.token_class_id AS subject, c.what,
      c.expected::text, c.found::text
    FROM token_supply s LEFT JOIN lots USING (token_class_id) LEFT JOIN authority USING (token_class_id)
      CROSS JOIN LATERAL (VALUES
        ('granted = amounts of the lots', coalesce(lots.granted, 0), s.granted_micro),
        ('authorised = authorisations less lapses', coalesce(authority.authorised, 0), s.authorised_micro)
      ) AS c (what, expected, found)
    WHERE c.expected <> c.found ORDER BY subject, c.what`.execute(reader)
  return rows
}
