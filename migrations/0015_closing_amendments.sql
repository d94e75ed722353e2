-- Amendments: the terms of a signed round change only by what both sides sign, from a date on, forwards in time.

-- The date from which a version holds. Versions of a draft have none: they are replaced, not amended.
ALTER TABLE round_terms ADD COLUMN effective_on date;

ALTER TABLE round DROP CONSTRAINT round_proposed_terms;
ALTER TABLE round ADD CONSTRAINT round_proposed_terms CHECK (proposed_version IS NULL OR proposed_version <= terms_version);

-- As before, and terms of a signed or closed round go one version forwards: that is an amendment that has come into force.
CREATE OR REPLACE FUNCTION round_refuse_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
    ('draft', 'proposed'), ('proposed', 'term_sheet_issued'), ('term_sheet_issued', 'accepted'), ('accepted', 'closed'),
    ('draft', 'withdrawn'), ('proposed', 'withdrawn'), ('term_sheet_issued', 'withdrawn'), ('accepted', 'withdrawn'))
  THEN
    RAISE EXCEPTION 'a round that is % cannot become %', OLD.state, NEW.state USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.terms_version <> OLD.terms_version
    AND (OLD.state NOT IN ('draft', 'accepted', 'closed') OR NEW.terms_version <> OLD.terms_version + 1)
  THEN
    RAISE EXCEPTION 'terms of a round that is % cannot go from version % to %', OLD.state, OLD.terms_version, NEW.terms_version
      USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.proposed_version IS NOT NULL AND NEW.proposed_version IS DISTINCT FROM OLD.proposed_version THEN
    RAISE EXCEPTION 'a round is proposed once' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END
$$;

CREATE TABLE amendment (
  company_id uuid NOT NULL,
  amendment_id uuid NOT NULL,
  round_id uuid NOT NULL,
  state text COLLATE "C" NOT NULL
    CONSTRAINT amendment_state CHECK (state IN ('draft', 'proposed', 'accepted', 'in_force', 'withdrawn')),
  -- The version that it changes: the last one that was signed when it was drafted.
  base_version integer NOT NULL,
  -- The terms whole as they will read, in their wire form, and what of them differs: [{path, from, to}].
  terms jsonb NOT NULL CONSTRAINT amendment_terms CHECK (jsonb_typeof(terms) = 'object'),
  changes jsonb NOT NULL CONSTRAINT amendment_changes CHECK (jsonb_typeof(changes) = 'array' AND changes <> '[]'),
  reason text NOT NULL CONSTRAINT amendment_reason CHECK (reason <> ''),
  -- The first day on which it holds. Without one: the day on which the second side signs, which is written here then.
  effective_on date,
  drafted_by uuid NOT NULL CONSTRAINT amendment_drafted_by REFERENCES person (person_id),
  drafted_at timestamptz NOT NULL,
  proposed_by uuid CONSTRAINT amendment_proposed_by REFERENCES person (person_id),
  proposed_at timestamptz,
  document_id uuid,
  signed_by_fund boolean NOT NULL DEFAULT false,
  signed_by_company boolean NOT NULL DEFAULT false,
  accepted_at timestamptz,
  -- The version of the terms that it made.
  terms_version integer,
  in_force_at timestamptz,
  withdrawn_at timestamptz,
  CONSTRAINT amendment_pkey PRIMARY KEY (company_id, amendment_id),
  CONSTRAINT amendment_round FOREIGN KEY (company_id, round_id) REFERENCES round (company_id, round_id),
  CONSTRAINT amendment_base FOREIGN KEY (company_id, round_id, base_version)
    REFERENCES round_terms (company_id, round_id, version),
  CONSTRAINT amendment_made FOREIGN KEY (company_id, round_id, terms_version)
    REFERENCES round_terms (company_id, round_id, version),
  CONSTRAINT amendment_made_once UNIQUE (company_id, round_id, terms_version),
  CONSTRAINT amendment_document FOREIGN KEY (company_id, document_id) REFERENCES document (company_id, document_id),
  CONSTRAINT amendment_next CHECK (terms_version IS NULL OR terms_version = base_version + 1),
  CONSTRAINT amendment_proposal_whole CHECK (num_nulls(proposed_by, proposed_at, document_id) IN (0, 3)),
  CONSTRAINT amendment_proposed_when_past_draft CHECK (state IN ('draft', 'withdrawn') OR proposed_by IS NOT NULL),
  CONSTRAINT amendment_binds_by_both CHECK (state NOT IN ('accepted', 'in_force')
    OR signed_by_fund AND signed_by_company AND num_nulls(accepted_at, terms_version, effective_on) = 0),
  CONSTRAINT amendment_in_force_dated CHECK ((state = 'in_force') = (in_force_at IS NOT NULL)),
  CONSTRAINT amendment_withdrawn_dated CHECK ((state = 'withdrawn') = (withdrawn_at IS NOT NULL))
);
COMMENT ON TABLE amendment IS
  'Distributed by company_id. A change of the terms of a signed round: binding once both sides have signed its document, in force from its date on.';
