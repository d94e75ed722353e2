-- How a grant that does not go to plan is settled: proposals with their plan, what was done, what vested by a signed clause,
-- extensions, and the end of earning.

-- From this day on what is used of the grant's tokens earns nothing.
ALTER TABLE grant_progress ADD COLUMN ended_on date;
GRANT UPDATE (ended_on) ON grant_progress TO equihour_app;

-- So it is in the call that posts usage: of a grant that has ended no cause counts, and what it earned stays.
DO $$
DECLARE
  source text := pg_get_functiondef('usage_post'::regproc);
  change record;
BEGIN
  FOR change IN SELECT * FROM (VALUES
    ('v.lot_id, v.basis, p.delivered_micro',
      'v.lot_id, CASE WHEN p.ended_on IS NULL THEN v.basis ELSE ''ended'' END AS basis, p.delivered_micro'),
    ('earned_shares = drawdown_earned(v.total_shares, v.granted_micro, v.allocation, v.tranches, v.cliff_micro, x.peak)',
      'earned_shares = CASE WHEN p.ended_on IS NULL THEN drawdown_earned(v.total_shares, v.granted_micro, v.allocation, v.tranches, v.cliff_micro, x.peak) ELSE p.earned_shares END')
    ) AS changes (old, new)
  LOOP
    IF position(change.old IN source) = 0 THEN
      RAISE EXCEPTION 'usage_post does not read grants as this migration expects: %', change.old;
    END IF;
    source := replace(source, change.old, change.new);
  END LOOP;
  EXECUTE source;
END
$$;

CREATE TABLE settlement (
  company_id uuid NOT NULL,
  settlement_id uuid NOT NULL,
  grant_id uuid NOT NULL,
  event text COLLATE "C" NOT NULL CONSTRAINT settlement_event CHECK (event IN ('long_stop', 'price_protection',
    'change_of_control', 'company_insolvency', 'provider_insolvency', 'termination_for_cause',
    'termination_for_convenience', 'partial_termination')),
  -- What people said: the date of the event, evidence, whether a successor assumes the agreement, how many tokens.
  circumstances jsonb NOT NULL,
  plan jsonb NOT NULL,
  -- SHA-256 of the canonical JSON of the plan's figures: who approves, approves exactly these.
  plan_sha256 bytea NOT NULL CONSTRAINT settlement_plan_hash CHECK (octet_length(plan_sha256) = 32),
  terms_document_id uuid NOT NULL,
  -- Nobody: the day itself has come.
  proposed_by uuid CONSTRAINT settlement_proposed_by REFERENCES person (person_id),
  proposed_at timestamptz NOT NULL,
  CONSTRAINT settlement_pkey PRIMARY KEY (company_id, settlement_id),
  CONSTRAINT settlement_grant FOREIGN KEY (company_id, grant_id) REFERENCES vesting_grant (company_id, grant_id)
);
COMMENT ON TABLE settlement IS
  'Distributed by company_id. A proposal to settle a grant as its signed terms say, with the exact plan of what will happen.';
-- The settlements of a grant in order.
CREATE INDEX settlement_of_grant ON settlement (company_id, grant_id, settlement_id);
SELECT equihour_append_only('settlement');

CREATE TABLE settlement_outcome (
  company_id uuid NOT NULL,
  settlement_id uuid NOT NULL,
  kind text COLLATE "C" NOT NULL CONSTRAINT settlement_outcome_kind CHECK (kind IN ('applied', 'withdrawn')),
  proposed_by uuid,
  decided_by uuid CONSTRAINT settlement_outcome_by REFERENCES person (person_id),
  decided_at timestamptz NOT NULL,
  document_id uuid,
  -- Of price protection: the lot that was added, and the metric whose level became the base.
  top_up_lot_id uuid,
  metric_id uuid CONSTRAINT settlement_outcome_metric REFERENCES metric (metric_id),
  reason text,
  CONSTRAINT settlement_outcome_pkey PRIMARY KEY (company_id, settlement_id),
  CONSTRAINT settlement_outcome_of FOREIGN KEY (company_id, settlement_id) REFERENCES settlement (company_id, settlement_id),
  CONSTRAINT settlement_outcome_document FOREIGN KEY (company_id, document_id) REFERENCES document (company_id, document_id),
  CONSTRAINT settlement_outcome_other_person CHECK (kind = 'withdrawn' OR decided_by <> proposed_by),
  CONSTRAINT settlement_outcome_shape CHECK ((kind = 'applied') = (document_id IS NOT NULL)
    AND (kind = 'withdrawn') = (reason IS NOT NULL))
);
COMMENT ON TABLE settlement_outcome IS
  'Distributed by company_id. What became of a settlement, once: applied by somebody other than who proposed it, with its notice, or withdrawn.';
