-- Why a release that was asked for was refused, as a code beside the note: releases of a kind can be counted by it.
ALTER TABLE asked_release_decision ADD COLUMN reason_code text COLLATE "C",
  ADD CONSTRAINT asked_release_decision_reason CHECK (reason_code IS NULL OR decision = 'refused'
    AND reason_code IN ('NOT_REACHED', 'NOT_SHOWN', 'NO_CAPACITY', 'OUTSIDE_TERMS', 'OTHER'));
COMMENT ON COLUMN asked_release_decision.reason_code IS 'Null unless it was refused, and of refusals before there were codes.';
