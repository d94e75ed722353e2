-- What is sent behind something that failed waits until that was tried again. Docs: docs/adr/0061-plain-batches-in-line.md.

-- Takes a turn on a session, after another where one is named. The turn is undone with the transaction that fails, so that whoever
-- comes behind it finds that it is not their turn yet: EQ001, and nothing of theirs is done.
CREATE FUNCTION line_turn(p_after text, p_turn text) RETURNS void LANGUAGE plpgsql VOLATILE SECURITY INVOKER AS $$
BEGIN
  IF p_after IS NOT NULL AND p_after IS DISTINCT FROM current_setting('equihour.line_turn', true) THEN
    RAISE EXCEPTION 'it is not the turn of what was sent behind %', p_after USING ERRCODE = 'EQ001';
  END IF;
  PERFORM set_config('equihour.line_turn', p_turn, false);
END
$$;
REVOKE ALL ON FUNCTION line_turn(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION line_turn(text, text) TO equihour_app;
