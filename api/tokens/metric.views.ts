/** Metrics, their observations and their levels. Everybody who is signed in may read them: terms name them. */
import { sql } from 'kysely'
import { type Numeric, parseNumeric, type Reader, Refused, type Uuid } from '../platform/index.ts'
import { daysAfter, type IndexLevel, indexLevel } from './index-level.ts'

export type MetricView = {
  readonly metricId: Uuid
  readonly name: string
  /** What one price is for. */
  readonly unit: 'H100_HOUR'
  readonly currency: string
  readonly source: string
  readonly method: string
  /** Days that one observation covers. */
  readonly windowDays: number
  /** After so many days without an observation the metric has no level. */
  readonly staleAfterDays: number
  readonly fallbackId: Uuid | null
  /** First day on which it is no longer published. */
  readonly endedOn: string | null
  readonly endReason: string | null
}

const metrics = (reader: Reader) =>
  reader
    .selectFrom('metric')
    .leftJoin('metric_end', 'metric_end.metric_id', 'metric.metric_id')
    .select([
      'metric.metric_id as metricId',
      'name',
      'unit',
      'currency',
      'source',
      'method',
      'window_days as windowDays',
      'stale_after_days as staleAfterDays',
      'fallback_id as fallbackId',
      'metric_end.ended_on as endedOn',
      'metric_end.reason as endReason',
    ])
    .$narrowType<{ unit: 'H100_HOUR' }>()

/** These metrics, in no order. */
export async function metricsById(reader: Reader, ids: readonly Uuid[]): Promise<MetricView[]> {
  if (ids.length === 0) return []
  return metrics(reader)
    .where('metric.metric_id', 'in', [...ids])
    .execute()
}

export const findMetric = (reader: Reader, metricId: Uuid): Promise<MetricView | undefined> =>
  metrics(reader).where('metric.metric_id', '=', metricId).executeTakeFirst()

/** All metrics, by name. An installation has a handful. */
export const allMetrics = (reader: Reader): Promise<MetricView[]> =>
  metrics(reader).orderBy('name').limit(200).execute()

export type ObservationView = {
  readonly metricId: Uuid
  readonly observationId: Uuid
  readonly observedOn: string
  /** Money for one unit; null: what it corrects was never observed. */
  readonly level: Numeric | null
  readonly source: string
  readonly correctsId: Uuid | null
  readonly recordedAt: string
}

/** Most observations of one answer. */
export const OBSERVATIONS_MAX = 1_000

/**
 * The observations of each metric over `[from, to]`, oldest first, as they were known at an instant: without those that a
 * correction has replaced by then. One query, at most {@link OBSERVATIONS_MAX} each.
 */
export async function observationsOf(
  reader: Reader,
  metricIds: readonly Uuid[],
  {
    from,
    to,
    knownAt = null,
    limit = OBSERVATIONS_MAX,
  }: { from: string; to: string; knownAt?: string | null; limit?: number },
): Promise<Map<Uuid, ObservationView[]>> {
  if (metricIds.length === 0) return new Map()
  const { rows } = await sql<Omit<ObservationView, 'level'> & { level: string | null }>`
    SELECT metric.id AS "metricId", row.* FROM unnest(${[...metricIds]}::uuid[]) AS metric (id) CROSS JOIN LATERAL (
      SELECT observation_id AS "observationId", observed_on AS "observedOn", level, source, corrects_id AS "correctsId",
        recorded_at AS "recordedAt"
      FROM observation AS kept
      WHERE metric_id = metric.id AND observed_on BETWEEN ${from}::date AND ${to}::date
        AND (${knownAt}::timestamptz IS NULL OR recorded_at <= ${knownAt}::timestamptz)
        AND NOT EXISTS (SELECT FROM observation AS later WHERE later.metric_id = metric.id
          AND later.corrects_id = kept.observation_id
          AND (${knownAt}::timestamptz IS NULL OR later.recorded_at <= ${knownAt}::timestamptz))
      ORDER BY observed_on DESC, observation_id LIMIT ${limit}) AS row
    ORDER BY metric.id, row."observedOn"`.execute(reader)
  const parsed = rows.map((row) => ({ ...row, level: row.level === null ? null : parseNumeric(row.level) }))
  return Map.groupBy(parsed, (row) => row.metricId)
}

/** A level, and the metric that it is of: the one asked for, or the fallback that took its place when it ended. */
export type MetricLevel = IndexLevel & { readonly metric: MetricView; readonly askedId: Uuid }

/** What is asked of an index. `windowDays`: the metric's own where it is left out. */
export type LevelQuestion = {
  readonly asOf: string
  readonly windowDays?: number | undefined
  /** By what was recorded until this instant. */
  readonly knownAt?: string | null | undefined
}

