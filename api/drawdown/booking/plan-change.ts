/** What a change of a reservation would be, before anything is written: how, at which price, for which fee, and who decides. */
import {
  bookingTermsOf,
  checkBookable,
  checkRunning,
  feeOf,
  findPool,
  governingFactor,
  HOUSE_RULES,
  isConfirmed,
  type LockedReservation,
  MoreGpusBeside,
  minutesUntil,
  mustHaveNoChange,
  mustHaveNoOffer,
  type PoolView,
  type Quote,
  quote,
  readMeter,
  refundPart,
  reservationInterval,
  usageEndsAt,
  WrongTime,
} from '../../clusters/index.ts'
import { instant, type MicroTokens, type Ref, Refused, type Trx, type Uuid, WrongState } from '../../platform/index.ts'
import { lastOf } from '../../tokens/index.ts'
import { holdOf } from '../usage/report-usage.ts'

type Wanted = { readonly gpus: number; readonly interval: { readonly startsAt: string; readonly endsAt: string } }
export type AskedChange = {
  readonly gpus?: number | null | undefined
  readonly startsAt?: string | null | undefined
  readonly endsAt?: string | null | undefined
}

export type PlannedChange = {
  readonly pool: PoolView
  readonly how: 'EXTENDED' | 'SHRUNK' | 'MOVED'
  readonly wanted: Wanted
  readonly priced: Quote
  /** Where another factor holds at the new start. */
  readonly factorId: Uuid | undefined
  /** Whether it waits for the provider. */
  readonly waits: boolean
  /** Whether the reservation runs: only its end changes then. */
  readonly running: boolean
  /** What is charged for what is given up. */
  readonly fee: MicroTokens
  /** The same by lot, of one that runs. */
  readonly fees: ReadonlyMap<Uuid, MicroTokens>
}

const CHANGEABLE = ['held', 'confirmed', 'provisioned', 'active'] as const
/** The lock time is over once it runs, however long it still has to go. */
const RUNNING_MINUTES_LEFT = -1

/**
 * Plans the change of a locked reservation.
 *
 * @throws {WrongTime} once it has started, for anything but its end; once it is over
 * @throws {MoreGpusBeside} for more GPUs of one that runs
 * @throws {WrongState} while a change or an offer waits
 * @throws {Refused} where nothing changes, and for an end before usage that was told
 * @throws {BadInterval} {NoFactor} {FactorNotAgreed}
 */
export async function planChange(trx: Trx, reservation: LockedReservation, asked: AskedChange): Promise<PlannedChange> {
  const { ref, interval, state, factor } = reservation
  const running = state === 'active'
  const pool = await mustBeChangeable(trx, reservation, CHANGEABLE)
  const wanted = {
    gpus: asked.gpus ?? reservation.gpus,
    interval: reservationInterval(interval, asked.startsAt, asked.endsAt),
  }
  const how = howItChanges(reservation, wanted)
  if (running) return planRunning(trx, reservation, { pool, how, wanted })
  const now = await instant(trx)
  // The lead time is for starts: one that stays was far enough ahead when it was asked for.
  const sameStart = minutesUntil(wanted.interval.startsAt, interval.startsAt) === 0
  checkBookable(wanted.interval, now, sameStart ? { ...pool, minLeadMinutes: 0 } : pool)
  const basis = how === 'MOVED' ? await governingFactor(trx, ref.companyId, pool, wanted.interval.startsAt) : undefined
  const priced = quote(wanted.gpus, wanted.interval, basis?.factor ?? factor)
  const fee = isConfirmed(state) && how === 'SHRUNK' ? await shrinkFee(trx, reservation, pool, priced.hold, now) : 0n
  const waits = isConfirmed(state) && how !== 'SHRUNK'
  return { pool, how, wanted, priced, factorId: basis?.factorId, waits, running, fee, fees: new Map() }
}

/** @throws {WrongState} {WrongTime} */
export async function mustBeChangeable(
  trx: Trx,
  { state, interval, poolId, ref }: LockedReservation,
  states: readonly (typeof CHANGEABLE)[number][],
): Promise<PoolView> {
  if (!states.some((one) => one === state)) throw new WrongState('reservation', state, states)
  const now = await instant(trx)
  if (state !== 'active') {
    if (minutesUntil(interval.startsAt, now) <= 0) throw new WrongTime(interval.startsAt, 'BEFORE_START')
    await mustHaveNoOffer(trx, ref)
  } else {
    if (minutesUntil(interval.endsAt, now) <= 0) throw new WrongTime(interval.endsAt, 'BEFORE_END')
    await mustHaveNoChange(trx, ref)
  }
  const pool = await findPool(trx, poolId)
  if (pool === undefined) throw new Error(`there is no pool ${poolId}`)
  return pool
}

