/** From GPU-time to tokens. Every amount is rounded once, here: a hold upwards, a meter's cumulative sum downwards. */
import { divide, type MicroTokens, NUMERIC_PLACES, type Numeric } from '../../platform/index.ts'
import { type Interval, secondsOf } from '../interval.ts'

/** One GPU for one second, of whatever model the pool has. */
export type GpuSeconds = bigint
/** H100-hours per GPU-hour of a pool's model, times 10^10. */
export type Factor = Numeric

/** What reserved time that nobody used is charged as. */
export const CHARGINGS = ['RESERVED', 'METERED'] as const
/** `RESERVED`: the reserved time is charged, used or not. `METERED`: only what was delivered. The terms say which. */
export type Charging = (typeof CHARGINGS)[number]

const SECONDS_PER_HOUR = 3600n
const MICRO = 10n ** 6n
const FACTOR_ONE = 10n ** BigInt(NUMERIC_PLACES)

/** GPU-seconds of so many GPUs over an interval of whole minutes. */
export const reservedGpuSeconds = (gpus: number, interval: Interval): GpuSeconds => BigInt(gpus) * secondsOf(interval)

/** Micro-tokens to hold for reserved GPU-seconds, rounded UP: no sequence of charges for them can exceed it. */
export const holdAmount = (gpuSeconds: GpuSeconds, factor: Factor): MicroTokens =>
  divide(gpuSeconds * factor * MICRO, SECONDS_PER_HOUR * FACTOR_ONE, 'UP')

/** Micro-tokens that a meter's cumulative GPU-seconds come to, rounded DOWN. */
export const meteredTokens = (cumulative: GpuSeconds, factor: Factor): MicroTokens =>
  divide(cumulative * factor * MICRO, SECONDS_PER_HOUR * FACTOR_ONE, 'DOWN')

/**
 * Micro-tokens charged for moving a meter from `before` to `after` GPU-seconds: the difference of rounded cumulative
 * sums, so that splitting usage into more records never changes what it costs in total.
 *
 * @throws {RangeError} when the meter would run backwards: corrections are rows of their own
 */
export function meterCharge(before: GpuSeconds, after: GpuSeconds, factor: Factor): MicroTokens {
  if (before < 0n || after < before) throw new RangeError(`a meter does not run from ${before} to ${after}`)
  return meteredTokens(after, factor) - meteredTokens(before, factor)
}

/** Micro-tokens charged for reserved time that was not used, once all usage is in. */
export const idleCharge = (reserved: GpuSeconds, used: GpuSeconds, factor: Factor, charging: Charging): MicroTokens =>
  charging === 'RESERVED' ? meterCharge(used, reserved, factor) : 0n

/** What a reservation would take, before it is asked for. */
export type Quote = { readonly gpuSeconds: GpuSeconds; readonly factor: Factor; readonly hold: MicroTokens }

/** The tokens that a request for so many GPUs over an interval of whole minutes would hold. */
export function quote(gpus: number, interval: Interval, factor: Factor): Quote {
  const gpuSeconds = reservedGpuSeconds(gpus, interval)
  return { gpuSeconds, factor, hold: holdAmount(gpuSeconds, factor) }
}
