/** Nodes that schedulers showed as down while reservations had them: the evidence of outages, until it is recorded. */
import { sql } from 'kysely'
import { type Db, instant, inTransaction, type Trx, type Uuid } from '../../platform/index.ts'
import { earlier, type Interval, later, microsecondsOf } from '../interval.ts'
import type { NodeDown } from './scheduler.ts'

/** A node that a reservation had while it was down. */
export type NodeOutage = {
  readonly poolId: Uuid
  readonly companyId: Uuid
  readonly reservationId: Uuid
  readonly node: string
  /** Of the reservation, on the node, for certain. */
  readonly gpus: number
  /** Since when the node was down; the reservation may have begun later. */
  readonly downFrom: string
  /** The last check that showed it. */
  readonly seenUntil: string
  /** What the scheduler gave as reason. */
  readonly reason: string
  readonly scheduler: string
}

type Begun = {
  readonly reservationId: Uuid
  readonly companyId: Uuid
  readonly gpus: number
  readonly interval: Interval
}

/**
 * Keeps what one check showed, and notes as over what it shows no longer.
 *
 * @param begun the pool's reservations that the scheduler was told of: what others reserved there is not ours
 */
export async function keepNodesDown(
  db: Db,
  {
    poolId,
    scheduler,
    down,
    begun,
    at,
  }: {
    readonly poolId: Uuid
    readonly scheduler: string
    readonly down: readonly NodeDown[]
    readonly begun: readonly Begun[]
    readonly at: string
  },
): Promise<void> {
  const own = new Map(begun.map((each) => [each.reservationId, each]))
  const rows = down.flatMap((node) =>
    node.reservations.flatMap(({ id, gpus }) => {
      const reservation = own.get(id)
      if (reservation === undefined) return []
      return [
        {
          pool_id: poolId,
          reservation_id: id,
          node: node.node,
          down_from: node.from,
          company_id: reservation.companyId,
          gpus: Math.min(gpus, reservation.gpus),
          scheduler,
          reason: node.reason,
          seen_until: earlier(at, reservation.interval.endsAt),
        },
      ]
    }),
  )
  await inTransaction(db, async (trx) => {
    if (rows.length > 0) {
      await trx
        .insertInto('scheduler_node_down')
        .values(rows)
        .onConflict((conflict) =>
          conflict.columns(['pool_id', 'reservation_id', 'node', 'down_from']).doUpdateSet((on) => ({
            gpus: on.ref('excluded.gpus'),
            reason: on.ref('excluded.reason'),
            // A check that missed it did not end it, unless it was recorded meanwhile.
            over: sql<boolean>`scheduler_node_down.recorded_at IS NOT NULL`,
            seen_until: on.fn<string>('greatest', [
              on.ref('scheduler_node_down.seen_until'),
              on.ref('excluded.seen_until'),
            ]),
          })),
        )
        .execute()
    }
    const shown = new Set(rows.map((row) => keyOf(row.reservation_id, row.node, row.down_from)))
    for (const each of await openRows(trx, poolId)) {
      if (shown.has(keyOf(each.reservation_id, each.node, each.down_from))) continue
      await ofOne(trx, { poolId, reservationId: each.reservation_id, node: each.node, downFrom: each.down_from })
        .set({ over: true })
        .execute()
    }
  })
}

const keyOf = (reservationId: Uuid, node: string, from: string): string =>
  `${reservationId} ${node} ${microsecondsOf(from)}`

const openRows = (trx: Trx, poolId: Uuid) =>
  trx
    .selectFrom('scheduler_node_down')
    .select(['reservation_id', 'node', 'down_from'])
    .where('pool_id', '=', poolId)
    .where('recorded_at', 'is', null)
    .where('over', '=', false)
    .execute()

type Key = Pick<NodeOutage, 'poolId' | 'reservationId' | 'node' | 'downFrom'>
const ofOne = (trx: Trx, { poolId, reservationId, node, downFrom }: Key) =>
  trx
    .updateTable('scheduler_node_down')
    .where('pool_id', '=', poolId)
    .where('reservation_id', '=', reservationId)
    .where('node', '=', node)
    .where('down_from', '=', downFrom)

/** Most that one run records. The next takes the rest. */
const MOST = 500

/** What is over and was not recorded yet, oldest first, with the time that the reservation had its GPUs. */
export async function nodeOutagesToRecord(
  db: Db,
  poolId: Uuid,
): Promise<(NodeOutage & { readonly booked: Interval })[]> {
  const rows = await db
    .selectFrom('scheduler_node_down as seen')
    .innerJoin('pool_booking as booking', (join) =>
      join.onRef('booking.pool_id', '=', 'seen.pool_id').onRef('booking.reservation_id', '=', 'seen.reservation_id'),
    )
    .select([
      'seen.pool_id as poolId',
      'seen.company_id as companyId',
      'seen.reservation_id as reservationId',
      'seen.node',
      'seen.gpus',
      'seen.down_from as downFrom',
      'seen.seen_until as seenUntil',
      'seen.reason',
      'seen.scheduler',
      'booking.starts_at as startsAt',
      'booking.ends_at as endsAt',
    ])
    .where('seen.pool_id', '=', poolId)
    .where('seen.recorded_at', 'is', null)
    .where('seen.over', '=', true)
    .orderBy('seen.down_from')
    .orderBy('seen.reservation_id')
    .limit(MOST)
    .execute()
  return rows.map(({ startsAt, endsAt, ...row }) => ({ ...row, booked: { startsAt, endsAt } }))
}

/** Notes that it was dealt with. */
export const nodeOutageRecorded = (db: Db, outage: NodeOutage): Promise<void> =>
  inTransaction(db, async (trx) => {
    await ofOne(trx, outage)
      .set({ recorded_at: await instant(trx) })
      .execute()
  })

/** The part of an outage that lies in the reservation; undefined where that is of no length. */
export function withinReservation({ downFrom, seenUntil }: NodeOutage, interval: Interval): Interval | undefined {
  const within = { startsAt: later(downFrom, interval.startsAt), endsAt: earlier(seenUntil, interval.endsAt) }
  return microsecondsOf(within.startsAt) < microsecondsOf(within.endsAt) ? within : undefined
}
