/** Writes the history of a cap table: imports, versions of objects, transactions. The caller holds the lock of the company. */
import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import {
  canonicalJson,
  formatNumeric,
  instant,
  type JsonValue,
  type Numeric,
  sha256,
  type Trx,
  type Uuid,
} from '../platform/index.ts'
import type { PackageFault, PackageGap } from './ocf/fault.ts'
import type { JsonObject } from './ocf/json.ts'

/** `APPLIED` counts. `SET_ASIDE` could not be applied, `UNKNOWN_TYPE` is not of 1.2.0: both are kept verbatim and do not count. */
export type ItemStatus = 'APPLIED' | 'SET_ASIDE' | 'UNKNOWN_TYPE'

/** An item as it is stored. Places are those in the package; what was made here has none. */
export type StoredItem = {
  readonly type: string
  readonly id: string
  readonly status: ItemStatus
  readonly raw: JsonObject
  readonly file: string | null
  readonly pointer: string | null
}
export type StoredTransaction = StoredItem & { readonly date: string | null; readonly statementId?: Uuid | undefined }

/** Rows of one INSERT: PostgreSQL gets them as a few arrays, which takes 100,000 transactions in seconds. */
const CHUNK = 2_000

export async function insertImport(
  trx: Trx,
  row: {
    companyId: Uuid
    importId: Uuid
    packageSha256: string
    ocfVersion: string
    asOf: string
    gapsMode: 'REFUSE' | 'ACCEPT'
    fileNames: readonly string[]
    warnings: readonly PackageFault[]
    gaps: readonly PackageGap[]
    gapCount: number
    transactionCount: number
    importedBy: Uuid
  },
  listed: number,
): Promise<void> {
  await trx
    .insertInto('ocf_import')
    .values({
      company_id: row.companyId,
      import_id: row.importId,
      package_sha256: Buffer.from(row.packageSha256, 'hex'),
      ocf_version: row.ocfVersion,
      package_as_of: row.asOf,
      gaps_mode: row.gapsMode,
      file_names: JSON.stringify(row.fileNames),
      warnings: JSON.stringify(row.warnings.slice(0, listed)),
      gaps: JSON.stringify(row.gaps.slice(0, listed)),
      warning_count: row.warnings.length,
      gap_count: row.gapCount,
      transaction_count: row.transactionCount,
      imported_by: row.importedBy,
      imported_at: await instant(trx),
    })
    .execute()
}

/** Adds objects as new versions, each after the last of its kind and id. */
export async function insertObjects(
  trx: Trx,
  companyId: Uuid,
  importId: Uuid | null,
  items: readonly StoredItem[],
): Promise<void> {
  const at = await instant(trx)
  const versions = await lastVersions(trx, companyId, items)
  let position = await lastPosition(trx, 'ocf_object', companyId)
  const people: { id: string; version: number; salt: Buffer; personal: string }[] = []
  const rows = items.map((item) => {
    const key = `${item.type} ${item.id}`
    const version = (versions.get(key) ?? 0) + 1
    versions.set(key, version)
    position += 1n
    if (item.type !== 'STAKEHOLDER') return { ...item, version, position, stored: item.raw }
    const { stored, personal, salt } = splitPerson(item.raw)
    people.push({ id: item.id, version, salt, personal: JSON.stringify(personal) })
    return { ...item, version, position, stored }
  })
  for (const chunk of chunks(rows)) {
    await sql`
      INSERT INTO ocf_object (company_id, object_type, object_id, version, position, status, item, import_id, file, pointer, recorded_at)
      SELECT ${companyId}::uuid, object_type, object_id, version, position, status, item::jsonb, ${importId}::uuid, file, pointer, ${at}::timestamptz
      FROM unnest(${chunk.map((row) => row.type)}::text[], ${chunk.map((row) => row.id)}::text[],
        ${chunk.map((row) => row.version)}::integer[], ${chunk.map((row) => String(row.position))}::integer[],
        ${chunk.map((row) => row.status)}::text[], ${chunk.map((row) => JSON.stringify(row.stored))}::text[],
        ${chunk.map((row) => row.file)}::text[], ${chunk.map((row) => row.pointer)}::text[])
        AS new (object_type, object_id, version, position, status, item, file, pointer)`.execute(trx)
  }
  for (const chunk of chunks(people)) {
    await trx
      .insertInto('stakeholder_person')
      .values(
        chunk.map((row) => ({
          company_id: companyId,
          object_id: row.id,
          version: row.version,
          salt: row.salt,
          personal: row.personal,
        })),
      )
      .execute()
  }
}

