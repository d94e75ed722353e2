/** What an operator, and the provider's staff, see of the schedulers of pools. */
import type { Actor } from '../../access/index.ts'
import { isStaff } from '../../access/index.ts'
import { seesCompany } from '../../parties/index.ts'
import { listOfEach, type Reader, type Uuid } from '../../platform/index.ts'
import { worksFor } from '../visibility.ts'
import { checksOf, type SchedulerCheck } from './check.store.ts'

/** A reservation that its scheduler was not told of, or has still though it is over. */
export type WaitingPush = {
  readonly poolId: Uuid
  readonly companyId: Uuid
  readonly reservationId: Uuid
  /** `waiting` to be made there, or `ending` to be cancelled there. */
  readonly state: string
  /** That failed since the last that did not. */
  readonly attempts: number
  /** Why the last failed. */
  readonly detail: string | null
  readonly triedAt: string
  readonly nextTryAt: string | null
}

/** Most reservations shown that wait for one scheduler, oldest attempt first. */
export const WAITING_SHOWN = 100

export type PoolSchedulerView = SchedulerCheck & {
  readonly waiting: readonly WaitingPush[]
}

/** Staff of the fund see every scheduler, the provider's staff their own; of companies behind a wall nothing is shown. */
const seesScheduler = (actor: Actor, pool: { readonly providerId: Uuid }): boolean =>
  isStaff(actor) || worksFor(actor, pool.providerId)

/** The schedulers of those pools that have been asked at least once and that the actor may see. Two queries. */
export async function schedulersOf(
  reader: Reader,
  actor: Actor,
  pools: readonly { readonly poolId: Uuid; readonly providerId: Uuid }[],
): Promise<Map<Uuid, PoolSchedulerView>> {
  const seen = pools.filter((pool) => seesScheduler(actor, pool))
  const checks = await checksOf(
    reader,
    seen.map(({ poolId }) => poolId),
  )
  if (checks.length === 0) return new Map()
  const own = new Set(seen.filter((pool) => worksFor(actor, pool.providerId)).map(({ poolId }) => poolId))
  const visible = (poolId: Uuid, companyId: Uuid | null): boolean =>
    companyId === null || own.has(poolId) || seesCompany(actor, companyId)
  const waiting = await waitingOf(
    reader,
    checks.map(({ poolId }) => poolId),
  )
  return new Map(
    checks.map((check) => [
      check.poolId,
      {
        ...check,
        differences: check.differences?.filter(({ companyId }) => visible(check.poolId, companyId)) ?? null,
        waiting: (waiting.get(check.poolId) ?? []).filter(({ companyId }) => visible(check.poolId, companyId)),
      },
    ]),
  )
}

/** One query for all pools. */
const waitingOf = (reader: Reader, poolIds: readonly Uuid[]): Promise<Map<Uuid, WaitingPush[]>> =>
  listOfEach(reader, poolIds, (pool) =>
    reader
      .selectFrom('scheduler_push')
      .select([
        'pool_id as poolId',
        'company_id as companyId',
        'reservation_id as reservationId',
        'state',
        'attempts',
        'detail',
        'tried_at as triedAt',
        'next_try_at as nextTryAt',
      ])
      .where('pool_id', '=', pool.id)
      .where('state', 'in', ['waiting', 'ending'])
      .orderBy('reservation_id')
      .limit(WAITING_SHOWN),
  )
