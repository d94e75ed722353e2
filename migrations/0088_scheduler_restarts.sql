-- Nodes that were down between two checks of their scheduler. Docs: docs/adr/0048-nodes-down.md.

CREATE TABLE scheduler_node (
  pool_id uuid NOT NULL,
  node text COLLATE "C" NOT NULL CONSTRAINT scheduler_node_named CHECK (node <> ''),
  booted_at timestamptz NOT NULL,
  seen_at timestamptz NOT NULL,
  down boolean NOT NULL,
  reservations jsonb NOT NULL CONSTRAINT scheduler_node_reservations CHECK (jsonb_typeof(reservations) = 'array'),
  CONSTRAINT scheduler_node_pkey PRIMARY KEY (pool_id, node)
);
COMMENT ON TABLE scheduler_node IS
  'Distributed by pool_id. A node as the last check of its scheduler that answered showed it: what the next is held against.';
COMMENT ON COLUMN scheduler_node.reservations IS 'Those that had it, with how many GPUs for certain.';
GRANT SELECT, INSERT, UPDATE (booted_at, seen_at, down, reservations) ON scheduler_node TO equihour_app;

CREATE TABLE scheduler_node_restart (
  pool_id uuid NOT NULL,
  restart_id uuid NOT NULL,
  reservation_id uuid NOT NULL,
  company_id uuid NOT NULL,
  node text COLLATE "C" NOT NULL CONSTRAINT scheduler_node_restart_node CHECK (node <> ''),
  gpus integer NOT NULL CONSTRAINT scheduler_node_restart_gpus CHECK (gpus > 0),
  possible_from timestamptz NOT NULL,
  possible_until timestamptz NOT NULL,
  certain_from timestamptz,
  certain_until timestamptz,
  scheduler text COLLATE "C" NOT NULL,
  evidence text NOT NULL CONSTRAINT scheduler_node_restart_evidence CHECK (evidence <> ''),
  found_at timestamptz NOT NULL,
  recorded_at timestamptz,
  answer text COLLATE "C" CONSTRAINT scheduler_node_restart_answer CHECK (answer IN ('OUTAGE', 'NOTHING_MORE', 'KNOWN')),
  answered_from timestamptz,
  answered_until timestamptz,
  note text,
  answered_by uuid,
  answered_at timestamptz,
  CONSTRAINT scheduler_node_restart_pkey PRIMARY KEY (pool_id, restart_id),
  CONSTRAINT scheduler_node_restart_once UNIQUE (pool_id, reservation_id, node, possible_from),
  CONSTRAINT scheduler_node_restart_possible CHECK (possible_until > possible_from),
  CONSTRAINT scheduler_node_restart_certain
    CHECK ((certain_from IS NULL) = (certain_until IS NULL) AND certain_until > certain_from
      AND certain_from >= possible_from AND certain_until <= possible_until),
  CONSTRAINT scheduler_node_restart_answered CHECK ((answer IS NULL) = (answered_at IS NULL)),
  CONSTRAINT scheduler_node_restart_outage
    CHECK ((answer IS NOT DISTINCT FROM 'OUTAGE') = (answered_from IS NOT NULL AND answered_until IS NOT NULL)),
  CONSTRAINT scheduler_node_restart_within
    CHECK (answered_from >= possible_from AND answered_until <= possible_until AND answered_until > answered_from)
);
COMMENT ON TABLE scheduler_node_restart IS
  'Distributed by pool_id. A node that a reservation had was down between two checks: when it may have been, and when it was for certain. The provider says the rest.';
COMMENT ON COLUMN scheduler_node_restart.certain_from IS 'When it was down for certain; null where no part is certain.';
COMMENT ON COLUMN scheduler_node_restart.recorded_at IS 'When what is certain was recorded as an outage, or found to be none.';
COMMENT ON COLUMN scheduler_node_restart.answer IS
  'KNOWN: the scheduler told all of it. OUTAGE: the provider said from when to when. NOTHING_MORE: it said that there was no more than what is certain.';
-- What is certain and not recorded yet; what the provider has to say.
CREATE INDEX scheduler_node_restart_open ON scheduler_node_restart (pool_id)
  WHERE answer IS NULL OR (recorded_at IS NULL AND certain_from IS NOT NULL);
GRANT SELECT, INSERT ON scheduler_node_restart TO equihour_app;
GRANT UPDATE (recorded_at, answer, answered_from, answered_until, note, answered_by, answered_at)
  ON scheduler_node_restart TO equihour_app;
