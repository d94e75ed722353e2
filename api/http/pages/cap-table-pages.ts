/** Pages about who owns how much: the cap table, a round before and after, a sale; each with its files. */
import type { Request, Router } from 'express'
import { capTablePage, noCapTablePage } from '../../../templates/pages/cap-table.ts'
import { closingsPage } from '../../../templates/pages/closings.ts'
import { proFormaPage } from '../../../templates/pages/pro-forma.ts'
import { waterfallPage } from '../../../templates/pages/waterfall.ts'
import { type Actor, isStaff } from '../../access/index.ts'
import { type CompanyCapTable, capTablesAsOf, NoCapTable, waterfallCsv, waterfallJson } from '../../captable/index.ts'
import { holdersOfRounds, holdersOverClosingsJson, holdersOverClosingsRows } from '../../closing/index.ts'
import { type CompanyView, companiesById } from '../../parties/index.ts'
import {
  csvOf,
  type Deps,
  DomainError,
  isIsoDate,
  NotFound,
  parse,
  parseGlobalId,
  today,
  zIsoDate,
} from '../../platform/index.ts'
import { chainsOf, proFormaCsv, proFormaJson, roundPages, roundProFormas, roundsByRef } from '../../rounds/index.ts'
import { capTableJson, capTableOnPage } from './cap-table-on-page.ts'
import { chainsPath } from './chain-pages.ts'
import { closingsOnPage } from './closings-on-page.ts'
import type { DocumentPages } from './documents.ts'
import { proFormaOnPage } from './pro-forma-on-page.ts'
import { type ActorOf, personOf, readingRoutes } from './reading-routes.ts'
import { type Sale, saleOfCompany, saleOfRound, saleOnPage, salePdf } from './waterfall-on-page.ts'

/**
 * `GET /companies/<id>/cap-table`, `/companies/<id>/waterfall`, `/rounds/<id>/pro-forma`, `/rounds/<id>/closings`,
 * `/rounds/<id>/waterfall`: pages; with `.json` behind (and `.csv`, and `.pdf` of a sale) the file. What the actor may not see answers like what does not exist.
 */
export function capTablePageRoutes(deps: Deps, pages: DocumentPages, actorOf: ActorOf): Router {
  const { router, on } = readingRoutes(pages, actorOf)
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
  on('/rounds/:id/closings', async (actor, request) => ({ html: await closings(deps, actor, request) }))
  on('/rounds/:id/closings.json', async (actor, request) => {
    const { found } = await closingsOf(deps, actor, request)
    return { json: holdersOverClosingsJson(found), name: 'closings.json' }
  })
  on('/rounds/:id/closings.csv', async (actor, request) => {
    const { found } = await closingsOf(deps, actor, request)
    return { csv: csvOf(holdersOverClosingsRows(found)), name: 'closings.csv' }
  })
  for (const kind of ['companies', 'rounds'] as const) {
    const sale = (actor: Actor, request: Request) => saleOf(deps, actor, request, kind)
    on(`/${kind}/:id/waterfall`, async (actor, request) => ({
      html: await salePage(deps, actor, await sale(actor, request)),
    }))
    on(`/${kind}/:id/waterfall.json`, async (actor, request) => ({
      json: waterfallJson((await sale(actor, request)).view),
      name: 'waterfall.json',
    }))
    on(`/${kind}/:id/waterfall.pdf`, async (actor, request) => ({
      pdf: await salePdf(deps.db, await sale(actor, request)),
      name: 'waterfall.pdf',
    }))
    on(`/${kind}/:id/waterfall.csv`, async (actor, request) => ({
      csv: waterfallCsv((await sale(actor, request)).view),
      name: 'waterfall.csv',
    }))
  }
  return router
}

/** A day that is given twice is no day: the parser refuses the text. */
async function dayOf(deps: Deps, { query: { asOf } }: Request): Promise<string> {
  if (asOf === undefined) return today(deps.db)
  return parse(zIsoDate, typeof asOf === 'string' && isIsoDate(asOf) ? asOf : String(asOf))
}

