/** Rules, facts and findings: what was asked, of what, and what came out. */
import { isStaff } from '../../api/access/index.ts'
import {
  FACT_KINDS,
  FACT_NAMES,
  type FactName,
  type FindingInput,
  type FindingTable,
  type FindingView,
  factJsonSchema,
  GATES,
  OUTCOMES,
  RULE_KINDS,
  RULES,
  type Rule,
  SIGNAL_NOTICE,
  SURENESSES,
} from '../../api/flags/index.ts'
import { globalId } from '../../api/platform/index.ts'
import { builder } from '../kernel/builder.ts'

export const Gate = builder.enumType('Gate', {
  description: 'A step that open flags stop.',
  values: GATES,
})
export const RuleKind = builder.enumType('RuleKind', {
  description:
    'What an open flag of the rule does. `bar`: stops until evidence or changed facts end it. `policy`: stops until compliance waives it with a reason. `watch`: is shown, and stops nothing.',
  values: RULE_KINDS,
})
export const FindingOutcome = builder.enumType('FindingOutcome', {
  description:
    'What a rule found. `cannot_tell` is never to be read as clear: a bar or policy rule that cannot tell stops.',
  values: OUTCOMES,
})
const Sureness = builder.enumType('Sureness', {
  description:
    'How sure the figures are: `high` read in an official text or its reprint, `medium` in secondary sources, `low` neither.',
  values: SURENESSES,
})

/** The stored form of an input: a name is text there, because a later catalogue may not have it. */
type Input = Omit<FindingInput, 'name'> & { readonly name: string }

const FindingInputType = builder.objectRef<Input>('FindingInput').implement({
  description: 'A fact as it went into a rule.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Name of the fact.' }),
    title: t.exposeString('title', { description: 'What the fact means.' }),
    value: t.field({ type: 'JSON', description: 'Its value. Decimals are strings.', resolve: ({ value }) => value }),
    source: t.exposeString('source', { description: 'Where it came from.' }),
    asOf: t.expose('asOf', { type: 'Date', description: 'Date for which it holds.' }),
  }),
})

const FindingTableType = builder.objectRef<FindingTable>('FindingTable').implement({
  description: 'The row of a table of figures that was in force on the date that the rule names.',
  fields: (t) => ({
    from: t.expose('from', { type: 'Date', description: 'First date on which it is in force.' }),
    until: t.expose('until', {
      type: 'Date',
      nullable: true,
      description: 'First date on which it is no longer known to be in force; null while no end is known.',
    }),
    citation: t.exposeString('citation', { description: 'The notice or text that set it.' }),
    source: t.exposeString('source', { description: 'Address where the figures were read.' }),
  }),
})

export const Finding = builder.objectRef<FindingView>('Finding').implement({
  description: `What a rule found about a subject, with everything needed to check it by hand. ${SIGNAL_NOTICE}`,
  fields: (t) => ({
    id: t.id({
      description: 'Global id. A decision on a flag names the finding that was read.',
      resolve: ({ companyId, findingId }) => globalId('Finding', companyId, findingId),
    }),
    ruleId: t.exposeString('ruleId', { description: 'Stable id of the rule.' }),
    kind: t.expose('kind', { type: RuleKind, description: 'What an open flag of the rule does.' }),
    title: t.exposeString('title', { description: 'The question that the rule asks, in words.' }),
    citation: t.exposeString('citation', { description: 'The law, paper or policy that the rule applies.' }),
    subject: t.exposeID('subject', { description: 'Global id of what was examined.' }),
    gate: t.expose('gate', { type: Gate, description: 'The step before which it was examined.' }),
    outcome: t.expose('outcome', { type: FindingOutcome, description: 'What came out.' }),
    onDate: t.expose('onDate', { type: 'Date', description: 'The date that chose the figures.' }),
    datedBy: t.exposeString('datedBy', { description: 'Which date that is: `closing_date` or `act_date`.' }),
    inputs: t.expose('inputs', {
      type: [FindingInputType],
      description: 'The facts that went in, with source and date.',
    }),
    missing: t.exposeStringList('missing', {
      description: 'Facts without which it could not decide, most useful first.',
    }),
    threshold: t.exposeString('threshold', { description: 'What the facts were held against.' }),
    arithmetic: t.exposeStringList('arithmetic', { description: 'The sum, line by line.' }),
    table: t.expose('table', {
      type: FindingTableType,
      nullable: true,
      description: 'The figures in force; null for a house policy, and where there are none for the date.',
    }),
    sureness: t.expose('sureness', { type: Sureness, description: 'How sure the figures are.' }),
    clearedBy: t.exposeStringList('clearedBy', { description: 'What would clear it. Empty when it is clear.' }),
    askedBy: t.id({
      description: 'Global id of the person who asked.',
      resolve: ({ askedBy }) => globalId('Person', askedBy),
    }),
    foundAt: t.expose('foundAt', { type: 'DateTime', description: 'When it was found.' }),
    notice: t.string({ description: 'What a finding is not.', resolve: () => SIGNAL_NOTICE }),
  }),
})

