-- Booking by the signed terms: what each cause is charged, quotes, offers of the provider, waiting, groups, outages.

CREATE TABLE booking_terms (
  company_id uuid NOT NULL,
  lot_id uuid NOT NULL,
  round_id uuid NOT NULL,
  charging text COLLATE "C" NOT NULL CONSTRAINT booking_terms_charging CHECK (charging IN ('RESERVED', 'METERED')),
  refunds jsonb NOT NULL CONSTRAINT booking_terms_refunds CHECK (jsonb_typeof(refunds) = 'array'),
  locked_refund numeric(34, 10) NOT NULL CONSTRAINT booking_terms_locked_refund CHECK (locked_refund BETWEEN 0 AND 1),
  no_show_grace_minutes integer NOT NULL CONSTRAINT booking_terms_grace CHECK (no_show_grace_minutes >= 0),
  no_show_part numeric(34, 10) NOT NULL CONSTRAINT booking_terms_no_show CHECK (no_show_part BETWEEN 0 AND 1),
  outage_factor numeric(34, 10) NOT NULL CONSTRAINT booking_terms_outage CHECK (outage_factor BETWEEN 0 AND 10),
  quote_minutes integer NOT NULL CONSTRAINT booking_terms_quote CHECK (quote_minutes > 0),
  long_stop date NOT NULL,
  frozen_at timestamptz NOT NULL,
  CONSTRAINT booking_terms_pkey PRIMARY KEY (company_id, lot_id),
  CONSTRAINT booking_terms_lot FOREIGN KEY (company_id, lot_id) REFERENCES lot (company_id, lot_id)
);
COMMENT ON TABLE booking_terms IS
  'Distributed by company_id. How reservations that draw a grant''s lot are charged by cause, frozen from the signed terms at closing.';
COMMENT ON COLUMN booking_terms.refunds IS
  'Parts returned when a reservation is cancelled before its lock time, by whole hours before the start; none: everything.';
COMMENT ON COLUMN booking_terms.long_stop IS 'No reservation that draws the lot ends later.';
SELECT equihour_append_only('booking_terms');

CREATE TABLE reservation_quote (
  company_id uuid NOT NULL CONSTRAINT reservation_quote_company REFERENCES company (company_id),
  quote_id uuid NOT NULL,
  pool_id uuid NOT NULL,
  gpus integer NOT NULL CONSTRAINT reservation_quote_gpus CHECK (gpus > 0),
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  factor_id uuid NOT NULL,
  h100_hours_per_gpu_hour numeric(34, 10) NOT NULL,
  hold_micro bigint NOT NULL CONSTRAINT reservation_quote_hold CHECK (hold_micro > 0),
  rules jsonb NOT NULL,
  quoted_to uuid NOT NULL CONSTRAINT reservation_quote_person REFERENCES person (person_id),
  quoted_at timestamptz NOT NULL,
  valid_until timestamptz NOT NULL,
  CONSTRAINT reservation_quote_pkey PRIMARY KEY (company_id, quote_id),
  CONSTRAINT reservation_quote_validity CHECK (valid_until > quoted_at)
);
COMMENT ON TABLE reservation_quote IS
  'Distributed by company_id. What was shown before booking, with the rules by which each cause is charged, and until when it holds.';
SELECT equihour_append_only('reservation_quote');

ALTER TABLE reservation
  ADD COLUMN quote_id uuid,
  ADD COLUMN waits_until timestamptz,
  ADD COLUMN group_id uuid,
  ADD COLUMN split_from uuid,
  ADD CONSTRAINT reservation_quoted FOREIGN KEY (company_id, quote_id) REFERENCES reservation_quote (company_id, quote_id),
  ADD CONSTRAINT reservation_split FOREIGN KEY (company_id, split_from) REFERENCES reservation (company_id, reservation_id),
  ADD CONSTRAINT reservation_waits CHECK (state <> 'waitlisted' OR waits_until IS NOT NULL);
COMMENT ON COLUMN reservation.waits_until IS 'Until when a request waits for capacity, where it went to the waiting list.';
COMMENT ON COLUMN reservation.group_id IS 'The series or the set that it was asked for with.';
COMMENT ON COLUMN reservation.split_from IS 'The reservation that it was a part of.';
GRANT UPDATE (gpus, starts_at, ends_at, factor_id, h100_hours_per_gpu_hour, hold_id, hold_micro, hold_expires_at)
  ON reservation TO equihour_app;
