-- Parts of an instrument for compute can be given up before the rest ends: what was not earned of them never will be.

ALTER TABLE instrument_retirement
  ADD COLUMN ordinal integer NOT NULL DEFAULT 1 CONSTRAINT instrument_retirement_ordinal CHECK (ordinal > 0),
  -- False: a part was given up, and the rest goes on.
  ADD COLUMN ends boolean NOT NULL DEFAULT true,
  DROP CONSTRAINT instrument_retirement_pkey,
  ADD CONSTRAINT instrument_retirement_pkey PRIMARY KEY (company_id, instrument_id, ordinal);
ALTER TABLE instrument_retirement ALTER COLUMN ordinal DROP DEFAULT, ALTER COLUMN ends DROP DEFAULT;
-- It ends once.
CREATE UNIQUE INDEX instrument_retirement_ends_once ON instrument_retirement (company_id, instrument_id) WHERE ends;
COMMENT ON TABLE instrument_retirement IS
  'Distributed by company_id. What was never earned under an instrument and never will be: given up for nothing, in parts or to its end, which comes once.';