const FactKind = builder.objectRef<FactName>('FactKind').implement({
  description: 'A fact that rules may ask for.',
  fields: (t) => ({
    name: t.string({ description: 'Its name.', resolve: (name) => name }),
    title: t.string({ description: 'What it means.', resolve: (name) => FACT_KINDS[name].title }),
    about: t.string({
      description: '`deal`: each deal has its own. `company`: it holds whatever the deal.',
      resolve: (name) => FACT_KINDS[name].about,
    }),
    schema: t.field({
      type: 'JSON',
      description: 'JSON Schema of its value.',
      resolve: (name) => factJsonSchema(name),
    }),
  }),
})

const EvidenceKind = builder.objectRef<Rule['evidence'][number]>('EvidenceKind').implement({
  description: 'Evidence that ends a bar.',
  fields: (t) => ({
    id: t.exposeString('id', { description: 'Its name in `submitEvidence`.' }),
    title: t.exposeString('title', { description: 'What it proves.' }),
    lapsesAfterYears: t.int({
      nullable: true,
      description: 'Years after its date when it no longer counts; null when it does not lapse.',
      resolve: ({ lapsesAfterYears }) => lapsesAfterYears ?? null,
    }),
  }),
})

const RuleType = builder.objectRef<Rule>('Rule').implement({
  description: `A dated legal or policy test. ${SIGNAL_NOTICE}`,
  fields: (t) => ({
    ruleId: t.exposeString('id', { description: 'Stable id.' }),
    kind: t.expose('kind', { type: RuleKind, description: 'What an open flag of it does.' }),
    title: t.exposeString('title', { description: 'The question that it asks, in words.' }),
    citation: t.exposeString('citation', { description: 'The law, paper or policy that it applies.' }),
    gates: t.field({
      type: [Gate],
      description: 'The steps before which it runs.',
      resolve: ({ gates }) => [...gates],
    }),
    facts: t.field({
      type: [FactKind],
      description: 'The facts that it may ask for.',
      resolve: ({ facts }) => [...facts],
    }),
    evidence: t.field({
      type: [EvidenceKind],
      description: 'The evidence that ends it. Only a bar has any.',
      resolve: ({ evidence }) => [...evidence],
    }),
  }),
})

builder.queryFields((t) => ({
  rules: t.field({
    type: [RuleType],
    description: "Every rule that gates run. Empty for people who are not on the fund's staff.",
    resolve: (_root, _args, { actor }) => (isStaff(actor) ? [...RULES] : []),
  }),
  factKinds: t.field({
    type: [FactKind],
    description: "Every fact that rules may ask for. Empty for people who are not on the fund's staff.",
    resolve: (_root, _args, { actor }) => (isStaff(actor) ? [...FACT_NAMES] : []),
  }),
}))
