-- Use outside any reservation draws lots in the order that the company's terms name, as reservations do.
-- The rest of the function is as 0053 made it and 0058 changed it.

-- Draws a batch of usage of one company that ran outside any reservation: the whole of it in one call, as usage_post does for
-- reservations. What a pool is (its class, its GPUs) and which factor governs is given, since pools lie elsewhere.
--
-- One answer is given per record, in order: `recorded`, `known` (stored before, on demand or in a reservation: nothing is
-- done), or why it cannot be used, with what that is about:
-- unknown_pool, conflict(field), in_future, too_many_gpus(most), not_allowed (no lot whose terms allowed it when it began),
-- no_factor, over_cap(what the month has left).
-- A record that cannot be used changes nothing and does not stop the others.
--
-- The rate is that of the lot in whose turn the record begins; the cost is the difference of rounded cumulative sums at that
-- rate; the lots that allow it are drawn in the order in force for their class (api/tokens/draw.ts says what each means). What
-- there are no tokens for is arrears. Charges are booked as usage_post books them.
--
-- Locks: the company, its grants' sums, its accounts in id order.
CREATE OR REPLACE FUNCTION usage_draw(p_company_id uuid, p_usage uuid[], p_pool uuid[], p_class uuid[], p_gpus int[],
  p_factor numeric[], p_source text[], p_external text[], p_gpu_seconds bigint[], p_started timestamptz[], p_ended timestamptz[], p_job text[],
  p_pools uuid[], p_actor_id uuid, p_request_id uuid)
RETURNS TABLE (outcomes text[], details text[], usage_ids uuid[], charges bigint[], owed bigint[], stored integer)
LANGUAGE plpgsql SECURITY INVOKER
SET search_path = public, pg_temp
SET timezone = 'UTC'
SET datestyle = 'ISO, YMD'
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_bitmapscan = off
SET jit = off
AS $$
DECLARE
  now_at timestamptz := equihour_now();
  size int := coalesce(cardinality(p_usage), 0);
  -- The grants of the company.
  g_id uuid[]; g_lot uuid[]; g_counts boolean[]; g_delivered bigint[]; g_basis bigint[]; g_peak bigint[]; g_touched boolean[];
  -- The lots that use on demand may draw, in the order of drawing.
  l_id uuid[]; l_class uuid[]; l_premium numeric[]; l_cap bigint[]; l_from timestamptz[]; l_left bigint[]; l_grant int[];
  l_available uuid[]; l_charged uuid[]; l_taken bigint[]; l_transfer uuid[];
  -- The answers, and the charges.
  res text[]; det text[]; uid uuid[]; chg bigint[]; owe bigint[];
  c_record int[] := '{}'; c_lot int[] := '{}'; c_amount bigint[] := '{}'; c_from bigint[] := '{}'; c_to bigint[] := '{}';
  c_first boolean[] := '{}';
  known record; n int; i int; k int := 0; g int; turn int; n_stored int := 0;
  err text; about text; used bigint; cost bigint; missing bigint; part bigint; at_rate numeric; spent bigint; in_month date;
  low bigint; high bigint; total_gpu bigint := 0; total bigint := 0; total_owed bigint := 0;
  earned_before bigint; earned_after bigint; events jsonb; bad text; booked timestamptz;
  payload text; subject text; event_id uuid; at_text text;
