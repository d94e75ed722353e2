/** Where the staff of the fund draw up rounds one after another: tried without storing anything, and kept under a name. */
import express, { type Request, type Response, type Router } from 'express'
import { CASH_SOURCE, type ChainWorkbench, chainWorkbenchPage } from '../../../templates/pages/chain-workbench.ts'
import { otherSitePage } from '../../../templates/pages/error.ts'
import { type Actor, is } from '../../access/index.ts'
import type { CompanyView } from '../../parties/index.ts'
import {
  BadInput,
  type Deps,
  DomainError,
  Forbidden,
  globalId,
  type InputFault,
  NotFound,
  newId,
} from '../../platform/index.ts'
import {
  ChainRefused,
  chainsOf,
  type RoundView,
  reviseChain,
  roundPages,
  type ScenarioView,
  type SolvedChain,
  saveChain,
  scenariosOf,
  TermsRefused,
  whatIfChain,
  writeChain,
  writeTerms,
} from '../../rounds/index.ts'
import { readBody } from '../read-body.ts'
import {
  type ChainForm,
  cashRoundOf,
  chainFormOf,
  inOrder,
  newCashOf,
  roundInForm,
  type SentRound,
} from './chain-form.ts'
import { chainSheet } from './chain-on-page.ts'
import { chainsPath, companyOfStaff } from './chain-pages.ts'
import type { DocumentPages } from './documents.ts'
import { formKey } from './form-key.ts'
import { type ActorOf, personOf, readingRoutes } from './reading-routes.ts'
import { sameSite } from './sign-in.ts'

/** Twelve rounds with every term written out, and their encoding. */
const form = express.urlencoded({ extended: false, limit: '512kb', parameterLimit: 200 })
/** Drafts of a company that are offered, the newest. */
const MOST_DRAFTS = 50

/**
 * `GET /companies/<Company:id>/chains/new`, with `from` beginning with a chain, a draft or a scenario; `POST` the same:
 * tries the rounds of the form, or keeps them.
 */
export function chainWorkbenchRoutes(deps: Deps, pages: DocumentPages, actorOf: ActorOf): Router {
  const { router, on } = readingRoutes(pages, actorOf)
  const path = '/companies/:id/chains/new'
  on(path, async (actor, request) => {
    const desk = await deskOf(deps, actor, request)
    return { html: (await tried(desk, await begun(desk, request.query.from))).html }
  })
  router.post(path, async (request, response) => {
    response.set('cache-control', 'private, no-store').type('html')
    if (!sameSite(request)) return response.status(403).send(otherSitePage())
    const actor = await actorOf(request)
    if (actor === undefined) return response.status(401).send(pages.signedOut())
    try {
      const desk = await deskOf(deps, actor, request)
      await readBody(form, request, response)
      return await posted(desk, request, response)
    } catch (error) {
      if (error instanceof NotFound) return response.status(404).send(pages.notFound())
      throw error
    }
  })
  return router
}

/** What a page is made of: whose, about whom, and what rounds are made from. */
type Desk = {
  readonly deps: Deps
  readonly actor: Actor
  readonly company: CompanyView
  readonly drafts: readonly RoundView[]
  readonly scenarios: readonly ScenarioView[]
}

async function deskOf(deps: Deps, actor: Actor, request: Request): Promise<Desk> {
  const company = await companyOfStaff(deps, actor, request)
  const { companyId } = company
  const rounds = (await roundPages(deps.db, actor, [companyId], { limit: MOST_DRAFTS })).get(companyId) ?? []
  return {
    ...{ deps, actor, company },
    // What has closed is on the cap table.
    drafts: rounds.filter(({ state }) => state !== 'closed' && state !== 'withdrawn'),
    scenarios: (await scenariosOf(deps.db, actor, [companyId])).get(companyId) ?? [],
  }
}

const EMPTY: ChainForm = {
  ...{ rounds: [], source: '', asOf: '', name: '', key: '', revises: undefined, act: 'try' },
  newCash: newCashOf(() => ''),
}

/** The form as it is first seen. @throws {NotFound} for a beginning that there is not */
async function begun(desk: Desk, from: unknown): Promise<ChainForm> {
  if (from === undefined) return EMPTY
  const id = String(from)
  const { companyId } = desk.company
  const own = sourceOf(desk, id)
  if (own !== undefined) return { ...EMPTY, rounds: [own] }
  const [type, , key = ''] = id.split(':')
  const isId = type === 'RoundChain' && id === globalId('RoundChain', companyId, key) && /^[0-9a-f-]{36}$/.test(key)
  const [chain] = isId ? ((await chainsOf(desk.deps.db, desk.actor, [companyId], [key])).get(companyId) ?? []) : []
  if (chain === undefined) throw new NotFound('chain', id)
  const rounds = writeChain(chain.rounds).map((round): SentRound => ({ ...Object(round) }))
  const { name, version, asOf } = chain
  return { ...EMPTY, rounds, asOf, name, revises: { id, name, version } }
}

/** The round that a draft or a scenario says. */
function sourceOf({ drafts, scenarios }: Desk, id: string): SentRound | undefined {
  const found = drafts.find((round) => round.id === id) ?? scenarios.find((scenario) => scenario.id === id)
  return found && { compute: writeTerms(found.terms) }
}

