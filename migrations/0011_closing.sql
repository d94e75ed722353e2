-- Closing: the documents that bind a round to its terms, the conditions of closing, and what a closing made.

CREATE TABLE issued_term_sheet (
  company_id uuid NOT NULL,
  document_id uuid NOT NULL,
  round_id uuid NOT NULL,
  terms_version integer NOT NULL,
  -- What the document promises, so that closing can refuse a cap table that has moved since.
  equity_shares bigint NOT NULL CONSTRAINT issued_term_sheet_shares CHECK (equity_shares > 0),
  price numeric(34,10) NOT NULL CONSTRAINT issued_term_sheet_price CHECK (price > 0),
  total_shares_after numeric(34,10) NOT NULL,
  issued_by uuid NOT NULL CONSTRAINT issued_term_sheet_issued_by REFERENCES person (person_id),
  issued_at timestamptz NOT NULL,
  CONSTRAINT issued_term_sheet_pkey PRIMARY KEY (company_id, document_id),
  CONSTRAINT issued_term_sheet_document FOREIGN KEY (company_id, document_id) REFERENCES document (company_id, document_id),
  CONSTRAINT issued_term_sheet_terms FOREIGN KEY (company_id, round_id, terms_version)
    REFERENCES round_terms (company_id, round_id, version)
);
COMMENT ON TABLE issued_term_sheet IS
  'Distributed by company_id. Which document says which version of a round''s terms, and the equity that it promises.';
SELECT equihour_append_only('issued_term_sheet');

CREATE TABLE closing_condition (
  company_id uuid NOT NULL,
  round_id uuid NOT NULL,
  code text COLLATE "C" NOT NULL,
  ordinal integer NOT NULL,
  wording text NOT NULL,
  waivable_by text COLLATE "C" NOT NULL
    CONSTRAINT closing_condition_waivable CHECK (waivable_by IN ('fund', 'company', 'both', 'nobody')),
  state text COLLATE "C" NOT NULL CONSTRAINT closing_condition_state CHECK (state IN ('open', 'satisfied', 'waived')),
  waived_by_fund boolean NOT NULL DEFAULT false,
  waived_by_company boolean NOT NULL DEFAULT false,
  CONSTRAINT closing_condition_pkey PRIMARY KEY (company_id, round_id, code),
  CONSTRAINT closing_condition_round FOREIGN KEY (company_id, round_id) REFERENCES round (company_id, round_id),
  CONSTRAINT closing_condition_waiver CHECK (state <> 'waived' OR CASE waivable_by
    WHEN 'fund' THEN waived_by_fund WHEN 'company' THEN waived_by_company
    WHEN 'both' THEN waived_by_fund AND waived_by_company ELSE false END)
);
COMMENT ON TABLE closing_condition IS
  'Distributed by company_id. What must be true before a round closes, and whether it is. A condition that nobody may waive cannot be waived here either.';
GRANT SELECT, INSERT ON closing_condition TO equihour_app;
GRANT UPDATE (state, waived_by_fund, waived_by_company) ON closing_condition TO equihour_app;

CREATE TABLE closing_condition_event (
  company_id uuid NOT NULL,
  event_id uuid NOT NULL,
  round_id uuid NOT NULL,
  code text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL CONSTRAINT closing_condition_event_kind CHECK (kind IN ('satisfied', 'waived')),
  evidence text NOT NULL CONSTRAINT closing_condition_event_evidence CHECK (evidence <> ''),
  evidence_date date NOT NULL,
  actor_id uuid NOT NULL CONSTRAINT closing_condition_event_actor REFERENCES person (person_id),
  at timestamptz NOT NULL,
  CONSTRAINT closing_condition_event_pkey PRIMARY KEY (company_id, event_id),
  CONSTRAINT closing_condition_event_of FOREIGN KEY (company_id, round_id, code)
    REFERENCES closing_condition (company_id, round_id, code)
);
COMMENT ON TABLE closing_condition_event IS
  'Distributed by company_id. Who said a condition is met or waived it, with the evidence or the reason.';
CREATE INDEX closing_condition_event_in_order ON closing_condition_event (company_id, round_id, event_id);
SELECT equihour_append_only('closing_condition_event');

CREATE TABLE closed_round (
  company_id uuid NOT NULL,
  round_id uuid NOT NULL,
  grant_id uuid NOT NULL,
  lot_id uuid NOT NULL,
  security_id text COLLATE "C" NOT NULL,
  stock_class_id text COLLATE "C" NOT NULL,
  document_id uuid NOT NULL,
  equity_shares bigint NOT NULL,
  closed_by uuid NOT NULL CONSTRAINT closed_round_closed_by REFERENCES person (person_id),
  closed_at timestamptz NOT NULL,
  CONSTRAINT closed_round_pkey PRIMARY KEY (company_id, round_id),
  CONSTRAINT closed_round_round FOREIGN KEY (company_id, round_id) REFERENCES round (company_id, round_id),
  CONSTRAINT closed_round_lot FOREIGN KEY (company_id, lot_id) REFERENCES lot (company_id, lot_id),
  CONSTRAINT closed_round_document FOREIGN KEY (company_id, document_id)
    REFERENCES issued_term_sheet (company_id, document_id)
);
COMMENT ON TABLE closed_round IS
  'Distributed by company_id. What a closing made: the unearned equity, the grant and its lot, and the accepted document behind them.';
SELECT equihour_append_only('closed_round');
