/** Checks that every vested share is reached from a final statement, and stands on the cap table, and the other way round. */
import { sql } from 'kysely'
import {
  type CapTable,
  type InstrumentState,
  instrumentStates,
  loadTables,
  stateKey,
  vestingSteps,
} from '../captable/index.ts'
import {
  compare,
  type Discrepancy,
  formatDecimal,
  formatNumeric,
  globalId,
  numericOfWhole,
  type Reader,
  today,
  type Uuid,
} from '../platform/index.ts'

/** Of these companies: shares that vested without a final statement, twice, with a gap, or elsewhere than the cap table says. */
export const vestedDiscrepancies = async (
  reader: Reader,
  companyIds: readonly Uuid[],
): Promise<readonly Discrepancy[]> => [
  ...(await chains(reader, companyIds)),
  ...(await transactions(reader, companyIds)),
  ...(await onCapTable(reader, companyIds)),
]

/**
 * Vested shares follow one another from zero to what the grant says has vested, each part is what a final statement closes
 * with, and each final statement's shares have vested.
 */
async function chains(reader: Reader, companyIds: readonly Uuid[]): Promise<readonly Discrepancy[]> {
  const ids = sql`${[...companyIds]}::uuid[]`
  const { rows } = await sql<Discrepancy>`
    WITH every AS (
      SELECT company_id, grant_id, statement_id, shares_from, shares_to, false AS by_clause FROM vested WHERE company_id = ANY(${ids})
      UNION ALL
      SELECT company_id, grant_id, settlement_id, shares_from, shares_to, true FROM clause_vesting WHERE company_id = ANY(${ids})
    ), part AS (
      SELECT every.*, coalesce(lag(shares_to) OVER (PARTITION BY company_id, grant_id ORDER BY shares_from, shares_to), 0) AS reached
      FROM every
    ), compared AS (
      SELECT company_id, grant_id, 'the next vested share follows the last' AS what, reached::text AS expected,
        shares_from::text AS found FROM part
      UNION ALL
      SELECT g.company_id, g.grant_id, 'vested of the grant = vested by statements and signed clauses',
        coalesce((SELECT max(shares_to) FROM part WHERE part.company_id = g.company_id AND part.grant_id = g.grant_id), 0)::text,
        g.vested_shares::text
      FROM grant_progress g WHERE g.company_id = ANY(${ids})
      UNION ALL
      SELECT p.company_id, p.grant_id, 'vested by the final statement ' || p.statement_id,
        CASE WHEN s.state = 'final' THEN l.shares_to ELSE 0 END::text, p.shares_to::text
      FROM part p
        LEFT JOIN statement_line l ON l.company_id = p.company_id AND l.statement_id = p.statement_id AND l.grant_id = p.grant_id
        LEFT JOIN statement_progress s ON s.company_id = p.company_id AND s.statement_id = p.statement_id
      WHERE NOT p.by_clause
      UNION ALL
      SELECT l.company_id, l.grant_id, 'shares of the final statement ' || l.statement_id || ' have vested',
        l.shares_to::text, least(l.shares_to, g.vested_shares)::text
      FROM statement_line l
        JOIN statement_progress s ON s.company_id = l.company_id AND s.statement_id = l.statement_id AND s.state = 'final'
        JOIN grant_progress g ON g.company_id = l.company_id AND g.grant_id = l.grant_id
      WHERE l.company_id = ANY(${ids})
    )
    SELECT 'VESTED' AS check, company_id AS "companyId", 'Grant:' || company_id || ':' || grant_id AS subject, what,
      coalesce(expected, 'none') AS expected, found
    FROM compared WHERE expected IS DISTINCT FROM found ORDER BY 2, 3, 4`.execute(reader)
  return rows
}

/**
 * Each vested part has its transaction on the cap table, or stands as due where stock is issued in tranches, or as accrued
 * under a SAFE; and each transaction of a statement has its vested part.
 */
async function transactions(reader: Reader, companyIds: readonly Uuid[]): Promise<readonly Discrepancy[]> {
  const ids = sql`${[...companyIds]}::uuid[]`
  const { rows } = await sql<Discrepancy>`
    SELECT 'CAP_TABLE' AS check, coalesce(v.company_id, t.company_id) AS "companyId",
      'Statement:' || coalesce(v.company_id, t.company_id) || ':' || coalesce(v.statement_id, t.statement_id) AS subject,
      'vesting event ' || coalesce(v.transaction_id, t.transaction_id) AS what,
      coalesce(v.security_id, 'none') AS expected, coalesce(t.security_id, 'none') AS found
    FROM (SELECT company_id, statement_id, security_id, transaction_id FROM vested WHERE company_id = ANY(${ids})
      UNION ALL
      SELECT company_id, settlement_id, security_id, transaction_id FROM clause_vesting WHERE company_id = ANY(${ids})) v
    FULL JOIN (SELECT company_id, transaction_id, security_id, statement_id FROM securities_transaction
        WHERE company_id = ANY(${ids}) AND status = 'APPLIED' AND object_type = 'TX_VESTING_EVENT' AND statement_id IS NOT NULL
      UNION ALL
      SELECT company_id, due_id::text, instrument_id, statement_id FROM instrument_due AS due WHERE company_id = ANY(${ids})
        AND NOT EXISTS (SELECT FROM safe_conversion AS c WHERE c.company_id = due.company_id AND c.series_id = due.instrument_id)
      UNION ALL
      SELECT company_id, accrual_id::text, instrument_id, statement_id FROM safe_accrual WHERE company_id = ANY(${ids})) t
      ON t.company_id = v.company_id AND t.transaction_id = v.transaction_id AND t.statement_id = v.statement_id
    WHERE v.security_id IS DISTINCT FROM t.security_id ORDER BY 2, 3`.execute(reader)
  return rows
}

