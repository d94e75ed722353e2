-- Tokens on their way from one holder to another: set aside at the sender, taken in by the receiver, settled at the sender.
-- Each step is in one group of rows; no key crosses.

ALTER TABLE lot DROP CONSTRAINT lot_origin;
ALTER TABLE lot ADD CONSTRAINT lot_origin CHECK (origin IN ('grant', 'top_up', 'purchase', 'transfer'));

CREATE TABLE token_sending (
  company_id uuid NOT NULL CONSTRAINT token_sending_company REFERENCES company (company_id),
  sending_id uuid NOT NULL,
  to_company_id uuid NOT NULL,
  token_class_id uuid NOT NULL CONSTRAINT token_sending_class REFERENCES token_class (token_class_id),
  amount_micro bigint NOT NULL CONSTRAINT token_sending_amount CHECK (amount_micro > 0),
  reason text NOT NULL CONSTRAINT token_sending_reason CHECK (reason <> ''),
  state text COLLATE "C" NOT NULL CONSTRAINT token_sending_state
    CHECK (state IN ('asked', 'on_its_way', 'completed', 'declined', 'returned')),
  asked_by uuid NOT NULL CONSTRAINT token_sending_asked_by REFERENCES person (person_id),
  asked_at timestamptz NOT NULL,
  decided_by uuid CONSTRAINT token_sending_decided_by REFERENCES person (person_id),
  ended_because text COLLATE "C",
  changed_at timestamptz NOT NULL,
  CONSTRAINT token_sending_pkey PRIMARY KEY (company_id, sending_id),
  CONSTRAINT token_sending_elsewhere CHECK (to_company_id <> company_id),
  CONSTRAINT token_sending_decided CHECK ((state = 'asked') = (decided_by IS NULL))
);
COMMENT ON TABLE token_sending IS
  'Distributed by company_id. Tokens that a company sends to another holder: asked for, on their way once the provider consents, completed when the receiver has them, returned when it cannot take them.';
-- Waiting for a provider, and on their way, for the sweep.
CREATE INDEX token_sending_open ON token_sending (token_class_id, asked_at) WHERE state IN ('asked', 'on_its_way');
GRANT SELECT, INSERT, UPDATE (state, decided_by, ended_because, changed_at) ON token_sending TO equihour_app;

CREATE FUNCTION token_sending_refuse_illegal_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = NEW.state OR (OLD.state, NEW.state) IN (('asked', 'on_its_way'), ('asked', 'declined'),
    ('on_its_way', 'completed'), ('on_its_way', 'returned')) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a sending does not go from % to %', OLD.state, NEW.state
    USING ERRCODE = 'check_violation', CONSTRAINT = 'token_sending_legal_step';
END
$$;
CREATE TRIGGER token_sending_legal_step BEFORE UPDATE OF state ON token_sending
  FOR EACH ROW EXECUTE FUNCTION token_sending_refuse_illegal_step();

CREATE TABLE token_sending_lot (
  company_id uuid NOT NULL,
  sending_id uuid NOT NULL,
  draw_order smallint NOT NULL,
  lot_id uuid NOT NULL,
  amount_micro bigint NOT NULL CONSTRAINT token_sending_lot_amount CHECK (amount_micro > 0),
  pending_transfer_id uuid NOT NULL,
  CONSTRAINT token_sending_lot_pkey PRIMARY KEY (company_id, sending_id, draw_order),
  CONSTRAINT token_sending_lot_of FOREIGN KEY (company_id, sending_id) REFERENCES token_sending (company_id, sending_id),
  CONSTRAINT token_sending_lot_lot FOREIGN KEY (company_id, lot_id) REFERENCES lot (company_id, lot_id),
  CONSTRAINT token_sending_lot_pending FOREIGN KEY (company_id, pending_transfer_id)
    REFERENCES transfer (holder_id, transfer_id)
);
COMMENT ON TABLE token_sending_lot IS
  'Distributed by company_id. From which lots the tokens come, each promised to escrow by a pending transfer.';
SELECT equihour_append_only('token_sending_lot');

CREATE TABLE token_receipt (
  company_id uuid NOT NULL CONSTRAINT token_receipt_company REFERENCES company (company_id),
  sending_id uuid NOT NULL,
  from_company_id uuid NOT NULL,
  amount_micro bigint NOT NULL,
  outcome text COLLATE "C" NOT NULL CONSTRAINT token_receipt_outcome CHECK (outcome IN ('taken', 'refused')),
  because text COLLATE "C" CONSTRAINT token_receipt_because CHECK ((outcome = 'refused') = (because IS NOT NULL)),
  at timestamptz NOT NULL,
  CONSTRAINT token_receipt_pkey PRIMARY KEY (company_id, sending_id)
);
COMMENT ON TABLE token_receipt IS
  'Distributed by company_id. The receiver''s side of a sending: that it took the tokens, or could not, and why. Written once.';
SELECT equihour_append_only('token_receipt');
