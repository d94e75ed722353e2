-- Instruments that are issued for compute in another form than vesting stock: what they are, what final statements have made
-- due under them, what was issued for it, and what was exercised. Shares are whole.

CREATE TABLE compute_instrument (
  company_id uuid NOT NULL CONSTRAINT compute_instrument_company REFERENCES company (company_id),
  -- The id by which grant and lot name the instrument. Of a warrant it is its OCF security; of stock issued in tranches it
  -- names the series, which is no OCF security: each tranche is one of its own.
  instrument_id text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL CONSTRAINT compute_instrument_kind CHECK (kind IN ('STAGED', 'PENNY_WARRANT')),
  stakeholder_id text COLLATE "C" NOT NULL,
  stock_class_id text COLLATE "C" NOT NULL,
  total_shares bigint NOT NULL CONSTRAINT compute_instrument_total CHECK (total_shares > 0),
  -- The price of the round, per share, and of a warrant what is paid to exercise it.
  share_price numeric(34,10) NOT NULL CONSTRAINT compute_instrument_share_price CHECK (share_price > 0),
  exercise_price numeric(34,10) CONSTRAINT compute_instrument_exercise_price CHECK (exercise_price > 0),
  currency char(3) NOT NULL,
  -- The last day on which a warrant may be exercised.
  expires_on date,
  -- What the shares are issued for, as it stands in the transactions.
  consideration text NOT NULL,
  opened_at timestamptz NOT NULL,
  CONSTRAINT compute_instrument_pkey PRIMARY KEY (company_id, instrument_id),
  CONSTRAINT compute_instrument_expiry CHECK ((kind = 'PENNY_WARRANT') = (num_nonnulls(expires_on, exercise_price) = 2)
    AND num_nulls(expires_on, exercise_price) IN (0, 2))
);
COMMENT ON TABLE compute_instrument IS
  'Distributed by company_id. Equity for compute that is not vesting stock: stock issued in tranches, and warrants.';
SELECT equihour_append_only('compute_instrument');

CREATE TABLE instrument_due (
  company_id uuid NOT NULL,
  due_id uuid NOT NULL,
  instrument_id text COLLATE "C" NOT NULL,
  statement_id uuid NOT NULL,
  shares_from bigint NOT NULL,
  shares_to bigint NOT NULL,
  wording text NOT NULL,
  at timestamptz NOT NULL,
  CONSTRAINT instrument_due_pkey PRIMARY KEY (company_id, due_id),
  CONSTRAINT instrument_due_instrument FOREIGN KEY (company_id, instrument_id)
    REFERENCES compute_instrument (company_id, instrument_id),
  CONSTRAINT instrument_due_once UNIQUE (company_id, instrument_id, statement_id),
  CONSTRAINT instrument_due_no_overlap UNIQUE (company_id, instrument_id, shares_from),
  CONSTRAINT instrument_due_forward CHECK (0 <= shares_from AND shares_from < shares_to)
);
COMMENT ON TABLE instrument_due IS
  'Distributed by company_id. Shares (shares_from, shares_to] of stock issued in tranches that a final statement has earned: to be issued.';
SELECT equihour_append_only('instrument_due');

CREATE TABLE instrument_tranche (
  company_id uuid NOT NULL,
  due_id uuid NOT NULL,
  instrument_id text COLLATE "C" NOT NULL,
  security_id text COLLATE "C" NOT NULL,
  transaction_id text COLLATE "C" NOT NULL,
  issued_by uuid NOT NULL CONSTRAINT instrument_tranche_issued_by REFERENCES person (person_id),
  issued_at timestamptz NOT NULL,
  CONSTRAINT instrument_tranche_pkey PRIMARY KEY (company_id, due_id),
  CONSTRAINT instrument_tranche_due FOREIGN KEY (company_id, due_id) REFERENCES instrument_due (company_id, due_id),
  CONSTRAINT instrument_tranche_security UNIQUE (company_id, security_id)
);
COMMENT ON TABLE instrument_tranche IS
  'Distributed by company_id. The OCF security that was issued for what a final statement had made due. Due once, issued once.';
-- The tranches of one instrument.
CREATE INDEX instrument_tranche_of ON instrument_tranche (company_id, instrument_id);
SELECT equihour_append_only('instrument_tranche');

CREATE TABLE warrant_exercise (
  company_id uuid NOT NULL,
  exercise_id uuid NOT NULL,
  instrument_id text COLLATE "C" NOT NULL,
  -- The warrant was this security until then, and is the balance from then on; null where nothing is left of it.
  security_id text COLLATE "C" NOT NULL,
  balance_security_id text COLLATE "C",
  stock_security_id text COLLATE "C" NOT NULL,
  -- Shares (shares_from, shares_to] of the instrument, counted as they vested.
  shares_from bigint NOT NULL,
  shares_to bigint NOT NULL,
  amount numeric(34,10) NOT NULL CONSTRAINT warrant_exercise_amount CHECK (amount >= 0),
  currency char(3) NOT NULL,
  exercised_by uuid NOT NULL CONSTRAINT warrant_exercise_by REFERENCES person (person_id),
  exercised_at timestamptz NOT NULL,
  CONSTRAINT warrant_exercise_pkey PRIMARY KEY (company_id, exercise_id),
  CONSTRAINT warrant_exercise_instrument FOREIGN KEY (company_id, instrument_id)
    REFERENCES compute_instrument (company_id, instrument_id),
  -- A warrant's balance is one: two exercises of one state of it cannot both be.
  CONSTRAINT warrant_exercise_once UNIQUE (company_id, security_id),
  CONSTRAINT warrant_exercise_no_overlap UNIQUE (company_id, instrument_id, shares_from),
  CONSTRAINT warrant_exercise_stock UNIQUE (company_id, stock_security_id),
  CONSTRAINT warrant_exercise_forward CHECK (0 <= shares_from AND shares_from < shares_to)
);
COMMENT ON TABLE warrant_exercise IS
  'Distributed by company_id. Vested shares of a warrant that were exercised, what was paid, and the stock that was issued.';
SELECT equihour_append_only('warrant_exercise');

CREATE TABLE instrument_retirement (
  company_id uuid NOT NULL,
  instrument_id text COLLATE "C" NOT NULL,
  retired_shares bigint NOT NULL CONSTRAINT instrument_retirement_shares CHECK (retired_shares > 0),
  -- What a warrant was until then, and what has vested of it from then on; null where there is none.
  security_id text COLLATE "C",
  balance_security_id text COLLATE "C",
  reason text NOT NULL,
  retired_at timestamptz NOT NULL,
  CONSTRAINT instrument_retirement_pkey PRIMARY KEY (company_id, instrument_id),
  CONSTRAINT instrument_retirement_instrument FOREIGN KEY (company_id, instrument_id)
    REFERENCES compute_instrument (company_id, instrument_id)
);
COMMENT ON TABLE instrument_retirement IS
  'Distributed by company_id. What was never earned under an instrument and never will be: given up once, and for nothing.';
SELECT equihour_append_only('instrument_retirement');
