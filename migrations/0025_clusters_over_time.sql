-- A pool over time: capacity that changes, maintenance, GPUs dedicated to a company, and a company's share of a pool.
-- What cannot be booked is booked by nobody (ADR 8), so that the calendar stays one function with one guard.

CREATE TABLE pool_capacity (
  pool_id uuid NOT NULL CONSTRAINT pool_capacity_pool REFERENCES pool (pool_id),
  change_id uuid NOT NULL,
  effective_from timestamptz NOT NULL
    CONSTRAINT pool_capacity_on_the_minute CHECK (effective_from = date_bin('1 minute', effective_from, timestamptz '2000-01-01 00:00:00+00')),
  capacity integer NOT NULL CONSTRAINT pool_capacity_of_gpus CHECK (capacity BETWEEN 0 AND 1000000),
  reason text NOT NULL CONSTRAINT pool_capacity_reasoned CHECK (reason <> ''),
  recorded_by uuid NOT NULL CONSTRAINT pool_capacity_recorded_by REFERENCES person (person_id),
  recorded_as text COLLATE "C" NOT NULL CONSTRAINT pool_capacity_recorded_as CHECK (recorded_as IN ('provider', 'operations')),
  recorded_at timestamptz NOT NULL,
  CONSTRAINT pool_capacity_pkey PRIMARY KEY (pool_id, change_id)
);
COMMENT ON TABLE pool_capacity IS
  'Distributed by pool_id. How many GPUs a pool has from an instant on, until the next change; of two for one instant the one recorded later holds. No row: what the pool was set up with.';
SELECT equihour_append_only('pool_capacity');

CREATE TABLE pool_maintenance (
  pool_id uuid NOT NULL CONSTRAINT pool_maintenance_pool REFERENCES pool (pool_id),
  maintenance_id uuid NOT NULL,
  gpus integer NOT NULL CONSTRAINT pool_maintenance_gpus CHECK (gpus BETWEEN 1 AND 1000000),
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  note text NOT NULL CONSTRAINT pool_maintenance_noted CHECK (note <> ''),
  planned_by uuid NOT NULL CONSTRAINT pool_maintenance_planned_by REFERENCES person (person_id),
  planned_as text COLLATE "C" NOT NULL CONSTRAINT pool_maintenance_planned_as CHECK (planned_as IN ('provider', 'operations')),
  planned_at timestamptz NOT NULL,
  lifted_by uuid CONSTRAINT pool_maintenance_lifted_by REFERENCES person (person_id),
  lifted_at timestamptz,
  lifted_from timestamptz,
  CONSTRAINT pool_maintenance_pkey PRIMARY KEY (pool_id, maintenance_id),
  CONSTRAINT pool_maintenance_interval CHECK (ends_at > starts_at),
  CONSTRAINT pool_maintenance_lifted CHECK ((lifted_by IS NULL) = (lifted_at IS NULL) AND (lifted_at IS NULL) = (lifted_from IS NULL))
);
COMMENT ON TABLE pool_maintenance IS
  'Distributed by pool_id. GPUs that a provider takes out of its pool for a planned time.';
COMMENT ON COLUMN pool_maintenance.lifted_from IS 'The GPUs are back from here on: its start where it was called off before it began.';
-- The windows of a time.
CREATE INDEX pool_maintenance_by_time ON pool_maintenance (pool_id, ends_at);
GRANT SELECT, INSERT ON pool_maintenance TO equihour_app;
GRANT UPDATE (lifted_by, lifted_at, lifted_from) ON pool_maintenance TO equihour_app;

CREATE TABLE pool_withheld (
  pool_id uuid NOT NULL CONSTRAINT pool_withheld_pool REFERENCES pool (pool_id),
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  wanted integer NOT NULL,
  gpus integer NOT NULL,
  CONSTRAINT pool_withheld_pkey PRIMARY KEY (pool_id, starts_at),
  CONSTRAINT pool_withheld_interval CHECK (ends_at > starts_at),
  CONSTRAINT pool_withheld_at_most_wanted CHECK (gpus BETWEEN 0 AND wanted)
);
COMMENT ON TABLE pool_withheld IS
  'Distributed by pool_id. What the calendar holds for nobody: of the GPUs wanted for maintenance and smaller capacity as many as reservations leave. Pieces that do not overlap, written by pool_withhold only.';
