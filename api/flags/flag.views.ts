/** Flags as screens read them. Staff who see the company see its flags; to everyone else there are none. */
import { type SelectQueryBuilder, sql } from 'kysely'
import type { Actor } from '../access/index.ts'
import type { DB } from '../platform/database-types.ts'
import {
  globalId,
  type JsonValue,
  listOfEach,
  NotFound,
  type Page,
  pageByKey,
  type Reader,
  type Ref,
  type Uuid,
} from '../platform/index.ts'
import { FINDING_COLUMNS, type FindingView, findingOf } from './finding.views.ts'
import {
  FLAG_EVENT_KINDS,
  FLAG_STATES,
  type FlagEventKind,
  type FlagState,
  member,
  SETTLEMENTS,
  type Settlement,
} from './flag.store.ts'
import { seesFlags } from './flag-visibility.ts'

export type FlagView = {
  readonly companyId: Uuid
  readonly flagId: Uuid
  readonly subject: string
  readonly ruleId: string
  readonly state: FlagState
  readonly settledBy: Settlement | null
  readonly lapsesOn: string | null
  readonly openedAt: string
  readonly changedAt: string
  /** The latest finding of its rule on its subject. */
  readonly finding: FindingView
}

/** Which flags of a company. */
export type FlagFilter = { readonly subject?: string | undefined; readonly states?: readonly FlagState[] | undefined }

const flags = (reader: Reader) =>
  reader
    .selectFrom('flag')
    .innerJoin('finding', (join) =>
      join.onRef('finding.company_id', '=', 'flag.company_id').onRef('finding.finding_id', '=', 'flag.finding_id'),
    )
    .select(['flag.flag_id', 'flag.state', 'flag.settled_by', 'flag.lapses_on', 'flag.opened_at', 'flag.changed_at'])
    .select(FINDING_COLUMNS)

type Row = Awaited<ReturnType<ReturnType<typeof flags>['executeTakeFirstOrThrow']>>

const viewOf = (row: Row): FlagView => ({
  companyId: row.company_id,
  flagId: row.flag_id,
  subject: row.subject,
  ruleId: row.rule_id,
  state: member(FLAG_STATES, row.state),
  settledBy: row.settled_by === null ? null : member(SETTLEMENTS, row.settled_by),
  lapsesOn: row.lapses_on,
  openedAt: row.opened_at,
  changedAt: row.changed_at,
  finding: findingOf(row),
})

/** The visible ones among these flags, in no order. One query. */
export async function flagsById(reader: Reader, actor: Actor, refs: readonly Ref[]): Promise<FlagView[]> {
  const visible = refs.filter((ref) => seesFlags(actor, ref.companyId))
  if (visible.length === 0) return []
  const rows = await flags(reader)
    .where((on) => on.or(visible.map((ref) => on.and({ 'flag.company_id': ref.companyId, 'flag.flag_id': ref.id }))))
    .execute()
  return rows.map(viewOf)
}

/**
 * One flag that the actor sees.
 *
 * @throws {NotFound} when there is none, or the actor does not see it
 */
export async function mustSeeFlag(reader: Reader, actor: Actor, ref: Ref): Promise<FlagView> {
  const [flag] = await flagsById(reader, actor, [ref])
  if (flag === undefined) throw new NotFound('flag', globalId('Flag', ref.companyId, ref.id))
  return flag
}

/** A page of each company's flags, newest first, for many companies in one query. Flag ids are UUIDv7: the keyset. */
export async function flagPages(
  reader: Reader,
  actor: Actor,
  companyIds: readonly Uuid[],
  filter: FlagFilter,
  page: Page,
): Promise<Map<Uuid, FlagView[]>> {
  const visible = companyIds.filter((id) => seesFlags(actor, id))
  const pages = await listOfEach(reader, visible, (company) =>
    pageByKey(filtered(flags(reader).where('flag.company_id', '=', company.id), filter), 'flag.flag_id', page),
  )
  return new Map([...pages].map(([companyId, rows]) => [companyId, rows.map(viewOf)]))
}

/** How many flags of each company the actor sees. One query. */
export async function flagCounts(
  reader: Reader,
  actor: Actor,
  companyIds: readonly Uuid[],
  filter: FlagFilter,
): Promise<Map<Uuid, number>> {
  const visible = companyIds.filter((id) => seesFlags(actor, id))
  if (visible.length === 0) return new Map()
  const rows = await filtered(reader.selectFrom('flag'), filter)
    .select(['flag.company_id', (on) => on.fn.countAll<bigint>().as('count')])
    .where('flag.company_id', 'in', visible)
    .groupBy('flag.company_id')
    .execute()
  return new Map(rows.map((row) => [row.company_id, Number(row.count)]))
}

function filtered<Tables extends 'flag' | 'finding', Columns>(
  query: SelectQueryBuilder<DB, Tables, Columns>,
  { subject, states }: FlagFilter,
): SelectQueryBuilder<DB, Tables, Columns> {
  return query
    .$if(subject !== undefined, (on) => on.where(sql.ref('flag.subject'), '=', subject))
    .$if(states !== undefined, (on) => on.where(sql.ref('flag.state'), 'in', [...new Set(states ?? [])]))
}

/** Something that happened to a flag. */
export type FlagEventView = {
  readonly number: number
  readonly kind: FlagEventKind
  readonly findingId: Uuid
  readonly reason: string | null
  readonly evidence: JsonValue | null
  readonly actorId: Uuid
  readonly at: string
}

/** The history of each of these flags, oldest first, by flag id. For flags that the actor was shown already. One query. */
export async function flagEvents(reader: Reader, refs: readonly Ref[]): Promise<Map<Uuid, FlagEventView[]>> {
  const byFlag = new Map<Uuid, FlagEventView[]>(refs.map((ref) => [ref.id, []]))
  if (refs.length === 0) return byFlag
  const rows = await reader
    .selectFrom('flag_event')
    .select(['flag_id', 'number', 'kind', 'finding_id', 'reason', 'evidence', 'actor_id', 'at'])
    .where((on) => on.or(refs.map((ref) => on.and({ company_id: ref.companyId, flag_id: ref.id }))))
    .orderBy('number')
    .execute()
  for (const row of rows) {
    byFlag.get(row.flag_id)?.push({
      number: row.number,
      kind: member(FLAG_EVENT_KINDS, row.kind),
      findingId: row.finding_id,
      reason: row.reason,
      // It was JSON when it was stored, and jsonb keeps nothing else.
      evidence: row.evidence as JsonValue | null,
      actorId: row.actor_id,
      at: row.at,
    })
  }
  return byFlag
}
