-- Reminders of what side letters oblige the company to.

CREATE TABLE side_obligation_notice (
  company_id uuid NOT NULL,
  deal_document_id uuid NOT NULL,
  -- Which obligation of the letter, as in side_obligation_act.
  occasion text COLLATE "C" NOT NULL CONSTRAINT side_obligation_notice_occasion CHECK (occasion <> ''),
  kind text COLLATE "C" NOT NULL CONSTRAINT side_obligation_notice_kind CHECK (kind IN ('AHEAD', 'OVERDUE')),
  due_on date NOT NULL,
  given_at timestamptz NOT NULL,
  -- Each is given once.
  CONSTRAINT side_obligation_notice_pkey PRIMARY KEY (company_id, deal_document_id, occasion, kind),
  CONSTRAINT side_obligation_notice_of FOREIGN KEY (company_id, deal_document_id)
    REFERENCES deal_document (company_id, deal_document_id)
);
COMMENT ON TABLE side_obligation_notice IS
  'Distributed by company_id. The company was reminded of an obligation of a side letter: the agreed days before it is due, and once it is overdue.';
SELECT equihour_append_only('side_obligation_notice');
