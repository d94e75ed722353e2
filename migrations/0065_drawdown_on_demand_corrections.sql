-- Use outside any reservation is corrected as use in one is: a correction names its record, and no reservation.

ALTER TABLE correction
  DROP CONSTRAINT correction_of_usage,
  ADD CONSTRAINT correction_of_usage CHECK ((kind IN ('lower', 'raise', 'void')) = (num_nonnulls(ordinal, gpu_seconds_before, gpu_seconds_after) = 3)
    AND num_nonnulls(ordinal, gpu_seconds_before, gpu_seconds_after) IN (0, 3)
    AND (kind NOT IN ('lower', 'raise', 'void', 'arrears') OR usage_id IS NOT NULL)
    AND (kind <> 'credit' OR reservation_id IS NOT NULL));
COMMENT ON COLUMN correction.reservation_id IS
  'Null for use outside any reservation, and for what a dispute takes out of the vest basis and puts back.';

ALTER TABLE arrears
  DROP CONSTRAINT arrears_on_demand,
  ADD CONSTRAINT arrears_on_demand CHECK (reservation_id IS NULL OR correction_id IS NOT NULL);
COMMENT ON COLUMN arrears.correction_id IS
  'The correction that raised the usage. Null where use outside any reservation was owed when it was recorded.';
-- What is still open of a record, which a correction of it cancels first.
CREATE INDEX arrears_of_usage ON arrears (company_id, usage_id) WHERE settled_micro + cancelled_micro < amount_micro;

-- Records of one meter of use outside any reservation, whose charges make up for each other's rounding.
CREATE INDEX usage_record_on_demand ON usage_record (company_id, pool_id, rate) WHERE rate IS NOT NULL;
