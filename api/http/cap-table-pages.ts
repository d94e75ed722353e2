/** Pages about who owns how much: the cap table, a round before and after, a sale; each with its files. */
import { type Request, type Response, Router } from 'express'
import { capTablePage } from '../../templates/pages/cap-table.ts'
import { errorPage } from '../../templates/pages/error.ts'
import { proFormaPage } from '../../templates/pages/pro-forma.ts'
import { waterfallPage } from '../../templates/pages/waterfall.ts'
import type { Actor } from '../access/index.ts'
import { BeforeFirstTransaction, type CompanyCapTable, capTablesAsOf, NoCapTable } from '../captable/index.ts'
import { type CompanyView, companiesById, mustSeeCompany } from '../parties/index.ts'
import {
  BadInput,
  type Deps,
  DomainError,
  isIsoDate,
  type JsonValue,
  NotFound,
  parse,
  parseGlobalId,
  today,
  zIsoDate,
} from '../platform/index.ts'
import { mustSeeRound, proFormaCsv, proFormaJson, roundPages, roundProFormas, roundsByRef } from '../rounds/index.ts'
import { capTableJson, capTableOnPage } from './cap-table-on-page.ts'
import type { DocumentPages } from './documents.ts'
import { proFormaOnPage } from './pro-forma-on-page.ts'
import { roleWords } from './sign-in.ts'
import { type Sale, saleOfCompany, saleOfRound, saleOnPage, waterfallCsv, waterfallJson } from './waterfall-on-page.ts'

type ActorOf = (request: Request) => Promise<Actor | undefined>
type Answer =
  | { readonly html: string }
  | { readonly json: JsonValue; readonly name: string }
  | { readonly csv: string; readonly name: string }

/**
 * `GET /companies/<id>/cap-table`, `/companies/<id>/waterfall`, `/rounds/<id>/pro-forma`, `/rounds/<id>/waterfall`: pages;
 * with `.json` behind (and `.csv`) the file. What the actor may not see answers like what does not exist.
 */
export function capTablePageRoutes(deps: Deps, pages: DocumentPages, actorOf: ActorOf): Router {
  const router = Router()
  const on = (path: string, answer: (actor: Actor, request: Request) => Promise<Answer>) =>
    router.get(path, async (request, response) => {
      response.set({ 'cache-control': 'private, no-store', 'x-content-type-options': 'nosniff' })
      const actor = await actorOf(request)
      // The same for every id, so that it tells nothing about any.
      if (actor === undefined) return response.status(401).type('html').send(pages.signedOut())
      try {
        return send(response, await answer(actor, request))
      } catch (error) {
        return refuse(error, response, pages)
      }
    })
  on('/companies/:id/cap-table', async (actor, request) => ({ html: await capTable(deps, actor, request) }))
  on('/companies/:id/cap-table.json', async (actor, request) => {
    const { table } = await tableOf(deps, actor, request)
    return { json: await capTableJson(deps.db, table), name: `cap-table-${table.asOf}.json` }
  })
  on('/rounds/:id/pro-forma', async (actor, request) => ({ html: await proForma(deps, actor, request) }))
  on('/rounds/:id/pro-forma.json', async (actor, request) => {
    const { found } = await proFormaOf(deps, actor, request)
    return { json: proFormaJson(found), name: 'pro-forma.json' }
  })
  on('/rounds/:id/pro-forma.csv', async (actor, request) => {
    const { found } = await proFormaOf(deps, actor, request)
    return { csv: proFormaCsv(found), name: 'pro-forma.csv' }
  })
  for (const kind of ['companies', 'rounds'] as const) {
    const sale = (actor: Actor, request: Request) => saleOf(deps, actor, request, kind)
    on(`/${kind}/:id/waterfall`, async (actor, request) => ({
      html: waterfallPage(saleOnPage(await sale(actor, request), personOf(actor))),
    }))
    on(`/${kind}/:id/waterfall.json`, async (actor, request) => ({
      json: waterfallJson((await sale(actor, request)).view),
      name: 'waterfall.json',
    }))
    on(`/${kind}/:id/waterfall.csv`, async (actor, request) => ({
      csv: waterfallCsv((await sale(actor, request)).view),
      name: 'waterfall.csv',
    }))
  }
  return router
}

