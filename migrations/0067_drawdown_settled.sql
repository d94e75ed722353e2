-- The day of its end stops a grant's earning; what was used before that day still earns, until the grant is settled: then its
-- shares have moved. Docs: docs/adr/0055-late-use-of-ended-grants.md.

-- When the grant was settled: its unearned shares were vested or forfeited, and nothing earns any more.
ALTER TABLE grant_progress ADD COLUMN settled_at timestamptz,
  ADD CONSTRAINT grant_progress_settled_after_end CHECK (settled_at IS NULL OR ended_on IS NOT NULL);
GRANT UPDATE (settled_at) ON grant_progress TO equihour_app;
UPDATE grant_progress g SET settled_at = (SELECT min(o.decided_at) FROM settlement s JOIN settlement_outcome o
    ON o.company_id = s.company_id AND o.settlement_id = s.settlement_id
    WHERE s.company_id = g.company_id AND s.grant_id = g.grant_id AND o.kind = 'applied' AND (s.plan ->> 'endsEarning')::boolean)
  WHERE g.ended_on IS NOT NULL;

-- usage_post and usage_draw: a record belongs to the instant at which it ended. It counts up to the day of the end; one that
-- would have counted, told once the grant is settled, is `grant_settled`(the grant) and changes nothing.
DO $do$
DECLARE
  name regproc;
  source text;
  change record;
BEGIN
  FOREACH name IN ARRAY ARRAY['usage_post', 'usage_draw']::regproc[] LOOP
    source := pg_get_functiondef(name);
    FOR change IN SELECT * FROM (VALUES
      ('both', 'g_counts boolean[];', 'g_until timestamptz[]; g_settled timestamptz[];'),
      ('both', 'CASE WHEN p.ended_on IS NULL THEN drawdown_earned', 'CASE WHEN p.settled_at IS NULL THEN drawdown_earned'),
      ('both', 'INTO g_id, g_lot, g_counts,', 'INTO g_id, g_lot, g_until, g_settled,'),
      ('usage_post', 'array_agg(x.basis IN (''delivered'', ''reserved''))', 'array_agg(x.earns_until), array_agg(x.settled_until)'),
      ('usage_draw', 'array_agg(x.counts)', 'array_agg(x.earns_until), array_agg(x.settled_until)'),
      ('usage_post', 'CASE WHEN p.ended_on IS NULL THEN v.basis ELSE ''ended'' END AS basis', '@columns'),
      ('usage_draw', 'p.ended_on IS NULL AND v.basis IN (''delivered'', ''reserved'') AS counts', '@columns'),
      ('usage_post', 'IF g_counts[g] THEN', 'IF r.ended_at <= g_until[g] THEN'),
      ('usage_draw', 'IF g_counts[g] THEN', 'IF p_ended[n] <= g_until[g] THEN'),
      ('usage_post', 'err := ''exceeds_hold''; about := r_left[s]; EXIT one; END IF;', $new$err := 'exceeds_hold'; about := r_left[s]; EXIT one; END IF;
      missing := cost;
      FOR i IN r_turn[s] .. r_last[s] LOOP
        g := h_grant[i];
        IF g > 0 AND (h_left[i] > 0 OR cost = 0) AND r.ended_at <= g_settled[g] THEN
          err := 'grant_settled'; about := g_id[g]; EXIT one;
        END IF;
        missing := missing - least(missing, h_left[i]);
        EXIT WHEN missing = 0;
      END LOOP;$new$),
      ('usage_draw', 'err := ''over_cap''; about := greatest(l_cap[turn] - spent, 0); EXIT one; END IF;', $new$err := 'over_cap'; about := greatest(l_cap[turn] - spent, 0); EXIT one; END IF;
      missing := cost;
      FOR i IN turn .. cardinality(l_id) LOOP
        CONTINUE WHEN l_class[i] <> p_class[n] OR l_from[i] > p_started[n];
        g := l_grant[i];
        IF g > 0 AND (l_left[i] > 0 OR i = turn) AND p_ended[n] <= g_settled[g] THEN
          err := 'grant_settled'; about := g_id[g]; EXIT one;
        END IF;
        missing := missing - least(missing, l_left[i]);
        EXIT WHEN missing = 0;
      END LOOP;$new$)
    ) AS changes (of, old, new)
    LOOP
      CONTINUE WHEN change.of NOT IN ('both', name::text);
      IF position(regexp_replace(change.old, '\s+', ' ', 'g') IN regexp_replace(source, '\s+', ' ', 'g')) = 0 THEN
        RAISE EXCEPTION '% does not read grants as this migration expects: %', name, change.old;
      END IF;
      IF position(change.old IN source) = 0 THEN
        -- The condition stands on a line of its own.
        source := replace(source, E'CASE WHEN p.ended_on IS NULL\n        THEN drawdown_earned', change.new);
      ELSE
        source := replace(source, change.old, change.new);
      END IF;
    END LOOP;
    source := replace(source, '@columns', $new$CASE WHEN v.basis NOT IN ('delivered', 'reserved') OR p.settled_at IS NOT NULL THEN '-infinity'::timestamptz
          ELSE coalesce(p.ended_on::timestamptz, 'infinity') END AS earns_until,
        CASE WHEN v.basis NOT IN ('delivered', 'reserved') OR p.settled_at IS NULL THEN '-infinity'::timestamptz
          ELSE p.ended_on::timestamptz END AS settled_until$new$);
    IF position('g_counts' IN source) > 0 OR position('ended_on IS NULL' IN source) > 0 THEN
      RAISE EXCEPTION '% still reads grants as before', name;
    END IF;
    EXECUTE source;
  END LOOP;
END $do$;
