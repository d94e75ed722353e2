/** What people do about flags: waive, submit evidence, record facts, have the rules run again. */
import {
  BarCannotBeWaived,
  FindingChanged,
  type FindingView,
  type FlagView,
  findingsOfRun,
  flagPages,
  mustSeeFlag,
  OpenFlags,
  recheckFlags,
  recordedFact,
  recordFact,
  type StandingRule,
  submitEvidence,
  waiveFlag,
} from '../../api/flags/index.ts'
import { BadInput, globalId, NotFound } from '../../api/platform/index.ts'
import { builder, PAGE_MAX } from '../kernel/builder.ts'
import { DomainErrorInterface } from '../kernel/errors.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { Finding, FindingOutcome, Gate, RuleKind } from './findings.ts'
import { Flag, RecordedFact } from './flags.ts'

const StandingRuleType = builder.objectRef<StandingRule>('StandingRule').implement({
  description: 'A rule that holds a gate shut, and what would open it.',
  fields: (t) => ({
    flagId: t.exposeID('flagId', {
      nullable: true,
      description: 'Global id of the open flag; null where the rule was not run on this subject for this date.',
    }),
    ruleId: t.exposeString('ruleId', { description: 'Stable id of the rule.' }),
    kind: t.expose('kind', { type: RuleKind, description: 'What an open flag of the rule does.' }),
    title: t.exposeString('title', { description: 'The question that the rule asks, in words.' }),
    outcome: t.expose('outcome', {
      type: FindingOutcome,
      nullable: true,
      description: 'What it found; null where it was not run.',
    }),
    clearedBy: t.exposeStringList('clearedBy', { description: 'What would clear it.' }),
  }),
})

builder.objectType(OpenFlags, {
  name: 'OpenFlags',
  description: 'The gate is shut: by open flags, or by rules that were not run.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    gate: t.expose('gate', { type: Gate, description: 'The gate.' }),
    subject: t.exposeID('subject', { description: 'Global id of what stands before it.' }),
    flags: t.field({
      type: [StandingRuleType],
      description: 'What holds it shut.',
      resolve: ({ flags }) => [...flags],
    }),
  }),
})
builder.objectType(BarCannotBeWaived, {
  name: 'BarCannotBeWaived',
  description: 'A bar ends by evidence or changed facts; nobody may waive it.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    ruleId: t.exposeString('ruleId', { description: 'Stable id of the rule.' }),
    endedBy: t.exposeStringList('endedBy', { description: 'Ids of the kinds of evidence that end it.' }),
  }),
})
builder.objectType(FindingChanged, {
  name: 'FindingChanged',
  description: 'The rule found something else since the finding that the caller read.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    findingId: t.exposeID('findingId', { description: 'Global id of the finding that stands now.' }),
  }),
})

