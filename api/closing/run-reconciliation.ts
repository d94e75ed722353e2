import { sql } from 'kysely'
import { type Deps, type Discrepancy, inTransaction, newId, type Reader, type Uuid } from '../platform/index.ts'
import { reconcile } from './reconcile.ts'

/** Name of the job that reconciles everything each night. */
export const RECONCILE_JOB = 'closing.reconcile'
/** Most differences of one run that are kept: one fault may show in every row. */
const KEPT = 1_000

/** A run of the reconciliation, as it was stored. */
export type ReconciliationView = {
  readonly reconciliationId: Uuid
  readonly startedAt: string
  readonly finishedAt: string
  /** How many differences there were; at most 1,000 of them are in `differences`. */
  readonly differenceCount: number
  readonly differences: readonly Discrepancy[]
}

/** The job and the command: reconciles everything, and keeps what was found. Differences are also logged as an error. */
export async function runReconciliation(
  deps: Deps,
): Promise<{ companies: number; events: number } & ReconciliationView> {
  const { rows } = await sql<{ at: string }>`SELECT clock_timestamp() AS at`.execute(deps.db)
  const startedAt = rows[0]?.at ?? ''
  const { companies, events, differences } = await reconcile(deps.db)
  const reconciliationId = newId()
  const kept = differences.slice(0, KEPT)
  const finishedAt = await inTransaction(deps.db, async (trx) => {
    const stored = await trx
      .insertInto('reconciliation')
      .values({
        reconciliation_id: reconciliationId,
        started_at: startedAt,
        finished_at: sql<string>`clock_timestamp()`,
        company_count: companies,
        event_count: events,
        difference_count: differences.length,
        differences: JSON.stringify(kept),
      })
      .returning('finished_at')
      .executeTakeFirstOrThrow()
    return stored.finished_at
  })
  if (differences.length > 0)
    deps.log.error(
      { reconciliationId, differences: differences.length, first: differences[0] },
      'the books do not agree',
    )
  const differenceCount = differences.length
  return { reconciliationId, startedAt, finishedAt, companies, events, differenceCount, differences: kept }
}

/** The last runs, newest first. */
export async function lastReconciliations(reader: Reader, most: number): Promise<ReconciliationView[]> {
  const rows = await reader
    .selectFrom('reconciliation')
    .select([
      'reconciliation_id as reconciliationId',
      'started_at as startedAt',
      'finished_at as finishedAt',
      'difference_count as differenceCount',
      'differences',
    ])
    .orderBy('reconciliation_id', 'desc')
    .limit(most)
    .execute()
  // What stands there was written by runReconciliation.
  return rows.map((row) => ({ ...row, differences: row.differences as Discrepancy[] }))
}
