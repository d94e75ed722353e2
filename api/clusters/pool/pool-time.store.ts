/** Writes what changes a pool over time: capacity, maintenance, dedications, shares. */
import {
  formatNumeric,
  instant,
  NotFound,
  type Numeric,
  type PoolRef,
  type Trx,
  type Uuid,
} from '../../platform/index.ts'
import type { Interval } from '../interval.ts'

/** In whose name a pool is changed. */
export type ActingAs = 'provider' | 'operations'
type By = { readonly id: Uuid; readonly as: ActingAs }

/** The first change of a pool's capacity also keeps what it was set up with. */
export async function insertCapacity(
  trx: Trx,
  poolId: Uuid,
  change: { changeId: Uuid; baseId: Uuid; from: string; capacity: number; reason: string; by: By },
): Promise<void> {
  const recorded = {
    pool_id: poolId,
    recorded_by: change.by.id,
    recorded_as: change.by.as,
    recorded_at: await instant(trx),
  }
  const known = await trx
    .selectFrom('pool_capacity')
    .select('change_id')
    .where('pool_id', '=', poolId)
    .limit(1)
    .execute()
  if (known.length === 0) {
    const pool = await trx
      .selectFrom('pool')
      .select(['capacity', 'opens_at'])
      .where('pool_id', '=', poolId)
      .executeTakeFirstOrThrow()
    await trx
      .insertInto('pool_capacity')
      .values({
        ...recorded,
        change_id: change.baseId,
        effective_from: pool.opens_at,
        capacity: pool.capacity,
        reason: 'As it was set up',
      })
      .execute()
  }
  await trx
    .insertInto('pool_capacity')
    .values({
      ...recorded,
      change_id: change.changeId,
      effective_from: change.from,
      capacity: change.capacity,
      reason: change.reason,
    })
    .execute()
}

export async function insertMaintenance(
  trx: Trx,
  window: Interval & { ref: PoolRef; gpus: number; note: string; by: By },
): Promise<void> {
  await trx
    .insertInto('pool_maintenance')
    .values({
      pool_id: window.ref.poolId,
      maintenance_id: window.ref.id,
      gpus: window.gpus,
      starts_at: window.startsAt,
      ends_at: window.endsAt,
      note: window.note,
      planned_by: window.by.id,
      planned_as: window.by.as,
      planned_at: await instant(trx),
    })
    .execute()
}

/** A window or a dedication that is locked, so that it ends once. */
export type LockedSpan = Interval & { readonly gpus: number; readonly over: boolean }

/** @throws {NotFound} */
export async function lockMaintenance(trx: Trx, ref: PoolRef): Promise<LockedSpan> {
  const row = await trx
    .selectFrom('pool_maintenance')
    .select(['starts_at as startsAt', 'ends_at as endsAt', 'gpus', 'lifted_at as liftedAt'])
    .where('pool_id', '=', ref.poolId)
    .where('maintenance_id', '=', ref.id)
    .forNoKeyUpdate()
    .executeTakeFirst()
  if (row === undefined) throw new NotFound('maintenance', `Maintenance:${ref.poolId}:${ref.id}`)
  const { liftedAt, ...span } = row
  return { ...span, over: liftedAt !== null }
}

export async function markLifted(trx: Trx, ref: PoolRef, by: Uuid, from: string): Promise<void> {
  await trx
    .updateTable('pool_maintenance')
    .set({ lifted_by: by, lifted_at: await instant(trx), lifted_from: from })
    .where('pool_id', '=', ref.poolId)
    .where('maintenance_id', '=', ref.id)
    .execute()
}

export async function insertDedication(
  trx: Trx,
  dedication: Interval & { ref: PoolRef; companyId: Uuid; gpus: number; source: string; by: By },
): Promise<void> {
  await trx
    .insertInto('pool_dedication')
    .values({
      pool_id: dedication.ref.poolId,
      dedication_id: dedication.ref.id,
      company_id: dedication.companyId,
      gpus: dedication.gpus,
      starts_at: dedication.startsAt,
      ends_at: dedication.endsAt,
      source: dedication.source,
      agreed_by: dedication.by.id,
      agreed_as: dedication.by.as,
      agreed_at: await instant(trx),
    })
    .execute()
}

/** @throws {NotFound} */
export async function lockDedication(trx: Trx, ref: PoolRef): Promise<LockedSpan & { readonly companyId: Uuid }> {
  const row = await trx
    .selectFrom('pool_dedication')
    .select(['company_id as companyId', 'starts_at as startsAt', 'ends_at as endsAt', 'gpus', 'ended_at as endedAt'])
    .where('pool_id', '=', ref.poolId)
    .where('dedication_id', '=', ref.id)
    .forNoKeyUpdate()
    .executeTakeFirst()
  if (row === undefined) throw new NotFound('dedication', `Dedication:${ref.poolId}:${ref.id}`)
  const { endedAt, ...span } = row
  return { ...span, over: endedAt !== null }
}

export async function markEnded(trx: Trx, ref: PoolRef, by: Uuid, from: string): Promise<void> {
  await trx
    .updateTable('pool_dedication')
    .set({ ended_by: by, ended_at: await instant(trx), ended_from: from })
    .where('pool_id', '=', ref.poolId)
    .where('dedication_id', '=', ref.id)
    .execute()
}

export async function insertShare(
  trx: Trx,
  share: { ref: PoolRef; companyId: Uuid | null; part: Numeric; from: string; source: string; by: By },
): Promise<void> {
  await trx
    .insertInto('pool_share')
    .values({
      pool_id: share.ref.poolId,
      share_id: share.ref.id,
      company_id: share.companyId,
      part: formatNumeric(share.part),
      effective_from: share.from,
      source: share.source,
      set_by: share.by.id,
      set_as: share.by.as,
      recorded_at: await instant(trx),
    })
    .execute()
}
