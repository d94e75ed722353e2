-- Outages of reserved GPUs: which node was down, and what was credited for it. Tokens in micro-tokens.

ALTER TABLE reservation_outage
  DROP CONSTRAINT reservation_outage_once,
  DROP CONSTRAINT reservation_outage_seconds,
  ADD COLUMN node text COLLATE "C" CONSTRAINT reservation_outage_node CHECK (node <> ''),
  ADD COLUMN recorded_as text COLLATE "C" NOT NULL
    CONSTRAINT reservation_outage_as CHECK (recorded_as IN ('provider', 'operations')),
  ADD CONSTRAINT reservation_outage_seconds CHECK (gpu_seconds >= 0),
  ADD CONSTRAINT reservation_outage_once UNIQUE NULLS NOT DISTINCT
    (company_id, reservation_id, source, node, starts_at, ends_at, gpus);
COMMENT ON COLUMN reservation_outage.node IS
  'What was down, where that is known: different nodes add up. Records that name none may be of the same GPUs, and count once.';
COMMENT ON COLUMN reservation_outage.gpu_seconds IS
  'By which this record raised what counts as down: none where others say it already.';

CREATE TABLE outage_credit (
  company_id uuid NOT NULL,
  credit_id uuid NOT NULL,
  reservation_id uuid NOT NULL,
  lot_id uuid NOT NULL,
  amount_micro bigint NOT NULL CONSTRAINT outage_credit_amount CHECK (amount_micro > 0),
  down_gpu_seconds bigint NOT NULL CONSTRAINT outage_credit_down CHECK (down_gpu_seconds > 0),
  correction_id uuid,
  credited_at timestamptz NOT NULL,
  CONSTRAINT outage_credit_pkey PRIMARY KEY (company_id, credit_id),
  CONSTRAINT outage_credit_of FOREIGN KEY (company_id, reservation_id) REFERENCES reservation (company_id, reservation_id),
  CONSTRAINT outage_credit_lot FOREIGN KEY (company_id, lot_id) REFERENCES lot (company_id, lot_id),
  CONSTRAINT outage_credit_correction FOREIGN KEY (company_id, correction_id) REFERENCES correction (company_id, correction_id)
);
COMMENT ON TABLE outage_credit IS
  'Distributed by company_id. Tokens of a lot that a reservation was not charged, or got back, since its GPUs were down.';
COMMENT ON COLUMN outage_credit.correction_id IS 'The correction that gave them back. Null: they were never charged.';
COMMENT ON COLUMN outage_credit.down_gpu_seconds IS 'All that counted as down of the reservation when this was credited.';
-- What was credited of a reservation.
CREATE INDEX outage_credit_of_reservation ON outage_credit (company_id, reservation_id);
SELECT equihour_append_only('outage_credit');
