-- The schedulers' side of reservations: what was told to them, and what could not be told yet and why.

CREATE TABLE scheduler_push (
  pool_id uuid NOT NULL,
  reservation_id uuid NOT NULL,
  company_id uuid NOT NULL,
  state text COLLATE "C" NOT NULL CONSTRAINT scheduler_push_state CHECK (state IN ('waiting', 'pushed', 'ending', 'ended')),
  attempts integer NOT NULL CONSTRAINT scheduler_push_attempts CHECK (attempts >= 0),
  detail text,
  tried_at timestamptz NOT NULL,
  next_try_at timestamptz,
  pushed_at timestamptz,
  CONSTRAINT scheduler_push_pkey PRIMARY KEY (pool_id, reservation_id),
  CONSTRAINT scheduler_push_tried_again CHECK ((next_try_at IS NOT NULL) = (state IN ('waiting', 'ending')))
);
COMMENT ON TABLE scheduler_push IS
  'Distributed by pool_id. Whether the scheduler of a pool has a reservation that the provider confirmed, and when it is told again if not.';
COMMENT ON COLUMN scheduler_push.state IS
  'waiting: to be made there; pushed: read back there; ending: to be cancelled there; ended: gone there.';
COMMENT ON COLUMN scheduler_push.attempts IS 'That failed since the last that did not.';
COMMENT ON COLUMN scheduler_push.detail IS 'Why the last attempt failed.';
-- What the scheduler still has, or may have.
CREATE INDEX scheduler_push_not_ended ON scheduler_push (pool_id, reservation_id) WHERE state <> 'ended';
GRANT SELECT, INSERT ON scheduler_push TO equihour_app;
GRANT UPDATE (state, attempts, detail, tried_at, next_try_at, pushed_at) ON scheduler_push TO equihour_app;
