/** Statements as people see them: the page, the forms to answer, and the downloads. */
import express, { type Request, type Response, Router } from 'express'
import { forbiddenPage, notFoundPage, otherSitePage } from '../../templates/pages/error.ts'
import { type Answerable, statementPage } from '../../templates/pages/statement.ts'
import { statementPdf } from '../../templates/pdf/statement.ts'
import { type Actor, is, isStaff } from '../access/index.ts'
import { answerStatement, readStatement, type StatementView, sheetOf, statementCsv } from '../drawdown/index.ts'
import { findInstallation } from '../parties/index.ts'
import {
  BadInput,
  canonicalJson,
  type Deps,
  DomainError,
  globalId,
  type JsonValue,
  NotFound,
  parseGlobalId,
  type Ref,
} from '../platform/index.ts'
import type { DocumentPages } from './documents.ts'
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
  const form = express.urlencoded({ extended: false, limit: '16kb', parameterLimit: 10 })
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

async function page(deps: Deps, actor: Actor, statement: StatementView, refused?: string): Promise<string> {
  const id = globalId('Statement', statement.ref.companyId, statement.ref.id)
  const speaks = is(actor, 'founder', 'signatory') && actor.companyIds.has(statement.ref.companyId) && !isStaff(actor)
  const answerable: Answerable | undefined = speaks
    ? { action: `/statements/${id}/answer`, ...(refused === undefined ? {} : { refused }) }
    : undefined
  return statementPage({
    person: { name: actor.name, role: roleWords(actor) },
    sheet: sheetOf(statement, await fundOf(deps)),
    state: statement.state,
    path: `/statements/${id}`,
    answerable,
  })
}

async function answer(deps: Deps, actor: Actor, request: Request, response: Response): Promise<Response> {
  const id = typeof request.params.id === 'string' ? request.params.id : ''
  const statement = await found(deps, actor, id)
  if (statement === undefined) return response.status(404).send(notFoundPage())
  if (!actor.companyIds.has(statement.ref.companyId))
    return response.status(403).send(forbiddenPage(['founder', 'signatory']))
  const fields = request.body as unknown
  const field = (name: string): string => {
    const value: unknown = typeof fields === 'object' && fields !== null ? Reflect.get(fields, name) : undefined
    return typeof value === 'string' ? value : ''
  }
  const again = async (status: number, why: string) =>
    response.status(status).send(await page(deps, actor, statement, why))
  const accepts = field('answer') === 'ACCEPT'
  if (accepts && field('read') !== 'yes')
    return again(400, 'Say that you have read the statement. Nothing was changed.')
  try {
    await answerStatement(deps, actor, {
      statementId: id,
      sha256: field('sha256'),
      answer: accepts ? 'ACCEPT' : 'DISPUTE',
      ...(accepts ? {} : { reason: field('reason') }),
    })
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