-- The amendments of a round, newest first.
CREATE INDEX amendment_of_round ON amendment (company_id, round_id, amendment_id);
-- What has come due, for the sweep.
CREATE INDEX amendment_due ON amendment (effective_on) WHERE state = 'accepted';
GRANT SELECT, INSERT ON amendment TO equihour_app;
GRANT UPDATE (state, effective_on, proposed_by, proposed_at, document_id, signed_by_fund, signed_by_company, accepted_at,
  terms_version, in_force_at, withdrawn_at) ON amendment TO equihour_app;

CREATE FUNCTION amendment_refuse_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (('draft', 'proposed'), ('proposed', 'accepted'),
    ('accepted', 'in_force'), ('draft', 'withdrawn'), ('proposed', 'withdrawn')) THEN
    RAISE EXCEPTION 'an amendment that is % cannot become %', OLD.state, NEW.state USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.document_id IS NOT NULL AND NEW.document_id IS DISTINCT FROM OLD.document_id
    OR OLD.signed_by_fund AND NOT NEW.signed_by_fund OR OLD.signed_by_company AND NOT NEW.signed_by_company
    OR OLD.effective_on IS NOT NULL AND NEW.effective_on IS DISTINCT FROM OLD.effective_on THEN
    RAISE EXCEPTION 'what was proposed or signed stays as it was' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER amendment_step BEFORE UPDATE ON amendment FOR EACH ROW EXECUTE FUNCTION amendment_refuse_step();

CREATE TABLE amendment_signature (
  company_id uuid NOT NULL,
  amendment_id uuid NOT NULL,
  side text COLLATE "C" NOT NULL CONSTRAINT amendment_signature_side CHECK (side IN ('fund', 'company')),
  document_id uuid NOT NULL,
  -- What was signed is these bytes.
  sha256 bytea NOT NULL,
  signed_by uuid NOT NULL CONSTRAINT amendment_signature_by REFERENCES person (person_id),
  signed_at timestamptz NOT NULL,
  CONSTRAINT amendment_signature_pkey PRIMARY KEY (company_id, amendment_id, side),
  CONSTRAINT amendment_signature_of FOREIGN KEY (company_id, amendment_id) REFERENCES amendment (company_id, amendment_id),
  CONSTRAINT amendment_signature_document FOREIGN KEY (company_id, document_id, sha256)
    REFERENCES document (company_id, document_id, sha256)
);
COMMENT ON TABLE amendment_signature IS
  'Distributed by company_id. Who signed exactly which bytes of an amendment, for which side. The company''s is its acceptance of the document, too.';
SELECT equihour_append_only('amendment_signature');

-- What signed changes do to lots and to grants, from a date on. The row that is in use is changed when the date comes;
-- what it said before, and why it changed, stays here.
CREATE TABLE lot_change (
  company_id uuid NOT NULL,
  change_id uuid NOT NULL,
  lot_id uuid NOT NULL,
  effective_on date NOT NULL,
  expires_on date,
  expires_before date,
  -- The plan whole from the date on: [{on, amount}] in micro-tokens. What is due before it stays as it is.
  releases jsonb CONSTRAINT lot_change_releases CHECK (jsonb_typeof(releases) = 'array'),
  -- Global id of the signed document, or of the amendment.
  source text COLLATE "C" NOT NULL,
  recorded_at timestamptz NOT NULL,
  applied_at timestamptz,
  CONSTRAINT lot_change_pkey PRIMARY KEY (company_id, change_id),
  CONSTRAINT lot_change_lot FOREIGN KEY (company_id, lot_id) REFERENCES lot (company_id, lot_id),
  CONSTRAINT lot_change_something CHECK (expires_on IS NOT NULL OR releases IS NOT NULL),
  CONSTRAINT lot_change_later CHECK ((expires_on IS NULL) = (expires_before IS NULL) AND expires_on > expires_before)
);
COMMENT ON TABLE lot_change IS
  'Distributed by company_id. Signed changes of a lot: a later expiry, another plan for what is not yet released; when, by which document, and what it said before.';
-- What has come due and is not applied: asked before anything that expiry or releases decide.
CREATE INDEX lot_change_pending ON lot_change (company_id, effective_on) WHERE applied_at IS NULL;
GRANT SELECT, INSERT ON lot_change TO equihour_app;
GRANT UPDATE (applied_at) ON lot_change TO equihour_app;