-- Where reservations stand in the way: whatever frees capacity there gives it to these first.
CREATE INDEX pool_withheld_short ON pool_withheld (pool_id, starts_at) WHERE gpus < wanted;
-- The pieces of a time.
CREATE INDEX pool_withheld_by_time ON pool_withheld (pool_id, ends_at);
GRANT SELECT ON pool_withheld TO equihour_app;

CREATE TABLE pool_dedication (
  pool_id uuid NOT NULL CONSTRAINT pool_dedication_pool REFERENCES pool (pool_id),
  dedication_id uuid NOT NULL,
  company_id uuid NOT NULL,
  gpus integer NOT NULL CONSTRAINT pool_dedication_gpus CHECK (gpus BETWEEN 1 AND 1000000),
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  source text NOT NULL CONSTRAINT pool_dedication_sourced CHECK (source <> ''),
  agreed_by uuid NOT NULL CONSTRAINT pool_dedication_agreed_by REFERENCES person (person_id),
  agreed_as text COLLATE "C" NOT NULL CONSTRAINT pool_dedication_agreed_as CHECK (agreed_as IN ('provider', 'operations')),
  agreed_at timestamptz NOT NULL,
  ended_by uuid CONSTRAINT pool_dedication_ended_by REFERENCES person (person_id),
  ended_at timestamptz,
  ended_from timestamptz,
  CONSTRAINT pool_dedication_pkey PRIMARY KEY (pool_id, dedication_id),
  CONSTRAINT pool_dedication_interval CHECK (ends_at > starts_at),
  CONSTRAINT pool_dedication_end CHECK ((ended_by IS NULL) = (ended_at IS NULL) AND (ended_at IS NULL) = (ended_from IS NULL))
);
COMMENT ON TABLE pool_dedication IS
  'Distributed by pool_id. GPUs of a pool that only one company books for a time. The calendar holds, for each such company, the larger of what is dedicated to it and what it has booked.';
COMMENT ON COLUMN pool_dedication.ended_from IS 'Dedicated no longer from here on.';
-- What is dedicated to a company at a time.
CREATE INDEX pool_dedication_of_company ON pool_dedication (pool_id, company_id, ends_at);
GRANT SELECT, INSERT ON pool_dedication TO equihour_app;
GRANT UPDATE (ended_by, ended_at, ended_from) ON pool_dedication TO equihour_app;

CREATE TABLE pool_share (
  pool_id uuid NOT NULL CONSTRAINT pool_share_pool REFERENCES pool (pool_id),
  share_id uuid NOT NULL,
  company_id uuid,
  part numeric(34, 10) NOT NULL CONSTRAINT pool_share_part CHECK (part >= 0 AND part <= 1),
  effective_from timestamptz NOT NULL,
  source text NOT NULL CONSTRAINT pool_share_sourced CHECK (source <> ''),
  set_by uuid NOT NULL CONSTRAINT pool_share_set_by REFERENCES person (person_id),
  set_as text COLLATE "C" NOT NULL CONSTRAINT pool_share_set_as CHECK (set_as IN ('provider', 'operations')),
  recorded_at timestamptz NOT NULL,
  CONSTRAINT pool_share_pkey PRIMARY KEY (pool_id, share_id)
);
COMMENT ON TABLE pool_share IS
  'Distributed by pool_id. The most of a pool''s capacity that one company may have booked at an instant, as a part. One for the company itself comes before one for every company; of two the one recorded later holds.';
COMMENT ON COLUMN pool_share.company_id IS 'Null: every company for which there is none of its own.';
SELECT equihour_append_only('pool_share');

-- A company's live bookings of a time, for its share and what is dedicated to it.
CREATE INDEX pool_booking_of_company ON pool_booking (pool_id, company_id, ends_at) WHERE freed_at IS NULL;
-- The live bookings of a time, for conflicts with maintenance.
CREATE INDEX pool_booking_by_time ON pool_booking (pool_id, ends_at) WHERE freed_at IS NULL;

