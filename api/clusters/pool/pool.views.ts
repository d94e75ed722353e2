/** Pools, their factors and their free capacity, as screens and other use cases read them. */
import { sql } from 'kysely'
import type { Actor } from '../../access/index.ts'
import { globalId, NotFound, parseNumeric, type Reader, Refused, type Uuid } from '../../platform/index.ts'
import { type FactorBasis, factorBasis } from '../factor/factor-basis.ts'
import { BadInterval, checkInterval, earlier, type Interval, later, microsecondsOf } from '../interval.ts'
import type { Factor } from '../metering/charge.ts'
import { metersFor, poolsSeenBy, seesPool } from '../visibility.ts'

export type PoolView = {
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
  readonly createdAs: string
  /** Minutes within which its meter tells of GPUs that are in use; null where it tells of jobs that have ended. */
  readonly meterDelayMinutes: number | null
}

const pools = (reader: Reader) =>
  reader
    .selectFrom('pool')
    .select([
      'pool_id as poolId',
      'provider_id as providerId',
      'token_class_id as tokenClassId',
      'cluster',
      'gpu_model as gpuModel',
      'capacity',
      'opens_at as opensAt',
      'min_lead_minutes as minLeadMinutes',
      'max_lead_minutes as maxLeadMinutes',
      'min_length_minutes as minLengthMinutes',
      'max_length_minutes as maxLengthMinutes',
      'lock_minutes as lockMinutes',
      'decision_minutes as decisionMinutes',
      'created_as as createdAs',
      (on) =>
        on
          .selectFrom('pool_meter_delay as delay')
          .select('delay.minutes')
          .whereRef('delay.pool_id', '=', 'pool.pool_id')
          .orderBy('delay.recorded_at', 'desc')
          .orderBy('delay.delay_id', 'desc')
          .limit(1)
          .as('meterDelayMinutes'),
    ])

/** The visible ones among these pools, in no order. One query. */
export async function poolsById(reader: Reader, actor: Actor, ids: readonly Uuid[]): Promise<PoolView[]> {
  if (ids.length === 0) return []
  return pools(reader)
    .where('pool_id', 'in', [...ids])
    .where(poolsSeenBy(actor))
    .execute()
}

/** A page of visible pools, newest first. */
export async function poolPage(
  reader: Reader,
  actor: Actor,
  page: { limit: number; after?: Uuid | undefined; before?: Uuid | undefined; backwards?: boolean },
): Promise<PoolView[]> {
  let query = pools(reader).where(poolsSeenBy(actor)).limit(page.limit)
  if (page.after !== undefined) query = query.where('pool_id', '<', page.after)
  if (page.before !== undefined) query = query.where('pool_id', '>', page.before)
  return query.orderBy('pool_id', page.backwards === true ? 'asc' : 'desc').execute()
}

