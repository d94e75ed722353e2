/** How much of a reservation was down, and what is credited for it. Pure. */
import { divide, type MicroTokens, NUMERIC_PLACES, type Numeric, type Uuid } from '../../platform/index.ts'
import { type Interval, microsecondsOf } from '../interval.ts'
import type { GpuSeconds } from './charge.ts'

/** GPUs that were down over an interval. `node` where it is known which. */
export type Outage = Interval & { readonly gpus: number; readonly node: string | null }

const MICROSECONDS = 1_000_000n
const ONE: Numeric = 10n ** BigInt(NUMERIC_PLACES)

/**
 * GPU-seconds that were down within an interval, rounded down: at every instant at most `gpus`. Different nodes add up; two
 * records of one node, and records that name none, may be of the same GPUs, and the larger counts.
 */
export function downGpuSeconds(outages: readonly Outage[], gpus: number, within: Interval): GpuSeconds {
  const [first, last] = [microsecondsOf(within.startsAt), microsecondsOf(within.endsAt)]
  const cut = outages
    .map(({ startsAt, endsAt, ...rest }) => {
      const [from, until] = [microsecondsOf(startsAt), microsecondsOf(endsAt)]
      return { ...rest, from: from < first ? first : from, until: until > last ? last : until }
    })
    .filter(({ from, until }) => from < until)
  const ends = [...new Set(cut.flatMap(({ from, until }) => [from, until]))].sort((a, b) => (a < b ? -1 : 1))
  let sum = 0n
  for (const [index, until] of ends.entries()) {
    const from = ends[index - 1]
    if (from === undefined) continue
    const down = downAt(cut.filter((each) => each.from <= from && each.until >= until))
    sum += BigInt(Math.min(gpus, down)) * (until - from)
  }
  return sum / MICROSECONDS
}

function downAt(outages: readonly Pick<Outage, 'gpus' | 'node'>[]): number {
  const byNode = Map.groupBy(outages, ({ node }) => node)
  const most = (each: readonly { gpus: number }[] = []): number => Math.max(0, ...each.map(({ gpus }) => gpus))
  const named = [...byNode].reduce((sum, [node, each]) => (node === null ? sum : sum + most(each)), 0)
  return Math.max(named, most(byNode.get(null)))
}

/**
 * What is credited of each lot that unused time is charged to: its part of what the time that was down costs, times its
 * terms' factor, rounded up in favour of the company, and never more than is charged.
 *
 * @param charged what unused time costs, by lot
 * @param value what the time that was down costs
 */
export function outageCredits(
  charged: ReadonlyMap<Uuid, MicroTokens>,
  value: MicroTokens,
  factorOf: (lotId: Uuid) => Numeric,
): ReadonlyMap<Uuid, MicroTokens> {
  const total = sumOf(charged)
  const parts = shareOut(charged, value < total ? value : total)
  return new Map(
    [...parts].map(([lotId, part]) => {
      const credit = divide(part * factorOf(lotId), ONE, 'UP')
      const most = charged.get(lotId) ?? 0n
      return [lotId, credit < most ? credit : most]
    }),
  )
}

/** Splits an amount in proportion to `over`, whole, in its order: no part is above its own where the amount is not above all. */
export function shareOut(over: ReadonlyMap<Uuid, MicroTokens>, amount: MicroTokens): Map<Uuid, MicroTokens> {
  const total = sumOf(over)
  let reached = 0n
  return new Map(
    [...over].map(([key, part]) => {
      const before = total === 0n ? 0n : (amount * reached) / total
      reached += part
      return [key, (total === 0n ? 0n : (amount * reached) / total) - before]
    }),
  )
}

export const sumOf = (amounts: ReadonlyMap<Uuid, MicroTokens>): MicroTokens =>
  [...amounts.values()].reduce((sum, amount) => sum + amount, 0n)
