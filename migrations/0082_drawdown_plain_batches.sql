-- usage_post: who recorded usage of a reservation is stored once (0081), and a batch that is plain is worked out as a whole.
-- Docs: docs/adr/0061-plain-batches-in-line.md.
DO $do$
DECLARE
  source text := pg_get_functiondef('usage_post'::regproc);
  change record;
BEGIN
  FOR change IN SELECT * FROM (VALUES
    (E'DECLARE\n', $new$DECLARE
  -- Whether the batch is plain, and the rounded cost of its reservation after each of its records.
  is_plain boolean := false; sums bigint[]; earliest timestamptz; latest timestamptz;
$new$),
    (E'  FOR r IN\n    WITH given', $new$  -- Nearly every batch is plain: new records of one reservation, each within its bounds, for which the lot in turn has more than
  -- enough. What they cost are then differences of one running sum, and no record needs a look of its own.
  IF cardinality(r_id) = 1 AND r_state[1] IN ('confirmed', 'provisioned', 'active') AND r_holdable[1] IN ('posted', 'pending')
    AND r_turn[1] > 0 THEN
    i := r_turn[1]; g := h_grant[i];
    SELECT bool_and(x.fits), max(x.used), max(x.tokens), max(x.ended_at), min(x.ended_at), array_agg(x.tokens ORDER BY x.n)
      INTO is_plain, after_used, after_tokens, latest, earliest, sums
      FROM (SELECT y.n, y.ended_at, y.fits, y.used, div(y.used * r_factor[1] * 1000000, 3600)::bigint AS tokens FROM (
        -- One more than is reserved is already too much: a sum that no bigint holds is never made.
        SELECT u.n, u.ended_at, least(r_used[1] + sum(u.gpu_seconds) OVER w, r_reserved[1] + 1)::bigint AS used,
          u.reservation_id = r_id[1] AND u.started_at >= r_from[1] AND u.ended_at <= least(r_until[1], now_at)
            AND u.gpu_seconds <= r_gpus[1] * extract(epoch FROM u.ended_at - u.started_at) AS fits
        FROM unnest(p_reservation, p_gpu_seconds, p_started, p_ended)
          WITH ORDINALITY AS u(reservation_id, gpu_seconds, started_at, ended_at, n)
        WINDOW w AS (ORDER BY u.n ROWS UNBOUNDED PRECEDING)) y) x;
    cost := after_tokens - r_tokens[1];
    -- All of the batch counts towards the grant's basis, or none of it does.
    is_plain := is_plain AND after_used <= r_reserved[1] AND cost < h_left[i]
      AND (g = 0 OR earliest > g_settled[g] AND (latest <= g_until[g] OR earliest > g_until[g]));
  END IF;
  IF is_plain THEN
    SELECT count(*) = size INTO is_plain
      FROM (SELECT DISTINCT u.source, u.external_id FROM unnest(p_source, p_external) AS u(source, external_id)) x;
  END IF;
  IF is_plain THEN
    SELECT NOT EXISTS (SELECT FROM unnest(p_source, p_external) AS u(source, external_id), LATERAL (SELECT FROM usage_record k
      WHERE k.company_id = p_company_id AND k.pool_id = r_pool[1] AND k.source = u.source
        AND k.external_id BETWEEN u.external_id AND u.external_id ORDER BY k.external_id LIMIT 1) known) INTO is_plain;
  END IF;
  IF is_plain THEN
    -- `part` is the basis before the batch, NULL where the batch does not count: then the peak stays.
    low := 0; part := NULL;
    IF g > 0 THEN
      low := g_peak[g];
      g_touched[g] := true; g_delivered[g] := g_delivered[g] + cost;
      IF latest <= g_until[g] THEN
        part := g_basis[g];
        g_basis[g] := part + cost; g_peak[g] := greatest(low, part + cost);
      END IF;
    END IF;
    SELECT array_agg(x.n::int ORDER BY x.n), array_agg(x.after - x.before ORDER BY x.n),
        array_agg(greatest(low, part + x.before - r_tokens[1]) ORDER BY x.n),
        array_agg(greatest(low, part + x.after - r_tokens[1]) ORDER BY x.n)
      INTO c_record, c_amount, c_from, c_to
      FROM (SELECT y.n, y.after, lag(y.after, 1, r_tokens[1]) OVER (ORDER BY y.n) AS before
        FROM unnest(sums) WITH ORDINALITY AS y(after, n)) x;
    c_part := array_fill(i, ARRAY[size]); c_first := array_fill(true, ARRAY[size]);
    res := array_fill('recorded'::text, ARRAY[size]); uid := p_usage; chg := c_amount; n_stored := size;
    r_count[1] := size; r_before[1] := cost; r_gpu[1] := after_used - r_used[1]; r_used[1] := after_used; h_taken[i] := cost;
  ELSE
  FOR r IN
    WITH given$new$),
    (E'  END LOOP;\n\n  IF n_stored = 0 OR p_whole', E'  END LOOP;\n  END IF;\n\n  IF n_stored = 0 OR p_whole'),
    ('  INSERT INTO usage_record (', $new$  INSERT INTO usage_reporter (company_id, reservation_id, person_id)
    SELECT p_company_id, x.id, p_actor_id FROM unnest(r_id, r_count) AS x(id, count) WHERE x.count > 0
    ON CONFLICT ON CONSTRAINT usage_reporter_pkey DO NOTHING;
  INSERT INTO usage_record ($new$)
    ) AS changes (old, new)
  LOOP
    IF (length(source) - length(replace(source, change.old, ''))) <> length(change.old) THEN
      RAISE EXCEPTION 'usage_post is not what this migration expects: %', change.old;
    END IF;
    source := replace(source, change.old, change.new);
  END LOOP;
  EXECUTE source;
END
$do$;
