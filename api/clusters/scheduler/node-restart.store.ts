/** Nodes as the last check showed them, and those that were down between two checks. */
import { z } from 'zod'
import {
  type Db,
  globalId,
  instant,
  inTransaction,
  NotFound,
  newId,
  type PoolRef,
  type Reader,
  type Trx,
  type Uuid,
} from '../../platform/index.ts'
import { addMinutes, earlier, type Interval, microsecondsOf } from '../interval.ts'
import { type NodeBefore, partWithin, restartOf, SILENT_MINUTES } from './node-restart.ts'
import type { PoolScheduler } from './pool-scheduler.ts'
import type { Booked } from './push.store.ts'
import type { NodeFailure, NodeSeen } from './scheduler.ts'

const zReservations = z.array(z.object({ id: z.string(), gpus: z.int() }))

async function nodesBefore(db: Db, poolId: Uuid): Promise<Map<string, NodeBefore>> {
  const rows = await db
    .selectFrom('scheduler_node')
    .select(['node', 'booted_at as bootedAt', 'seen_at as seenAt', 'down', 'reservations'])
    .where('pool_id', '=', poolId)
    .execute()
  return new Map(
    rows.map(({ node, ...row }) => [node, { ...row, reservations: zReservations.parse(row.reservations) }]),
  )
}

/**
 * Holds the nodes of a pool against what the check before showed, and keeps what was down in between, under reservations of
 * ours that had begun. The scheduler is asked outside of a transaction.
 *
 * @throws {SchedulerUnavailable} {SchedulerRefused}
 */
export async function keepRestarts(db: Db, target: PoolScheduler, begun: readonly Booked[], at: string): Promise<void> {
  const { poolId, scheduler, gpuModel } = target
  const nodes = (await scheduler.nodes()).filter((node) => node.gpuModel === null || node.gpuModel === gpuModel)
  const before = await nodesBefore(db, poolId)
  const asked = [...before.values()].reduce((first, { seenAt }) => earlier(first, seenAt), at)
  const failures =
    before.size === 0 ? [] : await scheduler.failures({ startsAt: addMinutes(asked, -SILENT_MINUTES), endsAt: at })
  await inTransaction(db, async (trx) => {
    for (const node of nodes.toSorted((a, b) => (a.node < b.node ? -1 : 1))) {
      const known = before.get(node.node)
      await keepOne(trx, target, { node, before: known, failures: sinceSeen(failures, node, known), begun, at })
      await seeNode(trx, poolId, node, at)
    }
  })
}

const sinceSeen = (
  failures: readonly NodeFailure[],
  { node }: NodeSeen,
  before: NodeBefore | undefined,
): NodeFailure[] => {
  const from = before === undefined ? undefined : microsecondsOf(addMinutes(before.seenAt, -SILENT_MINUTES))
  return failures.filter((each) => from !== undefined && each.node === node && microsecondsOf(each.at) >= from)
}

async function keepOne(
  trx: Trx,
  { poolId, scheduler }: PoolScheduler,
  found: {
    readonly node: NodeSeen
    readonly before: NodeBefore | undefined
    readonly failures: readonly NodeFailure[]
    readonly begun: readonly Booked[]
    readonly at: string
  },
): Promise<void> {
  const { node, before, failures, begun, at } = found
  const restart = restartOf(before, node, failures, at)
  if (restart === undefined) return
  for (const { id, gpus } of hadIt(node, before, failures)) {
    const booked = begun.find(({ reservationId }) => reservationId === id)
    const possible = booked === undefined ? undefined : partWithin(restart.possible, booked.interval)
    if (booked === undefined || possible === undefined || (await isKnownDown(trx, poolId, id, node.node, possible)))
      continue
    const certain = restart.certain === undefined ? undefined : partWithin(restart.certain, booked.interval)
    await trx
      .insertInto('scheduler_node_restart')
      .values({
        pool_id: poolId,
        restart_id: newId(),
        reservation_id: id,
        company_id: booked.companyId,
        node: node.node,
        gpus: Math.min(gpus, booked.gpus),
        possible_from: possible.startsAt,
        possible_until: possible.endsAt,
        certain_from: certain?.startsAt ?? null,
        certain_until: certain?.endsAt ?? null,
        scheduler: scheduler.name,
        evidence: restart.evidence,
        found_at: at,
        ...(restart.whole && certain !== undefined ? { answer: 'KNOWN', answered_at: at } : {}),
      })
      .onConflict((conflict) => conflict.constraint('scheduler_node_restart_once').doNothing())
      .execute()
  }
}

