-- The public door of the ledger: a batch of transfers with its rights, its audit event and its answers, in one call.

-- Posts a batch of one holder's transfers for somebody: `ledger_post`, and in the same statement who did it.
--
-- p_flows are the flows that the caller may post, as '<kind debited>><kind credited>'. An event of another flow, or one
-- that resolves or undoes what a use case of the house posted (p_reasons is the pattern of all other reasons), is answered
-- `not_permitted` with the flow or the reason, and breaks its chain like any other refusal. So is an event whose kind says
-- so: the caller has found it out before.
--
-- The audit event is written only where something was created. Its leaf is the SHA-256 of the canonical JSON that
-- api/platform/audit.ts would write (RFC 8785: members sorted; no text in it needs an escape). No row at all is answered
-- when there is no such company.
CREATE FUNCTION ledger_door(p_holder_id uuid, p_actor_id uuid, p_event_id uuid, p_flows text[], p_reasons text, p_batch jsonb)
RETURNS TABLE (ordinal int, result text, detail text, amount_micro bigint)
LANGUAGE plpgsql SECURITY INVOKER
SET search_path = public, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_bitmapscan = off
SET jit = off
AS $$
DECLARE
  at timestamptz := equihour_now();
  barred jsonb;
  batch jsonb := p_batch;
  res text[]; det text[]; amt bigint[]; ids text[];
  payload text; leaf text; moment text;
BEGIN
  IF NOT EXISTS (SELECT FROM company WHERE company_id = p_holder_id) THEN RETURN; END IF;

  SELECT jsonb_object_agg(b.n, b.why) FILTER (WHERE b.why IS NOT NULL) INTO barred FROM (
    SELECT i.n, CASE
        WHEN i.kind = 'not_permitted' THEN i.reason
        WHEN p.reason !~ p_reasons THEN p.reason
        WHEN u.reason !~ p_reasons THEN u.reason
        WHEN d.lot_id = c.lot_id AND d.account_id <> c.account_id AND d.kind || '>' || c.kind <> ALL (p_flows) THEN d.kind || '>' || c.kind
      END AS why
    FROM ROWS FROM (jsonb_to_recordset(p_batch) AS (kind text, reason text, debit uuid, credit uuid, pending_id uuid,
        reverses_id uuid)) WITH ORDINALITY AS i(kind, reason, debit, credit, pending_id, reverses_id, n)
      LEFT JOIN transfer p ON p.holder_id = p_holder_id AND p.transfer_id = i.pending_id
      LEFT JOIN transfer u ON u.holder_id = p_holder_id AND u.transfer_id = i.reverses_id
      LEFT JOIN ledger_account d ON d.holder_id = p_holder_id AND d.account_id = coalesce(p.debit_account_id, i.debit)
      LEFT JOIN ledger_account c ON c.holder_id = p_holder_id AND c.account_id = coalesce(p.credit_account_id, i.credit)
  ) b;
  IF barred IS NOT NULL THEN
    SELECT jsonb_agg(CASE WHEN barred ? i.n::text THEN i.event || '{"kind": "not_permitted"}' ELSE i.event END ORDER BY i.n)
      INTO batch FROM jsonb_array_elements(p_batch) WITH ORDINALITY AS i(event, n);
  END IF;

  SELECT array_agg(p.result ORDER BY p.ordinal), array_agg(p.detail ORDER BY p.ordinal),
      array_agg(p.amount_micro ORDER BY p.ordinal),
      array_agg(p_batch -> (p.ordinal - 1) ->> 'id' ORDER BY p.ordinal) FILTER (WHERE p.result = 'created')
    INTO res, det, amt, ids
    FROM ledger_post(p_holder_id, batch, at) p;

  IF ids IS NOT NULL THEN
    payload := format('{"transfers":["%s"]}', array_to_string(ids, '","'));
    moment := replace((at AT TIME ZONE 'UTC')::text, ' ', 'T') || 'Z';
    leaf := format('{"actor":"%s","at":"%s","id":"%s","kind":"transfers.posted","payload":%s,'
      '"scope":{"id":"%s","kind":"company"},"subject":"Company:%s"}',
      p_actor_id, moment, p_event_id, payload, p_holder_id, p_holder_id);
    INSERT INTO audit_event (scope_id, event_id, scope_kind, actor_id, kind, subject, at, payload, leaf_hash)
      VALUES (p_holder_id, p_event_id, 'company', p_actor_id, 'transfers.posted', 'Company:' || p_holder_id, at,
        payload::jsonb, sha256('\x00'::bytea || convert_to(leaf, 'UTF8')));
  END IF;

  RETURN QUERY SELECT o.n::int,
      CASE WHEN o.result = 'malformed' AND barred ? o.n::text THEN 'not_permitted' ELSE o.result END,
      CASE WHEN o.result = 'malformed' AND barred ? o.n::text THEN barred ->> o.n::text ELSE o.detail END, o.amount
    FROM unnest(res, det, amt) WITH ORDINALITY AS o(result, detail, amount, n);
END
$$;
REVOKE ALL ON FUNCTION ledger_door(uuid, uuid, uuid, text[], text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_door(uuid, uuid, uuid, text[], text, jsonb) TO equihour_app;
