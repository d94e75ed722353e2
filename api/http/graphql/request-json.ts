/**
 * JSON that strangers send. Stricter than `JSON.parse`, which lets pass what two readers would read differently (a key that
 * stands twice, bytes that are not UTF-8) and what the database cannot keep (NUL, half of a surrogate pair).
 */
import { BadInput, type InputFault } from '../../platform/index.ts'

/** Deepest nesting of a request. The terms of a round nest eight deep. */
const MAX_DEPTH = 64

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The text of UTF-8 bytes.
 *
 * @throws {BadInput} for bytes that are not UTF-8
 */
export function textOfUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw new BadInput([{ path: [], reason: 'is not UTF-8' }])
  }
}

/**
 * The value of a JSON text.
 *
 * @param at where the text stands in the request, for the paths of faults
 * @throws {BadInput} with every text that cannot be kept, or with the first fault of form
 */
export function parseRequestJson(text: string, at: readonly string[] = []): unknown {
  const value = parsed(text, at)
  if (isPlain(text, value)) return value
  refuseAmbiguous(text, at)
  const faults: InputFault[] = []
  collectUnkeepable(value, [...at], faults)
  if (faults.length > 0) throw new BadInput(faults)
  return value
}

/**
 * Whether nothing can be wrong with a JSON text, as with nearly all: it is not deep, it writes as many keys as its value has,
 * so that none stands twice, and it escapes no code unit. Unescaped, UTF-8 and JSON let through neither what is half of a pair
 * nor NUL.
 */
function isPlain(text: string, value: unknown): boolean {
  if (text.includes('\\u')) return false
  const keys = keysWritten(text)
  return keys !== undefined && keys === keysOf(value)
}

/** How many keys a JSON text writes: as many as it has colons outside strings. `undefined` for a text that is too deep. */
function keysWritten(text: string): number | undefined {
  let [keys, depth] = [0, 0]
  for (let index = 0; index < text.length; index += 1) {
    switch (text.charCodeAt(index)) {
      case 34: // "
        index = endOfString(text, index) - 1
        break
      case 58: // :
        keys += 1
        break
      case 91: // [
      case 123: // {
        depth += 1
        if (depth > MAX_DEPTH) return undefined
        break
      case 93: // ]
      case 125: // }
        depth -= 1
    }
  }
  return keys
}

/** How many keys a value has, with all that it holds. */
function keysOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const members = Object.values(value)
  let keys = Array.isArray(value) ? 0 : members.length
  for (const member of members) if (typeof member === 'object' && member !== null) keys += keysOf(member)
  return keys
}

function parsed(text: string, at: readonly string[]): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new BadInput([{ path: at, reason: 'is not JSON' }])
  }
}

/** One object or list that is open: the keys it has so far, and the one whose value is being read. */
type Open = { readonly keys: Set<string> | undefined; at: string }

/** Refuses a key that stands twice in one object, and nesting that is too deep. The text is known to be JSON. */
function refuseAmbiguous(text: string, at: readonly string[]): void {
  const open: Open[] = []
  const structure = /["{}[\]]/g
  for (let match = structure.exec(text); match !== null; match = structure.exec(text)) {
    const [character] = match
    if (character === '{' || character === '[') {
      open.push({ keys: character === '{' ? new Set() : undefined, at: '' })
      if (open.length > MAX_DEPTH) throw new BadInput([{ path: at, reason: `is nested deeper than ${MAX_DEPTH}` }])
    } else if (character === '}' || character === ']') {
      open.pop()
    } else {
      const end = endOfString(text, match.index)
      structure.lastIndex = end
      const inside = open.at(-1)
      if (inside?.keys !== undefined && isKey(text, end))
        openKey(inside, text.slice(match.index, end), [...at, ...open.map((level) => level.at)])
    }
  }
}

function openKey(inside: Open, literal: string, path: readonly string[]): void {
  const key = String(JSON.parse(literal))
  inside.at = key
  if (inside.keys?.has(key) === true) {
    throw new BadInput([
      { path: [...path.slice(0, -1).filter((part) => part !== ''), key], reason: 'stands twice in the same object' },
    ])
  }
  inside.keys?.add(key)
}

/** The index after the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); ; at = text.indexOf('"', at + 1)) {
    let backslashes = 0
    while (text[at - 1 - backslashes] === '\\') backslashes += 1
    if (backslashes % 2 === 0) return at + 1
  }
}

function isKey(text: string, end: number): boolean {
  let at = end
  while (/\s/.test(text[at] ?? '')) at += 1
  return text[at] === ':'
}

/** Collects the texts that the database cannot keep. */
function collectUnkeepable(value: unknown, path: (string | number)[], faults: InputFault[]): void {
  if (typeof value === 'string') {
    if (value.includes('\u0000')) faults.push({ path: [...path], reason: 'must not hold a NUL character' })
    if (!value.isWellFormed()) faults.push({ path: [...path], reason: 'must not hold half of a surrogate pair' })
    return
  }
  if (typeof value !== 'object' || value === null) return
  for (const [name, member] of Object.entries(value)) {
    path.push(name)
    collectUnkeepable(member, path, faults)
    path.pop()
  }
}