/** Reservations that had the node by either check, with the most GPUs that are certain; of a job that failed, at least one. */
function hadIt(now: NodeSeen, before: NodeBefore | undefined, failures: readonly NodeFailure[]) {
  const most = new Map<string, number>()
  const failed = failures.flatMap(({ reservation }) => (reservation === null ? [] : [{ id: reservation, gpus: 1 }]))
  for (const { id, gpus } of [...now.reservations, ...(before?.reservations ?? []), ...failed]) {
    most.set(id, Math.max(gpus, most.get(id) ?? 0))
  }
  return [...most].map(([id, gpus]) => ({ id, gpus })).toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

/** Whether a check showed it as down when this began: then it is told already, and recorded once it was over. */
async function isKnownDown(trx: Trx, poolId: Uuid, id: Uuid, node: string, { startsAt }: Interval): Promise<boolean> {
  const row = await trx
    .selectFrom('scheduler_node_down')
    .select('node')
    .where('pool_id', '=', poolId)
    .where('reservation_id', '=', id)
    .where('node', '=', node)
    .where('down_from', '<=', addMinutes(startsAt, 1))
    .where('seen_until', '>', startsAt)
    .executeTakeFirst()
  return row !== undefined
}

async function seeNode(trx: Trx, poolId: Uuid, node: NodeSeen, at: string): Promise<void> {
  const seen = {
    booted_at: node.bootedAt,
    seen_at: at,
    down: node.down,
    reservations: JSON.stringify(node.reservations),
  }
  await trx
    .insertInto('scheduler_node')
    .values({ pool_id: poolId, node: node.node, ...seen })
    .onConflict((conflict) => conflict.columns(['pool_id', 'node']).doUpdateSet(seen))
    .execute()
}

/** A part of a restart that is certain, and not recorded as an outage yet. */
export type CertainDown = {
  readonly poolId: Uuid
  readonly restartId: Uuid
  readonly companyId: Uuid
  readonly reservationId: Uuid
  readonly node: string
  readonly gpus: number
  readonly interval: Interval
  readonly scheduler: string
  readonly evidence: string
}

/** Most that one run records. The next takes the rest. */
const MOST = 500

/** What is certain and was not recorded yet, as it was found. */
export async function restartsToRecord(db: Db, poolId: Uuid): Promise<CertainDown[]> {
  const rows = await db
    .selectFrom('scheduler_node_restart')
    .select(['pool_id as poolId', 'restart_id as restartId', 'company_id as companyId', 'node', 'gpus'])
    .select(['reservation_id as reservationId', 'scheduler', 'evidence'])
    .select(['certain_from as startsAt', 'certain_until as endsAt'])
    .where('pool_id', '=', poolId)
    .where('recorded_at', 'is', null)
    .where('certain_from', 'is not', null)
    .orderBy('restart_id')
    .limit(MOST)
    .execute()
  return rows.flatMap(({ startsAt, endsAt, ...row }) =>
    startsAt === null || endsAt === null ? [] : [{ ...row, interval: { startsAt, endsAt } }],
  )
}

/** Notes that what is certain of it was dealt with. */
export const restartRecorded = (
  db: Db,
  { poolId, restartId }: Pick<CertainDown, 'poolId' | 'restartId'>,
): Promise<void> =>
  inTransaction(db, async (trx) => {
    await trx
      .updateTable('scheduler_node_restart')
      .set({ recorded_at: await instant(trx) })
      .where('pool_id', '=', poolId)
      .where('restart_id', '=', restartId)
      .execute()
  })

export const RESTART_ANSWERS = ['OUTAGE', 'NOTHING_MORE'] as const
/** `NOTHING_MORE`: it was down at no other time than is certain. */
export type RestartAnswer = (typeof RESTART_ANSWERS)[number]
/** A restart that the provider may still complete, locked. */
export type OpenRestart = Omit<CertainDown, 'interval'> & {
  readonly possible: Interval
  readonly certain: Interval | undefined
  readonly answer: string | null
}

/** Whose reservation it was; undefined where there is no such restart. */
export async function restartOwner(reader: Reader, { poolId, id }: PoolRef): Promise<Uuid | undefined> {
  const row = await reader
    .selectFrom('scheduler_node_restart')
    .select('company_id as companyId')
    .where('pool_id', '=', poolId)
    .where('restart_id', '=', id)
    .executeTakeFirst()
  return row?.companyId
}

/** @throws {NotFound} */
export async function lockRestart(trx: Trx, poolId: Uuid, restartId: Uuid): Promise<OpenRestart> {
  const row = await trx
    .selectFrom('scheduler_node_restart')
    .select(['pool_id as poolId', 'restart_id as restartId', 'company_id as companyId', 'node', 'gpus'])
    .select(['reservation_id as reservationId', 'scheduler', 'evidence', 'answer'])
    .select(['possible_from as possibleFrom', 'possible_until as possibleUntil'])
    .select(['certain_from as certainFrom', 'certain_until as certainUntil'])
    .where('pool_id', '=', poolId)
    .where('restart_id', '=', restartId)
    .forNoKeyUpdate()
    .executeTakeFirst()
  if (row === undefined) throw new NotFound('restart', globalId('NodeRestart', poolId, restartId))
  const { possibleFrom, possibleUntil, certainFrom, certainUntil, ...plain } = row
  return {
    ...plain,
    possible: { startsAt: possibleFrom, endsAt: possibleUntil },
    certain:
      certainFrom === null || certainUntil === null ? undefined : { startsAt: certainFrom, endsAt: certainUntil },
  }
}

/** What the provider says of it. The database keeps it within what is possible. */
export async function answerRestart(
  trx: Trx,
  { poolId, restartId }: Pick<OpenRestart, 'poolId' | 'restartId'>,
  said: {
    readonly answer: RestartAnswer
    readonly interval: Interval | undefined
    readonly note: string
    readonly answeredBy: Uuid
  },
): Promise<void> {
  await trx
    .updateTable('scheduler_node_restart')
    .set({
      answer: said.answer,
      answered_from: said.interval?.startsAt ?? null,
      answered_until: said.interval?.endsAt ?? null,
      note: said.note,
      answered_by: said.answeredBy,
      answered_at: await instant(trx),
    })
    .where('pool_id', '=', poolId)
    .where('restart_id', '=', restartId)
    .execute()
}
