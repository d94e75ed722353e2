-- Disputes over statements, how they are settled; and elections under section 83(b). Tokens in micro-tokens.

CREATE TABLE dispute (
  company_id uuid NOT NULL,
  dispute_id uuid NOT NULL,
  statement_id uuid NOT NULL,
  month date NOT NULL,
  reason_code text COLLATE "C" NOT NULL CONSTRAINT dispute_reason_code CHECK (reason_code IN ('NOT_RECEIVED',
    'WRONG_AMOUNT', 'DUPLICATE', 'NOT_OURS', 'OUTAGE', 'WRONG_RATE', 'OTHER')),
  reason text NOT NULL CONSTRAINT dispute_reasoned CHECK (reason <> ''),
  whole boolean NOT NULL,
  resolve_by date NOT NULL,
  opened_by uuid NOT NULL CONSTRAINT dispute_opened_by REFERENCES person (person_id),
  opened_at timestamptz NOT NULL,
  CONSTRAINT dispute_pkey PRIMARY KEY (company_id, dispute_id),
  CONSTRAINT dispute_statement FOREIGN KEY (company_id, statement_id) REFERENCES statement (company_id, statement_id)
);
COMMENT ON TABLE dispute IS
  'Distributed by company_id. What a company disputes of a month: all of it (whole), or the records of dispute_usage.';
COMMENT ON COLUMN dispute.resolve_by IS 'After this day what is disputed is set aside, so that the rest can be final.';
CREATE INDEX dispute_of_month ON dispute (company_id, month);
SELECT equihour_append_only('dispute');

CREATE TABLE dispute_usage (
  company_id uuid NOT NULL,
  dispute_id uuid NOT NULL,
  usage_id uuid NOT NULL,
  CONSTRAINT dispute_usage_pkey PRIMARY KEY (company_id, dispute_id, usage_id),
  CONSTRAINT dispute_usage_of FOREIGN KEY (company_id, dispute_id) REFERENCES dispute (company_id, dispute_id),
  CONSTRAINT dispute_usage_record FOREIGN KEY (company_id, usage_id) REFERENCES usage_record (company_id, usage_id)
);
COMMENT ON TABLE dispute_usage IS 'Distributed by company_id. The usage records that a dispute names.';
SELECT equihour_append_only('dispute_usage');

CREATE TABLE dispute_progress (
  company_id uuid NOT NULL,
  dispute_id uuid NOT NULL,
  state text COLLATE "C" NOT NULL
    CONSTRAINT dispute_progress_state CHECK (state IN ('open', 'set_aside', 'resolved', 'withdrawn')),
  resolve_by date NOT NULL,
  suspended_by uuid,
  reinstated_by uuid,
  proposal_id uuid,
  settled_at timestamptz,
  CONSTRAINT dispute_progress_pkey PRIMARY KEY (company_id, dispute_id),
  CONSTRAINT dispute_progress_of FOREIGN KEY (company_id, dispute_id) REFERENCES dispute (company_id, dispute_id),
  CONSTRAINT dispute_progress_suspended FOREIGN KEY (company_id, suspended_by) REFERENCES correction (company_id, correction_id),
  CONSTRAINT dispute_progress_reinstated FOREIGN KEY (company_id, reinstated_by) REFERENCES correction (company_id, correction_id),
  CONSTRAINT dispute_progress_shape CHECK ((state IN ('resolved', 'withdrawn')) = (settled_at IS NOT NULL)
    AND (state <> 'set_aside' OR suspended_by IS NOT NULL) AND (reinstated_by IS NULL OR suspended_by IS NOT NULL))
);
COMMENT ON TABLE dispute_progress IS
  'Distributed by company_id. Where a dispute stands. Set aside: its charges are out of the vest basis (suspended_by) until it is settled.';
-- Disputes whose time is over, for the sweep.
CREATE INDEX dispute_progress_due ON dispute_progress (resolve_by) WHERE state = 'open';
GRANT SELECT, INSERT ON dispute_progress TO equihour_app;
GRANT UPDATE (state, suspended_by, reinstated_by, proposal_id, settled_at) ON dispute_progress TO equihour_app;

CREATE FUNCTION dispute_refuse_illegal_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = NEW.state OR (OLD.state, NEW.state) IN (('open', 'set_aside'), ('open', 'resolved'), ('open', 'withdrawn'),
    ('set_aside', 'resolved')) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a dispute does not go from % to %', OLD.state, NEW.state
    USING ERRCODE = 'check_violation', CONSTRAINT = 'dispute_legal_step';
END
$$;
CREATE TRIGGER dispute_legal_step BEFORE UPDATE OF state ON dispute_progress
  FOR EACH ROW EXECUTE FUNCTION dispute_refuse_illegal_step();

