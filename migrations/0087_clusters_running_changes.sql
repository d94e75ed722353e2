-- A reservation that runs becomes longer or shorter at its end. Its hold is firm by then: it takes up another hold, or gives a
-- part of its lots to one. What a change takes is quoted first. Docs: docs/adr/0063-changes-of-what-runs.md.

ALTER TABLE token_hold
  DROP CONSTRAINT token_hold_state,
  ADD CONSTRAINT token_hold_state
    CHECK (state IN ('pending', 'posted', 'closed', 'voided', 'expired', 'joined'));
GRANT UPDATE (amount_micro) ON token_hold TO equihour_app;
COMMENT ON TABLE token_hold IS
  'Distributed by company_id. Tokens set aside for something: pending, then posted by the first usage and closed when what is left was returned; or voided, or expired; or joined: another hold took it up.';
-- A lot of which all was given to another hold stays in its place, with nothing.
ALTER TABLE token_hold_lot
  DROP CONSTRAINT token_hold_lot_amount,
  ADD CONSTRAINT token_hold_lot_amount CHECK (amount_micro >= 0);
GRANT UPDATE (amount_micro) ON token_hold_lot TO equihour_app;

CREATE TABLE reservation_change_quote (
  company_id uuid NOT NULL,
  quote_id uuid NOT NULL,
  reservation_id uuid NOT NULL,
  gpus integer NOT NULL CONSTRAINT reservation_change_quote_gpus CHECK (gpus > 0),
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  hold_micro bigint NOT NULL CONSTRAINT reservation_change_quote_hold CHECK (hold_micro > 0),
  fee_micro bigint NOT NULL CONSTRAINT reservation_change_quote_fee CHECK (fee_micro >= 0),
  quoted_to uuid NOT NULL CONSTRAINT reservation_change_quote_person REFERENCES person (person_id),
  quoted_at timestamptz NOT NULL,
  valid_until timestamptz NOT NULL,
  CONSTRAINT reservation_change_quote_pkey PRIMARY KEY (company_id, quote_id),
  CONSTRAINT reservation_change_quote_of FOREIGN KEY (company_id, reservation_id)
    REFERENCES reservation (company_id, reservation_id),
  CONSTRAINT reservation_change_quote_interval CHECK (ends_at > starts_at),
  CONSTRAINT reservation_change_quote_validity CHECK (valid_until > quoted_at)
);
COMMENT ON TABLE reservation_change_quote IS
  'Distributed by company_id. What was shown before a reservation was changed: what it would hold, what is charged for what is given up, and until when that holds.';
SELECT equihour_append_only('reservation_change_quote');