GRANT UPDATE (reserved_gpu_seconds, hold_micro) ON meter TO equihour_app;
GRANT UPDATE (gpus, starts_at) ON pool_booking TO equihour_app;
-- What time moves on: starts that are due.
CREATE INDEX reservation_to_start ON reservation (starts_at) WHERE state IN ('confirmed', 'provisioned');
-- What time moves on: reservations that are over.
CREATE INDEX reservation_to_end ON reservation (ends_at) WHERE state = 'active';
-- The reservations of a group.
CREATE INDEX reservation_of_group ON reservation (company_id, group_id) WHERE group_id IS NOT NULL;

CREATE OR REPLACE FUNCTION reservation_refuse_illegal_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = NEW.state OR (OLD.state, NEW.state) IN (
    ('waitlisted', 'held'), ('waitlisted', 'cancelled'), ('waitlisted', 'expired'),
    ('held', 'confirmed'), ('held', 'declined'), ('held', 'cancelled'), ('held', 'expired'),
    ('confirmed', 'provisioned'), ('confirmed', 'active'), ('confirmed', 'completed'),
    ('confirmed', 'cancelled'), ('confirmed', 'no_show'), ('confirmed', 'failed'),
    ('provisioned', 'active'), ('provisioned', 'completed'), ('provisioned', 'cancelled'),
    ('provisioned', 'no_show'), ('provisioned', 'failed'),
    ('active', 'completed'), ('active', 'no_show'), ('active', 'failed')) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a reservation does not go from % to %', OLD.state, NEW.state
    USING ERRCODE = 'check_violation', CONSTRAINT = 'reservation_legal_step';
END
$$;

ALTER TABLE reservation_event
  DROP CONSTRAINT reservation_event_reason,
  ADD CONSTRAINT reservation_event_reason CHECK (reason_code IN ('REQUESTED', 'APPROVED',
    'NO_CAPACITY', 'MAINTENANCE', 'POLICY', 'CONTRACT', 'OTHER', 'CANCELLED_BY_COMPANY', 'NOT_DECIDED_IN_TIME',
    'FIRST_USAGE', 'RESERVED_CHARGED', 'METERED_CHARGED',
    'WAITLISTED', 'BACKFILLED', 'WAIT_ENDED', 'OFFERED', 'OFFER_ACCEPTED', 'OFFER_REFUSED', 'OFFER_LAPSED',
    'STARTED', 'PROVISIONED', 'NOBODY_CAME', 'CANCELLED_BY_PROVIDER', 'FAILED_AT_PROVIDER', 'NO_MORE_USAGE',
    'EXTENDED', 'SHRUNK', 'MOVED', 'SPLIT', 'GROUP_UNDONE')),
  ADD COLUMN change jsonb;
COMMENT ON COLUMN reservation_event.change IS 'Size and times before and after, where a change of state is not all.';

CREATE TABLE reservation_offer (
  company_id uuid NOT NULL,
  offer_id uuid NOT NULL,
  reservation_id uuid NOT NULL,
  gpus integer NOT NULL CONSTRAINT reservation_offer_gpus CHECK (gpus > 0),
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  factor_id uuid NOT NULL,
  h100_hours_per_gpu_hour numeric(34, 10) NOT NULL,
  hold_micro bigint NOT NULL CONSTRAINT reservation_offer_hold CHECK (hold_micro > 0),
  reason_code text COLLATE "C" NOT NULL,
  note text,
  offered_by uuid NOT NULL CONSTRAINT reservation_offer_by REFERENCES person (person_id),
  offered_at timestamptz NOT NULL,
  answer_by timestamptz NOT NULL,
  waited_seconds bigint NOT NULL CONSTRAINT reservation_offer_waited CHECK (waited_seconds >= 0),
  answer text COLLATE "C" CONSTRAINT reservation_offer_answer CHECK (answer IN ('ACCEPTED', 'REFUSED', 'LAPSED')),
  answered_at timestamptz,
  CONSTRAINT reservation_offer_pkey PRIMARY KEY (company_id, offer_id),
  CONSTRAINT reservation_offer_of FOREIGN KEY (company_id, reservation_id) REFERENCES reservation (company_id, reservation_id),
  CONSTRAINT reservation_offer_interval CHECK (ends_at > starts_at),
  CONSTRAINT reservation_offer_answered CHECK ((answer IS NULL) = (answered_at IS NULL))
);
COMMENT ON TABLE reservation_offer IS
  'Distributed by company_id. What a provider offered instead of what was asked for, and what the company answered. The offered capacity is booked while the offer stands.';
