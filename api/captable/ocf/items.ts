/** One item of a package: told by its `object_type`, validated, with every fault named. */
import type { z } from 'zod'
import { MAX_ID_LENGTH } from './bounds.ts'
import { pointer } from './fault.ts'
import type { JsonObject, JsonValue } from './json.ts'
import { OBJECTS, type OcfObject } from './objects.ts'
import { isDate } from './primitives.ts'
import { type OcfTransaction, TRANSACTIONS } from './transactions.ts'

/** What reading one item gives. `later` are fields of a newer version that were left out of the understanding, not of the record. */
export type ItemReading =
  | { readonly kind: 'object'; readonly item: OcfObject; readonly later: readonly string[] }
  | { readonly kind: 'transaction'; readonly item: OcfTransaction; readonly later: readonly string[] }
  | { readonly kind: 'unknown'; readonly type: string; readonly id: string; readonly date: string | undefined }
  | { readonly kind: 'faulty'; readonly faults: readonly { readonly pointer: string; readonly reason: string }[] }

/**
 * Fields that are not in 1.2.0 but stand in published packages: the format's own repository writes the first two (1.2.1),
 * its option example the third. Each is kept verbatim and reported. Any other unknown field is a fault, since a misspelt
 * field would otherwise silently not count.
 */
const LATER_FIELDS: Readonly<Record<string, readonly string[]>> = {
  STAKEHOLDER: ['current_relationships', 'current_status'],
  ISSUER: ['jurisdiction_of_formation'],
}

const isObject = (value: JsonValue): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const faulty = (at: string, reason: string): ItemReading => ({ kind: 'faulty', faults: [{ pointer: at, reason }] })

/** Reads one item. Pointers are relative to it. */
export function readItem(raw: JsonValue): ItemReading {
  if (!isObject(raw)) return faulty('', 'is not an object')
  const { object_type: type, id } = raw
  if (typeof type !== 'string') return faulty('/object_type', type === undefined ? 'is missing' : 'is not text')
  const object = Object.hasOwn(OBJECTS, type) ? OBJECTS[type as keyof typeof OBJECTS] : undefined
  const transaction = Object.hasOwn(TRANSACTIONS, type) ? TRANSACTIONS[type as keyof typeof TRANSACTIONS] : undefined
  if (object === undefined && transaction === undefined) return unknown(raw, type, id)
  const { understood, later } = withoutLaterFields(raw)
  if (object !== undefined) {
    const result = object.safeParse(understood)
    return result.success ? { kind: 'object', item: result.data, later } : faultsOf(result.error, type, raw)
  }
  const result = transaction?.safeParse(understood)
  if (result === undefined) return faulty('/object_type', 'is unknown')
  return result.success ? { kind: 'transaction', item: result.data, later } : faultsOf(result.error, type, raw)
}

/** An item of a type of 1.2.0 without fields of later versions, and the names of those it has. */
export function withoutLaterFields(raw: JsonObject): { understood: JsonObject; later: readonly string[] } {
  const later = (LATER_FIELDS[String(raw.object_type)] ?? []).filter((field) => Object.hasOwn(raw, field))
  if (later.length === 0) return { understood: raw, later }
  return { understood: Object.fromEntries(Object.entries(raw).filter(([field]) => !later.includes(field))), later }
}

function unknown(raw: JsonObject, type: string, id: JsonValue | undefined): ItemReading {
  if (typeof id !== 'string' || id === '' || id.length > MAX_ID_LENGTH) {
    return faulty('/id', id === undefined ? 'is missing' : `is not a text of 1 to ${MAX_ID_LENGTH} characters`)
  }
  if (type.length > MAX_ID_LENGTH) return faulty('/object_type', `is longer than ${MAX_ID_LENGTH} characters`)
  const { date } = raw
  return { kind: 'unknown', type, id, date: typeof date === 'string' && isDate(date) ? date : undefined }
}

/** What a validator says against `raw`, as pointers and reasons in our words. */
export function faultsOf(error: z.ZodError, type: string, raw: JsonValue): ItemReading & { kind: 'faulty' } {
  const faults = error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        pointer: pointer([...issue.path, key]),
        reason: `is not a field of ${type} in Open Cap Format 1.2.0`,
      }))
    }
    return [{ pointer: pointer(issue.path), reason: reasonOf(issue, raw) }]
  })
  return { kind: 'faulty', faults }
}

function reasonOf(issue: z.core.$ZodIssue, raw: JsonValue): string {
  if (valueAt(raw, issue.path) === undefined && issue.code !== 'custom') return 'is missing'
  switch (issue.code) {
    case 'invalid_type':
      return `is not ${issue.expected === 'array' ? 'a list' : issue.expected === 'string' ? 'text' : `of type ${issue.expected}`}`
    case 'invalid_value':
      return `is not one of ${issue.values.map(String).join(', ')}`
    case 'invalid_union':
      return 'does not name one of the known types'
    case 'too_big':
      return issue.message.startsWith('Too') ? `is larger than ${issue.maximum}` : issue.message
    case 'too_small':
      return issue.message.startsWith('Too') ? `is smaller than ${issue.minimum}` : issue.message
    default:
      return issue.message
  }
}

function valueAt(raw: JsonValue, path: readonly PropertyKey[]): JsonValue | undefined {
  let value: JsonValue | undefined = raw
  for (const key of path) {
    if (value === null || typeof value !== 'object') return undefined
    value = (value as JsonObject)[String(key)]
  }
  return value
}
