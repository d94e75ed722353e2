-- Scenarios: terms kept under a name, over the cap table of a day, beside others. Not a round: nothing follows from them.

CREATE TABLE scenario (
  company_id uuid NOT NULL CONSTRAINT scenario_company REFERENCES company (company_id),
  scenario_id uuid NOT NULL,
  version integer NOT NULL CONSTRAINT scenario_version CHECK (version >= 1),
  name text NOT NULL CONSTRAINT scenario_name CHECK (length(name) BETWEEN 1 AND 120),
  as_of date NOT NULL,
  -- In their wire form, every default written out, every number a canonical decimal string.
  terms jsonb NOT NULL CONSTRAINT scenario_terms CHECK (jsonb_typeof(terms) = 'object'),
  terms_hash bytea NOT NULL CONSTRAINT scenario_terms_hash_is_sha256 CHECK (octet_length(terms_hash) = 32),
  saved_by uuid NOT NULL CONSTRAINT scenario_saved_by REFERENCES person (person_id),
  saved_at timestamptz NOT NULL,
  CONSTRAINT scenario_pkey PRIMARY KEY (company_id, scenario_id, version)
);
COMMENT ON TABLE scenario IS
  'Distributed by company_id. Every version of terms kept under a name, over the cap table of a day.';
SELECT equihour_append_only('scenario');
GRANT SELECT, INSERT ON scenario TO equihour_app;
