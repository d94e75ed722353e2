-- Scenarios of several rounds one after another. A version holds either the terms of one round or the rounds of a chain.

ALTER TABLE scenario ALTER COLUMN terms DROP NOT NULL;
-- In their wire form, every default written out, every number a canonical decimal string.
ALTER TABLE scenario ADD COLUMN rounds jsonb CONSTRAINT scenario_rounds CHECK (jsonb_typeof(rounds) = 'array');
ALTER TABLE scenario ADD CONSTRAINT scenario_terms_or_rounds CHECK ((terms IS NULL) <> (rounds IS NULL));
COMMENT ON TABLE scenario IS
  'Distributed by company_id. Every version of terms, or of rounds one after another, kept under a name, over the cap table of a day.';
