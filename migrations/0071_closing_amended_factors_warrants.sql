-- What signed amendments say of later pools' factors and of a warrant's last day, from a date on. What was agreed at the
-- closing stays as it was; the latest row whose day has come is in use.

CREATE TABLE grant_factors_change (
  company_id uuid NOT NULL,
  change_id uuid NOT NULL,
  grant_id uuid NOT NULL,
  effective_on date NOT NULL,
  -- As in grant_factors: a basis that later pools may rest on, or null where both must sign each.
  later_basis text COLLATE "C" CONSTRAINT grant_factors_change_later_basis
    CHECK (later_basis IN ('flops', 'price', 'benchmark', 'contract')),
  -- Global id of the amendment.
  source text COLLATE "C" NOT NULL CONSTRAINT grant_factors_change_source CHECK (source <> ''),
  recorded_at timestamptz NOT NULL,
  CONSTRAINT grant_factors_change_pkey PRIMARY KEY (company_id, change_id),
  CONSTRAINT grant_factors_change_of FOREIGN KEY (company_id, grant_id) REFERENCES grant_factors (company_id, grant_id)
);
COMMENT ON TABLE grant_factors_change IS
  'Distributed by company_id. From a day on, pools that come later get their factors for a grant otherwise: as an amendment says.';
-- What holds for a grant on a day.
CREATE INDEX grant_factors_change_of_grant ON grant_factors_change (company_id, grant_id, effective_on);
SELECT equihour_append_only('grant_factors_change');

CREATE TABLE warrant_extension (
  company_id uuid NOT NULL,
  extension_id uuid NOT NULL,
  instrument_id text COLLATE "C" NOT NULL,
  effective_on date NOT NULL,
  -- The last day on which the warrant can be exercised from then on.
  expires_on date NOT NULL,
  source text COLLATE "C" NOT NULL CONSTRAINT warrant_extension_source CHECK (source <> ''),
  recorded_at timestamptz NOT NULL,
  CONSTRAINT warrant_extension_pkey PRIMARY KEY (company_id, extension_id),
  CONSTRAINT warrant_extension_of FOREIGN KEY (company_id, instrument_id)
    REFERENCES compute_instrument (company_id, instrument_id),
  CONSTRAINT warrant_extension_forwards CHECK (expires_on > effective_on)
);
COMMENT ON TABLE warrant_extension IS
  'Distributed by company_id. A warrant for compute can be exercised for longer, from a day on: as an amendment says.';
CREATE INDEX warrant_extension_of_warrant ON warrant_extension (company_id, instrument_id, effective_on);
SELECT equihour_append_only('warrant_extension');
