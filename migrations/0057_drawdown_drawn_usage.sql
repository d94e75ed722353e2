-- A charge for use outside any reservation leads to its usage record. The key that 0050 made goes by reservation and record,
-- and asks nothing where there is no reservation.

ALTER TABLE charge
  ADD COLUMN drawn_usage_id uuid GENERATED ALWAYS AS (CASE WHEN reservation_id IS NULL THEN usage_id END) STORED,
  ADD CONSTRAINT charge_outside_reservation CHECK (reservation_id IS NOT NULL OR usage_id IS NOT NULL);
ALTER TABLE charge
  ADD CONSTRAINT charge_drawn_usage FOREIGN KEY (company_id, drawn_usage_id) REFERENCES usage_record (company_id, usage_id);
COMMENT ON COLUMN charge.drawn_usage_id IS 'The usage record, where no reservation leads to it.';
