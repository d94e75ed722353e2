/** Checks charges, earned and vested shares and statements against one another, for reconciliation. */
import { sql } from 'kysely'
import {
  canonicalJson,
  compare,
  type Discrepancy,
  globalId,
  type Reader,
  sha256,
  toStored,
  type Uuid,
} from '../platform/index.ts'
import { earnedShares } from './earned.ts'
import { readProgress } from './grant.store.ts'
import { vestedDiscrepancies } from './vested-discrepancies.ts'

/** Of these companies: what does not add up from charges to vested shares. */
export const drawdownDiscrepancies = async (
  reader: Reader,
  companyIds: readonly Uuid[],
): Promise<readonly Discrepancy[]> => [
  ...(await charges(reader, companyIds)),
  ...(await grantSums(reader, companyIds)),
  ...(await basisParts(reader, companyIds)),
  ...(await earned(reader, companyIds)),
  ...(await statements(reader, companyIds)),
  ...(await vestedDiscrepancies(reader, companyIds)),
]

/** Tokens charged are the same in the ledger, on the charges, on the meters and on the usage records. */
async function charges(reader: Reader, companyIds: readonly Uuid[]): Promise<readonly Discrepancy[]> {
  const ids = sql`${[...companyIds]}::uuid[]`
  const { rows } = await sql<Discrepancy>`
    WITH mine AS (SELECT * FROM charge WHERE company_id = ANY(${ids})), compared AS (
      SELECT a.holder_id AS company_id, 'Lot:' || a.holder_id || ':' || a.lot_id AS subject, a.kind || ' = charges' AS what,
        coalesce((SELECT sum(amount_micro) FROM mine WHERE mine.company_id = a.holder_id AND mine.lot_id = a.lot_id
          AND 'charged:' || mine.cause = a.kind), 0) AS expected, a.credits_posted - a.debits_posted AS found
      FROM ledger_account a WHERE a.holder_id = ANY(${ids}) AND a.kind LIKE 'charged:%'
      UNION ALL
      SELECT m.company_id, 'Reservation:' || m.company_id || ':' || m.reservation_id, cause || ' charged = metered',
        metered, coalesce((SELECT sum(amount_micro) FROM mine WHERE mine.company_id = m.company_id
          AND mine.reservation_id = m.reservation_id AND mine.cause = c.cause), 0)
      FROM meter m CROSS JOIN LATERAL (VALUES ('delivered', m.delivered_micro), ('idle_reserved', m.idle_micro))
        AS c (cause, metered)
      WHERE m.company_id = ANY(${ids})
      UNION ALL
      SELECT u.company_id, 'UsageRecord:' || u.company_id || ':' || u.usage_id, 'charged = usage record', u.charged_micro,
        coalesce((SELECT sum(amount_micro) FROM mine WHERE mine.company_id = u.company_id AND mine.usage_id = u.usage_id
          AND mine.correction_id IS NULL), 0)
      FROM usage_record u WHERE u.company_id = ANY(${ids})
      UNION ALL
      -- What a meter of use outside any reservation comes to, rounded down once, is charged to its records, or owed.
      SELECT m.company_id, 'OnDemand:' || m.company_id || ':' || m.pool_id || ':' || m.rate, 'charged + owed = metered',
        div(m.gpu_seconds * m.rate * 1000000, 3600), coalesce((SELECT sum(mine.amount_micro) FROM mine
            JOIN usage_record u ON u.company_id = mine.company_id AND u.usage_id = mine.usage_id
          WHERE u.company_id = m.company_id AND u.pool_id = m.pool_id AND u.rate = m.rate), 0)
          + coalesce((SELECT sum(a.amount_micro - a.settled_micro - a.cancelled_micro) FROM arrears a
            JOIN usage_record u ON u.company_id = a.company_id AND u.usage_id = a.usage_id
          WHERE u.company_id = m.company_id AND u.pool_id = m.pool_id AND u.rate = m.rate), 0)
      FROM on_demand_meter m WHERE m.company_id = ANY(${ids})
    )
    SELECT 'CHARGES' AS check, company_id AS "companyId", subject, what, expected::text, found::text FROM compared
    WHERE expected <> found ORDER BY company_id, subject, what`.execute(reader)
  return rows
}

/** The cumulative sums of a grant are those of its charges. */
async function grantSums(reader: Reader, companyIds: readonly Uuid[]): Promise<readonly Discrepancy[]> {
  const { rows } = await sql<Discrepancy>`
    SELECT 'EARNED' AS check, g.company_id AS "companyId", 'Grant:' || g.company_id || ':' || g.grant_id AS subject,
      c.cause || ' of the grant = charges' AS what, coalesce(sum(charge.amount_micro), 0)::text AS expected, c.found::text
    FROM grant_progress g CROSS JOIN LATERAL (VALUES ('delivered', g.delivered_micro), ('idle_reserved', g.idle_reserved_micro),
        ('no_show', g.no_show_micro), ('cancel_fee', g.cancel_fee_micro)) AS c (cause, found)
      LEFT JOIN charge ON charge.company_id = g.company_id AND charge.grant_id = g.grant_id AND charge.cause = c.cause
    WHERE g.company_id = ANY(${[...companyIds]}::uuid[])
    GROUP BY g.company_id, g.grant_id, c.cause, c.found HAVING coalesce(sum(charge.amount_micro), 0) <> c.found
    ORDER BY 2, 3, 4`.execute(reader)
  return rows
}

