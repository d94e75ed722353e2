/** Ids: UUID version 7 (RFC 9562), sortable by time of creation, and global ids that carry their distribution key. */
import { randomFillSync } from 'node:crypto'

/** A UUID in its canonical lower-case text form. */
export type Uuid = string

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** A new UUIDv7: 48 bits of milliseconds, then 74 random bits. Source: RFC 9562 section 5.7. */
export function newId(): Uuid {
  const bytes = new Uint8Array(16)
  randomFillSync(bytes, 6)
  new DataView(bytes.buffer).setBigUint64(
    0,
    (BigInt(Date.now()) << 16n) | BigInt((bytes[6] ?? 0) << 8) | BigInt(bytes[7] ?? 0),
  )
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = Buffer.from(bytes).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

export const isUuid = (text: string): boolean => UUID.test(text)

/** What points at a row that belongs to a company: the distribution key and the row's own id. */
export type Ref = { readonly companyId: Uuid; readonly id: Uuid }
/** What points at a row of a pool's calendar. */
export type PoolRef = { readonly poolId: Uuid; readonly id: Uuid }

/**
 * The text of a global id: `Company:<company>`, `Round:<company>:<round>`, `Provider:<provider>`.
 * The keys stand in the order of the primary key, the distribution key first.
 */
export const globalId = (type: string, ...keys: readonly Uuid[]): string => [type, ...keys].join(':')

/** The parts of a global id, or `undefined` where the text is none. */
export function parseGlobalId(text: string): { readonly type: string; readonly keys: readonly Uuid[] } | undefined {
  if (text.length > 200) return undefined
  const [type = '', ...keys] = text.split(':')
  if (!/^[A-Z][A-Za-z]{0,40}$/.test(type) || keys.length < 1 || keys.length > 3 || !keys.every(isUuid)) return undefined
  return { type, keys }
}
