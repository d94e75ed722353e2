/** From vested shares back to GPU-seconds and to the signed document: in one query. */
import { type SqlBool, sql } from 'kysely'
import { z } from 'zod'
import { instrumentBehind, unitsBehind } from '../captable/index.ts'
import { type MicroTokens, type Reader, Refused, type Uuid, type WholeShares } from '../platform/index.ts'
import { basisOfShares, type DrawdownAllocation, earnedShares } from './earned.ts'

/** One usage record that earned some of the shares. */
export type TraceLink = {
  readonly chargeId: Uuid
  readonly cause: string
  /** The part of the basis `(from, to]` that it moved, as far as it earned the shares asked for. */
  readonly basisFrom: MicroTokens
  readonly basisTo: MicroTokens
  readonly chargedAt: string
  readonly usageId: Uuid | null
  readonly source: string | null
  readonly externalId: string | null
  readonly job: string | null
  /** As they count now: net of corrections. */
  readonly gpuSeconds: bigint | null
  readonly startedAt: string | null
  readonly endedAt: string | null
  /** Null for use outside any reservation. */
  readonly reservationId: Uuid | null
  readonly poolId: Uuid
}

export type ShareTrace = {
  readonly companyId: Uuid
  readonly securityId: string
  readonly firstShare: WholeShares
  readonly lastShare: WholeShares
  /** How many of them have vested, and by which statements. */
  readonly vested: WholeShares
  readonly statementIds: readonly Uuid[]
  /** The signed document that says how they vest. */
  readonly termsDocumentId: Uuid
  /** What the numbers count: shares, or cents of a SAFE's purchase amount. */
  readonly unit: 'SHARE' | 'CENT'
  readonly links: readonly TraceLink[]
  /** Those of them that a signed clause vested without GPU-seconds. */
  readonly clauses: readonly ClauseLink[]
}

/** Shares that a signed clause vested: from the share to the clause, and to the document that holds it. */
export type ClauseLink = {
  readonly settlementId: Uuid
  readonly firstShare: WholeShares
  readonly lastShare: WholeShares
  readonly clause: string
  readonly documentId: Uuid
  readonly vestedAt: string
}

/** Most usage records of one answer; ask for fewer shares where there are more. */
const MOST_LINKS = 5000

const GrantRow = z.object({
  grant_id: z.string(),
  granted_micro: z.bigint(),
  total_shares: z.bigint(),
  allocation: z.enum([
    'CUMULATIVE_ROUNDING',
    'CUMULATIVE_ROUND_DOWN',
    'FRACTIONAL',
    'FRONT_LOADED',
    'BACK_LOADED',
    'FRONT_LOADED_TO_SINGLE_TRANCHE',
    'BACK_LOADED_TO_SINGLE_TRANCHE',
  ] as const satisfies readonly DrawdownAllocation[]),
  tranches: z.number().nullable(),
  cliff_micro: z.bigint(),
  vested_shares: z.bigint(),
  basis_peak_micro: z.bigint(),
  terms_document_id: z.string(),
  unit: z.enum(['SHARE', 'CENT']),
})

/**
 * The usage records that earned the shares numbered `first` to `last` (counted from 1) of a security; `undefined` where
 * the security has no grant. The parts of the basis follow one another without gap, so shares and records meet by overlap.
 *
 * @throws {Refused} for numbers that the security does not have, and for shares that are not earned yet
 */
export async function traceShares(
  reader: Reader,
  {
    companyId,
    securityId,
    first,
    last,
  }: { companyId: Uuid; securityId: string; first: WholeShares; last: WholeShares },
): Promise<ShareTrace | undefined> {
  const row = await reader
    .selectFrom('vesting_grant as grant')
    .innerJoin('grant_progress as progress', (join) =>
      join.onRef('grant.company_id', '=', 'progress.company_id').onRef('grant.grant_id', '=', 'progress.grant_id'),
    )
    .select([
      'grant.grant_id',
      'grant.granted_micro',
      'grant.total_shares',
      'grant.allocation',
      'grant.tranches',
      'grant.cliff_micro',
      'grant.terms_document_id',
      'grant.unit',
      'progress.vested_shares',
      'progress.earned_shares',
      'progress.basis_peak_micro',
    ])
    .where('grant.company_id', '=', companyId)
    // The security of the closing, or one that its shares live on in after a settlement.
    .where(sql<SqlBool>`("grant".security_id = ${securityId} OR "grant".grant_id IN (SELECT moved.grant_id
      FROM grant_security AS moved WHERE moved.company_id = ${companyId} AND moved.security_id = ${securityId}))`)
    .executeTakeFirst()
  if (row === undefined) return traceBehind(reader, { companyId, securityId, first, last })
  const grant = GrantRow.parse(row)
  if (first < 1n || last < first || last > grant.total_shares) {
    throw new Refused('shares', `must be a range within 1 to ${grant.total_shares}`)
  }
  if (last > row.earned_shares) throw new Refused('shares', `must be earned: ${row.earned_shares} are`)
  const terms = {
    total: grant.total_shares,
    granted: grant.granted_micro,
    allocation: grant.allocation,
    tranches: grant.tranches,
    cliff: grant.cliff_micro,
  }
  // Beyond what compute earned, shares can only have vested by a signed clause.
  const byCompute = earnedShares(terms, grant.basis_peak_micro)
  const lastByCompute = last < byCompute ? last : byCompute
  const { from, to } =
    lastByCompute < first ? { from: terms.granted, to: 0n } : basisOfShares(terms, first, lastByCompute)
  const links = await linksOf(reader, { companyId, grantId: grant.grant_id, from, to })
  if (links.length > MOST_LINKS) {
    throw new Refused('shares', `were earned by more than ${MOST_LINKS} usage records: ask for fewer at once`)
  }
  const statements = await reader
    .selectFrom('vested')
    .select('statement_id')
    .where('company_id', '=', companyId)
    .where('grant_id', '=', grant.grant_id)
    .where('shares_to', '>=', first)
    .where('shares_from', '<', last)
    .orderBy('shares_from')
    .execute()
  const vested =
    grant.vested_shares < first ? 0n : (grant.vested_shares < last ? grant.vested_shares : last) - first + 1n
  return {
    companyId,
    securityId,
    firstShare: first,
    lastShare: last,
    vested,
    statementIds: statements.map((statement) => statement.statement_id),
    termsDocumentId: grant.terms_document_id,
    unit: grant.unit,
    links,
    clauses: last > byCompute ? await clausesOf(reader, { companyId, grantId: grant.grant_id, first, last }) : [],
  }
}

