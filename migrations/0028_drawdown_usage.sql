-- Usage in batches: one call posts holds, charges, advances deliveries and earned shares, and audits. Usage that cannot be
-- used is kept aside. GPU-seconds are whole numbers, tokens micro-tokens.

ALTER TABLE charge ADD COLUMN transfer_id uuid;
COMMENT ON COLUMN charge.transfer_id IS
  'The ledger''s transfer that moved its tokens, one for each hold and lot of a batch. Null where the transfer has the id of the usage record.';

ALTER TABLE usage_record ADD COLUMN request_id uuid;
COMMENT ON COLUMN usage_record.request_id IS 'The signed request that carried it; null where it came over a session or a key.';
ALTER TABLE signed_request ADD COLUMN request_id uuid NOT NULL;
ALTER TABLE signed_request ADD CONSTRAINT signed_request_id UNIQUE (scope_id, request_id);

-- What the terms say of use outside any reservation.
ALTER TABLE vesting_grant ADD COLUMN on_demand boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN vesting_grant.on_demand IS 'Whether the terms let use outside any reservation draw available tokens.';

CREATE TABLE on_demand_meter (
  company_id uuid NOT NULL CONSTRAINT on_demand_meter_company REFERENCES company (company_id),
  pool_id uuid NOT NULL,
  factor_id uuid NOT NULL,
  gpu_seconds bigint NOT NULL CONSTRAINT on_demand_meter_gpu_seconds CHECK (gpu_seconds >= 0),
  CONSTRAINT on_demand_meter_pkey PRIMARY KEY (company_id, pool_id, factor_id)
);
COMMENT ON TABLE on_demand_meter IS
  'Distributed by company_id. GPU-seconds that a company used of a pool outside any reservation, at one factor: what they cost is the difference of rounded cumulative sums.';
GRANT SELECT, INSERT, UPDATE (gpu_seconds) ON on_demand_meter TO equihour_app;

-- Usage that could not be used.

CREATE TABLE quarantined_usage (
  scope_id uuid NOT NULL,
  quarantine_id uuid NOT NULL,
  company_id uuid,
  record jsonb NOT NULL,
  record_sha256 bytea NOT NULL CONSTRAINT quarantined_usage_sha256 CHECK (octet_length(record_sha256) = 32),
  source text COLLATE "C" NOT NULL,
  external_id text COLLATE "C" NOT NULL,
  reason_code text COLLATE "C" NOT NULL CONSTRAINT quarantined_usage_reason CHECK (reason_code ~ '^[A-Z][A-Z_]{2,59}$'),
  detail text NOT NULL,
  reported_by uuid NOT NULL CONSTRAINT quarantined_usage_reported_by REFERENCES person (person_id),
  request_id uuid,
  reported_at timestamptz NOT NULL,
  CONSTRAINT quarantined_usage_pkey PRIMARY KEY (scope_id, quarantine_id),
  CONSTRAINT quarantined_usage_once UNIQUE (scope_id, record_sha256)
);
COMMENT ON TABLE quarantined_usage IS
  'Distributed by scope_id. The provider that reported is the scope. Usage records that could not be used, as they came in, and why. The same record again is the same row.';
COMMENT ON COLUMN quarantined_usage.company_id IS 'The company that the record names, whether it exists or not.';
SELECT equihour_append_only('quarantined_usage');

CREATE TABLE quarantine_state (
  scope_id uuid NOT NULL,
  quarantine_id uuid NOT NULL,
  state text COLLATE "C" NOT NULL CONSTRAINT quarantine_state_known CHECK (state IN ('open', 'discard_asked', 'recorded', 'discarded')),
  reported_at timestamptz NOT NULL,
  replays integer NOT NULL DEFAULT 0 CONSTRAINT quarantine_state_replays CHECK (replays >= 0),
  CONSTRAINT quarantine_state_pkey PRIMARY KEY (scope_id, quarantine_id),
  CONSTRAINT quarantine_state_of FOREIGN KEY (scope_id, quarantine_id) REFERENCES quarantined_usage (scope_id, quarantine_id)
);
COMMENT ON TABLE quarantine_state IS 'Distributed by scope_id. Where a quarantined record is: open, asked to be discarded, recorded after all, or discarded.';
-- What waits for somebody, oldest first.
CREATE INDEX quarantine_state_waiting ON quarantine_state (scope_id, reported_at) WHERE state IN ('open', 'discard_asked');
GRANT SELECT, INSERT, UPDATE (state, replays) ON quarantine_state TO equihour_app;