function send(response: Response, answer: Answer): Response {
  if ('html' in answer) return response.type('html').send(answer.html)
  response.attachment(answer.name)
  if ('json' in answer) return response.type('application/json').send(JSON.stringify(answer.json, null, 2))
  return response.type('text/csv; charset=utf-8; header=present').send(answer.csv)
}

const personOf = (actor: Actor) => ({ name: actor.name, role: roleWords(actor) })

/** A day that is given twice is no day: the parser refuses the text. */
async function dayOf(deps: Deps, { query: { asOf } }: Request): Promise<string> {
  if (asOf === undefined) return today(deps.db)
  return parse(zIsoDate, typeof asOf === 'string' && isIsoDate(asOf) ? asOf : String(asOf))
}

async function companyOf(deps: Deps, actor: Actor, request: Request): Promise<CompanyView> {
  const parsed = parseGlobalId(String(request.params.id))
  const companyId = parsed?.type === 'Company' ? parsed.keys[0] : undefined
  if (companyId === undefined) throw new NotFound('company', String(request.params.id))
  await mustSeeCompany(deps.db, actor, companyId)
  const [company] = await companiesById(deps.db, actor, [companyId])
  if (company === undefined) throw new NotFound('company', String(request.params.id))
  return company
}

async function tableOf(
  deps: Deps,
  actor: Actor,
  request: Request,
): Promise<{ company: CompanyView; table: CompanyCapTable }> {
  const company = await companyOf(deps, actor, request)
  const asOf = await dayOf(deps, request)
  const table = (await capTablesAsOf(deps.db, [company.companyId], asOf)).get(company.companyId)
  if (table === undefined) throw new NoCapTable()
  if (table instanceof Error) throw table
  return { company, table }
}

async function capTable(deps: Deps, actor: Actor, request: Request): Promise<string> {
  const { company, table } = await tableOf(deps, actor, request)
  const rounds = (await roundPages(deps.db, actor, [company.companyId], { limit: 5 })).get(company.companyId) ?? []
  return capTablePage(await capTableOnPage(deps.db, company, table, rounds, personOf(actor)))
}

async function roundOf(deps: Deps, actor: Actor, request: Request) {
  const parsed = parseGlobalId(String(request.params.id))
  const [companyId, id] = parsed?.type === 'Round' ? parsed.keys : []
  if (companyId === undefined || id === undefined) throw new NotFound('round', String(request.params.id))
  await mustSeeRound(deps.db, actor, { companyId, id })
  const [round] = await roundsByRef(deps.db, actor, [{ companyId, id }])
  const [company] = await companiesById(deps.db, actor, [companyId])
  if (round === undefined || company === undefined) throw new NotFound('round', String(request.params.id))
  return { round, company }
}

async function proFormaOf(deps: Deps, actor: Actor, request: Request) {
  const { round, company } = await roundOf(deps, actor, request)
  const found = (await roundProFormas(deps.db, [round])).get(round)
  if (found === undefined || found instanceof DomainError) throw found ?? new NoCapTable()
  return { round, company, found }
}

async function proForma(deps: Deps, actor: Actor, request: Request): Promise<string> {
  const { round, company, found } = await proFormaOf(deps, actor, request)
  return proFormaPage(proFormaOnPage(company.legalName, round, found, personOf(actor)))
}

async function saleOf(deps: Deps, actor: Actor, request: Request, kind: 'companies' | 'rounds'): Promise<Sale> {
  const asked = { exit: request.query.exit, unearned: request.query.unearned }
  if (kind === 'rounds') {
    const { round, company } = await roundOf(deps, actor, request)
    return saleOfRound(deps.db, company, round, asked)
  }
  return saleOfCompany(deps.db, await companyOf(deps, actor, request), await dayOf(deps, request), asked)
}

function refuse(error: unknown, response: Response, pages: DocumentPages): Response {
  response.type('html')
  if (error instanceof NotFound) return response.status(404).send(pages.notFound())
  const wrong = error instanceof BadInput
  if (!wrong && !(error instanceof DomainError)) throw error
  const first = error instanceof BeforeFirstTransaction ? ` The first day is ${error.first}.` : ''
  return response.status(wrong ? 400 : 409).send(
    errorPage({
      heading: wrong ? 'This cannot be asked so' : 'This cannot be shown',
      happened: error.message,
      whatToDo: `Go back and ask for something else.${first}`,
    }),
  )
}
