-- Whether a record is stored already is looked up by the index of what is stored once, whatever the planner believes. Plans of
-- these functions are made once a session. Over a table that was empty then, and not analysed since, every index that begins
-- with company_id seems as good as another; the planner took that of a reservation's usage, and read all of the company's
-- records for each new one. An index that gives the order asked for wins where the others cost the same, and only the
-- right one gives the order of external_id. Docs: docs/adr/0046-plans-of-the-hot-paths.md.
DO $$
DECLARE
  change record;
  source text;
BEGIN
  FOR change IN SELECT * FROM (VALUES
    ('usage_post', 'AND k.external_id = given.external_id LIMIT 1',
      'AND k.external_id BETWEEN given.external_id AND given.external_id ORDER BY k.external_id LIMIT 1'),
    ('usage_draw', 'AND u.external_id = p_external[n];',
      'AND u.external_id BETWEEN p_external[n] AND p_external[n] ORDER BY u.external_id LIMIT 1;')
    ) AS changes (name, old, new)
  LOOP
    source := pg_get_functiondef(change.name::regproc);
    IF position(change.old IN source) = 0 THEN
      RAISE EXCEPTION '% does not look up records as this migration expects: %', change.name, change.old;
    END IF;
    EXECUTE replace(source, change.old, change.new);
  END LOOP;
END
$$;
