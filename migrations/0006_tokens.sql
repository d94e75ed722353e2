-- Token classes and their supply, lots, and the double-entry ledger. Amounts are micro-tokens: 1 token = 1,000,000.

CREATE TABLE token_class (
  token_class_id uuid NOT NULL CONSTRAINT token_class_pkey PRIMARY KEY,
  provider_id uuid NOT NULL CONSTRAINT token_class_provider REFERENCES provider (provider_id),
  name text COLLATE "C" NOT NULL,
  unit text COLLATE "C" NOT NULL CONSTRAINT token_class_unit CHECK (unit IN ('H100-hour')),
  transfer_rule text COLLATE "C" NOT NULL
    CONSTRAINT token_class_transfer_rule CHECK (transfer_rule IN ('NOT_TRANSFERABLE', 'WITH_PROVIDER_CONSENT')),
  created_by uuid NOT NULL CONSTRAINT token_class_created_by REFERENCES person (person_id),
  created_at timestamptz NOT NULL,
  CONSTRAINT token_class_named_once UNIQUE (provider_id, name)
);
COMMENT ON TABLE token_class IS 'Reference. One provider''s token: 1 token is 1 H100-hour on that provider''s pools.';
GRANT SELECT, INSERT ON token_class TO equihour_app;

CREATE TABLE token_supply (
  token_class_id uuid NOT NULL CONSTRAINT token_supply_pkey PRIMARY KEY
    CONSTRAINT token_supply_class REFERENCES token_class (token_class_id),
  authorised_micro bigint NOT NULL,
  granted_micro bigint NOT NULL,
  CONSTRAINT token_supply_not_negative CHECK (granted_micro >= 0),
  CONSTRAINT token_supply_within_authority CHECK (granted_micro <= authorised_micro)
);
COMMENT ON TABLE token_supply IS
  'Distributed by token_class_id. How much of a class may be granted and how much was: the lock and the guard of every grant.';
GRANT SELECT, INSERT, UPDATE (authorised_micro, granted_micro) ON token_supply TO equihour_app;

CREATE TABLE supply_authorisation (
  token_class_id uuid NOT NULL,
  authorisation_id uuid NOT NULL,
  kind text COLLATE "C" NOT NULL CONSTRAINT supply_authorisation_kind CHECK (kind IN ('authorise', 'lapse')),
  amount_micro bigint NOT NULL,
  valid_from date NOT NULL,
  valid_until date NOT NULL,
  lapses_id uuid,
  approved_by uuid CONSTRAINT supply_authorisation_approved_by REFERENCES person (person_id),
  reason text NOT NULL,
  created_at timestamptz NOT NULL,
  CONSTRAINT supply_authorisation_pkey PRIMARY KEY (token_class_id, authorisation_id),
  CONSTRAINT supply_authorisation_supply FOREIGN KEY (token_class_id) REFERENCES token_supply (token_class_id),
  CONSTRAINT supply_authorisation_lapses FOREIGN KEY (token_class_id, lapses_id)
    REFERENCES supply_authorisation (token_class_id, authorisation_id),
  CONSTRAINT supply_authorisation_lapses_once UNIQUE (token_class_id, lapses_id),
  CONSTRAINT supply_authorisation_period CHECK (valid_from < valid_until),
  CONSTRAINT supply_authorisation_shape CHECK (
    kind = 'authorise' AND amount_micro > 0 AND lapses_id IS NULL AND approved_by IS NOT NULL
    OR kind = 'lapse' AND amount_micro <= 0 AND lapses_id IS NOT NULL)
);
COMMENT ON TABLE supply_authorisation IS
  'Distributed by token_class_id. Who authorised how much of a class for which period, and what of it lapsed unspent.';
SELECT equihour_append_only('supply_authorisation');

CREATE TABLE lot (
  company_id uuid NOT NULL CONSTRAINT lot_company REFERENCES company (company_id),
  lot_id uuid NOT NULL,
  token_class_id uuid NOT NULL CONSTRAINT lot_class REFERENCES token_class (token_class_id),
  origin text COLLATE "C" NOT NULL CONSTRAINT lot_origin CHECK (origin IN ('grant', 'top_up', 'purchase')),
  grant_id uuid,
  round_id uuid,
  vests_security_id uuid,
  amount_micro bigint NOT NULL CONSTRAINT lot_amount CHECK (amount_micro BETWEEN 1 AND 1000000000000000000),
  cost numeric(34,10) CONSTRAINT lot_cost CHECK (cost >= 0),
  cost_currency char(3),
  transfer_rule text COLLATE "C" NOT NULL
    CONSTRAINT lot_transfer_rule CHECK (transfer_rule IN ('NOT_TRANSFERABLE', 'WITH_PROVIDER_CONSENT')),
  expires_on date NOT NULL,
  draw_rank smallint NOT NULL DEFAULT 0,
  opened_at timestamptz NOT NULL,
  CONSTRAINT lot_pkey PRIMARY KEY (company_id, lot_id),
  CONSTRAINT lot_of_grant UNIQUE (company_id, grant_id),
  CONSTRAINT lot_shape CHECK ((origin = 'grant') = (grant_id IS NOT NULL) AND (cost IS NULL) = (cost_currency IS NULL))
);
COMMENT ON TABLE lot IS
  'Distributed by company_id. Tokens of one class and one origin held by a company (the holder): expiry, cost, and for a grant what they vest. expires_on is the first day on which the lot can no longer be drawn; lower draw_rank is drawn first.';
