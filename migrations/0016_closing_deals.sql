-- Parties change their names and their forms; others take their place; and what binds a deal beside its terms.

-- Why a company is called so from a date on, and what shows it.
ALTER TABLE company_identity ADD COLUMN cause text COLLATE "C" NOT NULL DEFAULT 'registered'
  CONSTRAINT company_identity_cause CHECK (cause IN ('registered', 'name_change', 'conversion', 'domestication', 'merger', 'assignment', 'correction'));
ALTER TABLE company_identity ADD COLUMN source text;
ALTER TABLE company_identity ADD CONSTRAINT company_identity_sourced CHECK (cause = 'registered' OR source <> '');

-- The fund and its providers by name, dated: documents name them as they are called on their date.
CREATE TABLE party_identity (
  party_id uuid NOT NULL,
  valid_from date NOT NULL,
  recorded_at timestamptz NOT NULL,
  side text COLLATE "C" NOT NULL CONSTRAINT party_identity_side CHECK (side IN ('fund', 'provider')),
  name text NOT NULL CONSTRAINT party_identity_named CHECK (name <> ''),
  source text NOT NULL CONSTRAINT party_identity_sourced CHECK (source <> ''),
  recorded_by uuid NOT NULL CONSTRAINT party_identity_recorded_by REFERENCES person (person_id),
  CONSTRAINT party_identity_pkey PRIMARY KEY (party_id, valid_from, recorded_at)
);
COMMENT ON TABLE party_identity IS
  'Reference. Who stands for the fund or a provider from a date on, after a change of name or a succession; before the first row, what they were set up as.';
SELECT equihour_append_only('party_identity');

-- Documents that bind a deal beside its terms, each signed by both sides: an assignment to a successor, a side letter.
CREATE TABLE deal_document (
  company_id uuid NOT NULL,
  deal_document_id uuid NOT NULL,
  round_id uuid NOT NULL,
  kind text COLLATE "C" NOT NULL CONSTRAINT deal_document_kind CHECK (kind IN ('assignment', 'side_letter')),
  state text COLLATE "C" NOT NULL
    CONSTRAINT deal_document_state CHECK (state IN ('draft', 'proposed', 'accepted', 'in_force', 'withdrawn')),
  title text NOT NULL CONSTRAINT deal_document_title CHECK (title <> ''),
  -- What it says, canonical, as its kind reads it.
  content jsonb NOT NULL CONSTRAINT deal_document_content CHECK (jsonb_typeof(content) = 'object'),
  effective_on date,
  drafted_by uuid NOT NULL CONSTRAINT deal_document_drafted_by REFERENCES person (person_id),
  drafted_at timestamptz NOT NULL,
  proposed_by uuid CONSTRAINT deal_document_proposed_by REFERENCES person (person_id),
  proposed_at timestamptz,
  document_id uuid,
  signed_by_fund boolean NOT NULL DEFAULT false,
  signed_by_company boolean NOT NULL DEFAULT false,
  accepted_at timestamptz,
  in_force_at timestamptz,
  withdrawn_at timestamptz,
  CONSTRAINT deal_document_pkey PRIMARY KEY (company_id, deal_document_id),
  CONSTRAINT deal_document_round FOREIGN KEY (company_id, round_id) REFERENCES round (company_id, round_id),
  CONSTRAINT deal_document_document FOREIGN KEY (company_id, document_id) REFERENCES document (company_id, document_id),
  CONSTRAINT deal_document_proposal_whole CHECK (num_nulls(proposed_by, proposed_at, document_id) IN (0, 3)),
  CONSTRAINT deal_document_proposed_when_past_draft CHECK (state IN ('draft', 'withdrawn') OR proposed_by IS NOT NULL),
  CONSTRAINT deal_document_binds_by_both CHECK (state NOT IN ('accepted', 'in_force')
    OR signed_by_fund AND signed_by_company AND num_nulls(accepted_at, effective_on) = 0),
  CONSTRAINT deal_document_in_force_dated CHECK ((state = 'in_force') = (in_force_at IS NOT NULL)),
  CONSTRAINT deal_document_withdrawn_dated CHECK ((state = 'withdrawn') = (withdrawn_at IS NOT NULL))
);
COMMENT ON TABLE deal_document IS
  'Distributed by company_id. What binds a deal beside its terms, by kind: binding once both sides have signed it, in force from its date on.';
