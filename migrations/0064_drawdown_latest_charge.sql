-- The latest charge of a company is one look into charge_by_time. Plans that were made while the table was still empty could
-- take another index of the company for a plain max(at), and read every charge: a condition on the instant ties it to its own.

DO $do$
DECLARE
  name regproc;
  plain text := '(SELECT max(z.at) FROM charge z WHERE z.company_id = p_company_id)';
BEGIN
  FOREACH name IN ARRAY ARRAY['usage_post', 'usage_draw']::regproc[] LOOP
    IF position(plain IN pg_get_functiondef(name)) = 0 THEN RAISE EXCEPTION '% does not read the latest charge', name; END IF;
    EXECUTE replace(pg_get_functiondef(name), plain,
      '(SELECT z.at FROM charge z WHERE z.company_id = p_company_id AND z.at > ''-infinity'' ORDER BY z.at DESC LIMIT 1)');
  END LOOP;
END $do$;
