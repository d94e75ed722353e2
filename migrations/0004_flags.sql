-- Signals about deals: facts that people recorded, findings of rules with their evidence, and the flags that stop gates.

CREATE TABLE recorded_fact (
  company_id uuid NOT NULL,
  fact_id uuid NOT NULL,
  name text COLLATE "C" NOT NULL,
  version integer NOT NULL CONSTRAINT recorded_fact_version CHECK (version > 0),
  subject text COLLATE "C",
  value jsonb NOT NULL,
  source text NOT NULL CONSTRAINT recorded_fact_sourced CHECK (source <> ''),
  as_of date NOT NULL,
  recorded_by uuid NOT NULL CONSTRAINT recorded_fact_recorded_by REFERENCES person (person_id),
  recorded_at timestamptz NOT NULL,
  CONSTRAINT recorded_fact_pkey PRIMARY KEY (company_id, fact_id),
  CONSTRAINT recorded_fact_once UNIQUE (company_id, name, version),
  CONSTRAINT recorded_fact_company FOREIGN KEY (company_id) REFERENCES company (company_id),
  CONSTRAINT recorded_fact_subject CHECK (subject IS NULL OR split_part(subject, ':', 2) = company_id::text)
);
COMMENT ON TABLE recorded_fact IS
  'Distributed by company_id. What people told the rules, with source and date; of one name the highest version holds. subject is set where the fact is about one deal only.';
SELECT equihour_append_only('recorded_fact');

CREATE TABLE finding (
  company_id uuid NOT NULL,
  finding_id uuid NOT NULL,
  run_id uuid NOT NULL,
  -- Counts the runs over the subject: times of transactions that waited for one another say nothing about their order.
  run_number integer NOT NULL CONSTRAINT finding_run_number CHECK (run_number > 0),
  gate text COLLATE "C" NOT NULL CONSTRAINT finding_gate CHECK (gate IN
    ('propose', 'sign', 'close', 'issue', 'amend', 'reserve', 'transfer')),
  cause text COLLATE "C" NOT NULL CONSTRAINT finding_cause CHECK (cause IN ('gate', 'recheck')),
  subject text COLLATE "C" NOT NULL,
  rule_id text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL CONSTRAINT finding_kind CHECK (kind IN ('bar', 'policy', 'watch')),
  outcome text COLLATE "C" NOT NULL CONSTRAINT finding_outcome CHECK (outcome IN ('flag', 'clear', 'cannot_tell')),
  on_date date NOT NULL,
  print text COLLATE "C" NOT NULL CONSTRAINT finding_print CHECK (print ~ '^[0-9a-f]{64}$'),
  evidence jsonb NOT NULL,
  asked_by uuid NOT NULL CONSTRAINT finding_asked_by REFERENCES person (person_id),
  found_at timestamptz NOT NULL,
  CONSTRAINT finding_pkey PRIMARY KEY (company_id, finding_id),
  -- Also finds the latest finding of each rule on a subject.
  CONSTRAINT finding_once UNIQUE (company_id, subject, rule_id, run_number),
  CONSTRAINT finding_company FOREIGN KEY (company_id) REFERENCES company (company_id),
  CONSTRAINT finding_subject CHECK (split_part(subject, ':', 2) = company_id::text)
);
COMMENT ON TABLE finding IS
  'Distributed by company_id. What a rule found about a subject before a gate: inputs with sources, threshold, arithmetic, table row, in evidence.';
SELECT equihour_append_only('finding');