SELECT equihour_append_only('lot');

-- fillfactor: a balance changes far more often than a row is added, and stays on its page (heap-only tuples).
CREATE TABLE ledger_account (
  holder_id uuid NOT NULL,
  account_id uuid NOT NULL,
  lot_id uuid NOT NULL,
  kind text COLLATE "C" NOT NULL CONSTRAINT ledger_account_kind CHECK (kind IN ('obligation', 'locked', 'available', 'held',
    'escrow', 'charged:delivered', 'charged:idle_reserved', 'charged:no_show', 'charged:cancel_fee', 'expired', 'cancelled')),
  limit_micro bigint,
  debits_posted bigint NOT NULL DEFAULT 0,
  credits_posted bigint NOT NULL DEFAULT 0,
  debits_pending bigint NOT NULL DEFAULT 0,
  credits_pending bigint NOT NULL DEFAULT 0,
  closed_by uuid,
  opened_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  CONSTRAINT ledger_account_pkey PRIMARY KEY (holder_id, account_id),
  CONSTRAINT ledger_account_of_lot UNIQUE (holder_id, lot_id, account_id),
  CONSTRAINT ledger_account_one_of_kind UNIQUE (holder_id, lot_id, kind),
  CONSTRAINT ledger_account_lot FOREIGN KEY (holder_id, lot_id) REFERENCES lot (company_id, lot_id),
  CONSTRAINT ledger_account_limit CHECK ((kind = 'obligation') = (limit_micro IS NOT NULL)),
  CONSTRAINT ledger_account_not_negative CHECK (
    debits_posted >= 0 AND credits_posted >= 0 AND debits_pending >= 0 AND credits_pending >= 0),
  CONSTRAINT ledger_account_not_overdrawn CHECK (
    kind = 'obligation' OR credits_posted - debits_posted - debits_pending >= 0),
  CONSTRAINT ledger_account_within_grant CHECK (
    kind <> 'obligation'
    OR debits_posted + debits_pending <= limit_micro AND debits_posted - credits_posted - credits_pending >= 0)
) WITH (fillfactor = 50);
COMMENT ON TABLE ledger_account IS
  'Distributed by holder_id. Balances of a lot by kind. obligation is the contra account (what the provider owes): its debits never exceed the lot''s amount, every other account''s debits never exceed its credits.';
GRANT SELECT, INSERT, UPDATE (debits_posted, credits_posted, debits_pending, credits_pending, closed_by, changed_at)
  ON ledger_account TO equihour_app;

CREATE TABLE transfer (
  holder_id uuid NOT NULL,
  transfer_id uuid NOT NULL,
  lot_id uuid NOT NULL,
  debit_account_id uuid NOT NULL,
  credit_account_id uuid NOT NULL,
  amount_micro bigint NOT NULL CONSTRAINT transfer_amount CHECK (amount_micro BETWEEN 0 AND 1000000000000000000),
  asked_micro bigint,
  kind text COLLATE "C" NOT NULL CONSTRAINT transfer_kind
    CHECK (kind IN ('posted', 'pending', 'post_pending', 'void_pending', 'expire_pending')),
  pending_id uuid,
  expires_at timestamptz,
  balancing text COLLATE "C" CONSTRAINT transfer_balancing CHECK (balancing IN ('debit', 'credit')),
  closing text COLLATE "C" CONSTRAINT transfer_closing CHECK (closing IN ('debit', 'credit')),
  reverses_id uuid,
  reason text COLLATE "C" NOT NULL CONSTRAINT transfer_reason CHECK (reason ~ '^[a-z][a-z_]{0,39}$'),
  subject text COLLATE "C",
  linked_batch uuid,
  created_at timestamptz NOT NULL,
  CONSTRAINT transfer_pkey PRIMARY KEY (holder_id, transfer_id),
  -- The lot is part of both keys: no transfer can move tokens from one lot to another, so every lot is conserved.
  CONSTRAINT transfer_debit FOREIGN KEY (holder_id, lot_id, debit_account_id)
    REFERENCES ledger_account (holder_id, lot_id, account_id),
  CONSTRAINT transfer_credit FOREIGN KEY (holder_id, lot_id, credit_account_id)
    REFERENCES ledger_account (holder_id, lot_id, account_id),
  CONSTRAINT transfer_pending FOREIGN KEY (holder_id, pending_id) REFERENCES transfer (holder_id, transfer_id),
  CONSTRAINT transfer_reverses FOREIGN KEY (holder_id, reverses_id) REFERENCES transfer (holder_id, transfer_id),
  CONSTRAINT transfer_two_accounts CHECK (debit_account_id <> credit_account_id),
  CONSTRAINT transfer_resolves CHECK ((kind IN ('post_pending', 'void_pending', 'expire_pending')) = (pending_id IS NOT NULL)),
  CONSTRAINT transfer_expiry CHECK (expires_at IS NULL OR kind = 'pending')
);
COMMENT ON TABLE transfer IS
  'Distributed by holder_id. Every movement of tokens: one row with the account debited and the account credited, so that sums are zero by construction. asked_micro is the amount as the caller gave it, before balancing or "in full".';
