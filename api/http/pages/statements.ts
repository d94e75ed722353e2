/** Statements as people see them: the page, the forms to answer, and the downloads. */
import express, { type Request, type Response, Router } from 'express'
import { forbiddenPage, notFoundPage, otherSitePage } from '../../../templates/pages/error.ts'
import { statementPage } from '../../../templates/pages/statement.ts'
import type { Answerable } from '../../../templates/pages/statement-answer.ts'
import { statementPdf } from '../../../templates/pdf/statement.ts'
import { type Actor, is, isStaff } from '../../access/index.ts'
import {
  answerStatement,
  DISPUTE_REASONS,
  disputesOf,
  readStatement,
  recordsOfMonth,
  type StatementView,
  sheetOf,
  statementCsv,
} from '../../drawdown/index.ts'
import { findInstallation } from '../../parties/index.ts'
import {
  BadInput,
  canonicalJson,
  type Deps,
  DomainError,
  formatTokens,
  globalId,
  type JsonValue,
  NotFound,
  newId,
  parseGlobalId,
  type Ref,
} from '../../platform/index.ts'
import type { DocumentPages } from './documents.ts'
import { formKey } from './form-key.ts'
import { roleWords, sameSite } from './sign-in.ts'

type ActorOf = (request: Request) => Promise<Actor | undefined>

/**
 * `GET /statements/<global id>`: the page; with `.pdf`, `.csv` or `.json` behind the id the file. `POST
 * /statements/<global id>/answer`: the company accepts or disputes what it read. What the actor may not see answers like
 * what does not exist.
 */
export function statementRoutes(deps: Deps, pages: DocumentPages, actorOf: ActorOf): Router {
  const router = Router()
  router.get('/statements/:id', async (request, response) => {
    response.set({ 'cache-control': 'private, no-store', 'x-content-type-options': 'nosniff' })
    const actor = await actorOf(request)
    // The same for every id, so that it tells nothing about any.
    if (actor === undefined) return response.status(401).type('html').send(pages.signedOut())
    const [, id = '', format = 'html'] = /^(.*?)(?:\.(pdf|csv|json))?$/.exec(request.params.id) ?? []
    const statement = await found(deps, actor, id)
    if (statement === undefined) return response.status(404).type('html').send(pages.notFound())
    if (format === 'html') return response.type('html').send(await page(deps, actor, statement))
    return send(deps, request, response, statement, format)
  })
  const form = express.urlencoded({ extended: false, limit: '16kb', parameterLimit: 120 })
  router.post('/statements/:id/answer', form, async (request, response) => {
    response.set('cache-control', 'no-store').type('html')
    if (!sameSite(request)) return response.status(403).send(otherSitePage())
    const actor = await actorOf(request)
    if (actor === undefined) return response.status(401).send(pages.signedOut())
    return answer(deps, actor, request, response)
  })
  return router
}

async function found(deps: Deps, actor: Actor, id: string): Promise<StatementView | undefined> {
  const ref = statementRef(id)
  if (ref === undefined) return undefined
  try {
    return await readStatement(deps.db, actor, ref)
  } catch (error) {
    if (error instanceof NotFound) return undefined
    throw error
  }
}

function statementRef(id: string): Ref | undefined {
  const parsed = parseGlobalId(id)
  const [companyId, statementId] = parsed?.keys ?? []
  return parsed?.type === 'Statement' &&
    parsed.keys.length === 2 &&
    companyId !== undefined &&
    statementId !== undefined
    ? { companyId, id: statementId }
    : undefined
}

const fundOf = async (deps: Deps): Promise<string> => (await findInstallation(deps.db))?.fundName ?? ''

async function send(
  deps: Deps,
  request: Request,
  response: Response,
  statement: StatementView,
  format: string,
): Promise<Response> {
  const sha256 = statement.sha256.toString('hex')
  const name = `statement-${statement.month.slice(0, 7)}${statement.version > 1 ? `-v${statement.version}` : ''}.${format}`
  response.set({ 'cache-control': 'private, no-cache', etag: `"${sha256}.${format}"` })
  if (request.fresh) return response.status(304).end()
  response.attachment(name)
  if (format === 'json') {
    // Exactly the bytes that are hashed.
    return response.type('application/json').send(Buffer.from(canonicalJson(statement.figures as JsonValue), 'utf8'))
  }
  if (format === 'csv') return response.type('text/csv; charset=utf-8; header=present').send(statementCsv(statement))
  return response.type('application/pdf').send(Buffer.from(await statementPdf(sheetOf(statement, await fundOf(deps)))))
}

