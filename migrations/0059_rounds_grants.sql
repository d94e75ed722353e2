-- A round's first closing opens several grants: one planned row for each, by its place in the terms.

ALTER TABLE planned_grant ADD COLUMN ordinal integer NOT NULL DEFAULT 1
  CONSTRAINT planned_grant_ordinal CHECK (ordinal >= 1);
ALTER TABLE planned_grant ALTER COLUMN ordinal DROP DEFAULT;
ALTER TABLE planned_grant ADD CONSTRAINT planned_grant_once UNIQUE (company_id, closing_id, ordinal);
COMMENT ON COLUMN planned_grant.ordinal IS 'Which of the grants of the terms: 1 is that of the compute of the round.';

-- Terms that are revised may name fewer grants. What was opened is history.
CREATE FUNCTION planned_grant_refuse_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.opened_at IS NOT NULL OR OLD.ordinal = 1 THEN
    RAISE EXCEPTION 'a grant that was opened, and the first one, stay' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN OLD;
END
$$;
CREATE TRIGGER planned_grant_kept BEFORE DELETE ON planned_grant
  FOR EACH ROW EXECUTE FUNCTION planned_grant_refuse_delete();
GRANT DELETE ON planned_grant TO equihour_app;
