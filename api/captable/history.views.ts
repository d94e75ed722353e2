/** Reads the history of a cap table back, and replays it. */
import { sql } from 'kysely'
import type { Reader, Uuid } from '../platform/index.ts'
import { NoCapTable } from './cap-table-view.ts'
import { LAST_DAY } from './dates.ts'
import { readItem } from './ocf/items.ts'
import type { JsonObject } from './ocf/json.ts'
import type { ObjectOf, OcfObject } from './ocf/objects.ts'
import type { Placed } from './ocf/package.ts'
import type { OcfTransaction } from './ocf/transactions.ts'
import { type History, replay } from './replay.ts'
import type { CapTable } from './state.ts'

/** A stored item that does not read any more: a fault of ours, since it was validated before it was stored. */
class UnreadableHistory extends Error {}

/**
 * The history of a company up to and on a day: the latest version of each object, and the transactions that count.
 *
 * @throws {NoCapTable} when there is none
 */
export async function loadHistory(reader: Reader, companyId: Uuid, through: string = LAST_DAY): Promise<History> {
  const objects = (await objectsOf(reader, companyId)).map(readObject)
  const issuer = objects.find((placed): placed is Placed<ObjectOf<'ISSUER'>> => placed.item.object_type === 'ISSUER')
  if (issuer === undefined) throw new NoCapTable()
  const { rows } = await sql<{ item: JsonObject; position: string }>`
    SELECT item, position::text AS position FROM securities_transaction
    WHERE company_id = ${companyId} AND status = 'APPLIED' AND date <= ${through}::date
    ORDER BY date, position`.execute(reader)
  return {
    issuer,
    objects: objects.filter((placed) => placed !== issuer),
    transactions: rows.map(({ item, position }) => readTransaction(item, position)),
  }
}

/**
 * The table of a company on a day, the end of its history by default.
 *
 * @throws {NoCapTable}
 */
export async function loadTable(reader: Reader, companyId: Uuid, through: string = LAST_DAY): Promise<CapTable> {
  const history = await loadHistory(reader, companyId, through)
  const { table } = replay(history, { through, trusted: true })
  // The day of the first transaction is known also where the history was cut off before it.
  return table.firstDate === undefined ? { ...table, firstDate: await firstDate(reader, companyId) } : table
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

async function firstDate(reader: Reader, companyId: Uuid): Promise<string | undefined> {
  const { rows } = await sql<{ first: string | null }>`
    SELECT min(date)::text AS first FROM securities_transaction WHERE company_id = ${companyId} AND status = 'APPLIED'`.execute(
    reader,
  )
  return rows[0]?.first ?? undefined
}

type ObjectRow = { readonly item: JsonObject; readonly personal: JsonObject | null }

async function objectsOf(reader: Reader, companyId: Uuid): Promise<readonly ObjectRow[]> {
  const { rows } = await sql<ObjectRow>`
    SELECT latest.item, person.personal
    FROM (
      SELECT DISTINCT ON (object_type, object_id) object_type, object_id, version, item,
        min(position) OVER (PARTITION BY object_type, object_id) AS position
      FROM ocf_object WHERE company_id = ${companyId} AND status = 'APPLIED'
      ORDER BY object_type, object_id, version DESC
    ) AS latest
    LEFT JOIN stakeholder_person AS person
      ON person.company_id = ${companyId} AND latest.object_type = 'STAKEHOLDER'
      AND person.object_id = latest.object_id AND person.version = latest.version
    ORDER BY latest.position`.execute(reader)
  return rows
}

function readObject({ item, personal }: ObjectRow): Placed<OcfObject> {
  const raw = item.object_type === 'STAKEHOLDER' ? joinPerson(item, personal) : item
  const reading = readItem(raw)
  if (reading.kind !== 'object') throw new UnreadableHistory(`a stored ${String(item.object_type)} cannot be read`)
  return { place: { file: '', pointer: '' }, raw, item: reading.item }
}

/** A stakeholder whole again. Once erased, the person has no name any more, and the shares stay. */
function joinPerson(item: JsonObject, personal: JsonObject | null): JsonObject {
  const { personal_sha256: _hash, ...rest } = item
  return personal === null ? { ...rest, name: { legal_name: 'Erased' } } : { ...rest, ...personal }
}

function readTransaction(raw: JsonObject, position: string): Placed<OcfTransaction> {
  const reading = readItem(raw)
  if (reading.kind !== 'transaction') throw new UnreadableHistory(`the stored transaction ${position} cannot be read`)
  return { place: { file: '', pointer: position }, raw, item: reading.item }
}