CREATE INDEX deal_document_of_round ON deal_document (company_id, round_id, deal_document_id);
CREATE INDEX deal_document_due ON deal_document (effective_on) WHERE state = 'accepted';
GRANT SELECT, INSERT ON deal_document TO equihour_app;
GRANT UPDATE (state, effective_on, proposed_by, proposed_at, document_id, signed_by_fund, signed_by_company, accepted_at,
  in_force_at, withdrawn_at) ON deal_document TO equihour_app;
-- The same order and the same guards as an amendment's.
CREATE TRIGGER deal_document_step BEFORE UPDATE ON deal_document FOR EACH ROW EXECUTE FUNCTION amendment_refuse_step();

CREATE TABLE deal_signature (
  company_id uuid NOT NULL,
  deal_document_id uuid NOT NULL,
  side text COLLATE "C" NOT NULL CONSTRAINT deal_signature_side CHECK (side IN ('fund', 'company')),
  document_id uuid NOT NULL,
  sha256 bytea NOT NULL,
  signed_by uuid NOT NULL CONSTRAINT deal_signature_by REFERENCES person (person_id),
  signed_at timestamptz NOT NULL,
  CONSTRAINT deal_signature_pkey PRIMARY KEY (company_id, deal_document_id, side),
  CONSTRAINT deal_signature_of FOREIGN KEY (company_id, deal_document_id)
    REFERENCES deal_document (company_id, deal_document_id),
  CONSTRAINT deal_signature_document FOREIGN KEY (company_id, document_id, sha256)
    REFERENCES document (company_id, document_id, sha256)
);
COMMENT ON TABLE deal_signature IS 'Distributed by company_id. Who signed exactly which bytes of a deal document, for which side.';
SELECT equihour_append_only('deal_signature');

-- Most favoured nation: notice of a later side letter to a holder whose own has the right, and the one election.
CREATE TABLE mfn_notice (
  company_id uuid NOT NULL,
  -- The side letter that has the right, and the later one that it may take over.
  holder_id uuid NOT NULL,
  offered_id uuid NOT NULL,
  noticed_on date NOT NULL,
  -- The last day on which it can be elected.
  elect_until date NOT NULL,
  noticed_by uuid NOT NULL CONSTRAINT mfn_notice_by REFERENCES person (person_id),
  CONSTRAINT mfn_notice_pkey PRIMARY KEY (company_id, holder_id, offered_id),
  CONSTRAINT mfn_notice_holder FOREIGN KEY (company_id, holder_id) REFERENCES deal_document (company_id, deal_document_id),
  CONSTRAINT mfn_notice_offered FOREIGN KEY (company_id, offered_id) REFERENCES deal_document (company_id, deal_document_id),
  CONSTRAINT mfn_notice_another CHECK (holder_id <> offered_id),
  CONSTRAINT mfn_notice_window CHECK (elect_until >= noticed_on)
);
COMMENT ON TABLE mfn_notice IS
  'Distributed by company_id. A later side letter was brought to the notice of a holder with a most-favoured-nation right, who may elect it until a day.';
SELECT equihour_append_only('mfn_notice');

CREATE TABLE mfn_election (
  company_id uuid NOT NULL,
  holder_id uuid NOT NULL,
  elected_id uuid NOT NULL,
  elected_on date NOT NULL,
  elected_by uuid NOT NULL CONSTRAINT mfn_election_by REFERENCES person (person_id),
  elected_at timestamptz NOT NULL,
  -- One, and whole.
  CONSTRAINT mfn_election_pkey PRIMARY KEY (company_id, holder_id),
  CONSTRAINT mfn_election_noticed FOREIGN KEY (company_id, holder_id, elected_id)
    REFERENCES mfn_notice (company_id, holder_id, offered_id)
);
COMMENT ON TABLE mfn_election IS
  'Distributed by company_id. The one later side letter that a holder has elected, whole: from then on its terms are the holder''s.';
