/** Streaming usage: the door of schedulers and metering systems. The format is told in docs/usage.md. */
import { createHash } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { type Request, type Response, Router } from 'express'
import {
  type Actor,
  SignatureExpired,
  SignatureInvalid,
  SignatureReplayed,
  signerOf,
  takeSignedRequest,
} from '../access/index.ts'
import { USAGE_BATCH_MAX } from '../clusters/index.ts'
import {
  type Meterer,
  mustMeter,
  type ReadUsage,
  readUsage,
  reasonOf,
  type TakenUsage,
  takeUsage,
} from '../drawdown/index.ts'
import {
  type Deps,
  DomainError,
  databaseIsAway,
  Forbidden,
  formatTokens,
  lineOn,
  newId,
  type Uuid,
} from '../platform/index.ts'
import { pipelined } from './graphql/pipelined.ts'
import { mustCoverRequest, readMessageSignature, sha256OfDigest } from './message-signature.ts'
import { faultLine, type Line, lineBatches, NDJSON, refusalLine, writeLines } from './ndjson.ts'
import { sameSite } from './pages/sign-in.ts'
import { tokenOf } from './session.ts'

/** Most bytes of a signed body. It lies in a file without a name until its digest is known to be right. */
const SIGNED_BYTES = 1024 ** 3
/** Batches of a stream that are with the database at once: it finds the next when it is done with one. */
const AT_ONCE = 2
/** Most streams at once: each has at most four batches in memory. */
const STREAMS = 16
/** Milliseconds after which who sends is looked up again: a stream may last longer than a right. */
const LOOK_AGAIN = 2_000

type ActorOf = (request: Request) => Promise<Actor | undefined>
/** Where lines come from, and in whose name. */
type Told = { readonly input: Readable; readonly actorNow: ActorOf; readonly requestId?: Uuid }

/**
 * `POST /usage`, `content-type: application/x-ndjson`: one usage record a line. One answer a line, in order, as soon as it is
 * known; read them while you send. Records are recognised when they are told again: after a broken connection send again
 * whatever was not answered.
 */
export function usageRoutes(deps: Deps, actorOf: ActorOf): Router {
  const router = Router()
  let streams = 0
  router.post('/usage', async (request, response) => {
    response.set('cache-control', 'no-store')
    if (streams >= STREAMS) return refuse(response, 503, 'BUSY', 'Too many streams are open. Send it again later.')
    streams += 1
    try {
      await serve(deps, actorOf, request, response)
    } finally {
      streams -= 1
    }
  })
  return router
}

async function serve(deps: Deps, actorOf: ActorOf, request: Request, response: Response): Promise<void> {
  const signed = request.get('signature-input') !== undefined || request.get('signature') !== undefined
  try {
    if (!sameSite(request)) return refuse(response, 403, 'OTHER_SITE', 'This request was sent from another site.')
    if (request.is(NDJSON) === false) return refuse(response, 415, 'BAD_INPUT', `The body must be ${NDJSON}.`)
    if (signed) {
      await withSignedBody(deps, request, (told) => answer(deps, told, response))
      return
    }
    if (tokenOf((name) => request.get(name))?.kind !== 'bearer') {
      return refuse(response, 401, 'UNAUTHENTICATED', 'Send a bearer token, or sign the request.')
    }
    await answer(deps, { input: request, actorNow: () => actorOf(request) }, response)
  } catch (error) {
    // A request whose body was read counts as destroyed: only the response tells whether somebody still listens.
    if (response.closed) return
    if (response.headersSent) {
      response.destroy()
      return
    }
    if (!(error instanceof DomainError)) throw error
    refuse(response, statusOf(error), error.code, error.message)
  }
}

function statusOf(error: DomainError): number {
  if (error instanceof SignatureReplayed) return 409
  if (error instanceof SignatureInvalid || error instanceof SignatureExpired) return 401
  return error instanceof Forbidden ? 403 : 400
}

/** A refusal before any line was looked at. The body may not have been read: the connection cannot be used again. */
function refuse(response: Response, status: number, code: string, message: string): void {
  const whole = message.includes('Nothing was changed') ? message : `${message} Nothing was changed.`
  response.set('connection', 'close').status(status).json({ code, message: whole })
}

/**
 * Takes a signed request: the signature first, over the digest that the body has to have; then the body, into a file; then the
 * nonce, once. Only then is a line of it looked at.
 *
 * @throws {SignatureInvalid} {SignatureExpired} {SignatureReplayed}
 */
async function withSignedBody(deps: Deps, request: Request, work: (told: Told) => Promise<void>): Promise<void> {
  const url = new URL(request.originalUrl, 'http://localhost')
  const signature = readMessageSignature({
    method: request.method,
    path: url.pathname,
    query: url.search === '' ? '?' : url.search,
    authority: request.get('host') ?? '',
    header: (name) => request.get(name),
  })
  mustCoverRequest(signature)
  const digest = sha256OfDigest(request.get('content-digest'))
  const signer = await signerOf(deps, signature)
  await mustMeter(deps.db, signer.actor)
  const { open: body, close } = await spooled(request, digest)
  try {
    const requestId = await takeSignedRequest(deps, signer, signature, digest)
    // A key that is revoked while its request is worked on ends with the next request.
    await work({ input: body(), actorNow: async () => signer.actor, requestId })
  } finally {
    await close()
  }
}

