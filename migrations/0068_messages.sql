-- Messages to the people of a company: what is told, and for each of them whether it went out.

CREATE TABLE message (
  company_id uuid NOT NULL,
  message_id uuid NOT NULL,
  kind text COLLATE "C" NOT NULL CONSTRAINT message_kind CHECK (kind <> ''),
  subject text COLLATE "C" NOT NULL,
  content jsonb NOT NULL,
  told_at timestamptz NOT NULL,
  CONSTRAINT message_pkey PRIMARY KEY (company_id, message_id)
);
COMMENT ON TABLE message IS
  'Distributed by company_id. What the people of a company are told, stored with what made it so. Names and addresses are not in it.';
COMMENT ON COLUMN message.subject IS 'Global id of what it is about.';
SELECT equihour_append_only('message');

CREATE TABLE message_recipient (
  company_id uuid NOT NULL,
  message_id uuid NOT NULL,
  person_id uuid NOT NULL CONSTRAINT message_recipient_person REFERENCES person (person_id),
  state text COLLATE "C" NOT NULL
    CONSTRAINT message_recipient_state CHECK (state IN ('waiting', 'sent', 'refused', 'not_sent')),
  tries integer NOT NULL DEFAULT 0 CONSTRAINT message_recipient_tries CHECK (tries >= 0),
  reason text,
  at timestamptz NOT NULL,
  CONSTRAINT message_recipient_pkey PRIMARY KEY (company_id, message_id, person_id),
  CONSTRAINT message_recipient_of FOREIGN KEY (company_id, message_id) REFERENCES message (company_id, message_id),
  CONSTRAINT message_recipient_reasoned CHECK (state NOT IN ('refused', 'not_sent') OR reason IS NOT NULL)
);
COMMENT ON TABLE message_recipient IS
  'Distributed by company_id. Whether a message went out to a person: waiting (with the last trouble), sent, refused by a mail server for good, or not sent at all.';
COMMENT ON COLUMN message_recipient.at IS 'When it came to its state, or was tried last.';
GRANT SELECT, INSERT, UPDATE ON message_recipient TO equihour_app;
-- What waits and what was refused, for whoever watches.
CREATE INDEX message_recipient_troubled ON message_recipient (state) WHERE state IN ('waiting', 'refused');
