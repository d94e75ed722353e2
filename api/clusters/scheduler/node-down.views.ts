/** Reservations whose nodes a scheduler showed as down, and what became of it: for whoever runs the pools. */
import { sql } from 'kysely'
import { type Actor, isStaff } from '../../access/index.ts'
import { instant, listOfEach, type MicroTokens, type Reader, type Uuid } from '../../platform/index.ts'
import { addMinutes, microsecondsOf } from '../interval.ts'
import type { GpuSeconds } from '../metering/charge.ts'
import { outageCreditsOf, outagesOf } from '../metering/outage.store.ts'
import { worksFor } from '../visibility.ts'

/** A node that a reservation had while it was down. */
export type NodeDownView = {
  readonly poolId: Uuid
  readonly companyId: Uuid
  readonly reservationId: Uuid
  readonly node: string
  /** Of the reservation, on the node, for certain. */
  readonly gpus: number
  readonly downFrom: string
  /** The last check that showed it. */
  readonly seenUntil: string
  /** Whether the scheduler shows it no longer. */
  readonly over: boolean
  readonly reason: string
  /** GPU-seconds that outages of this node were recorded with: null where none is recorded yet. */
  readonly outage: GpuSeconds | null
  /** Tokens that the reservation was not charged, or that went back, for all that was down of it. */
  readonly credited: MicroTokens
}

/** Most that are shown of one pool, the latest; and how long what was dealt with is shown. */
export const NODES_DOWN_SHOWN = 50
const SHOWN_MINUTES = 30 * 24 * 60

/** Of the pools whose schedulers the actor sees, without companies that a wall hides. Four queries, however many pools. */
export async function nodesDownUnderReservations(
  reader: Reader,
  actor: Actor,
  pools: readonly { readonly poolId: Uuid; readonly providerId: Uuid }[],
): Promise<Map<Uuid, NodeDownView[]>> {
  const seen = pools.filter((pool) => isStaff(actor) || worksFor(actor, pool.providerId))
  const own = seen.filter((pool) => worksFor(actor, pool.providerId)).map(({ poolId }) => poolId)
  const walled = [...actor.walledCompanyIds]
  const since = addMinutes(await instant(reader), -SHOWN_MINUTES)
  const rows = await listOfEach(
    reader,
    seen.map(({ poolId }) => poolId),
    (pool) =>
      reader
        .selectFrom('scheduler_node_down')
        .select(['pool_id as poolId', 'company_id as companyId', 'reservation_id as reservationId', 'node', 'gpus'])
        .select(['down_from as downFrom', 'seen_until as seenUntil', 'over', 'reason'])
        .where('pool_id', '=', pool.id)
        .where((on) => on.or([on('recorded_at', 'is', null), on('seen_until', '>=', since)]))
        // Before the bound: what a wall hides takes no place of what is seen.
        .where(sql<boolean>`(pool_id = ANY(${own}::uuid[]) OR company_id <> ALL(${walled}::uuid[]))`)
        .orderBy('down_from', 'desc')
        .orderBy('reservation_id')
        .orderBy('node')
        .limit(NODES_DOWN_SHOWN),
  )
  const visible = [...rows.values()].flat()
  const refs = visible.map(({ companyId, reservationId: id }) => ({ companyId, id }))
  const outages = Map.groupBy(await outagesOf(reader, refs), (each) => keyOf(each))
  const credits = Map.groupBy(await outageCreditsOf(reader, refs), (each) => each.reservationId)
  return Map.groupBy(
    visible.map((row) => {
      // Those that overlap it: a node may have been down twice under one reservation.
      const recorded = (outages.get(keyOf(row)) ?? []).filter(
        (each) =>
          microsecondsOf(each.startsAt) < microsecondsOf(row.seenUntil) &&
          microsecondsOf(each.endsAt) > microsecondsOf(row.downFrom),
      )
      return {
        ...row,
        outage: recorded.length === 0 ? null : recorded.reduce((sum, each) => sum + each.gpuSeconds, 0n),
        credited: (credits.get(row.reservationId) ?? []).reduce((sum, each) => sum + each.amount, 0n),
      }
    }),
    ({ poolId }) => poolId,
  )
}

const keyOf = ({ reservationId, node }: { readonly reservationId: Uuid; readonly node: string | null }): string =>
  `${reservationId} ${node ?? ''}`
