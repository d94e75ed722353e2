/** Writes statements and moves them on. */
import { type NotNull, sql } from 'kysely'
import { z } from 'zod'
import {
  globalId,
  instant,
  type MicroTokens,
  NotFound,
  newId,
  type Ref,
  type Trx,
  type Uuid,
  type WholeShares,
  WrongState,
} from '../../platform/index.ts'

export const STATEMENT_STATES = ['stated', 'disputed', 'accepted', 'deemed_accepted', 'final', 'superseded'] as const
export type StatementState = (typeof STATEMENT_STATES)[number]
const State = z.enum(STATEMENT_STATES)

/** What a statement says of one grant. */
export type StatementLine = {
  readonly grantId: Uuid
  readonly basisFrom: MicroTokens
  readonly basisTo: MicroTokens
  readonly sharesFrom: WholeShares
  readonly sharesTo: WholeShares
}

export type NewStatement = {
  readonly ref: Ref
  readonly month: string
  /** From 1. */
  readonly version: number
  readonly figures: string
  readonly sha256: Buffer
  readonly disputeUntil: string
  readonly statedBy: Uuid
  readonly lines: readonly StatementLine[]
}

/** Stores a statement as it is stated, with its lines. */
export async function insertStatement(trx: Trx, statement: NewStatement): Promise<void> {
  const { ref } = statement
  const key = { company_id: ref.companyId, statement_id: ref.id }
  await trx
    .insertInto('statement')
    .values({
      ...key,
      month: statement.month,
      version: statement.version,
      figures: statement.figures,
      sha256: statement.sha256,
      dispute_until: statement.disputeUntil,
      stated_by: statement.statedBy,
      stated_at: await instant(trx),
    })
    .execute()
  if (statement.lines.length > 0) {
    await trx
      .insertInto('statement_line')
      .values(
        statement.lines.map((line) => ({
          ...key,
          grant_id: line.grantId,
          basis_from: line.basisFrom,
          basis_to: line.basisTo,
          shares_from: line.sharesFrom,
          shares_to: line.sharesTo,
        })),
      )
      .execute()
  }
  await trx
    .insertInto('statement_progress')
    .values({ ...key, state: 'stated', dispute_until: statement.disputeUntil })
    .execute()
  await insertStatementEvent(trx, ref, 'stated', { id: statement.statedBy }, null)
}

/** A statement, locked. */
export type LockedStatement = {
  readonly ref: Ref
  readonly state: StatementState
  readonly month: string
  readonly version: number
  readonly sha256: Buffer
  readonly disputeUntil: string
  readonly statedBy: Uuid
  readonly lines: readonly StatementLine[]
}

/** @throws {NotFound} */
export async function lockStatement(trx: Trx, ref: Ref): Promise<LockedStatement> {
  const row = await trx
    .selectFrom('statement_progress as progress')
    .innerJoin('statement', (join) =>
      join
        .onRef('statement.company_id', '=', 'progress.company_id')
        .onRef('statement.statement_id', '=', 'progress.statement_id'),
    )
    .select([
      'progress.state',
      'progress.dispute_until',
      'statement.month',
      'statement.version',
      'statement.sha256',
      'statement.stated_by',
    ])
    .where('progress.company_id', '=', ref.companyId)
    .where('progress.statement_id', '=', ref.id)
    .forUpdate('progress')
    .executeTakeFirst()
  if (row === undefined) throw new NotFound('statement', globalId('Statement', ref.companyId, ref.id))
  const lines = await trx
    .selectFrom('statement_line')
    .select(['grant_id', 'basis_from', 'basis_to', 'shares_from', 'shares_to'])
    .where('company_id', '=', ref.companyId)
    .where('statement_id', '=', ref.id)
    .orderBy('grant_id')
    .execute()
  return {
    ref,
    state: State.parse(row.state),
    month: row.month,
    version: row.version,
    sha256: row.sha256,
    disputeUntil: row.dispute_until,
    statedBy: row.stated_by,
    lines: lines.map((line) => ({
      grantId: line.grant_id,
      basisFrom: line.basis_from,
      basisTo: line.basis_to,
      sharesFrom: line.shares_from,
      sharesTo: line.shares_to,
    })),
  }
}