-- A pool's calendar ends 18,262 days (50 years) after it opens: what is withheld for good has an end to be kept as rows.
CREATE FUNCTION pool_calendar_end(p_opens_at timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT p_opens_at + interval '438288 hours' $$;

-- Adds p_gpus over an interval of whole minutes. The pool's row is locked, and what is added fits: the CHECK refuses the rest.
CREATE FUNCTION pool_change(p_pool_id uuid, p_capacity integer, p_starts_at timestamptz, p_ends_at timestamptz, p_gpus integer)
RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off AS $$
DECLARE
  first_day timestamptz := pool_ceiling('24 hours', p_starts_at);
  last_day timestamptz := pool_floor('24 hours', p_ends_at);
BEGIN
  IF first_day > last_day THEN
    PERFORM pool_change_within_day(p_pool_id, p_capacity, last_day, p_starts_at, p_ends_at, p_gpus);
    RETURN;
  END IF;
  IF p_gpus > 0 THEN
    INSERT INTO pool_day (pool_id, starts_at, capacity, added, peak, trough)
      SELECT p_pool_id, at, p_capacity, p_gpus, 0, 0
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
    PERFORM pool_change_within_day(p_pool_id, p_capacity, first_day - interval '24 hours', p_starts_at, first_day, p_gpus);
  END IF;
  IF p_ends_at > last_day THEN
    PERFORM pool_change_within_day(p_pool_id, p_capacity, last_day, last_day, p_ends_at, p_gpus);
  END IF;
END
$$;
REVOKE ALL ON FUNCTION pool_change(uuid, integer, timestamptz, timestamptz, integer) FROM PUBLIC;

-- GPUs that the pool cannot lend out over [p_from, p_until): its highest capacity less what it has then, and maintenance.
CREATE FUNCTION pool_wanted_withheld(p_pool_id uuid, p_from timestamptz, p_until timestamptz)
RETURNS TABLE (starts_at timestamptz, ends_at timestamptz, wanted integer) LANGUAGE sql STABLE PARALLEL SAFE AS $$
  WITH change AS (
    SELECT DISTINCT ON (effective_from) effective_from, capacity FROM pool_capacity WHERE pool_id = p_pool_id
    ORDER BY effective_from, recorded_at DESC, change_id DESC
  ), maintenance AS (
    SELECT starts_at, least(ends_at, coalesce(lifted_from, ends_at)) AS ends_at, gpus FROM pool_maintenance
    WHERE pool_id = p_pool_id AND starts_at < p_until AND ends_at > p_from
      AND (lifted_from IS NULL OR lifted_from > greatest(starts_at, p_from))
  ), point AS (
    SELECT p_from AS at
    UNION SELECT effective_from FROM change WHERE effective_from > p_from AND effective_from < p_until
    UNION SELECT starts_at FROM maintenance WHERE starts_at > p_from
    UNION SELECT ends_at FROM maintenance WHERE ends_at < p_until
  )
  SELECT at, lead(at, 1, p_until) OVER (ORDER BY at), least(pool.capacity,
    pool.capacity
    - coalesce((SELECT capacity FROM change WHERE effective_from <= at ORDER BY effective_from DESC LIMIT 1), pool.capacity)
    + coalesce((SELECT sum(gpus) FROM maintenance WHERE starts_at <= at AND ends_at > at), 0))::integer
  FROM point, pool WHERE pool.pool_id = p_pool_id
$$;

-- Makes the calendar hold what cannot be lent out over [p_from, p_until), as far as reservations leave it, and answers
-- whether anything is short. Raises the pool's capacity to the highest that it ever has: then all of its time is gone over.
-- EQ003: reservations stand in the way more than before, with the first such part, where p_force is false.
CREATE FUNCTION pool_withhold(p_pool_id uuid, p_from timestamptz, p_until timestamptz, p_force boolean) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off AS $$
DECLARE
  before integer := (SELECT capacity FROM pool WHERE pool_id = p_pool_id);
  locked record;
  part record;
  full_part record;
  spot timestamptz;
  till timestamptz;
  pieces pool_withheld[] := '{}';
  gone_pieces pool_withheld[];
BEGIN
  UPDATE pool SET calendar_version = calendar_version + 1, capacity = greatest(capacity,
      coalesce((SELECT max(change.capacity) FROM pool_capacity AS change WHERE change.pool_id = p_pool_id), 0))
    WHERE pool_id = p_pool_id RETURNING capacity, opens_at INTO locked;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no pool %', p_pool_id USING ERRCODE = 'no_data_found';
  END IF;
  p_from := greatest(p_from, locked.opens_at);
  p_until := least(p_until, pool_calendar_end(locked.opens_at));
  IF locked.capacity > before THEN
    UPDATE pool_day SET capacity = locked.capacity WHERE pool_id = p_pool_id;
    p_from := locked.opens_at;
    p_until := pool_calendar_end(locked.opens_at);
  END IF;
  IF p_from >= p_until THEN RETURN false; END IF;

  FOR part IN
    WITH wanted AS MATERIALIZED (SELECT * FROM pool_wanted_withheld(p_pool_id, p_from, p_until)),
    have AS MATERIALIZED (
      SELECT greatest(starts_at, p_from) AS starts_at, least(ends_at, p_until) AS ends_at, gpus, wanted - gpus AS short
      FROM pool_withheld
      WHERE pool_id = p_pool_id AND ends_at > p_from AND starts_at < p_until
    ), point AS (
      SELECT wanted.starts_at AS at FROM wanted UNION SELECT have.starts_at FROM have
      UNION SELECT have.ends_at FROM have WHERE have.ends_at < p_until
    )
    SELECT point.at AS starts_at, lead(point.at, 1, p_until) OVER (ORDER BY point.at) AS ends_at,
      (SELECT wanted.wanted FROM wanted WHERE wanted.starts_at <= point.at AND wanted.ends_at > point.at) AS wanted,
      coalesce((SELECT have.gpus FROM have WHERE have.starts_at <= point.at AND have.ends_at > point.at), 0) AS gpus,
      coalesce((SELECT have.short FROM have WHERE have.starts_at <= point.at AND have.ends_at > point.at), 0) AS short
    FROM point ORDER BY point.at
  LOOP
    IF part.gpus >= part.wanted THEN
      IF part.gpus > part.wanted THEN
        PERFORM pool_change(p_pool_id, locked.capacity, part.starts_at, part.ends_at, part.wanted - part.gpus);
      END IF;
      pieces := pieces || ROW(p_pool_id, part.starts_at, part.ends_at, part.wanted, part.wanted)::pool_withheld;
      CONTINUE;
    END IF;
    spot := part.starts_at;
    WHILE spot < part.ends_at LOOP
      SELECT * INTO full_part
        FROM pool_first_over(p_pool_id, spot, part.ends_at, locked.capacity - (part.wanted - part.gpus));
      till := coalesce(full_part.starts_at, part.ends_at);
      IF till > spot THEN
        PERFORM pool_change(p_pool_id, locked.capacity, spot, till, part.wanted - part.gpus);
        pieces := pieces || ROW(p_pool_id, spot, till, part.wanted, part.wanted)::pool_withheld;
      END IF;
      EXIT WHEN full_part.starts_at IS NULL;
      spot := least(full_part.ends_at, part.ends_at);
      IF NOT p_force AND part.wanted - part.gpus - (locked.capacity - full_part.used) > part.short THEN
        RAISE EXCEPTION 'reservations stand in the way' USING ERRCODE = 'EQ003', DETAIL = json_build_object(
          'from', full_part.starts_at AT TIME ZONE 'UTC', 'until', spot AT TIME ZONE 'UTC',
          'free', locked.capacity - full_part.used, 'wanted', part.wanted - part.gpus)::text;
      END IF;
      IF full_part.used < locked.capacity THEN
        PERFORM pool_change(p_pool_id, locked.capacity, full_part.starts_at, spot, locked.capacity - full_part.used);
      END IF;
      pieces := pieces || ROW(p_pool_id, full_part.starts_at, spot, part.wanted,
        part.gpus + locked.capacity - full_part.used)::pool_withheld;
    END LOOP;
  END LOOP;

  WITH gone AS (
    DELETE FROM pool_withheld WHERE pool_id = p_pool_id AND ends_at > p_from AND starts_at < p_until RETURNING pool_withheld
  )
  SELECT array_agg(gone.pool_withheld) INTO gone_pieces FROM gone;
  INSERT INTO pool_withheld (pool_id, starts_at, ends_at, wanted, gpus)
    SELECT pool_id, starts_at, least(ends_at, p_from), wanted, gpus FROM unnest(gone_pieces) WHERE starts_at < p_from
    UNION ALL SELECT pool_id, greatest(starts_at, p_until), ends_at, wanted, gpus FROM unnest(gone_pieces) WHERE ends_at > p_until
    UNION ALL SELECT pool_id, min(starts_at), max(ends_at), wanted, gpus FROM (
      -- Neighbours that are alike are one piece.
      SELECT piece.*, sum(differs) OVER (ORDER BY starts_at) AS run FROM (
        SELECT piece.*, CASE WHEN (wanted, gpus) IS NOT DISTINCT FROM
          (lag(wanted) OVER w, lag(gpus) OVER w) THEN 0 ELSE 1 END AS differs
        FROM unnest(pieces) AS piece WINDOW w AS (ORDER BY starts_at)) AS piece
    ) AS merged WHERE wanted > 0 GROUP BY pool_id, run, wanted, gpus;
  RETURN EXISTS (SELECT FROM unnest(pieces) AS piece WHERE piece.gpus < piece.wanted);
END
$$;
REVOKE ALL ON FUNCTION pool_withhold(uuid, timestamptz, timestamptz, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pool_withhold(uuid, timestamptz, timestamptz, boolean) TO equihour_app;

-- Books or frees over an interval, as 0008 says; the pool's row is locked. What is freed where GPUs are wanted for nobody goes
-- there first, so that a maintenance window fills up by itself.
CREATE FUNCTION pool_book_locked(p_pool_id uuid, p_capacity integer, p_starts_at timestamptz, p_ends_at timestamptz, p_gpus integer)
RETURNS void LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off AS $$
DECLARE
  full_part record;
  short record;
BEGIN
  IF p_gpus > 0 AND (p_gpus > p_capacity OR pool_peak(p_pool_id, p_starts_at, p_ends_at) > p_capacity - p_gpus) THEN
    SELECT * INTO full_part FROM pool_first_over(p_pool_id, p_starts_at, p_ends_at, p_capacity - p_gpus);
    RAISE EXCEPTION 'the pool is full' USING ERRCODE = 'EQ001', DETAIL = json_build_object(
      'from', full_part.starts_at AT TIME ZONE 'UTC', 'until', full_part.ends_at AT TIME ZONE 'UTC',
      'free', p_capacity - full_part.used)::text;
  END IF;
  PERFORM pool_change(p_pool_id, p_capacity, p_starts_at, p_ends_at, p_gpus);
  IF p_gpus < 0 THEN
    FOR short IN SELECT starts_at, ends_at FROM pool_withheld
      WHERE pool_id = p_pool_id AND gpus < wanted AND starts_at < p_ends_at AND ends_at > p_starts_at ORDER BY starts_at
    LOOP
      PERFORM pool_withhold(p_pool_id, greatest(short.starts_at, p_starts_at), least(short.ends_at, p_ends_at), true);
    END LOOP;
  END IF;
END
$$;
REVOKE ALL ON FUNCTION pool_book_locked(uuid, integer, timestamptz, timestamptz, integer) FROM PUBLIC;

-- Locks the pool's row and refuses an interval that its calendar does not have. EQ002: before it opens. EQ004: after its end.
CREATE FUNCTION pool_lock_for(p_pool_id uuid, p_starts_at timestamptz, p_ends_at timestamptz, p_gpus integer)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  locked record;
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
  IF p_ends_at > pool_calendar_end(locked.opens_at) THEN
    RAISE EXCEPTION 'the calendar ends before %', p_ends_at USING ERRCODE = 'EQ004';
  END IF;
  RETURN locked.capacity;
END
$$;
REVOKE ALL ON FUNCTION pool_lock_for(uuid, timestamptz, timestamptz, integer) FROM PUBLIC;

CREATE OR REPLACE FUNCTION pool_book(p_pool_id uuid, p_starts_at timestamptz, p_ends_at timestamptz, p_gpus integer)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off AS $$
BEGIN
  PERFORM pool_book_locked(p_pool_id, pool_lock_for(p_pool_id, p_starts_at, p_ends_at, p_gpus), p_starts_at, p_ends_at, p_gpus);
END
$$;

-- What is dedicated to a company and what it has booked over [p_from, p_until), in parts that cover it.
CREATE FUNCTION pool_company_parts(p_pool_id uuid, p_company_id uuid, p_from timestamptz, p_until timestamptz)
RETURNS TABLE (starts_at timestamptz, ends_at timestamptz, dedicated integer, booked integer) LANGUAGE sql STABLE PARALLEL SAFE AS $$
  WITH dedication AS (
    SELECT starts_at, least(ends_at, coalesce(ended_from, ends_at)) AS ends_at, gpus FROM pool_dedication
    WHERE pool_id = p_pool_id AND company_id = p_company_id AND starts_at < p_until AND ends_at > p_from
      AND (ended_from IS NULL OR ended_from > greatest(starts_at, p_from))
  ), booking AS (
    SELECT starts_at, ends_at, gpus FROM pool_booking
    WHERE pool_id = p_pool_id AND company_id = p_company_id AND freed_at IS NULL AND starts_at < p_until AND ends_at > p_from
  ), point AS (
    SELECT p_from AS at
    UNION SELECT starts_at FROM dedication WHERE starts_at > p_from UNION SELECT ends_at FROM dedication WHERE ends_at < p_until
    UNION SELECT starts_at FROM booking WHERE starts_at > p_from UNION SELECT ends_at FROM booking WHERE ends_at < p_until
  )
  SELECT at, lead(at, 1, p_until) OVER (ORDER BY at),
    coalesce((SELECT sum(gpus) FROM dedication WHERE starts_at <= at AND ends_at > at), 0)::integer,
    coalesce((SELECT sum(gpus) FROM booking WHERE starts_at <= at AND ends_at > at), 0)::integer
  FROM point
$$;

-- Books or frees for a company. Where GPUs are dedicated to it, the calendar holds the larger of those and of what it has
-- booked, so only the difference changes; its own booking row is not there yet, or no longer. Within its share of the pool.
-- EQ001, EQ002, EQ004 as above. EQ005: over its share, with the first such part.
CREATE FUNCTION pool_book_for(p_pool_id uuid, p_company_id uuid, p_starts_at timestamptz, p_ends_at timestamptz, p_gpus integer)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off AS $$
DECLARE
  most integer := pool_lock_for(p_pool_id, p_starts_at, p_ends_at, p_gpus);
  share numeric;
  part record;
  full_part record;
  beyond record;
  more integer;
BEGIN
  IF p_gpus > 0 THEN
    SELECT pool_share.part INTO share FROM pool_share
      WHERE pool_id = p_pool_id AND (company_id = p_company_id OR company_id IS NULL) AND effective_from <= p_starts_at
      ORDER BY company_id IS NULL, recorded_at DESC, share_id DESC LIMIT 1;
    IF share < 1 THEN
      SELECT greatest(mine.starts_at, pool.starts_at) AS starts_at, least(mine.ends_at, pool.ends_at) AS ends_at,
          floor(share * (most - pool.wanted))::integer AS limit_gpus, mine.booked INTO beyond
        FROM pool_company_parts(p_pool_id, p_company_id, p_starts_at, p_ends_at) AS mine
        JOIN pool_wanted_withheld(p_pool_id, p_starts_at, p_ends_at) AS pool
          ON pool.starts_at < mine.ends_at AND pool.ends_at > mine.starts_at
        WHERE mine.booked + p_gpus > floor(share * (most - pool.wanted))
        ORDER BY 1 LIMIT 1;
      IF FOUND THEN
        RAISE EXCEPTION 'over the share of the pool' USING ERRCODE = 'EQ005', DETAIL = json_build_object(
          'from', beyond.starts_at AT TIME ZONE 'UTC', 'until', beyond.ends_at AT TIME ZONE 'UTC',
          'limit', beyond.limit_gpus, 'booked', beyond.booked)::text;
      END IF;
    END IF;
  END IF;
  IF NOT EXISTS (SELECT FROM pool_dedication
      WHERE pool_id = p_pool_id AND company_id = p_company_id AND ends_at > p_starts_at AND starts_at < p_ends_at) THEN
    PERFORM pool_book_locked(p_pool_id, most, p_starts_at, p_ends_at, p_gpus);
    RETURN;
  END IF;
  FOR part IN SELECT * FROM pool_company_parts(p_pool_id, p_company_id, p_starts_at, p_ends_at) ORDER BY starts_at LOOP
    more := sign(p_gpus) * (greatest(part.dedicated, part.booked + abs(p_gpus)) - greatest(part.dedicated, part.booked));
    CONTINUE WHEN more = 0;
    IF more > 0 AND (more > most OR pool_peak(p_pool_id, part.starts_at, part.ends_at) > most - more) THEN
      SELECT * INTO full_part FROM pool_first_over(p_pool_id, part.starts_at, part.ends_at, most - more);
      RAISE EXCEPTION 'the pool is full' USING ERRCODE = 'EQ001', DETAIL = json_build_object(
        'from', full_part.starts_at AT TIME ZONE 'UTC', 'until', full_part.ends_at AT TIME ZONE 'UTC',
        'free', most - full_part.used + p_gpus - more)::text;
    END IF;
    PERFORM pool_book_locked(p_pool_id, most, part.starts_at, part.ends_at, more);
  END LOOP;
END
$$;
REVOKE ALL ON FUNCTION pool_book_for(uuid, uuid, timestamptz, timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pool_book_for(uuid, uuid, timestamptz, timestamptz, integer) TO equihour_app;

-- Dedicates GPUs to a company, or ends that where p_gpus is negative: the calendar's side. The dedication's own row is not
-- there yet, or no longer. EQ001 where the pool has too few free.
CREATE FUNCTION pool_dedicate(p_pool_id uuid, p_company_id uuid, p_starts_at timestamptz, p_ends_at timestamptz, p_gpus integer)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off AS $$
DECLARE
  most integer := pool_lock_for(p_pool_id, p_starts_at, p_ends_at, p_gpus);
  part record;
  more integer;
BEGIN
  FOR part IN SELECT * FROM pool_company_parts(p_pool_id, p_company_id, p_starts_at, p_ends_at) ORDER BY starts_at LOOP
    more := sign(p_gpus) * (greatest(part.dedicated + abs(p_gpus), part.booked) - greatest(part.dedicated, part.booked));
    CONTINUE WHEN more = 0;
    PERFORM pool_book_locked(p_pool_id, most, part.starts_at, part.ends_at, more);
  END LOOP;
END
$$;
REVOKE ALL ON FUNCTION pool_dedicate(uuid, uuid, timestamptz, timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pool_dedicate(uuid, uuid, timestamptz, timestamptz, integer) TO equihour_app;

-- GPUs that a company can book over the whole of [p_from, p_until): free ones, and its own dedicated ones that it has not booked.
CREATE FUNCTION pool_free_for(p_pool_id uuid, p_company_id uuid, p_from timestamptz, p_until timestamptz)
RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT min(pool.capacity - pool_peak(p_pool_id, part.starts_at, part.ends_at)
    + greatest(0, part.dedicated - part.booked))::integer
  FROM pool, pool_company_parts(p_pool_id, p_company_id, p_from, p_until) AS part WHERE pool.pool_id = p_pool_id
$$;
