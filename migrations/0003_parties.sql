-- The parties: the fund, providers, and the companies that issue equity.

CREATE TABLE installation (
  installation_id uuid NOT NULL CONSTRAINT installation_pkey PRIMARY KEY,
  singleton boolean NOT NULL DEFAULT true CONSTRAINT installation_single UNIQUE CONSTRAINT installation_singleton CHECK (singleton),
  demo boolean NOT NULL,
  ready boolean NOT NULL,
  fund_name text NOT NULL,
  fund_ultimate_parent text NOT NULL,
  created_at timestamptz NOT NULL
);
COMMENT ON TABLE installation IS 'Reference. One row: the fund that this installation serves, whether it is a demo, and whether the demo is complete.';
GRANT SELECT, INSERT, UPDATE ON installation TO equihour_app;

CREATE TABLE provider (
  provider_id uuid NOT NULL CONSTRAINT provider_pkey PRIMARY KEY,
  name text NOT NULL,
  affiliation text NOT NULL,
  created_at timestamptz NOT NULL
);
COMMENT ON TABLE provider IS 'Reference. Operates clusters and owes the hours; not the same as the fund. Its affiliation with the fund is a fact.';
GRANT SELECT, INSERT, UPDATE ON provider TO equihour_app;

CREATE TABLE company (
  company_id uuid NOT NULL CONSTRAINT company_pkey PRIMARY KEY,
  created_by uuid NOT NULL CONSTRAINT company_created_by REFERENCES person (person_id),
  created_at timestamptz NOT NULL
);
COMMENT ON TABLE company IS 'Distributed by company_id. The startup that issues equity. Its row is the lock for its cap table and its deals.';
GRANT SELECT, INSERT ON company TO equihour_app;
-- A row lock needs the right to update; nothing is ever changed.
GRANT UPDATE (created_at) ON company TO equihour_app;

CREATE TABLE company_identity (
  company_id uuid NOT NULL,
  valid_from date NOT NULL,
  recorded_at timestamptz NOT NULL,
  legal_name text NOT NULL CONSTRAINT company_identity_named CHECK (legal_name <> ''),
  legal_form text NOT NULL,
  jurisdiction text COLLATE "C" NOT NULL,
  recorded_by uuid NOT NULL CONSTRAINT company_identity_recorded_by REFERENCES person (person_id),
  CONSTRAINT company_identity_pkey PRIMARY KEY (company_id, valid_from, recorded_at),
  CONSTRAINT company_identity_company FOREIGN KEY (company_id) REFERENCES company (company_id)
);
COMMENT ON TABLE company_identity IS
  'Distributed by company_id. Legal name, form and jurisdiction as dated rows; of two for one date the one recorded later holds.';
SELECT equihour_append_only('company_identity');
