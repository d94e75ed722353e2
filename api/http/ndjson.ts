/**
 * Streams of JSON lines (`application/x-ndjson`): one object a line in, one answer a line out. Memory is bounded by one batch
 * and one line, and whoever sends too fast is held back.
 */
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Response } from 'express'
import { BadInput, type DomainError, formatTokens, type InputFault } from '../platform/index.ts'
import { parseRequestJson, textOfUtf8 } from './graphql/request-json.ts'

/** The media type of both directions. */
export const NDJSON = 'application/x-ndjson'
/** Most bytes of one line. */
const LINE_BYTES = 16 * 1024
const NEWLINE = 10

/** A line that was sent: its number, counted from 1, and its value, or what is wrong with it. */
export type Line = { readonly number: number } & (
  | { readonly value: unknown }
  | { readonly faults: readonly InputFault[] }
)

/**
 * The lines of a stream in batches of at most `most`: as many as have arrived, so that somebody who sends a line and waits
 * for its answer gets it, and somebody who sends many gets them worked on together. Empty lines are passed over.
 */
export async function* lineBatches(input: Readable, most: number): AsyncGenerator<Line[], void, void> {
  const lines = new LineReader()
  for await (const chunk of input) {
    for (const batch of lines.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk)), most)) yield batch
    // What has arrived meanwhile belongs to the same batch.
    await nextTurn()
    if (input.readableLength === 0) yield* lines.rest()
  }
  lines.end()
  yield* lines.rest()
}

/** Cuts bytes into lines. */
class LineReader {
  #waiting: Line[] = []
  #part: Buffer[] = []
  #size = 0
  #number = 0

  /** Of a line that is too long only the length is kept. */
  #keep(part: Buffer): void {
    this.#size += part.length
    if (this.#size > LINE_BYTES) this.#part = []
    // A copy: the chunk belongs to the socket.
    else if (part.length > 0) this.#part.push(Buffer.from(part))
  }

  /** Takes bytes; answers the batches that are full. */
  *push(chunk: Buffer, most: number): Generator<Line[], void, void> {
    let from = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      this.#keep(chunk.subarray(from, end))
      this.end()
      from = end + 1
      if (this.#waiting.length >= most) yield* this.rest()
    }
    this.#keep(chunk.subarray(from))
  }

  /** The line is over. */
  end(): void {
    this.#number += 1
    const bytes = Buffer.concat(this.#part)
    const tooLong = this.#size > LINE_BYTES
    this.#part = []
    this.#size = 0
    if (tooLong) {
      this.#waiting.push({ number: this.#number, faults: [{ path: [], reason: `is longer than ${LINE_BYTES} bytes` }] })
    } else if (bytes.some((byte) => byte !== 32 && byte !== 9 && byte !== 13)) {
      this.#waiting.push(readLine(this.#number, bytes))
    }
  }

  /** What is waiting, if anything is. */
  *rest(): Generator<Line[], void, void> {
    if (this.#waiting.length === 0) return
    const batch = this.#waiting
    this.#waiting = []
    yield batch
  }
}

function readLine(number: number, bytes: Buffer): Line {
  try {
    return { number, value: parseRequestJson(textOfUtf8(bytes)) }
  } catch (error) {
    if (!(error instanceof BadInput)) throw error
    return { number, faults: error.faults }
  }
}

/** Writes answers, one a line, and waits until the reader has room for more. False when nobody reads any longer. */
export async function writeLines(response: Response, answers: readonly object[]): Promise<boolean> {
  if (response.destroyed || response.closed) return false
  if (response.write(answers.map((answer) => `${JSON.stringify(answer)}\n`).join(''))) return true
  const stop = new AbortController()
  const { signal } = stop
  try {
    await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })])
  } finally {
    stop.abort()
  }
  return !response.closed
}

/** A refusal as a line of the answer: its code, whether the same line may succeed later, and its own figures. Tokens are strings. */
export function refusalLine(error: BadInput | DomainError): object {
  if (error instanceof BadInput) return faultLine(error.faults)
  const { code, transient, message } = error
  const own = Object.entries(error).filter(([name]) => !['name', 'code', 'transient', 'message'].includes(name))
  const shown = own.map(([name, value]) => [name, typeof value === 'bigint' ? formatTokens(value) : value])
  return { outcome: 'REFUSED', code, transient, message, ...Object.fromEntries(shown) }
}

/** What is wrong with the form of a line. */
export const faultLine = (faults: readonly InputFault[]): object => ({
  outcome: 'REFUSED',
  code: 'BAD_INPUT',
  transient: false,
  message: `${faults.map(({ path, reason }) => `${path.join('.') || 'The line'} ${reason}`).join('; ')}. Nothing was changed.`,
  faults: faults.map(({ path, reason }) => ({ path: path.join('.'), reason })),
})
