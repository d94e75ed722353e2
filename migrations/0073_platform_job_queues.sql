-- Jobs that wait for somebody else's server run one at a time, so that they never hold up all of the worker.

CREATE FUNCTION equihour_add_job(name text, payload json, run_at timestamptz, job_key text, queue text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM graphile_worker.add_job(name, payload, queue_name => queue, run_at => run_at, job_key => job_key, max_attempts => 12);
END
$$;
REVOKE ALL ON FUNCTION equihour_add_job(text, json, timestamptz, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION equihour_add_job(text, json, timestamptz, text, text) TO equihour_app;

COMMENT ON TABLE message_recipient IS
  'Distributed by company_id. Whether a message went out to a person: waiting (with the last trouble), sent, refused by a mail server for good or taken by none in time, or not sent at all.';