/** Moves a locked statement on, from one of these states. @throws {WrongState} */
export async function moveStatement(
  trx: Trx,
  statement: LockedStatement,
  step: { from: readonly StatementState[]; to: StatementState; actor: { id: Uuid } | null; reason: string | null },
): Promise<void> {
  if (!step.from.includes(statement.state)) throw new WrongState('statement', statement.state, step.from)
  await trx
    .updateTable('statement_progress')
    .set({ state: step.to })
    .where('company_id', '=', statement.ref.companyId)
    .where('statement_id', '=', statement.ref.id)
    .where('state', '=', statement.state)
    .execute()
  await insertStatementEvent(trx, statement.ref, step.to, step.actor, step.reason)
}

async function insertStatementEvent(
  trx: Trx,
  ref: Ref,
  state: StatementState,
  actor: { id: Uuid } | null,
  reason: string | null,
): Promise<void> {
  await trx
    .insertInto('statement_event')
    .values({
      company_id: ref.companyId,
      event_id: newId(),
      statement_id: ref.id,
      to_state: state,
      reason,
      actor_id: actor?.id ?? null,
      at: await instant(trx),
    })
    .execute()
}

/** Records which shares a final statement vested, and the transaction that says so on the cap table. */
export async function insertVested(
  trx: Trx,
  vested: {
    companyId: Uuid
    grantId: Uuid
    statementId: Uuid
    securityId: string
    transactionId: string
    sharesFrom: WholeShares
    sharesTo: WholeShares
  },
): Promise<void> {
  await trx
    .insertInto('vested')
    .values({
      company_id: vested.companyId,
      vested_id: newId(),
      grant_id: vested.grantId,
      statement_id: vested.statementId,
      security_id: vested.securityId,
      transaction_id: vested.transactionId,
      shares_from: vested.sharesFrom,
      shares_to: vested.sharesTo,
      at: await instant(trx),
    })
    .execute()
}

/** The earliest statement of a month before this one that is neither accepted nor final, if there is one. */
export async function openBefore(
  trx: Trx,
  { ref, month }: LockedStatement,
): Promise<{ month: string; state: string } | undefined> {
  return trx
    .selectFrom('statement')
    .innerJoin('statement_progress as progress', (join) =>
      join
        .onRef('progress.company_id', '=', 'statement.company_id')
        .onRef('progress.statement_id', '=', 'statement.statement_id'),
    )
    .select(['statement.month', 'progress.state'])
    .where('statement.company_id', '=', ref.companyId)
    .where('statement.month', '<', month)
    .where('progress.state', 'in', ['stated', 'disputed'] satisfies StatementState[])
    .orderBy('statement.month')
    .limit(1)
    .executeTakeFirst()
}

/** The statements of a month and later that hold now, locked, in order. */
export async function liveStatementsFrom(trx: Trx, companyId: Uuid, month: string): Promise<LockedStatement[]> {
  const rows = await trx
    .selectFrom('statement')
    .innerJoin('statement_progress as progress', (join) =>
      join
        .onRef('progress.company_id', '=', 'statement.company_id')
        .onRef('progress.statement_id', '=', 'statement.statement_id'),
    )
    .select('statement.statement_id')
    .where('statement.company_id', '=', companyId)
    .where('statement.month', '>=', month)
    .where('progress.state', '!=', 'superseded')
    .orderBy('statement.month')
    .execute()
  const statements: LockedStatement[] = []
  for (const row of rows) statements.push(await lockStatement(trx, { companyId, id: row.statement_id }))
  return statements
}

/** The company's last statement, or the last before a month, as it holds now: what it closed with. */
export async function lastStatement(
  trx: Trx,
  companyId: Uuid,
  before = '9999-12-31',
): Promise<{ month: string; lines: Map<Uuid, StatementLine>; figures: unknown } | undefined> {
  const last = await trx
    .selectFrom('statement')
    .select(['statement_id', 'month', 'figures'])
    .where('company_id', '=', companyId)
    .where('month', '<', before)
    .orderBy('month', 'desc')
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (last === undefined) return undefined
  const { lines } = await lockStatement(trx, { companyId, id: last.statement_id })
  return { month: last.month, lines: new Map(lines.map((line) => [line.grantId, line])), figures: last.figures }
}

