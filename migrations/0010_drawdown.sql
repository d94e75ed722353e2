-- Drawdown: what a grant's charges earn, the month's statements, and what final statements vested.
-- Tokens in micro-tokens, shares whole.

CREATE TABLE vesting_grant (
  company_id uuid NOT NULL CONSTRAINT vesting_grant_company REFERENCES company (company_id),
  grant_id uuid NOT NULL,
  lot_id uuid NOT NULL,
  round_id uuid NOT NULL,
  terms_document_id uuid NOT NULL,
  security_id text COLLATE "C" NOT NULL,
  granted_micro bigint NOT NULL CONSTRAINT vesting_grant_granted CHECK (granted_micro > 0),
  total_shares bigint NOT NULL CONSTRAINT vesting_grant_total CHECK (total_shares > 0),
  basis text COLLATE "C" NOT NULL CONSTRAINT vesting_grant_basis CHECK (basis IN ('delivered', 'reserved', 'released')),
  allocation text COLLATE "C" NOT NULL CONSTRAINT vesting_grant_allocation CHECK (allocation IN ('CUMULATIVE_ROUNDING',
    'CUMULATIVE_ROUND_DOWN', 'FRONT_LOADED', 'BACK_LOADED', 'FRONT_LOADED_TO_SINGLE_TRANCHE',
    'BACK_LOADED_TO_SINGLE_TRANCHE', 'FRACTIONAL')),
  tranches integer CONSTRAINT vesting_grant_tranches CHECK (tranches BETWEEN 1 AND 1000),
  cliff_micro bigint NOT NULL CONSTRAINT vesting_grant_cliff CHECK (cliff_micro >= 0),
  charging text COLLATE "C" NOT NULL CONSTRAINT vesting_grant_charging CHECK (charging IN ('RESERVED', 'METERED')),
  dispute_window_days integer NOT NULL CONSTRAINT vesting_grant_window CHECK (dispute_window_days BETWEEN 1 AND 365),
  long_stop date NOT NULL,
  opened_at timestamptz NOT NULL,
  CONSTRAINT vesting_grant_pkey PRIMARY KEY (company_id, grant_id),
  CONSTRAINT vesting_grant_lot FOREIGN KEY (company_id, grant_id) REFERENCES lot (company_id, grant_id),
  CONSTRAINT vesting_grant_of_lot FOREIGN KEY (company_id, lot_id) REFERENCES lot (company_id, lot_id),
  CONSTRAINT vesting_grant_security UNIQUE (company_id, security_id)
);
COMMENT ON TABLE vesting_grant IS
  'Distributed by company_id. The signed terms by which tokens of one grant earn shares of one security. The denominator, granted_micro, is frozen.';
SELECT equihour_append_only('vesting_grant');

CREATE TABLE grant_progress (
  company_id uuid NOT NULL,
  grant_id uuid NOT NULL,
  granted_micro bigint NOT NULL,
  total_shares bigint NOT NULL,
  delivered_micro bigint NOT NULL DEFAULT 0,
  idle_reserved_micro bigint NOT NULL DEFAULT 0,
  no_show_micro bigint NOT NULL DEFAULT 0,
  cancel_fee_micro bigint NOT NULL DEFAULT 0,
  basis_micro bigint NOT NULL DEFAULT 0,
  basis_peak_micro bigint NOT NULL DEFAULT 0,
  earned_shares bigint NOT NULL DEFAULT 0,
  vested_shares bigint NOT NULL DEFAULT 0,
  CONSTRAINT grant_progress_pkey PRIMARY KEY (company_id, grant_id),
  CONSTRAINT grant_progress_grant FOREIGN KEY (company_id, grant_id) REFERENCES vesting_grant (company_id, grant_id),
  CONSTRAINT grant_progress_charged CHECK (delivered_micro >= 0 AND idle_reserved_micro >= 0 AND no_show_micro >= 0
    AND cancel_fee_micro >= 0
    AND delivered_micro + idle_reserved_micro + no_show_micro + cancel_fee_micro <= granted_micro),
  CONSTRAINT grant_progress_basis CHECK (0 <= basis_micro AND basis_micro <= basis_peak_micro AND basis_peak_micro <= granted_micro),
  CONSTRAINT grant_progress_shares CHECK (0 <= vested_shares AND vested_shares <= earned_shares AND earned_shares <= total_shares)
);
COMMENT ON TABLE grant_progress IS
  'Distributed by company_id. Cumulative sums of a grant: charged by cause, the vest basis and its peak, shares earned (provisional) and vested (final). basis_peak - basis is the deficit that later draws fill first.';
