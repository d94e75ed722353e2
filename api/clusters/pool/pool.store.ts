/** Writes pools and their factors. */
import { formatNumeric, instant, type Trx, type Uuid } from '../../platform/index.ts'
import type { Factor } from '../metering/charge.ts'

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
