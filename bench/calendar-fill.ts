/** A calendar with very many reservations, written at once: booking a million one by one would take the better part of an hour. */
import type pg from 'pg'

export const CAPACITY = 8192
/** First instant of the ten years. */
export const OPENS = '2026-01-01T00:00:00Z'
export const DAYS = 3650

/**
 * Random reservations of 8, 16 or 24 GPUs over 1 to 47 hours, whole minutes, anywhere in ten years: on average half of the
 * pool is in use. The flat list of steps that they come to stays in `flat_<name>`, to check answers against.
 */
export async function fillCalendar(
  owner: pg.Client,
  name: string,
  poolId: string,
  reservations: number,
): Promise<void> {
  const flat = `flat_${name}`
  await owner.query('SELECT setseed(0.25)')
  await owner.query(`
    CREATE TABLE ${flat} AS
    WITH made AS MATERIALIZED (
      SELECT timestamptz '${OPENS}' + floor(random() * (${DAYS} * 1440 - 3000))::int * interval '1 minute' AS starts_at,
        (60 + floor(random() * 2760))::int * interval '1 minute' AS length, 8 * (1 + floor(random() * 3))::int AS gpus
      FROM generate_series(1, ${reservations})
    ), change AS (
      SELECT at, sum(gpus) AS gpus FROM (
        SELECT starts_at AS at, gpus FROM made UNION ALL SELECT starts_at + length, -gpus FROM made
        UNION ALL SELECT timestamptz '${OPENS}', 0) AS every GROUP BY at
    )
    SELECT at, (sum(gpus) OVER (ORDER BY at))::int AS used FROM change`)
  await owner.query(`CREATE INDEX ${flat}_at ON ${flat} (at)`)
  await owner.query(`ANALYZE ${flat}`)
  await owner.query(`
    CREATE TEMP TABLE part AS
    SELECT hour, greatest(step.at, hour) AS at, step.used
    FROM generate_series(timestamptz '${OPENS}', timestamptz '${OPENS}' + ${DAYS} * interval '24 hours', interval '1 hour') AS hour
    JOIN ${flat} AS step ON step.at < hour + interval '1 hour' AND step.at >= (SELECT max(at) FROM ${flat} WHERE at <= hour)`)
  await owner.query(`
    CREATE TEMP TABLE whole AS
    SELECT hour, pool_floor('24 hours', hour) AS day, max(used) AS high, min(used) AS low FROM part GROUP BY hour`)
  await owner.query(`INSERT INTO pool_step SELECT $1, at, used FROM part JOIN whole USING (hour) WHERE high <> low`, [
    poolId,
  ])
  await owner.query(
    `INSERT INTO pool_hour
     SELECT $1, hour, CASE WHEN high = low THEN low ELSE 0 END, CASE WHEN high = low THEN 0 ELSE high END,
       CASE WHEN high = low THEN 0 ELSE low END
     FROM whole WHERE day IN (SELECT day FROM whole GROUP BY day HAVING max(high) <> min(low))`,
    [poolId],
  )
  await owner.query(
    `INSERT INTO pool_day
     SELECT $1, day, ${CAPACITY}, CASE WHEN max(high) = min(low) THEN min(low) ELSE 0 END,
       CASE WHEN max(high) = min(low) THEN 0 ELSE max(high) END, CASE WHEN max(high) = min(low) THEN 0 ELSE min(low) END
     FROM whole GROUP BY day HAVING max(high) > 0`,
    [poolId],
  )
  await owner.query('DROP TABLE part, whole')
  for (const table of ['pool_day', 'pool_hour', 'pool_step']) await owner.query(`VACUUM ANALYZE ${table}`)
}

/** Asks the flat list for the most that is in use, as anybody would write it. */
export async function flatPeak(owner: pg.Client, name: string, startsAt: string, endsAt: string): Promise<number> {
  const { rows } = await owner.query<{ used: number }>(
    `SELECT max(used) AS used FROM flat_${name}
     WHERE at < $2 AND at >= coalesce((SELECT max(at) FROM flat_${name} WHERE at <= $1), '-infinity')`,
    [startsAt, endsAt],
  )
  return rows[0]?.used ?? 0
}