-- A pending transfer is posted, voided or expired at most once.
CREATE UNIQUE INDEX transfer_resolves_once ON transfer (holder_id, pending_id) WHERE pending_id IS NOT NULL;
-- A transfer is reversed at most once.
CREATE UNIQUE INDEX transfer_reverses_once ON transfer (holder_id, reverses_id) WHERE reverses_id IS NOT NULL;
-- The list of a holder, newest first, by keyset.
CREATE INDEX transfer_by_time ON transfer (holder_id, created_at, transfer_id);
-- The other members of a linked chain, to answer a charge that is asked again.
CREATE INDEX transfer_by_chain ON transfer (holder_id, linked_batch) WHERE linked_batch IS NOT NULL;
SELECT equihour_append_only('transfer');

-- Which pending transfers are unresolved. Rows leave when they are resolved, so that looking for what has expired costs
-- the same however long the history is.
CREATE TABLE open_pending (
  holder_id uuid NOT NULL,
  transfer_id uuid NOT NULL,
  expires_at timestamptz,
  CONSTRAINT open_pending_pkey PRIMARY KEY (holder_id, transfer_id),
  CONSTRAINT open_pending_transfer FOREIGN KEY (holder_id, transfer_id) REFERENCES transfer (holder_id, transfer_id)
);
COMMENT ON TABLE open_pending IS 'Distributed by holder_id. Pending transfers that are not yet posted, voided or expired.';
-- What has expired, oldest first.
CREATE INDEX open_pending_due ON open_pending (holder_id, expires_at);
GRANT SELECT, INSERT, DELETE ON open_pending TO equihour_app;

CREATE TABLE release_plan (
  company_id uuid NOT NULL,
  lot_id uuid NOT NULL,
  release_on date NOT NULL,
  amount_micro bigint NOT NULL CONSTRAINT release_plan_amount CHECK (amount_micro > 0),
  released_transfer_id uuid,
  CONSTRAINT release_plan_pkey PRIMARY KEY (company_id, lot_id, release_on),
  CONSTRAINT release_plan_lot FOREIGN KEY (company_id, lot_id) REFERENCES lot (company_id, lot_id),
  CONSTRAINT release_plan_transfer FOREIGN KEY (company_id, released_transfer_id)
    REFERENCES transfer (holder_id, transfer_id)
);
COMMENT ON TABLE release_plan IS
  'Distributed by company_id. When locked tokens of a lot become available, and the transfer that released them.';
-- What is due.
CREATE INDEX release_plan_due ON release_plan (company_id, release_on) WHERE released_transfer_id IS NULL;
GRANT SELECT, INSERT, UPDATE (released_transfer_id) ON release_plan TO equihour_app;

CREATE TABLE token_hold (
  company_id uuid NOT NULL CONSTRAINT token_hold_company REFERENCES company (company_id),
  hold_id uuid NOT NULL,
  token_class_id uuid NOT NULL CONSTRAINT token_hold_class REFERENCES token_class (token_class_id),
  amount_micro bigint NOT NULL CONSTRAINT token_hold_amount CHECK (amount_micro > 0),
  state text COLLATE "C" NOT NULL CONSTRAINT token_hold_state CHECK (state IN ('pending', 'posted', 'closed', 'voided', 'expired')),
  expires_at timestamptz NOT NULL,
  opened_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  CONSTRAINT token_hold_pkey PRIMARY KEY (company_id, hold_id)
);
COMMENT ON TABLE token_hold IS
  'Distributed by company_id. Tokens set aside for something: pending, then posted by the first usage and closed when what is left was returned; or voided, or expired.';
-- Holds that nobody decided in time.
CREATE INDEX token_hold_due ON token_hold (company_id, expires_at) WHERE state = 'pending';
GRANT SELECT, INSERT, UPDATE (state, changed_at) ON token_hold TO equihour_app;

CREATE TABLE token_hold_lot (
  company_id uuid NOT NULL,
  hold_id uuid NOT NULL,
  draw_order smallint NOT NULL,
  lot_id uuid NOT NULL,
  amount_micro bigint NOT NULL CONSTRAINT token_hold_lot_amount CHECK (amount_micro > 0),
  charged_micro bigint NOT NULL DEFAULT 0,
  pending_transfer_id uuid NOT NULL,
  CONSTRAINT token_hold_lot_pkey PRIMARY KEY (company_id, hold_id, draw_order),
  CONSTRAINT token_hold_lot_once UNIQUE (company_id, hold_id, lot_id),
  CONSTRAINT token_hold_lot_hold FOREIGN KEY (company_id, hold_id) REFERENCES token_hold (company_id, hold_id),
  CONSTRAINT token_hold_lot_lot FOREIGN KEY (company_id, lot_id) REFERENCES lot (company_id, lot_id),
  CONSTRAINT token_hold_lot_pending FOREIGN KEY (company_id, pending_transfer_id)
    REFERENCES transfer (holder_id, transfer_id),
  -- A hold's charges never exceed the hold: its neighbours' tokens lie in the same account.
  CONSTRAINT token_hold_lot_within CHECK (charged_micro BETWEEN 0 AND amount_micro)
);
COMMENT ON TABLE token_hold_lot IS
  'Distributed by company_id. From which lots a hold drew, in the order of drawing, and how much of each was charged.';
