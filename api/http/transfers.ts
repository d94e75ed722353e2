/** Streaming transfers: the NDJSON door of the ledger, beside the GraphQL mutation that takes the same events. */
import { type Request, type Response, Router } from 'express'
import { type Actor, is } from '../access/index.ts'
import { BadInput, type Deps, DomainError, databaseIsAway, formatTokens, newId } from '../platform/index.ts'
import {
  isLinked,
  type LineAnswer,
  postLines,
  readTransferLine,
  type StreamLine,
  TRANSFERS_MAX,
} from '../tokens/index.ts'
import { lineBatches, NDJSON, refusalLine, writeLines } from './ndjson.ts'
import { sameSite } from './pages/sign-in.ts'

/**
 * `POST /ledger/transfers`, `content-type: application/x-ndjson`: one event a line, as `postTransfers` takes it, with the
 * `companyId` it is for. One answer a line, in order, as soon as it is known; read them while you send. Each event's id makes
 * it safe to send again: after a broken connection send again whatever was not answered.
 *
 * A stream that cannot go on (the database is away, the session is over) says so in the answers of its last batch and ends;
 * lines after that were not looked at.
 */
export function transferRoutes(deps: Deps, actorOf: (request: Request) => Promise<Actor | undefined>): Router {
  const router = Router()
  router.post('/ledger/transfers', async (request, response) => {
    const refusal = await refusalOf(request, actorOf)
    if (refusal !== undefined) {
      // The body is not read: the connection cannot be used again.
      response.set('connection', 'close').status(refusal.status).json({ code: refusal.code, message: refusal.message })
      return
    }
    response.status(200).set({ 'content-type': NDJSON, 'cache-control': 'no-store' })
    response.flushHeaders()
    const finished = await stream(deps, () => actorOf(request), request, response).catch((error: unknown) => {
      if (!request.destroyed) throw error
      return false // who sent it went away
    })
    response.end()
    if (!finished) request.destroy()
  })
  return router
}

type Refusal = { readonly status: number; readonly code: string; readonly message: string }

async function refusalOf(
  request: Request,
  actorOf: (request: Request) => Promise<Actor | undefined>,
): Promise<Refusal | undefined> {
  const refuse = (status: number, code: string, message: string): Refusal => ({
    status,
    code,
    message: `${message} Nothing was changed.`,
  })
  if (!sameSite(request)) return refuse(403, 'OTHER_SITE', 'This request was sent from another site.')
  const actor = await actorOf(request)
  if (actor === undefined) return refuse(401, 'UNAUTHENTICATED', 'Sign in first.')
  if (!is(actor, 'operations', 'partner')) return refuse(403, 'FORBIDDEN', 'This needs the role operations or partner.')
  if (request.is(NDJSON) === false) return refuse(415, 'BAD_INPUT', `The body must be ${NDJSON}.`)
  return undefined
}

/** Works the stream off. False when it could not go on to its end. */
async function stream(
  deps: Deps,
  actorNow: () => Promise<Actor | undefined>,
  request: Request,
  response: Response,
): Promise<boolean> {
  let chain: StreamLine[] = []
  for await (const batch of lineBatches(request, TRANSFERS_MAX)) {
    const lines = [...chain, ...batch.map(readTransferLine)]
    // A chain that is not over waits for its end, unless it is longer than any batch.
    const open = lines.length - lines.findLastIndex((line) => !isLinked(line)) - 1
    chain = open < TRANSFERS_MAX ? lines.splice(lines.length - open, open) : []
    if (lines.length > 0 && !(await answer(deps, actorNow, lines, response))) return false
  }
  return chain.length === 0 || answer(deps, actorNow, chain, response)
}

/** Answers one batch of lines. Whoever sends them is looked up again: a stream may last longer than a right. */
async function answer(
  deps: Deps,
  actorNow: () => Promise<Actor | undefined>,
  lines: readonly StreamLine[],
  response: Response,
): Promise<boolean> {
  try {
    const actor = await actorNow()
    if (actor === undefined) return (await stop(lines, response, OVER)) && false
    return await writeLines(response, (await postLines(deps, actor, lines)).map(asLine))
  } catch (error) {
    const reference = newId()
    const away = databaseIsAway(error)
    if (away) deps.log.warn({ err: error, reference }, 'the database did not answer a stream')
    else deps.log.error({ err: error, reference }, 'a stream failed')
    await stop(lines, response, away ? AWAY : { ...FAILED, reference })
    return false
  }
}

const OVER = { code: 'UNAUTHENTICATED', transient: false, message: 'The session is over. Nothing was changed.' }
const AWAY = {
  code: 'UNAVAILABLE',
  transient: true,
  message: 'The database did not answer in time. Send the same line again: it happens once.',
}
const FAILED = {
  code: 'INTERNAL',
  transient: true,
  message: 'Something failed on our side. Send the same line again: it happens once.',
}

const stop = (lines: readonly StreamLine[], response: Response, why: object): Promise<boolean> =>
  writeLines(
    response,
    lines.map((line) => ({ line: line.number, ...idOf(line), outcome: 'REFUSED', ...why })),
  )

const idOf = (line: StreamLine): { id?: string } =>
  'event' in line && !('malformed' in line.event) ? { id: line.event.id } : {}

function asLine({ number, answer: said }: LineAnswer): object {
  if (said instanceof DomainError || said instanceof BadInput) return { line: number, ...refusalLine(said) }
  return { line: number, id: said.id, outcome: said.outcome, amount: formatTokens(said.amount) }
}
