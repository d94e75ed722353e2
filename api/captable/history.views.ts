/** Reads histories of cap tables back, and replays them: of one company or of several, in one query. */
import { sql } from 'kysely'
import type { Reader, Uuid } from '../platform/index.ts'
import { NoCapTable } from './cap-table-view.ts'
import { LAST_DAY } from './dates.ts'
import { readItem } from './ocf/items.ts'
import type { JsonObject } from './ocf/json.ts'
import type { ObjectOf, OcfObject } from './ocf/objects.ts'
import type { Placed } from './ocf/package.ts'
import type { OcfTransaction } from './ocf/transactions.ts'
import { type History, replay } from './replay/replay.ts'
import type { CapTable } from './replay/state.ts'

/** A stored item that does not read any more: a fault of ours, since it was validated before it was stored. */
class UnreadableHistory extends Error {}

/** A history, and the day of its first transaction, which may lie after the day it was asked up to. */
type Loaded = { readonly history: History; readonly firstDate: string | undefined }

/**
 * The history of a company up to and on a day: the latest version of each object, and the transactions that count.
 *
 * @throws {NoCapTable} when there is none
 */
export async function loadHistory(reader: Reader, companyId: Uuid, through: string = LAST_DAY): Promise<History> {
  const loaded = (await loadHistories(reader, [companyId], through)).get(companyId)
  if (loaded === undefined) throw new NoCapTable()
  return loaded.history
}

/** A table, and the history that it was replayed from: any earlier day of it needs no other query. */
export type Replayed = { readonly table: CapTable; readonly history: History }

/**
 * The tables of companies on a day, the end of their histories by default. A company without a history has no entry.
 */
export async function loadTables(
  reader: Reader,
  companyIds: readonly Uuid[],
  through: string = LAST_DAY,
): Promise<ReadonlyMap<Uuid, CapTable>> {
  const loaded = await loadReplayed(reader, companyIds, through)
  return new Map([...loaded].map(([companyId, { table }]) => [companyId, table]))
}

/** {@link loadTables} with the histories. */
export async function loadReplayed(
  reader: Reader,
  companyIds: readonly Uuid[],
  through: string = LAST_DAY,
): Promise<ReadonlyMap<Uuid, Replayed>> {
  const loaded = await loadHistories(reader, companyIds, through)
  return new Map(
    [...loaded].map(([companyId, { history, firstDate }]) => {
      const { table } = replay(history, { through, trusted: true })
      return [companyId, { table: { ...table, firstDate }, history }]
    }),
  )
}

/** The table on an earlier day of a history. */
export function replayedOn({ history, table: { firstDate } }: Replayed, day: string): CapTable {
  const transactions = history.transactions.filter(({ item }) => item.date <= day)
  return { ...replay({ ...history, transactions }, { through: day, trusted: true }).table, firstDate }
}

/**
 * Tables of companies, each on a day of its own, in the order asked for. As many queries as for one: the histories are read
 * up to the last of the days.
 */
export async function loadTablesOn(
  reader: Reader,
  wanted: readonly { readonly companyId: Uuid; readonly asOf: string }[],
): Promise<readonly (CapTable | undefined)[]> {
  const through = wanted
    .map(({ asOf }) => asOf)
    .sort()
    .at(-1)
  if (through === undefined) return []
  const loaded = await loadReplayed(reader, [...new Set(wanted.map(({ companyId }) => companyId))], through)
  return wanted.map(({ companyId, asOf }) => {
    const found = loaded.get(companyId)
    if (found === undefined) return undefined
    return asOf === through ? found.table : replayedOn(found, asOf)
  })
}

/**
 * The table of a company on a day.
 *
 * @throws {NoCapTable}
 */
export async function loadTable(reader: Reader, companyId: Uuid, through: string = LAST_DAY): Promise<CapTable> {
  const table = (await loadTables(reader, [companyId], through)).get(companyId)
  if (table === undefined) throw new NoCapTable()
  return table
}