CREATE TABLE dispute_suspension (
  company_id uuid NOT NULL,
  dispute_id uuid NOT NULL,
  charge_id uuid NOT NULL,
  grant_id uuid NOT NULL,
  basis_micro bigint NOT NULL CONSTRAINT dispute_suspension_basis CHECK (basis_micro > 0),
  CONSTRAINT dispute_suspension_pkey PRIMARY KEY (company_id, dispute_id, charge_id),
  CONSTRAINT dispute_suspension_of FOREIGN KEY (company_id, dispute_id) REFERENCES dispute (company_id, dispute_id),
  CONSTRAINT dispute_suspension_charge FOREIGN KEY (company_id, charge_id) REFERENCES charge (company_id, charge_id),
  CONSTRAINT dispute_suspension_grant FOREIGN KEY (company_id, grant_id) REFERENCES vesting_grant (company_id, grant_id)
);
COMMENT ON TABLE dispute_suspension IS
  'Distributed by company_id. Charges that a dispute has set aside, and how much of the vest basis each was.';
SELECT equihour_append_only('dispute_suspension');

CREATE TABLE dispute_proposal (
  company_id uuid NOT NULL,
  proposal_id uuid NOT NULL,
  dispute_id uuid NOT NULL,
  side text COLLATE "C" NOT NULL CONSTRAINT dispute_proposal_side CHECK (side IN ('company', 'fund', 'expert')),
  outcome text COLLATE "C" NOT NULL CONSTRAINT dispute_proposal_outcome CHECK (outcome IN ('STANDS', 'CORRECTED')),
  records jsonb NOT NULL CONSTRAINT dispute_proposal_records CHECK (jsonb_typeof(records) = 'array'),
  note text NOT NULL CONSTRAINT dispute_proposal_noted CHECK (note <> ''),
  evidence text COLLATE "C",
  proposed_by uuid NOT NULL CONSTRAINT dispute_proposal_by REFERENCES person (person_id),
  proposed_at timestamptz NOT NULL,
  CONSTRAINT dispute_proposal_pkey PRIMARY KEY (company_id, proposal_id),
  CONSTRAINT dispute_proposal_of FOREIGN KEY (company_id, dispute_id) REFERENCES dispute (company_id, dispute_id),
  CONSTRAINT dispute_proposal_expert CHECK ((side = 'expert') = (evidence IS NOT NULL)),
  CONSTRAINT dispute_proposal_shape CHECK ((outcome = 'CORRECTED') = (jsonb_array_length(records) > 0))
);
COMMENT ON TABLE dispute_proposal IS
  'Distributed by company_id. How one side would settle a dispute: the figures stand, or these records are corrected. An expert''s determination names the document that says it.';
CREATE INDEX dispute_proposal_in_order ON dispute_proposal (company_id, dispute_id, proposal_id);
SELECT equihour_append_only('dispute_proposal');

CREATE TABLE dispute_confirmation (
  company_id uuid NOT NULL,
  dispute_id uuid NOT NULL,
  proposal_id uuid NOT NULL,
  confirmed_by uuid NOT NULL CONSTRAINT dispute_confirmation_by REFERENCES person (person_id),
  confirmed_at timestamptz NOT NULL,
  CONSTRAINT dispute_confirmation_pkey PRIMARY KEY (company_id, dispute_id),
  CONSTRAINT dispute_confirmation_of FOREIGN KEY (company_id, proposal_id) REFERENCES dispute_proposal (company_id, proposal_id)
);
COMMENT ON TABLE dispute_confirmation IS
  'Distributed by company_id. Who of the other side agreed to a proposal, or recorded the expert''s: then it is carried out.';
SELECT equihour_append_only('dispute_confirmation');

CREATE TABLE tax_election (
  company_id uuid NOT NULL CONSTRAINT tax_election_company REFERENCES company (company_id),
  event_id uuid NOT NULL,
  security_id text COLLATE "C" NOT NULL,
  decision text COLLATE "C" NOT NULL
    CONSTRAINT tax_election_decision CHECK (decision IN ('ELECTED', 'NOT_ELECTED', 'NOT_APPLICABLE')),
  filed_on date,
  reason text NOT NULL CONSTRAINT tax_election_reason CHECK (reason <> ''),
  recorded_by uuid NOT NULL CONSTRAINT tax_election_recorded_by REFERENCES person (person_id),
  recorded_at timestamptz NOT NULL,
  CONSTRAINT tax_election_pkey PRIMARY KEY (company_id, event_id),
  CONSTRAINT tax_election_filed CHECK (filed_on IS NULL OR decision = 'ELECTED')
);
COMMENT ON TABLE tax_election IS
  'Distributed by company_id. What was decided about an election under section 83(b) of the Internal Revenue Code for an issuance, and when it was filed. The last row holds.';
CREATE INDEX tax_election_of_security ON tax_election (company_id, security_id, event_id);
SELECT equihour_append_only('tax_election');
