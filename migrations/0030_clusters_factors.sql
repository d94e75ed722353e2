-- Factors that bind: signed by both sides, and frozen for each grant as its document offered them.

CREATE TABLE factor_countersignature (
  pool_id uuid NOT NULL,
  factor_id uuid NOT NULL,
  signed_by uuid NOT NULL CONSTRAINT factor_countersignature_signed_by REFERENCES person (person_id),
  signed_as text COLLATE "C" NOT NULL
    CONSTRAINT factor_countersignature_signed_as CHECK (signed_as IN ('provider', 'operations')),
  signed_at timestamptz NOT NULL,
  CONSTRAINT factor_countersignature_pkey PRIMARY KEY (pool_id, factor_id),
  CONSTRAINT factor_countersignature_of FOREIGN KEY (pool_id, factor_id) REFERENCES factor (pool_id, factor_id)
);
COMMENT ON TABLE factor_countersignature IS
  'Distributed by pool_id. The other side''s signature under a factor: the fund''s operations under the provider''s, or the reverse.';
SELECT equihour_append_only('factor_countersignature');

CREATE TABLE offered_factor (
  company_id uuid NOT NULL CONSTRAINT offered_factor_company REFERENCES company (company_id),
  document_id uuid NOT NULL,
  token_class_id uuid NOT NULL CONSTRAINT offered_factor_token_class REFERENCES token_class (token_class_id),
  pool_id uuid NOT NULL,
  factor_id uuid NOT NULL,
  cluster text NOT NULL,
  gpu_model text NOT NULL,
  h100_hours_per_gpu_hour numeric(34, 10) NOT NULL CONSTRAINT offered_factor_positive CHECK (h100_hours_per_gpu_hour > 0),
  basis text COLLATE "C" NOT NULL,
  source text NOT NULL,
  CONSTRAINT offered_factor_pkey PRIMARY KEY (company_id, document_id, pool_id)
);
COMMENT ON TABLE offered_factor IS
  'Distributed by company_id. The factor of each pool as a document states it. Once the document''s grant is open it holds for that grant''s tokens, whatever the pool''s factor becomes.';
SELECT equihour_append_only('offered_factor');

CREATE TABLE grant_factors (
  company_id uuid NOT NULL CONSTRAINT grant_factors_company REFERENCES company (company_id),
  grant_id uuid NOT NULL,
  token_class_id uuid NOT NULL CONSTRAINT grant_factors_token_class REFERENCES token_class (token_class_id),
  document_id uuid NOT NULL,
  -- For pools that come later: a basis that both sides agreed on beforehand, or null where both must sign each.
  later_basis text COLLATE "C" CONSTRAINT grant_factors_later_basis
    CHECK (later_basis IN ('flops', 'price', 'benchmark', 'contract')),
  frozen_at timestamptz NOT NULL,
  CONSTRAINT grant_factors_pkey PRIMARY KEY (company_id, grant_id)
);
COMMENT ON TABLE grant_factors IS
  'Distributed by company_id. Which document''s factors hold for a grant, and how pools that come later get theirs.';
SELECT equihour_append_only('grant_factors');

CREATE TABLE agreed_factor (
  company_id uuid NOT NULL CONSTRAINT agreed_factor_company REFERENCES company (company_id),
  pool_id uuid NOT NULL,
  factor_id uuid NOT NULL,
  h100_hours_per_gpu_hour numeric(34, 10) NOT NULL CONSTRAINT agreed_factor_positive CHECK (h100_hours_per_gpu_hour > 0),
  agreed_by uuid NOT NULL CONSTRAINT agreed_factor_agreed_by REFERENCES person (person_id),
  agreed_at timestamptz NOT NULL,
  CONSTRAINT agreed_factor_pkey PRIMARY KEY (company_id, pool_id, factor_id)
);
COMMENT ON TABLE agreed_factor IS
  'Distributed by company_id. The company''s signature under the factor of a pool that came after its grants.';
SELECT equihour_append_only('agreed_factor');