GRANT SELECT, INSERT, UPDATE (charged_micro) ON token_hold_lot TO equihour_app;

-- One event of a batch, as ledger_post reads it. amount NULL means in full (post_pending, void_pending).
CREATE TYPE ledger_item AS (
  id uuid, kind text, debit uuid, credit uuid, amount bigint, pending_id uuid, expires_at timestamptz, reason text,
  subject text, linked boolean, balancing text, closing text, reverses_id uuid
);

-- What two events of the same id differ in, or NULL. An event that resolves a pending transfer may leave its accounts out.
CREATE FUNCTION ledger_difference(new ledger_item, old ledger_item) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN new.kind IS DISTINCT FROM old.kind THEN 'kind'
    WHEN new.debit <> old.debit OR new.debit IS NULL AND old.pending_id IS NULL THEN 'debit'
    WHEN new.credit <> old.credit OR new.credit IS NULL AND old.pending_id IS NULL THEN 'credit'
    WHEN new.amount IS DISTINCT FROM old.amount THEN 'amount'
    WHEN new.pending_id IS DISTINCT FROM old.pending_id THEN 'pending_id'
    WHEN new.expires_at IS DISTINCT FROM old.expires_at THEN 'expires_at'
    WHEN new.reason IS DISTINCT FROM old.reason THEN 'reason'
    WHEN new.subject IS DISTINCT FROM old.subject THEN 'subject'
    WHEN new.balancing IS DISTINCT FROM old.balancing THEN 'balancing'
    WHEN new.closing IS DISTINCT FROM old.closing THEN 'closing'
    WHEN new.reverses_id IS DISTINCT FROM old.reverses_id THEN 'reverses_id'
  END
$$;

-- What is wrong with the shape of an event, or NULL.
CREATE FUNCTION ledger_malformed(item ledger_item) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN item.id IS NULL THEN 'id'
    WHEN item.kind IS NULL OR item.kind NOT IN ('posted', 'pending', 'post_pending', 'void_pending', 'expire_pending') THEN 'kind'
    WHEN item.reason IS NULL OR item.reason !~ '^[a-z][a-z_]{0,39}$' THEN 'reason'
    WHEN length(item.subject) > 200 THEN 'subject'
    WHEN item.amount > 1000000000000000000 THEN 'amount'
    WHEN item.kind IN ('posted', 'pending') THEN CASE
      WHEN item.pending_id IS NOT NULL THEN 'pending_id'
      WHEN item.amount IS NULL AND item.balancing IS NULL THEN 'amount'
      WHEN item.balancing NOT IN ('debit', 'credit') THEN 'balancing'
      WHEN item.closing NOT IN ('debit', 'credit') OR item.closing IS NOT NULL AND item.kind = 'posted' THEN 'closing'
      WHEN item.expires_at IS NOT NULL AND item.kind = 'posted' THEN 'expires_at' END
    WHEN item.pending_id IS NULL THEN 'pending_id'
    WHEN item.expires_at IS NOT NULL THEN 'expires_at'
    WHEN item.balancing IS NOT NULL THEN 'balancing'
    WHEN item.closing IS NOT NULL THEN 'closing'
    WHEN item.reverses_id IS NOT NULL THEN 'reverses_id'
  END
$$;

