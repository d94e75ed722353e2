-- Rounds: a deal over a company's cap table, its versioned terms, its closings and the grants they will open.

CREATE TABLE round (
  company_id uuid NOT NULL,
  round_id uuid NOT NULL,
  state text COLLATE "C" NOT NULL
    CONSTRAINT round_state CHECK (state IN ('draft', 'proposed', 'term_sheet_issued', 'accepted', 'closed', 'withdrawn')),
  terms_version integer NOT NULL CONSTRAINT round_terms_version CHECK (terms_version >= 1),
  drafted_by uuid NOT NULL CONSTRAINT round_drafted_by REFERENCES person (person_id),
  drafted_at timestamptz NOT NULL,
  proposed_by uuid CONSTRAINT round_proposed_by REFERENCES person (person_id),
  proposed_at timestamptz,
  proposed_version integer,
  -- From here on the company's founders see the round, also when it is withdrawn later.
  issued_at timestamptz,
  ended_at timestamptz,
  CONSTRAINT round_pkey PRIMARY KEY (company_id, round_id),
  CONSTRAINT round_company FOREIGN KEY (company_id) REFERENCES company (company_id),
  CONSTRAINT round_proposal_whole CHECK (num_nulls(proposed_by, proposed_at, proposed_version) IN (0, 3)),
  CONSTRAINT round_proposed_when_past_draft CHECK (state IN ('draft', 'withdrawn') OR proposed_by IS NOT NULL),
  CONSTRAINT round_proposed_terms CHECK (proposed_version IS NULL OR proposed_version = terms_version),
  CONSTRAINT round_issued_when_past_proposal
    CHECK ((state NOT IN ('term_sheet_issued', 'accepted', 'closed')) OR issued_at IS NOT NULL),
  CONSTRAINT round_ended_when_over CHECK ((state IN ('closed', 'withdrawn')) = (ended_at IS NOT NULL))
);
COMMENT ON TABLE round IS
  'Distributed by company_id. One deal: its state, the current version of its terms, and who drafted and proposed it.';
-- The list of rounds over all companies, newest first.
CREATE INDEX round_newest ON round (round_id);
GRANT SELECT, INSERT ON round TO equihour_app;
GRANT UPDATE (state, terms_version, proposed_by, proposed_at, proposed_version, issued_at, ended_at) ON round TO equihour_app;

-- The last guard of the life cycle: which state may follow which, and terms that stand still once proposed.
CREATE FUNCTION round_refuse_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
    ('draft', 'proposed'), ('proposed', 'term_sheet_issued'), ('term_sheet_issued', 'accepted'), ('accepted', 'closed'),
    ('draft', 'withdrawn'), ('proposed', 'withdrawn'), ('term_sheet_issued', 'withdrawn'), ('accepted', 'withdrawn'))
  THEN
    RAISE EXCEPTION 'a round that is % cannot become %', OLD.state, NEW.state USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.terms_version <> OLD.terms_version AND (OLD.state <> 'draft' OR NEW.terms_version <> OLD.terms_version + 1) THEN
    RAISE EXCEPTION 'terms of a round that is % cannot go from version % to %', OLD.state, OLD.terms_version, NEW.terms_version
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER round_step BEFORE UPDATE ON round FOR EACH ROW EXECUTE FUNCTION round_refuse_step();

CREATE TABLE round_terms (
  company_id uuid NOT NULL,
  round_id uuid NOT NULL,
  version integer NOT NULL CONSTRAINT round_terms_version_counts CHECK (version >= 1),
  -- In their wire form, every default written out, every number a canonical decimal string.
  terms jsonb NOT NULL CONSTRAINT round_terms_object CHECK (jsonb_typeof(terms) = 'object'),
  -- SHA-256 of the canonical JSON (RFC 8785).
  terms_hash bytea NOT NULL CONSTRAINT round_terms_hash_is_sha256 CHECK (octet_length(terms_hash) = 32),
  written_by uuid NOT NULL CONSTRAINT round_terms_written_by REFERENCES person (person_id),
  written_at timestamptz NOT NULL,
  CONSTRAINT round_terms_pkey PRIMARY KEY (company_id, round_id, version),
  CONSTRAINT round_terms_round FOREIGN KEY (company_id, round_id) REFERENCES round (company_id, round_id)
);
COMMENT ON TABLE round_terms IS 'Distributed by company_id. Every version of the terms of a round.';
SELECT equihour_append_only('round_terms');

CREATE TABLE closing (
  company_id uuid NOT NULL,
  closing_id uuid NOT NULL,
  round_id uuid NOT NULL,
  ordinal integer NOT NULL CONSTRAINT closing_ordinal CHECK (ordinal >= 1),
  state text COLLATE "C" NOT NULL CONSTRAINT closing_state CHECK (state IN ('planned', 'closed')),
  closed_by uuid CONSTRAINT closing_closed_by REFERENCES person (person_id),
  closed_at timestamptz,
  CONSTRAINT closing_pkey PRIMARY KEY (company_id, closing_id),
  CONSTRAINT closing_round FOREIGN KEY (company_id, round_id) REFERENCES round (company_id, round_id),
  CONSTRAINT closing_once UNIQUE (company_id, round_id, ordinal),
  CONSTRAINT closing_whole CHECK ((state = 'closed') = (num_nonnulls(closed_by, closed_at) = 2)
    AND num_nulls(closed_by, closed_at) IN (0, 2))
);
COMMENT ON TABLE closing IS 'Distributed by company_id. The closings of a round, planned or done.';
GRANT SELECT, INSERT ON closing TO equihour_app;
GRANT UPDATE (state, closed_by, closed_at) ON closing TO equihour_app;

CREATE TABLE planned_grant (
  company_id uuid NOT NULL,
  grant_id uuid NOT NULL,
  round_id uuid NOT NULL,
  closing_id uuid NOT NULL,
  token_class_id uuid NOT NULL CONSTRAINT planned_grant_class REFERENCES token_class (token_class_id),
  amount_micro bigint NOT NULL CONSTRAINT planned_grant_amount CHECK (amount_micro > 0),
  terms_version integer NOT NULL,
  opened_at timestamptz,
  CONSTRAINT planned_grant_pkey PRIMARY KEY (company_id, grant_id),
  CONSTRAINT planned_grant_closing FOREIGN KEY (company_id, closing_id) REFERENCES closing (company_id, closing_id),
  CONSTRAINT planned_grant_terms FOREIGN KEY (company_id, round_id, terms_version)
    REFERENCES round_terms (company_id, round_id, version)
);
COMMENT ON TABLE planned_grant IS
  'Distributed by company_id. Tokens that a closing will grant, as the version of the terms that it names says.';
-- The grants of a closing.
CREATE INDEX planned_grant_of_closing ON planned_grant (company_id, closing_id);
GRANT SELECT, INSERT ON planned_grant TO equihour_app;
GRANT UPDATE (token_class_id, amount_micro, terms_version, opened_at) ON planned_grant TO equihour_app;

-- What was closed or opened stays as it was.
CREATE FUNCTION closing_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.closed_at IS NOT NULL THEN
    RAISE EXCEPTION 'a closing is done once' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER closing_done BEFORE UPDATE ON closing FOR EACH ROW EXECUTE FUNCTION closing_refuse_change();
CREATE FUNCTION planned_grant_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.opened_at IS NOT NULL THEN
    RAISE EXCEPTION 'a grant is opened once' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER planned_grant_opened BEFORE UPDATE ON planned_grant
  FOR EACH ROW EXECUTE FUNCTION planned_grant_refuse_change();
