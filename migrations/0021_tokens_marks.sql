-- Price index and marks, releases that somebody asks for or confirms, and notices of expiry.

-- A metric is one way of measuring, by one source: two ways never stand in one series, however alike their names.
CREATE TABLE metric (
  metric_id uuid NOT NULL CONSTRAINT metric_pkey PRIMARY KEY,
  name text COLLATE "C" NOT NULL CONSTRAINT metric_named_once UNIQUE,
  unit text COLLATE "C" NOT NULL CONSTRAINT metric_unit CHECK (unit IN ('H100_HOUR')),
  currency char(3) NOT NULL,
  source text NOT NULL,
  method text NOT NULL,
  window_days integer NOT NULL CONSTRAINT metric_window CHECK (window_days BETWEEN 1 AND 366),
  stale_after_days integer NOT NULL CONSTRAINT metric_stale CHECK (stale_after_days BETWEEN 1 AND 3660),
  fallback_id uuid CONSTRAINT metric_fallback REFERENCES metric (metric_id),
  registered_by uuid NOT NULL CONSTRAINT metric_registered_by REFERENCES person (person_id),
  registered_at timestamptz NOT NULL,
  CONSTRAINT metric_not_its_own_fallback CHECK (fallback_id <> metric_id)
);
COMMENT ON TABLE metric IS
  'Reference. A named measure of a price: unit, currency, source, the days that one observation covers, and the days after which the last one is stale.';
SELECT equihour_append_only('metric');

CREATE TABLE metric_end (
  metric_id uuid NOT NULL CONSTRAINT metric_end_pkey PRIMARY KEY
    CONSTRAINT metric_end_metric REFERENCES metric (metric_id),
  ended_on date NOT NULL,
  reason text NOT NULL,
  recorded_by uuid NOT NULL CONSTRAINT metric_end_recorded_by REFERENCES person (person_id),
  recorded_at timestamptz NOT NULL
);
COMMENT ON TABLE metric_end IS 'Reference. From which day on a metric is no longer published, and why.';
SELECT equihour_append_only('metric_end');

CREATE TABLE observation (
  metric_id uuid NOT NULL CONSTRAINT observation_metric REFERENCES metric (metric_id),
  observation_id uuid NOT NULL,
  observed_on date NOT NULL,
  -- Money for one unit. Null: what is corrected was never observed.
  level numeric(34,10) CONSTRAINT observation_level CHECK (level > 0),
  source text NOT NULL,
  corrects_id uuid,
  recorded_by uuid NOT NULL CONSTRAINT observation_recorded_by REFERENCES person (person_id),
  recorded_at timestamptz NOT NULL,
  CONSTRAINT observation_pkey PRIMARY KEY (metric_id, observation_id),
  CONSTRAINT observation_corrects FOREIGN KEY (metric_id, corrects_id) REFERENCES observation (metric_id, observation_id),
  CONSTRAINT observation_corrects_once UNIQUE (metric_id, corrects_id),
  CONSTRAINT observation_withdrawn CHECK (level IS NOT NULL OR corrects_id IS NOT NULL)
);
COMMENT ON TABLE observation IS
  'Reference. What a metric was on a day, and where that is written. A correction is a new row that names the one it replaces.';
-- One observation for a day; another for the same day is a correction of it.
CREATE UNIQUE INDEX observation_once ON observation (metric_id, observed_on) WHERE corrects_id IS NULL;
-- The observations of a window.
CREATE INDEX observation_by_day ON observation (metric_id, observed_on, recorded_at);
SELECT equihour_append_only('observation');

CREATE TABLE mark (
  -- The company, or for a token its class: where the row lies.
  scope_id uuid NOT NULL,
  mark_id uuid NOT NULL,
  subject_kind text COLLATE "C" NOT NULL CONSTRAINT mark_subject_kind CHECK (subject_kind IN ('token', 'share', 'company')),
  -- For a share: the OCF stock class that it is of.
  stock_class_id text COLLATE "C",
  basis text COLLATE "C" NOT NULL CONSTRAINT mark_basis CHECK (basis IN ('fair_value', 'reference_price')),
  amount numeric(34,10) NOT NULL CONSTRAINT mark_amount CHECK (amount >= 0),
  currency char(3) NOT NULL,
  marked_on date NOT NULL,
  expires_on date NOT NULL,
  method text NOT NULL,
  level smallint CONSTRAINT mark_level CHECK (level BETWEEN 1 AND 3),
  source text NOT NULL,
  proposed_by uuid NOT NULL CONSTRAINT mark_proposed_by REFERENCES person (person_id),
  proposed_at timestamptz NOT NULL,
  CONSTRAINT mark_pkey PRIMARY KEY (scope_id, mark_id),
  CONSTRAINT mark_period CHECK (marked_on < expires_on),
  CONSTRAINT mark_of_share CHECK ((subject_kind = 'share') = (stock_class_id IS NOT NULL)),
  CONSTRAINT mark_fair_value_has_level CHECK ((basis = 'fair_value') = (level IS NOT NULL))
);
COMMENT ON TABLE mark IS
  'Distributed by scope_id. What a token, a share of a class or a company is taken to be worth from a day until another, by which method, at which level of the fair value hierarchy (ASC 820, IFRS 13). A reference price has none: it is no fair value.';