async function posted(desk: Desk, request: Request, response: Response): Promise<Response | undefined> {
  let form: ChainForm = EMPTY
  try {
    form = withAdded(desk, chainFormOf(request.body))
    if (form.act !== 'try') {
      response.redirect(303, await kept(desk, form))
      return undefined
    }
  } catch (error) {
    if (!isRefusal(error)) throw error
    return response.status(statusOf(error)).send(pageOf(desk, form, { error }))
  }
  const { html, status } = await tried(desk, form)
  return response.status(status).send(html)
}

/** The form with the round that was asked for among the others; then none is asked for any more. */
function withAdded(desk: Desk, form: ChainForm): ChainForm {
  if (form.source === '') return { ...form, rounds: inOrder(form.rounds) }
  const isCash = form.source === CASH_SOURCE
  const added = isCash ? cashRoundOf(form.newCash) : sourceOf(desk, form.source)
  if (added === undefined) throw new BadInput([{ path: ['source'], reason: 'is no draft or scenario of this company' }])
  const rounds = inOrder([...form.rounds, added])
  return { ...form, rounds, source: '', newCash: isCash ? EMPTY.newCash : form.newCash }
}

async function kept({ deps, actor, company }: Desk, { rounds, ...form }: ChainForm): Promise<string> {
  const plan = {
    ...{ name: form.name, rounds: rounds.map((round) => ({ ...round })) },
    ...(form.asOf === '' ? {} : { asOf: form.asOf }),
  }
  const revised = form.revises && { ...plan, chainId: form.revises.id, expectedVersion: form.revises.version }
  const saved = { ...plan, companyId: globalId('Company', company.companyId) }
  const { companyId, scenarioId } =
    form.act === 'revise' && revised !== undefined
      ? await reviseChain(deps, actor, { ...revised, ...formKey(form.key, revised) })
      : await saveChain(deps, actor, { ...saved, ...formKey(form.key, saved) })
  return `/chains/${globalId('RoundChain', companyId, scenarioId)}`
}

type Answer = { readonly solved?: SolvedChain; readonly error?: BadInput | DomainError }
const isRefusal = (error: unknown): error is BadInput | DomainError =>
  (error instanceof BadInput || error instanceof DomainError) && !(error instanceof NotFound)

const statusOf = (error: BadInput | DomainError): number =>
  error instanceof BadInput ? 400 : error instanceof Forbidden ? 403 : 409

async function tried(desk: Desk, form: ChainForm): Promise<{ readonly html: string; readonly status: number }> {
  if (form.rounds.length === 0) return { html: pageOf(desk, form, {}), status: 200 }
  const { deps, actor, company } = desk
  try {
    const asked = { rounds: form.rounds, ...(form.asOf === '' ? {} : { asOf: form.asOf }) }
    const found = (await whatIfChain(deps.db, actor, [company.companyId], asked)).get(company.companyId)
    if (found === undefined) throw new NotFound('company', globalId('Company', company.companyId))
    if (found instanceof DomainError) throw found
    return { html: pageOf(desk, form, { solved: found }), status: 200 }
  } catch (error) {
    if (!isRefusal(error)) throw error
    return { html: pageOf(desk, form, { error }), status: statusOf(error) }
  }
}

function pageOf(desk: Desk, form: ChainForm, { solved, error }: Answer): string {
  const { actor, company, drafts, scenarios } = desk
  const listPath = chainsPath(company)
  const rounds = form.rounds.map(roundInForm)
  const group = (words: string, options: ChainWorkbench['sources'][number]['options']) =>
    options.length === 0 ? [] : [{ group: words, options }]
  return chainWorkbenchPage({
    ...{ person: personOf(actor), companyName: company.legalName, path: `${listPath}/new`, listPath, rounds },
    ...{ source: form.source, newCash: form.newCash, asOf: form.asOf, name: form.name, revises: form.revises },
    sources: [
      ...group(
        'Rounds that have not closed',
        drafts.map(({ id, terms, termsVersion }) => ({ id, name: `${terms.name}, version ${termsVersion}` })),
      ),
      ...group(
        'Scenarios',
        scenarios.map(({ id, name, terms, version }) => ({ id, name: `${name}: ${terms.name}, version ${version}` })),
      ),
    ],
    mayKeep: is(actor, 'analyst', 'partner'),
    // Of its own for every page: what was changed since is another call.
    key: newId(),
    sheet: solved && chainSheet(company.legalName, form.name, solved),
    refused: error === undefined ? [] : faultsIn(error, rounds),
  })
}

/** Each fault in a sentence, with the round that it is in by its name. */
function faultsIn(error: BadInput | DomainError, rounds: ChainWorkbench['rounds']): string[] {
  const isListed = error instanceof BadInput || error instanceof ChainRefused || error instanceof TermsRefused
  return isListed ? error.faults.map((fault) => faultWords(fault, rounds)) : [error.message]
}

function faultWords({ path, reason }: InputFault, rounds: ChainWorkbench['rounds']): string {
  const [first, index, kind, ...rest] = path
  const round = first === 'rounds' && typeof index === 'number' ? rounds[index] : undefined
  // Whether it is for compute or for cash is not asked on the form.
  const term = kind === 'compute' || kind === 'cash' || kind === undefined ? rest : [kind, ...rest]
  if (round === undefined || term.length === 0) return `${path.join('.') || 'The form'} ${reason}.`
  return `${round.name === '' ? `Round ${Number(index) + 1}` : round.name}: ${term.join('.')} ${reason}.`
}