/** Of each grant the basis that charges and corrections accounted before `until` (exclusive) have reached. */
export async function basisBefore(trx: Trx, companyId: Uuid, until: string): Promise<Map<Uuid, MicroTokens>> {
  const rows = await trx
    .selectFrom('charge')
    .select(['grant_id', sql<MicroTokens>`sum(basis_to - basis_from)::bigint`.as('basis')])
    .where('company_id', '=', companyId)
    .where('grant_id', 'is not', null)
    .where('at', '<', until)
    .groupBy('grant_id')
    .$narrowType<{ grant_id: NotNull }>()
    .execute()
  return new Map(rows.map((row) => [row.grant_id, row.basis]))
}

/** Half-open, in UTC. Without `from` it reaches back to the beginning. */
export type Period = { readonly from: string | undefined; readonly until: string }

/** Charges of a period. */
export const during = ({ from, until }: Period) => sql<boolean>`(charge.at < ${until}::timestamptz
  AND (${from ?? null}::timestamptz IS NULL OR charge.at >= ${from ?? null}::timestamptz))`

/** Tokens charged in a period by grant, pool and cause. `grantId` is `null` for tokens that earn nothing. */
export async function chargesIn(
  trx: Trx,
  companyId: Uuid,
  period: Period,
): Promise<{ grantId: Uuid | null; poolId: Uuid; cause: string; amount: MicroTokens }[]> {
  const { rows } = await sql<{ grantId: Uuid | null; poolId: Uuid; cause: string; amount: MicroTokens }>`
    SELECT charge.grant_id AS "grantId", coalesce(reservation.pool_id, metered.pool_id) AS "poolId", charge.cause,
      sum(charge.amount_micro)::bigint AS amount
    FROM charge
    LEFT JOIN reservation ON reservation.company_id = charge.company_id AND reservation.reservation_id = charge.reservation_id
    LEFT JOIN usage_record AS metered ON charge.reservation_id IS NULL AND metered.company_id = charge.company_id
      AND metered.usage_id = charge.usage_id
    WHERE charge.company_id = ${companyId} AND ${during(period)}
    GROUP BY charge.grant_id, 2, charge.cause
    HAVING sum(charge.amount_micro) <> 0
    ORDER BY charge.grant_id, 2, charge.cause`.execute(trx)
  return rows
}

/**
 * What was delivered in a period, by pool, net of corrections. Each usage record counts once, however many lots its charge drew on, and also
 * where it cost nothing by itself.
 */
export async function deliveriesIn(
  trx: Trx,
  companyId: Uuid,
  period: Period,
): Promise<{ poolId: Uuid; gpuSeconds: bigint; records: bigint }[]> {
  const { rows } = await sql<{ poolId: Uuid; gpuSeconds: bigint; records: bigint }>`
    WITH metered AS (
      SELECT usage.pool_id, usage.gpu_seconds, 1 AS records FROM usage_record AS usage
      WHERE usage.company_id = ${companyId} AND usage.usage_id IN (
        SELECT charge.usage_id FROM charge
        WHERE charge.company_id = ${companyId} AND charge.correction_id IS NULL AND ${during(period)})
      UNION ALL
      SELECT usage.pool_id, charge.gpu_seconds_after - charge.gpu_seconds_before, 0
      FROM (SELECT usage_id, gpu_seconds_after, gpu_seconds_before, accounted_at AS at FROM correction
        WHERE company_id = ${companyId} AND ordinal IS NOT NULL) AS charge
      JOIN usage_record AS usage ON usage.company_id = ${companyId} AND usage.usage_id = charge.usage_id
      WHERE ${during(period)})
    SELECT pool_id AS "poolId", sum(gpu_seconds)::bigint AS "gpuSeconds", sum(records)::bigint AS records
    FROM metered GROUP BY pool_id HAVING sum(gpu_seconds) <> 0 OR sum(records) > 0
    ORDER BY pool_id`.execute(trx)
  return rows
}
