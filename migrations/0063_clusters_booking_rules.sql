-- Booking rules by date: a signed amendment adds a row from its day on. Reservations keep the rules of the day on which they
-- were asked for.

CREATE TABLE booking_rules_change (
  company_id uuid NOT NULL,
  change_id uuid NOT NULL,
  lot_id uuid NOT NULL,
  effective_on date NOT NULL,
  refunds jsonb NOT NULL CONSTRAINT booking_rules_change_refunds CHECK (jsonb_typeof(refunds) = 'array'),
  locked_refund numeric(34, 10) NOT NULL CONSTRAINT booking_rules_change_locked CHECK (locked_refund BETWEEN 0 AND 1),
  no_show_grace_minutes integer NOT NULL CONSTRAINT booking_rules_change_grace CHECK (no_show_grace_minutes >= 0),
  no_show_part numeric(34, 10) NOT NULL CONSTRAINT booking_rules_change_no_show CHECK (no_show_part BETWEEN 0 AND 1),
  outage_factor numeric(34, 10) NOT NULL CONSTRAINT booking_rules_change_outage CHECK (outage_factor BETWEEN 0 AND 10),
  quote_minutes integer NOT NULL CONSTRAINT booking_rules_change_quote CHECK (quote_minutes > 0),
  source text NOT NULL CONSTRAINT booking_rules_change_sourced CHECK (source <> ''),
  recorded_at timestamptz NOT NULL,
  CONSTRAINT booking_rules_change_pkey PRIMARY KEY (company_id, change_id),
  CONSTRAINT booking_rules_change_of FOREIGN KEY (company_id, lot_id) REFERENCES booking_terms (company_id, lot_id)
);
COMMENT ON TABLE booking_rules_change IS
  'Distributed by company_id. Rules by which reservations that draw a grant''s lot are cancelled, missed and made good, as a signed amendment changes them from a day on.';
COMMENT ON COLUMN booking_rules_change.effective_on IS
  'The first day on which reservations asked for have these rules; of two rows of one day the one recorded last holds.';
COMMENT ON COLUMN booking_rules_change.source IS 'Global id of the signed document.';
SELECT equihour_append_only('booking_rules_change');
