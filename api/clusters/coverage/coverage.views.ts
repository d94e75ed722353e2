/** The coverage of token classes, from the rows of lots, pools, maintenance, dedications and factors. */
import { sql } from 'kysely'
import { instant, parseNumeric, type Reader, type Uuid } from '../../platform/index.ts'
import { outstandingByExpiry } from '../../tokens/index.ts'
import {
  type CoverageMonth,
  type CoveredPool,
  coverageByMonth,
  type FactorStretch,
  type GpuStretch,
  type Promised,
  worstMonth,
} from './coverage.ts'

export type Coverage = {
  readonly tokenClassId: Uuid
  /** Pools that are booked with the class. */
  readonly pools: number
  /** Their ids, in order. */
  readonly poolIds: readonly Uuid[]
  readonly months: readonly CoverageMonth[]
  /** The month with the lowest ratio; `null` where none is known. */
  readonly worst: CoverageMonth | null
  /** Why some months cannot be told; `null` where all can. */
  readonly unknown: string | null
}

/** How far ahead is looked: what expires later is taken to expire then. */
const HORIZON_YEARS = 10

/**
 * The coverage of each of these classes now. Five queries, however many there are.
 *
 * @param more promises that are not kept yet, by class: what a closing would add
 */
export async function coverageOf(
  reader: Reader,
  tokenClassIds: readonly Uuid[],
  more: ReadonlyMap<Uuid, readonly Promised[]> = new Map(),
): Promise<Map<Uuid, Coverage>> {
  if (tokenClassIds.length === 0) return new Map()
  const now = await instant(reader)
  const far = `${Number(now.slice(0, 4)) + HORIZON_YEARS}${now.slice(4, 10)}`
  const outstanding = await outstandingByExpiry(reader, tokenClassIds)
  const pools = await poolsOf(reader, tokenClassIds, now, far)
  return new Map(
    tokenClassIds.map((tokenClassId) => {
      const promises = [...(outstanding.get(tokenClassId) ?? []), ...(more.get(tokenClassId) ?? [])]
        // Expired and not yet moved by the job of the day: nobody can use them.
        .filter(({ expiresOn }) => expiresOn > now.slice(0, 10))
        .map((each) => (each.expiresOn > far ? { ...each, expiresOn: far } : each))
      const own = pools.get(tokenClassId) ?? []
      const months = coverageByMonth(own, promises, now)
      return [
        tokenClassId,
        {
          tokenClassId,
          pools: own.length,
          poolIds: own.map(({ poolId }) => poolId).sort(),
          months,
          worst: worstMonth(months) ?? null,
          unknown: why(own, months),
        },
      ]
    }),
  )
}

function why(pools: readonly CoveredPool[], months: readonly CoverageMonth[]): string | null {
  if (months.length === 0) return null
  if (pools.length === 0) return 'no pool is booked with these tokens'
  const first = months.find(({ deliverable }) => deliverable === null)
  return first === undefined ? null : `from ${first.month} on a pool has GPUs and no factor in force`
}

const ms = (at: string): number => Date.parse(at)

async function poolsOf(
  reader: Reader,
  tokenClassIds: readonly Uuid[],
  now: string,
  until: string,
): Promise<Map<Uuid, (CoveredPool & { readonly poolId: Uuid })[]>> {
  const ids = sql`${[...tokenClassIds]}::uuid[]`
  const capacity = await sql<{ tokenClassId: Uuid; poolId: Uuid; from: string; until: string; gpus: number }>`
    SELECT pool.token_class_id AS "tokenClassId", pool.pool_id AS "poolId", greatest(part.starts_at, pool.opens_at) AS "from",
      part.ends_at AS "until", pool.capacity - part.wanted AS gpus
    FROM pool CROSS JOIN LATERAL pool_wanted_withheld(pool.pool_id, ${now}::timestamptz, ${until}::timestamptz) AS part
    WHERE pool.token_class_id = ANY(${ids})`.execute(reader)
  const dedications = await sql<{ poolId: Uuid; companyId: Uuid; from: string; until: string; gpus: number }>`
    SELECT dedication.pool_id AS "poolId", dedication.company_id AS "companyId", dedication.starts_at AS "from",
      least(dedication.ends_at, coalesce(dedication.ended_from, dedication.ends_at)) AS "until", dedication.gpus
    FROM pool JOIN pool_dedication AS dedication ON dedication.pool_id = pool.pool_id
    WHERE pool.token_class_id = ANY(${ids}) AND dedication.ends_at > ${now}::timestamptz
    ORDER BY dedication.dedication_id`.execute(reader)
  // Of two factors that are valid at an instant the one recorded later holds: so for each piece between two ends.
  const factors = await sql<{ poolId: Uuid; from: string; until: string; factor: string }>`
    WITH own AS (
      SELECT factor.pool_id, factor.factor_id, factor.h100_hours_per_gpu_hour, factor.recorded_at, factor.valid_from,
        coalesce(factor.valid_until, 'infinity') AS valid_until
      FROM pool JOIN factor ON factor.pool_id = pool.pool_id WHERE pool.token_class_id = ANY(${ids})
    ), point AS (
      SELECT DISTINCT pool_id, at FROM own
      CROSS JOIN LATERAL (VALUES (greatest(valid_from, ${now}::timestamptz)), (least(valid_until, ${until}::timestamptz))) AS p (at)
      WHERE at BETWEEN ${now}::timestamptz AND ${until}::timestamptz
    ), piece AS (
      SELECT pool_id, at AS starts_at, lead(at) OVER (PARTITION BY pool_id ORDER BY at) AS ends_at FROM point
    )
    SELECT piece.pool_id AS "poolId", piece.starts_at AS "from", piece.ends_at AS "until",
      held.h100_hours_per_gpu_hour::text AS factor
    FROM piece CROSS JOIN LATERAL (
      SELECT h100_hours_per_gpu_hour FROM own
      WHERE own.pool_id = piece.pool_id AND own.valid_from <= piece.starts_at AND own.valid_until >= piece.ends_at
      ORDER BY own.recorded_at DESC, own.factor_id DESC LIMIT 1) AS held
    WHERE piece.ends_at IS NOT NULL`.execute(reader)
  const stretch = <Row extends { from: string; until: string }>({ from, until, ...rest }: Row) => ({
    ...rest,
    from: ms(from),
    until: ms(until),
  })
  const dedicated = Map.groupBy(dedications.rows.map(stretch), ({ poolId }) => poolId)
  const factored = Map.groupBy(
    factors.rows.map((row): FactorStretch & { poolId: Uuid } => ({
      ...stretch(row),
      factor: parseNumeric(row.factor),
    })),
    ({ poolId }) => poolId,
  )
  const classes = new Map<Uuid, (CoveredPool & { readonly poolId: Uuid })[]>()
  for (const [poolId, parts] of Map.groupBy(capacity.rows, (row) => row.poolId)) {
    const [{ tokenClassId } = { tokenClassId: '' }] = parts
    const pool = {
      poolId,
      capacity: parts.map(stretch).filter((part): part is GpuStretch & typeof part => part.until > part.from),
      dedications: dedicated.get(poolId) ?? [],
      factors: factored.get(poolId) ?? [],
    }
    classes.set(tokenClassId, [...(classes.get(tokenClassId) ?? []), pool])
  }
  return classes
}