/** Which metric stands for another on a day: itself, or from the day it ended on its fallback, and so on. */
function inForce(all: ReadonlyMap<Uuid, MetricView>, metricId: Uuid, asOf: string): MetricView | Refused {
  let metric = all.get(metricId)
  // A metric names a fallback that is there before it, so the chain ends.
  while (metric !== undefined && metric.endedOn !== null && metric.endedOn <= asOf) {
    const { name, endedOn, fallbackId } = metric
    if (fallbackId === null)
      return new Refused('metricId', `has no level on ${asOf}: ${name} ended on ${endedOn} and names no fallback`)
    metric = all.get(fallbackId)
  }
  return metric ?? new Refused('metricId', 'is no metric here')
}

/**
 * The level of each of these metrics on a day over a window, or why it has none: nothing was observed, what was observed is
 * stale, or it ended without a fallback. Two queries, however many.
 */
export async function levelsOf(
  reader: Reader,
  metricIds: readonly Uuid[],
  question: LevelQuestion,
): Promise<Map<Uuid, MetricLevel | Refused>> {
  const all = new Map((await allMetrics(reader)).map((metric) => [metric.metricId, metric]))
  const standing = new Map(metricIds.map((id) => [id, inForce(all, id, question.asOf)]))
  const wanted = [...standing.values()].filter((metric): metric is MetricView => !(metric instanceof Refused))
  const levels = await levelsOfMetrics(reader, wanted, question)
  return new Map(
    [...standing].map(([id, metric]) => {
      if (metric instanceof Refused) return [id, metric] as const
      const level = levels.get(metric.metricId) ?? new Refused('metricId', 'is no metric here')
      return [id, level instanceof Refused ? level : { ...level, askedId: id }] as const
    }),
  )
}

/** {@link levelsOf} of one. @throws {Refused} where it has none */
export async function levelOf(reader: Reader, metricId: Uuid, question: LevelQuestion): Promise<MetricLevel> {
  const level = (await levelsOf(reader, [metricId], question)).get(metricId)
  if (level === undefined || level instanceof Refused) throw level ?? new Refused('metricId', 'is no metric here')
  return level
}

/**
 * The level of exactly this metric on each of these days, also where it has ended since: for comparing a fallback with itself.
 * One query, however many days; in the place of a level why there is none.
 */
export async function levelsOnDays(
  reader: Reader,
  metric: MetricView,
  days: readonly string[],
  windowDays = metric.windowDays,
): Promise<ReadonlyMap<string, MetricLevel | Refused>> {
  const sorted = days.toSorted()
  const [first, last] = [sorted[0], sorted.at(-1)]
  if (first === undefined || last === undefined) return new Map()
  const reach = Math.max(windowDays, metric.staleAfterDays)
  const range = { from: daysAfter(first, -reach), to: last, limit: LEVEL_OBSERVATIONS }
  const found = (await observationsOf(reader, [metric.metricId], range)).get(metric.metricId) ?? []
  return new Map(
    sorted.map((asOf) => {
      // What is further back than one day's own question reaches would only be told as stale, by another date.
      const near = found.filter(({ observedOn }) => observedOn >= daysAfter(asOf, -reach))
      return [asOf, levelFrom(metric, near, { asOf, windowDays })]
    }),
  )
}

/** Observations that levels are taken from: more than twenty years of daily ones. */
const LEVEL_OBSERVATIONS = 10_000

async function levelsOfMetrics(
  reader: Reader,
  metrics: readonly MetricView[],
  { asOf, windowDays, knownAt = null }: LevelQuestion,
): Promise<Map<Uuid, MetricLevel | Refused>> {
  const reach = Math.max(
    1,
    ...metrics.map((metric) => Math.max(windowDays ?? metric.windowDays, metric.staleAfterDays)),
  )
  const ids = [...new Set(metrics.map(({ metricId }) => metricId))]
  const found = await observationsOf(reader, ids, {
    from: daysAfter(asOf, -reach),
    to: asOf,
    knownAt,
    limit: LEVEL_OBSERVATIONS,
  })
  return new Map(
    metrics.map((metric) => [
      metric.metricId,
      levelFrom(metric, found.get(metric.metricId) ?? [], { asOf, windowDays }),
    ]),
  )
}

function levelFrom(
  metric: MetricView,
  found: readonly ObservationView[],
  { asOf, windowDays = metric.windowDays }: LevelQuestion,
): MetricLevel | Refused {
  const counted = found.flatMap(({ observedOn, level }) => (level === null ? [] : [{ observedOn, level }]))
  const level = indexLevel(counted, { asOf, windowDays, staleAfterDays: metric.staleAfterDays })
  if (!('refused' in level)) return { ...level, metric, askedId: metric.metricId }
  const why =
    level.newest === null
      ? `nothing was observed in the ${metric.staleAfterDays} days before`
      : `it was last observed on ${level.newest}`
  return new Refused(
    'metricId',
    `has no level on ${asOf}: ${metric.name} is ${level.refused === 'stale' ? 'stale' : 'not observed then'}; ${why}`,
  )
}
