-- Programs that act here for a provider: their keys, the requests that they signed, and how far a pool's scheduler was asked.

-- A machine may belong to a provider, whose usage it then meters.
ALTER TABLE membership DROP CONSTRAINT membership_of;
ALTER TABLE membership ADD CONSTRAINT membership_of CHECK (
  (role IN ('founder', 'signatory')) = (company_id IS NOT NULL)
  AND (role <> 'provider' OR provider_id IS NOT NULL)
  AND (provider_id IS NULL OR role IN ('provider', 'machine')));

CREATE TABLE machine (
  machine_id uuid NOT NULL CONSTRAINT machine_pkey PRIMARY KEY
    CONSTRAINT machine_person REFERENCES person (person_id),
  provider_id uuid NOT NULL,
  name text COLLATE "C" NOT NULL CONSTRAINT machine_named CHECK (name <> ''),
  created_at timestamptz NOT NULL,
  CONSTRAINT machine_once UNIQUE (provider_id, name)
);
COMMENT ON TABLE machine IS
  'Reference. A program that acts for a provider, such as its scheduler. To history it is an actor like any other: machine_id is a person_id.';
GRANT SELECT, INSERT ON machine TO equihour_app;

CREATE TABLE machine_key (
  key_id uuid NOT NULL CONSTRAINT machine_key_pkey PRIMARY KEY,
  machine_id uuid NOT NULL CONSTRAINT machine_key_machine REFERENCES machine (machine_id),
  token_hash bytea CONSTRAINT machine_key_token UNIQUE,
  public_key bytea CONSTRAINT machine_key_is_ed25519 CHECK (octet_length(public_key) = 32),
  created_by uuid NOT NULL CONSTRAINT machine_key_created_by REFERENCES person (person_id),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_by uuid CONSTRAINT machine_key_revoked_by REFERENCES person (person_id),
  revoked_at timestamptz,
  CONSTRAINT machine_key_kind CHECK ((token_hash IS NULL) <> (public_key IS NULL)),
  CONSTRAINT machine_key_life CHECK (expires_at > created_at),
  CONSTRAINT machine_key_revoked CHECK ((revoked_by IS NULL) = (revoked_at IS NULL))
);
COMMENT ON TABLE machine_key IS
  'Reference. What a machine proves itself by: a secret, known only by its SHA-256, or an Ed25519 public key. Never a secret in clear.';
CREATE INDEX machine_key_of_machine ON machine_key (machine_id);
GRANT SELECT, INSERT, UPDATE (revoked_by, revoked_at) ON machine_key TO equihour_app;

CREATE TABLE signed_request (
  scope_id uuid NOT NULL,
  key_id uuid NOT NULL CONSTRAINT signed_request_key REFERENCES machine_key (key_id),
  nonce text COLLATE "C" NOT NULL CONSTRAINT signed_request_nonce CHECK (length(nonce) BETWEEN 8 AND 100),
  content_sha256 bytea NOT NULL CONSTRAINT signed_request_content CHECK (octet_length(content_sha256) = 32),
  signature bytea NOT NULL CONSTRAINT signed_request_signature CHECK (octet_length(signature) = 64),
  signed_text text NOT NULL,
  signed_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL,
  CONSTRAINT signed_request_pkey PRIMARY KEY (scope_id, key_id, nonce)
);
COMMENT ON TABLE signed_request IS
  'Distributed by scope_id. Signed requests of a provider''s machines: each nonce once, with what was signed, so that it can be verified later. scope_id is the provider.';
SELECT equihour_append_only('signed_request');

CREATE TABLE usage_pull (
  pool_id uuid NOT NULL CONSTRAINT usage_pull_pkey PRIMARY KEY,
  pulled_until timestamptz,
  asked_at timestamptz NOT NULL,
  attempts integer NOT NULL CONSTRAINT usage_pull_attempts CHECK (attempts >= 0),
  detail text
);
COMMENT ON TABLE usage_pull IS 'Distributed by pool_id. Until when the scheduler of a pool has told its usage.';
COMMENT ON COLUMN usage_pull.pulled_until IS 'The watermark: what ended before it was told, up to an overlap that is asked again. Null where nothing ever was.';
COMMENT ON COLUMN usage_pull.attempts IS 'That failed since the last that did not.';
GRANT SELECT, INSERT, UPDATE (pulled_until, asked_at, attempts, detail) ON usage_pull TO equihour_app;