BEGIN
  res := array_fill(NULL::text, ARRAY[size]); det := res; uid := array_fill(NULL::uuid, ARRAY[size]);
  chg := array_fill(NULL::bigint, ARRAY[size]); owe := chg;
  PERFORM 1 FROM company c WHERE c.company_id = p_company_id FOR UPDATE;
  SELECT array_agg(x.grant_id), array_agg(x.lot_id), array_agg(x.counts), array_agg(x.delivered_micro),
      array_agg(x.basis_micro), array_agg(x.basis_peak_micro), array_agg(false), coalesce(sum(x.earned_shares), 0)::bigint
    INTO g_id, g_lot, g_counts, g_delivered, g_basis, g_peak, g_touched, earned_before
    FROM (SELECT p.grant_id, v.lot_id, p.ended_on IS NULL AND v.basis IN ('delivered', 'reserved') AS counts,
        p.delivered_micro, p.basis_micro, p.basis_peak_micro, p.earned_shares
      FROM grant_progress p JOIN vesting_grant v ON v.company_id = p.company_id AND v.grant_id = p.grant_id
      WHERE p.company_id = p_company_id ORDER BY p.grant_id FOR UPDATE OF p) x;
  PERFORM 1 FROM ledger_account a WHERE a.holder_id = p_company_id ORDER BY a.account_id FOR NO KEY UPDATE;
  SELECT array_agg(x.lot_id), array_agg(x.token_class_id), array_agg(x.on_demand_premium), array_agg(x.on_demand_cap_micro),
      array_agg(x.frozen_at), array_agg(x.left_micro), array_agg(coalesce(array_position(g_lot, x.lot_id), 0)),
      array_agg(x.available), array_agg(x.charged), array_agg(0::bigint), array_agg(NULL::uuid)
    INTO l_id, l_class, l_premium, l_cap, l_from, l_left, l_grant, l_available, l_charged, l_taken, l_transfer
    FROM (SELECT l.lot_id, l.token_class_id, b.on_demand_premium, b.on_demand_cap_micro, b.frozen_at,
        a.credits_posted - a.debits_posted - a.debits_pending AS left_micro, a.account_id AS available,
        (SELECT d.account_id FROM ledger_account d WHERE d.holder_id = p_company_id AND d.lot_id = l.lot_id
          AND d.kind = 'charged:delivered') AS charged
      FROM booking_terms b
        JOIN lot l ON l.company_id = b.company_id AND l.lot_id = b.lot_id
        JOIN ledger_account a ON a.holder_id = p_company_id AND a.lot_id = l.lot_id AND a.kind = 'available'
        LEFT JOIN LATERAL (SELECT z.draw_order FROM draw_order_term z
          WHERE z.company_id = p_company_id AND z.token_class_id = l.token_class_id
            AND z.effective_on <= (now_at AT TIME ZONE 'UTC')::date
          ORDER BY z.effective_on DESC, z.term_id DESC LIMIT 1) o ON true
      WHERE b.company_id = p_company_id AND b.on_demand_premium IS NOT NULL AND l.expires_on > (now_at AT TIME ZONE 'UTC')::date
      ORDER BY l.draw_rank,
        CASE o.draw_order
          WHEN 'GRANTS_FIRST' THEN CASE WHEN l.origin = 'grant' THEN 0 ELSE 1 END
          WHEN 'GRANTS_LAST' THEN CASE WHEN l.origin = 'grant' THEN 1 ELSE 0 END
          WHEN 'UNPAID_FIRST' THEN CASE WHEN l.origin = 'grant' THEN 1 WHEN l.cost IS NOT NULL THEN 2 ELSE 0 END
          ELSE 0
        END,
        CASE WHEN o.draw_order = 'OLDEST_FIRST' THEN l.opened_at END,
        l.expires_on, l.opened_at, l.lot_id) x;

  FOR n IN 1 .. size LOOP
    err := NULL; about := NULL;
    <<one>>
    BEGIN
      IF NOT p_pool[n] = ANY (p_pools) THEN err := 'unknown_pool'; EXIT one; END IF;
      SELECT u.usage_id, u.charged_micro, u.gpu_seconds, u.started_at, u.ended_at, u.job INTO known FROM usage_record u
        WHERE u.company_id = p_company_id AND u.pool_id = p_pool[n] AND u.source = p_source[n]
          AND u.external_id BETWEEN p_external[n] AND p_external[n] ORDER BY u.external_id LIMIT 1;
      IF FOUND THEN
        about := CASE WHEN known.gpu_seconds <> p_gpu_seconds[n] THEN 'gpuSeconds'
          WHEN known.started_at <> p_started[n] THEN 'startedAt' WHEN known.ended_at <> p_ended[n] THEN 'endedAt'
          WHEN known.job IS DISTINCT FROM p_job[n] THEN 'job' END;
        err := CASE WHEN about IS NULL THEN 'known' ELSE 'conflict' END;
        IF about IS NULL THEN uid[n] := known.usage_id; chg[n] := known.charged_micro; END IF;
        EXIT one;
      END IF;
      IF p_ended[n] > now_at THEN err := 'in_future'; EXIT one; END IF;
      IF p_gpu_seconds[n] > p_gpus[n] * extract(epoch FROM p_ended[n] - p_started[n]) THEN
        err := 'too_many_gpus'; about := floor(p_gpus[n] * extract(epoch FROM p_ended[n] - p_started[n])); EXIT one;
      END IF;
      turn := 0;
      FOR i IN 1 .. coalesce(cardinality(l_id), 0) LOOP
        CONTINUE WHEN l_class[i] <> p_class[n] OR l_from[i] > p_started[n];
        IF turn = 0 OR l_left[i] > 0 THEN turn := i; END IF;
        EXIT WHEN l_left[turn] > 0;
      END LOOP;
      IF turn = 0 THEN err := 'not_allowed'; EXIT one; END IF;
      IF p_factor[n] IS NULL THEN err := 'no_factor'; EXIT one; END IF;
      at_rate := trunc(p_factor[n] * l_premium[turn], 10);
      SELECT m.gpu_seconds INTO used FROM on_demand_meter m
        WHERE m.company_id = p_company_id AND m.pool_id = p_pool[n] AND m.rate = at_rate;
      used := coalesce(used, 0);
      cost := (div((used + p_gpu_seconds[n]) * at_rate * 1000000, 3600) - div(used * at_rate * 1000000, 3600))::bigint;
      in_month := date_trunc('month', p_ended[n] AT TIME ZONE 'UTC')::date;
      SELECT m.cost_micro INTO spent FROM on_demand_month m
        WHERE m.company_id = p_company_id AND m.token_class_id = p_class[n] AND m.month = in_month;
      spent := coalesce(spent, 0);
      IF spent + cost > l_cap[turn] THEN err := 'over_cap'; about := greatest(l_cap[turn] - spent, 0); EXIT one; END IF;

      INSERT INTO on_demand_meter AS m (company_id, pool_id, rate, gpu_seconds)
        VALUES (p_company_id, p_pool[n], at_rate, p_gpu_seconds[n])
        ON CONFLICT ON CONSTRAINT on_demand_meter_pkey DO UPDATE SET gpu_seconds = m.gpu_seconds + excluded.gpu_seconds;
      INSERT INTO on_demand_month AS m (company_id, token_class_id, month, cost_micro)
        VALUES (p_company_id, p_class[n], in_month, cost)
        ON CONFLICT ON CONSTRAINT on_demand_month_pkey DO UPDATE SET cost_micro = m.cost_micro + excluded.cost_micro;
      -- Drawn from the lots in turn. Use for which nothing is charged is kept too, at the lot in whose turn it fell.
      missing := cost;
      FOR i IN turn .. cardinality(l_id) LOOP
        CONTINUE WHEN l_class[i] <> p_class[n] OR l_from[i] > p_started[n];
        part := least(missing, l_left[i]);
        IF part > 0 OR (i = turn AND (cost = 0 OR l_left[i] = 0)) THEN
          g := l_grant[i]; low := 0; high := 0;
          IF g > 0 THEN
            g_touched[g] := true;
            g_delivered[g] := g_delivered[g] + part;
            low := g_peak[g];
            IF g_counts[g] THEN
              g_basis[g] := g_basis[g] + part;
              IF g_basis[g] > low THEN g_peak[g] := g_basis[g]; END IF;
            END IF;
            high := g_peak[g];
          END IF;
          k := k + 1;
          c_record[k] := n; c_lot[k] := i; c_amount[k] := part; c_from[k] := low; c_to[k] := high; c_first[k] := missing = cost;
          l_left[i] := l_left[i] - part; l_taken[i] := l_taken[i] + part; missing := missing - part;
        END IF;
        EXIT WHEN missing = 0;
      END LOOP;
      INSERT INTO usage_record (company_id, usage_id, reservation_id, pool_id, source, external_id, gpu_seconds, charged_micro,
          started_at, ended_at, job, recorded_by, recorded_at, request_id, rate)
        VALUES (p_company_id, p_usage[n], NULL, p_pool[n], p_source[n], p_external[n], p_gpu_seconds[n], cost - missing,
          p_started[n], p_ended[n], p_job[n], p_actor_id, now_at, p_request_id, at_rate);
      IF missing > 0 THEN
        INSERT INTO arrears (company_id, arrears_id, correction_id, usage_id, reservation_id, token_class_id, amount_micro, opened_at)
          VALUES (p_company_id, equihour_new_id(), NULL, p_usage[n], NULL, p_class[n], missing, now_at);
      END IF;
      uid[n] := p_usage[n]; chg[n] := cost - missing; owe[n] := missing;
      n_stored := n_stored + 1; total_gpu := total_gpu + p_gpu_seconds[n]; total := total + cost - missing;
      total_owed := total_owed + missing;
    END one;
    res[n] := coalesce(err, 'recorded'); det[n] := about;
  END LOOP;
  IF n_stored = 0 THEN
    RETURN QUERY SELECT res, det, uid, chg, owe, 0;
    RETURN;
  END IF;

  subject := 'Company:' || p_company_id;
  FOR i IN 1 .. cardinality(l_id) LOOP
    IF l_taken[i] > 0 THEN l_transfer[i] := equihour_new_id(); END IF;
  END LOOP;
  SELECT jsonb_agg(jsonb_build_object('id', l_transfer[x.i], 'kind', 'posted', 'debit', l_available[x.i], 'credit', l_charged[x.i],
      'amount', l_taken[x.i], 'reason', 'charge', 'subject', subject) ORDER BY x.i)
    INTO events FROM generate_series(1, cardinality(l_id)) AS x(i) WHERE l_taken[x.i] > 0;
  IF events IS NOT NULL THEN
    SELECT p.result || ' ' || coalesce(p.detail, '') INTO bad FROM ledger_post(p_company_id, events, now_at) p
      WHERE p.result NOT IN ('created', 'exists') LIMIT 1;
    IF bad IS NOT NULL THEN RAISE EXCEPTION 'the ledger refused a draw on demand: %', bad; END IF;
  END IF;
  UPDATE grant_progress p SET delivered_micro = x.delivered, basis_micro = x.basis, basis_peak_micro = x.peak,
      earned_shares = CASE WHEN p.ended_on IS NULL
        THEN drawdown_earned(v.total_shares, v.granted_micro, v.allocation, v.tranches, v.cliff_micro, x.peak)
        ELSE p.earned_shares END
    FROM unnest(g_id, g_delivered, g_basis, g_peak, g_touched) AS x(id, delivered, basis, peak, touched)
      JOIN vesting_grant v ON v.company_id = p_company_id AND v.grant_id = x.id
    WHERE p.company_id = p_company_id AND p.grant_id = x.id AND x.touched;
  SELECT coalesce(sum(p.earned_shares), 0)::bigint INTO earned_after FROM grant_progress p WHERE p.company_id = p_company_id;
  SELECT greatest(now_at, (SELECT max(z.at) FROM charge z WHERE z.company_id = p_company_id),
      (SELECT (max(z.month) + interval '1 month') AT TIME ZONE 'UTC' FROM statement z WHERE z.company_id = p_company_id))
    INTO booked;
  INSERT INTO charge (company_id, charge_id, grant_id, lot_id, reservation_id, usage_id, cause, amount_micro, basis_from, basis_to,
      at, transfer_id)
    SELECT p_company_id, CASE WHEN c.first THEN p_usage[c.n] ELSE equihour_new_id() END,
      CASE WHEN l_grant[c.lot] > 0 THEN g_id[l_grant[c.lot]] END, l_id[c.lot], NULL, p_usage[c.n], 'delivered', c.amount, c.low,
      c.high, booked, CASE WHEN c.amount > 0 THEN l_transfer[c.lot] END
    FROM unnest(c_record, c_lot, c_amount, c_from, c_to, c_first) AS c(n, lot, amount, low, high, first);

  -- The audit event. Its leaf covers canonical JSON (RFC 8785): members sorted, no white space. None of these texts needs escaping.
  payload := '{"charged":{"delivered":"' || total || '"},"gpuSeconds":"' || total_gpu || '","newlyEarned":"'
    || earned_after - earned_before || '","owed":"' || total_owed || '","records":' || n_stored || '}';
  event_id := equihour_new_id();
  at_text := regexp_replace(replace(now_at::text, ' ', 'T'), '\+00$', 'Z');
  INSERT INTO audit_event (scope_id, event_id, scope_kind, actor_id, kind, subject, at, payload, leaf_hash)
    VALUES (p_company_id, event_id, 'company', p_actor_id, 'usage.drawn', subject, now_at, payload::jsonb,
      sha256('\x00'::bytea || convert_to('{"actor":"' || p_actor_id || '","at":"' || at_text || '","id":"' || event_id
        || '","kind":"usage.drawn","payload":' || payload || ',"scope":{"id":"' || p_company_id
        || '","kind":"company"},"subject":"' || subject || '"}', 'UTF8')));
  RETURN QUERY SELECT res, det, uid, chg, owe, n_stored;
END
$$;
