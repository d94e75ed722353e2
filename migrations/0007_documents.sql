-- Documents: bytes with a hash, about a subject that this capability knows only by its global id, and who accepted which.

CREATE TABLE document (
  company_id uuid NOT NULL,
  document_id uuid NOT NULL,
  -- Global id of what the document is about, of this company: 'Round:<company>:<round>'.
  subject text COLLATE "C" NOT NULL
    CONSTRAINT document_subject CHECK (split_part(subject, ':', 2) = company_id::text AND octet_length(subject) <= 200),
  kind text COLLATE "C" NOT NULL CONSTRAINT document_kind CHECK (kind ~ '^[a-z][a-z_]{0,39}$'),
  version integer NOT NULL CONSTRAINT document_version CHECK (version >= 1),
  -- The version that this one replaces. The first has none, every other names its predecessor.
  supersedes uuid,
  sha256 bytea NOT NULL CONSTRAINT document_sha256 CHECK (sha256 = sha256(bytes)),
  media_type text COLLATE "C" NOT NULL
    CONSTRAINT document_media_type CHECK (media_type ~ '^[a-z]+/[a-z0-9][a-z0-9.+-]{0,79}$'),
  file_name text NOT NULL CONSTRAINT document_file_name CHECK (file_name ~ '^[^/\\[:cntrl:]]{1,200}$'),
  bytes bytea NOT NULL CONSTRAINT document_size CHECK (octet_length(bytes) BETWEEN 1 AND 20971520),
  made_by uuid NOT NULL CONSTRAINT document_made_by REFERENCES person (person_id),
  made_at timestamptz NOT NULL,
  CONSTRAINT document_pkey PRIMARY KEY (company_id, document_id),
  CONSTRAINT document_company FOREIGN KEY (company_id) REFERENCES company (company_id),
  -- The newest version of a subject's document of one kind; two made at once cannot both be version n.
  CONSTRAINT document_version_once UNIQUE (company_id, subject, kind, version),
  CONSTRAINT document_superseded_once UNIQUE (company_id, supersedes),
  CONSTRAINT document_hash UNIQUE (company_id, document_id, sha256),
  CONSTRAINT document_supersedes FOREIGN KEY (company_id, supersedes) REFERENCES document (company_id, document_id),
  CONSTRAINT document_chain CHECK ((version = 1) = (supersedes IS NULL))
);
COMMENT ON TABLE document IS
  'Distributed by company_id. A file with its SHA-256, one version of one kind of document about one subject.';
-- Files come compressed already.
ALTER TABLE document ALTER COLUMN bytes SET STORAGE EXTERNAL;
SELECT equihour_append_only('document');

CREATE TABLE document_acceptance (
  company_id uuid NOT NULL,
  document_id uuid NOT NULL,
  -- What was accepted is these bytes: the foreign key holds the hash to the document's.
  sha256 bytea NOT NULL,
  accepted_by uuid NOT NULL CONSTRAINT document_acceptance_by REFERENCES person (person_id),
  accepted_as text COLLATE "C" NOT NULL
    CONSTRAINT document_acceptance_as CHECK (accepted_as IN ('founder', 'signatory')),
  accepted_at timestamptz NOT NULL,
  -- SHA-256 of salt and typed name, where a name was typed. Both stand in the erasable table beside this one.
  typed_name_hash bytea
    CONSTRAINT document_acceptance_name_hash CHECK (typed_name_hash IS NULL OR octet_length(typed_name_hash) = 32),
  CONSTRAINT document_acceptance_pkey PRIMARY KEY (company_id, document_id),
  CONSTRAINT document_acceptance_document FOREIGN KEY (company_id, document_id, sha256)
    REFERENCES document (company_id, document_id, sha256)
);
COMMENT ON TABLE document_acceptance IS
  'Distributed by company_id. The company accepted exactly these bytes, once, through this person.';
SELECT equihour_append_only('document_acceptance');

CREATE TABLE document_acceptance_name (
  company_id uuid NOT NULL,
  document_id uuid NOT NULL,
  typed_name text NOT NULL CONSTRAINT document_acceptance_name_typed CHECK (char_length(typed_name) BETWEEN 1 AND 200),
  salt bytea NOT NULL CONSTRAINT document_acceptance_name_salt CHECK (octet_length(salt) = 32),
  CONSTRAINT document_acceptance_name_pkey PRIMARY KEY (company_id, document_id),
  CONSTRAINT document_acceptance_name_of FOREIGN KEY (company_id, document_id)
    REFERENCES document_acceptance (company_id, document_id)
);
COMMENT ON TABLE document_acceptance_name IS
  'Distributed by company_id. The name as it was typed on accepting: personal data, erasable; no history depends on it.';
GRANT SELECT, INSERT, DELETE ON document_acceptance_name TO equihour_app;
