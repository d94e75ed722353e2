-- Checkpoints of cap tables: long histories told day by day, so that the table of a day is looked up and not replayed. They
-- are made from the history by a job, can be thrown away and made again at any time, and are never changed.

CREATE TABLE cap_table_checkpoint (
  company_id uuid NOT NULL CONSTRAINT cap_table_checkpoint_company REFERENCES company (company_id),
  -- The last transaction in it.
  position bigint NOT NULL CONSTRAINT cap_table_checkpoint_position CHECK (position >= 1),
  -- How its parts are written. A program reads the format that it knows and no other.
  format integer NOT NULL CONSTRAINT cap_table_checkpoint_format CHECK (format >= 1),
  -- The last version of an object in it.
  object_position integer NOT NULL,
  first_date date NOT NULL,
  last_date date NOT NULL,
  part_count integer NOT NULL,
  -- SHA-256 over those of the parts, in order of kind and ordinal.
  sha256 bytea NOT NULL CONSTRAINT cap_table_checkpoint_sha256 CHECK (octet_length(sha256) = 32),
  recorded_at timestamptz NOT NULL,
  CONSTRAINT cap_table_checkpoint_pkey PRIMARY KEY (company_id, position, format),
  CONSTRAINT cap_table_checkpoint_days CHECK (first_date <= last_date)
);
COMMENT ON TABLE cap_table_checkpoint IS
  'Distributed by company_id. What a replay of a long cap table gave, up to a transaction: derived, never changed, dropped when a later one is there.';
GRANT SELECT, INSERT, DELETE ON cap_table_checkpoint TO equihour_app;

CREATE TABLE cap_table_checkpoint_part (
  company_id uuid NOT NULL,
  position bigint NOT NULL,
  format integer NOT NULL,
  kind text COLLATE "C" NOT NULL
    CONSTRAINT cap_table_checkpoint_part_kind CHECK (kind IN ('holder', 'month', 'security')),
  -- The months since the year 0; or the place of the first holder or security in it.
  ordinal integer NOT NULL,
  -- Days between which anything in it is open: the first of them, and the first after them.
  opened_on date,
  closed_on date,
  -- Keys of the holders or securities in it, in order.
  keys uuid[] NOT NULL,
  content text NOT NULL,
  sha256 bytea NOT NULL,
  CONSTRAINT cap_table_checkpoint_part_pkey PRIMARY KEY (company_id, position, format, kind, ordinal),
  CONSTRAINT cap_table_checkpoint_part_of FOREIGN KEY (company_id, position, format)
    REFERENCES cap_table_checkpoint (company_id, position, format),
  CONSTRAINT cap_table_checkpoint_part_sha256 CHECK (sha256 = sha256(convert_to(content, 'UTF8')))
);
COMMENT ON TABLE cap_table_checkpoint_part IS
  'Distributed by company_id. A month of sums, some holders or some securities of a checkpoint, as JSON. Names are not in it: they are erasable.';
GRANT SELECT, INSERT, DELETE ON cap_table_checkpoint_part TO equihour_app;

-- Whether objects were recorded after a checkpoint.
CREATE INDEX ocf_object_by_position ON ocf_object (company_id, position);