const WaiveFlagInput = builder.inputType('WaiveFlagInput', {
  description: 'A decision to let a policy flag rest, or to acknowledge a watch.',
  fields: (t) => ({
    flagId: t.id({ description: 'Global id of the flag.' }),
    findingId: t.id({ description: 'Global id of the finding that was read. The waiver holds for its grounds only.' }),
    reason: t.string({ description: 'Why, in 20 to 2000 characters.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})

const SubmitEvidenceInput = builder.inputType('SubmitEvidenceInput', {
  description: 'Evidence that ends a bar.',
  fields: (t) => ({
    flagId: t.id({ description: 'Global id of the flag.' }),
    findingId: t.id({
      description: 'Global id of the finding that was read. The evidence holds for its grounds only.',
    }),
    kind: t.string({ description: "Id of one of the rule's kinds of evidence." }),
    reference: t.string({ description: 'What it is and where it lies, at most 500 characters.' }),
    source: t.string({ description: 'Who issued it, at most 200 characters.' }),
    date: t.field({ type: 'Date', description: 'Date of the event that it proves. Not after today.' }),
    documentId: t.id({ required: false, description: 'Global id of a document of the same company.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})

const RecordFactInput = builder.inputType('RecordFactInput', {
  description: 'A fact that no part of the system knows.',
  fields: (t) => ({
    companyId: t.id({ description: 'Global id of the company.' }),
    name: t.string({ description: 'Name of the fact: see `factKinds`.' }),
    subject: t.id({ required: false, description: 'Global id of the deal, for a fact that is about one deal only.' }),
    value: t.string({
      description: 'Its value as JSON text, in the form that `factKinds` shows. Decimals are strings.',
    }),
    source: t.string({ description: 'Where it came from, at most 500 characters.' }),
    asOf: t.field({ type: 'Date', description: 'Date for which it holds. Not after today.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})

const RecheckFlagsInput = builder.inputType('RecheckFlagsInput', {
  description: 'Which subject to examine again.',
  fields: (t) => ({
    subject: t.id({ description: 'Global id of something that was examined before a gate.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})

type Recheck = { readonly subject: string; readonly findings: FindingView[]; readonly flags: FlagView[] }
const RecheckType = builder.objectRef<Recheck>('FlagsRechecked').implement({
  description: 'The rules were run again, as the last gate asked them.',
  fields: (t) => ({
    subject: t.exposeID('subject', { description: 'Global id of what was examined.' }),
    findings: t.expose('findings', { type: [Finding], description: 'What each rule found.' }),
    flags: t.expose('flags', { type: [Flag], description: 'The flags of the subject as they stand now.' }),
  }),
})

builder.mutationFields((t) => ({
  waiveFlag: t.field({
    type: Flag,
    description:
      'Waive a policy flag, or acknowledge a watch, with a reason. It opens again when its rule finds something else. Whoever asked for the gate may not.',
    ...may(['compliance'], [BarCannotBeWaived, FindingChanged]),
    args: { input: t.arg({ type: WaiveFlagInput }) },
    resolve: async (_root, { input }, { deps, actor }) => {
      const { flag } = await waiveFlag(deps, actor, input)
      return mustSeeFlag(deps.db, actor, flag)
    },
  }),
  submitEvidence: t.field({
    type: Flag,
    description:
      'End a bar by evidence that its rule accepts. It opens again when its rule finds something else, or when the evidence lapses. Whoever asked for the gate may not.',
    ...may(['compliance'], [FindingChanged]),
    args: { input: t.arg({ type: SubmitEvidenceInput }) },
    resolve: async (_root, { input }, { deps, actor }) => {
      const { flag } = await submitEvidence(deps, actor, input)
      return mustSeeFlag(deps.db, actor, flag)
    },
  }),
  recordFact: t.field({
    type: RecordedFact,
    description:
      'Record a fact with its source and date. It supersedes earlier records; flags change when the rules run next.',
    ...may(['analyst', 'partner', 'compliance']),
    args: { input: t.arg({ type: RecordFactInput }) },
    resolve: async (_root, { input }, { deps, actor }) => {
      const { fact } = await recordFact(deps, actor, { ...input, value: jsonOf(input.value) })
      const stored = await recordedFact(deps.db, actor, fact)
      if (stored === undefined) throw new NotFound('recorded fact', globalId('RecordedFact', fact.companyId, fact.id))
      return stored
    },
  }),
  recheckFlags: t.field({
    type: RecheckType,
    description: 'Run the rules on a subject again, for the gate and the date of its last check.',
    ...may(['analyst', 'partner', 'compliance']),
    args: { input: t.arg({ type: RecheckFlagsInput }) },
    resolve: async (_root, { input }, { deps, actor }) => {
      const { companyId, runId, subject } = await recheckFlags(deps, actor, input)
      const findings = await findingsOfRun(deps.db, actor, { companyId, id: runId })
      const pages = await flagPages(deps.db, actor, [companyId], { subject }, { limit: PAGE_MAX })
      return { subject, findings, flags: pages.get(companyId) ?? [] }
    },
  }),
}))

/** Longest JSON text of a fact, in characters. A market with 200 sellers needs a tenth of it. */
const JSON_MAX = 200_000

function jsonOf(text: string): unknown {
  const wrong = (reason: string) => new BadInput([{ path: ['value'], reason }])
  if (text.length > JSON_MAX) throw wrong(`must have at most ${JSON_MAX} characters`)
  try {
    return JSON.parse(text)
  } catch {
    throw wrong('is not JSON')
  }
}
