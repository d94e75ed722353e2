/** Calls to Slurm's REST daemon: the version it speaks, tokens that end, answers that do not come. */
import type { z } from 'zod'
import { type SchedulerRefusal, SchedulerRefused, SchedulerUnavailable } from './errors.ts'
import { zErrors, zOpenApi } from './slurm-answers.ts'

/** Versions of the API that the answers are known for, best first. */
export const SLURM_API_VERSIONS = ['v0.0.45', 'v0.0.44', 'v0.0.43'] as const

/**
 * Gives a JSON Web Token for the user. `refused` is the token that the server no longer takes, when there is one: a source
 * that keeps tokens makes a new one then.
 */
export type TokenSource = (refused: string | undefined) => Promise<string>

export type SlurmRestOptions = {
  /** `http://127.0.0.1:6820` */
  readonly url: string
  /** A user that may make reservations: root, or SlurmUser. */
  readonly user: string
  readonly token: TokenSource
  /** Milliseconds that one call may take. */
  readonly timeout?: number
  /** Restricts what is spoken, best first. */
  readonly versions?: readonly string[]
}

export type SlurmCall = {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** After the version: `reservation/a1`. */
  readonly path: string
  readonly daemon?: 'slurm' | 'slurmdb'
  readonly body?: unknown
}

/** Slurm's error numbers (slurm_errno.h) that mean something to us. */
const REFUSALS: Readonly<Record<number, SchedulerRefusal>> = {
  2010: 'NOT_PERMITTED',
  2016: 'CAPACITY',
  2045: 'UNKNOWN_ACCOUNT',
  2053: 'BAD_NAME',
  2054: 'IN_THE_PAST',
  2055: 'IN_USE',
  2115: 'BAD_SIZE',
  // The REST daemon's own: what was asked for by name is not there.
  9000: 'NO_SUCH_RESERVATION',
}
/** The token is no good. The accounting daemon says only that it could not be reached. */
const TOKEN_REFUSED = [1007, 7000]

type Answer = { readonly status: number; readonly body: unknown; readonly token: string }

export class SlurmRest {
  readonly #options: SlurmRestOptions
  #token: Promise<string> | undefined
  #version: Promise<string> | undefined

  constructor(options: SlurmRestOptions) {
    this.#options = options
  }

  /** @throws {SchedulerRefused} {SchedulerUnavailable} also for an answer that cannot be read: what it did is not known */
  async call<S extends z.ZodType>(
    schema: S,
    { method, path, daemon = 'slurm', body }: SlurmCall,
  ): Promise<z.output<S>> {
    const address = `/${daemon}/${await this.version()}/${path}`
    const answer = await this.#send(method, address, body)
    // Asked for one reservation when it has none at all, Slurm tells of an error with the number 0, "No error".
    const errors = (zErrors.safeParse(answer.body).data?.errors ?? []).filter(({ error_number }) => error_number !== 0)
    const [first] = errors
    if (answer.status >= 500)
      throw new SchedulerUnavailable(`HTTP ${answer.status}: ${wordsOf(first) ?? 'no reason given'}`)
    if (first !== undefined)
      throw new SchedulerRefused(refusalOf(first.error_number), wordsOf(first) ?? 'no reason given')
    if (answer.status >= 400) throw new SchedulerRefused('OTHER', `HTTP ${answer.status} for ${method} ${address}`)
    const read = schema.safeParse(answer.body)
    if (read.success) return read.data
    const [fault] = read.error.issues
    throw new SchedulerUnavailable(`its answer cannot be read: ${fault?.path.join('.')} ${fault?.message}`)
  }

  /** The best version that both sides speak, from the server's own description; asked once. */
  version(): Promise<string> {
    this.#version ??= this.#findVersion().catch((error: unknown) => {
      this.#version = undefined
      throw error
    })
    return this.#version
  }

  async #findVersion(): Promise<string> {
    const { status, body } = await this.#send('GET', '/openapi/v3', undefined)
    const description = zOpenApi.safeParse(body)
    if (!description.success) throw new SchedulerUnavailable(`HTTP ${status} for its description`)
    const spoken = new Set(Object.keys(description.data.paths).map((path) => /^\/slurm\/(v[\d.]+)\//.exec(path)?.[1]))
    const known = this.#options.versions ?? SLURM_API_VERSIONS
    const best = known.find((version) => spoken.has(version))
    if (best !== undefined) return best
    const offered = [...spoken].filter((version) => version !== undefined).join(', ')
    throw new SchedulerUnavailable(`it speaks ${offered || 'nothing known'}, and not ${known.join(', ')}`)
  }

  /** Sends, and once more with a new token when the token is refused. */
  async #send(method: string, address: string, body: unknown): Promise<Answer> {
    const answer = await this.#fetch(method, address, body, await this.#currentToken())
    if (!tokenRefused(answer)) return answer
    this.#token = undefined
    const again = await this.#fetch(method, address, body, await this.#currentToken(answer.token))
    if (again.status === 401 || again.status === 511) throw new SchedulerUnavailable('it refuses the token')
    return again
  }

  async #currentToken(refused?: string): Promise<string> {
    this.#token ??= this.#options.token(refused)
    try {
      return await this.#token
    } catch (error) {
      this.#token = undefined
      throw new SchedulerUnavailable(`no token: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  async #fetch(method: string, address: string, body: unknown, token: string): Promise<Answer> {
    const { url, user, timeout = 15_000 } = this.#options
    try {
      const response = await fetch(new URL(address, url), {
        method,
        headers: {
          'X-SLURM-USER-NAME': user,
          'X-SLURM-USER-TOKEN': token,
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: 'error',
        signal: AbortSignal.timeout(timeout),
      })
      return { status: response.status, body: jsonOf(await response.text()), token }
    } catch (error) {
      throw new SchedulerUnavailable(reasonOf(error, timeout))
    }
  }
}

const tokenRefused = ({ status, body }: Answer): boolean =>
  status === 401 ||
  status === 511 ||
  (zErrors.safeParse(body).data?.errors ?? []).some(({ error_number }) => TOKEN_REFUSED.includes(error_number ?? 0))

const refusalOf = (number: number | undefined): SchedulerRefusal => REFUSALS[number ?? 0] ?? 'OTHER'

function wordsOf(
  error:
    | { error_number?: number | undefined; error?: string | undefined; description?: string | undefined }
    | undefined,
): string | undefined {
  if (error === undefined) return undefined
  const words = [error.error, error.description].filter((text) => text !== undefined && text !== '').join(': ')
  return `${error.error_number ?? 'no number'} ${words}`.slice(0, 500)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function reasonOf(error: unknown, timeout: number): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `no answer within ${timeout} ms`
  const { cause } = error
  return cause instanceof Error ? cause.message : error.message
}
