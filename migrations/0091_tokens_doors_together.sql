-- Single transfers of one holder that arrive at the same time, by several people, in one call and one transaction.

-- Each call of p_calls is `ledger_door` for one transfer, in order: with its own rights, refusal and audit event. It is an object of
-- actor, event (the id of its audit event), flows, and transfer, which names its debit and its credit account.
--
-- The accounts of all calls are locked first, in id order, and only those that are free. A call whose accounts are not both
-- locked then is answered `alone`, and nothing is done of it: its caller asks `ledger_door`, which waits for them, or says that there
-- are none. So no call waits for the accounts of another. A fault undoes all calls.
CREATE FUNCTION ledger_door_each(p_holder_id uuid, p_reasons text, p_calls jsonb)
RETURNS TABLE (ordinal int, result text, detail text, amount_micro bigint)
LANGUAGE plpgsql SECURITY INVOKER
SET search_path = public, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_bitmapscan = off
SET jit = off
AS $$
DECLARE
  free uuid[];
  asked record;
BEGIN
  SELECT array_agg(a.account_id) INTO free FROM (
    SELECT account_id FROM ledger_account
    WHERE holder_id = p_holder_id AND account_id = ANY (ARRAY(
      SELECT v.id::uuid FROM jsonb_array_elements(p_calls) c
        CROSS JOIN LATERAL (VALUES (c -> 'transfer' ->> 'debit'), (c -> 'transfer' ->> 'credit')) v(id)))
    ORDER BY account_id FOR NO KEY UPDATE SKIP LOCKED) a;

  FOR asked IN
    SELECT c.n::int AS n, c.actor, c.event, c.flows, jsonb_build_array(c.transfer) AS batch,
      ARRAY[c.transfer ->> 'debit', c.transfer ->> 'credit']::uuid[] <@ free AS is_free
    FROM ROWS FROM (jsonb_to_recordset(p_calls) AS (actor uuid, event uuid, flows text[], transfer jsonb))
      WITH ORDINALITY AS c(actor, event, flows, transfer, n)
  LOOP
    IF asked.is_free THEN
      RETURN QUERY SELECT asked.n, d.result, d.detail, d.amount_micro
        FROM ledger_door(p_holder_id, asked.actor, asked.event, asked.flows, p_reasons, asked.batch) d;
    ELSE
      RETURN QUERY SELECT asked.n, 'alone', NULL::text, NULL::bigint;
    END IF;
  END LOOP;
END
$$;
REVOKE ALL ON FUNCTION ledger_door_each(uuid, text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_door_each(uuid, text, jsonb) TO equihour_app;