type Refusal = Pick<Answerable, 'refused' | 'typed'>

async function page(deps: Deps, actor: Actor, statement: StatementView, refusal: Refusal = {}): Promise<string> {
  const id = globalId('Statement', statement.ref.companyId, statement.ref.id)
  const speaks = is(actor, 'founder', 'signatory') && actor.companyIds.has(statement.ref.companyId) && !isStaff(actor)
  const waits = statement.state === 'stated' || statement.state === 'disputed'
  const answerable =
    speaks && waits ? await answerableOf(deps, statement, `/statements/${id}/answer`, refusal) : undefined
  const { companyId } = statement.ref
  const disputes = (await disputesOf(deps.db, [companyId])).get(companyId) ?? []
  return statementPage({
    person: { name: actor.name, role: roleWords(actor) },
    sheet: sheetOf(statement, await fundOf(deps)),
    state: statement.state,
    path: `/statements/${id}`,
    answerable,
    disputes: disputes
      .filter(({ month }) => month === statement.month)
      .map(({ ref, state, reason }) => ({
        path: `/disputes/${globalId('Dispute', ref.companyId, ref.id)}`,
        state,
        reason,
      })),
  })
}

async function answerableOf(
  deps: Deps,
  { ref, month }: StatementView,
  action: string,
  refusal: Refusal,
): Promise<Answerable> {
  const records = await recordsOfMonth(deps.db, ref.companyId, month)
  return {
    action,
    key: newId(),
    records: records.map(({ usageId, externalId, job, gpuSeconds, charged }) => ({
      usageId,
      name: job === null ? externalId : `${externalId}, ${job}`,
      gpuSeconds: gpuSeconds.toString(),
      tokens: formatTokens(charged),
    })),
    ...refusal,
  }
}

async function answer(deps: Deps, actor: Actor, request: Request, response: Response): Promise<Response> {
  const id = typeof request.params.id === 'string' ? request.params.id : ''
  const statement = await found(deps, actor, id)
  if (statement === undefined) return response.status(404).send(notFoundPage())
  if (!actor.companyIds.has(statement.ref.companyId))
    return response.status(403).send(forbiddenPage(['founder', 'signatory']))
  const fields: unknown = request.body
  const field = (name: string): string => fieldsIn(fields, name)[0] ?? ''
  const typed = { reason: field('reason'), reasonCode: field('reasonCode'), usageIds: fieldsIn(fields, 'usageIds') }
  const again = async (status: number, refused: string) =>
    response.status(status).send(await page(deps, actor, statement, { refused, typed }))
  const accepts = field('answer') === 'ACCEPT'
  if (accepts && field('read') !== 'yes')
    return again(400, 'Say that you have read the statement. Nothing was changed.')
  if (accepts && field('state') === 'stated' && statement.state === 'disputed')
    return again(409, 'It was disputed since this page was shown, and accepting withdraws that. Nothing was changed.')
  try {
    const answered = {
      statementId: id,
      sha256: field('sha256'),
      answer: accepts ? ('ACCEPT' as const) : ('DISPUTE' as const),
      ...(accepts ? {} : disputeIn(fields)),
    }
    await answerStatement(deps, actor, { ...answered, ...formKey(field('key'), answered) })
  } catch (error) {
    if (error instanceof NotFound) return response.status(404).send(notFoundPage())
    if (error instanceof BadInput)
      return again(400, 'Say what is disputed, and use the form on this page. Nothing was changed.')
    if (error instanceof DomainError) return again(409, error.message)
    throw error
  }
  response.redirect(303, `/statements/${id}`)
  return response
}

/** What a form says under a name: once, or once for each box that was ticked. */
function fieldsIn(fields: unknown, name: string): string[] {
  const value: unknown = typeof fields === 'object' && fields !== null ? Reflect.get(fields, name) : undefined
  return (Array.isArray(value) ? value : [value]).filter((each) => typeof each === 'string')
}

/** Without a record that is ticked, all that the month charged is disputed. */
function disputeIn(fields: unknown) {
  const usageIds = fieldsIn(fields, 'usageIds')
  const kind = fieldsIn(fields, 'reasonCode')[0] ?? ''
  return {
    reason: fieldsIn(fields, 'reason')[0] ?? '',
    reasonCode: DISPUTE_REASONS.find((code) => code === kind) ?? null,
    ...(usageIds.length === 0 ? {} : { usageIds }),
  }
}
