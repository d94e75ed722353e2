-- A confirmed reservation that is to become another: what is more is set aside at once, and the provider decides.

CREATE TABLE reservation_change (
  company_id uuid NOT NULL,
  change_id uuid NOT NULL,
  reservation_id uuid NOT NULL,
  how text COLLATE "C" NOT NULL CONSTRAINT reservation_change_how CHECK (how IN ('EXTENDED', 'MOVED')),
  gpus integer NOT NULL CONSTRAINT reservation_change_gpus CHECK (gpus > 0),
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  factor_id uuid NOT NULL,
  h100_hours_per_gpu_hour numeric(34, 10) NOT NULL,
  hold_micro bigint NOT NULL CONSTRAINT reservation_change_hold CHECK (hold_micro > 0),
  more_hold_id uuid,
  asked_by uuid NOT NULL CONSTRAINT reservation_change_by REFERENCES person (person_id),
  asked_at timestamptz NOT NULL,
  answer_by timestamptz NOT NULL,
  answer text COLLATE "C"
    CONSTRAINT reservation_change_answer CHECK (answer IN ('APPROVED', 'DECLINED', 'LAPSED', 'WITHDRAWN')),
  reason_code text COLLATE "C",
  note text,
  answered_by uuid CONSTRAINT reservation_change_answered_by REFERENCES person (person_id),
  answered_at timestamptz,
  CONSTRAINT reservation_change_pkey PRIMARY KEY (company_id, change_id),
  CONSTRAINT reservation_change_of FOREIGN KEY (company_id, reservation_id) REFERENCES reservation (company_id, reservation_id),
  CONSTRAINT reservation_change_interval CHECK (ends_at > starts_at),
  CONSTRAINT reservation_change_answered CHECK ((answer IS NULL) = (answered_at IS NULL)),
  CONSTRAINT reservation_change_reason CHECK ((answer IS NOT DISTINCT FROM 'DECLINED') = (reason_code IS NOT NULL))
);
COMMENT ON TABLE reservation_change IS
  'Distributed by company_id. What a company asked a confirmed reservation to become, and what the provider answered. Tokens and GPUs beyond those of the reservation are set aside while it waits.';
COMMENT ON COLUMN reservation_change.hold_micro IS 'Micro-tokens of the whole reservation as it would be.';
COMMENT ON COLUMN reservation_change.more_hold_id IS 'The hold beside the reservation''s own, so that approving cannot fail for tokens; null where its own is enough.';
-- What waits for the provider of a reservation: at most one.
CREATE UNIQUE INDEX reservation_change_open ON reservation_change (company_id, reservation_id) WHERE answer IS NULL;
-- What time moves on: changes that were not decided in time.
CREATE INDEX reservation_change_due ON reservation_change (answer_by) WHERE answer IS NULL;
GRANT SELECT, INSERT ON reservation_change TO equihour_app;
GRANT UPDATE (answer, reason_code, note, answered_by, answered_at) ON reservation_change TO equihour_app;

ALTER TABLE pool_booking ADD COLUMN change_of uuid;
COMMENT ON COLUMN pool_booking.change_of IS
  'Of GPUs that are set aside for a change that waits: the reservation that would take them. Its own id is of nothing else. Null: a reservation''s own booking.';
-- What is set aside for the change of a reservation.
CREATE INDEX pool_booking_of_change ON pool_booking (pool_id, change_of) WHERE change_of IS NOT NULL AND freed_at IS NULL;

CREATE TABLE booking_terms_change (
  company_id uuid NOT NULL,
  change_id uuid NOT NULL,
  lot_id uuid NOT NULL,
  effective_on date NOT NULL,
  charging text COLLATE "C" CONSTRAINT booking_terms_change_charging CHECK (charging IN ('RESERVED', 'METERED')),
  long_stop date,
  source text NOT NULL CONSTRAINT booking_terms_change_sourced CHECK (source <> ''),
  recorded_at timestamptz NOT NULL,
  CONSTRAINT booking_terms_change_pkey PRIMARY KEY (company_id, change_id),
  CONSTRAINT booking_terms_change_of FOREIGN KEY (company_id, lot_id) REFERENCES booking_terms (company_id, lot_id),
  CONSTRAINT booking_terms_change_something CHECK (charging IS NOT NULL OR long_stop IS NOT NULL)
);
COMMENT ON TABLE booking_terms_change IS
  'Distributed by company_id. What a signed amendment changes of how reservations are booked and charged, from a date on. Of two for one date the one recorded later holds; null: as it was.';
SELECT equihour_append_only('booking_terms_change');
