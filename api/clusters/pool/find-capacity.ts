import { sql } from 'kysely'
import { z } from 'zod'
import type { Actor } from '../../access/index.ts'
import {
  instant,
  type MicroTokens,
  parse,
  parseNumeric,
  type Reader,
  type Uuid,
  zInstant,
} from '../../platform/index.ts'
import { addMinutes, checkInterval, type Interval, MOST_MINUTES } from '../interval.ts'
import { quote } from '../metering/charge.ts'
import { zGpus } from '../reservation/quote-reservation.ts'
import { type PoolView, poolPage } from './pool.views.ts'

export const FindCapacityInput = z.strictObject({
  gpus: zGpus,
  minutes: z
    .int({ error: 'must be a whole number' })
    .min(1, 'must be at least 1')
    .max(MOST_MINUTES, 'must be at most ten years'),
  from: zInstant,
  to: zInstant,
})
export type FindCapacityInput = z.input<typeof FindCapacityInput>

/** Where and when a wish fits first in one pool, and what it would hold there. Nothing is set aside by asking. */
export type CapacityFit = Interval & { readonly pool: PoolView; readonly tokens: MicroTokens }

/** Most pools that one question looks into. */
const MOST_POOLS = 100

/**
 * The first fit in every visible pool for so many GPUs over so many minutes within a window, the cheapest by the factors
 * in force first. A pool where it fits nowhere, or whose limits it breaks, or that has no factor then, is not in the answer.
 *
 * @throws {BadInput} {BadInterval}
 */
export async function findCapacity(reader: Reader, actor: Actor, input: FindCapacityInput): Promise<CapacityFit[]> {
  const wish = parse(FindCapacityInput, input)
  checkInterval({ startsAt: wish.from, endsAt: wish.to })
  const pools = new Map((await poolPage(reader, actor, { limit: MOST_POOLS })).map((pool) => [pool.poolId, pool]))
  const fits: CapacityFit[] = []
  for (const found of await firstFits(reader, [...pools.keys()], wish)) {
    const pool = pools.get(found.poolId)
    if (pool === undefined) continue
    const interval = { startsAt: found.startsAt, endsAt: addMinutes(found.startsAt, wish.minutes) }
    fits.push({ ...interval, pool, tokens: quote(wish.gpus, interval, parseNumeric(found.factor)).hold })
  }
  return fits.sort(
    (a, b) => compare(a.tokens, b.tokens) || compare(a.startsAt, b.startsAt) || compare(a.pool.poolId, b.pool.poolId),
  )
}

const compare = <T extends bigint | string>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)

type Wish = z.output<typeof FindCapacityInput>
type FoundFit = { readonly poolId: Uuid; readonly startsAt: string; readonly factor: string }

/** One query for all pools: each within its own lead times, opening and lengths. */
async function firstFits(reader: Reader, poolIds: readonly Uuid[], wish: Wish): Promise<readonly FoundFit[]> {
  if (poolIds.length === 0) return []
  const now = await instant(reader)
  const { rows } = await sql<FoundFit>`
    SELECT pool.pool_id AS "poolId", fit.starts_at AS "startsAt", factor.h100_hours_per_gpu_hour AS factor
    FROM pool
    CROSS JOIN LATERAL (SELECT
      pool_ceiling('1 minute', greatest(${wish.from}::timestamptz, pool.opens_at,
        ${now}::timestamptz + make_interval(mins => pool.min_lead_minutes))) AS low,
      least(${wish.to}::timestamptz,
        ${now}::timestamptz + make_interval(mins => pool.max_lead_minutes + ${wish.minutes}::integer)) AS high
    ) AS open
    CROSS JOIN LATERAL (
      SELECT pool_first_fit(pool.pool_id, open.low, open.high, ${wish.gpus}::integer,
        make_interval(mins => ${wish.minutes}::integer)) AS starts_at
    ) AS fit
    CROSS JOIN LATERAL (
      SELECT h100_hours_per_gpu_hour FROM factor
      WHERE factor.pool_id = pool.pool_id AND valid_from <= fit.starts_at
        AND (valid_until IS NULL OR valid_until > fit.starts_at)
      ORDER BY recorded_at DESC, factor_id DESC LIMIT 1
    ) AS factor
    WHERE pool.pool_id = ANY(${[...poolIds]}::uuid[])
      AND ${wish.minutes}::integer BETWEEN pool.min_length_minutes AND pool.max_length_minutes
      AND fit.starts_at IS NOT NULL`.execute(reader)
  return rows
}