/** The cap table of today, replayed: of each security that vests by drawdown as many shares have vested as statements say. */
async function onCapTable(reader: Reader, companyIds: readonly Uuid[]): Promise<readonly Discrepancy[]> {
  const grants = await reader
    .selectFrom('vesting_grant as grant')
    .innerJoin('grant_progress as progress', (join) =>
      join.onRef('progress.company_id', '=', 'grant.company_id').onRef('progress.grant_id', '=', 'grant.grant_id'),
    )
    .where('grant.company_id', 'in', [...companyIds])
    .select(['grant.company_id', 'grant.grant_id', 'grant.security_id', 'progress.vested_shares'])
    .execute()
  // After a settlement retired some of them, a grant's shares go on vesting in another security.
  const moved = await reader
    .selectFrom('grant_security')
    .where('company_id', 'in', [...companyIds])
    .select(['grant_id', 'security_id'])
    .execute()
  const securitiesOf = Map.groupBy(moved, (row) => row.grant_id)
  const on = await today(reader)
  // From the history itself: what was kept of it on the way is not asked.
  const tables = await loadTables(reader, [...new Set(grants.map((grant) => grant.company_id))], on)
  const instruments = await instrumentStates(reader, [...tables.keys()])
  return grants.flatMap((grant) => {
    const companyId = grant.company_id
    const table = tables.get(companyId)
    const instrument = instruments.get(stateKey(companyId, grant.security_id))
    const now = instrument === undefined ? grant.security_id : instrument.currentSecurityId
    const security = now === null ? undefined : table?.securities.get(now)
    const about = {
      check: 'CAP_TABLE',
      companyId,
      subject: globalId('Grant', companyId, grant.grant_id),
      what: `shares of security ${grant.security_id} that have vested by today`,
    }
    if (table !== undefined && instrument?.kind === 'STAGED') {
      return [
        ...compare(about, grant.vested_shares.toString(), instrument.due.toString()),
        ...tranchesOf(about, table, instrument),
      ]
    }
    if (table !== undefined && instrument?.safe != null) {
      const series = instruments.get(stateKey(companyId, instrument.safe.seriesId ?? ''))
      return [
        ...safeOf(about, table, instrument, grant.vested_shares),
        ...(series === undefined ? [] : tranchesOf(about, table, series)),
      ]
    }
    if (table !== undefined && now === null) {
      return compare(about, grant.vested_shares.toString(), (instrument?.exercised ?? 0n).toString())
    }
    if (table === undefined || security === undefined)
      return compare(about, grant.vested_shares.toString(), 'no such security')
    const later = (securitiesOf.get(grant.grant_id) ?? []).flatMap((row) => table.securities.get(row.security_id) ?? [])
    const vested = [security, ...later].map((one) =>
      vestingSteps({ companyId, names: table, security: one }, on).reduce(
        (sum, step) => sum + step.quantity,
        numericOfWhole(instrument?.exercised ?? 0n),
      ),
    )
    const most = vested.reduce((a, b) => (a > b ? a : b))
    return compare(about, grant.vested_shares.toString(), formatNumeric(most))
  })
}

type About = Omit<Discrepancy, 'expected' | 'found'>

/** Each tranche that was issued is on the cap table, with its shares. */
const tranchesOf = (about: About, table: CapTable, { tranches }: InstrumentState): readonly Discrepancy[] =>
  tranches.flatMap(({ securityId, shares }) =>
    compare(
      { ...about, what: `shares of the tranche ${securityId}` },
      shares.toString(),
      formatNumeric(table.securities.get(securityId)?.issued ?? 0n),
    ),
  )

/** Of a SAFE: cents accrued are those that vested; what has not converted of them is the amount of its open security. */
function safeOf(about: About, table: CapTable, { safe }: InstrumentState, vested: bigint): readonly Discrepancy[] {
  if (safe === null) return []
  const open = safe.securityId === null ? undefined : table.securities.get(safe.securityId)
  const amount = open?.closedOn === undefined ? (open?.amount?.amount ?? 0n) : 0n
  return [
    ...compare({ ...about, what: 'cents accrued under the SAFE' }, vested.toString(), safe.accrued.toString()),
    ...compare(
      { ...about, what: 'amount of the SAFE on the cap table' },
      safe.rest === 'ROUND_PRICE' ? '0' : formatDecimal(safe.accrued - safe.converted, 2),
      formatNumeric(amount),
    ),
  ]
}