CREATE TABLE flag (
  company_id uuid NOT NULL,
  flag_id uuid NOT NULL,
  subject text COLLATE "C" NOT NULL,
  rule_id text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL CONSTRAINT flag_kind CHECK (kind IN ('bar', 'policy', 'watch')),
  state text COLLATE "C" NOT NULL CONSTRAINT flag_state CHECK (state IN ('open', 'waived', 'cleared')),
  -- What settled it: a waiver, evidence, or a later run that found it clear.
  settled_by text COLLATE "C" CONSTRAINT flag_settled_by CHECK (settled_by IN ('waiver', 'evidence', 'run')),
  -- The grounds for which it was settled: on others it opens again.
  settled_print text COLLATE "C",
  -- First date on which the evidence no longer counts.
  lapses_on date,
  finding_id uuid NOT NULL,
  opened_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  CONSTRAINT flag_pkey PRIMARY KEY (company_id, flag_id),
  CONSTRAINT flag_once UNIQUE (company_id, subject, rule_id),
  CONSTRAINT flag_finding FOREIGN KEY (company_id, finding_id) REFERENCES finding (company_id, finding_id),
  CONSTRAINT flag_bar_is_not_waived CHECK (NOT (kind = 'bar' AND state = 'waived')),
  CONSTRAINT flag_evidence_ends_bars CHECK (settled_by IS DISTINCT FROM 'evidence' OR kind = 'bar'),
  CONSTRAINT flag_settled CHECK (
    (state = 'open') = (settled_by IS NULL)
    AND (settled_by IS NULL) = (settled_print IS NULL)
    AND (state = 'waived') = (settled_by IS NOT DISTINCT FROM 'waiver')
    AND (lapses_on IS NULL OR settled_by = 'evidence'))
);
COMMENT ON TABLE flag IS
  'Distributed by company_id. What a rule holds against a subject: open, waived or cleared. One per subject and rule; finding_id is its latest finding.';
GRANT SELECT, INSERT ON flag TO equihour_app;
GRANT UPDATE (state, settled_by, settled_print, lapses_on, finding_id, changed_at) ON flag TO equihour_app;

CREATE FUNCTION flag_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'open' THEN
      RAISE EXCEPTION 'a flag begins open' USING ERRCODE = 'check_violation', CONSTRAINT = 'flag_begins_open';
    END IF;
    RETURN NEW;
  END IF;
  IF (NEW.company_id, NEW.flag_id, NEW.subject, NEW.rule_id, NEW.kind, NEW.opened_at)
     IS DISTINCT FROM (OLD.company_id, OLD.flag_id, OLD.subject, OLD.rule_id, OLD.kind, OLD.opened_at) THEN
    RAISE EXCEPTION 'what a flag is about never changes' USING ERRCODE = 'check_violation', CONSTRAINT = 'flag_identity';
  END IF;
  IF OLD.state = 'cleared' AND NEW.state = 'waived' THEN
    RAISE EXCEPTION 'only an open flag can be waived' USING ERRCODE = 'check_violation', CONSTRAINT = 'flag_step';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER flag_guard BEFORE INSERT OR UPDATE ON flag FOR EACH ROW EXECUTE FUNCTION flag_guard();

CREATE TABLE flag_event (
  company_id uuid NOT NULL,
  flag_id uuid NOT NULL,
  number integer NOT NULL CONSTRAINT flag_event_number CHECK (number > 0),
  kind text COLLATE "C" NOT NULL CONSTRAINT flag_event_kind CHECK (kind IN
    ('opened', 'reopened', 'waived', 'acknowledged', 'evidenced', 'cleared')),
  finding_id uuid NOT NULL,
  reason text,
  -- For 'evidenced': kind, reference, source, date, document.
  evidence jsonb,
  actor_id uuid NOT NULL CONSTRAINT flag_event_actor REFERENCES person (person_id),
  at timestamptz NOT NULL,
  CONSTRAINT flag_event_pkey PRIMARY KEY (company_id, flag_id, number),
  CONSTRAINT flag_event_flag FOREIGN KEY (company_id, flag_id) REFERENCES flag (company_id, flag_id),
  CONSTRAINT flag_event_finding FOREIGN KEY (company_id, finding_id) REFERENCES finding (company_id, finding_id),
  CONSTRAINT flag_event_reasoned CHECK ((kind IN ('waived', 'acknowledged')) = (reason IS NOT NULL)),
  CONSTRAINT flag_event_evidenced CHECK ((kind = 'evidenced') = (evidence IS NOT NULL))
);
COMMENT ON TABLE flag_event IS
  'Distributed by company_id. What happened to a flag, by whom, on which finding, with the reason or the evidence.';
SELECT equihour_append_only('flag_event');