/** Whether a company has any history. */
export async function hasHistory(reader: Reader, companyId: Uuid): Promise<boolean> {
  const row = await reader
    .selectFrom('ocf_object')
    .select('version')
    .where('company_id', '=', companyId)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

async function loadHistories(
  reader: Reader,
  companyIds: readonly Uuid[],
  through: string,
): Promise<ReadonlyMap<Uuid, Loaded>> {
  const loaded = new Map<Uuid, Loaded>()
  for (const [companyId, rows] of byCompany(await historyRows(reader, companyIds, through))) {
    const { objects = [], transactions = [], first, moved = [] } = Object.groupBy(rows, ({ kind }) => KINDS[kind])
    if (objects.length === 0) continue
    const placed = inOrder(objects).map(readObject)
    const issuer = placed.find((it): it is Placed<ObjectOf<'ISSUER'>> => it.item.object_type === 'ISSUER')
    if (issuer === undefined) throw new UnreadableHistory(`the history of ${companyId} has no issuer`)
    loaded.set(companyId, {
      firstDate: first?.[0]?.first ?? undefined,
      history: {
        issuer,
        objects: placed.filter((it) => it !== issuer),
        transactions: inOrder(transactions).map(readTransaction),
        lastDays: new Map(moved.map(({ item }) => [String(item.security_id), String(item.last_day)])),
      },
    })
  }
  return loaded
}

function byCompany<Row extends { readonly company_id: Uuid }>(rows: readonly Row[]): Map<Uuid, Row[]> {
  const groups = new Map<Uuid, Row[]>()
  for (const row of rows) {
    const group = groups.get(row.company_id)
    if (group === undefined) groups.set(row.company_id, [row])
    else group.push(row)
  }
  return groups
}

export type ObjectRow = { readonly company_id: Uuid; readonly item: JsonObject; readonly personal: JsonObject | null }
export type TransactionRow = { readonly company_id: Uuid; readonly item: JsonObject; readonly place: string }

const KINDS = { o: 'objects', t: 'transactions', f: 'first', x: 'moved' } as const
type HistoryRow = ObjectRow & {
  readonly kind: keyof typeof KINDS
  /** The day of the company's first transaction, whether or not it is up to the day that is asked for; else null. */
  readonly first: string | null
  readonly place: string
}

/**
 * The latest version of each object, the transactions up to a day, the day of the first of all, and last days that were moved, in one round trip: a history
 * is what nearly every screen begins with. Each part is read in its order by its own index; sorting all of them together would
 * cost more than reading them.
 */
async function historyRows(
  reader: Reader,
  companyIds: readonly Uuid[],
  through: string,
): Promise<readonly HistoryRow[]> {
  if (companyIds.length === 0) return []
  const { rows } = await sql<HistoryRow>`
    (SELECT 'o' AS kind, latest.company_id, latest.item, person.personal, NULL AS first, latest.position::text AS place
    FROM (
      SELECT DISTINCT ON (company_id, object_type, object_id) company_id, object_type, object_id, version, item,
        min(position) OVER (PARTITION BY company_id, object_type, object_id) AS position
      FROM ocf_object WHERE company_id = ANY(${companyIds}::uuid[]) AND status = 'APPLIED'
      ORDER BY company_id, object_type, object_id, version DESC
    ) AS latest
    LEFT JOIN stakeholder_person AS person
      ON person.company_id = latest.company_id AND latest.object_type = 'STAKEHOLDER'
      AND person.object_id = latest.object_id AND person.version = latest.version
    ORDER BY latest.company_id, latest.position)
    UNION ALL
    (SELECT 't', company_id, item, NULL, NULL, position::text FROM securities_transaction
    WHERE company_id = ANY(${companyIds}::uuid[]) AND status = 'APPLIED' AND date <= ${through}::date
    ORDER BY company_id, date, position)
    UNION ALL
    SELECT 'f', company_id, NULL, NULL, min(date)::text, '0' FROM securities_transaction
    WHERE company_id = ANY(${companyIds}::uuid[]) AND status = 'APPLIED' GROUP BY company_id
    UNION ALL
    ${movedLastDays(companyIds)}`.execute(reader)
  return rows
}

/** Last days of warrants that amendments have moved: of every security that the warrant has been. */
const movedLastDays = (companyIds: readonly Uuid[]) => sql`
  SELECT 'x', moved.company_id, jsonb_build_object('security_id', security.id, 'last_day', max(moved.expires_on)::text),
    NULL, NULL, '0'
  FROM warrant_extension AS moved
  CROSS JOIN LATERAL (
    SELECT moved.instrument_id AS id
    UNION ALL SELECT balance_security_id FROM warrant_exercise AS exercise
    WHERE exercise.company_id = moved.company_id AND exercise.instrument_id = moved.instrument_id
    UNION ALL SELECT balance_security_id FROM instrument_retirement AS retirement
    WHERE retirement.company_id = moved.company_id AND retirement.instrument_id = moved.instrument_id
  ) AS security
  WHERE moved.company_id = ANY(${companyIds}::uuid[]) AND security.id IS NOT NULL
  GROUP BY moved.company_id, security.id`

/** By day and place. The parts of a union come in their own order, which no standard promises: here it is made sure of. */
function inOrder(rows: readonly HistoryRow[]): readonly HistoryRow[] {
  const isSorted = rows.every((row, at) => at === 0 || before(rows[at - 1] ?? row, row) <= 0)
  return isSorted ? rows : rows.toSorted(before)
}

/** Of a transaction its own; objects have none, whatever their items say. */
const dayOf = ({ kind, item }: HistoryRow): string => (kind === 't' && typeof item.date === 'string' ? item.date : '')

function before(one: HistoryRow, other: HistoryRow): number {
  const [day, otherDay] = [dayOf(one), dayOf(other)]
  if (day !== otherDay) return day < otherDay ? -1 : 1
  // Digits without leading zeros: the longer number is the greater one.
  return one.place.length - other.place.length || (one.place < other.place ? -1 : Number(one.place > other.place))
}

/** A stored object, whole again. */
export function readObject({ item, personal }: ObjectRow): Placed<OcfObject> {
  const raw = item.object_type === 'STAKEHOLDER' ? joinPerson(item, personal) : item
  const reading = readItem(raw)
  if (reading.kind !== 'object') throw new UnreadableHistory(`a stored ${String(item.object_type)} cannot be read`)
  return { place: { file: '', pointer: '' }, raw, item: reading.item }
}

/** A stakeholder whole again. Once erased, the person has no name any more, and the shares stay. */
export function joinPerson(item: JsonObject, personal: JsonObject | null): JsonObject {
  const { personal_sha256: _hash, ...rest } = item
  return personal === null ? { ...rest, name: { legal_name: 'Erased' } } : { ...rest, ...personal }
}

/** A stored transaction. */
export function readTransaction({ item: raw, place }: TransactionRow): Placed<OcfTransaction> {
  const reading = readItem(raw)
  if (reading.kind !== 'transaction') throw new UnreadableHistory(`the stored transaction ${place} cannot be read`)
  return { place: { file: '', pointer: place }, raw, item: reading.item }
}
