-- Who does not come is found by itself, and usage that is told late puts it right.

CREATE TABLE pool_meter_delay (
  pool_id uuid NOT NULL CONSTRAINT pool_meter_delay_pool REFERENCES pool (pool_id),
  delay_id uuid NOT NULL,
  minutes integer NOT NULL CONSTRAINT pool_meter_delay_minutes CHECK (minutes BETWEEN 0 AND 64800),
  source text NOT NULL CONSTRAINT pool_meter_delay_sourced CHECK (source <> ''),
  set_by uuid NOT NULL CONSTRAINT pool_meter_delay_set_by REFERENCES person (person_id),
  set_as text COLLATE "C" NOT NULL CONSTRAINT pool_meter_delay_set_as CHECK (set_as IN ('provider', 'operations')),
  recorded_at timestamptz NOT NULL,
  CONSTRAINT pool_meter_delay_pkey PRIMARY KEY (pool_id, delay_id)
);
COMMENT ON TABLE pool_meter_delay IS
  'Distributed by pool_id. Minutes within which the meter of a pool that has no scheduler here tells of GPUs that are in use, those of jobs that still run among them. The one recorded last holds. No row: it tells of jobs that have ended.';
SELECT equihour_append_only('pool_meter_delay');

-- Reservations that run, by their start: of which nobody has told any usage is asked when their grace time is over.
CREATE INDEX reservation_in_use ON reservation (starts_at) WHERE state = 'active';

CREATE OR REPLACE FUNCTION reservation_refuse_illegal_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = NEW.state OR (OLD.state, NEW.state) IN (
    ('waitlisted', 'held'), ('waitlisted', 'cancelled'), ('waitlisted', 'expired'),
    ('held', 'confirmed'), ('held', 'declined'), ('held', 'cancelled'), ('held', 'expired'),
    ('confirmed', 'provisioned'), ('confirmed', 'active'), ('confirmed', 'completed'),
    ('confirmed', 'cancelled'), ('confirmed', 'no_show'), ('confirmed', 'failed'),
    ('provisioned', 'confirmed'), ('provisioned', 'active'), ('provisioned', 'completed'), ('provisioned', 'cancelled'),
    ('provisioned', 'no_show'), ('provisioned', 'failed'),
    ('active', 'completed'), ('active', 'no_show'), ('active', 'failed'),
    -- Somebody had come: usage told late says so.
    ('no_show', 'completed')) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a reservation does not go from % to %', OLD.state, NEW.state
    USING ERRCODE = 'check_violation', CONSTRAINT = 'reservation_legal_step';
END
$$;

ALTER TABLE correction
  DROP CONSTRAINT correction_kind,
  ADD CONSTRAINT correction_kind
    CHECK (kind IN ('lower', 'raise', 'void', 'arrears', 'credit', 'suspend', 'reinstate', 'late_usage')),
  ADD CONSTRAINT correction_of_late_usage
    CHECK (kind <> 'late_usage' OR usage_id IS NOT NULL AND reservation_id IS NOT NULL);
COMMENT ON COLUMN correction.kind IS
  'late_usage: usage of a reservation to which nobody was thought to have come. What that was charged becomes what its usage and its time are charged, and the rest returns.';
