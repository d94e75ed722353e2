-- What an operator sees of a pool's scheduler: whether it answers, what it tells differently, which nodes are down.

CREATE TABLE scheduler_check (
  pool_id uuid NOT NULL,
  scheduler text COLLATE "C" NOT NULL,
  checked_at timestamptz NOT NULL,
  up boolean NOT NULL,
  -- When it stopped answering; kept while it stays away.
  down_since timestamptz,
  version text,
  detail text NOT NULL,
  -- Null where it could not be asked: what was told before is not told for now.
  differences jsonb CONSTRAINT scheduler_check_differences CHECK (jsonb_typeof(differences) = 'array'),
  nodes_down jsonb CONSTRAINT scheduler_check_nodes_down CHECK (jsonb_typeof(nodes_down) = 'array'),
  CONSTRAINT scheduler_check_pkey PRIMARY KEY (pool_id),
  CONSTRAINT scheduler_check_down CHECK (up = (down_since IS NULL)),
  CONSTRAINT scheduler_check_asked CHECK ((differences IS NULL) = (nodes_down IS NULL))
);
COMMENT ON TABLE scheduler_check IS
  'Distributed by pool_id. The last comparison of a pool''s calendar with its scheduler, and whether the scheduler answers. A view of the present: replaced by the next.';
GRANT SELECT, INSERT ON scheduler_check TO equihour_app;
GRANT UPDATE (scheduler, checked_at, up, down_since, version, detail, differences, nodes_down) ON scheduler_check TO equihour_app;
