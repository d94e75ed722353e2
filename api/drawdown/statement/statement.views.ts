/** Statements and progress as screens read them. Visibility is the company's. */
import type { Actor } from '../../access/index.ts'
import { seesCompany } from '../../parties/index.ts'
import {
  globalId,
  listOfEach,
  type MicroTokens,
  NotFound,
  type Page,
  pageByKey,
  type Reader,
  type Ref,
  type Uuid,
  type WholeShares,
} from '../../platform/index.ts'
import type { StatementLine } from './statement.store.ts'

export type StatementView = {
  readonly ref: Ref
  readonly month: string
  /** From 1; a restated month has a later one. */
  readonly version: number
  readonly state: string
  readonly figures: unknown
  readonly sha256: Buffer
  readonly disputeUntil: string
  readonly statedAt: string
}

const statements = (reader: Reader) =>
  reader
    .selectFrom('statement')
    .innerJoin('statement_progress as progress', (join) =>
      join
        .onRef('progress.company_id', '=', 'statement.company_id')
        .onRef('progress.statement_id', '=', 'statement.statement_id'),
    )
    .select([
      'statement.company_id',
      'statement.statement_id',
      'statement.month',
      'statement.version',
      'statement.figures',
      'statement.sha256',
      'statement.dispute_until',
      'statement.stated_at',
      'progress.state',
    ])

type Row = Awaited<ReturnType<ReturnType<typeof statements>['execute']>>[number]

const view = (row: Row): StatementView => ({
  ref: { companyId: row.company_id, id: row.statement_id },
  month: row.month,
  version: row.version,
  state: row.state,
  figures: row.figures,
  sha256: row.sha256,
  disputeUntil: row.dispute_until,
  statedAt: row.stated_at,
})

/** These statements, in no order; those of companies that the actor does not see are left out. */
export async function statementsById(reader: Reader, actor: Actor, refs: readonly Ref[]): Promise<StatementView[]> {
  const visible = refs.filter((ref) => seesCompany(actor, ref.companyId))
  if (visible.length === 0) return []
  const rows = await statements(reader)
    .where((on) =>
      on.or(
        visible.map((ref) =>
          on.and([on('statement.company_id', '=', ref.companyId), on('statement.statement_id', '=', ref.id)]),
        ),
      ),
    )
    .execute()
  return rows.map(view)
}

/**
 * A page of each company's statements, newest first: ids are UUIDv7, so the id is the keyset. One query; nothing of
 * companies that the actor does not see.
 */
export async function statementPages(
  reader: Reader,
  actor: Actor,
  companyIds: readonly Uuid[],
  page: Page,
): Promise<Map<Uuid, StatementView[]>> {
  const visible = companyIds.filter((id) => seesCompany(actor, id))
  const pages = await listOfEach(reader, visible, (company) =>
    pageByKey(statements(reader).where('statement.company_id', '=', company.id), 'statement.statement_id', page),
  )
  return new Map([...pages].map(([companyId, rows]) => [companyId, rows.map(view)]))
}

/**
 * Refuses a statement that does not exist or whose company the actor may not see: the two look the same.
 *
 * @throws {NotFound}
 */
export async function mustSeeStatement(reader: Reader, actor: Actor, ref: Ref): Promise<void> {
  const row = seesCompany(actor, ref.companyId)
    ? await reader
        .selectFrom('statement')
        .select('statement_id')
        .where('company_id', '=', ref.companyId)
        .where('statement_id', '=', ref.id)
        .executeTakeFirst()
    : undefined
  if (row === undefined) throw new NotFound('statement', globalId('Statement', ref.companyId, ref.id))
}

/** One statement of a company that the actor sees. @throws {NotFound} */
export async function readStatement(reader: Reader, actor: Actor, ref: Ref): Promise<StatementView> {
  const [statement] = await statementsById(reader, actor, [ref])
  if (statement === undefined) throw new NotFound('statement', globalId('Statement', ref.companyId, ref.id))
  return statement
}

/** The lines of statements, by statement. */
export async function statementLines(reader: Reader, refs: readonly Ref[]): Promise<Map<Uuid, StatementLine[]>> {
  const lines = new Map<Uuid, StatementLine[]>()
  if (refs.length === 0) return lines
  const rows = await reader
    .selectFrom('statement_line')
    .selectAll()
    .where('company_id', 'in', [...new Set(refs.map((ref) => ref.companyId))])
    .where('statement_id', 'in', [...new Set(refs.map((ref) => ref.id))])
    .orderBy('grant_id')
    .execute()
  for (const row of rows) {
    const line = {
      grantId: row.grant_id,
      basisFrom: row.basis_from,
      basisTo: row.basis_to,
      sharesFrom: row.shares_from,
      sharesTo: row.shares_to,
    }
    lines.set(row.statement_id, [...(lines.get(row.statement_id) ?? []), line])
  }
  return lines
}

/** What a grant has drawn, earned and vested until now. Earned is provisional. */
export type ProgressView = {
  readonly companyId: Uuid
  readonly grantId: Uuid
  readonly securityId: string
  readonly basis: string
  readonly longStop: string
  readonly granted: MicroTokens
  readonly delivered: MicroTokens
  readonly idleReserved: MicroTokens
  readonly noShow: MicroTokens
  readonly cancelFee: MicroTokens
  readonly basisReached: MicroTokens
  readonly deficit: MicroTokens
  /** What the next three count: shares, or cents of a SAFE's purchase amount. */
  readonly unit: 'SHARE' | 'CENT'
  readonly totalShares: WholeShares
  readonly earnedShares: WholeShares
  readonly vestedShares: WholeShares
}

/** The progress of every grant of these companies, by company. */
export async function progressOf(reader: Reader, companyIds: readonly Uuid[]): Promise<Map<Uuid, ProgressView[]>> {
  const found = new Map<Uuid, ProgressView[]>()
  if (companyIds.length === 0) return found
  const rows = await reader
    .selectFrom('grant_progress as progress')
    .innerJoin('vesting_grant as grant', (join) =>
      join.onRef('grant.company_id', '=', 'progress.company_id').onRef('grant.grant_id', '=', 'progress.grant_id'),
    )
    .selectAll('progress')
    .select(['grant.security_id', 'grant.unit', 'grant.basis', 'grant.long_stop'])
    .where('progress.company_id', 'in', [...companyIds])
    .orderBy('progress.grant_id')
    .execute()
  for (const row of rows) {
    const progress: ProgressView = {
      companyId: row.company_id,
      grantId: row.grant_id,
      securityId: row.security_id,
      basis: row.basis,
      longStop: row.long_stop,
      granted: row.granted_micro,
      delivered: row.delivered_micro,
      idleReserved: row.idle_reserved_micro,
      noShow: row.no_show_micro,
      cancelFee: row.cancel_fee_micro,
      basisReached: row.basis_peak_micro,
      deficit: row.basis_peak_micro - row.basis_micro,
      unit: row.unit === 'CENT' ? 'CENT' : 'SHARE',
      totalShares: row.total_shares,
      earnedShares: row.earned_shares,
      vestedShares: row.vested_shares,
    }
    found.set(row.company_id, [...(found.get(row.company_id) ?? []), progress])
  }
  return found
}
