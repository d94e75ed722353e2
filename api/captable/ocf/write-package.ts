/** Writes an Open Cap Format 1.2.0 package: a history in, files out. Pure: the same items give the same bytes. */
import { createHash } from 'node:crypto'
import { withoutLaterFields } from './items.ts'
import type { JsonObject, JsonValue } from './json.ts'

/** Items as they are stored, each list in its order. */
export type PackageItems = {
  readonly issuer: JsonObject
  /** Without the issuer. */
  readonly objects: readonly JsonObject[]
  readonly transactions: readonly JsonObject[]
  /** Items of types that 1.2.0 does not have. */
  readonly unknown: readonly JsonObject[]
}
export type PackageHead = {
  /** The date the package speaks of, and when it was made (ISO 8601, UTC). */
  readonly asOf: string
  readonly generatedAt: string
  /** What a reader should know; what was left out is added to it. */
  readonly comments: readonly string[]
}
/** A field of a later version that is not in the items written, with its value. */
export type LeftOut = {
  readonly type: string
  readonly id: string
  readonly field: string
  readonly value: JsonValue
}
export type WrittenFile = { readonly name: string; readonly content: string }
export type WrittenPackage = { readonly files: readonly WrittenFile[]; readonly leftOut: readonly LeftOut[] }

export const MANIFEST_NAME = 'Manifest.ocf.json'

type FileKind = {
  readonly name: string
  readonly fileType: string
  readonly list: string
  readonly objectType: string
}
const TRANSACTIONS = { fileType: 'OCF_TRANSACTIONS_FILE', list: 'transactions_files' } as const
/** Files of objects, in the order in which packages are read. */
const OBJECT_FILES: readonly FileKind[] = [
  kind('Stakeholders', 'STAKEHOLDERS', 'STAKEHOLDER'),
  kind('StockClasses', 'STOCK_CLASSES', 'STOCK_CLASS'),
  kind('StockLegends', 'STOCK_LEGEND_TEMPLATES', 'STOCK_LEGEND_TEMPLATE'),
  kind('StockPlans', 'STOCK_PLANS', 'STOCK_PLAN'),
  kind('VestingTerms', 'VESTING_TERMS', 'VESTING_TERMS'),
  kind('Valuations', 'VALUATIONS', 'VALUATION'),
  kind('Financings', 'FINANCINGS', 'FINANCING'),
  kind('Documents', 'DOCUMENTS', 'DOCUMENT'),
]
/** Lists that a manifest has only where they have a file; it must have all others. */
const OPTIONAL_LISTS = new Set(['financings_files', 'documents_files'])

function kind(name: string, plural: string, objectType: string): FileKind {
  return {
    name: `${name}.ocf.json`,
    fileType: `OCF_${plural}_FILE`,
    list: `${plural.toLowerCase()}_files`,
    objectType,
  }
}

/**
 * The files of a package, the manifest first. Every item of a type of 1.2.0 is written with the fields of 1.2.0 alone, so that
 * it is valid by its schema; fields of later versions stand in the manifest's comments. Items of unknown types are written as
 * they are, into a file of their own: all other files are valid as wholes.
 *
 * @throws {RangeError} when an object is of a type that has no file: it is not one of 1.2.0
 */
export function writePackage(items: PackageItems, head: PackageHead): WrittenPackage {
  const leftOut: LeftOut[] = []
  const known = (raw: JsonObject): JsonObject => strict(raw, leftOut)
  const issuer = known(items.issuer)
  const lists = new Map<string, { filepath: string; md5: string }[]>()
  const files: WrittenFile[] = []
  const add = (name: string, fileType: string, list: string, written: readonly JsonObject[]): void => {
    const entries = lists.get(list) ?? []
    lists.set(list, entries)
    if (written.length === 0) return
    const content = fileOf(fileType, written)
    files.push({ name, content })
    entries.push({ filepath: `./${name}`, md5: createHash('md5').update(content).digest('hex') })
  }
  const groups = byType(items.objects)
  for (const { name, fileType, list, objectType } of OBJECT_FILES) {
    add(name, fileType, list, (groups.get(objectType) ?? []).map(known))
    groups.delete(objectType)
  }
  const [homeless] = groups.keys()
  if (homeless !== undefined) throw new RangeError(`no file of a package holds ${homeless}`)
  add('Transactions.ocf.json', TRANSACTIONS.fileType, TRANSACTIONS.list, items.transactions.map(known))
  add('OtherVersions.ocf.json', TRANSACTIONS.fileType, TRANSACTIONS.list, items.unknown)
  const comments = [...head.comments, ...leftOut.map(commentOf)]
  const manifest: JsonObject = {
    file_type: 'OCF_MANIFEST_FILE',
    ocf_version: '1.2.0',
    as_of: head.asOf,
    generated_at: head.generatedAt,
    issuer: ordered(issuer),
    ...(comments.length === 0 ? {} : { comments }),
    ...Object.fromEntries([...lists].filter(([list, entries]) => entries.length > 0 || !OPTIONAL_LISTS.has(list))),
  }
  return { files: [{ name: MANIFEST_NAME, content: `${JSON.stringify(manifest, null, 2)}\n` }, ...files], leftOut }
}

function byType(objects: readonly JsonObject[]): Map<string, JsonObject[]> {
  const groups = new Map<string, JsonObject[]>()
  for (const raw of objects) {
    const type = String(raw.object_type)
    const group = groups.get(type)
    if (group === undefined) groups.set(type, [raw])
    else group.push(raw)
  }
  return groups
}

function strict(raw: JsonObject, leftOut: LeftOut[]): JsonObject {
  const { understood, later } = withoutLaterFields(raw)
  for (const field of later) {
    leftOut.push({ type: String(raw.object_type), id: String(raw.id), field, value: raw[field] ?? null })
  }
  return understood
}

const commentOf = ({ type, id, field, value }: LeftOut): string =>
  `${type} ${JSON.stringify(id)} has ${field}, which is not a field of 1.2.0 and was left out: ${JSON.stringify(value)}`

/** One item a line: it can be read, compared by line, and is hardly longer than it must be. */
const fileOf = (fileType: string, items: readonly JsonObject[]): string =>
  `{"file_type":"${fileType}","items":[\n${items.map((item) => JSON.stringify(ordered(item))).join(',\n')}\n]}\n`

const FIRST = ['object_type', 'id', 'date', 'security_id']
const rank = (key: string): number => (FIRST.includes(key) ? FIRST.indexOf(key) : FIRST.length)

/** Keys in a fixed order, since neither JSON nor the database keeps one: what tells an item from others first, then by name. */
const ordered = (item: JsonObject): JsonObject =>
  inOrder(item, (a, b) => rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0))

function inOrder(object: JsonObject, compare?: (a: string, b: string) => number): JsonObject {
  const result: { [key: string]: JsonValue } = {}
  for (const key of Object.keys(object).sort(compare)) result[key] = orderedValue(object[key] ?? null)
  return result
}

function orderedValue(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(orderedValue)
  return typeof value === 'object' && value !== null ? inOrder(value as JsonObject) : value
}