/**
 * The parts of the basis that charges moved come to its peak: each is reached from a delivery. They follow one another
 * without gap; where corrections have moved some, a part's place is the sum of those before it.
 */
async function basisParts(reader: Reader, companyIds: readonly Uuid[]): Promise<readonly Discrepancy[]> {
  const { rows } = await sql<Discrepancy>`
    WITH mine AS (
      SELECT company_id, grant_id, charge_id, corrects, correction_id, amount_micro, basis_from, basis_to FROM charge
      WHERE company_id = ANY(${[...companyIds]}::uuid[]) AND grant_id IS NOT NULL
    ), part AS (
      SELECT company_id, grant_id, basis_from, basis_to,
        coalesce(lag(basis_to) OVER (PARTITION BY company_id, grant_id ORDER BY basis_from, basis_to), 0) AS reached
      FROM mine WHERE basis_to > basis_from AND NOT EXISTS (SELECT FROM charge AS moved WHERE moved.company_id = mine.company_id
        AND moved.grant_id = mine.grant_id AND moved.correction_id IS NOT NULL)
    ), family AS (
      SELECT company_id, grant_id, sum(basis_to - basis_from) AS length
      FROM mine GROUP BY company_id, grant_id, coalesce(corrects, charge_id)
    ), compared AS (
      SELECT company_id, grant_id, 'the next part of the basis begins where the last ended' AS what, reached AS expected,
        basis_from AS found FROM part
      UNION ALL
      SELECT company_id, grant_id, 'no charge has less than none of the basis', greatest(0, length), length FROM family
      UNION ALL
      SELECT g.company_id, g.grant_id, 'basis reached by charges = its peak',
        coalesce((SELECT sum(length) FROM family WHERE family.company_id = g.company_id AND family.grant_id = g.grant_id), 0),
        g.basis_peak_micro
      FROM grant_progress g JOIN vesting_grant v ON v.company_id = g.company_id AND v.grant_id = g.grant_id
      WHERE g.company_id = ANY(${[...companyIds]}::uuid[]) AND v.basis <> 'released'
    )
    SELECT 'EARNED' AS check, company_id AS "companyId", 'Grant:' || company_id || ':' || grant_id AS subject, what,
      expected::text, found::text
    FROM compared WHERE expected <> found ORDER BY 2, 3, 4`.execute(reader)
  return rows
}

/** Shares earned are what the signed terms make of the peak of the basis. */
async function earned(reader: Reader, companyIds: readonly Uuid[]): Promise<readonly Discrepancy[]> {
  const rows = await readProgress(reader, companyIds)
  const clauses = await reader
    .selectFrom('clause_vesting')
    .where('company_id', 'in', [...companyIds])
    .select(['grant_id', 'shares_from', 'shares_to'])
    .execute()
  const byClause = (grantId: Uuid) =>
    clauses.filter((row) => row.grant_id === grantId).reduce((sum, row) => sum + row.shares_to - row.shares_from, 0n)
  return rows.flatMap(({ grant, peak, earned: found }) =>
    compare(
      {
        check: 'EARNED',
        companyId: grant.companyId,
        subject: globalId('Grant', grant.companyId, grant.grantId),
        what: 'earned shares = terms at the peak of the basis',
      },
      // What a signed clause vested counts as earned, without a token.
      earnedShares(grant.terms, peak) + byClause(grant.grantId),
      found,
    ),
  )
}

/** A statement is what was hashed, and opens where the one before it closed. */
async function statements(reader: Reader, companyIds: readonly Uuid[]): Promise<readonly Discrepancy[]> {
  const rows = await reader
    .selectFrom('statement')
    .where('company_id', 'in', [...companyIds])
    .select(['company_id', 'statement_id', 'figures', 'sha256'])
    .execute()
  const hashes = rows.flatMap((row) =>
    compare(
      {
        check: 'STATEMENTS',
        companyId: row.company_id,
        subject: globalId('Statement', row.company_id, row.statement_id),
        what: 'SHA-256 of the figures',
      },
      row.sha256.toString('hex'),
      sha256(canonicalJson(toStored(row.figures))).toString('hex'),
    ),
  )
  const { rows: chain } = await sql<Discrepancy>`
    WITH line AS (
      SELECT l.*, lag(l.basis_to) OVER grants AS basis_before, lag(l.shares_to) OVER grants AS shares_before
      FROM statement_line l JOIN statement s ON s.company_id = l.company_id AND s.statement_id = l.statement_id
      JOIN statement_progress p ON p.company_id = l.company_id AND p.statement_id = l.statement_id AND p.state <> 'superseded'
      WHERE l.company_id = ANY(${[...companyIds]}::uuid[])
      WINDOW grants AS (PARTITION BY l.company_id, l.grant_id ORDER BY s.month)
    )
    SELECT 'STATEMENTS' AS check, company_id AS "companyId", 'Statement:' || company_id || ':' || statement_id AS subject,
      c.what || ' of grant ' || grant_id AS what, c.expected::text, c.found::text
    FROM line CROSS JOIN LATERAL (VALUES ('opening basis', coalesce(basis_before, 0), basis_from),
      ('opening shares', coalesce(shares_before, 0), shares_from)) AS c (what, expected, found)
    WHERE c.expected <> c.found ORDER BY 2, 3, 4`.execute(reader)
  return [...hashes, ...chain]
}