/** How many pools the actor sees. */
export async function poolCount(reader: Reader, actor: Actor): Promise<number> {
  const { count } = await reader
    .selectFrom('pool')
    .select((on) => on.fn.countAll<bigint>().as('count'))
    .where(poolsSeenBy(actor))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/**
 * Refuses a pool that does not exist or that the actor may not see: the two look the same.
 *
 * @throws {NotFound}
 */
export async function mustSeePool(reader: Reader, actor: Actor, poolId: Uuid): Promise<PoolView> {
  const pool = await findPool(reader, poolId)
  if (pool === undefined || !seesPool(actor, pool)) throw new NotFound('pool', globalId('Pool', poolId))
  return pool
}

/** The pool whoever asks, for this capability's own use. */
export const findPool = (reader: Reader, poolId: Uuid): Promise<PoolView | undefined> =>
  pools(reader).where('pool_id', '=', poolId).executeTakeFirst()

/** The providers of these pools, for deciding what is visible. */
export async function providersOfPools(reader: Reader, ids: readonly Uuid[]): Promise<Map<Uuid, Uuid>> {
  if (ids.length === 0) return new Map()
  const rows = await reader
    .selectFrom('pool')
    .select(['pool_id', 'provider_id'])
    .where('pool_id', 'in', [...new Set(ids)])
    .execute()
  return new Map(rows.map((row) => [row.pool_id, row.provider_id]))
}

/** The pools whose usage the actor meters: those of the providers whose staff or machine it is. */
export async function poolsMetered(reader: Reader, actor: Actor): Promise<Uuid[]> {
  const own = [...actor.providerIds].filter((providerId) => metersFor(actor, providerId))
  if (own.length === 0) return []
  const rows = await reader.selectFrom('pool').select('pool_id').where('provider_id', 'in', own).execute()
  return rows.map((row) => row.pool_id)
}

/** The pools of one provider. */
export async function poolsOfProvider(reader: Reader, providerId: Uuid): Promise<Uuid[]> {
  const rows = await reader.selectFrom('pool').select('pool_id').where('provider_id', '=', providerId).execute()
  return rows.map((row) => row.pool_id)
}

export type FactorView = {
  readonly poolId: Uuid
  readonly factorId: Uuid
  readonly factor: Factor
  readonly basis: FactorBasis
  readonly source: string
  readonly validFrom: string
  readonly validUntil: string | null
  readonly approvedBy: Uuid
  readonly approvedAs: string
  readonly recordedAt: string
  /** When the other side signed it too; null while one side alone set it. */
  readonly countersignedAt: string | null
}

const factors = (reader: Reader) =>
  reader
    .selectFrom('factor')
    .leftJoin('factor_countersignature as countersignature', (join) =>
      join
        .onRef('countersignature.pool_id', '=', 'factor.pool_id')
        .onRef('countersignature.factor_id', '=', 'factor.factor_id'),
    )
    .select([
      'factor.pool_id as poolId',
      'factor.factor_id as factorId',
      'h100_hours_per_gpu_hour as text',
      'basis',
      'source',
      'valid_from as validFrom',
      'valid_until as validUntil',
      'approved_by as approvedBy',
      'approved_as as approvedAs',
      'recorded_at as recordedAt',
      'countersignature.signed_at as countersignedAt',
    ])

const withFactor = <Row extends { text: string; basis: string }>({ text, basis, ...row }: Row) => ({
  ...row,
  basis: factorBasis(basis),
  factor: parseNumeric(text),
})

/** The factor in force at an instant: of those valid then, the one recorded last. `undefined` where there is none. */
export async function factorAt(reader: Reader, poolId: Uuid, at: string): Promise<FactorView | undefined> {
  const row = await factors(reader)
    .where('factor.pool_id', '=', poolId)
    .where('valid_from', '<=', at)
    .where((on) => on.or([on('valid_until', 'is', null), on('valid_until', '>', at)]))
    .orderBy('recorded_at', 'desc')
    .orderBy('factor.factor_id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row === undefined ? undefined : withFactor(row)
}

/** One factor of a pool, in force or not. */
export async function factorById(reader: Reader, poolId: Uuid, factorId: Uuid): Promise<FactorView | undefined> {
  const row = await factors(reader)
    .where('factor.pool_id', '=', poolId)
    .where('factor.factor_id', '=', factorId)
    .executeTakeFirst()
  return row === undefined ? undefined : withFactor(row)
}

/** The factor in force at an instant of every pool of a token class that has one, by cluster and model. One query. */
export async function factorsInForce(
  reader: Reader,
  tokenClassIds: readonly Uuid[] | 'every',
  at: string,
): Promise<(FactorView & Pick<PoolView, 'cluster' | 'gpuModel' | 'tokenClassId'>)[]> {
  if (tokenClassIds.length === 0) return []
  const rows = await factors(reader)
    .innerJoin('pool', 'pool.pool_id', 'factor.pool_id')
    .select(['pool.cluster', 'pool.gpu_model as gpuModel', 'pool.token_class_id as tokenClassId'])
    .distinctOn(['pool.cluster', 'pool.gpu_model', 'factor.pool_id'])
    .$if(tokenClassIds !== 'every', (query) => query.where('pool.token_class_id', 'in', [...tokenClassIds]))
    .where('valid_from', '<=', at)
    .where((on) => on.or([on('valid_until', 'is', null), on('valid_until', '>', at)]))
    .orderBy('pool.cluster')
    .orderBy('pool.gpu_model')
    .orderBy('factor.pool_id')
    .orderBy('recorded_at', 'desc')
    .orderBy('factor.factor_id', 'desc')
    .execute()
  return rows.map(withFactor)
}

/** The factors of these pools, of each the one recorded last first. One query. */
export async function factorsOf(reader: Reader, poolIds: readonly Uuid[]): Promise<FactorView[]> {
  if (poolIds.length === 0) return []
  const rows = await factors(reader)
    .where('factor.pool_id', 'in', [...poolIds])
    .orderBy('recorded_at', 'desc')
    .orderBy('factor.factor_id', 'desc')
    .execute()
  return rows.map(withFactor)
}

/** Whether a pool has any factor yet. */
export async function hasFactor(reader: Reader, poolId: Uuid): Promise<boolean> {
  const row = await reader
    .selectFrom('factor')
    .select('factor_id')
    .where('pool_id', '=', poolId)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** A part of an interval over which a pool's capacity and use do not change. */
export type FreeStep = Interval & { readonly capacity: number; readonly free: number }
/** `lowest`: the GPUs that are free over the whole interval. */
export type FreeCapacity = { readonly lowest: number; readonly steps: readonly FreeStep[] }

/** Most steps that one answer holds. */
export const MOST_STEPS = 2000

/**
 * A pool's free GPUs over an interval, as steps that cover it without gaps.
 *
 * @throws {BadInterval} also when it starts before the pool opens
 * @throws {Refused} when it has more than {@link MOST_STEPS} steps: ask for less time
 */
export async function freeCapacity(reader: Reader, poolId: Uuid, interval: Interval): Promise<FreeCapacity> {
  const answer = (await freeCapacities(reader, [poolId], interval)).get(poolId)
  if (answer === undefined || answer instanceof Error) throw answer ?? new NotFound('pool', globalId('Pool', poolId))
  return answer
}

/**
 * {@link freeCapacity} of several pools over one interval: for each its answer or its refusal. Two queries.
 *
 * @throws {BadInterval} when the interval is none
 */
export async function freeCapacities(
  reader: Reader,
  poolIds: readonly Uuid[],
  interval: Interval,
): Promise<Map<Uuid, FreeCapacity | BadInterval | Refused>> {
  checkInterval(interval)
  const { startsAt, endsAt } = interval
  const { rows } = await sql<Step>`
    SELECT pool.pool_id AS "poolId", pool.capacity, step.starts_at AS "startsAt", step.used
    FROM pool LEFT JOIN LATERAL (
      SELECT * FROM pool_steps(pool.pool_id, ${startsAt}::timestamptz, ${endsAt}::timestamptz) LIMIT ${MOST_STEPS + 1}
    ) AS step ON pool.opens_at <= ${startsAt}
    WHERE pool.pool_id = ANY(${[...poolIds]}::uuid[]) ORDER BY pool.pool_id, step.starts_at`.execute(reader)
  const withheld = Map.groupBy(await piecesOver(reader, poolIds, interval), (piece) => piece.poolId)
  const byPool = Map.groupBy(rows, (row) => row.poolId)
  return new Map([...byPool].map(([poolId, steps]) => [poolId, stepsOver(interval, steps, withheld.get(poolId) ?? [])]))
}

type Piece = Interval & { readonly poolId: Uuid; readonly wanted: number }

/** What cannot be lent out of these pools, in order. */
const piecesOver = (reader: Reader, poolIds: readonly Uuid[], interval: Interval): Promise<Piece[]> =>
  reader
    .selectFrom('pool_withheld')
    .select(['pool_id as poolId', 'starts_at as startsAt', 'ends_at as endsAt', 'wanted'])
    .where('pool_id', 'in', [...poolIds])
    .where('ends_at', '>', interval.startsAt)
    .where('starts_at', '<', interval.endsAt)
    .orderBy('starts_at')
    .execute()

/** One row without a step stands for a pool that opens later. */
type Step = {
  readonly poolId: Uuid
  readonly capacity: number
  readonly startsAt: string | null
  readonly used: number | null
}

function stepsOver(
  interval: Interval,
  rows: readonly Step[],
  pieces: readonly Piece[],
): FreeCapacity | BadInterval | Refused {
  if (rows.length > MOST_STEPS) return new Refused('to', `is too late: the interval has more than ${MOST_STEPS} steps`)
  const steps: FreeStep[] = []
  for (const [index, { startsAt, capacity, used }] of rows.entries()) {
    if (startsAt === null || used === null) {
      return new BadInterval('BEFORE_OPENING', interval, 'starts before the pool opens')
    }
    const step = { startsAt, endsAt: rows[index + 1]?.startsAt ?? interval.endsAt, capacity, free: capacity - used }
    steps.push(...(pieces.length === 0 ? [step] : splitByCapacity(step, pieces)))
  }
  return { lowest: Math.min(...steps.map((step) => step.free)), steps }
}

/** A step of the calendar as parts over which the pool's capacity does not change either. */
function splitByCapacity(step: FreeStep, pieces: readonly Piece[]): FreeStep[] {
  const over = pieces.filter(
    (piece) =>
      microsecondsOf(piece.startsAt) < microsecondsOf(step.endsAt) &&
      microsecondsOf(piece.endsAt) > microsecondsOf(step.startsAt),
  )
  const parts: FreeStep[] = []
  let from = step.startsAt
  for (const piece of over) {
    const [startsAt, endsAt] = [later(piece.startsAt, from), earlier(piece.endsAt, step.endsAt)]
    if (microsecondsOf(startsAt) > microsecondsOf(from)) parts.push({ ...step, startsAt: from, endsAt: startsAt })
    const capacity = step.capacity - piece.wanted
    const last = parts.at(-1)
    if (last !== undefined && last.capacity === capacity) parts[parts.length - 1] = { ...last, endsAt }
    else parts.push({ ...step, startsAt, endsAt, capacity })
    from = endsAt
  }
  if (microsecondsOf(from) < microsecondsOf(step.endsAt)) parts.push({ ...step, startsAt: from })
  return parts
}

/** How many GPUs a company can book over a whole interval: free ones, and those dedicated to it that it has not booked. */
export async function lowestFreeFor(
  reader: Reader,
  pool: PoolView,
  companyId: Uuid,
  interval: Interval,
): Promise<number> {
  const { rows } = await sql<{ free: number }>`
    SELECT pool_free_for(${pool.poolId}::uuid, ${companyId}::uuid, ${interval.startsAt}::timestamptz,
      ${interval.endsAt}::timestamptz) AS free`.execute(reader)
  const [row] = rows
  if (row === undefined) throw new Error('the calendar did not answer')
  return row.free
}

/** How many GPUs are free over a whole interval, whatever its steps are. */
export async function lowestFree(reader: Reader, pool: PoolView, interval: Interval): Promise<number> {
  const { rows } = await sql<{ used: number }>`
    SELECT pool_peak(${pool.poolId}::uuid, ${interval.startsAt}::timestamptz, ${interval.endsAt}::timestamptz) AS used`.execute(
    reader,
  )
  const [row] = rows
  if (row === undefined) throw new Error('the calendar did not answer')
  return pool.capacity - row.used
}

/** A wish for GPUs somewhere in a window of time. */
export type FitQuestion = Interval & { readonly gpus: number; readonly minutes: number }

/** The earliest start within the window from which so many GPUs are free for so long; `undefined` where there is none. */
export async function firstFit(reader: Reader, poolId: Uuid, question: FitQuestion): Promise<string | undefined> {
  checkInterval(question)
  const { rows } = await sql<{ startsAt: string | null }>`
    SELECT pool_first_fit(${poolId}::uuid, ${question.startsAt}::timestamptz, ${question.endsAt}::timestamptz,
      ${question.gpus}::integer, make_interval(mins => ${question.minutes}::integer)) AS "startsAt"`.execute(reader)
  return rows[0]?.startsAt ?? undefined
}
