/** Keeps what each company's account may use at a scheduler at what it has used and the tokens it still has. */
import {
  type Db,
  divide,
  instant,
  type MicroTokens,
  NUMERIC_PLACES,
  TOKEN_PLACES,
  type Uuid,
} from '../../platform/index.ts'
import { balancesByCompany, sumBalances } from '../../tokens/index.ts'
import type { Factor, GpuSeconds } from '../metering/charge.ts'
import { factorAt, findPool } from '../pool/pool.views.ts'
import { SchedulerRefused } from './errors.ts'
import { horizonOf, type PoolScheduler } from './pool-scheduler.ts'
import { bookedWithin } from './push.store.ts'

const SECONDS_PER_HOUR = 3600n

/** GPU-seconds that tokens pay for, rounded DOWN: nobody may start what could not be charged. */
export const gpuSecondsFor = (tokens: MicroTokens, factor: Factor): GpuSeconds =>
  divide(tokens * SECONDS_PER_HOUR * 10n ** BigInt(NUMERIC_PLACES), factor * 10n ** BigInt(TOKEN_PLACES), 'DOWN')

export type Limited = { readonly set: number; readonly refused: readonly { account: string; reason: string }[] }

/**
 * Sets the limit of every company that has a reservation within the horizon, from its available and held tokens of the
 * pool's class at the factor in force. What was used and not yet told is in both, so a limit may be too high by that much
 * until the next pull. An account that the scheduler does not know is told of, and the others are set.
 *
 * @throws {SchedulerUnavailable}
 */
export async function limitAccounts(db: Db, target: PoolScheduler): Promise<Limited> {
  const now = await instant(db)
  const pool = await findPool(db, target.poolId)
  const factor = await factorAt(db, target.poolId, now)
  if (pool === undefined || factor === undefined) return { set: 0, refused: [] }
  const companies = [
    ...new Set((await bookedWithin(db, target.poolId, horizonOf(target, now))).map((each) => each.companyId)),
  ]
  const left = await spendable(db, companies, pool.tokenClassId)
  const refused: { account: string; reason: string }[] = []
  let set = 0
  for (const companyId of companies) {
    const account = target.accountOf(companyId)
    try {
      await target.scheduler.allow(account, gpuSecondsFor(left.get(companyId) ?? 0n, factor.factor))
      set += 1
    } catch (error) {
      if (!(error instanceof SchedulerRefused)) throw error
      refused.push({ account, reason: error.message })
    }
  }
  return { set, refused }
}

/** Available and held tokens of one class, by company. One query. */
async function spendable(db: Db, companyIds: readonly Uuid[], tokenClassId: Uuid): Promise<Map<Uuid, MicroTokens>> {
  const balances = await balancesByCompany(db, companyIds)
  return new Map(
    [...balances].map(([companyId, { lots }]) => [
      companyId,
      sumBalances(lots.filter((lot) => lot.tokenClassId === tokenClassId))
        .filter(({ kind }) => kind === 'available' || kind === 'held')
        .reduce((sum, { amount }) => sum + amount, 0n),
    ]),
  )
}
