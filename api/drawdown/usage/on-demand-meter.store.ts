/** The meter of use outside any reservation, and what it cost in a month. Both are moved by `usage_draw`, and by corrections. */
import { sql } from 'kysely'
import { formatNumeric, type MicroTokens, type Numeric, type Trx, type Uuid } from '../../platform/index.ts'

/** One meter: what a company used of a pool at one rate. */
export type OnDemandMeter = { readonly companyId: Uuid; readonly poolId: Uuid; readonly rate: Numeric }

/** GPU-seconds of a meter, locked. The company is locked. */
export async function lockOnDemandMeter(trx: Trx, { companyId, poolId, rate }: OnDemandMeter): Promise<bigint> {
  const row = await trx
    .selectFrom('on_demand_meter')
    .select('gpu_seconds')
    .where('company_id', '=', companyId)
    .where('pool_id', '=', poolId)
    .where('rate', '=', formatNumeric(rate))
    .forUpdate()
    .executeTakeFirst()
  if (row === undefined) throw new Error(`there is no meter of pool ${poolId} at ${formatNumeric(rate)}`)
  return row.gpu_seconds
}

/** Sets a meter to corrected GPU-seconds. */
export async function setOnDemandMeter(trx: Trx, of: OnDemandMeter, gpuSeconds: bigint): Promise<void> {
  await trx
    .updateTable('on_demand_meter')
    .set({ gpu_seconds: gpuSeconds })
    .where('company_id', '=', of.companyId)
    .where('pool_id', '=', of.poolId)
    .where('rate', '=', formatNumeric(of.rate))
    .execute()
}

/** A month of a token class, by the end of a record. */
export type OnDemandMonth = { readonly companyId: Uuid; readonly tokenClassId: Uuid; readonly endedAt: string }

const monthOf = ({ endedAt }: OnDemandMonth): string => `${endedAt.slice(0, 7)}-01`

/** What use outside any reservation cost in a month, locked. */
export async function lockOnDemandMonth(trx: Trx, of: OnDemandMonth): Promise<MicroTokens> {
  const row = await trx
    .selectFrom('on_demand_month')
    .select('cost_micro')
    .where('company_id', '=', of.companyId)
    .where('token_class_id', '=', of.tokenClassId)
    .where('month', '=', monthOf(of))
    .forUpdate()
    .executeTakeFirst()
  return row?.cost_micro ?? 0n
}

/**
 * Moves what a month cost. Never below nothing: the rounding of a meter that runs over several months may take from one of
 * them a micro-token that another was charged.
 */
export async function moveOnDemandMonth(trx: Trx, of: OnDemandMonth, by: MicroTokens): Promise<void> {
  await trx
    .updateTable('on_demand_month')
    .set({ cost_micro: sql<bigint>`greatest(cost_micro + ${by}::bigint, 0)` })
    .where('company_id', '=', of.companyId)
    .where('token_class_id', '=', of.tokenClassId)
    .where('month', '=', monthOf(of))
    .execute()
}
