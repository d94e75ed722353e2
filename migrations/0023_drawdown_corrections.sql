-- Statements in versions, corrections of what was recorded, and what could not be charged for want of tokens.
-- Tokens in micro-tokens.

ALTER TABLE statement ADD COLUMN version integer NOT NULL DEFAULT 1
  CONSTRAINT statement_version CHECK (version >= 1);
ALTER TABLE statement DROP CONSTRAINT statement_once;
ALTER TABLE statement ADD CONSTRAINT statement_once UNIQUE (company_id, month, version);
COMMENT ON TABLE statement IS
  'Distributed by company_id. A month''s account for one company as it was stated, with the SHA-256 of its canonical JSON. A correction before it is final makes a new version; the one before is superseded.';

ALTER TABLE statement_progress DROP CONSTRAINT statement_progress_state;
ALTER TABLE statement_progress ADD CONSTRAINT statement_progress_state
  CHECK (state IN ('stated', 'disputed', 'accepted', 'deemed_accepted', 'final', 'superseded'));
CREATE OR REPLACE FUNCTION statement_refuse_illegal_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = NEW.state OR (OLD.state, NEW.state) IN (
    ('stated', 'disputed'), ('stated', 'accepted'), ('stated', 'deemed_accepted'), ('disputed', 'accepted'),
    ('accepted', 'final'), ('deemed_accepted', 'final'),
    ('stated', 'superseded'), ('disputed', 'superseded'), ('accepted', 'superseded'), ('deemed_accepted', 'superseded')) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a statement does not go from % to %', OLD.state, NEW.state
    USING ERRCODE = 'check_violation', CONSTRAINT = 'statement_legal_step';
END
$$;

CREATE TABLE correction (
  company_id uuid NOT NULL CONSTRAINT correction_company REFERENCES company (company_id),
  correction_id uuid NOT NULL,
  kind text COLLATE "C" NOT NULL
    CONSTRAINT correction_kind CHECK (kind IN ('lower', 'raise', 'void', 'arrears', 'credit', 'suspend', 'reinstate')),
  reservation_id uuid,
  usage_id uuid,
  ordinal integer,
  gpu_seconds_before bigint,
  gpu_seconds_after bigint,
  reason_code text COLLATE "C" NOT NULL CONSTRAINT correction_reason_code CHECK (reason_code ~ '^[A-Z][A-Z_]{2,39}$'),
  reason text NOT NULL CONSTRAINT correction_reason CHECK (reason <> ''),
  corrected_as text COLLATE "C" NOT NULL
    CONSTRAINT correction_as CHECK (corrected_as IN ('provider', 'operations', 'both_sides', 'expert')),
  corrected_by uuid NOT NULL CONSTRAINT correction_by REFERENCES person (person_id),
  corrected_at timestamptz NOT NULL,
  accounted_at timestamptz NOT NULL,
  CONSTRAINT correction_pkey PRIMARY KEY (company_id, correction_id),
  CONSTRAINT correction_once UNIQUE (company_id, usage_id, ordinal),
  CONSTRAINT correction_usage FOREIGN KEY (company_id, usage_id) REFERENCES usage_record (company_id, usage_id),
  CONSTRAINT correction_reservation FOREIGN KEY (company_id, reservation_id) REFERENCES reservation (company_id, reservation_id),
  CONSTRAINT correction_of_usage CHECK ((kind IN ('lower', 'raise', 'void')) = (num_nonnulls(ordinal, gpu_seconds_before, gpu_seconds_after) = 3)
    AND num_nonnulls(ordinal, gpu_seconds_before, gpu_seconds_after) IN (0, 3)
    AND (kind NOT IN ('lower', 'raise', 'void', 'arrears') OR usage_id IS NOT NULL AND reservation_id IS NOT NULL)
    AND (kind <> 'credit' OR reservation_id IS NOT NULL)),
  CONSTRAINT correction_direction CHECK (CASE kind
    WHEN 'lower' THEN 0 < gpu_seconds_after AND gpu_seconds_after < gpu_seconds_before
    WHEN 'void' THEN 0 = gpu_seconds_after AND gpu_seconds_after < gpu_seconds_before
    WHEN 'raise' THEN 0 <= gpu_seconds_before AND gpu_seconds_before < gpu_seconds_after ELSE true END)
);
COMMENT ON TABLE correction IS
  'Distributed by company_id. What was recorded and turned out otherwise: usage lowered, raised or voided; arrears charged when tokens came; credits for outages; what a dispute takes out of the vest basis and puts back. Of one usage record each names what the one before left.';
COMMENT ON COLUMN correction.accounted_at IS
  'In which statement it is: that of the month of this instant. A month that is stated and not final is restated; what comes after final is in the next.';
-- Corrections of a month.
CREATE INDEX correction_by_time ON correction (company_id, accounted_at);
-- Corrections of a reservation.
CREATE INDEX correction_of_reservation ON correction (company_id, reservation_id);
SELECT equihour_append_only('correction');

