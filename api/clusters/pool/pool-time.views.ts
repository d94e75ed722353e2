/** What changes pools over time, as screens and other use cases read it. */
import { sql } from 'kysely'
import { type Actor, isStaff } from '../../access/index.ts'
import { mustSeeCompany } from '../../parties/index.ts'
import {
  globalId,
  NotFound,
  type Numeric,
  type PoolRef,
  parseNumeric,
  type Reader,
  type Uuid,
} from '../../platform/index.ts'
import { lotsOf } from '../../tokens/index.ts'
import type { BookingInTheWay } from '../errors.ts'
import type { Interval } from '../interval.ts'
import { metersFor, seesReservation } from '../visibility.ts'
import { providersOfPools } from './pool.views.ts'

export type CapacityChange = {
  readonly poolId: Uuid
  readonly from: string
  readonly capacity: number
  readonly reason: string
  readonly recordedAs: string
  readonly recordedAt: string
}

/** The changes of these pools' capacity, earliest first. One query. */
export async function capacityChanges(reader: Reader, poolIds: readonly Uuid[]): Promise<CapacityChange[]> {
  if (poolIds.length === 0) return []
  return reader
    .selectFrom('pool_capacity')
    .select([
      'pool_id as poolId',
      'effective_from as from',
      'capacity',
      'reason',
      'recorded_as as recordedAs',
      'recorded_at as recordedAt',
    ])
    .where('pool_id', 'in', [...poolIds])
    .orderBy('effective_from')
    .orderBy('recorded_at')
    .orderBy('change_id')
    .execute()
}

export type MaintenanceView = Interval & {
  readonly poolId: Uuid
  readonly maintenanceId: Uuid
  readonly gpus: number
  readonly note: string
  readonly plannedAs: string
  readonly liftedFrom: string | null
}

/** Most windows that are listed of a pool at once, the latest. */
export const MAINTENANCE_MAX = 200

/** The maintenance windows of these pools, latest first. One query. */
export async function maintenanceOf(reader: Reader, poolIds: readonly Uuid[]): Promise<MaintenanceView[]> {
  if (poolIds.length === 0) return []
  const { rows } = await sql<MaintenanceView>`
    SELECT pool_id AS "poolId", maintenance_id AS "maintenanceId", gpus, starts_at AS "startsAt", ends_at AS "endsAt", note,
      planned_as AS "plannedAs", lifted_from AS "liftedFrom"
    FROM unnest(${[...poolIds]}::uuid[]) AS wanted CROSS JOIN LATERAL (
      SELECT * FROM pool_maintenance WHERE pool_id = wanted ORDER BY ends_at DESC, maintenance_id LIMIT ${MAINTENANCE_MAX}
    ) AS row ORDER BY starts_at DESC, maintenance_id`.execute(reader)
  return rows
}

export type DedicationView = Interval & {
  readonly poolId: Uuid
  readonly dedicationId: Uuid
  readonly companyId: Uuid
  readonly gpus: number
  readonly source: string
  readonly agreedAs: string
  readonly endedFrom: string | null
}

/** What is dedicated of these pools, to companies that the actor sees or as the pool's provider. Two queries. */
export async function dedicationsOf(reader: Reader, actor: Actor, poolIds: readonly Uuid[]): Promise<DedicationView[]> {
  if (poolIds.length === 0) return []
  const providers = await providersOfPools(reader, poolIds)
  const rows = await reader
    .selectFrom('pool_dedication')
    .select([
      'pool_id as poolId',
      'dedication_id as dedicationId',
      'company_id as companyId',
      'gpus',
      'starts_at as startsAt',
      'ends_at as endsAt',
      'source',
      'agreed_as as agreedAs',
      'ended_from as endedFrom',
    ])
    .where('pool_id', 'in', [...poolIds])
    .orderBy('starts_at', 'desc')
    .orderBy('dedication_id')
    .execute()
  return rows.filter((row) =>
    seesReservation(actor, { companyId: row.companyId, providerId: providers.get(row.poolId) ?? '' }),
  )
}

export type ShareView = {
  readonly poolId: Uuid
  readonly companyId: Uuid | null
  readonly part: Numeric
  readonly from: string
  readonly source: string
  readonly setAs: string
  readonly recordedAt: string
}

/** The shares that limit companies in these pools, the one recorded last first; those of other companies only to whoever may see them. */
export async function sharesOf(reader: Reader, actor: Actor, poolIds: readonly Uuid[]): Promise<ShareView[]> {
  if (poolIds.length === 0) return []
  const providers = await providersOfPools(reader, poolIds)
  const rows = await reader
    .selectFrom('pool_share')
    .select([
      'pool_id as poolId',
      'company_id as companyId',
      'part',
      'effective_from as from',
      'source',
      'set_as as setAs',
      'recorded_at as recordedAt',
    ])
    .where('pool_id', 'in', [...poolIds])
    .orderBy('recorded_at', 'desc')
    .orderBy('share_id', 'desc')
    .execute()
  return rows
    .filter(
      ({ companyId, poolId }) =>
        companyId === null || seesReservation(actor, { companyId, providerId: providers.get(poolId) ?? '' }),
    )
    .map((row) => ({ ...row, part: parseNumeric(row.part) }))
}

/** Most bookings that a refusal lists. */
const BOOKINGS_MAX = 100

/** The live bookings of a pool over an interval that the actor may see, earliest first. */
export async function bookingsOver(
  reader: Reader,
  actor: Actor,
  pool: { readonly poolId: Uuid; readonly providerId: Uuid },
  interval: Interval,
): Promise<BookingInTheWay[]> {
  const rows = await reader
    .selectFrom('pool_booking')
    .select([
      'company_id as companyId',
      (on) => on.fn.coalesce('change_of', 'reservation_id').as('id'),
      'gpus',
      'starts_at as startsAt',
      'ends_at as endsAt',
    ])
    .where('pool_id', '=', pool.poolId)
    .where('freed_at', 'is', null)
    .where('ends_at', '>', interval.startsAt)
    .where('starts_at', '<', interval.endsAt)
    .orderBy('starts_at')
    .orderBy('reservation_id')
    .limit(BOOKINGS_MAX)
    .execute()
  return rows
    .filter(({ companyId }) => seesReservation(actor, { companyId, providerId: pool.providerId }))
    .map(({ companyId, id, ...booking }) => ({ ...booking, ref: { companyId, id } }))
}

/**
 * A company as whoever changes a pool may name it: the fund's staff those that they see, a provider's staff those that hold
 * its token. Another looks like none.
 *
 * @throws {NotFound}
 */
export async function mustKnowCompany(
  reader: Reader,
  actor: Actor,
  companyId: Uuid,
  pool: { readonly providerId: Uuid; readonly tokenClassId: Uuid },
): Promise<void> {
  if (isStaff(actor) || !metersFor(actor, pool.providerId)) {
    await mustSeeCompany(reader, actor, companyId)
    return
  }
  const lots = await lotsOf(reader, companyId)
  if (!lots.some((lot) => lot.tokenClassId === pool.tokenClassId)) throw new NotFound('company', `Company:${companyId}`)
}

/** @throws {NotFound} for a window or a dedication of which there is none in a pool that the actor sees */
export const notThere = (type: 'Maintenance' | 'Dedication', { poolId, id }: PoolRef): NotFound =>
  new NotFound(type.toLowerCase(), globalId(type, poolId, id))