async function companyOf(deps: Deps, actor: Actor, request: Request): Promise<CompanyView> {
  const parsed = parseGlobalId(String(request.params.id))
  const companyId = parsed?.type === 'Company' ? parsed.keys[0] : undefined
  if (companyId === undefined) throw new NotFound('company', String(request.params.id))
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
  const company = await companyOf(deps, actor, request)
  const asOf = await dayOf(deps, request)
  const table = (await capTablesAsOf(deps.db, [company.companyId], asOf)).get(company.companyId)
  // The fund's start page leads here for every company: that nothing is imported yet is an answer, not a fault.
  if (table === undefined)
    return noCapTablePage({ person: personOf(actor), companyName: company.legalName, staff: isStaff(actor) })
  if (table instanceof Error) throw table
  const rounds = (await roundPages(deps.db, actor, [company.companyId], { limit: 5 })).get(company.companyId) ?? []
  const plansPath = isStaff(actor) ? chainsPath(company) : undefined
  return capTablePage({ ...(await capTableOnPage(deps.db, company, table, rounds, personOf(actor))), plansPath })
}

async function roundOf(deps: Deps, actor: Actor, request: Request) {
  const parsed = parseGlobalId(String(request.params.id))
  const [companyId, id] = parsed?.type === 'Round' ? parsed.keys : []
  if (companyId === undefined || id === undefined) throw new NotFound('round', String(request.params.id))
  const [round] = await roundsByRef(deps.db, actor, [{ companyId, id }])
  const [company] = await companiesById(deps.db, actor, [companyId])
  if (round === undefined || company === undefined) throw new NotFound('round', String(request.params.id))
  return { round, company }
}

async function closingsOf(deps: Deps, actor: Actor, request: Request) {
  const { round, company } = await roundOf(deps, actor, request)
  const found = (await holdersOfRounds(deps.db, actor, [round])).get(round)
  if (found === undefined) throw new NotFound('round', round.id)
  if (found instanceof Error) throw found
  return { found, round, company }
}

async function closings(deps: Deps, actor: Actor, request: Request): Promise<string> {
  const { found, round, company } = await closingsOf(deps, actor, request)
  return closingsPage(closingsOnPage(company.legalName, round, found, personOf(actor)))
}

async function proFormaOf(deps: Deps, actor: Actor, request: Request) {
  const { round, company } = await roundOf(deps, actor, request)
  const found = (await roundProFormas(deps.db, [round])).get(round)
  if (found === undefined || found instanceof DomainError) throw found ?? new NoCapTable()
  return { round, company, found }
}

async function proForma(deps: Deps, actor: Actor, request: Request): Promise<string> {
  const { round, company, found } = await proFormaOf(deps, actor, request)
  const chains = (await chainsOf(deps.db, actor, [round.companyId])).get(round.companyId) ?? []
  // What has closed is on the cap table: later rounds begin with that.
  const from = round.state === 'closed' ? '' : `?from=${encodeURIComponent(round.id)}`
  const laterRoundsPath = isStaff(actor) ? `${chainsPath(company)}/new${from}` : undefined
  return proFormaPage(proFormaOnPage(company.legalName, round, found, personOf(actor), { chains, laterRoundsPath }))
}

/** With the rounds whose terms say what becomes of unearned shares: what has closed of the company's newest ones, or the one. */
async function salePage({ db }: Deps, actor: Actor, sale: Sale): Promise<string> {
  const { companyId } = sale.company
  const newest = async () => (await roundPages(db, actor, [companyId], { limit: 5 })).get(companyId) ?? []
  const rounds = sale.after === undefined ? (await newest()).filter(({ state }) => state === 'closed') : [sale.after]
  return waterfallPage(saleOnPage(sale, rounds, personOf(actor)))
}

async function saleOf(deps: Deps, actor: Actor, request: Request, kind: 'companies' | 'rounds'): Promise<Sale> {
  const asked = { exit: request.query.exit, unearned: request.query.unearned }
  if (kind === 'rounds') {
    const { round, company } = await roundOf(deps, actor, request)
    return saleOfRound(deps.db, company, round, asked)
  }
  return saleOfCompany(deps.db, await companyOf(deps, actor, request), await dayOf(deps, request), asked)
}