CREATE TABLE correction_part (
  company_id uuid NOT NULL,
  correction_id uuid NOT NULL,
  ordinal integer NOT NULL,
  lot_id uuid NOT NULL,
  from_kind text COLLATE "C" NOT NULL,
  to_kind text COLLATE "C" NOT NULL,
  amount_micro bigint NOT NULL CONSTRAINT correction_part_amount CHECK (amount_micro > 0),
  transfer_id uuid NOT NULL,
  CONSTRAINT correction_part_pkey PRIMARY KEY (company_id, correction_id, ordinal),
  CONSTRAINT correction_part_of FOREIGN KEY (company_id, correction_id) REFERENCES correction (company_id, correction_id),
  CONSTRAINT correction_part_lot FOREIGN KEY (company_id, lot_id) REFERENCES lot (company_id, lot_id),
  CONSTRAINT correction_part_transfer FOREIGN KEY (company_id, transfer_id) REFERENCES transfer (holder_id, transfer_id)
);
COMMENT ON TABLE correction_part IS
  'Distributed by company_id. The tokens that a correction moved: from which account to which, and by which transfer.';
SELECT equihour_append_only('correction_part');

-- Corrections are charges too: a negative amount names the charge that it takes back (corrects).
ALTER TABLE charge ADD COLUMN correction_id uuid;
ALTER TABLE charge ADD COLUMN corrects uuid;
ALTER TABLE charge DROP CONSTRAINT charge_amount;
ALTER TABLE charge ADD CONSTRAINT charge_amount CHECK (amount_micro >= 0 OR correction_id IS NOT NULL);
ALTER TABLE charge DROP CONSTRAINT charge_basis;
ALTER TABLE charge ADD CONSTRAINT charge_basis CHECK (basis_from >= 0 AND basis_to >= 0 AND (correction_id IS NOT NULL
  OR basis_to >= basis_from AND basis_to - basis_from <= amount_micro));
ALTER TABLE charge ADD CONSTRAINT charge_corrects_by_correction CHECK (corrects IS NULL OR correction_id IS NOT NULL);
ALTER TABLE charge ADD CONSTRAINT charge_correction FOREIGN KEY (company_id, correction_id)
  REFERENCES correction (company_id, correction_id);
ALTER TABLE charge ADD CONSTRAINT charge_corrected FOREIGN KEY (company_id, corrects) REFERENCES charge (company_id, charge_id);
COMMENT ON TABLE charge IS
  'Distributed by company_id. Tokens consumed, and why; sums are net of corrections, whose rows are negative or name the correction. grant_id is null for tokens that earn nothing. A charge with the cause delivered is a delivery: compute really received, of which so little may be told at once that it costs nothing yet. (basis_from, basis_to] is the part of the vest basis that it moved, so that shares are traced to charges by overlap; a correction moves it back.';
-- What a reservation was charged, and what one record was, to take it back.
CREATE INDEX charge_of_reservation ON charge (company_id, reservation_id);
CREATE INDEX charge_of_usage ON charge (company_id, usage_id) WHERE usage_id IS NOT NULL;
-- What took back a charge.
CREATE INDEX charge_correcting ON charge (company_id, corrects) WHERE corrects IS NOT NULL;
-- Whether parts of a grant's basis were moved by corrections.
CREATE INDEX charge_by_correction ON charge (company_id, grant_id) WHERE correction_id IS NOT NULL;

CREATE TABLE arrears (
  company_id uuid NOT NULL,
  arrears_id uuid NOT NULL,
  correction_id uuid NOT NULL,
  usage_id uuid NOT NULL,
  reservation_id uuid NOT NULL,
  token_class_id uuid NOT NULL CONSTRAINT arrears_class REFERENCES token_class (token_class_id),
  amount_micro bigint NOT NULL CONSTRAINT arrears_amount CHECK (amount_micro > 0),
  settled_micro bigint NOT NULL DEFAULT 0,
  cancelled_micro bigint NOT NULL DEFAULT 0,
  opened_at timestamptz NOT NULL,
  CONSTRAINT arrears_pkey PRIMARY KEY (company_id, arrears_id),
  CONSTRAINT arrears_correction FOREIGN KEY (company_id, correction_id) REFERENCES correction (company_id, correction_id),
  CONSTRAINT arrears_usage FOREIGN KEY (company_id, usage_id) REFERENCES usage_record (company_id, usage_id),
  CONSTRAINT arrears_within CHECK (settled_micro >= 0 AND cancelled_micro >= 0
    AND settled_micro + cancelled_micro <= amount_micro)
);
COMMENT ON TABLE arrears IS
  'Distributed by company_id. Raised usage for which there were no tokens: charged when tokens come, cancelled when the usage is lowered again. Never a negative balance.';
-- What is still open of a company, and of a reservation.
CREATE INDEX arrears_open ON arrears (company_id, reservation_id) WHERE settled_micro + cancelled_micro < amount_micro;
GRANT SELECT, INSERT ON arrears TO equihour_app;
GRANT UPDATE (settled_micro, cancelled_micro) ON arrears TO equihour_app;