/** Adds transactions after the last. */
export async function insertTransactions(
  trx: Trx,
  companyId: Uuid,
  importId: Uuid | null,
  items: readonly StoredTransaction[],
): Promise<void> {
  const at = await instant(trx)
  let position = await lastPosition(trx, 'securities_transaction', companyId)
  const rows = items.map((item) => {
    position += 1n
    return { ...item, position: String(position), columns: columnsOf(item) }
  })
  for (const chunk of chunks(rows)) {
    await sql`
      INSERT INTO securities_transaction (company_id, position, transaction_id, object_type, status, date, security_id, stakeholder_id,
        stock_class_id, stock_plan_id, quantity, item, statement_id, import_id, file, pointer, recorded_at)
      SELECT ${companyId}::uuid, position, transaction_id, object_type, status, date, security_id, stakeholder_id,
        stock_class_id, stock_plan_id, quantity, item::jsonb, statement_id, ${importId}::uuid, file, pointer, ${at}::timestamptz
      FROM unnest(${chunk.map((row) => row.position)}::bigint[], ${chunk.map((row) => row.id)}::text[],
        ${chunk.map((row) => row.type)}::text[], ${chunk.map((row) => row.status)}::text[], ${chunk.map((row) => row.date)}::date[],
        ${chunk.map((row) => row.columns.security)}::text[], ${chunk.map((row) => row.columns.stakeholder)}::text[],
        ${chunk.map((row) => row.columns.stockClass)}::text[], ${chunk.map((row) => row.columns.stockPlan)}::text[],
        ${chunk.map((row) => row.columns.quantity)}::numeric[], ${chunk.map((row) => JSON.stringify(row.raw))}::text[],
        ${chunk.map((row) => row.statementId ?? null)}::uuid[], ${chunk.map((row) => row.file)}::text[], ${chunk.map((row) => row.pointer)}::text[])
        AS new (position, transaction_id, object_type, status, date, security_id, stakeholder_id, stock_class_id, stock_plan_id,
          quantity, item, statement_id, file, pointer)`.execute(trx)
  }
}

function* chunks<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < rows.length; at += CHUNK) yield rows.slice(at, at + CHUNK)
}

async function lastPosition(
  trx: Trx,
  table: 'ocf_object' | 'securities_transaction',
  companyId: Uuid,
): Promise<bigint> {
  const { rows } = await sql<{ last: string }>`
    SELECT coalesce(max(position), 0)::text AS last FROM ${sql.table(table)} WHERE company_id = ${companyId}`.execute(
    trx,
  )
  return BigInt(rows[0]?.last ?? '0')
}

async function lastVersions(trx: Trx, companyId: Uuid, items: readonly StoredItem[]): Promise<Map<string, number>> {
  const { rows } = await sql<{ object_type: string; object_id: string; version: number }>`
    SELECT object_type, object_id, max(version) AS version FROM ocf_object
    WHERE company_id = ${companyId} AND object_id = ANY(${items.map((item) => item.id)}::text[])
    GROUP BY object_type, object_id`.execute(trx)
  return new Map(rows.map((row) => [`${row.object_type} ${row.object_id}`, row.version]))
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)

function columnsOf({ raw, status }: StoredItem): {
  security: string | null
  stakeholder: string | null
  stockClass: string | null
  stockPlan: string | null
  quantity: string | null
} {
  // Items of an unknown type may hold anything under these names.
  const known = status !== 'UNKNOWN_TYPE'
  const field = (name: string): string | null => (known ? textOf(raw[name]) : null)
  return {
    security: field('security_id'),
    stakeholder: field('stakeholder_id'),
    stockClass: field('stock_class_id'),
    stockPlan: field('stock_plan_id'),
    quantity: field('quantity') ?? field('quantity_converted'),
  }
}

/** What of a stakeholder is not personal. Everything else can be erased. */
const IMPERSONAL = new Set(['object_type', 'id', 'stakeholder_type'])

/** Parts a stakeholder into what stays in history and what can be erased; history keeps the salted hash of the latter. */
function splitPerson(raw: JsonObject): { stored: JsonObject; personal: JsonObject; salt: Buffer } {
  const entries = Object.entries(raw)
  const personal = Object.fromEntries(entries.filter(([name]) => !IMPERSONAL.has(name)))
  const salt = randomBytes(32)
  const hash = sha256(Buffer.concat([salt, Buffer.from(canonicalJson(asText(personal)))])).toString('hex')
  const stored = Object.fromEntries(entries.filter(([name]) => IMPERSONAL.has(name)))
  return { stored: { ...stored, personal_sha256: hash }, personal, salt }
}

/** Numbers as text: fields of later versions may hold fractions, which have no canonical form here. */
const asText = (value: JsonObject): JsonValue =>
  JSON.parse(JSON.stringify(value, (_key, member) => (typeof member === 'number' ? String(member) : member)))

/** An OCF `Numeric` as it is written in items made here. */
export const ocfNumber = (value: Numeric): string => formatNumeric(value)
