-- What of a correction takes back the charges of a later month is booked there, as a correction that belongs to it.

ALTER TABLE correction
  DROP CONSTRAINT correction_kind,
  ADD CONSTRAINT correction_kind CHECK (kind IN ('lower', 'raise', 'void', 'booked_later', 'arrears', 'credit', 'suspend',
    'reinstate', 'late_usage')),
  ADD CONSTRAINT correction_of_booked_later CHECK (kind <> 'booked_later' OR usage_id IS NOT NULL);
COMMENT ON COLUMN correction.kind IS
  'late_usage: usage of a reservation to which nobody was thought to have come. What that was charged becomes what its usage and its time are charged, and the rest returns. booked_later: what the correction of a record before it takes back of a later month.';
