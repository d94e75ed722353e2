-- A reservation is `provisioned` while its scheduler shows it as it was confirmed; when that ends, it waits as `confirmed` again.

CREATE OR REPLACE FUNCTION reservation_refuse_illegal_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = NEW.state OR (OLD.state, NEW.state) IN (
    ('waitlisted', 'held'), ('waitlisted', 'cancelled'), ('waitlisted', 'expired'),
    ('held', 'confirmed'), ('held', 'declined'), ('held', 'cancelled'), ('held', 'expired'),
    ('confirmed', 'provisioned'), ('confirmed', 'active'), ('confirmed', 'completed'),
    ('confirmed', 'cancelled'), ('confirmed', 'no_show'), ('confirmed', 'failed'),
    ('provisioned', 'confirmed'), ('provisioned', 'active'), ('provisioned', 'completed'), ('provisioned', 'cancelled'),
    ('provisioned', 'no_show'), ('provisioned', 'failed'),
    ('active', 'completed'), ('active', 'no_show'), ('active', 'failed')) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a reservation does not go from % to %', OLD.state, NEW.state
    USING ERRCODE = 'check_violation', CONSTRAINT = 'reservation_legal_step';
END
$$;

-- The codes are those of api/clusters/reservation/reservation-state.ts, whose type holds every writer to them.
ALTER TABLE reservation_event
  DROP CONSTRAINT reservation_event_reason,
  ADD CONSTRAINT reservation_event_reason CHECK (reason_code ~ '^[A-Z][A-Z_]{2,39}$');

-- Nodes that a scheduler showed as down while a reservation had them. What is over is recorded as an outage, once.
CREATE TABLE scheduler_node_down (
  pool_id uuid NOT NULL,
  reservation_id uuid NOT NULL,
  node text COLLATE "C" NOT NULL CONSTRAINT scheduler_node_down_node CHECK (node <> ''),
  down_from timestamptz NOT NULL,
  company_id uuid NOT NULL,
  gpus integer NOT NULL CONSTRAINT scheduler_node_down_gpus CHECK (gpus > 0),
  scheduler text COLLATE "C" NOT NULL,
  reason text NOT NULL,
  seen_until timestamptz NOT NULL,
  over boolean NOT NULL DEFAULT false,
  recorded_at timestamptz,
  CONSTRAINT scheduler_node_down_pkey PRIMARY KEY (pool_id, reservation_id, node, down_from),
  CONSTRAINT scheduler_node_down_recorded CHECK (recorded_at IS NULL OR over)
);
COMMENT ON TABLE scheduler_node_down IS
  'Distributed by pool_id. A node that its scheduler showed as down while a reservation that had begun had it: the evidence of an outage.';
COMMENT ON COLUMN scheduler_node_down.gpus IS 'GPUs of the reservation that were on the node for certain.';
COMMENT ON COLUMN scheduler_node_down.seen_until IS 'The last check that showed it, or the end of the reservation.';
COMMENT ON COLUMN scheduler_node_down.recorded_at IS 'When it was dealt with: recorded as an outage, or found to be of no length.';
-- What lasts, and what is over and not recorded yet.
CREATE INDEX scheduler_node_down_open ON scheduler_node_down (pool_id) WHERE recorded_at IS NULL;
GRANT SELECT, INSERT, UPDATE (gpus, reason, seen_until, over, recorded_at) ON scheduler_node_down TO equihour_app;
