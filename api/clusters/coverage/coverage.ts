/**
 * Whether a provider's pools can deliver what is promised before it expires. Pure. Definition, arithmetic and an example:
 * docs/coverage.md.
 */
import { type MicroTokens, NUMERIC_PLACES, type Numeric, type Uuid } from '../../platform/index.ts'

/** GPUs over `[from, until)`, instants in milliseconds since 1970. */
export type GpuStretch = { readonly from: number; readonly until: number; readonly gpus: number }
/** A factor over `[from, until)`; H100-hours per GPU-hour at ten places. */
export type FactorStretch = { readonly from: number; readonly until: number; readonly factor: Numeric }
export type CoveredPool = {
  /** Capacity less maintenance, from when the pool is open on. */
  readonly capacity: readonly GpuStretch[]
  readonly dedications: readonly (GpuStretch & { readonly companyId: Uuid })[]
  /** Not overlapping. Where there is none, what the pool delivers is not known. */
  readonly factors: readonly FactorStretch[]
}
/** Outstanding tokens by the day on which they expire. */
export type Promised = { readonly companyId: Uuid; readonly expiresOn: string; readonly amount: MicroTokens }

export type CoverageMonth = {
  /** `2027-03`: the month of the last day on which they can be used. */
  readonly month: string
  /** Tokens that can be used until this month, and no longer. */
  readonly expiring: MicroTokens
  /** H100-hours that the pools can deliver in it, as micro-tokens; `null` where a factor is not known. */
  readonly hours: MicroTokens | null
  /** All tokens that expire until its end. */
  readonly promised: MicroTokens
  /** All hours until its end that those tokens can use; `null` from the first month on that is not known. */
  readonly deliverable: MicroTokens | null
  /** deliverable / promised at ten places, rounded down; `null` where that is not known, or nothing is promised. */
  readonly ratio: Numeric | null
}

const HOUR_MS = 3_600_000n
const MICRO = 1_000_000n
const ONE = 10n ** BigInt(NUMERIC_PLACES)

/**
 * Month by month, from the month of `now` to the last in which something expires: what is promised until its end, and what can
 * be delivered until then. Sums are cumulative, since tokens may be used at any time before they expire: hours of an early
 * month serve later tokens, and never the reverse. Hours that are dedicated to a company serve its own tokens only.
 */
export function coverageByMonth(
  pools: readonly CoveredPool[],
  promises: readonly Promised[],
  now: string,
): readonly CoverageMonth[] {
  const open = promises.filter(({ amount }) => amount > 0n)
  const last = open.map(({ expiresOn }) => lastMonthOf(expiresOn)).reduce((a, b) => (a > b ? a : b), '')
  const months: CoverageMonth[] = []
  let [shared, known, before] = [0n, pools.length > 0, 0n]
  const dedicated = new Map<Uuid, bigint>()
  const owed = new Map<Uuid, MicroTokens>()
  for (let month = now.slice(0, 7); month <= last; month = nextMonth(month)) {
    const span = { from: Math.max(Date.parse(now), startOf(month)), until: startOf(nextMonth(month)) }
    const scaled = pools.map((pool) => hoursOf(pool, span))
    known &&= scaled.every((hours) => hours !== null)
    for (const hours of scaled) {
      if (hours === null) continue
      shared += hours.shared
      for (const [companyId, amount] of hours.dedicated)
        dedicated.set(companyId, (dedicated.get(companyId) ?? 0n) + amount)
    }
    const expiring = open.filter(({ expiresOn }) => lastMonthOf(expiresOn) === month)
    for (const { companyId, amount } of expiring) owed.set(companyId, (owed.get(companyId) ?? 0n) + amount)
    const promised = sum([...owed.values()])
    const own = sum([...dedicated].map(([companyId, hours]) => least(toMicro(hours), owed.get(companyId) ?? 0n)))
    const deliverable = known ? toMicro(shared) + own : null
    months.push({
      month,
      expiring: sum(expiring.map(({ amount }) => amount)),
      hours: deliverable === null ? null : deliverable - before,
      promised,
      deliverable,
      ratio: deliverable === null || promised === 0n ? null : (deliverable * ONE) / promised,
    })
    before = deliverable ?? before
  }
  return months
}

/** The month that decides: of those with promises the one with the lowest ratio, the first of equals. */
export const worstMonth = (months: readonly CoverageMonth[]): CoverageMonth | undefined =>
  months
    .filter(({ ratio }) => ratio !== null)
    .reduce<CoverageMonth | undefined>(
      (worst, month) => (worst === undefined || (month.ratio ?? 0n) < (worst.ratio ?? 0n) ? month : worst),
      undefined,
    )

/** GPU-milliseconds times factor, at ten places; `null` where no factor is known for some of the time that has GPUs. */
function hoursOf(pool: CoveredPool, span: { readonly from: number; readonly until: number }) {
  let shared = 0n
  const dedicated = new Map<Uuid, bigint>()
  for (const piece of piecesOf(pool, span)) {
    const gpus = pool.capacity.find((each) => covers(each, piece))?.gpus ?? 0
    if (gpus <= 0) continue
    const factor = pool.factors.find((each) => covers(each, piece))?.factor
    if (factor === undefined) return null
    const weight = BigInt(piece.until - piece.from) * factor
    let left = gpus
    for (const { companyId, gpus: own } of pool.dedications.filter((each) => covers(each, piece))) {
      const taken = Math.min(own, left)
      dedicated.set(companyId, (dedicated.get(companyId) ?? 0n) + BigInt(taken) * weight)
      left -= taken
    }
    shared += BigInt(left) * weight
  }
  return { shared, dedicated }
}

type Stretch = { readonly from: number; readonly until: number }
const covers = (each: Stretch, piece: Stretch): boolean => each.from <= piece.from && each.until >= piece.until

/** The span in pieces over which nothing changes. */
function piecesOf(pool: CoveredPool, span: Stretch): Stretch[] {
  const cuts = [pool.capacity, pool.dedications, pool.factors]
    .flat()
    .flatMap(({ from, until }) => [from, until])
    .filter((at) => at > span.from && at < span.until)
  const points = [...new Set([span.from, ...cuts, span.until])].sort((a, b) => a - b)
  return points.slice(1).map((until, index) => ({ from: points[index] ?? until, until }))
}

/** Rounded down, once for each sum: 1 GPU-hour at factor 1 is 1 token. */
const toMicro = (scaled: bigint): MicroTokens => (scaled * MICRO) / (HOUR_MS * ONE)
const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((all, amount) => all + amount, 0n)
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)

const startOf = (month: string): number => Date.parse(`${month}-01T00:00:00Z`)
const nextMonth = (month: string): string => new Date(startOf(month) + 32 * 86_400_000).toISOString().slice(0, 7)
/** Of the last day before the expiry. */
export const lastMonthOf = (expiresOn: string): string =>
  new Date(Date.parse(`${expiresOn}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 7)
