/** Which scheduler has which pool, and how far ahead it is told. */
import type { Uuid } from '../../platform/index.ts'
import { addMinutes, type Interval } from '../interval.ts'
import type { Scheduler } from './scheduler.ts'

/** A scheduler slows down with what it knows, so it is told of so many days only. */
export const PUSH_HORIZON_DAYS = 14

/** Where a pool's reservations go. */
export type PoolScheduler = {
  readonly poolId: Uuid
  readonly scheduler: Scheduler
  /** The scheduler's name of the pool's GPUs. */
  readonly gpuModel: string
  /** The scheduler's name of a company. */
  readonly accountOf: (companyId: Uuid) => string
  /** The companies whose accounts are asked for jobs outside any reservation. None: no account is. */
  readonly companies?: readonly Uuid[]
  readonly horizonDays?: number
  /** Whether accounts are limited to what their companies can pay for. Only where the accounts have no other work. */
  readonly limitAccounts?: boolean
}

/** From now to as far ahead as the scheduler is told. */
export const horizonOf = ({ horizonDays = PUSH_HORIZON_DAYS }: PoolScheduler, now: string): Interval => ({
  startsAt: now,
  endsAt: addMinutes(now, horizonDays * 24 * 60),
})
