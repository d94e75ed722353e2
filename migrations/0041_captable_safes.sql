-- SAFEs for compute: what their terms are, what final statements have added to them, and what later priced rounds made of it.
-- Amounts are counted in cents: hundredths of the currency.

ALTER TABLE compute_instrument
  DROP CONSTRAINT compute_instrument_kind,
  ADD CONSTRAINT compute_instrument_kind CHECK (kind IN ('STAGED', 'PENNY_WARRANT', 'SAFE')),
  -- A SAFE becomes shares of a class that a later round names.
  ALTER COLUMN stock_class_id DROP NOT NULL,
  ADD CONSTRAINT compute_instrument_class CHECK ((stock_class_id IS NULL) = (kind = 'SAFE')),
  -- Of a SAFE only. Both may be missing: it then converts at the price of the round.
  ADD COLUMN valuation_cap numeric(34,10) CONSTRAINT compute_instrument_cap CHECK (valuation_cap > 0),
  ADD COLUMN cap_base text COLLATE "C" CONSTRAINT compute_instrument_cap_base CHECK (cap_base IN ('POST_MONEY', 'PRE_MONEY')),
  ADD COLUMN discount numeric(34,10) CONSTRAINT compute_instrument_discount CHECK (discount > 0 AND discount < 1),
  ADD COLUMN rest text COLLATE "C" CONSTRAINT compute_instrument_rest CHECK (rest IN ('END', 'ROUND_PRICE', 'NEW_SAFE')),
  ADD CONSTRAINT compute_instrument_safe CHECK ((rest IS NOT NULL) = (kind = 'SAFE')
    AND (kind = 'SAFE' OR num_nonnulls(valuation_cap, cap_base, discount) = 0)
    AND (valuation_cap IS NULL) = (cap_base IS NULL));
COMMENT ON COLUMN compute_instrument.total_shares IS 'Units in all: whole shares, and of a SAFE cents of its purchase amount.';
COMMENT ON COLUMN compute_instrument.share_price IS 'Price of the round for one unit; of a SAFE a cent, 0.01.';

CREATE TABLE safe_accrual (
  company_id uuid NOT NULL,
  accrual_id uuid NOT NULL,
  instrument_id text COLLATE "C" NOT NULL,
  -- The final statement, or the settlement by a signed clause, that accrued it.
  statement_id uuid NOT NULL,
  -- Cents (cents_from, cents_to] of the purchase amount.
  cents_from bigint NOT NULL,
  cents_to bigint NOT NULL,
  -- The OCF security that holds what has accrued and not converted from then on; null where the rest is issued as stock.
  security_id text COLLATE "C",
  at timestamptz NOT NULL,
  CONSTRAINT safe_accrual_pkey PRIMARY KEY (company_id, accrual_id),
  CONSTRAINT safe_accrual_instrument FOREIGN KEY (company_id, instrument_id)
    REFERENCES compute_instrument (company_id, instrument_id),
  CONSTRAINT safe_accrual_once UNIQUE (company_id, instrument_id, statement_id),
  CONSTRAINT safe_accrual_no_overlap UNIQUE (company_id, instrument_id, cents_from),
  CONSTRAINT safe_accrual_security UNIQUE (company_id, security_id),
  CONSTRAINT safe_accrual_forward CHECK (0 <= cents_from AND cents_from < cents_to)
);
COMMENT ON TABLE safe_accrual IS
  'Distributed by company_id. What a final statement added to the purchase amount of a SAFE for compute.';
SELECT equihour_append_only('safe_accrual');

CREATE TABLE safe_conversion (
  company_id uuid NOT NULL,
  conversion_id uuid NOT NULL,
  instrument_id text COLLATE "C" NOT NULL,
  -- The priced round in which it converted.
  round_id uuid NOT NULL,
  -- Cents (cents_from, cents_to] converted; none where nothing had accrued since the last conversion.
  cents_from bigint NOT NULL,
  cents_to bigint NOT NULL,
  -- The SAFE that converted, and the stock that it became.
  security_id text COLLATE "C",
  stock_security_id text COLLATE "C",
  shares bigint CONSTRAINT safe_conversion_shares CHECK (shares > 0),
  -- What becomes of the rest, and where it is issued at the price of the round: the series of tranches.
  rest text COLLATE "C" NOT NULL CONSTRAINT safe_conversion_rest CHECK (rest IN ('END', 'ROUND_PRICE', 'NEW_SAFE')),
  series_id text COLLATE "C",
  converted_at timestamptz NOT NULL,
  CONSTRAINT safe_conversion_pkey PRIMARY KEY (company_id, conversion_id),
  CONSTRAINT safe_conversion_instrument FOREIGN KEY (company_id, instrument_id)
    REFERENCES compute_instrument (company_id, instrument_id),
  CONSTRAINT safe_conversion_series FOREIGN KEY (company_id, series_id)
    REFERENCES compute_instrument (company_id, instrument_id),
  CONSTRAINT safe_conversion_once UNIQUE (company_id, instrument_id, round_id),
  CONSTRAINT safe_conversion_stock UNIQUE (company_id, stock_security_id),
  CONSTRAINT safe_conversion_range CHECK (0 <= cents_from AND cents_from <= cents_to),
  CONSTRAINT safe_conversion_pair CHECK ((security_id IS NULL) = (cents_from = cents_to)
    AND num_nonnulls(security_id, stock_security_id, shares) IN (0, 3)),
  CONSTRAINT safe_conversion_series_of CHECK (series_id IS NULL OR rest = 'ROUND_PRICE')
);
COMMENT ON TABLE safe_conversion IS
  'Distributed by company_id. A SAFE for compute in a later priced round: what converted, and what becomes of the rest.';
-- The SAFE behind a series of tranches.
CREATE INDEX safe_conversion_by_series ON safe_conversion (company_id, series_id);
SELECT equihour_append_only('safe_conversion');

-- A SAFE has no stock class when its round closes.
ALTER TABLE closed_round ALTER COLUMN stock_class_id DROP NOT NULL;
ALTER TABLE closed_grant ALTER COLUMN stock_class_id DROP NOT NULL;

-- What a grant earns: whole shares, or cents of a SAFE's purchase amount. Counted alike.
ALTER TABLE vesting_grant ADD COLUMN unit text COLLATE "C" NOT NULL DEFAULT 'SHARE'
  CONSTRAINT vesting_grant_unit CHECK (unit IN ('SHARE', 'CENT'));

-- The rest of a SAFE that its terms end with a priced round is settled then, by nobody's proposal.
ALTER TABLE settlement DROP CONSTRAINT settlement_event,
  ADD CONSTRAINT settlement_event CHECK (event IN ('long_stop', 'price_protection', 'change_of_control',
    'company_insolvency', 'provider_insolvency', 'termination_for_cause', 'termination_for_convenience',
    'partial_termination', 'priced_round'));
