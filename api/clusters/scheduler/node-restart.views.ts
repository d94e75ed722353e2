/** Restarts of nodes under reservations, and what was said of them: for whoever runs the pools, and for whose reservation it is. */
import { sql } from 'kysely'
import { type Actor, isStaff } from '../../access/index.ts'
import { seesCompany } from '../../parties/index.ts'
import { instant, listOfEach, type Reader, type Uuid } from '../../platform/index.ts'
import { addMinutes } from '../interval.ts'
import { worksFor } from '../visibility.ts'

/** A node that a reservation had was down between two checks. */
export type RestartView = {
  readonly poolId: Uuid
  readonly restartId: Uuid
  readonly companyId: Uuid
  readonly reservationId: Uuid
  readonly node: string
  readonly gpus: number
  readonly possibleFrom: string
  readonly possibleUntil: string
  /** Null where no part is certain. */
  readonly certainFrom: string | null
  readonly certainUntil: string | null
  readonly evidence: string
  readonly foundAt: string
  /** Null while the provider has not said: `KNOWN`, where the scheduler told all of it. */
  readonly answer: string | null
  readonly answeredFrom: string | null
  readonly answeredUntil: string | null
  readonly note: string | null
}

/** Most that are shown of one pool or reservation, the latest; and how long what was answered is shown of a pool. */
export const RESTARTS_SHOWN = 50
const SHOWN_MINUTES = 30 * 24 * 60

const restarts = (reader: Reader) =>
  reader
    .selectFrom('scheduler_node_restart')
    .select(['pool_id as poolId', 'restart_id as restartId', 'company_id as companyId', 'node', 'gpus', 'evidence'])
    .select(['reservation_id as reservationId', 'found_at as foundAt', 'answer', 'note'])
    .select(['possible_from as possibleFrom', 'possible_until as possibleUntil'])
    .select(['certain_from as certainFrom', 'certain_until as certainUntil'])
    .select(['answered_from as answeredFrom', 'answered_until as answeredUntil'])

/** Of the pools whose schedulers the actor sees, without companies that a wall hides; open ones, and those of the last days. */
export async function restartsUnderReservations(
  reader: Reader,
  actor: Actor,
  pools: readonly { readonly poolId: Uuid; readonly providerId: Uuid }[],
): Promise<Map<Uuid, RestartView[]>> {
  const seen = pools.filter((pool) => isStaff(actor) || worksFor(actor, pool.providerId))
  const own = new Set(seen.filter((pool) => worksFor(actor, pool.providerId)).map(({ poolId }) => poolId))
  const since = addMinutes(await instant(reader), -SHOWN_MINUTES)
  const rows = await listOfEach(
    reader,
    seen.map(({ poolId }) => poolId),
    (pool) =>
      restarts(reader)
        .where('pool_id', '=', pool.id)
        .where((on) => on.or([on('answer', 'is', null), on('found_at', '>=', since)]))
        .orderBy('restart_id', 'desc')
        .limit(RESTARTS_SHOWN),
  )
  const visible = [...rows.values()]
    .flat()
    .filter(({ poolId, companyId }) => own.has(poolId) || seesCompany(actor, companyId))
  return Map.groupBy(visible, ({ poolId }) => poolId)
}

/** Of reservations that the caller has shown to be visible, in the order of time. One query. */
export async function restartsOf(
  reader: Reader,
  of: readonly { readonly poolId: Uuid; readonly reservationId: Uuid }[],
): Promise<RestartView[]> {
  if (of.length === 0) return []
  return restarts(reader)
    .where(sql<boolean>`(pool_id, reservation_id) IN (
      SELECT * FROM unnest(${of.map((each) => each.poolId)}::uuid[], ${of.map((each) => each.reservationId)}::uuid[]))`)
    .orderBy('possible_from')
    .orderBy('restart_id')
    .execute()
}
