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

CREATE TABLE pool_step (
  pool_id uuid NOT NULL CONSTRAINT pool_step_pool REFERENCES pool (pool_id),
  starts_at timestamptz NOT NULL,
  capacity integer NOT NULL CONSTRAINT pool_step_capacity CHECK (capacity >= 0),
  used integer NOT NULL,
  CONSTRAINT pool_step_pkey PRIMARY KEY (pool_id, starts_at),
  CONSTRAINT pool_step_used_within_capacity CHECK (used BETWEEN 0 AND capacity)
) WITH (fillfactor = 70);
COMMENT ON TABLE pool_step IS
  'Distributed by pool_id. A pool''s capacity and use over time as a step function: each row holds until the next one starts.';
-- Only pool_change writes it, so that it is always changed under the pool's row lock.
GRANT SELECT ON pool_step TO equihour_app;

-- Adds to capacity and use over [p_starts_at, p_ends_at), under the lock of the pool's row. Cost: O(log n + steps touched).
-- The lock is an update, so that a transaction with an old snapshot fails to serialise instead of splitting a step it
-- does not see. Steps between the two boundaries all change by the same amount, so only the boundaries can become
-- superfluous: merging them keeps the number of steps below twice the number of live bookings.
-- EQ001: over capacity, with the first full interval and what is free in it. EQ002: before the pool's first step.
CREATE FUNCTION pool_change(p_pool_id uuid, p_starts_at timestamptz, p_ends_at timestamptz, p_capacity integer, p_gpus integer)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  full_step record;
BEGIN
  IF p_starts_at IS NULL OR p_ends_at IS NULL OR p_starts_at >= p_ends_at OR NOT isfinite(p_starts_at) THEN
    RAISE EXCEPTION 'the interval [%, %) is empty', p_starts_at, p_ends_at USING ERRCODE = 'invalid_parameter_value';
  END IF;
  UPDATE pool SET calendar_version = calendar_version + 1 WHERE pool_id = p_pool_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no pool %', p_pool_id USING ERRCODE = 'no_data_found';
  END IF;

  INSERT INTO pool_step (pool_id, starts_at, capacity, used)
    (SELECT pool_id, p_starts_at, capacity, used FROM pool_step
      WHERE pool_id = p_pool_id AND starts_at <= p_starts_at ORDER BY starts_at DESC LIMIT 1)
    ON CONFLICT ON CONSTRAINT pool_step_pkey DO NOTHING;
  IF NOT EXISTS (SELECT FROM pool_step WHERE pool_id = p_pool_id AND starts_at = p_starts_at) THEN
    IF p_gpus <> 0 THEN
      RAISE EXCEPTION 'the pool is not open at %', p_starts_at USING ERRCODE = 'EQ002';
    END IF;
    INSERT INTO pool_step (pool_id, starts_at, capacity, used) VALUES (p_pool_id, p_starts_at, 0, 0);
  END IF;

  IF p_gpus > 0 OR p_capacity < 0 THEN
    SELECT step.starts_at, step.capacity - step.used AS free INTO full_step FROM pool_step AS step
      WHERE step.pool_id = p_pool_id AND step.starts_at >= p_starts_at AND step.starts_at < p_ends_at
        AND step.used + p_gpus > step.capacity + p_capacity
      ORDER BY step.starts_at LIMIT 1;
    IF FOUND THEN
      RAISE EXCEPTION 'the pool is full' USING ERRCODE = 'EQ001', DETAIL = json_build_object(
        'from', full_step.starts_at AT TIME ZONE 'UTC',
        'until', least(p_ends_at, (SELECT min(next.starts_at) FROM pool_step AS next
          WHERE next.pool_id = p_pool_id AND next.starts_at > full_step.starts_at)) AT TIME ZONE 'UTC',
        'free', full_step.free)::text;
    END IF;
  END IF;

  IF isfinite(p_ends_at) THEN
    INSERT INTO pool_step (pool_id, starts_at, capacity, used)
      (SELECT pool_id, p_ends_at, capacity, used FROM pool_step
        WHERE pool_id = p_pool_id AND starts_at <= p_ends_at ORDER BY starts_at DESC LIMIT 1)
      ON CONFLICT ON CONSTRAINT pool_step_pkey DO NOTHING;
  END IF;
  UPDATE pool_step SET capacity = capacity + p_capacity, used = used + p_gpus
    WHERE pool_id = p_pool_id AND starts_at >= p_starts_at AND starts_at < p_ends_at;
  DELETE FROM pool_step AS step USING pool_step AS before
    WHERE step.pool_id = p_pool_id AND step.starts_at IN (p_starts_at, p_ends_at)
      AND before.pool_id = p_pool_id
      AND before.starts_at = (SELECT max(starts_at) FROM pool_step
        WHERE pool_id = p_pool_id AND starts_at < step.starts_at)
      AND before.capacity = step.capacity AND before.used = step.used;
END
$$;
REVOKE ALL ON FUNCTION pool_change(uuid, timestamptz, timestamptz, integer, integer) FROM PUBLIC;

-- Books GPUs over [p_starts_at, p_ends_at), or frees them where p_gpus is negative.
CREATE FUNCTION pool_book(p_pool_id uuid, p_starts_at timestamptz, p_ends_at timestamptz, p_gpus integer)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT pool_change(p_pool_id, p_starts_at, p_ends_at, 0, p_gpus) $$;
REVOKE ALL ON FUNCTION pool_book(uuid, timestamptz, timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pool_book(uuid, timestamptz, timestamptz, integer) TO equihour_app;

-- Adds GPUs to the capacity over [p_starts_at, p_ends_at), or takes them away where p_gpus is negative.
CREATE FUNCTION pool_add_capacity(p_pool_id uuid, p_starts_at timestamptz, p_ends_at timestamptz, p_gpus integer)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT pool_change(p_pool_id, p_starts_at, p_ends_at, p_gpus, 0) $$;
REVOKE ALL ON FUNCTION pool_add_capacity(uuid, timestamptz, timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pool_add_capacity(uuid, timestamptz, timestamptz, integer) TO equihour_app;

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
