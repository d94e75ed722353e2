/** Flags of a company, what happened to them, and what people do about them. */
import {
  FLAG_EVENT_KINDS,
  FLAG_STATES,
  type FlagEventView,
  type FlagFilter,
  type FlagView,
  factsOnRecord,
  flagCounts,
  flagEvents,
  flagPages,
  flagsById,
  type RecordedFactView,
  ruleById,
  SETTLEMENTS,
  stops,
} from '../../api/flags/index.ts'
import { globalId, type Ref, type Uuid } from '../../api/platform/index.ts'
import { batch, pageOfParent } from '../kernel/batch.ts'
import { builder, nodeName, PAGE_MAX } from '../kernel/builder.ts'
import type { Context } from '../kernel/context.ts'
import { Company } from '../parties.ts'
import { Finding, Gate, RuleKind } from './findings.ts'

const FlagState = builder.enumType('FlagState', {
  description:
    '`open`, `waived` (by compliance, for the grounds of one finding; a watch is acknowledged in this way), or `cleared` (by a later run, or a bar by evidence).',
  values: FLAG_STATES,
})
const Settlement = builder.enumType('Settlement', { description: 'What settled a flag.', values: SETTLEMENTS })
const FlagEventKind = builder.enumType('FlagEventKind', {
  description: 'What happened to a flag.',
  values: FLAG_EVENT_KINDS,
})

const FlagEvent = builder.objectRef<FlagEventView & { readonly companyId: Uuid }>('FlagEvent').implement({
  description: 'Something that happened to a flag. Never changed later.',
  fields: (t) => ({
    number: t.exposeInt('number', { description: 'Place in the history of the flag, from 1.' }),
    kind: t.expose('kind', { type: FlagEventKind, description: 'What happened.' }),
    findingId: t.id({
      description: 'Global id of the finding it happened on.',
      resolve: ({ companyId, findingId }) => globalId('Finding', companyId, findingId),
    }),
    reason: t.exposeString('reason', { nullable: true, description: 'The reason of a waiver or acknowledgement.' }),
    evidence: t.field({
      type: 'JSON',
      nullable: true,
      description: 'The evidence that ended a bar: kind, title, reference, source, date, documentId, lapsesOn.',
      resolve: ({ evidence }) => evidence,
    }),
    actor: t.id({
      description: 'Global id of the person who did it or, where a run did it, who asked for the run.',
      resolve: ({ actorId }) => globalId('Person', actorId),
    }),
    at: t.expose('at', { type: 'DateTime', description: 'When.' }),
  }),
})

const keyOf = ({ companyId, id }: Ref): string => `${companyId}:${id}`
const refOf = (key: string): Ref => {
  const [companyId = '', id = ''] = key.split(':')
  return { companyId, id }
}

/** A flag, loaded by id. */
export const Flag = builder.loadableNodeRef(nodeName('Flag', 2), {
  id: { resolve: ({ companyId, flagId }: FlagView) => keyOf({ companyId, id: flagId }) },
  load: async (ids: string[], { deps, actor }: Context) => {
    const found = await flagsById(deps.db, actor, ids.map(refOf))
    const byKey = new Map(found.map((flag) => [keyOf({ companyId: flag.companyId, id: flag.flagId }), flag]))
    return ids.map((id) => byKey.get(id) ?? null)
  },
})
Flag.implement({
  description:
    'What a rule holds against a subject. There is one flag for a subject and a rule; it points at the latest finding.',
  fields: (t) => ({
    ruleId: t.exposeString('ruleId', { description: 'Stable id of the rule.' }),
    title: t.string({
      description: 'The question that the rule asks, in words.',
      resolve: ({ finding }) => finding.title,
    }),
    kind: t.field({
      type: RuleKind,
      description: 'What it does while it is open.',
      resolve: ({ finding }) => finding.kind,
    }),
    subject: t.exposeID('subject', { description: 'Global id of what it is held against.' }),
    state: t.expose('state', { type: FlagState, description: 'Where it stands.' }),
    stops: t.boolean({
      description: 'True when it stops the gates of its rule now.',
      resolve: ({ state, finding }) => state === 'open' && stops(finding.kind),
    }),
    gates: t.field({
      type: [Gate],
      description: 'The gates of its rule.',
      resolve: ({ ruleId }) => [...(ruleById(ruleId)?.gates ?? [])],
    }),
    settledBy: t.expose('settledBy', {
      type: Settlement,
      nullable: true,
      description: 'What settled it; null while it is open.',
    }),
    lapsesOn: t.expose('lapsesOn', {
      type: 'Date',
      nullable: true,
      description: 'First date on which the evidence that ended it no longer counts.',
    }),
    openedAt: t.expose('openedAt', { type: 'DateTime', description: 'When it was opened first.' }),
    changedAt: t.expose('changedAt', { type: 'DateTime', description: 'When its state changed last.' }),
    finding: t.expose('finding', { type: Finding, description: 'The latest finding of its rule.' }),
    events: t.loadableList({
      type: FlagEvent,
      description: 'Its history, oldest first.',
      complexity: { field: 1, multiplier: 5 },
      load: async (keys: string[], { deps }: Context) => {
        const events = await flagEvents(deps.db, keys.map(refOf))
        return keys.map((key) => {
          const { companyId, id } = refOf(key)
          return (events.get(id) ?? []).map((event) => ({ ...event, companyId }))
        })
      },
      resolve: ({ companyId, flagId }) => keyOf({ companyId, id: flagId }),
    }),
  }),
})

