-- The most that is in use over [p_from, p_until), from the coarsest level that tells it. A day's row bounds what is in use on it,
-- and tells it where the day is in the interval as a whole, or its hours are equal; an hour's row likewise. So the two edges
-- are looked into only where their bound is above what is known already: among two whole days of hours an edge seldom is.
-- What is not looked into is mostly not in memory, since of all levels the steps are the largest by far.
CREATE OR REPLACE FUNCTION pool_peak(p_pool_id uuid, p_from timestamptz, p_until timestamptz) RETURNS integer
LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off AS $$
DECLARE
  first_day timestamptz := pool_floor('24 hours', p_from);
  last_day timestamptz := pool_floor('24 hours', p_until - interval '1 microsecond');
  first_hour timestamptz := pool_floor('1 hour', p_from);
  last_hour timestamptz := pool_floor('1 hour', p_until - interval '1 microsecond');
  -- The most that there can be, and what is in use for certain.
  bound integer;
  known integer;
BEGIN
  SELECT max(added + peak),
      max(added + peak) FILTER (WHERE peak = trough OR starts_at >= p_from AND starts_at + interval '24 hours' <= p_until)
    INTO bound, known
    FROM pool_day WHERE pool_id = p_pool_id AND starts_at >= first_day AND starts_at < p_until;
  known := coalesce(known, 0);
  IF bound IS NULL OR bound <= known THEN RETURN known; END IF;
  SELECT max(day.added + hour.added + hour.peak),
      greatest(known, max(day.added + hour.added + hour.peak) FILTER (
        WHERE hour.peak = hour.trough OR hour.starts_at >= p_from AND hour.starts_at + interval '1 hour' <= p_until))
    INTO bound, known
    FROM pool_day AS day CROSS JOIN LATERAL (
      -- The offset keeps the planner from reading all hours of the pool for both days at once.
      SELECT * FROM pool_hour WHERE pool_id = p_pool_id
        AND starts_at >= greatest(day.starts_at, first_hour)
        AND starts_at < least(day.starts_at + interval '24 hours', p_until) OFFSET 0
    ) AS hour
    WHERE day.pool_id = p_pool_id AND day.starts_at IN (first_day, last_day) AND day.added + day.peak > known
      AND day.peak <> day.trough;
  IF bound IS NULL OR bound <= known THEN RETURN known; END IF;
  RETURN greatest(known, (
    SELECT max(day.added + hour.added + step.used)
    FROM pool_day AS day CROSS JOIN LATERAL (
      SELECT * FROM pool_hour WHERE pool_id = p_pool_id AND starts_at IN (first_hour, last_hour)
        AND starts_at >= day.starts_at AND starts_at < day.starts_at + interval '24 hours' OFFSET 0
    ) AS hour CROSS JOIN LATERAL (
      SELECT max(used) AS used FROM pool_step WHERE pool_id = p_pool_id
        AND starts_at < least(hour.starts_at + interval '1 hour', p_until)
        AND starts_at >= CASE WHEN hour.starts_at >= p_from THEN hour.starts_at ELSE (
          SELECT max(starts_at) FROM pool_step
          WHERE pool_id = p_pool_id AND starts_at >= hour.starts_at AND starts_at <= p_from) END
    ) AS step
    WHERE day.pool_id = p_pool_id AND day.starts_at IN (first_day, last_day)
      AND hour.peak <> hour.trough AND day.added + hour.added + hour.peak > known));
END
$$;
DROP FUNCTION pool_peak_within_day(uuid, timestamptz, timestamptz, timestamptz);
DROP FUNCTION pool_peak_within_hour(uuid, timestamptz, timestamptz, timestamptz);
