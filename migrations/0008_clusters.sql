-- Clusters: pools and their calendar (by pool), reservations and what was used of them (by company).

CREATE TABLE pool (
  pool_id uuid NOT NULL CONSTRAINT pool_pkey PRIMARY KEY,
  provider_id uuid NOT NULL CONSTRAINT pool_provider REFERENCES provider (provider_id),
  token_class_id uuid NOT NULL CONSTRAINT pool_token_class REFERENCES token_class (token_class_id),
  cluster text COLLATE "C" NOT NULL CONSTRAINT pool_cluster_named CHECK (cluster <> ''),
  gpu_model text COLLATE "C" NOT NULL CONSTRAINT pool_gpu_model_named CHECK (gpu_model <> ''),
  capacity integer NOT NULL CONSTRAINT pool_capacity_positive CHECK (capacity BETWEEN 1 AND 1000000),
  opens_at timestamptz NOT NULL CONSTRAINT pool_opens_on_the_minute CHECK (opens_at = date_trunc('minute', opens_at)),
  min_lead_minutes integer NOT NULL,
  max_lead_minutes integer NOT NULL,
  min_length_minutes integer NOT NULL,
  max_length_minutes integer NOT NULL,
  lock_minutes integer NOT NULL CONSTRAINT pool_lock_time CHECK (lock_minutes >= 0),
  decision_minutes integer NOT NULL CONSTRAINT pool_decision_time CHECK (decision_minutes > 0),
  calendar_version bigint NOT NULL DEFAULT 0,
  created_by uuid NOT NULL CONSTRAINT pool_created_by REFERENCES person (person_id),
  created_as text COLLATE "C" NOT NULL CONSTRAINT pool_created_as CHECK (created_as IN ('provider', 'operations')),
  created_at timestamptz NOT NULL,
  CONSTRAINT pool_lead_time CHECK (min_lead_minutes >= 0 AND max_lead_minutes >= min_lead_minutes),
  CONSTRAINT pool_length CHECK (min_length_minutes > 0 AND max_length_minutes >= min_length_minutes)
) WITH (fillfactor = 50);
COMMENT ON TABLE pool IS
  'Distributed by pool_id. Identical GPUs of one provider, booked with its token class. Its row is the lock of its calendar.';
COMMENT ON COLUMN pool.created_as IS 'Who made it: the provider''s own staff, or operations of the fund on its behalf.';
COMMENT ON COLUMN pool.lock_minutes IS 'From this long before the start a reservation is locked: cancelling it no longer returns everything.';
-- The pools of one provider, in a stable order.
CREATE INDEX pool_by_provider ON pool (provider_id, pool_id);
GRANT SELECT, INSERT ON pool TO equihour_app;

-- The calendar: GPUs in use over time, a step function kept as rows in three levels. A day's row adds to all of it; where
-- its hours differ it has 24 rows of hours, each adding to all of its hour; where the minutes of an hour differ it has
-- steps, each holding until the next. What is in use at an instant is the sum of the three, and 0 where there is no row.
-- So booking 90 days changes 90 rows and two edges, and asking for the peak of them reads as many, however many
-- reservations begin and end in between: a flat list of steps would have tens of thousands there.

CREATE TABLE pool_day (
  pool_id uuid NOT NULL CONSTRAINT pool_day_pool REFERENCES pool (pool_id),
  starts_at timestamptz NOT NULL CONSTRAINT pool_day_starts_a_day
    CHECK (starts_at = date_bin('24 hours', starts_at, timestamptz '2000-01-01 00:00:00+00')),
  capacity integer NOT NULL,
  added integer NOT NULL,
  peak integer NOT NULL,
  trough integer NOT NULL,
  CONSTRAINT pool_day_pkey PRIMARY KEY (pool_id, starts_at),
  CONSTRAINT pool_day_used_within_capacity CHECK (added + trough >= 0 AND added + peak <= capacity)
) WITH (fillfactor = 50);
COMMENT ON TABLE pool_day IS
  'Distributed by pool_id. The calendar''s days (UTC). peak and trough are the highest and lowest of its hours, without added; equal, and then 0, where it has no rows of hours.';
GRANT SELECT ON pool_day TO equihour_app;

CREATE TABLE pool_hour (
  pool_id uuid NOT NULL,
  starts_at timestamptz NOT NULL CONSTRAINT pool_hour_starts_an_hour
    CHECK (starts_at = date_bin('1 hour', starts_at, timestamptz '2000-01-01 00:00:00+00')),
  added integer NOT NULL,
  peak integer NOT NULL,
  trough integer NOT NULL,
  CONSTRAINT pool_hour_pkey PRIMARY KEY (pool_id, starts_at)
) WITH (fillfactor = 50);
COMMENT ON TABLE pool_hour IS
  'Distributed by pool_id. The calendar''s hours: all 24 of a day whose hours differ. peak and trough are the highest and lowest of its steps, without added; equal, and then 0, where it has no steps.';