-- The offer of a reservation that waits for an answer: at most one.
CREATE UNIQUE INDEX reservation_offer_open ON reservation_offer (company_id, reservation_id) WHERE answer IS NULL;
GRANT SELECT, INSERT ON reservation_offer TO equihour_app;
GRANT UPDATE (answer, answered_at) ON reservation_offer TO equihour_app;

CREATE TABLE pool_waiting (
  pool_id uuid NOT NULL CONSTRAINT pool_waiting_pool REFERENCES pool (pool_id),
  reservation_id uuid NOT NULL,
  company_id uuid NOT NULL,
  gpus integer NOT NULL CONSTRAINT pool_waiting_gpus CHECK (gpus > 0),
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  requested_at timestamptz NOT NULL,
  waits_until timestamptz NOT NULL,
  passed_over_at timestamptz,
  left_at timestamptz,
  CONSTRAINT pool_waiting_pkey PRIMARY KEY (pool_id, reservation_id),
  CONSTRAINT pool_waiting_interval CHECK (ends_at > starts_at)
);
COMMENT ON TABLE pool_waiting IS
  'Distributed by pool_id. The pool''s side of requests on the waiting list, served in order of request.';
COMMENT ON COLUMN pool_waiting.passed_over_at IS 'Its turn came and its company could not pay: it keeps its turn, and nobody waits for it.';
-- Who waits, in order of request.
CREATE INDEX pool_waiting_in_order ON pool_waiting (pool_id, requested_at, reservation_id) WHERE left_at IS NULL;
GRANT SELECT, INSERT ON pool_waiting TO equihour_app;
GRANT UPDATE (passed_over_at, left_at) ON pool_waiting TO equihour_app;

CREATE TABLE reservation_group (
  company_id uuid NOT NULL CONSTRAINT reservation_group_company REFERENCES company (company_id),
  group_id uuid NOT NULL,
  kind text COLLATE "C" NOT NULL CONSTRAINT reservation_group_kind CHECK (kind IN ('series', 'set')),
  state text COLLATE "C" NOT NULL CONSTRAINT reservation_group_state CHECK (state IN ('gathering', 'complete', 'undone')),
  parts jsonb NOT NULL,
  reason text,
  requested_by uuid NOT NULL CONSTRAINT reservation_group_by REFERENCES person (person_id),
  requested_at timestamptz NOT NULL,
  gather_until timestamptz NOT NULL,
  CONSTRAINT reservation_group_pkey PRIMARY KEY (company_id, group_id)
);
COMMENT ON TABLE reservation_group IS
  'Distributed by company_id. Reservations that were asked for together, all or nothing: a series in one pool, or a set over several. While it gathers, its parts are held; what is not complete by then is undone.';
-- Groups whose time to gather is over.
CREATE INDEX reservation_group_gathering ON reservation_group (gather_until) WHERE state = 'gathering';
GRANT SELECT, INSERT ON reservation_group TO equihour_app;
GRANT UPDATE (state, reason) ON reservation_group TO equihour_app;

CREATE TABLE reservation_outage (
  company_id uuid NOT NULL,
  outage_id uuid NOT NULL,
  reservation_id uuid NOT NULL,
  gpus integer NOT NULL CONSTRAINT reservation_outage_gpus CHECK (gpus > 0),
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  source text COLLATE "C" NOT NULL CONSTRAINT reservation_outage_sourced CHECK (source <> ''),
  evidence text NOT NULL CONSTRAINT reservation_outage_evidence CHECK (evidence <> ''),
  gpu_seconds bigint NOT NULL CONSTRAINT reservation_outage_seconds CHECK (gpu_seconds > 0),
  recorded_by uuid NOT NULL CONSTRAINT reservation_outage_by REFERENCES person (person_id),
  recorded_at timestamptz NOT NULL,
  CONSTRAINT reservation_outage_pkey PRIMARY KEY (company_id, outage_id),
  CONSTRAINT reservation_outage_of FOREIGN KEY (company_id, reservation_id) REFERENCES reservation (company_id, reservation_id),
  CONSTRAINT reservation_outage_once UNIQUE (company_id, reservation_id, source, starts_at),
  CONSTRAINT reservation_outage_interval CHECK (ends_at > starts_at)
);
COMMENT ON TABLE reservation_outage IS
  'Distributed by company_id. Time in which reserved GPUs were down, with what shows it. gpu_seconds: within the reservation, no GPU counted twice.';
SELECT equihour_append_only('reservation_outage');
-- Denied, delayed and shortened requests of a time, as evidence.
CREATE INDEX reservation_event_by_time ON reservation_event (company_id, at);