CREATE TABLE grant_change (
  company_id uuid NOT NULL,
  change_id uuid NOT NULL,
  grant_id uuid NOT NULL,
  effective_on date NOT NULL,
  basis text COLLATE "C" CONSTRAINT grant_change_basis CHECK (basis IN ('delivered', 'reserved')),
  basis_before text COLLATE "C",
  charging text COLLATE "C" CONSTRAINT grant_change_charging CHECK (charging IN ('RESERVED', 'METERED')),
  charging_before text COLLATE "C",
  dispute_window_days integer CONSTRAINT grant_change_window CHECK (dispute_window_days BETWEEN 1 AND 365),
  dispute_window_before integer,
  long_stop date,
  long_stop_before date,
  source text COLLATE "C" NOT NULL,
  recorded_at timestamptz NOT NULL,
  applied_at timestamptz,
  CONSTRAINT grant_change_pkey PRIMARY KEY (company_id, change_id),
  CONSTRAINT grant_change_grant FOREIGN KEY (company_id, grant_id) REFERENCES vesting_grant (company_id, grant_id),
  CONSTRAINT grant_change_whole CHECK ((basis IS NULL) = (basis_before IS NULL)
    AND (charging IS NULL) = (charging_before IS NULL)
    AND (dispute_window_days IS NULL) = (dispute_window_before IS NULL)
    AND (long_stop IS NULL) = (long_stop_before IS NULL)
    AND num_nonnulls(basis, charging, dispute_window_days, long_stop) > 0),
  CONSTRAINT grant_change_basis_before CHECK (basis IS NULL OR basis_before IN ('delivered', 'reserved')),
  CONSTRAINT grant_change_later CHECK (long_stop > long_stop_before)
);
COMMENT ON TABLE grant_change IS
  'Distributed by company_id. Signed changes of how a grant earns from a date on: by which document, and what it said before. What was earned by then stays.';
CREATE INDEX grant_change_pending ON grant_change (company_id, effective_on) WHERE applied_at IS NULL;
GRANT SELECT, INSERT ON grant_change TO equihour_app;
GRANT UPDATE (applied_at) ON grant_change TO equihour_app;

-- A change that was applied is history.
CREATE FUNCTION change_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.applied_at IS NOT NULL THEN
    RAISE EXCEPTION 'a change is applied once' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER lot_change_once BEFORE UPDATE ON lot_change FOR EACH ROW EXECUTE FUNCTION change_refuse_change();
CREATE TRIGGER grant_change_once BEFORE UPDATE ON grant_change FOR EACH ROW EXECUTE FUNCTION change_refuse_change();

-- Of a lot nothing changes but its expiry, and that only to a later day.
DROP TRIGGER refuse_change ON lot;
CREATE FUNCTION lot_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR NEW.expires_on < OLD.expires_on
    OR to_jsonb(NEW) - 'expires_on' IS DISTINCT FROM to_jsonb(OLD) - 'expires_on' THEN
    RAISE EXCEPTION 'rows of lot are history: only their expiry moves, to a later day' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON lot FOR EACH ROW EXECUTE FUNCTION lot_refuse_change();
GRANT UPDATE (expires_on) ON lot TO equihour_app;

-- Of a grant's terms nothing changes but what amendments may: never what was granted, nor the shares, nor how they are
-- allocated.
DROP TRIGGER refuse_change ON vesting_grant;
CREATE FUNCTION vesting_grant_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR NEW.long_stop < OLD.long_stop
    OR NEW.basis <> OLD.basis AND 'released' IN (NEW.basis, OLD.basis)
    OR to_jsonb(NEW) - ARRAY['basis', 'charging', 'dispute_window_days', 'long_stop']
      IS DISTINCT FROM to_jsonb(OLD) - ARRAY['basis', 'charging', 'dispute_window_days', 'long_stop'] THEN
    RAISE EXCEPTION 'rows of vesting_grant are history but for what amendments may change' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON vesting_grant
  FOR EACH ROW EXECUTE FUNCTION vesting_grant_refuse_change();
GRANT UPDATE (basis, charging, dispute_window_days, long_stop) ON vesting_grant TO equihour_app;

-- A plan changes only as far as it is not carried out.
CREATE FUNCTION release_plan_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.released_transfer_id IS NOT NULL THEN
    RAISE EXCEPTION 'what was released stays on the plan' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN OLD;
END
$$;
CREATE TRIGGER release_plan_released BEFORE DELETE ON release_plan
  FOR EACH ROW EXECUTE FUNCTION release_plan_refuse_change();
GRANT DELETE ON release_plan TO equihour_app;
