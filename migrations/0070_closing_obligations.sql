-- What side letters oblige the company to: what somebody raised because no calendar dates it, and what was done.

CREATE TABLE side_obligation (
  company_id uuid NOT NULL,
  obligation_id uuid NOT NULL,
  deal_document_id uuid NOT NULL,
  kind text COLLATE "C" NOT NULL CONSTRAINT side_obligation_kind CHECK (kind IN ('BOARD_MEETING', 'INSPECTION')),
  about text NOT NULL CONSTRAINT side_obligation_about CHECK (about <> ''),
  due_on date NOT NULL,
  raised_by uuid NOT NULL CONSTRAINT side_obligation_raised_by REFERENCES person (person_id),
  raised_at timestamptz NOT NULL,
  CONSTRAINT side_obligation_pkey PRIMARY KEY (company_id, obligation_id),
  CONSTRAINT side_obligation_of FOREIGN KEY (company_id, deal_document_id)
    REFERENCES deal_document (company_id, deal_document_id)
);
COMMENT ON TABLE side_obligation IS
  'Distributed by company_id. A meeting of the board that an observer is invited to, or an inspection: due under a side letter since somebody raised it.';
-- What a side letter obliges to, beside what follows from its text.
CREATE INDEX side_obligation_of_letter ON side_obligation (company_id, deal_document_id);
SELECT equihour_append_only('side_obligation');

CREATE TABLE side_obligation_act (
  company_id uuid NOT NULL,
  deal_document_id uuid NOT NULL,
  -- Which obligation of the letter: "annual 2026-12", or "raised" and an id.
  occasion text COLLATE "C" NOT NULL CONSTRAINT side_obligation_act_occasion CHECK (occasion <> ''),
  done_on date NOT NULL,
  evidence text NOT NULL CONSTRAINT side_obligation_act_evidence CHECK (evidence <> ''),
  recorded_by uuid NOT NULL CONSTRAINT side_obligation_act_by REFERENCES person (person_id),
  recorded_at timestamptz NOT NULL,
  -- Each is done once.
  CONSTRAINT side_obligation_act_pkey PRIMARY KEY (company_id, deal_document_id, occasion),
  CONSTRAINT side_obligation_act_of FOREIGN KEY (company_id, deal_document_id)
    REFERENCES deal_document (company_id, deal_document_id)
);
COMMENT ON TABLE side_obligation_act IS
  'Distributed by company_id. An obligation of a side letter was met: on which day, what shows it, and who recorded it.';
SELECT equihour_append_only('side_obligation_act');
