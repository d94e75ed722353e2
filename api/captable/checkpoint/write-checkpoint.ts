/** Makes the checkpoint of a long history: a job, after an import and whenever enough was added since the last. */
import { sql } from 'kysely'
import { z } from 'zod'
import {
  addJob,
  type Db,
  type Deps,
  inTransaction,
  isUuid,
  type Reader,
  type Trx,
  type Uuid,
} from '../../platform/index.ts'
import { LAST_DAY } from '../dates.ts'
import { loadHistory } from '../history.views.ts'
import { insertCheckpoint, type Position } from './checkpoint.store.ts'
import { spinesOn } from './checkpoint.views.ts'
import { FORMAT, partsOf } from './pack.ts'
import { TAIL_MOST } from './tail.views.ts'
import { timelineOf } from './timeline.ts'

export const CHECKPOINT_JOB = 'captable.checkpoint'

/** Transactions from which on a checkpoint is worth it: below, a replay costs as much as looking one up. */
export const CHECKPOINT_FROM = 2_000
/** Transactions after a checkpoint from which on the next is made: a quarter of what a tail may have. */
export const TAIL_LONG = TAIL_MOST / 4
const TRIES = 3

/** Has the checkpoint of a company made after the transaction commits, where its history has `transactions` and is long. */
export async function addCheckpointJob(trx: Trx, companyId: Uuid, transactions: number): Promise<void> {
  if (transactions < CHECKPOINT_FROM) return
  await addJob(trx, { name: CHECKPOINT_JOB, payload: { companyId }, key: `${CHECKPOINT_JOB}:${companyId}` })
}

const Payload = z.object({ companyId: z.string().refine(isUuid) })

/**
 * The job. Harmless a second time: a checkpoint that is there is left alone. So is one that a short tail goes on from: it costs
 * a reader less than a checkpoint for every transaction would cost here.
 */
export async function checkpointJob(deps: Deps, payload: unknown): Promise<void> {
  const { companyId } = Payload.parse(payload)
  const spine = (await spinesOn(deps.db, [companyId], LAST_DAY)).get(companyId)
  if (spine === undefined || (await recordedSince(deps.db, companyId, spine.position)) > TAIL_LONG)
    await writeCheckpoint(deps, companyId)
}

async function recordedSince(db: Db, companyId: Uuid, position: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT count(*)::integer AS count FROM securities_transaction
    WHERE company_id = ${companyId} AND position > ${position}::bigint`.execute(db)
  return rows[0]?.count ?? 0
}

/** Makes what a lost job or another version of the program has left unmade. */
export async function writeDueCheckpoints(deps: Deps): Promise<void> {
  const { rows } = await sql<{ company_id: Uuid }>`
    SELECT company_id FROM ocf_import AS import WHERE transaction_count >= ${CHECKPOINT_FROM} AND NOT EXISTS (
      SELECT 1 FROM cap_table_checkpoint AS made WHERE made.company_id = import.company_id AND made.format = ${FORMAT})
    ORDER BY company_id LIMIT 100`.execute(deps.db)
  for (const row of rows) await writeCheckpoint(deps, row.company_id)
}

/** Makes the checkpoint of a company's whole history. The history is read without a lock: what is added meanwhile is not in it. */
export async function writeCheckpoint({ db }: Pick<Deps, 'db'>, companyId: Uuid): Promise<void> {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const position = await lastPosition(db, companyId)
    if (position === undefined || (await isMade(db, companyId, position))) return
    const history = await loadHistory(db, companyId)
    const after = await lastPosition(db, companyId)
    if (after === undefined || !isSame(after, position)) continue
    const timeline = await timelineOf(history)
    if (timeline === undefined) return
    const parts = partsOf(timeline)
    await inTransaction(db, (trx) => insertCheckpoint(trx, companyId, position, timeline, parts))
    return
  }
  throw new Error(`the history of ${companyId} grew each time it was read: its checkpoint is made later`)
}

const isSame = (one: Position, other: Position): boolean =>
  one.position === other.position && one.objectPosition === other.objectPosition && one.movedCount === other.movedCount

/** Where a history ends, or `undefined` where there is none. */
async function lastPosition(reader: Reader, companyId: Uuid): Promise<Position | undefined> {
  const { rows } = await sql<{ position: string | null; object_position: number | null; moved_count: number }>`
    SELECT (SELECT max(position)::text FROM securities_transaction WHERE company_id = ${companyId}) AS position,
      (SELECT max(position) FROM ocf_object WHERE company_id = ${companyId}) AS object_position,
      (SELECT count(*)::integer FROM warrant_extension WHERE company_id = ${companyId}) AS moved_count`.execute(reader)
  const [row] = rows
  if (row?.position == null || row.object_position === null) return undefined
  return { position: BigInt(row.position), objectPosition: row.object_position, movedCount: row.moved_count }
}

async function isMade(db: Db, companyId: Uuid, { position, objectPosition, movedCount }: Position): Promise<boolean> {
  const made = await db
    .selectFrom('cap_table_checkpoint')
    .select('position')
    .where('company_id', '=', companyId)
    .where('position', '=', position)
    .where('format', '=', FORMAT)
    .where('object_position', '=', objectPosition)
    .where('moved_count', '=', movedCount)
    .executeTakeFirst()
  return made !== undefined
}