-- The marks of one subject, newest first.
CREATE INDEX mark_of_subject ON mark (scope_id, subject_kind, stock_class_id, marked_on, mark_id);
SELECT equihour_append_only('mark');

CREATE TABLE mark_approval (
  scope_id uuid NOT NULL,
  mark_id uuid NOT NULL,
  proposed_by uuid NOT NULL,
  approved_by uuid NOT NULL CONSTRAINT mark_approval_by REFERENCES person (person_id),
  approved_at timestamptz NOT NULL,
  CONSTRAINT mark_approval_pkey PRIMARY KEY (scope_id, mark_id),
  CONSTRAINT mark_approval_mark FOREIGN KEY (scope_id, mark_id) REFERENCES mark (scope_id, mark_id),
  CONSTRAINT mark_approval_other_person CHECK (approved_by <> proposed_by)
);
COMMENT ON TABLE mark_approval IS 'Distributed by scope_id. Who approved a mark: never who proposed it. Without a row here a mark counts for nothing.';
SELECT equihour_append_only('mark_approval');

CREATE TABLE asked_release (
  company_id uuid NOT NULL,
  lot_id uuid NOT NULL,
  release_id uuid NOT NULL,
  kind text COLLATE "C" NOT NULL CONSTRAINT asked_release_kind CHECK (kind IN ('milestone', 'on_demand')),
  -- The code of the milestone.
  code text COLLATE "C",
  amount_micro bigint NOT NULL CONSTRAINT asked_release_amount CHECK (amount_micro > 0),
  due_on date NOT NULL,
  evidence text,
  evidence_date date,
  asked_by uuid NOT NULL CONSTRAINT asked_release_by REFERENCES person (person_id),
  asked_at timestamptz NOT NULL,
  released_transfer_id uuid,
  CONSTRAINT asked_release_pkey PRIMARY KEY (company_id, lot_id, release_id),
  CONSTRAINT asked_release_lot FOREIGN KEY (company_id, lot_id) REFERENCES lot (company_id, lot_id),
  CONSTRAINT asked_release_transfer FOREIGN KEY (company_id, released_transfer_id)
    REFERENCES transfer (holder_id, transfer_id),
  CONSTRAINT asked_release_milestone_once UNIQUE (company_id, lot_id, code),
  CONSTRAINT asked_release_shape CHECK ((kind = 'milestone') = (num_nonnulls(code, evidence, evidence_date) = 3)
    AND num_nonnulls(code, evidence, evidence_date) IN (0, 3))
);
COMMENT ON TABLE asked_release IS
  'Distributed by company_id. Releases that no date gives: a milestone that a named person confirmed with evidence, or tokens that the company asked for.';
-- What is due.
CREATE INDEX asked_release_due ON asked_release (company_id, due_on) WHERE released_transfer_id IS NULL;
GRANT SELECT, INSERT, UPDATE (released_transfer_id) ON asked_release TO equihour_app;

-- Lots near their end, over all companies, for the sweep.
CREATE INDEX lot_by_expiry ON lot (expires_on);

CREATE TABLE expiry_notice (
  company_id uuid NOT NULL,
  lot_id uuid NOT NULL,
  days integer NOT NULL CONSTRAINT expiry_notice_days CHECK (days IN (90, 30, 7)),
  notice_id uuid NOT NULL,
  expires_on date NOT NULL,
  left_micro bigint NOT NULL CONSTRAINT expiry_notice_left CHECK (left_micro > 0),
  given_at timestamptz NOT NULL,
  CONSTRAINT expiry_notice_pkey PRIMARY KEY (company_id, lot_id, days),
  CONSTRAINT expiry_notice_lot FOREIGN KEY (company_id, lot_id) REFERENCES lot (company_id, lot_id)
);
COMMENT ON TABLE expiry_notice IS
  'Distributed by company_id. That tokens of a lot will expire, told 90, 30 and 7 days before: once each.';
SELECT equihour_append_only('expiry_notice');
