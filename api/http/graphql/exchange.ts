/** One request at the GraphQL door, and what was found out about it: each of its two ways goes on where the other stopped. */
import type { IncomingMessage } from 'node:http'
import type { ExecutionResult } from 'graphql'
import type { Actor } from '../../access/index.ts'
import type { BadInput } from '../../platform/index.ts'
import { bytesOf } from './request-body.ts'
import { parseRequestJson, textOfUtf8 } from './request-json.ts'

/** Who sends a request, or `undefined` where nobody is signed in. */
export type ActorOf = (request: IncomingMessage) => Promise<Actor | undefined>

export class Exchange {
  readonly #message: IncomingMessage
  readonly #lookup: ActorOf
  #actor: Promise<Actor | undefined> | undefined
  #body: Promise<unknown> | undefined
  /** What the operation came to, where it was executed: nothing is executed twice. */
  outcome: Promise<ExecutionResult> | undefined

  constructor(message: IncomingMessage, lookup: ActorOf) {
    this.#message = message
    this.#lookup = lookup
  }

  /** Who sends it. Looked up once, however often it is asked for. */
  actor(): Promise<Actor | undefined> {
    this.#actor ??= this.#lookup(this.#message)
    return this.#actor
  }

  /**
   * Its body, read and parsed once. Ask only for that of somebody who is signed in. Rejects with a `GraphQLError` for a body
   * that is too large or cut off, and with {@link BadInput} for one that is not JSON in UTF-8.
   */
  body(): Promise<unknown> {
    this.#body ??= bytesOf(this.#message).then((bytes) => parseRequestJson(textOfUtf8(bytes)))
    return this.#body
  }
}