-- Posts a batch of transfers of one holder: the only writer of transfer and of balances.
--
-- One row is answered per event, in order: `created`, `exists` (the same event was posted before: nothing is done), or an
-- error, with what it is about in `detail`. A failed event changes nothing and does not stop the others, except in its
-- chain: events up to and including the first without `linked` form a chain, which happens whole or not at all.
--
-- Errors: id_reused(field) malformed(field) amount_not_positive same_account account_missing(side) other_lot
-- account_closed(side) would_overdraw(what is left) overflows expires_in_past pending_missing pending_not_pending
-- pending_differs(field) exceeds_pending(its amount) pending_already_posted pending_already_voided pending_expired
-- pending_not_due reverses_missing reverses_differs(field) already_reversed linked_chain_broken(ordinal of the culprit)
-- linked_chain_open.
--
-- Accounts are locked in id order, changed in memory, written, and only then are rows inserted that refer to them.
-- Instants of creation rise strictly along each account whatever the callers' clocks say, so that history as of an
-- instant is a prefix of history.
CREATE FUNCTION ledger_post(p_holder_id uuid, p_batch jsonb, p_at timestamptz)
RETURNS TABLE (ordinal int, result text, detail text, amount_micro bigint)
LANGUAGE plpgsql SECURITY INVOKER
SET search_path = public, pg_temp
-- Plans are made once a session and kept: they must not depend on how large the tables are at that moment (nor may those
-- of the foreign keys, which are checked in here), and planning or compiling anew costs more than a transfer.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_bitmapscan = off
SET jit = off
AS $$
DECLARE
  items ledger_item[];
  size int;
  wanted uuid[];
  -- The locked accounts, by slot. p is posted, q is pending: dp, cp, dq, cq are the four balances.
  ids uuid[]; lots uuid[]; caps bigint[]; shut uuid[]; touched boolean[];
  dp bigint[]; cp bigint[]; dq bigint[]; cq bigint[];
  base timestamptz;
  -- What is applied, by its number. id_slot and pending_slot number the ids that occur in the batch.
  done int := 0;
  a_item int[] := '{}'; a_amount bigint[] := '{}'; a_debit int[] := '{}'; a_credit int[] := '{}'; a_chain uuid[] := '{}';
  a_id_slot int[] := '{}'; a_pending_slot int[] := '{}';
  -- By slot of an id: the number under which this batch made it, and how this batch resolved it.
  made int[]; settled text[];
  -- The answers, by ordinal.
  res text[]; det text[]; amt bigint[];
  -- The chain that the current event belongs to, and the state to go back to if it breaks.
  chain_from int := 0; chain_id uuid; chain_done int; chain_exists int; broken int;
  s_dp bigint[]; s_cp bigint[]; s_dq bigint[]; s_cq bigint[]; s_shut uuid[];
  r record; p record; item ledger_item;
  err text; about text; moved bigint; room bigint; d int; c int; k int;
  promises boolean := false; resolutions boolean := false;