CREATE FUNCTION quarantine_refuse_illegal_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = NEW.state OR (OLD.state, NEW.state) IN (('open', 'discard_asked'), ('open', 'recorded'),
    ('discard_asked', 'open'), ('discard_asked', 'recorded'), ('discard_asked', 'discarded')) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'quarantined usage does not go from % to %', OLD.state, NEW.state
    USING ERRCODE = 'check_violation', CONSTRAINT = 'quarantine_legal_step';
END
$$;
CREATE TRIGGER quarantine_legal_step BEFORE UPDATE OF state ON quarantine_state
  FOR EACH ROW EXECUTE FUNCTION quarantine_refuse_illegal_step();

CREATE TABLE quarantine_event (
  scope_id uuid NOT NULL,
  event_id uuid NOT NULL,
  quarantine_id uuid NOT NULL,
  kind text COLLATE "C" NOT NULL CONSTRAINT quarantine_event_kind
    CHECK (kind IN ('tried', 'mended', 'recorded', 'discard_asked', 'discard_refused', 'discarded')),
  record jsonb,
  reason text,
  usage_id uuid,
  actor_id uuid NOT NULL CONSTRAINT quarantine_event_actor REFERENCES person (person_id),
  at timestamptz NOT NULL,
  CONSTRAINT quarantine_event_pkey PRIMARY KEY (scope_id, event_id),
  CONSTRAINT quarantine_event_of FOREIGN KEY (scope_id, quarantine_id) REFERENCES quarantined_usage (scope_id, quarantine_id),
  CONSTRAINT quarantine_event_mended CHECK ((kind = 'mended') = (record IS NOT NULL))
);
COMMENT ON TABLE quarantine_event IS
  'Distributed by scope_id. What was done to a quarantined record: mended (with the corrected record), tried again, recorded, discarded; by whom and why.';
-- The events of one record in order.
CREATE INDEX quarantine_event_in_order ON quarantine_event (scope_id, quarantine_id, event_id);
SELECT equihour_append_only('quarantine_event');

-- Ids and shares, as the application makes them.

