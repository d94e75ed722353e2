/**
 * A strict JSON reader (RFC 8259) for files of unknown origin. Stricter than `JSON.parse`, because what is read here is kept
 * as evidence: a key that stands twice, a number that does not survive a double, or text that a database cannot store would
 * all change silently otherwise. It bounds nesting, and says where a fault is by line and column or by JSON pointer.
 */
import { pointer } from './fault.ts'

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject
export type JsonObject = { readonly [key: string]: JsonValue }
export type JsonFault = { readonly pointer: string; readonly reason: string }
/** `value` is `undefined` when the text is not JSON at all; `faults` then holds the one reason. */
export type JsonReading = { readonly value: JsonValue | undefined; readonly faults: readonly JsonFault[] }

const DANGEROUS_KEYS = new Set(['__proto__', 'constructor', 'prototype'])
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

class NotJson extends Error {
  readonly at: number
  constructor(at: number, reason: string) {
    super(reason)
    this.at = at
  }
}

/** Reads one JSON text. Never throws: what is wrong is in `faults`. */
export function readJson(text: string, maxDepth: number): JsonReading {
  const reader = new Reader(text, maxDepth)
  try {
    return { value: reader.document(), faults: reader.faults }
  } catch (error) {
    if (!(error instanceof NotJson)) throw error
    return {
      value: undefined,
      faults: [{ pointer: '', reason: `is not JSON: ${error.message} ${position(text, error.at)}` }],
    }
  }
}

function position(text: string, at: number): string {
  const before = text.slice(0, at)
  const line = before.split('\n').length
  return `at line ${line}, column ${at - before.lastIndexOf('\n')}`
}

class Reader {
  readonly faults: JsonFault[] = []
  readonly #text: string
  readonly #maxDepth: number
  readonly #path: (string | number)[] = []
  #at = 0

  constructor(text: string, maxDepth: number) {
    this.#text = text
    this.#maxDepth = maxDepth
  }

  document(): JsonValue {
    const value = this.#value()
    this.#space()
    if (this.#at < this.#text.length) throw new NotJson(this.#at, 'something follows the value')
    return value
  }

  #fault(reason: string): void {
    this.faults.push({ pointer: pointer(this.#path), reason })
  }

  #space(): void {
    for (; this.#at < this.#text.length; this.#at += 1) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
    }
  }

  #value(): JsonValue {
    this.#space()
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object()
      case '[':
        return this.#array()
      case '"':
        return this.#string()
      case 't':
        return this.#word('true', true)
      case 'f':
        return this.#word('false', false)
      case 'n':
        return this.#word('null', null)
      case undefined:
        throw new NotJson(this.#at, 'the text ends early')
      default:
        return this.#number()
    }
  }

  #deeper(): void {
    if (this.#path.length >= this.#maxDepth) throw new NotJson(this.#at, `nested deeper than ${this.#maxDepth}`)
  }

  #object(): JsonObject {
    this.#deeper()
    const object: { [key: string]: JsonValue } = {}
    this.#at += 1
    this.#space()
    if (this.#take('}')) return object
    for (;;) {
      this.#space()
      if (this.#text[this.#at] !== '"') throw new NotJson(this.#at, 'expected a key in double quotes')
      const key = this.#string()
      this.#space()
      if (!this.#take(':')) throw new NotJson(this.#at, 'expected ":"')
      this.#path.push(key)
      if (DANGEROUS_KEYS.has(key)) {
        this.#fault('is a name that JavaScript objects reserve')
        this.#value()
      } else {
        if (Object.hasOwn(object, key)) this.#fault('stands twice in the same object')
        object[key] = this.#value()
      }
      this.#path.pop()
      this.#space()
      if (this.#take('}')) return object
      if (!this.#take(',')) throw new NotJson(this.#at, 'expected "," or "}"')
    }
  }

  #array(): JsonValue[] {
    this.#deeper()
    const array: JsonValue[] = []
    this.#at += 1
    this.#space()
    if (this.#take(']')) return array
    for (;;) {
      this.#path.push(array.length)
      array.push(this.#value())
      this.#path.pop()
      this.#space()
      if (this.#take(']')) return array
      if (!this.#take(',')) throw new NotJson(this.#at, 'expected "," or "]"')
    }
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at += 1
    return true
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw new NotJson(this.#at, 'unexpected character')
    this.#at += word.length
    return value
  }

  #number(): number {
    NUMBER.lastIndex = this.#at
    const match = NUMBER.exec(this.#text)
    if (match === null) throw new NotJson(this.#at, 'unexpected character')
    this.#at += match[0].length
    const value = Number(match[0])
    if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
      this.#fault('is a number that cannot be kept exactly: write it as text')
    }
    return value
  }

  #string(): string {
    const start = this.#at
    this.#at += 1
    let from = this.#at
    let out = ''
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (Number.isNaN(code)) throw new NotJson(start, 'a text is not closed')
      if (code < 0x20) throw new NotJson(this.#at, 'a control character stands in a text')
      if (code === 0x22) break
      if (code !== 0x5c) {
        this.#at += 1
        continue
      }
      out += this.#text.slice(from, this.#at) + this.#escape()
      from = this.#at
    }
    out += this.#text.slice(from, this.#at)
    this.#at += 1
    if (out.includes('\u0000')) this.#fault('holds a NUL character')
    if (!out.isWellFormed()) this.#fault('holds half of a surrogate pair')
    return out
  }

  #escape(): string {
    const character = this.#text[this.#at + 1] ?? ''
    const simple = ESCAPES[character]
    if (simple !== undefined) {
      this.#at += 2
      return simple
    }
    const hex = this.#text.slice(this.#at + 2, this.#at + 6)
    if (character !== 'u' || !/^[0-9a-fA-F]{4}$/.test(hex)) throw new NotJson(this.#at, 'an unknown escape')
    this.#at += 6
    return String.fromCharCode(Number.parseInt(hex, 16))
  }
}
