-- One key to look up for a record of a reservation instead of two. Its reservation and the person who recorded it are the same
-- for a batch of a thousand, and both were looked up for each. Now the pair is a row of its own, which refers to both, and a
-- record refers to the pair. Docs: docs/adr/0061-plain-batches-in-line.md.

CREATE TABLE usage_reporter (
  company_id uuid NOT NULL,
  reservation_id uuid NOT NULL,
  person_id uuid NOT NULL CONSTRAINT usage_reporter_person REFERENCES person (person_id),
  CONSTRAINT usage_reporter_pkey PRIMARY KEY (company_id, reservation_id, person_id),
  CONSTRAINT usage_reporter_reservation FOREIGN KEY (company_id, reservation_id)
    REFERENCES reservation (company_id, reservation_id)
);
COMMENT ON TABLE usage_reporter IS
  'Distributed by company_id. Who has recorded usage of a reservation: what each of its usage records refers to.';
SELECT equihour_append_only('usage_reporter');
INSERT INTO usage_reporter (company_id, reservation_id, person_id)
  SELECT DISTINCT company_id, reservation_id, recorded_by FROM usage_record WHERE reservation_id IS NOT NULL;

ALTER TABLE usage_record
  DROP CONSTRAINT usage_record_of,
  DROP CONSTRAINT usage_record_recorded_by,
  ADD COLUMN drawn_by uuid GENERATED ALWAYS AS (CASE WHEN reservation_id IS NULL THEN recorded_by END) STORED;
ALTER TABLE usage_record
  ADD CONSTRAINT usage_record_of FOREIGN KEY (company_id, reservation_id, recorded_by)
    REFERENCES usage_reporter (company_id, reservation_id, person_id),
  ADD CONSTRAINT usage_record_drawn_by FOREIGN KEY (drawn_by) REFERENCES person (person_id);
COMMENT ON COLUMN usage_record.drawn_by IS 'Who recorded it, where no reservation leads to them.';
