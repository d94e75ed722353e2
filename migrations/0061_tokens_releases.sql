-- Releases that somebody confirms or asks for, and the order in which lots are drawn: both as signed.

CREATE TABLE lot_release_terms (
  company_id uuid NOT NULL,
  lot_id uuid NOT NULL,
  terms_id uuid NOT NULL,
  effective_on date NOT NULL,
  kind text COLLATE "C" NOT NULL CONSTRAINT lot_release_terms_kind CHECK (kind IN ('milestones', 'on_demand', 'none')),
  terms jsonb NOT NULL CONSTRAINT lot_release_terms_object CHECK (jsonb_typeof(terms) = 'object'),
  source text COLLATE "C" NOT NULL,
  recorded_at timestamptz NOT NULL,
  CONSTRAINT lot_release_terms_pkey PRIMARY KEY (company_id, lot_id, terms_id),
  CONSTRAINT lot_release_terms_lot FOREIGN KEY (company_id, lot_id) REFERENCES lot (company_id, lot_id)
);
COMMENT ON TABLE lot_release_terms IS
  'Distributed by company_id. By which milestones, or within which limits on demand, tokens of a lot are released: as signed. The last row whose day has come holds.';
SELECT equihour_append_only('lot_release_terms');

-- Who must still say yes, as the terms said when it was asked. A milestone that needs nobody is confirmed by its row.
ALTER TABLE asked_release ADD COLUMN needs text COLLATE "C" NOT NULL DEFAULT 'nobody'
  CONSTRAINT asked_release_needs CHECK (needs IN ('nobody', 'fund', 'provider'));
ALTER TABLE asked_release ADD COLUMN reason text;
-- Since when its tokens are no longer there: cancelled or expired before they were released.
ALTER TABLE asked_release ADD COLUMN lapsed_at timestamptz,
  ADD CONSTRAINT asked_release_lapsed CHECK (lapsed_at IS NULL OR released_transfer_id IS NULL);
GRANT UPDATE (lapsed_at) ON asked_release TO equihour_app;
-- A milestone that was refused may be confirmed later with other evidence, so it is once among those that stand.
ALTER TABLE asked_release DROP CONSTRAINT asked_release_milestone_once;
CREATE INDEX asked_release_by_code ON asked_release (company_id, lot_id, code) WHERE code IS NOT NULL;

CREATE TABLE asked_release_decision (
  company_id uuid NOT NULL,
  lot_id uuid NOT NULL,
  release_id uuid NOT NULL,
  decision text COLLATE "C" NOT NULL
    CONSTRAINT asked_release_decision_known CHECK (decision IN ('confirmed', 'refused', 'withdrawn')),
  note text,
  decided_by uuid NOT NULL CONSTRAINT asked_release_decision_by REFERENCES person (person_id),
  decided_at timestamptz NOT NULL,
  CONSTRAINT asked_release_decision_pkey PRIMARY KEY (company_id, lot_id, release_id),
  CONSTRAINT asked_release_decision_of FOREIGN KEY (company_id, lot_id, release_id)
    REFERENCES asked_release (company_id, lot_id, release_id)
);
COMMENT ON TABLE asked_release_decision IS
  'Distributed by company_id. What became of a release that was asked for, once: confirmed or refused by who must, or withdrawn by the company.';
SELECT equihour_append_only('asked_release_decision');

CREATE TABLE draw_order_term (
  company_id uuid NOT NULL CONSTRAINT draw_order_term_company REFERENCES company (company_id),
  token_class_id uuid NOT NULL CONSTRAINT draw_order_term_class REFERENCES token_class (token_class_id),
  term_id uuid NOT NULL,
  effective_on date NOT NULL,
  draw_order text COLLATE "C" NOT NULL CONSTRAINT draw_order_term_known
    CHECK (draw_order IN ('EARLIEST_EXPIRY', 'OLDEST_FIRST', 'GRANTS_FIRST', 'GRANTS_LAST', 'UNPAID_FIRST')),
  source text COLLATE "C" NOT NULL,
  recorded_at timestamptz NOT NULL,
  CONSTRAINT draw_order_term_pkey PRIMARY KEY (company_id, token_class_id, term_id)
);
COMMENT ON TABLE draw_order_term IS
  'Distributed by company_id. In which order a company''s lots of a class are drawn, as signed. The last row whose day has come holds; where there is none, the earliest expiry comes first.';
SELECT equihour_append_only('draw_order_term');