SELECT equihour_append_only('settlement_outcome');

CREATE TABLE clause_vesting (
  company_id uuid NOT NULL,
  settlement_id uuid NOT NULL,
  grant_id uuid NOT NULL,
  security_id text COLLATE "C" NOT NULL,
  transaction_id text COLLATE "C" NOT NULL,
  shares_from bigint NOT NULL,
  shares_to bigint NOT NULL,
  clause text NOT NULL,
  -- The signed document that holds the clause.
  terms_document_id uuid NOT NULL,
  at timestamptz NOT NULL,
  CONSTRAINT clause_vesting_pkey PRIMARY KEY (company_id, settlement_id),
  CONSTRAINT clause_vesting_settlement FOREIGN KEY (company_id, settlement_id) REFERENCES settlement (company_id, settlement_id),
  CONSTRAINT clause_vesting_document FOREIGN KEY (company_id, terms_document_id) REFERENCES document (company_id, document_id),
  CONSTRAINT clause_vesting_once UNIQUE (company_id, grant_id, shares_from),
  CONSTRAINT clause_vesting_forward CHECK (0 <= shares_from AND shares_from < shares_to)
);
COMMENT ON TABLE clause_vesting IS
  'Distributed by company_id. Shares (shares_from, shares_to] that a signed clause vested without GPU-seconds, and the OCF transaction that says so.';
SELECT equihour_append_only('clause_vesting');

-- What a grant's shares live on in, once some of them were retired: traces begin with any of them.
CREATE TABLE grant_security (
  company_id uuid NOT NULL,
  security_id text COLLATE "C" NOT NULL,
  grant_id uuid NOT NULL,
  settlement_id uuid NOT NULL,
  CONSTRAINT grant_security_pkey PRIMARY KEY (company_id, security_id),
  CONSTRAINT grant_security_settlement FOREIGN KEY (company_id, settlement_id) REFERENCES settlement (company_id, settlement_id)
);
COMMENT ON TABLE grant_security IS
  'Distributed by company_id. Securities in which the earned shares of a grant live on after a settlement retired the rest.';
-- The latest of a grant.
CREATE INDEX grant_security_of_grant ON grant_security (company_id, grant_id, settlement_id);
SELECT equihour_append_only('grant_security');

CREATE TABLE wind_down (
  company_id uuid NOT NULL,
  lot_id uuid NOT NULL,
  settlement_id uuid NOT NULL,
  -- From this day on what is left of the lot, and what returns to it, is cancelled.
  ends_on date NOT NULL,
  CONSTRAINT wind_down_pkey PRIMARY KEY (company_id, lot_id, settlement_id),
  CONSTRAINT wind_down_settlement FOREIGN KEY (company_id, settlement_id) REFERENCES settlement (company_id, settlement_id)
);
COMMENT ON TABLE wind_down IS 'Distributed by company_id. Until when a lot of a terminated grant can be drawn.';
-- What has ended, over all companies, for the sweep.
CREATE INDEX wind_down_due ON wind_down (ends_on);
SELECT equihour_append_only('wind_down');

-- Grants whose long-stop has come, over all companies, for the sweep.
CREATE INDEX vesting_grant_by_long_stop ON vesting_grant (long_stop);