-- A UUIDv7 (RFC 9562 section 5.7): PostgreSQL has one of its own from 18 on only.
CREATE FUNCTION equihour_new_id() RETURNS uuid LANGUAGE sql VOLATILE AS $$
  SELECT encode(set_byte(overlay(uuid_send(gen_random_uuid())
    PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 6,
    (get_byte(uuid_send(gen_random_uuid()), 6) & 15) | 112), 'hex')::uuid
$$;
REVOKE ALL ON FUNCTION equihour_new_id() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION equihour_new_id() TO equihour_app;

-- The id of what follows from something else, as api/tokens/derived-id.ts makes it: a UUIDv8 of the SHA-256 of the parts.
CREATE FUNCTION equihour_derived_id(VARIADIC parts text[]) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT encode(set_byte(set_byte(b.h, 6, (get_byte(b.h, 6) & 15) | 128), 8, (get_byte(b.h, 8) & 63) | 128), 'hex')::uuid
  FROM (SELECT substring(sha256(convert_to(array_to_string(parts, E'\n'), 'UTF8')) FROM 1 FOR 16) AS h) b
$$;
REVOKE ALL ON FUNCTION equihour_derived_id(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION equihour_derived_id(text[]) TO equihour_app;

-- Whole shares earned at a basis: api/drawdown/earned.ts says the same, and a test holds the two together.
CREATE FUNCTION drawdown_earned(p_total bigint, p_granted bigint, p_allocation text, p_tranches integer, p_cliff bigint, p_basis bigint)
RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  part numeric := p_basis;
  whole numeric := p_granted;
  base numeric; rest numeric;
BEGIN
  IF p_basis NOT BETWEEN 0 AND p_granted THEN
    RAISE EXCEPTION 'a basis of % lies outside 0 to %', p_basis, p_granted USING ERRCODE = 'check_violation';
  END IF;
  IF p_basis < p_cliff THEN RETURN 0; END IF;
  IF p_tranches IS NOT NULL THEN
    part := div(part * p_tranches, whole);
    whole := p_tranches;
  ELSIF p_allocation NOT IN ('CUMULATIVE_ROUNDING', 'CUMULATIVE_ROUND_DOWN', 'FRACTIONAL') THEN
    RAISE EXCEPTION '% needs a number of tranches', p_allocation USING ERRCODE = 'check_violation';
  END IF;
  base := div(p_total, whole) * part;
  rest := mod(p_total, whole);
  RETURN CASE p_allocation
    WHEN 'CUMULATIVE_ROUNDING' THEN div(2 * part * p_total + whole, 2 * whole)
    WHEN 'FRONT_LOADED' THEN base + least(part, rest)
    WHEN 'BACK_LOADED' THEN base + greatest(part - (whole - rest), 0)
    WHEN 'FRONT_LOADED_TO_SINGLE_TRANCHE' THEN base + CASE WHEN part > 0 THEN rest ELSE 0 END
    WHEN 'BACK_LOADED_TO_SINGLE_TRANCHE' THEN base + CASE WHEN part = whole THEN rest ELSE 0 END
    ELSE div(p_total * part, whole)
  END;
END
$$;
REVOKE ALL ON FUNCTION drawdown_earned(bigint, bigint, text, integer, bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION drawdown_earned(bigint, bigint, text, integer, bigint, bigint) TO equihour_app;

-- Records a batch of usage of one company: the whole of the hot path in one call.
--
-- One answer is given per record, in order: `recorded`, `known` (the same record was stored before: nothing is done), or why
-- it cannot be used, with what that is about:
-- unknown_reservation (or of a pool that is not among p_pools: the two look the same), wrong_state(state), conflict(field:
-- another record has its id), in_future, outside_time, too_many_gpus(most), beyond_reserved(what it would come to),
-- hold_expired, hold_not_posted(state), exceeds_hold(what is left).
-- A record that cannot be used changes nothing and does not stop the others; with p_whole nothing is done unless all can be.
--
-- The charge of a record is the difference of rounded cumulative sums of its reservation, so it depends on the order of
-- records but their total does not. The first usage of a reservation posts its hold. The tokens of one hold and lot move in
-- one transfer of the batch. Charges are booked now, but never before a charge that is booked already nor within a month that
-- is stated.
--
-- Locks: the company, its grants' sums, the reservations in id order, its accounts in id order, the holds in id order.
CREATE FUNCTION usage_post(p_company_id uuid, p_usage uuid[], p_reservation uuid[], p_source text[], p_external text[],
  p_gpu_seconds bigint[], p_started timestamptz[], p_ended timestamptz[], p_job text[], p_pools uuid[], p_actor_id uuid,
  p_request_id uuid, p_whole boolean)
RETURNS TABLE (outcomes text[], details text[], usage_ids uuid[], charges bigint[], stored integer, gpu_seconds bigint,
  delivered bigint, newly_earned bigint)
LANGUAGE plpgsql SECURITY INVOKER
SET search_path = public, pg_temp
SET timezone = 'UTC'
SET datestyle = 'ISO, YMD'
-- As for ledger_post: plans are made once a session, and must not depend on how large the tables are at that moment.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_bitmapscan = off
SET jit = off
AS $$
DECLARE
  now_at timestamptz := equihour_now();
  size int := coalesce(cardinality(p_usage), 0);
  -- The grants of the company.
  g_id uuid[]; g_lot uuid[]; g_counts boolean[]; g_delivered bigint[]; g_basis bigint[]; g_peak bigint[]; g_earned bigint[];
  g_touched boolean[];
  -- The reservations of the batch.
  r_id uuid[]; r_state text[]; r_pool uuid[]; r_gpus int[]; r_from timestamptz[]; r_until timestamptz[]; r_factor numeric[];
  r_hold uuid[]; r_reserved bigint[]; r_used bigint[]; r_tokens bigint[]; r_before bigint[]; r_count int[]; r_gpu bigint[];
  r_holdable text[]; r_left bigint[]; r_turn int[]; r_last int[];
  -- The lots of their holds, in the order of drawing.
  h_slot int[]; h_lot uuid[]; h_left bigint[]; h_taken bigint[]; h_grant int[]; h_pending uuid[]; h_held uuid[]; h_charged uuid[];
  h_transfer uuid[];
  -- The answers, and the charges.
  res text[]; det text[]; uid uuid[]; chg bigint[]; owner int[];
  c_record int[] := '{}'; c_part int[] := '{}'; c_amount bigint[] := '{}'; c_from bigint[] := '{}'; c_to bigint[] := '{}';
  c_first boolean[] := '{}';
  r record; s int; i int; k int := 0; n_stored int := 0; first_slots int[] := '{}';
  err text; about text; after_used bigint; after_tokens bigint; cost bigint; missing bigint; part bigint; g int; low bigint;
  total_gpu bigint := 0; total_delivered bigint := 0; earned_before bigint; earned_after bigint;
  events jsonb; bad text; booked timestamptz;
  payload text; subject text; event_id uuid; at_text text;
BEGIN
  res := array_fill(NULL::text, ARRAY[size]); det := res; uid := array_fill(NULL::uuid, ARRAY[size]);
  chg := array_fill(NULL::bigint, ARRAY[size]); owner := array_fill(0, ARRAY[size]);
  PERFORM 1 FROM company c WHERE c.company_id = p_company_id FOR UPDATE;

  SELECT array_agg(x.grant_id), array_agg(x.lot_id), array_agg(x.basis IN ('delivered', 'reserved')),
      array_agg(x.delivered_micro), array_agg(x.basis_micro), array_agg(x.basis_peak_micro), array_agg(x.earned_shares),
      array_agg(false), coalesce(sum(x.earned_shares), 0)::bigint
    INTO g_id, g_lot, g_counts, g_delivered, g_basis, g_peak, g_earned, g_touched, earned_before
    FROM (SELECT p.grant_id, v.lot_id, v.basis, p.delivered_micro, p.basis_micro, p.basis_peak_micro, p.earned_shares
      FROM grant_progress p JOIN vesting_grant v ON v.company_id = p.company_id AND v.grant_id = p.grant_id
      WHERE p.company_id = p_company_id ORDER BY p.grant_id FOR UPDATE OF p) x;

  SELECT array_agg(x.reservation_id), array_agg(x.state), array_agg(x.pool_id), array_agg(x.gpus), array_agg(x.starts_at),
      array_agg(x.ends_at), array_agg(x.h100_hours_per_gpu_hour), array_agg(x.hold_id)
    INTO r_id, r_state, r_pool, r_gpus, r_from, r_until, r_factor, r_hold
    FROM (SELECT b.* FROM reservation b
      WHERE b.company_id = p_company_id AND b.reservation_id = ANY (p_reservation) AND b.pool_id = ANY (p_pools)
      ORDER BY b.reservation_id FOR NO KEY UPDATE) x;
  IF r_id IS NULL THEN
    RETURN QUERY SELECT array_fill('unknown_reservation'::text, ARRAY[size]), det, uid, chg, 0, 0::bigint, 0::bigint, 0::bigint;
    RETURN;
  END IF;
  PERFORM 1 FROM ledger_account a WHERE a.holder_id = p_company_id ORDER BY a.account_id FOR NO KEY UPDATE;
  PERFORM 1 FROM token_hold h WHERE h.company_id = p_company_id AND h.hold_id = ANY (r_hold) ORDER BY h.hold_id FOR NO KEY UPDATE;

  -- Why a hold cannot be charged, or NULL; and the meters.
  SELECT array_agg(m.reserved_gpu_seconds ORDER BY x.slot), array_agg(m.gpu_seconds ORDER BY x.slot),
      array_agg(div(m.gpu_seconds * x.factor * 1000000, 3600)::bigint ORDER BY x.slot), array_agg(0::bigint ORDER BY x.slot),
      array_agg(0 ORDER BY x.slot), array_agg(0::bigint ORDER BY x.slot),
      array_agg(CASE WHEN h.state = 'posted' THEN 'posted' WHEN h.state = 'pending' AND h.expires_at > now_at THEN 'pending'
        WHEN h.state IN ('pending', 'expired') THEN 'expired' ELSE h.state END ORDER BY x.slot)
    INTO r_reserved, r_used, r_tokens, r_before, r_count, r_gpu, r_holdable
    FROM unnest(r_id, r_hold, r_factor) WITH ORDINALITY AS x(id, hold_id, factor, slot)
      JOIN meter m ON m.company_id = p_company_id AND m.reservation_id = x.id
      JOIN token_hold h ON h.company_id = p_company_id AND h.hold_id = x.hold_id;
  SELECT array_agg(y.slot), array_agg(y.lot_id), array_agg(y.left_micro), array_agg(0::bigint),
      array_agg(coalesce(array_position(g_lot, y.lot_id), 0)), array_agg(y.pending_transfer_id), array_agg(y.held),
      array_agg(y.charged), array_agg(NULL::uuid)
    INTO h_slot, h_lot, h_left, h_taken, h_grant, h_pending, h_held, h_charged, h_transfer
    FROM (SELECT x.slot::int AS slot, l.lot_id, l.amount_micro - l.charged_micro AS left_micro, l.pending_transfer_id,
        (SELECT a.account_id FROM ledger_account a WHERE a.holder_id = p_company_id AND a.lot_id = l.lot_id AND a.kind = 'held') AS held,
        (SELECT a.account_id FROM ledger_account a WHERE a.holder_id = p_company_id AND a.lot_id = l.lot_id
          AND a.kind = 'charged:delivered') AS charged
      FROM unnest(r_hold) WITH ORDINALITY AS x(hold_id, slot)
        JOIN token_hold_lot l ON l.company_id = p_company_id AND l.hold_id = x.hold_id
      ORDER BY x.slot, l.draw_order) y;
  r_left := r_before; r_turn := r_count; r_last := r_count;
  FOR i IN 1 .. coalesce(cardinality(h_slot), 0) LOOP
    s := h_slot[i];
    r_left[s] := r_left[s] + h_left[i];
    r_last[s] := i;
    IF r_turn[s] = 0 OR h_left[r_turn[s]] = 0 THEN r_turn[s] := i; END IF;
  END LOOP;

  FOR r IN
    WITH given AS MATERIALIZED (
      SELECT u.n::int AS n, array_position(r_id, u.reservation_id) AS slot, u.source, u.external_id, u.gpu_seconds,
        u.started_at, u.ended_at, u.job
      FROM unnest(p_reservation, p_source, p_external, p_gpu_seconds, p_started, p_ended, p_job)
        WITH ORDINALITY AS u(reservation_id, source, external_id, gpu_seconds, started_at, ended_at, job, n)
    )
    SELECT given.*, min(given.n) OVER (PARTITION BY r_pool[given.slot], given.source, given.external_id) AS first_n,
      extract(epoch FROM given.ended_at - given.started_at) AS seconds, known.usage_id AS known_id,
      known.charged_micro AS known_charge,
      CASE WHEN known.usage_id IS NOT NULL THEN CASE WHEN known.reservation_id <> r_id[given.slot] THEN 'reservation'
        WHEN known.gpu_seconds <> given.gpu_seconds THEN 'gpuSeconds' WHEN known.started_at <> given.started_at THEN 'startedAt'
        WHEN known.ended_at <> given.ended_at THEN 'endedAt' WHEN known.job IS DISTINCT FROM given.job THEN 'job' END END AS differs
    FROM given LEFT JOIN LATERAL (
      SELECT k.usage_id, k.reservation_id, k.gpu_seconds, k.started_at, k.ended_at, k.job, k.charged_micro FROM usage_record k
      WHERE k.company_id = p_company_id AND k.pool_id = r_pool[given.slot] AND k.source = given.source
        AND k.external_id = given.external_id LIMIT 1) known ON given.slot IS NOT NULL
    ORDER BY given.n
  LOOP
    s := r.slot; err := NULL; about := NULL;
    <<one>>
    BEGIN
      IF s IS NULL THEN err := 'unknown_reservation'; EXIT one; END IF;
      IF r.known_id IS NOT NULL THEN
        IF r.differs IS NOT NULL THEN err := 'conflict'; about := r.differs; EXIT one; END IF;
        err := 'known'; uid[r.n] := r.known_id; chg[r.n] := r.known_charge; EXIT one;
      END IF;
      k := owner[r.first_n];
      IF k > 0 THEN
        about := CASE WHEN p_reservation[k] <> p_reservation[r.n] THEN 'reservation'
          WHEN p_gpu_seconds[k] <> r.gpu_seconds THEN 'gpuSeconds' WHEN p_started[k] <> r.started_at THEN 'startedAt'
          WHEN p_ended[k] <> r.ended_at THEN 'endedAt' WHEN p_job[k] IS DISTINCT FROM r.job THEN 'job' END;
        err := CASE WHEN about IS NULL THEN 'known' ELSE 'conflict' END;
        IF about IS NULL THEN uid[r.n] := uid[k]; chg[r.n] := chg[k]; END IF;
        EXIT one;
      END IF;
      IF r_state[s] NOT IN ('confirmed', 'provisioned', 'active') THEN err := 'wrong_state'; about := r_state[s]; EXIT one; END IF;
      IF r.ended_at > now_at THEN err := 'in_future'; EXIT one; END IF;
      IF r.started_at < r_from[s] OR r.ended_at > r_until[s] THEN err := 'outside_time'; EXIT one; END IF;
      IF r.gpu_seconds > r_gpus[s] * r.seconds THEN
        err := 'too_many_gpus'; about := floor(r_gpus[s] * r.seconds); EXIT one;
      END IF;
      after_used := r_used[s] + r.gpu_seconds;
      IF after_used > r_reserved[s] THEN err := 'beyond_reserved'; about := after_used; EXIT one; END IF;
      IF r_holdable[s] = 'expired' THEN err := 'hold_expired'; EXIT one; END IF;
      IF r_holdable[s] NOT IN ('posted', 'pending') THEN err := 'hold_not_posted'; about := r_holdable[s]; EXIT one; END IF;
      after_tokens := div(after_used * r_factor[s] * 1000000, 3600)::bigint;
      cost := after_tokens - r_tokens[s];
      IF cost > r_left[s] THEN err := 'exceeds_hold'; about := r_left[s]; EXIT one; END IF;

      r_used[s] := after_used; r_tokens[s] := after_tokens; r_left[s] := r_left[s] - cost;
      r_before[s] := r_before[s] + cost; r_count[s] := r_count[s] + 1; r_gpu[s] := r_gpu[s] + r.gpu_seconds;
      owner[r.first_n] := r.n; uid[r.n] := p_usage[r.n]; chg[r.n] := cost;
      n_stored := n_stored + 1;
      -- Drawn from the hold's lots in turn. Use so short that it costs nothing yet is kept too, at the lot in whose turn it fell.
      missing := cost; i := r_turn[s];
      LOOP
        part := least(missing, h_left[i]);
        IF part > 0 OR cost = 0 THEN
          g := h_grant[i]; low := 0; after_tokens := 0;
          IF g > 0 THEN
            g_touched[g] := true;
            g_delivered[g] := g_delivered[g] + part;
            low := g_peak[g];
            IF g_counts[g] THEN
              g_basis[g] := g_basis[g] + part;
              IF g_basis[g] > low THEN g_peak[g] := g_basis[g]; END IF;
            END IF;
            after_tokens := g_peak[g];
          END IF;
          k := coalesce(cardinality(c_record), 0) + 1;
          c_record[k] := r.n; c_part[k] := i; c_amount[k] := part; c_from[k] := low; c_to[k] := after_tokens;
          c_first[k] := missing = cost;
          h_left[i] := h_left[i] - part; h_taken[i] := h_taken[i] + part; missing := missing - part;
        END IF;
        IF h_left[i] = 0 AND i < r_last[s] THEN i := i + 1; ELSE EXIT; END IF;
        EXIT WHEN missing = 0;
      END LOOP;
      r_turn[s] := i;
    END one;
    res[r.n] := coalesce(err, 'recorded'); det[r.n] := about;
  END LOOP;

  IF n_stored = 0 OR p_whole AND EXISTS (SELECT FROM unnest(res) u WHERE u NOT IN ('recorded', 'known')) THEN
    RETURN QUERY SELECT res, det, uid, chg, 0, 0::bigint, 0::bigint, 0::bigint;
    RETURN;
  END IF;

  -- The ledger: holds that are used for the first time are posted, then each hold and lot is charged, in one batch.
  FOR i IN 1 .. cardinality(h_slot) LOOP
    IF h_taken[i] > 0 THEN h_transfer[i] := equihour_new_id(); END IF;
  END LOOP;
  SELECT jsonb_agg(e.event ORDER BY e.step, e.i) INTO events FROM (
    SELECT 1 AS step, x.i, jsonb_build_object('id', equihour_derived_id('post_pending', r_hold[x.slot]::text, h_lot[x.i]::text),
      'kind', 'post_pending', 'pending_id', h_pending[x.i], 'reason', 'hold_posted',
      'subject', 'TokenHold:' || p_company_id || ':' || r_hold[x.slot]) AS event
    FROM unnest(h_slot) WITH ORDINALITY AS x(slot, i) WHERE r_count[x.slot] > 0 AND r_holdable[x.slot] = 'pending'
    UNION ALL
    SELECT 2, x.i, jsonb_build_object('id', h_transfer[x.i], 'kind', 'posted', 'debit', h_held[x.i], 'credit', h_charged[x.i],
      'amount', h_taken[x.i], 'reason', 'charge', 'subject', 'TokenHold:' || p_company_id || ':' || r_hold[x.slot])
    FROM unnest(h_slot) WITH ORDINALITY AS x(slot, i) WHERE h_taken[x.i] > 0) e;
  IF events IS NOT NULL THEN
    SELECT l.result || ' ' || coalesce(l.detail, '') INTO bad FROM ledger_post(p_company_id, events, now_at) l
      WHERE l.result NOT IN ('created', 'exists') LIMIT 1;
    IF bad IS NOT NULL THEN RAISE EXCEPTION 'the ledger refused a charge of usage: %', bad; END IF;
  END IF;

  -- Rows that others refer to change before rows are inserted that refer to them.
  UPDATE token_hold h SET state = 'posted', changed_at = now_at
    FROM unnest(r_hold, r_count, r_holdable) AS x(hold_id, count, holdable)
    WHERE h.company_id = p_company_id AND h.hold_id = x.hold_id AND x.count > 0 AND x.holdable = 'pending' AND h.state = 'pending';
  UPDATE token_hold_lot l SET charged_micro = l.charged_micro + x.taken
    FROM unnest(h_slot, h_lot, h_taken) AS x(slot, lot_id, taken)
    WHERE l.company_id = p_company_id AND l.hold_id = r_hold[x.slot] AND l.lot_id = x.lot_id AND x.taken > 0;
  UPDATE meter m SET gpu_seconds = x.used, delivered_micro = m.delivered_micro + x.cost
    FROM unnest(r_id, r_used, r_before, r_count) AS x(id, used, cost, count)
    WHERE m.company_id = p_company_id AND m.reservation_id = x.id AND x.count > 0;
  UPDATE reservation b SET state = 'active'
    FROM unnest(r_id, r_state, r_count) AS x(id, state, count)
    WHERE b.company_id = p_company_id AND b.reservation_id = x.id AND x.count > 0 AND x.state <> 'active';
  UPDATE grant_progress p SET delivered_micro = x.delivered, basis_micro = x.basis, basis_peak_micro = x.peak,
      earned_shares = drawdown_earned(v.total_shares, v.granted_micro, v.allocation, v.tranches, v.cliff_micro, x.peak)
    FROM unnest(g_id, g_delivered, g_basis, g_peak, g_touched) AS x(id, delivered, basis, peak, touched)
      JOIN vesting_grant v ON v.company_id = p_company_id AND v.grant_id = x.id
    WHERE p.company_id = p_company_id AND p.grant_id = x.id AND x.touched;
  SELECT coalesce(sum(p.earned_shares), 0)::bigint INTO earned_after FROM grant_progress p WHERE p.company_id = p_company_id;

  INSERT INTO reservation_event (company_id, event_id, reservation_id, from_state, to_state, reason_code, note, actor_id, at, waited_seconds)
    SELECT p_company_id, equihour_new_id(), x.id, x.state, 'active', 'FIRST_USAGE', NULL, p_actor_id, now_at, NULL
    FROM unnest(r_id, r_state, r_count) AS x(id, state, count) WHERE x.count > 0 AND x.state <> 'active';
  INSERT INTO usage_record (company_id, usage_id, reservation_id, pool_id, source, external_id, gpu_seconds, charged_micro,
      started_at, ended_at, job, recorded_by, recorded_at, request_id)
    SELECT p_company_id, p_usage[u.n], u.reservation_id, r_pool[array_position(r_id, u.reservation_id)], u.source, u.external_id,
      u.gpu_seconds, chg[u.n], u.started_at, u.ended_at, u.job, p_actor_id, now_at, p_request_id
    FROM unnest(p_reservation, p_source, p_external, p_gpu_seconds, p_started, p_ended, p_job, res)
      WITH ORDINALITY AS u(reservation_id, source, external_id, gpu_seconds, started_at, ended_at, job, outcome, n)
    WHERE u.outcome = 'recorded';
  SELECT greatest(now_at, (SELECT max(z.at) FROM charge z WHERE z.company_id = p_company_id),
      (SELECT (max(z.month) + interval '1 month') AT TIME ZONE 'UTC' FROM statement z WHERE z.company_id = p_company_id))
    INTO booked;
  INSERT INTO charge (company_id, charge_id, grant_id, lot_id, reservation_id, usage_id, cause, amount_micro, basis_from, basis_to,
      at, transfer_id)
    SELECT p_company_id, CASE WHEN c.first THEN p_usage[c.n] ELSE equihour_new_id() END,
      CASE WHEN h_grant[c.part] > 0 THEN g_id[h_grant[c.part]] END, h_lot[c.part], p_reservation[c.n], p_usage[c.n], 'delivered',
      c.amount, c.low, c.high, booked, CASE WHEN c.amount > 0 THEN h_transfer[c.part] END
    FROM unnest(c_record, c_part, c_amount, c_from, c_to, c_first) AS c(n, part, amount, low, high, first);

  FOR s IN 1 .. cardinality(r_id) LOOP
    total_gpu := total_gpu + r_gpu[s]; total_delivered := total_delivered + r_before[s];
    IF r_count[s] > 0 THEN first_slots := first_slots || s; END IF;
  END LOOP;
  -- The audit event. Its leaf covers canonical JSON (RFC 8785): members sorted, no white space. None of these texts needs escaping.
  IF cardinality(first_slots) = 1 THEN
    subject := 'Reservation:' || p_company_id || ':' || r_id[first_slots[1]];
  ELSE
    subject := 'Company:' || p_company_id;
  END IF;
  payload := '{"charged":{"cancel_fee":"0","delivered":"' || total_delivered || '","idle_reserved":"0","no_show":"0"},"gpuSeconds":"'
    || total_gpu || '","newlyEarned":"' || earned_after - earned_before || '","records":' || size
    || CASE WHEN cardinality(first_slots) = 1 THEN '' ELSE ',"reservations":[' || (
        SELECT string_agg('{"delivered":"' || r_before[x] || '","gpuSeconds":"' || r_gpu[x] || '","id":"Reservation:'
          || p_company_id || ':' || r_id[x] || '"}', ',' ORDER BY x) FROM unnest(first_slots) x) || ']' END
    || ',"returned":"0"}';
  event_id := equihour_new_id();
  at_text := regexp_replace(replace(now_at::text, ' ', 'T'), '\+00$', 'Z');
  INSERT INTO audit_event (scope_id, event_id, scope_kind, actor_id, kind, subject, at, payload, leaf_hash)
    VALUES (p_company_id, event_id, 'company', p_actor_id, 'usage.reported', subject, now_at, payload::jsonb,
      sha256('\x00'::bytea || convert_to('{"actor":"' || p_actor_id || '","at":"' || at_text || '","id":"' || event_id
        || '","kind":"usage.reported","payload":' || payload || ',"scope":{"id":"' || p_company_id
        || '","kind":"company"},"subject":"' || subject || '"}', 'UTF8')));
  RETURN QUERY SELECT res, det, uid, chg, n_stored, total_gpu, total_delivered, earned_after - earned_before;
END
$$;
REVOKE ALL ON FUNCTION usage_post(uuid, uuid[], uuid[], text[], text[], bigint[], timestamptz[], timestamptz[], text[], uuid[], uuid,
  uuid, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION usage_post(uuid, uuid[], uuid[], text[], text[], bigint[], timestamptz[], timestamptz[], text[], uuid[],
  uuid, uuid, boolean) TO equihour_app;
