/** Ids: UUID version 7 (RFC 9562), sortable by time of creation, and global ids that carry their distribution key. */
import { randomFillSync } from 'node:crypto'

/** A UUID in its canonical lower-case text form. */
export type Uuid = string

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Milliseconds and counter of the last id, so that ids of one process rise strictly, also within a millisecond. */
let last = { milliseconds: 0, counter: 0 }
const COUNTER_MAX = 0xfff
/** A clock that is set back by more than this many milliseconds was wrong before, and is followed. */
const SET_BACK_MAX = 10_000

/** Random digits are drawn some thousands at a time: each call of the generator costs more than an id. */
const drawn = new Uint8Array(4000)
let digits = ''
let used = 0

/** Twenty random hexadecimal digits. */
function twentyDigits(): string {
  if (used + 20 > digits.length) {
    digits = Buffer.from(randomFillSync(drawn)).toString('hex')
    used = 0
  }
  used += 20
  return digits.slice(used - 20, used)
}

/**
 * A new UUIDv7: 48 bits of milliseconds, a counter of 12 bits that begins at random in its lower half, then 62 random bits.
 * Each is greater than the one before it in this process. Source: RFC 9562 sections 5.7 and 6.2 (method 1).
 */
export function newId(): Uuid {
  const random = twentyDigits()
  const now = Date.now()
  if (now > last.milliseconds || now < last.milliseconds - SET_BACK_MAX) {
    last = { milliseconds: now, counter: Number.parseInt(random.slice(0, 3), 16) & (COUNTER_MAX >> 1) }
  } else if (last.counter < COUNTER_MAX) {
    last = { ...last, counter: last.counter + 1 }
  } else {
    // The counter is used up: the ids run a little ahead of the clock.
    last = { milliseconds: last.milliseconds + 1, counter: 0 }
  }
  const time = last.milliseconds.toString(16).padStart(12, '0')
  const counter = last.counter.toString(16).padStart(3, '0')
  const variant = ((Number.parseInt(random.charAt(4), 16) & 3) | 8).toString(16)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${counter}-${variant}${random.slice(5, 8)}-${random.slice(8)}`
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