/** @throws {Refused} where nothing changes */
function howItChanges({ gpus, interval }: Wanted, wanted: Wanted): 'EXTENDED' | 'SHRUNK' | 'MOVED' {
  const start = minutesUntil(wanted.interval.startsAt, interval.startsAt)
  const end = minutesUntil(wanted.interval.endsAt, interval.endsAt)
  if (start === 0 && end === 0 && wanted.gpus === gpus) throw new Refused('gpus', 'and the times are what they were')
  if (start >= 0 && end <= 0 && wanted.gpus <= gpus) return 'SHRUNK'
  return start === 0 && end >= 0 && wanted.gpus >= gpus ? 'EXTENDED' : 'MOVED'
}

/** What has been used stays, so only the end changes, and the factor that it was booked at holds on. */
async function planRunning(
  trx: Trx,
  reservation: LockedReservation,
  { pool, how, wanted }: Pick<PlannedChange, 'pool' | 'how' | 'wanted'>,
): Promise<PlannedChange> {
  const { ref, interval, factor, gpus } = reservation
  const sameStart = minutesUntil(wanted.interval.startsAt, interval.startsAt) === 0
  if (wanted.gpus > gpus && sameStart) {
    throw new MoreGpusBeside({ ...pool, gpus, more: wanted.gpus - gpus, endsAt: wanted.interval.endsAt })
  }
  if (wanted.gpus !== gpus || !sameStart) {
    throw new WrongTime(interval.startsAt, 'ONLY_END')
  }
  checkRunning(wanted.interval, await instant(trx), pool)
  const priced = quote(gpus, wanted.interval, factor)
  const plan = { pool, how, wanted, priced, factorId: undefined, running: true }
  if (how !== 'SHRUNK') return { ...plan, waits: true, fee: 0n, fees: new Map() }
  await mustReachUsage(trx, ref, wanted.interval.endsAt, priced.gpuSeconds)
  const fees = await runningFees(trx, reservation, pool, priced.hold)
  return { ...plan, waits: false, fee: [...fees.values()].reduce((sum, each) => sum + each, 0n), fees }
}

/** @throws {Refused} for an end before usage that was told, or for less GPU-time than was used */
async function mustReachUsage(trx: Trx, ref: Ref, endsAt: string, gpuSeconds: bigint): Promise<void> {
  const used = await usageEndsAt(trx, ref)
  if (used !== undefined && minutesUntil(used, endsAt) > 0) {
    throw new Refused('endsAt', `is before ${used}, until when usage was told`)
  }
  const meter = await readMeter(trx, ref)
  if (meter.gpuSeconds > gpuSeconds) {
    throw new Refused('endsAt', `leaves ${gpuSeconds} GPU-seconds, and ${meter.gpuSeconds} were used`)
  }
}

/** What is given up is charged as if it were cancelled now, by the terms of each lot that was drawn. */
async function shrinkFee(
  trx: Trx,
  { ref, holdId, hold: held, interval, requestedAt }: LockedReservation,
  pool: PoolView,
  left: MicroTokens,
  now: string,
): Promise<MicroTokens> {
  const terms = await bookingTermsOf(trx, ref.companyId, requestedAt)
  const minutesLeft = minutesUntil(interval.startsAt, now)
  const { lots } = await holdOf(trx, ref.companyId, holdId)
  const whole = lots.reduce((sum, { lotId, amount }) => {
    return sum + feeOf(amount, refundPart(terms.get(lotId) ?? HOUSE_RULES, minutesLeft, pool.lockMinutes))
  }, 0n)
  return held === 0n ? 0n : (whole * (held - left)) / held
}

/**
 * What giving up the end of one that runs costs of each lot: what is kept of it after the lock time. Never more than keeping
 * it would: where only metered use is charged, nothing.
 */
async function runningFees(
  trx: Trx,
  { ref, holdId, hold: held, requestedAt }: LockedReservation,
  pool: PoolView,
  left: MicroTokens,
): Promise<ReadonlyMap<Uuid, MicroTokens>> {
  const terms = await bookingTermsOf(trx, ref.companyId, requestedAt)
  const given = lastOf(await holdOf(trx, ref.companyId, holdId), held - left)
  return new Map(
    given.flatMap(({ lotId, amount }) => {
      const rules = terms.get(lotId) ?? HOUSE_RULES
      const fee = feeOf(amount, refundPart(rules, RUNNING_MINUTES_LEFT, pool.lockMinutes))
      return rules.charging === 'METERED' || fee === 0n ? [] : [[lotId, fee]]
    }),
  )
}