export const RecordedFact = builder.objectRef<RecordedFactView>('RecordedFact').implement({
  description: 'A fact as somebody recorded it. Never changed later: a newer version supersedes it.',
  fields: (t) => ({
    id: t.id({ description: 'Global id.', resolve: (fact) => globalId('RecordedFact', fact.companyId, fact.factId) }),
    name: t.exposeString('name', { description: 'Name of the fact.' }),
    version: t.exposeInt('version', { description: 'Counts the records of this name; the highest holds.' }),
    subject: t.exposeID('subject', {
      nullable: true,
      description: 'Global id of the deal, where it is about one deal only.',
    }),
    value: t.field({ type: 'JSON', description: 'Its value. Decimals are strings.', resolve: ({ value }) => value }),
    source: t.exposeString('source', { description: 'Where it came from.' }),
    asOf: t.expose('asOf', { type: 'Date', description: 'Date for which it holds.' }),
    recordedBy: t.id({
      description: 'Global id of the person who recorded it.',
      resolve: ({ recordedBy }) => globalId('Person', recordedBy),
    }),
    recordedAt: t.expose('recordedAt', { type: 'DateTime', description: 'When it was recorded.' }),
  }),
})

builder.objectFields(Company, (t) => ({
  flags: t.connection(
    {
      type: Flag,
      description: `Flags held against anything of the company's, newest first; at most ${PAGE_MAX} a page. None for people who are not on the fund's staff.`,
      args: {
        subject: t.arg.id({ required: false, description: 'Only those held against this subject, by its global id.' }),
        states: t.arg({ type: [FlagState], required: false, description: 'Only those in one of these states.' }),
      },
      complexity: (args) => ({ field: 2, multiplier: Math.min(args.first ?? args.last ?? 20, PAGE_MAX) }),
      resolve: async ({ companyId }, args, context) => {
        const question: FlagFilter = { subject: args.subject ?? undefined, states: args.states ?? undefined }
        const { deps, actor } = context
        const page = await pageOfParent(
          context,
          ['Company.flags', question],
          companyId,
          args,
          (flag: FlagView) => flag.flagId,
          (ids, query) => flagPages(deps.db, actor, ids, question, query),
        )
        const count = (ids: readonly Uuid[]) => flagCounts(deps.db, actor, ids, question)
        const totalCount = async () =>
          (await batch(context, ['Company.flags.totalCount', question], companyId, count)) ?? 0
        return { ...page, totalCount }
      },
    },
    {
      name: 'FlagConnection',
      description: 'A page of flags, newest first.',
      fields: (connection) => ({
        totalCount: connection.int({
          description: 'How many there are on all pages.',
          resolve: (page) => page.totalCount(),
        }),
      }),
    },
  ),
  recordedFacts: t.loadableList({
    type: RecordedFact,
    description:
      "What people recorded for the rules: of each fact and deal the version that holds. None for people who are not on the fund's staff.",
    load: async (ids: Uuid[], { deps, actor }: Context) => {
      const facts = await factsOnRecord(deps.db, actor, ids)
      return ids.map((id) => facts.get(id) ?? [])
    },
    resolve: ({ companyId }) => companyId,
  }),
}))