/**
 * A body on disk, in a file that has no name any more: it is gone with the process, whatever happens.
 *
 * @throws {SignatureInvalid} when the bytes are not those of the digest, or too many
 */
async function spooled(
  request: Request,
  digest: Buffer,
): Promise<{ open: () => Readable; close: () => Promise<void> }> {
  const path = join(tmpdir(), `equihour-${newId()}`)
  const file = await open(path, 'wx+', 0o600)
  try {
    await rm(path)
    const hash = createHash('sha256')
    let size = 0
    for await (const chunk of request) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
      size += bytes.length
      if (size > SIGNED_BYTES) throw new SignatureInvalid(`a signed body may have ${SIGNED_BYTES} bytes`)
      hash.update(bytes)
      await file.appendFile(bytes)
    }
    if (!hash.digest().equals(digest)) throw new SignatureInvalid('the body is not the one that was signed')
    return {
      open: () => file.createReadStream({ start: 0, autoClose: false, highWaterMark: 256 * 1024 }),
      close: () => file.close(),
    }
  } catch (error) {
    await file.close()
    throw error
  }
}

/**
 * Works lines off, batch by batch: one is read while two are with the database, one behind the other, and the one before them is
 * answered.
 *
 * @throws {Forbidden}
 */
async function answer(deps: Deps, { input, actorNow, requestId }: Told, response: Response): Promise<void> {
  const first = await actorNow(response.req)
  if (first === undefined) return refuse(response, 401, 'UNAUTHENTICATED', 'Send a bearer token, or sign the request.')
  await mustMeter(deps.db, first)
  response.status(200).set('content-type', NDJSON)
  response.flushHeaders()
  const metererNow = metererOf(deps, actorNow, response.req)
  const line = lineOn(deps.db)
  let before: Promise<unknown> = Promise.resolve()
  let turn: Promise<unknown> = Promise.resolve()
  const take = ({ read }: Batch): Promise<readonly TakenUsage[]> => {
    const stream = { line, before }
    // However long it takes to look up who sends, the batch before this one sends first.
    const meterer = turn.then(metererNow)
    const taken = meterer.then((found) => takeUsage(deps, found, { read, requestId, stream }))
    turn = meterer.catch(() => undefined)
    before = taken.catch(() => undefined)
    return taken
  }
  const write = (batch: Batch, taken: readonly TakenUsage[]) => writeLines(response, answered(batch, taken))
  try {
    if (await pipelined(readBatches(input), take, write, AT_ONCE)) response.end()
  } catch (error) {
    const reference = newId()
    if (response.closed) return
    const away = databaseIsAway(error)
    deps.log[away ? 'warn' : 'error']({ err: error, reference }, 'a stream of usage stopped')
    await writeLines(response, [stopLine(error, reference)])
    response.end()
    response.req.destroy()
  }
}

/** Who sends, looked up again when the last look is some seconds old. Who asks meanwhile waits for the same look. */
function metererOf(deps: Deps, actorNow: ActorOf, request: Request): () => Promise<Meterer> {
  let known: { readonly meterer: Promise<Meterer>; readonly at: number } | undefined
  const look = async (): Promise<Meterer> => {
    const actor = await actorNow(request)
    if (actor === undefined) throw new Forbidden(['provider', 'machine'], 'The session is over.')
    return mustMeter(deps.db, actor)
  }
  return () => {
    if (known === undefined || performance.now() - known.at >= LOOK_AGAIN)
      known = { meterer: look(), at: performance.now() }
    return known.meterer
  }
}

/** Lines, and the records of those that could be read. */
type Batch = { readonly lines: readonly Line[]; readonly read: ReadUsage }

async function* readBatches(input: Readable): AsyncGenerator<Batch, void, void> {
  for await (const lines of lineBatches(input, USAGE_BATCH_MAX)) {
    yield { lines, read: readUsage(lines.flatMap((line) => ('value' in line ? [line.value] : []))) }
  }
}

/** An answer for each line, in order. */
function answered({ lines }: Batch, taken: readonly TakenUsage[]): object[] {
  const answers = taken.values()
  return lines.map((line) => {
    if ('faults' in line) return { line: line.number, ...faultLine(line.faults) }
    const { value } = answers.next()
    if (value === undefined) throw new Error('a line was not answered')
    return { line: line.number, ...asLine(value) }
  })
}

function asLine(answer: TakenUsage): object {
  const { outcome, externalId } = answer
  switch (outcome) {
    case 'RECORDED':
      return { externalId, outcome, usageId: answer.usageId, charged: formatTokens(answer.charged) }
    case 'ALREADY_RECORDED':
      return { externalId, outcome, usageId: answer.usageId }
    case 'QUARANTINED': {
      const { quarantineId, why } = answer
      return { externalId, outcome, quarantineId, code: why.code, message: reasonOf(why) }
    }
    case 'REFUSED':
      return { ...(externalId === null ? {} : { externalId }), ...refusalLine(answer.why) }
  }
}

/** The last line of a stream that could not go on: no line after the last answer was looked at, or may have been. */
function stopLine(error: unknown, reference: Uuid): object {
  const message = 'The stream stopped here. Send again whatever was not answered: what is recorded is recognised.'
  if (error instanceof Forbidden) return { outcome: 'STOPPED', code: error.code, message }
  if (databaseIsAway(error)) return { outcome: 'STOPPED', code: 'UNAVAILABLE', message }
  return { outcome: 'STOPPED', code: 'INTERNAL', message, reference }
}
