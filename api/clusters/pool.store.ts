/** Writes pools, their factors and their calendar. */
import { sql } from 'kysely'
import pg from 'pg'
import { z } from 'zod'
import { formatNumeric, instant, NotFound, type Trx, type Uuid } from '../platform/index.ts'
import type { Factor } from './charge.ts'
import { OverCapacity } from './errors.ts'
import { BadInterval, type Interval } from './interval.ts'

export type NewPool = {
  readonly poolId: Uuid
  readonly providerId: Uuid
  readonly tokenClassId: Uuid
  readonly cluster: string
  readonly gpuModel: string
  readonly capacity: number
  readonly opensAt: string
  readonly minLeadMinutes: number
  readonly maxLeadMinutes: number
  readonly minLengthMinutes: number
  readonly maxLengthMinutes: number
  readonly lockMinutes: number
  readonly decisionMinutes: number
  readonly createdBy: Uuid
  readonly createdAs: 'provider' | 'operations'
}

/** Inserts a pool. Its calendar is empty: from `opensAt` on all of its capacity is free. */
export async function insertPool(trx: Trx, pool: NewPool): Promise<void> {
  await trx
    .insertInto('pool')
    .values({
      pool_id: pool.poolId,
      provider_id: pool.providerId,
      token_class_id: pool.tokenClassId,
      cluster: pool.cluster,
      gpu_model: pool.gpuModel,
      capacity: pool.capacity,
      opens_at: pool.opensAt,
      min_lead_minutes: pool.minLeadMinutes,
      max_lead_minutes: pool.maxLeadMinutes,
      min_length_minutes: pool.minLengthMinutes,
      max_length_minutes: pool.maxLengthMinutes,
      lock_minutes: pool.lockMinutes,
      decision_minutes: pool.decisionMinutes,
      created_by: pool.createdBy,
      created_as: pool.createdAs,
      created_at: await instant(trx),
    })
    .execute()
}

export type NewFactor = {
  readonly poolId: Uuid
  readonly factorId: Uuid
  readonly factor: Factor
  readonly basis: string
  readonly source: string
  readonly validFrom: string
  readonly validUntil: string | null
  readonly approvedBy: Uuid
  readonly approvedAs: 'provider' | 'operations'
}

export async function insertFactor(trx: Trx, factor: NewFactor): Promise<void> {
  await trx
    .insertInto('factor')
    .values({
      pool_id: factor.poolId,
      factor_id: factor.factorId,
      h100_hours_per_gpu_hour: formatNumeric(factor.factor),
      basis: factor.basis,
      source: factor.source,
      valid_from: factor.validFrom,
      valid_until: factor.validUntil,
      approved_by: factor.approvedBy,
      approved_as: factor.approvedAs,
      recorded_at: await instant(trx),
    })
    .execute()
}

/**
 * Books GPUs over an interval in the pool's calendar, under the lock of the pool's row.
 *
 * @throws {OverCapacity} with the first part of the interval that is too full
 * @throws {BadInterval} when it starts before the pool opens
 * @throws {NotFound} when there is no such pool
 */
export async function bookCalendar(trx: Trx, poolId: Uuid, interval: Interval, gpus: number): Promise<void> {
  try {
    await changeCalendar(trx, poolId, interval, gpus)
  } catch (error) {
    throw refusalOf(error, poolId, interval, gpus)
  }
}

/** Gives GPUs over an interval back to the pool's calendar. */
export const freeCalendar = (trx: Trx, poolId: Uuid, interval: Interval, gpus: number): Promise<void> =>
  changeCalendar(trx, poolId, interval, -gpus)

async function changeCalendar(trx: Trx, poolId: Uuid, interval: Interval, gpus: number): Promise<void> {
  await sql`SELECT pool_book(${poolId}::uuid, ${interval.startsAt}::timestamptz, ${interval.endsAt}::timestamptz,
    ${gpus}::integer)`.execute(trx)
}

const FullDetail = z
  .string()
  .transform((text) => JSON.parse(text))
  .pipe(z.object({ from: z.string(), until: z.string(), free: z.int() }))

/** The typed refusal behind an error of `pool_book`; any other error as it is. */
function refusalOf(error: unknown, poolId: Uuid, interval: Interval, gpus: number): unknown {
  if (!(error instanceof pg.DatabaseError)) return error
  switch (error.code) {
    case 'EQ001': {
      const full = FullDetail.parse(error.detail)
      return new OverCapacity(gpus, full.free, { startsAt: `${full.from}Z`, endsAt: `${full.until}Z` })
    }
    case 'EQ002':
      return new BadInterval('BEFORE_OPENING', interval, 'starts before the pool opens')
    case 'P0002':
      return new NotFound('pool', `Pool:${poolId}`)
    default:
      return error
  }
}