/**
 * The charges whose parts of the line overlap `(from, to]`, in order. Corrections shorten and lengthen the parts of the
 * charges that they name, so where there are any, each part's place is the sum of those before it.
 */
async function linksOf(
  reader: Reader,
  { companyId, grantId, from, to }: { companyId: Uuid; grantId: Uuid; from: MicroTokens; to: MicroTokens },
): Promise<readonly TraceLink[]> {
  const corrected = await reader
    .selectFrom('charge')
    .select('charge_id')
    .where('company_id', '=', companyId)
    .where('grant_id', '=', grantId)
    .where('correction_id', 'is not', null)
    .limit(1)
    .executeTakeFirst()
  const parts =
    corrected === undefined
      ? sql`SELECT charge_id, basis_from, basis_to FROM charge
          WHERE company_id = ${companyId} AND grant_id = ${grantId}::uuid AND basis_to > basis_from`
      : sql`SELECT head.charge_id, (sum(family.length) OVER line - family.length)::bigint AS basis_from,
            (sum(family.length) OVER line)::bigint AS basis_to
          FROM (SELECT coalesce(corrects, charge_id) AS head, sum(basis_to - basis_from) AS length FROM charge
            WHERE company_id = ${companyId} AND grant_id = ${grantId}::uuid GROUP BY 1) AS family
          JOIN charge AS head ON head.company_id = ${companyId} AND head.charge_id = family.head
          WINDOW line AS (ORDER BY head.at, head.charge_id)`
  const { rows } = await sql<TraceLink>`
    SELECT charge.charge_id AS "chargeId", charge.cause, greatest(part.basis_from, ${from}::bigint) AS "basisFrom",
      least(part.basis_to, ${to}::bigint) AS "basisTo", charge.at AS "chargedAt", usage.usage_id AS "usageId",
      usage.source, usage.external_id AS "externalId", usage.job,
      coalesce((SELECT gpu_seconds_after FROM correction WHERE correction.company_id = usage.company_id
        AND correction.usage_id = usage.usage_id AND correction.ordinal IS NOT NULL
        ORDER BY correction.ordinal DESC LIMIT 1), usage.gpu_seconds) AS "gpuSeconds",
      usage.started_at AS "startedAt", usage.ended_at AS "endedAt", charge.reservation_id AS "reservationId",
      coalesce(reservation.pool_id, usage.pool_id) AS "poolId"
    FROM (${parts}) AS part
    JOIN charge ON charge.company_id = ${companyId} AND charge.charge_id = part.charge_id
    LEFT JOIN reservation ON reservation.company_id = charge.company_id AND reservation.reservation_id = charge.reservation_id
    LEFT JOIN usage_record AS usage ON usage.company_id = charge.company_id AND usage.usage_id = charge.usage_id
    WHERE part.basis_to > part.basis_from AND part.basis_to > ${from}::bigint AND part.basis_from < ${to}::bigint
    ORDER BY part.basis_to
    LIMIT ${MOST_LINKS + 1}`.execute(reader)
  return rows
}

/** A tranche, or stock that came of a warrant, is traced as the part of the instrument that it is. */
async function traceBehind(
  reader: Reader,
  asked: { companyId: Uuid; securityId: string; first: WholeShares; last: WholeShares },
): Promise<ShareTrace | undefined> {
  const { companyId, securityId, first, last } = asked
  const behind = await instrumentBehind(reader, companyId, securityId)
  if (behind === undefined) return undefined
  const { instrumentId, shares } = behind
  if (first < 1n || last < first || last > shares) {
    throw new Refused('shares', `must be a range within 1 to ${shares}`)
  }
  const units = unitsBehind(behind, first, last)
  const trace = await traceShares(reader, { companyId, securityId: instrumentId, ...units })
  if (trace === undefined) return undefined
  // Whatever was issued had vested: of cents that became shares, the shares are what is asked about.
  const vested = trace.vested === units.last - units.first + 1n ? last - first + 1n : trace.vested
  return {
    ...trace,
    securityId,
    firstShare: first,
    lastShare: last,
    vested,
    unit: behind.shares === behind.to - behind.from ? trace.unit : 'SHARE',
  }
}

async function clausesOf(
  reader: Reader,
  of: { companyId: Uuid; grantId: Uuid; first: WholeShares; last: WholeShares },
): Promise<ClauseLink[]> {
  const { rows } = await sql<ClauseLink>`
    SELECT settlement_id AS "settlementId", greatest(shares_from + 1, ${of.first}::bigint) AS "firstShare",
      least(shares_to, ${of.last}::bigint) AS "lastShare", clause, terms_document_id AS "documentId", at AS "vestedAt"
    FROM clause_vesting
    WHERE company_id = ${of.companyId} AND grant_id = ${of.grantId}::uuid
      AND shares_to >= ${of.first}::bigint AND shares_from < ${of.last}::bigint
    ORDER BY shares_from`.execute(reader)
  return rows
}
