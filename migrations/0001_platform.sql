-- The ground everything stands on: the application role, append-only tables, the clock, audit events,
-- idempotency records, and jobs added inside the caller's transaction.

-- The application works as a role that owns nothing. Roles belong to the cluster, not to the database: another
-- database of the same cluster may have made it already, or be making it now.
DO $$
BEGIN
  CREATE ROLE equihour_app NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL;
END
$$;
DO $$
BEGIN
  EXECUTE format('GRANT equihour_app TO %I', current_user);
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO equihour_app', current_database());
END
$$;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO equihour_app;

-- Refuses a change to a row of history, whoever asks: the grant keeps the application out, this keeps out everyone else.
CREATE FUNCTION equihour_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are history: add a row that names what it corrects', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END
$$;

-- Makes a table append-only: the application may insert and select, and no role may update or delete a row.
CREATE FUNCTION equihour_append_only(name regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('REVOKE ALL ON %s FROM equihour_app', name);
  EXECUTE format('GRANT SELECT, INSERT ON %s TO equihour_app', name);
  EXECUTE format(
    'CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION equihour_refuse_change()',
    name);
END
$$;

-- The time of the database: one instant for a whole transaction. Tests and the demo's seed, which own the database,
-- replace this function; the application cannot.
CREATE FUNCTION equihour_now() RETURNS timestamptz LANGUAGE sql STABLE AS $$ SELECT transaction_timestamp() $$;

CREATE TABLE audit_event (
  scope_id uuid NOT NULL,
  event_id uuid NOT NULL,
  scope_kind text COLLATE "C" NOT NULL
    CONSTRAINT audit_event_scope_kind CHECK (scope_kind IN ('company', 'pool', 'provider', 'token_class', 'installation')),
  actor_id uuid NOT NULL,
  kind text COLLATE "C" NOT NULL,
  subject text COLLATE "C" NOT NULL,
  at timestamptz NOT NULL,
  payload jsonb NOT NULL,
  leaf_hash bytea NOT NULL CONSTRAINT audit_event_leaf_is_sha256 CHECK (octet_length(leaf_hash) = 32),
  CONSTRAINT audit_event_pkey PRIMARY KEY (scope_id, event_id)
);
COMMENT ON TABLE audit_event IS
  'Distributed by scope_id. What was done, by whom, to what, with the RFC 9162 leaf hash of its canonical JSON.';
-- The history of one subject, newest first.
CREATE INDEX audit_event_subject ON audit_event (scope_id, subject, event_id);
SELECT equihour_append_only('audit_event');

CREATE TABLE idempotency_record (
  scope_id uuid NOT NULL,
  actor_id uuid NOT NULL,
  operation text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  request_hash bytea NOT NULL,
  answer jsonb,
  at timestamptz NOT NULL,
  CONSTRAINT idempotency_record_pkey PRIMARY KEY (scope_id, actor_id, operation, key)
);
COMMENT ON TABLE idempotency_record IS
  'Distributed by scope_id. Answers of calls that succeeded, so that the same call again gets the same answer.';
GRANT SELECT, INSERT, UPDATE ON idempotency_record TO equihour_app;

-- Adds a job in the caller's transaction. The queue belongs to the owner; the application reaches it only through here.
CREATE FUNCTION equihour_add_job(name text, payload json, run_at timestamptz, job_key text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM graphile_worker.add_job(name, payload, run_at => run_at, job_key => job_key, max_attempts => 12);
END
$$;
REVOKE ALL ON FUNCTION equihour_add_job(text, json, timestamptz, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION equihour_add_job(text, json, timestamptz, text) TO equihour_app;