GRANT SELECT ON pool_hour TO equihour_app;

CREATE TABLE pool_step (
  pool_id uuid NOT NULL,
  starts_at timestamptz NOT NULL,
  used integer NOT NULL,
  CONSTRAINT pool_step_pkey PRIMARY KEY (pool_id, starts_at)
) WITH (fillfactor = 70);
COMMENT ON TABLE pool_step IS
  'Distributed by pool_id. The calendar''s steps within an hour whose minutes differ, the first at its start: each holds until the next, in addition to its hour and its day.';
GRANT SELECT ON pool_step TO equihour_app;

-- The functions below keep their plans and use indexes: a range of times looks long to the planner and is short, so left
-- alone it would plan anew at every call, or scan, or compile.

-- The start of the span (hour or day, in UTC whatever the session says) that an instant lies in, and the first at or after it.
CREATE FUNCTION pool_floor(span interval, at timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT date_bin(span, at, timestamptz '2000-01-01 00:00:00+00') $$;
CREATE FUNCTION pool_ceiling(span interval, at timestamptz) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT date_bin(span, at + span - interval '1 microsecond', timestamptz '2000-01-01 00:00:00+00') $$;

-- What is in use over [p_from, p_until), as steps of which no two neighbours are equal.
CREATE FUNCTION pool_steps(p_pool_id uuid, p_from timestamptz, p_until timestamptz)
RETURNS TABLE (starts_at timestamptz, used integer) LANGUAGE plpgsql STABLE PARALLEL SAFE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH day AS (
    SELECT at, coalesce(row.added, 0) AS added, coalesce(row.peak <> row.trough, false) AS split
    FROM generate_series(pool_floor('24 hours', p_from), p_until - interval '1 microsecond', interval '24 hours') AS at
    LEFT JOIN pool_day AS row ON row.pool_id = p_pool_id AND row.starts_at = at
  ), hour AS (
    SELECT row.starts_at AS at, day.added + row.added AS added, row.peak <> row.trough AS split
    FROM day CROSS JOIN LATERAL (
      -- The offset keeps the planner from reading all hours of the pool for all days at once.
      SELECT * FROM pool_hour WHERE pool_id = p_pool_id
        AND starts_at >= greatest(day.at, pool_floor('1 hour', p_from))
        AND starts_at < least(day.at + interval '24 hours', p_until) OFFSET 0
    ) AS row
    WHERE day.split
  ), step AS (
    SELECT at, added AS used FROM day WHERE NOT split
    UNION ALL SELECT at, added FROM hour WHERE NOT split
    UNION ALL SELECT row.starts_at, hour.added + row.used
      FROM hour CROSS JOIN LATERAL (
        SELECT * FROM pool_step WHERE pool_id = p_pool_id
          AND starts_at >= hour.at AND starts_at < hour.at + interval '1 hour' OFFSET 0
      ) AS row
      WHERE hour.split
  ), within AS (
    SELECT greatest(at, p_from) AS at, used, lag(used) OVER (ORDER BY at) AS before
    FROM (SELECT at, used, lead(at) OVER (ORDER BY at) AS next FROM step) AS every
    WHERE at < p_until AND (next IS NULL OR next > p_from)
  )
  SELECT at, used FROM within WHERE before IS DISTINCT FROM used ORDER BY at;
END
$$;

-- The most that is in use over [p_from, p_until). Within a day it reads its hours, within an hour its steps.
CREATE FUNCTION pool_peak(p_pool_id uuid, p_from timestamptz, p_until timestamptz) RETURNS integer
LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off AS $$
DECLARE
  first_day timestamptz := pool_ceiling('24 hours', p_from);
  last_day timestamptz := pool_floor('24 hours', p_until);
  most integer;
BEGIN
  IF first_day > last_day THEN
    RETURN pool_peak_within_day(p_pool_id, last_day, p_from, p_until);
  END IF;
  SELECT max(added + peak) INTO most FROM pool_day
    WHERE pool_id = p_pool_id AND starts_at >= first_day AND starts_at < last_day;
  IF p_from < first_day THEN
    most := greatest(most, pool_peak_within_day(p_pool_id, first_day - interval '24 hours', p_from, first_day));
  END IF;
  IF p_until > last_day THEN
    most := greatest(most, pool_peak_within_day(p_pool_id, last_day, last_day, p_until));
  END IF;
  RETURN coalesce(most, 0);
END
$$;

CREATE FUNCTION pool_peak_within_day(p_pool_id uuid, p_day timestamptz, p_from timestamptz, p_until timestamptz)
RETURNS integer LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
  first_hour timestamptz := pool_ceiling('1 hour', p_from);
  last_hour timestamptz := pool_floor('1 hour', p_until);
  day pool_day;
  most integer;
BEGIN
  SELECT * INTO day FROM pool_day WHERE pool_id = p_pool_id AND starts_at = p_day;
  IF NOT FOUND THEN RETURN 0; END IF;
  IF day.peak = day.trough THEN RETURN day.added; END IF;
  IF first_hour > last_hour THEN
    RETURN day.added + pool_peak_within_hour(p_pool_id, last_hour, p_from, p_until);
  END IF;
  SELECT max(added + peak) INTO most FROM pool_hour
    WHERE pool_id = p_pool_id AND starts_at >= first_hour AND starts_at < last_hour;
  IF p_from < first_hour THEN
    most := greatest(most, pool_peak_within_hour(p_pool_id, first_hour - interval '1 hour', p_from, first_hour));
  END IF;
  IF p_until > last_hour THEN
    most := greatest(most, pool_peak_within_hour(p_pool_id, last_hour, last_hour, p_until));
  END IF;
  RETURN day.added + most;
END
$$;

-- Without what the day adds. One query whether the hour has steps or not.
CREATE FUNCTION pool_peak_within_hour(p_pool_id uuid, p_hour timestamptz, p_from timestamptz, p_until timestamptz)
RETURNS integer LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
  RETURN (
    SELECT hour.added + coalesce((
      SELECT max(used) FROM pool_step WHERE pool_id = p_pool_id AND starts_at < p_until AND starts_at >= (
        SELECT max(starts_at) FROM pool_step WHERE pool_id = p_pool_id AND starts_at >= p_hour AND starts_at <= p_from)), 0)
    FROM pool_hour AS hour WHERE hour.pool_id = p_pool_id AND hour.starts_at = p_hour);
END
$$;

-- The first part of [p_from, p_until) in which more than p_most are in use, where there is one; it may go on after its end.
-- Only the day in which it starts and the next are looked into, so this costs little more than pool_peak.
CREATE FUNCTION pool_first_over(p_pool_id uuid, p_from timestamptz, p_until timestamptz, p_most integer)
RETURNS TABLE (starts_at timestamptz, ends_at timestamptz, used integer) LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
  first_day timestamptz := pool_ceiling('24 hours', p_from);
  day timestamptz := pool_floor('24 hours', p_from);
BEGIN
  IF pool_peak(p_pool_id, p_from, least(first_day, p_until)) <= p_most THEN
    SELECT row.starts_at INTO day FROM pool_day AS row
      WHERE row.pool_id = p_pool_id AND row.starts_at >= first_day AND row.starts_at < p_until
        AND row.added + row.peak > p_most
        -- The last day counts only as far as it goes.
        AND (row.starts_at + interval '24 hours' <= p_until OR pool_peak(p_pool_id, row.starts_at, p_until) > p_most)
      ORDER BY row.starts_at LIMIT 1;
    IF NOT FOUND THEN RETURN; END IF;
  END IF;
  RETURN QUERY
    SELECT step.starts_at, coalesce(step.next, least(day + interval '48 hours', p_until)), step.used
    FROM (SELECT every.starts_at, every.used, lead(every.starts_at) OVER (ORDER BY every.starts_at) AS next
      FROM pool_steps(p_pool_id, greatest(day, p_from), least(day + interval '48 hours', p_until)) AS every) AS step
    WHERE step.used > p_most ORDER BY step.starts_at LIMIT 1;
END
$$;

-- The earliest start in [p_from, p_until - p_length] from which at most p_most are in use for p_length; null where there is
-- none. Hours that are above it throughout end a gap, those that are below it throughout do not; an hour that is neither
-- is looked into only when the gap before or after it can be long enough.
CREATE FUNCTION pool_first_fit_within(p_pool_id uuid, p_from timestamptz, p_until timestamptz, p_most integer, p_length interval)
RETURNS timestamptz LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
  gap record;
  fit timestamptz;
BEGIN
  FOR gap IN
    WITH day AS (
      SELECT starts_at, added, added + trough > p_most AS full_throughout FROM pool_day
      WHERE pool_id = p_pool_id AND starts_at >= pool_floor('24 hours', p_from) AND starts_at < p_until
        AND added + peak > p_most
    ), taken AS (
      SELECT starts_at, starts_at + interval '24 hours' AS ends_at, NULL::integer AS most_of_steps FROM day
      WHERE full_throughout
      UNION ALL
      SELECT hour.starts_at, hour.starts_at + interval '1 hour',
        CASE WHEN day.added + hour.added + hour.trough <= p_most THEN p_most - day.added - hour.added END
      FROM day CROSS JOIN LATERAL (
        -- The offset keeps the planner from reading all hours of the pool for all days at once.
        SELECT * FROM pool_hour WHERE pool_id = p_pool_id
          AND starts_at >= day.starts_at AND starts_at < day.starts_at + interval '24 hours' OFFSET 0
      ) AS hour
      WHERE NOT day.full_throughout AND day.added + hour.added + hour.peak > p_most
      UNION ALL
      SELECT p_until, p_until, NULL
    ), pair AS (
      SELECT starts_at, ends_at, most_of_steps, lag(starts_at, 1, p_from) OVER pairs AS starts_before,
        lag(ends_at, 1, p_from) OVER pairs AS ends_before, lag(most_of_steps) OVER pairs AS most_of_steps_before
      FROM taken WHERE ends_at > p_from AND starts_at <= p_until WINDOW pairs AS (ORDER BY starts_at, ends_at)
    ), edges AS (
      SELECT *, greatest(p_from, CASE WHEN most_of_steps_before IS NULL THEN ends_before ELSE starts_before END) AS low,
        least(p_until, CASE WHEN most_of_steps IS NULL THEN starts_at ELSE ends_at END) AS high FROM pair
    )
    SELECT * FROM edges WHERE high - low >= p_length ORDER BY starts_at, ends_at
  LOOP
    SELECT free.starts_at INTO fit FROM (
      SELECT lag(full_now.ends_at, 1, gap.low) OVER (ORDER BY full_now.starts_at, full_now.ends_at) AS starts_at,
        full_now.starts_at AS ends_at
      FROM (
        SELECT starts_at, lead(starts_at, 1, gap.ends_before) OVER (ORDER BY starts_at) AS ends_at,
          used > gap.most_of_steps_before AS full_now
        FROM pool_step WHERE pool_id = p_pool_id AND starts_at >= gap.starts_before AND starts_at < gap.ends_before
          AND gap.most_of_steps_before IS NOT NULL
        UNION ALL
        SELECT starts_at, lead(starts_at, 1, gap.ends_at) OVER (ORDER BY starts_at), used > gap.most_of_steps
        FROM pool_step WHERE pool_id = p_pool_id AND starts_at >= gap.starts_at AND starts_at < gap.ends_at
          AND gap.most_of_steps IS NOT NULL
        UNION ALL SELECT gap.high, gap.high, true
      ) AS full_now
      WHERE full_now.full_now AND full_now.ends_at > gap.low AND full_now.starts_at <= gap.high
    ) AS free
    WHERE free.ends_at - free.starts_at >= p_length ORDER BY free.starts_at LIMIT 1;
    IF FOUND THEN RETURN fit; END IF;
  END LOOP;
  RETURN NULL;
END
$$;

-- The earliest start in [p_from, p_until - p_length] from which p_gpus are free for p_length; null where there is none.
-- The same over days: what is found first is looked into first, and a day that is full or free throughout never is.
CREATE FUNCTION pool_first_fit(p_pool_id uuid, p_from timestamptz, p_until timestamptz, p_gpus integer, p_length interval)
RETURNS timestamptz LANGUAGE plpgsql STABLE PARALLEL SAFE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  most integer := (SELECT capacity - p_gpus FROM pool WHERE pool_id = p_pool_id);
  gap record;
  fit timestamptz;
BEGIN
  IF most IS NULL OR most < 0 THEN RETURN NULL; END IF;
  FOR gap IN
    WITH taken AS (
      SELECT starts_at, starts_at + interval '24 hours' AS ends_at, added + trough <= most AS partly FROM pool_day
      WHERE pool_id = p_pool_id AND starts_at >= pool_floor('24 hours', p_from) AND starts_at < p_until
        AND added + peak > most
      UNION ALL SELECT p_until, p_until, false
    ), pair AS (
      SELECT starts_at, ends_at, partly, lag(starts_at, 1, p_from) OVER pairs AS starts_before,
        lag(ends_at, 1, p_from) OVER pairs AS ends_before, lag(partly, 1, false) OVER pairs AS partly_before
      FROM taken WINDOW pairs AS (ORDER BY starts_at, ends_at)
    ), edges AS (
      SELECT starts_at, ends_at, greatest(p_from, CASE WHEN partly_before THEN starts_before ELSE ends_before END) AS low,
        least(p_until, CASE WHEN partly THEN ends_at ELSE starts_at END) AS high FROM pair
    )
    SELECT low, high FROM edges WHERE high - low >= p_length ORDER BY starts_at, ends_at
  LOOP
    fit := pool_first_fit_within(p_pool_id, gap.low, gap.high, most, p_length);
    IF fit IS NOT NULL THEN RETURN fit; END IF;
  END LOOP;
  RETURN NULL;
END
$$;

-- Adds p_gpus to a part of one hour, and says what became of the hour. Steps between the two boundaries all change by the
-- same amount, so only the boundaries can become superfluous; an hour without a difference loses its steps.
CREATE FUNCTION pool_change_within_hour(p_pool_id uuid, p_hour timestamptz, p_from timestamptz, p_until timestamptz, p_gpus integer)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  high integer;
  low integer;
BEGIN
  INSERT INTO pool_step (pool_id, starts_at, used) VALUES (p_pool_id, p_hour, 0)
    ON CONFLICT ON CONSTRAINT pool_step_pkey DO NOTHING;
  INSERT INTO pool_step (pool_id, starts_at, used)
    SELECT p_pool_id, at, (SELECT used FROM pool_step
      WHERE pool_id = p_pool_id AND starts_at <= at ORDER BY starts_at DESC LIMIT 1)
    FROM unnest(ARRAY[p_from, p_until]) AS at WHERE at < p_hour + interval '1 hour'
    ON CONFLICT ON CONSTRAINT pool_step_pkey DO NOTHING;
  UPDATE pool_step SET used = used + p_gpus
    WHERE pool_id = p_pool_id AND starts_at >= p_from AND starts_at < p_until;
  DELETE FROM pool_step AS step
    WHERE step.pool_id = p_pool_id AND step.starts_at IN (p_from, p_until)
      AND step.starts_at > p_hour AND step.starts_at < p_hour + interval '1 hour'
      AND step.used = (SELECT used FROM pool_step
        WHERE pool_id = p_pool_id AND starts_at < step.starts_at ORDER BY starts_at DESC LIMIT 1);
  SELECT max(used), min(used) INTO high, low FROM pool_step
    WHERE pool_id = p_pool_id AND starts_at >= p_hour AND starts_at < p_hour + interval '1 hour';
  IF high = low THEN
    DELETE FROM pool_step WHERE pool_id = p_pool_id AND starts_at = p_hour;
    UPDATE pool_hour SET added = added + high, peak = 0, trough = 0 WHERE pool_id = p_pool_id AND starts_at = p_hour;
  ELSE
    UPDATE pool_hour SET peak = high, trough = low WHERE pool_id = p_pool_id AND starts_at = p_hour;
  END IF;
END
$$;

-- Adds p_gpus to a part of one day.
CREATE FUNCTION pool_change_within_day(p_pool_id uuid, p_capacity integer, p_day timestamptz, p_from timestamptz,
  p_until timestamptz, p_gpus integer)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  first_hour timestamptz := pool_ceiling('1 hour', p_from);
  last_hour timestamptz := pool_floor('1 hour', p_until);
  high integer;
  low integer;
BEGIN
  INSERT INTO pool_day (pool_id, starts_at, capacity, added, peak, trough) VALUES (p_pool_id, p_day, p_capacity, 0, 0, 0)
    ON CONFLICT ON CONSTRAINT pool_day_pkey DO NOTHING;
  IF NOT EXISTS (SELECT FROM pool_hour WHERE pool_id = p_pool_id AND starts_at = p_day) THEN
    INSERT INTO pool_hour (pool_id, starts_at, added, peak, trough)
      SELECT p_pool_id, p_day + number * interval '1 hour', 0, 0, 0 FROM generate_series(0, 23) AS number;
  END IF;
  IF first_hour > last_hour THEN
    PERFORM pool_change_within_hour(p_pool_id, last_hour, p_from, p_until, p_gpus);
  ELSE
    UPDATE pool_hour SET added = added + p_gpus
      WHERE pool_id = p_pool_id AND starts_at >= first_hour AND starts_at < last_hour;
    IF p_from < first_hour THEN
      PERFORM pool_change_within_hour(p_pool_id, first_hour - interval '1 hour', p_from, first_hour, p_gpus);
    END IF;
    IF p_until > last_hour THEN
      PERFORM pool_change_within_hour(p_pool_id, last_hour, last_hour, p_until, p_gpus);
    END IF;
  END IF;
  SELECT max(added + peak), min(added + trough) INTO high, low FROM pool_hour
    WHERE pool_id = p_pool_id AND starts_at >= p_day AND starts_at < p_day + interval '24 hours';
  IF high = low THEN
    DELETE FROM pool_hour
      WHERE pool_id = p_pool_id AND starts_at >= p_day AND starts_at < p_day + interval '24 hours';
    UPDATE pool_day SET added = added + high, peak = 0, trough = 0 WHERE pool_id = p_pool_id AND starts_at = p_day;
    DELETE FROM pool_day WHERE pool_id = p_pool_id AND starts_at = p_day AND added = 0;
  ELSE
    UPDATE pool_day SET peak = high, trough = low WHERE pool_id = p_pool_id AND starts_at = p_day;
  END IF;
END
$$;

-- Books GPUs over [p_starts_at, p_ends_at), or frees them where p_gpus is negative: the only writer of the calendar, under
-- the lock of the pool's row. The lock is an update, so that a transaction with an old snapshot fails to serialise
-- instead of changing rows that it does not see as they are.
-- EQ001: over capacity, with the first full part and what is free in it. EQ002: before the pool opens.
CREATE FUNCTION pool_book(p_pool_id uuid, p_starts_at timestamptz, p_ends_at timestamptz, p_gpus integer)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off AS $$
DECLARE
  first_day timestamptz := pool_ceiling('24 hours', p_starts_at);
  last_day timestamptz := pool_floor('24 hours', p_ends_at);
  locked record;
  full_part record;
BEGIN
  IF p_gpus = 0 OR p_starts_at >= p_ends_at OR p_starts_at <> pool_floor('1 minute', p_starts_at)
    OR p_ends_at <> pool_floor('1 minute', p_ends_at) OR p_ends_at > p_starts_at + interval '20 years' THEN
    RAISE EXCEPTION 'nothing can be booked over [%, %)', p_starts_at, p_ends_at USING ERRCODE = 'invalid_parameter_value';
  END IF;
  UPDATE pool SET calendar_version = calendar_version + 1 WHERE pool_id = p_pool_id RETURNING capacity, opens_at INTO locked;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no pool %', p_pool_id USING ERRCODE = 'no_data_found';
  END IF;
  IF p_starts_at < locked.opens_at THEN
    RAISE EXCEPTION 'the pool is not open at %', p_starts_at USING ERRCODE = 'EQ002';
  END IF;
  IF p_gpus > 0 AND (p_gpus > locked.capacity
      OR pool_peak(p_pool_id, p_starts_at, p_ends_at) > locked.capacity - p_gpus) THEN
    SELECT * INTO full_part FROM pool_first_over(p_pool_id, p_starts_at, p_ends_at, locked.capacity - p_gpus);
    RAISE EXCEPTION 'the pool is full' USING ERRCODE = 'EQ001', DETAIL = json_build_object(
      'from', full_part.starts_at AT TIME ZONE 'UTC', 'until', full_part.ends_at AT TIME ZONE 'UTC',
      'free', locked.capacity - full_part.used)::text;
  END IF;

  IF first_day > last_day THEN
    PERFORM pool_change_within_day(p_pool_id, locked.capacity, last_day, p_starts_at, p_ends_at, p_gpus);
    RETURN;
  END IF;
  IF p_gpus > 0 THEN
    INSERT INTO pool_day (pool_id, starts_at, capacity, added, peak, trough)
      SELECT p_pool_id, at, locked.capacity, p_gpus, 0, 0
      FROM generate_series(first_day, last_day - interval '24 hours', interval '24 hours') AS at
      ON CONFLICT ON CONSTRAINT pool_day_pkey DO UPDATE SET added = pool_day.added + p_gpus;
  ELSE
    -- Freed is only what was booked, so the rows are there; the CHECK refuses to free more.
    UPDATE pool_day SET added = added + p_gpus
      WHERE pool_id = p_pool_id AND starts_at >= first_day AND starts_at < last_day;
    DELETE FROM pool_day
      WHERE pool_id = p_pool_id AND starts_at >= first_day AND starts_at < last_day AND added = 0 AND peak = trough;
  END IF;
  IF p_starts_at < first_day THEN
    PERFORM pool_change_within_day(
      p_pool_id, locked.capacity, first_day - interval '24 hours', p_starts_at, first_day, p_gpus);
  END IF;
  IF p_ends_at > last_day THEN
    PERFORM pool_change_within_day(p_pool_id, locked.capacity, last_day, last_day, p_ends_at, p_gpus);
  END IF;
END
$$;
REVOKE ALL ON FUNCTION pool_book(uuid, timestamptz, timestamptz, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION pool_change_within_day(uuid, integer, timestamptz, timestamptz, timestamptz, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION pool_change_within_hour(uuid, timestamptz, timestamptz, timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pool_book(uuid, timestamptz, timestamptz, integer) TO equihour_app;

CREATE TABLE factor (
  pool_id uuid NOT NULL CONSTRAINT factor_pool REFERENCES pool (pool_id),
  factor_id uuid NOT NULL,
  h100_hours_per_gpu_hour numeric(34, 10) NOT NULL
    CONSTRAINT factor_positive CHECK (h100_hours_per_gpu_hour > 0 AND h100_hours_per_gpu_hour <= 1000),
  basis text COLLATE "C" NOT NULL CONSTRAINT factor_basis CHECK (basis IN ('flops', 'price', 'benchmark', 'contract')),
  source text NOT NULL CONSTRAINT factor_sourced CHECK (source <> ''),
  valid_from timestamptz NOT NULL,
  valid_until timestamptz,
  approved_by uuid NOT NULL CONSTRAINT factor_approved_by REFERENCES person (person_id),
  approved_as text COLLATE "C" NOT NULL CONSTRAINT factor_approved_as CHECK (approved_as IN ('provider', 'operations')),
  recorded_at timestamptz NOT NULL,
  CONSTRAINT factor_pkey PRIMARY KEY (pool_id, factor_id),
  CONSTRAINT factor_validity CHECK (valid_until > valid_from)
);
COMMENT ON TABLE factor IS
  'Distributed by pool_id. H100-hours per GPU-hour of a pool over [valid_from, valid_until); of two for one instant the one recorded later holds.';
COMMENT ON COLUMN factor.approved_as IS 'A provider that sets a factor alone is a conflict signal.';
-- The factor in force at an instant.
CREATE INDEX factor_in_force ON factor (pool_id, recorded_at DESC, factor_id DESC);
SELECT equihour_append_only('factor');

CREATE TABLE reservation (
  company_id uuid NOT NULL CONSTRAINT reservation_company REFERENCES company (company_id),
  reservation_id uuid NOT NULL,
  pool_id uuid NOT NULL,
  gpus integer NOT NULL CONSTRAINT reservation_gpus_positive CHECK (gpus > 0),
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  state text COLLATE "C" NOT NULL CONSTRAINT reservation_state CHECK (state IN ('waitlisted', 'held', 'confirmed',
    'provisioned', 'active', 'completed', 'cancelled', 'declined', 'expired', 'no_show', 'failed')),
  factor_id uuid NOT NULL,
  h100_hours_per_gpu_hour numeric(34, 10) NOT NULL CONSTRAINT reservation_factor_positive CHECK (h100_hours_per_gpu_hour > 0),
  token_class_id uuid NOT NULL CONSTRAINT reservation_token_class REFERENCES token_class (token_class_id),
  hold_id uuid NOT NULL,
  hold_micro bigint NOT NULL CONSTRAINT reservation_hold_positive CHECK (hold_micro > 0),
  hold_expires_at timestamptz NOT NULL,
  requested_by uuid NOT NULL CONSTRAINT reservation_requested_by REFERENCES person (person_id),
  requested_at timestamptz NOT NULL,
  decided_by uuid CONSTRAINT reservation_decided_by REFERENCES person (person_id),
  decided_at timestamptz,
  CONSTRAINT reservation_pkey PRIMARY KEY (company_id, reservation_id),
  CONSTRAINT reservation_interval CHECK (ends_at > starts_at),
  CONSTRAINT reservation_decision CHECK ((decided_by IS NULL) = (decided_at IS NULL))
);
COMMENT ON TABLE reservation IS
  'Distributed by company_id. A pool''s GPUs over [starts_at, ends_at) for a company, with the factor frozen and the tokens held for it.';
COMMENT ON COLUMN reservation.hold_expires_at IS 'When the provider has not decided by then, the reservation expires.';
-- Requests whose time to decide has passed.
CREATE INDEX reservation_undecided ON reservation (hold_expires_at) WHERE state = 'held';
GRANT SELECT, INSERT ON reservation TO equihour_app;
GRANT UPDATE (state, decided_by, decided_at) ON reservation TO equihour_app;

-- The legal steps. The order of the table is that of api/clusters/reservation-state.ts.
CREATE FUNCTION reservation_refuse_illegal_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = NEW.state OR (OLD.state, NEW.state) IN (
    ('waitlisted', 'held'), ('waitlisted', 'cancelled'), ('waitlisted', 'expired'),
    ('held', 'confirmed'), ('held', 'declined'), ('held', 'cancelled'), ('held', 'expired'),
    ('confirmed', 'provisioned'), ('confirmed', 'active'), ('confirmed', 'completed'),
    ('confirmed', 'cancelled'), ('confirmed', 'no_show'), ('confirmed', 'failed'),
    ('provisioned', 'active'), ('provisioned', 'completed'), ('provisioned', 'cancelled'),
    ('provisioned', 'no_show'), ('provisioned', 'failed'),
    ('active', 'completed'), ('active', 'failed')) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a reservation does not go from % to %', OLD.state, NEW.state
    USING ERRCODE = 'check_violation', CONSTRAINT = 'reservation_legal_step';
END
$$;
CREATE TRIGGER reservation_legal_step BEFORE UPDATE OF state ON reservation
  FOR EACH ROW EXECUTE FUNCTION reservation_refuse_illegal_step();

CREATE TABLE reservation_event (
  company_id uuid NOT NULL,
  event_id uuid NOT NULL,
  reservation_id uuid NOT NULL,
  from_state text COLLATE "C",
  to_state text COLLATE "C" NOT NULL,
  reason_code text COLLATE "C" NOT NULL CONSTRAINT reservation_event_reason CHECK (reason_code IN ('REQUESTED', 'APPROVED',
    'NO_CAPACITY', 'MAINTENANCE', 'POLICY', 'CONTRACT', 'OTHER', 'CANCELLED_BY_COMPANY', 'NOT_DECIDED_IN_TIME',
    'FIRST_USAGE', 'RESERVED_CHARGED', 'METERED_CHARGED')),
  note text,
  actor_id uuid,
  at timestamptz NOT NULL,
  waited_seconds bigint CONSTRAINT reservation_event_waited CHECK (waited_seconds >= 0),
  CONSTRAINT reservation_event_pkey PRIMARY KEY (company_id, event_id),
  CONSTRAINT reservation_event_of FOREIGN KEY (company_id, reservation_id) REFERENCES reservation (company_id, reservation_id)
);
COMMENT ON TABLE reservation_event IS
  'Distributed by company_id. Every change of a reservation''s state: who, why, when. A decision and how long it took are evidence.';
COMMENT ON COLUMN reservation_event.actor_id IS 'Null where a job did it.';
COMMENT ON COLUMN reservation_event.waited_seconds IS 'From the request to the provider''s decision, or to the end of its time for one.';
-- The events of one reservation in order.
CREATE INDEX reservation_event_in_order ON reservation_event (company_id, reservation_id, event_id);
SELECT equihour_append_only('reservation_event');

CREATE TABLE pool_booking (
  pool_id uuid NOT NULL CONSTRAINT pool_booking_pool REFERENCES pool (pool_id),
  reservation_id uuid NOT NULL,
  company_id uuid NOT NULL,
  gpus integer NOT NULL CONSTRAINT pool_booking_gpus_positive CHECK (gpus > 0),
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  decided_at timestamptz,
  freed_at timestamptz,
  CONSTRAINT pool_booking_pkey PRIMARY KEY (pool_id, reservation_id),
  CONSTRAINT pool_booking_interval CHECK (ends_at > starts_at)
);
COMMENT ON TABLE pool_booking IS
  'Distributed by pool_id. The pool''s side of a reservation: what it took of the calendar, and whether it was given back.';
COMMENT ON COLUMN pool_booking.ends_at IS 'Where the calendar''s booking ends: earlier than the reservation when the rest was given back.';
-- What the provider still has to decide, oldest request first.
CREATE INDEX pool_booking_waiting ON pool_booking (pool_id, reservation_id) WHERE decided_at IS NULL AND freed_at IS NULL;
GRANT SELECT, INSERT ON pool_booking TO equihour_app;
GRANT UPDATE (ends_at, decided_at, freed_at) ON pool_booking TO equihour_app;

CREATE TABLE meter (
  company_id uuid NOT NULL,
  reservation_id uuid NOT NULL,
  reserved_gpu_seconds bigint NOT NULL,
  hold_micro bigint NOT NULL,
  gpu_seconds bigint NOT NULL DEFAULT 0,
  delivered_micro bigint NOT NULL DEFAULT 0,
  idle_micro bigint NOT NULL DEFAULT 0,
  CONSTRAINT meter_pkey PRIMARY KEY (company_id, reservation_id),
  CONSTRAINT meter_of FOREIGN KEY (company_id, reservation_id) REFERENCES reservation (company_id, reservation_id),
  CONSTRAINT meter_within_reservation CHECK (gpu_seconds BETWEEN 0 AND reserved_gpu_seconds),
  CONSTRAINT meter_within_hold CHECK (delivered_micro >= 0 AND idle_micro >= 0 AND delivered_micro + idle_micro <= hold_micro)
);
COMMENT ON TABLE meter IS
  'Distributed by company_id. Cumulative sums of a reservation: metered GPU-seconds, and the micro-tokens they come to at its factor, rounded down once.';
GRANT SELECT, INSERT ON meter TO equihour_app;
GRANT UPDATE (gpu_seconds, delivered_micro, idle_micro) ON meter TO equihour_app;

CREATE TABLE usage_record (
  company_id uuid NOT NULL,
  usage_id uuid NOT NULL,
  reservation_id uuid NOT NULL,
  pool_id uuid NOT NULL,
  source text COLLATE "C" NOT NULL CONSTRAINT usage_record_source CHECK (source <> ''),
  external_id text COLLATE "C" NOT NULL CONSTRAINT usage_record_external_id CHECK (external_id <> ''),
  gpu_seconds bigint NOT NULL CONSTRAINT usage_record_positive CHECK (gpu_seconds > 0),
  charged_micro bigint NOT NULL CONSTRAINT usage_record_charge CHECK (charged_micro >= 0),
  started_at timestamptz NOT NULL,
  ended_at timestamptz NOT NULL,
  job text,
  recorded_by uuid NOT NULL CONSTRAINT usage_record_recorded_by REFERENCES person (person_id),
  recorded_at timestamptz NOT NULL,
  CONSTRAINT usage_record_pkey PRIMARY KEY (company_id, usage_id),
  CONSTRAINT usage_record_once UNIQUE (company_id, pool_id, source, external_id),
  CONSTRAINT usage_record_of FOREIGN KEY (company_id, reservation_id) REFERENCES reservation (company_id, reservation_id),
  CONSTRAINT usage_record_interval CHECK (ended_at > started_at)
);
COMMENT ON TABLE usage_record IS
  'Distributed by company_id. Metered GPU-seconds from a scheduler, and the micro-tokens by which each record moved the meter.';
-- The usage of one reservation, as it came in.
CREATE INDEX usage_record_of_reservation ON usage_record (company_id, reservation_id, usage_id);
SELECT equihour_append_only('usage_record');
