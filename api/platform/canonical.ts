/** Canonical JSON (RFC 8785, restricted to what we write: no floating point) and hashes over it. */
import { createHash, hash } from 'node:crypto'

/** JSON as we write it: numbers are whole and safe; tokens, shares and money are strings. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/**
 * The one text of a JSON value: members sorted by UTF-16 code units, no white space. Source: RFC 8785.
 *
 * @throws {TypeError} for a number that is not a safe integer, and for a lone surrogate: neither has one text everywhere
 */
export function canonicalJson(value: JsonValue): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new TypeError(`${value} is not a safe integer: write decimals as strings`)
    return String(value === 0 ? 0 : value)
  }
  if (typeof value === 'string') return canonicalText(value)
  if (isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${canonicalText(name)}:${canonicalJson(member)}`).join(',')}}`
}

function canonicalText(text: string): string {
  if (!text.isWellFormed()) throw new TypeError('a string holds a lone surrogate')
  return JSON.stringify(text)
}

const isArray = (value: JsonValue): value is readonly JsonValue[] => Array.isArray(value)

/** SHA-256 of bytes, or of the UTF-8 of a text. */
export const sha256 = (data: string | Uint8Array): Buffer => hash('sha256', data, 'buffer')

/** The leaf hash of a canonical JSON value in a Merkle tree. Source: RFC 9162 section 2.1.1 (SHA-256 over 0x00 and the entry). */
export const leafHash = (value: JsonValue): Buffer =>
  createHash('sha256')
    .update(Buffer.from([0]))
    .update(canonicalJson(value))
    .digest()

/**
 * Any plain value of ours as JSON: a `bigint` becomes `{"$bigint": "12"}`, bytes become their hash, and members that are
 * `undefined` or functions are left out. {@link fromStored} is its inverse. For stored answers and request hashes.
 *
 * @throws {TypeError} for what would be kept as something else: a `Set`, a `Map`, a `Date`, any other instance of a class
 */
export function toStored(value: unknown): JsonValue {
  if (value === null || value === undefined) return null
  if (typeof value === 'bigint') return { $bigint: value.toString() }
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') return value
  if (value instanceof Uint8Array) return { $sha256: sha256(value).toString('hex') }
  if (Array.isArray(value)) return value.map(toStored)
  if (typeof value === 'object' && isPlain(value)) {
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, member]) => member !== undefined && typeof member !== 'function')
        .map(([name, member]) => [name, toStored(member)]),
    )
  }
  throw new TypeError(`a ${typeof value === 'object' ? value.constructor?.name : typeof value} cannot be stored`)
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** What {@link toStored} stored. */
export function fromStored(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromStored)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value)
  const [only] = entries
  if (entries.length === 1 && only?.[0] === '$bigint' && typeof only[1] === 'string') return BigInt(only[1])
  return Object.fromEntries(entries.map(([name, member]) => [name, fromStored(member)]))
}