GRANT SELECT, INSERT ON grant_progress TO equihour_app;
GRANT UPDATE (delivered_micro, idle_reserved_micro, no_show_micro, cancel_fee_micro, basis_micro, basis_peak_micro,
  earned_shares, vested_shares) ON grant_progress TO equihour_app;

CREATE TABLE charge (
  company_id uuid NOT NULL,
  charge_id uuid NOT NULL,
  grant_id uuid,
  lot_id uuid NOT NULL,
  reservation_id uuid NOT NULL,
  usage_id uuid,
  cause text COLLATE "C" NOT NULL
    CONSTRAINT charge_cause CHECK (cause IN ('delivered', 'idle_reserved', 'no_show', 'cancel_fee')),
  amount_micro bigint NOT NULL CONSTRAINT charge_amount CHECK (amount_micro >= 0),
  basis_from bigint NOT NULL,
  basis_to bigint NOT NULL,
  at timestamptz NOT NULL,
  CONSTRAINT charge_pkey PRIMARY KEY (company_id, charge_id),
  CONSTRAINT charge_grant FOREIGN KEY (company_id, grant_id) REFERENCES vesting_grant (company_id, grant_id),
  CONSTRAINT charge_lot FOREIGN KEY (company_id, lot_id) REFERENCES lot (company_id, lot_id),
  CONSTRAINT charge_reservation FOREIGN KEY (company_id, reservation_id) REFERENCES reservation (company_id, reservation_id),
  CONSTRAINT charge_usage FOREIGN KEY (company_id, usage_id) REFERENCES usage_record (company_id, usage_id),
  CONSTRAINT charge_delivery CHECK ((cause = 'delivered') = (usage_id IS NOT NULL)),
  CONSTRAINT charge_vests_nothing CHECK (grant_id IS NOT NULL OR basis_to = 0),
  CONSTRAINT charge_basis CHECK (basis_from >= 0 AND basis_to >= basis_from AND basis_to - basis_from <= amount_micro)
);
COMMENT ON TABLE charge IS
  'Distributed by company_id. Tokens consumed, and why. grant_id is null for tokens that earn nothing. A charge with the cause delivered is a delivery: compute really received, of which so little may be told at once that it costs nothing yet. (basis_from, basis_to] is the part of the vest basis that it moved, so that shares are traced to charges by overlap.';
-- Which charges moved a part of the basis.
CREATE INDEX charge_by_basis ON charge (company_id, grant_id, basis_to) WHERE basis_to > basis_from;
-- Charges of a month.
CREATE INDEX charge_by_time ON charge (company_id, at);
SELECT equihour_append_only('charge');

CREATE TABLE statement (
  company_id uuid NOT NULL CONSTRAINT statement_company REFERENCES company (company_id),
  statement_id uuid NOT NULL,
  month date NOT NULL CONSTRAINT statement_month CHECK (extract(day FROM month) = 1),
  figures jsonb NOT NULL,
  sha256 bytea NOT NULL CONSTRAINT statement_hash CHECK (octet_length(sha256) = 32),
  dispute_until date NOT NULL,
  stated_by uuid NOT NULL CONSTRAINT statement_stated_by REFERENCES person (person_id),
  stated_at timestamptz NOT NULL,
  CONSTRAINT statement_pkey PRIMARY KEY (company_id, statement_id),
  CONSTRAINT statement_once UNIQUE (company_id, month)
);
COMMENT ON TABLE statement IS
  'Distributed by company_id. A month''s account for one company as it was stated, with the SHA-256 of its canonical JSON.';
SELECT equihour_append_only('statement');

