-- Who may come in: people, what they are here, sign-in links, sessions and information barriers.

CREATE TABLE person (
  person_id uuid NOT NULL CONSTRAINT person_pkey PRIMARY KEY,
  created_at timestamptz NOT NULL
);
COMMENT ON TABLE person IS 'Reference. Somebody who acts here. History names the id only.';
GRANT SELECT, INSERT ON person TO equihour_app;

CREATE TABLE person_details (
  person_id uuid NOT NULL CONSTRAINT person_details_pkey PRIMARY KEY
    CONSTRAINT person_details_person REFERENCES person (person_id),
  display_name text NOT NULL,
  email text COLLATE "C" NOT NULL CONSTRAINT person_details_email UNIQUE
);
COMMENT ON TABLE person_details IS 'Reference. Personal data, erasable: no history depends on it.';
GRANT SELECT, INSERT, UPDATE, DELETE ON person_details TO equihour_app;

CREATE TABLE membership (
  membership_id uuid NOT NULL CONSTRAINT membership_pkey PRIMARY KEY,
  person_id uuid NOT NULL CONSTRAINT membership_person REFERENCES person (person_id),
  role text COLLATE "C" NOT NULL CONSTRAINT membership_role CHECK (role IN ('analyst', 'partner', 'compliance',
    'operations', 'admin', 'provider', 'founder', 'signatory', 'regulator', 'machine')),
  company_id uuid,
  provider_id uuid,
  since timestamptz NOT NULL,
  ended_at timestamptz,
  CONSTRAINT membership_of CHECK (
    (role IN ('founder', 'signatory')) = (company_id IS NOT NULL) AND (role = 'provider') = (provider_id IS NOT NULL))
);
COMMENT ON TABLE membership IS
  'Reference. What a person is here: staff of the fund, of a provider, or for one company. Carries no foreign key to company, which is distributed.';
-- An actor is read by person at every request.
CREATE INDEX membership_by_person ON membership (person_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX membership_once ON membership
  (person_id, role, coalesce(company_id, provider_id, '00000000-0000-0000-0000-000000000000')) WHERE ended_at IS NULL;
GRANT SELECT, INSERT, UPDATE ON membership TO equihour_app;

CREATE TABLE wall (
  wall_id uuid NOT NULL CONSTRAINT wall_pkey PRIMARY KEY,
  person_id uuid NOT NULL CONSTRAINT wall_person REFERENCES person (person_id),
  company_id uuid NOT NULL,
  reason text NOT NULL,
  raised_by uuid NOT NULL CONSTRAINT wall_raised_by REFERENCES person (person_id),
  raised_at timestamptz NOT NULL,
  lowered_at timestamptz
);
COMMENT ON TABLE wall IS 'Reference. An information barrier: this person does not see this company.';
CREATE INDEX wall_by_person ON wall (person_id) WHERE lowered_at IS NULL;
GRANT SELECT, INSERT, UPDATE ON wall TO equihour_app;

CREATE TABLE sign_in_link (
  token_hash bytea NOT NULL CONSTRAINT sign_in_link_pkey PRIMARY KEY,
  person_id uuid NOT NULL CONSTRAINT sign_in_link_person REFERENCES person (person_id),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz
);
COMMENT ON TABLE sign_in_link IS 'Reference. Single-use links, known only by the SHA-256 of their token.';
GRANT SELECT, INSERT, UPDATE ON sign_in_link TO equihour_app;

CREATE TABLE session (
  token_hash bytea NOT NULL CONSTRAINT session_pkey PRIMARY KEY,
  person_id uuid NOT NULL CONSTRAINT session_person REFERENCES person (person_id),
  kind text COLLATE "C" NOT NULL CONSTRAINT session_kind CHECK (kind IN ('browser', 'bearer')),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  ended_at timestamptz
);
COMMENT ON TABLE session IS 'Reference. Browser sessions and bearer tokens, known only by the SHA-256 of their token.';
GRANT SELECT, INSERT, UPDATE ON session TO equihour_app;