SELECT equihour_append_only('mfn_election');

-- Rolling closings: what each closing after the first brings, its document and its own conditions.
ALTER TABLE closing DROP CONSTRAINT closing_state;
ALTER TABLE closing ADD CONSTRAINT closing_state CHECK (state IN ('planned', 'offered', 'accepted', 'closed', 'withdrawn'));
ALTER TABLE closing ADD COLUMN closing_date date;
ALTER TABLE closing ADD COLUMN content jsonb CONSTRAINT closing_content CHECK (jsonb_typeof(content) = 'object');
ALTER TABLE closing ADD COLUMN planned_by uuid;
ALTER TABLE closing ADD COLUMN offered_by uuid;
ALTER TABLE closing ADD COLUMN document_id uuid;
ALTER TABLE closing ADD CONSTRAINT closing_later_whole
  CHECK (ordinal = 1 OR num_nulls(closing_date, content, planned_by) = 0);
ALTER TABLE closing ADD CONSTRAINT closing_offered
  CHECK (ordinal = 1 OR state IN ('planned', 'withdrawn') OR num_nulls(document_id, offered_by) = 0);
GRANT UPDATE (document_id, offered_by) ON closing TO equihour_app;

-- Conditions of a closing: of the first, or of the one that is named.
ALTER TABLE closing_condition ADD COLUMN closing_ordinal integer NOT NULL DEFAULT 1
  CONSTRAINT closing_condition_closing CHECK (closing_ordinal >= 1);

-- What each grant of each closing is: a round has several.
CREATE TABLE closed_grant (
  company_id uuid NOT NULL,
  grant_id uuid NOT NULL,
  round_id uuid NOT NULL,
  closing_id uuid NOT NULL,
  -- Which of the closing's grants: 1 is the first.
  leg integer NOT NULL CONSTRAINT closed_grant_leg CHECK (leg >= 1),
  lot_id uuid NOT NULL,
  security_id text COLLATE "C" NOT NULL,
  stock_class_id text COLLATE "C" NOT NULL,
  document_id uuid NOT NULL,
  tokens_micro bigint NOT NULL CONSTRAINT closed_grant_tokens CHECK (tokens_micro > 0),
  equity_shares bigint NOT NULL CONSTRAINT closed_grant_shares CHECK (equity_shares >= 0),
  closed_by uuid NOT NULL CONSTRAINT closed_grant_by REFERENCES person (person_id),
  closed_at timestamptz NOT NULL,
  CONSTRAINT closed_grant_pkey PRIMARY KEY (company_id, grant_id),
  CONSTRAINT closed_grant_once UNIQUE (company_id, closing_id, leg),
  CONSTRAINT closed_grant_closing FOREIGN KEY (company_id, closing_id) REFERENCES closing (company_id, closing_id),
  CONSTRAINT closed_grant_lot FOREIGN KEY (company_id, lot_id) REFERENCES lot (company_id, lot_id),
  CONSTRAINT closed_grant_document FOREIGN KEY (company_id, document_id) REFERENCES document (company_id, document_id)
);
COMMENT ON TABLE closed_grant IS
  'Distributed by company_id. Every grant that a closing opened: its lot, the security that it vests, and the accepted document behind it.';
CREATE INDEX closed_grant_of_round ON closed_grant (company_id, round_id, grant_id);
SELECT equihour_append_only('closed_grant');
INSERT INTO closed_grant (company_id, grant_id, round_id, closing_id, leg, lot_id, security_id, stock_class_id, document_id,
  tokens_micro, equity_shares, closed_by, closed_at)
SELECT closed.company_id, closed.grant_id, closed.round_id, planned.closing_id, 1, closed.lot_id, closed.security_id,
  closed.stock_class_id, closed.document_id, planned.amount_micro, closed.equity_shares, closed.closed_by, closed.closed_at
FROM closed_round AS closed
JOIN planned_grant AS planned ON planned.company_id = closed.company_id AND planned.grant_id = closed.grant_id;