CREATE TABLE statement_line (
  company_id uuid NOT NULL,
  statement_id uuid NOT NULL,
  grant_id uuid NOT NULL,
  basis_from bigint NOT NULL,
  basis_to bigint NOT NULL,
  shares_from bigint NOT NULL,
  shares_to bigint NOT NULL,
  CONSTRAINT statement_line_pkey PRIMARY KEY (company_id, statement_id, grant_id),
  CONSTRAINT statement_line_statement FOREIGN KEY (company_id, statement_id) REFERENCES statement (company_id, statement_id),
  CONSTRAINT statement_line_grant FOREIGN KEY (company_id, grant_id) REFERENCES vesting_grant (company_id, grant_id),
  CONSTRAINT statement_line_forward CHECK (
    0 <= basis_from AND basis_from <= basis_to AND 0 <= shares_from AND shares_from <= shares_to)
);
COMMENT ON TABLE statement_line IS
  'Distributed by company_id. Of one grant: the basis and the shares with which a statement opens and closes.';
SELECT equihour_append_only('statement_line');

CREATE TABLE statement_progress (
  company_id uuid NOT NULL,
  statement_id uuid NOT NULL,
  state text COLLATE "C" NOT NULL CONSTRAINT statement_progress_state
    CHECK (state IN ('stated', 'disputed', 'accepted', 'deemed_accepted', 'final')),
  dispute_until date NOT NULL,
  CONSTRAINT statement_progress_pkey PRIMARY KEY (company_id, statement_id),
  CONSTRAINT statement_progress_statement FOREIGN KEY (company_id, statement_id) REFERENCES statement (company_id, statement_id)
);
COMMENT ON TABLE statement_progress IS 'Distributed by company_id. Where a statement is on its way to final.';
-- Statements whose window is over, for the sweep.
CREATE INDEX statement_progress_due ON statement_progress (dispute_until) WHERE state = 'stated';
GRANT SELECT, INSERT ON statement_progress TO equihour_app;
GRANT UPDATE (state) ON statement_progress TO equihour_app;

CREATE FUNCTION statement_refuse_illegal_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = NEW.state OR (OLD.state, NEW.state) IN (
    ('stated', 'disputed'), ('stated', 'accepted'), ('stated', 'deemed_accepted'), ('disputed', 'accepted'),
    ('accepted', 'final'), ('deemed_accepted', 'final')) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a statement does not go from % to %', OLD.state, NEW.state
    USING ERRCODE = 'check_violation', CONSTRAINT = 'statement_legal_step';
END
$$;
CREATE TRIGGER statement_legal_step BEFORE UPDATE OF state ON statement_progress
  FOR EACH ROW EXECUTE FUNCTION statement_refuse_illegal_step();

CREATE TABLE statement_event (
  company_id uuid NOT NULL,
  event_id uuid NOT NULL,
  statement_id uuid NOT NULL,
  to_state text COLLATE "C" NOT NULL,
  reason text,
  actor_id uuid,
  at timestamptz NOT NULL,
  CONSTRAINT statement_event_pkey PRIMARY KEY (company_id, event_id),
  CONSTRAINT statement_event_statement FOREIGN KEY (company_id, statement_id) REFERENCES statement (company_id, statement_id)
);
COMMENT ON TABLE statement_event IS
  'Distributed by company_id. Every step of a statement: who, why, when. actor_id is null where the dispute window simply ended.';
-- The events of one statement in order.
CREATE INDEX statement_event_in_order ON statement_event (company_id, statement_id, event_id);
SELECT equihour_append_only('statement_event');

CREATE TABLE vested (
  company_id uuid NOT NULL,
  vested_id uuid NOT NULL,
  grant_id uuid NOT NULL,
  statement_id uuid NOT NULL,
  security_id text COLLATE "C" NOT NULL,
  transaction_id text COLLATE "C" NOT NULL,
  shares_from bigint NOT NULL,
  shares_to bigint NOT NULL,
  at timestamptz NOT NULL,
  CONSTRAINT vested_pkey PRIMARY KEY (company_id, vested_id),
  CONSTRAINT vested_line FOREIGN KEY (company_id, statement_id, grant_id)
    REFERENCES statement_line (company_id, statement_id, grant_id),
  CONSTRAINT vested_once UNIQUE (company_id, statement_id, grant_id),
  CONSTRAINT vested_no_gap UNIQUE (company_id, grant_id, shares_from),
  CONSTRAINT vested_forward CHECK (0 <= shares_from AND shares_from < shares_to)
);
COMMENT ON TABLE vested IS
  'Distributed by company_id. Shares (shares_from, shares_to] of a security that a final statement vested, and the OCF transaction that says so on the cap table.';
SELECT equihour_append_only('vested');
