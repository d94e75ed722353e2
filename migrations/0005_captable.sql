-- The cap table: what was imported, the objects of a company in versions, and its securities transactions. A cap table on a
-- day is the replay of the transactions up to that day; nothing here is ever changed.

CREATE TABLE ocf_import (
  company_id uuid NOT NULL CONSTRAINT ocf_import_company REFERENCES company (company_id),
  import_id uuid NOT NULL,
  package_sha256 bytea NOT NULL CONSTRAINT ocf_import_sha256 CHECK (octet_length(package_sha256) = 32),
  ocf_version text NOT NULL,
  package_as_of date NOT NULL,
  gaps_mode text COLLATE "C" NOT NULL CONSTRAINT ocf_import_gaps_mode CHECK (gaps_mode IN ('REFUSE', 'ACCEPT')),
  file_names jsonb NOT NULL,
  warnings jsonb NOT NULL,
  gaps jsonb NOT NULL,
  warning_count integer NOT NULL,
  gap_count integer NOT NULL,
  transaction_count integer NOT NULL,
  imported_by uuid NOT NULL CONSTRAINT ocf_import_imported_by REFERENCES person (person_id),
  imported_at timestamptz NOT NULL,
  CONSTRAINT ocf_import_pkey PRIMARY KEY (company_id, import_id),
  CONSTRAINT ocf_import_once UNIQUE (company_id, package_sha256),
  CONSTRAINT ocf_import_refuses_gaps CHECK (gaps_mode = 'ACCEPT' OR gap_count = 0)
);
COMMENT ON TABLE ocf_import IS
  'Distributed by company_id. Open Cap Format packages that were imported, with what was odd about them.';
SELECT equihour_append_only('ocf_import');

CREATE TABLE ocf_object (
  company_id uuid NOT NULL CONSTRAINT ocf_object_company REFERENCES company (company_id),
  object_type text COLLATE "C" NOT NULL,
  object_id text COLLATE "C" NOT NULL,
  version integer NOT NULL CONSTRAINT ocf_object_version CHECK (version >= 1),
  -- Order in the package; what is added later comes after.
  position integer NOT NULL,
  status text COLLATE "C" NOT NULL
    CONSTRAINT ocf_object_status CHECK (status IN ('APPLIED', 'SET_ASIDE', 'UNKNOWN_TYPE')),
  item jsonb NOT NULL,
  import_id uuid,
  file text,
  pointer text,
  recorded_at timestamptz NOT NULL,
  CONSTRAINT ocf_object_pkey PRIMARY KEY (company_id, object_type, object_id, version),
  CONSTRAINT ocf_object_import FOREIGN KEY (company_id, import_id) REFERENCES ocf_import (company_id, import_id)
);
COMMENT ON TABLE ocf_object IS
  'Distributed by company_id. Issuer, stakeholders, classes, plans, legends, vesting terms and so on, in versions. What is personal about a stakeholder stands in stakeholder_person; here is only its salted hash.';
SELECT equihour_append_only('ocf_object');

CREATE TABLE stakeholder_person (
  company_id uuid NOT NULL CONSTRAINT stakeholder_person_company REFERENCES company (company_id),
  object_id text COLLATE "C" NOT NULL,
  version integer NOT NULL,
  salt bytea NOT NULL CONSTRAINT stakeholder_person_salt CHECK (octet_length(salt) = 32),
  personal jsonb NOT NULL,
  CONSTRAINT stakeholder_person_pkey PRIMARY KEY (company_id, object_id, version)
);
COMMENT ON TABLE stakeholder_person IS
  'Distributed by company_id. Names, addresses and tax numbers of stakeholders: erasable, apart from the history that hashes them.';
GRANT SELECT, INSERT, DELETE ON stakeholder_person TO equihour_app;

CREATE TABLE securities_transaction (
  company_id uuid NOT NULL CONSTRAINT securities_transaction_company REFERENCES company (company_id),
  -- Order of recording, given under the lock of the company's row.
  position bigint NOT NULL CONSTRAINT securities_transaction_position CHECK (position >= 1),
  transaction_id text COLLATE "C" NOT NULL,
  object_type text COLLATE "C" NOT NULL,
  status text COLLATE "C" NOT NULL
    CONSTRAINT securities_transaction_status CHECK (status IN ('APPLIED', 'SET_ASIDE', 'UNKNOWN_TYPE')),
  -- Missing only from items of an unknown type.
  date date,
  security_id text COLLATE "C",
  stakeholder_id text COLLATE "C",
  stock_class_id text COLLATE "C",
  stock_plan_id text COLLATE "C",
  quantity numeric(34,10),
  item jsonb NOT NULL,
  -- The statement whose final state vested these shares.
  statement_id uuid,
  import_id uuid,
  file text,
  pointer text,
  recorded_at timestamptz NOT NULL,
  CONSTRAINT securities_transaction_pkey PRIMARY KEY (company_id, position),
  CONSTRAINT securities_transaction_import FOREIGN KEY (company_id, import_id) REFERENCES ocf_import (company_id, import_id),
  CONSTRAINT securities_transaction_dated CHECK (date IS NOT NULL OR status = 'UNKNOWN_TYPE')
);
COMMENT ON TABLE securities_transaction IS
  'Distributed by company_id. Securities transactions as Open Cap Format items, verbatim, with the columns that are asked for. Those set aside or of an unknown type are kept and do not count.';
-- A transaction counts once.
CREATE UNIQUE INDEX securities_transaction_once ON securities_transaction (company_id, transaction_id) WHERE status = 'APPLIED';
-- A security is issued once.
CREATE UNIQUE INDEX securities_transaction_issued_once ON securities_transaction (company_id, security_id)
  WHERE status = 'APPLIED' AND object_type IN ('TX_STOCK_ISSUANCE', 'TX_EQUITY_COMPENSATION_ISSUANCE',
    'TX_PLAN_SECURITY_ISSUANCE', 'TX_WARRANT_ISSUANCE', 'TX_CONVERTIBLE_ISSUANCE');
-- Replay up to a day.
CREATE INDEX securities_transaction_by_date ON securities_transaction (company_id, date, position) WHERE status = 'APPLIED';
-- Everything that happened to one security.
CREATE INDEX securities_transaction_of_security ON securities_transaction (company_id, security_id, date, position);
-- What a statement vested.
CREATE INDEX securities_transaction_of_statement ON securities_transaction (company_id, statement_id)
  WHERE statement_id IS NOT NULL;
SELECT equihour_append_only('securities_transaction');
