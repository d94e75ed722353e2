-- Runs of the reconciliation: when the books were held against one another, and what did not agree.

CREATE TABLE reconciliation (
  reconciliation_id uuid NOT NULL CONSTRAINT reconciliation_pkey PRIMARY KEY,
  started_at timestamptz NOT NULL,
  finished_at timestamptz NOT NULL,
  company_count integer NOT NULL CONSTRAINT reconciliation_companies CHECK (company_count >= 0),
  event_count integer NOT NULL CONSTRAINT reconciliation_events CHECK (event_count >= 0),
  difference_count integer NOT NULL CONSTRAINT reconciliation_counted CHECK (difference_count >= 0),
  differences jsonb NOT NULL CONSTRAINT reconciliation_differences CHECK (jsonb_typeof(differences) = 'array'),
  CONSTRAINT reconciliation_order CHECK (finished_at >= started_at)
);
COMMENT ON TABLE reconciliation IS
  'Local. A run over all companies, and the first 1,000 differences that it found: none when all is well.';
SELECT equihour_append_only('reconciliation');