BEGIN
  SELECT array_agg(ROW(i.id, i.kind, i.debit, i.credit, i.amount, i.pending_id, i.expires_at, i.reason, i.subject,
      coalesce(i.linked, false), i.balancing, i.closing, i.reverses_id)::ledger_item ORDER BY i.n)
    INTO items
    FROM ROWS FROM (jsonb_to_recordset(p_batch) AS (id uuid, kind text, debit uuid, credit uuid, amount bigint,
      pending_id uuid, expires_at timestamptz, reason text, subject text, linked boolean, balancing text, closing text,
      reverses_id uuid)) WITH ORDINALITY AS i(id, kind, debit, credit, amount, pending_id, expires_at, reason, subject,
      linked, balancing, closing, reverses_id, n);
  size := coalesce(cardinality(items), 0);
  IF size = 0 THEN RETURN; END IF;

  SELECT array_agg(DISTINCT w.id) INTO wanted FROM (
    SELECT v.id FROM unnest(items) i CROSS JOIN LATERAL (VALUES (i.debit), (i.credit)) v(id)
    UNION ALL
    SELECT v.id FROM unnest(items) i
      CROSS JOIN LATERAL (SELECT t.debit_account_id, t.credit_account_id FROM transfer t
        WHERE t.holder_id = p_holder_id AND t.transfer_id = i.pending_id LIMIT 1) t
      CROSS JOIN LATERAL (VALUES (t.debit_account_id), (t.credit_account_id)) v(id)
      WHERE i.pending_id IS NOT NULL) w;
  SELECT array_agg(a.account_id), array_agg(a.lot_id), array_agg(a.limit_micro), array_agg(a.closed_by),
      array_agg(a.debits_posted), array_agg(a.credits_posted), array_agg(a.debits_pending), array_agg(a.credits_pending),
      array_agg(false), greatest(p_at, max(a.changed_at))
    INTO ids, lots, caps, shut, dp, cp, dq, cq, touched, base
    FROM (SELECT * FROM ledger_account WHERE holder_id = p_holder_id AND account_id = ANY (wanted)
      ORDER BY account_id FOR NO KEY UPDATE) a;

  made := array_fill(0, ARRAY[2 * size]);
  settled := array_fill(NULL::text, ARRAY[2 * size]);
  res := array_fill(NULL::text, ARRAY[size]); det := res; amt := array_fill(NULL::bigint, ARRAY[size]);

  FOR r IN
    WITH event AS MATERIALIZED (
      SELECT i.n::int AS n, i.id, i.pending_id, i.debit, i.credit FROM unnest(items) WITH ORDINALITY AS i(id, kind, debit,
        credit, amount, pending_id, expires_at, reason, subject, linked, balancing, closing, reverses_id, n)
    ), slot AS MATERIALIZED (
      SELECT u.id, row_number() OVER ()::int AS slot FROM (SELECT id FROM event UNION SELECT pending_id FROM event) u
    ), account AS MATERIALIZED (
      SELECT a.id, a.slot::int AS slot FROM unnest(ids) WITH ORDINALITY AS a(id, slot)
    )
    SELECT event.n, own.slot AS id_slot, other.slot AS pending_slot, debit.slot AS debit, credit.slot AS credit,
      old.body AS old, old.moved AS old_moved, old.chain AS old_chain,
      pending.kind AS pending_kind, pending.amount_micro AS pending_amount, pending.expires_at AS pending_expires,
      pending.closing AS pending_closing, pending_debit.slot AS pending_debit, pending_credit.slot AS pending_credit,
      resolving.kind AS resolved_by
    FROM event
      LEFT JOIN slot own ON own.id = event.id
      LEFT JOIN slot other ON other.id = event.pending_id
      LEFT JOIN account debit ON debit.id = event.debit
      LEFT JOIN account credit ON credit.id = event.credit
      LEFT JOIN LATERAL (
        SELECT ROW(t.transfer_id, t.kind, t.debit_account_id, t.credit_account_id, t.asked_micro, t.pending_id,
          t.expires_at, t.reason, t.subject, t.linked_batch IS NOT NULL, t.balancing, t.closing,
          t.reverses_id)::ledger_item AS body, t.amount_micro AS moved, t.linked_batch AS chain
        FROM transfer t WHERE t.holder_id = p_holder_id AND t.transfer_id = event.id LIMIT 1) old ON true
      LEFT JOIN LATERAL (
        SELECT t.* FROM transfer t
        WHERE t.holder_id = p_holder_id AND t.transfer_id = event.pending_id LIMIT 1) pending ON true
      LEFT JOIN account pending_debit ON pending_debit.id = pending.debit_account_id
      LEFT JOIN account pending_credit ON pending_credit.id = pending.credit_account_id
      LEFT JOIN LATERAL (
        SELECT t.kind FROM transfer t
        WHERE t.holder_id = p_holder_id AND t.pending_id = event.pending_id LIMIT 1) resolving ON true
    ORDER BY event.n
  LOOP
    item := items[r.n];
    err := NULL; about := NULL; moved := NULL; k := coalesce(made[r.id_slot], 0);
    IF chain_from = 0 AND item.linked THEN
      chain_from := r.n; chain_id := item.id; chain_done := done; chain_exists := 0; broken := NULL;
      s_dp := dp; s_cp := cp; s_dq := dq; s_cq := cq; s_shut := shut;
    END IF;

    <<event>>
    BEGIN
      IF chain_from > 0 AND broken IS NOT NULL THEN err := 'linked_chain_broken'; about := broken; EXIT event; END IF;
      about := ledger_malformed(item);
      IF about IS NOT NULL THEN err := 'malformed'; EXIT event; END IF;

      -- The same id again: the same event is answered as before, another is refused.
      IF k > 0 OR r.old_moved IS NOT NULL THEN
        about := ledger_difference(item, CASE WHEN k > 0 THEN items[a_item[k]] ELSE r.old END);
        -- (CASE in an IF stands in parentheses: its THEN would end the condition.)
        IF about IS NULL AND (CASE WHEN k > 0 THEN a_chain[k] ELSE r.old_chain END)
          IS DISTINCT FROM (CASE WHEN chain_from > 0 THEN chain_id END) THEN about := 'linked'; END IF;
        err := CASE WHEN about IS NULL THEN 'exists' ELSE 'id_reused' END;
        moved := CASE WHEN k > 0 THEN a_amount[k] ELSE r.old_moved END;
        EXIT event;
      END IF;

      IF item.kind IN ('posted', 'pending') THEN
        d := r.debit; c := r.credit; moved := item.amount;
        IF item.debit = item.credit THEN err := 'same_account'; EXIT event; END IF;
        IF d IS NULL OR c IS NULL THEN
          err := 'account_missing'; about := CASE WHEN d IS NULL THEN 'debit' ELSE 'credit' END; EXIT event;
        END IF;
        IF lots[d] <> lots[c] THEN err := 'other_lot'; EXIT event; END IF;
        IF shut[d] IS NOT NULL OR shut[c] IS NOT NULL THEN
          err := 'account_closed'; about := CASE WHEN shut[d] IS NOT NULL THEN 'debit' ELSE 'credit' END; EXIT event;
        END IF;
        IF item.expires_at <= p_at THEN err := 'expires_in_past'; EXIT event; END IF;
        IF item.reverses_id IS NOT NULL THEN
          -- Undoes one stored transfer, in whole or in part, once.
          SELECT t.debit_account_id AS debit, t.credit_account_id AS credit, t.amount_micro AS amount,
              EXISTS (SELECT FROM transfer z WHERE z.holder_id = p_holder_id AND z.reverses_id = t.transfer_id)
              OR EXISTS (SELECT FROM unnest(a_item[1:done]) u WHERE (items[u]).reverses_id = t.transfer_id) AS reversed
            INTO p FROM transfer t
            WHERE t.holder_id = p_holder_id AND t.transfer_id = item.reverses_id AND t.kind IN ('posted', 'post_pending');
          IF NOT FOUND THEN err := 'reverses_missing'; EXIT event; END IF;
          about := CASE WHEN item.kind <> 'posted' THEN 'kind' WHEN item.debit <> p.credit THEN 'debit'
            WHEN item.credit <> p.debit THEN 'credit' WHEN item.amount > p.amount THEN 'amount' END;
          IF about IS NOT NULL THEN err := 'reverses_differs'; EXIT event; END IF;
          IF p.reversed THEN err := 'already_reversed'; EXIT event; END IF;
          moved := coalesce(moved, p.amount);
        END IF;
        -- What the debit account may still give. The contra account's credits are bounded by its own debits as well.
        room := coalesce(caps[d], cp[d]) - dp[d] - dq[d];
        IF item.balancing = 'debit' THEN moved := least(moved, room); END IF;
        IF item.balancing = 'credit' THEN moved := least(moved, dp[c] - cp[c] - cq[c]); END IF;
        IF moved <= 0 AND item.balancing IS NULL AND NOT (moved = 0 AND item.closing IS NOT NULL) THEN
          err := 'amount_not_positive'; EXIT event;
        END IF;
        IF caps[c] IS NOT NULL THEN room := least(room, dp[c] - cp[c] - cq[c]); END IF;
        IF moved > room OR moved <= 0 AND item.balancing IS NOT NULL THEN
          err := 'would_overdraw'; about := room; EXIT event;
        END IF;
        IF greatest(dp[d] + dq[d], cp[c] + cq[c]) > 8000000000000000000 THEN err := 'overflows'; EXIT event; END IF;
        IF item.kind = 'posted' THEN
          dp[d] := dp[d] + moved; cp[c] := cp[c] + moved;
        ELSE
          promises := true;
          dq[d] := dq[d] + moved; cq[c] := cq[c] + moved;
          IF item.closing = 'debit' THEN shut[d] := item.id; ELSIF item.closing = 'credit' THEN shut[c] := item.id; END IF;
        END IF;
      ELSE
        -- The pending transfer: made by this batch, or stored. One made by somebody else since we locked is not there yet.
        k := made[r.pending_slot];
        IF k > 0 THEN
          d := a_debit[k]; c := a_credit[k];
          SELECT q.kind, a_amount[k] AS amount, q.expires_at AS expires, q.closing, settled[r.pending_slot] AS resolved_by
            INTO p FROM (SELECT (items[a_item[k]]).*) q;
        ELSE
          d := r.pending_debit; c := r.pending_credit;
          SELECT r.pending_kind AS kind, r.pending_amount AS amount, r.pending_expires AS expires,
            r.pending_closing AS closing, coalesce(settled[r.pending_slot], r.resolved_by) AS resolved_by INTO p;
        END IF;
        IF d IS NULL OR c IS NULL THEN err := 'pending_missing'; EXIT event; END IF;
        IF p.kind <> 'pending' THEN err := 'pending_not_pending'; EXIT event; END IF;
        about := CASE WHEN item.debit <> ids[d] THEN 'debit' WHEN item.credit <> ids[c] THEN 'credit'
          WHEN item.kind <> 'post_pending' AND item.amount <> p.amount THEN 'amount' END;
        IF about IS NOT NULL THEN err := 'pending_differs'; EXIT event; END IF;
        err := CASE p.resolved_by WHEN 'post_pending' THEN 'pending_already_posted'
          WHEN 'void_pending' THEN 'pending_already_voided' WHEN 'expire_pending' THEN 'pending_expired' END;
        IF err IS NOT NULL THEN EXIT event; END IF;
        IF item.kind = 'expire_pending' AND coalesce(p.expires > p_at, true) THEN err := 'pending_not_due'; EXIT event; END IF;
        IF item.kind <> 'expire_pending' AND p.expires <= p_at THEN err := 'pending_expired'; EXIT event; END IF;
        moved := CASE WHEN item.kind = 'post_pending' THEN coalesce(item.amount, p.amount) ELSE p.amount END;
        IF item.kind = 'post_pending' THEN
          IF moved > p.amount THEN err := 'exceeds_pending'; about := p.amount; EXIT event; END IF;
          IF moved <= 0 THEN err := 'amount_not_positive'; EXIT event; END IF;
          IF shut[d] IS NOT NULL OR shut[c] IS NOT NULL THEN
            err := 'account_closed'; about := CASE WHEN shut[d] IS NOT NULL THEN 'debit' ELSE 'credit' END; EXIT event;
          END IF;
          dp[d] := dp[d] + moved; cp[c] := cp[c] + moved;
        ELSIF p.closing = 'debit' THEN shut[d] := NULL;
        ELSIF p.closing = 'credit' THEN shut[c] := NULL;
        END IF;
        dq[d] := dq[d] - p.amount; cq[c] := cq[c] - p.amount;
        settled[r.pending_slot] := item.kind;
        resolutions := true;
        -- A retry within the batch is held to the accounts it moved, like one of a stored transfer.
        item.debit := ids[d]; item.credit := ids[c]; items[r.n] := item;
      END IF;

      done := done + 1;
      a_item[done] := r.n; a_amount[done] := moved; a_debit[done] := d; a_credit[done] := c;
      a_id_slot[done] := r.id_slot;
      a_pending_slot[done] := r.pending_slot;
      a_chain[done] := CASE WHEN chain_from > 0 THEN chain_id END;
      touched[d] := true; touched[c] := true;
      made[r.id_slot] := done;
    END event;

    res[r.n] := coalesce(err, 'created'); det[r.n] := about;
    IF err IS NULL OR err = 'exists' THEN amt[r.n] := moved; END IF;

    IF chain_from > 0 AND broken IS NULL THEN
      k := NULL;
      IF err = 'exists' THEN
        chain_exists := chain_exists + 1;
      ELSIF err IS NOT NULL THEN
        k := r.n;
      END IF;
      IF k IS NULL AND item.linked AND r.n = size THEN
        k := r.n; res[k] := 'linked_chain_open'; det[k] := NULL;
      ELSIF k IS NULL AND NOT item.linked AND chain_exists NOT IN (0, r.n - chain_from + 1) THEN
        -- A chain that holds some old events and some new is not the chain that was posted.
        k := r.n; res[k] := 'id_reused'; det[k] := 'linked';
      END IF;
      IF k IS NOT NULL THEN
        broken := k; amt[k] := NULL;
        dp := s_dp; cp := s_cp; dq := s_dq; cq := s_cq; shut := s_shut;
        FOR j IN chain_done + 1 .. done LOOP
          made[a_id_slot[j]] := 0;
          IF a_pending_slot[j] IS NOT NULL THEN settled[a_pending_slot[j]] := NULL; END IF;
        END LOOP;
        done := chain_done;
        FOR j IN chain_from .. k - 1 LOOP
          res[j] := 'linked_chain_broken'; det[j] := k; amt[j] := NULL;
        END LOOP;
      END IF;
    END IF;
    IF NOT item.linked THEN chain_from := 0; END IF;
  END LOOP;

  IF done > 0 THEN
    UPDATE ledger_account a
      SET debits_posted = u.dp, credits_posted = u.cp, debits_pending = u.dq, credits_pending = u.cq,
        closed_by = u.shut, changed_at = base + done * interval '1 microsecond'
      FROM unnest(ids, dp, cp, dq, cq, shut, touched) AS u(id, dp, cp, dq, cq, shut, touched)
      WHERE a.holder_id = p_holder_id AND a.account_id = u.id AND u.touched;
    INSERT INTO transfer (holder_id, transfer_id, lot_id, debit_account_id, credit_account_id, amount_micro, asked_micro,
        kind, pending_id, expires_at, balancing, closing, reverses_id, reason, subject, linked_batch, created_at)
      SELECT p_holder_id, i.id, lots[u.debit], ids[u.debit], ids[u.credit], u.amount, i.amount, i.kind, i.pending_id,
        i.expires_at, i.balancing, i.closing, i.reverses_id, i.reason, i.subject, u.chain,
        base + u.k * interval '1 microsecond'
      FROM unnest(a_item[1:done], a_amount[1:done], a_debit[1:done], a_credit[1:done], a_chain[1:done])
          WITH ORDINALITY AS u(item, amount, debit, credit, chain, k)
        JOIN unnest(items) WITH ORDINALITY AS i(id, kind, debit, credit, amount, pending_id, expires_at, reason, subject,
          linked, balancing, closing, reverses_id, n) ON i.n = u.item
      ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS k = ROW_COUNT;
    IF k <> done THEN
      -- Somebody else posted one of these ids to other accounts in this very moment: ask again, and it is `id_reused`.
      RAISE EXCEPTION 'a transfer of the same id was posted at the same time' USING ERRCODE = 'serialization_failure';
    END IF;
    IF promises THEN
      INSERT INTO open_pending (holder_id, transfer_id, expires_at)
        SELECT p_holder_id, (items[u.item]).id, (items[u.item]).expires_at
        FROM unnest(a_item[1:done], a_id_slot[1:done]) AS u(item, id_slot)
        WHERE (items[u.item]).kind = 'pending' AND settled[u.id_slot] IS NULL;
    END IF;
    IF resolutions THEN
      DELETE FROM open_pending o
        WHERE o.holder_id = p_holder_id AND o.transfer_id IN (
          SELECT (items[u.item]).pending_id FROM unnest(a_item[1:done], a_pending_slot[1:done]) AS u(item, pending_slot)
          WHERE u.pending_slot IS NOT NULL);
    END IF;
  END IF;
  RETURN QUERY SELECT o.n::int, o.result, o.detail, o.amount
    FROM unnest(res, det, amt) WITH ORDINALITY AS o(result, detail, amount, n);
END
$$;
REVOKE ALL ON FUNCTION ledger_post(uuid, jsonb, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_post(uuid, jsonb, timestamptz) TO equihour_app;

-- Expires the pending transfers of a holder whose time is over, at most 1,000, oldest first. Answers how many.
CREATE FUNCTION ledger_expire(p_holder_id uuid, p_at timestamptz) RETURNS int
LANGUAGE plpgsql SECURITY INVOKER
SET search_path = public, pg_temp
AS $$
DECLARE
  batch jsonb;
BEGIN
  SELECT jsonb_agg(jsonb_build_object('id', gen_random_uuid(), 'kind', 'expire_pending', 'pending_id', due.transfer_id,
      'reason', 'expired')) INTO batch
    FROM (SELECT transfer_id FROM open_pending WHERE holder_id = p_holder_id AND expires_at <= p_at
      ORDER BY expires_at, transfer_id LIMIT 1000) due;
  IF batch IS NULL THEN RETURN 0; END IF;
  RETURN (SELECT count(*) FROM ledger_post(p_holder_id, batch, p_at) WHERE result = 'created');
END
$$;
REVOKE ALL ON FUNCTION ledger_expire(uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_expire(uuid, timestamptz) TO equihour_app;
