-- Notices of expiry by the day that they tell of, and lots by class.

-- A lot that is extended expires on another day, of which it is told anew.
ALTER TABLE expiry_notice DROP CONSTRAINT expiry_notice_pkey,
  ADD CONSTRAINT expiry_notice_pkey PRIMARY KEY (company_id, lot_id, expires_on, days);
-- What is held then for reservations: it expires when it returns.
ALTER TABLE expiry_notice ADD COLUMN held_micro bigint NOT NULL DEFAULT 0
  CONSTRAINT expiry_notice_held CHECK (held_micro >= 0);
COMMENT ON TABLE expiry_notice IS
  'Distributed by company_id. That tokens of a lot will expire on a day, told 90, 30 and 7 days before: once each.';
COMMENT ON COLUMN expiry_notice.left_micro IS 'Locked and available when it was given: what would expire.';
CREATE UNIQUE INDEX expiry_notice_by_id ON expiry_notice (company_id, notice_id);

-- All lots of a class, for its supply.
CREATE INDEX lot_by_class ON lot (token_class_id);
