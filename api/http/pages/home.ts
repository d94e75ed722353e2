/** The start page, for whoever is signed in, and the form by which a founder accepts a term sheet. */
import express, { type Request, type Response, Router } from 'express'
import { headline } from '../../../templates/headline.ts'
import { forbiddenPage, notFoundPage, otherSitePage } from '../../../templates/pages/error.ts'
import { type FounderNext, founderHomePage, type TermSheetOnPage } from '../../../templates/pages/founder-home.ts'
import { signedOutPage } from '../../../templates/pages/sign-in.ts'
import { type DealOnPage, staffHomePage } from '../../../templates/pages/staff-home.ts'
import { stateWords } from '../../../templates/pages/statement.ts'
import { monthName } from '../../../templates/statement-words.ts'
import { type Actor, is, isStaff } from '../../access/index.ts'
import { acceptTermSheet, closedRounds, issuedTermSheet } from '../../closing/index.ts'
import { acceptancesOf, type DocumentView, documentsById } from '../../documents/index.ts'
import { type StatementView, statementPages } from '../../drawdown/index.ts'
import { flagCounts } from '../../flags/index.ts'
import { type CompanyView, companiesById, companyCount, companyPage, mustSeeInstallation } from '../../parties/index.ts'
import {
  BadInput,
  type Deps,
  DomainError,
  formatTokens,
  globalId,
  NotFound,
  parseGlobalId,
  type Ref,
  type Uuid,
} from '../../platform/index.ts'
import { grantsOf, type RoundView, roundPages, roundsByRef } from '../../rounds/index.ts'
import { allTokenClasses } from '../../tokens/index.ts'
import { formKey } from './form-key.ts'
import { papersOf } from './papers.ts'
import { roleWords, sameSite } from './sign-in.ts'
import { type Standing, standingOf } from './standing.ts'

type ActorOf = (request: Request) => Promise<Actor | undefined>

/** `GET /`, and `POST /rounds/<global id>/accept`. */
export function homeRoutes(deps: Deps, actorOf: ActorOf): Router {
  const router = Router()
  router.get('/', async (request, response) => {
    const actor = await actorOf(request)
    response.set('cache-control', 'no-store').type('html')
    if (actor === undefined) return response.send(signedOutPage())
    const chosen = typeof request.query.company === 'string' ? parseGlobalId(request.query.company)?.keys[0] : undefined
    return response.send(await homePage(deps, actor, chosen))
  })
  const form = express.urlencoded({ extended: false, limit: '4kb', parameterLimit: 10 })
  router.post('/rounds/:id/accept', form, async (request, response) => {
    response.set('cache-control', 'no-store').type('html')
    if (!sameSite(request)) return response.status(403).send(otherSitePage())
    const actor = await actorOf(request)
    if (actor === undefined) return response.status(401).send(signedOutPage())
    return accept(deps, actor, request, response)
  })
  return router
}

/** The start page of a founder or signatory is about their company; that of the fund's staff, about all deals. */
async function homePage(deps: Deps, actor: Actor, chosen?: Uuid, refused?: string): Promise<string> {
  const companies = isStaff(actor) ? [] : await companiesById(deps.db, actor, [...actor.companyIds])
  const sorted = companies.sort((a, b) => (a.legalName < b.legalName ? -1 : 1))
  const company = sorted.find(({ companyId }) => companyId === chosen) ?? sorted[0]
  if (company === undefined) return staffPage(deps, actor)
  const { companyId } = company
  const rounds = (await roundPages(deps.db, actor, [companyId], { limit: LOOKED_AT })).get(companyId) ?? []
  const standing = await standingOf(deps, actor, companyId)
  return founderHomePage({
    person: { name: actor.name, role: `${is(actor, 'founder') ? 'founder' : 'signatory'} of ${company.legalName}` },
    companyName: company.legalName,
    capTablePath: `/companies/${globalId('Company', companyId)}/cap-table`,
    next: withStanding(await nextOf(deps, actor, company, rounds, refused), standing),
    figures: standing?.figures,
    papers: await papersOnPage(deps, actor, companyId, rounds),
    statements: await statementsOnPage(deps, actor, companyId),
    computePath: `/companies/${globalId('Company', companyId)}/compute`,
    others: sorted
      .filter((other) => other !== company)
      .map((other) => ({ name: other.legalName, path: `/?company=${globalId('Company', other.companyId)}` })),
  })
}

/** Rounds of a company whose papers are looked at, newest first; papers that a founder's page lists. */
const [PAPERS_OF, PAPERS_LISTED] = [5, 12]
/** Companies that the start page lists. */
const DEALS_LISTED = 100

/** Where the deals stand, for the fund's staff. Each query is asked once for all companies. */
async function staffPage({ db }: Pick<Deps, 'db'>, actor: Actor): Promise<string> {
  const about = {
    person: { name: actor.name, role: roleWords(actor) },
    operations: isStaff(actor) || is(actor, 'provider'),
  }
  if (!isStaff(actor)) return staffHomePage(about)
  const companies = await companyPage(db, actor, { limit: DEALS_LISTED })
  const ids = companies.map(({ companyId }) => companyId)
  const rounds = await roundPages(db, actor, ids, { limit: PAPERS_OF })
  const papers = await papersOf({ db }, actor, [...rounds.values()].flat())
  const statements = await statementPages(db, actor, ids, { limit: 1 })
  const flags = await flagCounts(db, actor, ids, { states: ['open'] })
  const more = companies.length < DEALS_LISTED ? 0 : (await companyCount(db, actor)) - companies.length
  const deals = companies.map(({ companyId, legalName }): DealOnPage => {
    const path = `/companies/${globalId('Company', companyId)}`
    const [round] = rounds.get(companyId) ?? []
    const [statement] = statements.get(companyId) ?? []
    return {
      company: legalName,
      capTablePath: `${path}/cap-table`,
      computePath: `${path}/compute`,
      plansPath: `${path}/chains`,
      round: round && { name: round.terms.name, state: round.state, path: `/rounds/${round.id}/pro-forma` },
      protectionsPath: round && `/rounds/${round.id}/protections`,
      openFlags: flags.get(companyId) ?? 0,
      statement: statement && statementLink(statement),
    }
  })
  const waiting = companies.flatMap(({ companyId, legalName }) =>
    (papers.get(companyId) ?? []).filter(({ waits }) => waits).map((paper) => ({ ...paper, company: legalName })),
  )
  return staffHomePage({ ...about, deals, papers: waiting, more })
}

/** Statements that the start page lists. */
const STATEMENTS_LISTED = 12

async function papersOnPage(deps: Deps, actor: Actor, companyId: Uuid, rounds: readonly RoundView[]) {
  const papers = await papersOf(deps, actor, rounds.slice(0, PAPERS_OF))
  return (papers.get(companyId) ?? []).slice(0, PAPERS_LISTED)
}

async function statementsOnPage(deps: Deps, actor: Actor, companyId: Uuid) {
  const pages = await statementPages(deps.db, actor, [companyId], { limit: STATEMENTS_LISTED })
  return (pages.get(companyId) ?? []).map(statementLink)
}

const statementLink = ({ month, state, ref }: StatementView) => ({
  name: monthName(month),
  state: stateWords(state),
  path: `/statements/${globalId('Statement', ref.companyId, ref.id)}`,
})

/** Rounds that are looked at for what is next: the newest ones. */
const LOOKED_AT = 20

const withStanding = (next: FounderNext, standing: Standing | undefined): FounderNext =>
  next.kind === 'closed' ? { ...next, standing: standing?.headline } : next

async function nextOf(
  deps: Deps,
  actor: Actor,
  company: CompanyView,
  page: readonly RoundView[],
  refused?: string,
): Promise<FounderNext> {
  for (const state of ['term_sheet_issued', 'accepted', 'closed'] as const) {
    const round = page.find((candidate) => candidate.state === state)
    if (round !== undefined) return (await nextOfRound(deps, actor, company, round, refused)) ?? { kind: 'nothing' }
  }
  return { kind: 'nothing' }
}

async function nextOfRound(
  deps: Deps,
  actor: Actor,
  company: CompanyView,
  round: RoundView,
  refused: string | undefined,
): Promise<FounderNext | undefined> {
  const ref = { companyId: round.companyId, id: round.roundId }
  const issued = await issuedTermSheet(deps.db, ref)
  if (issued === undefined) return undefined
  const at = { companyId: ref.companyId, id: issued.documentId }
  const [document] = await documentsById(deps.db, actor, [at])
  if (document === undefined) return undefined
  const { fundName } = await mustSeeInstallation(deps.db)
  const what = headline({
    shares: issued.shares.toString(),
    className: round.terms.security.className,
    fund: fundName,
    tokens: formatTokens(round.terms.compute.tokens),
    grants: await grantsOnPage(deps, round.terms),
    company: company.legalName,
  })
  const termSheet = onPage(document, round, issued.termsVersion, what)
  if (round.state === 'term_sheet_issued') {
    return { kind: 'accept', termSheet, action: `/rounds/${round.id}/accept`, refused }
  }
  if (round.state === 'closed') {
    const closed = (await closedRounds(deps.db, [ref])).get(round.roundId)
    return closed === undefined ? undefined : { kind: 'closed', termSheet, closedAt: closed.closedAt }
  }
  const [acceptance] = await acceptancesOf(deps.db, actor, [at])
  return acceptance === undefined ? undefined : { kind: 'accepted', termSheet, acceptedAt: acceptance.acceptedAt }
}

/** Each grant's tokens with the name of their class, where there are several: tokens of two classes are not one number. */
async function grantsOnPage(deps: Deps, terms: RoundView['terms']) {
  if (terms.furtherGrants === undefined) return []
  const names = new Map((await allTokenClasses(deps.db)).map((each) => [each.tokenClassId, each.name]))
  return grantsOf(terms).map(({ tokens, tokenClassId }) => ({
    tokens: formatTokens(tokens),
    tokenClass: names.get(tokenClassId) ?? globalId('TokenClass', tokenClassId),
  }))
}

const onPage = (document: DocumentView, round: RoundView, version: number, what: string): TermSheetOnPage => ({
  headline: what,
  roundName: round.terms.name,
  roundPath: `/rounds/${round.id}`,
  fileName: document.fileName,
  downloadPath: `/documents/${globalId('Document', document.companyId, document.documentId)}`,
  sha256: document.sha256,
  size: document.size,
  version,
  issuedAt: document.madeAt,
})

async function accept(deps: Deps, actor: Actor, request: Request, response: Response): Promise<Response> {
  const id = typeof request.params.id === 'string' ? request.params.id : ''
  const ref = roundRef(id)
  const [round] = ref === undefined ? [] : await roundsByRef(deps.db, actor, [ref])
  if (round === undefined) return response.status(404).send(notFoundPage())
  if (!actor.companyIds.has(round.companyId)) return response.status(403).send(forbiddenPage(['founder', 'signatory']))
  const again = async (status: number, why: string) =>
    response.status(status).send(await homePage(deps, actor, round.companyId, why))
  const { sha256, name, read } = fieldsOf(request.body)
  if (read !== 'yes') return again(400, 'Say that you have read the file. Nothing was changed.')
  try {
    const said = { roundId: id, sha256, typedName: name }
    // A term sheet is accepted once: the form that is pressed again by the same person was done.
    await acceptTermSheet(deps, actor, { ...said, ...formKey(id, said) })
  } catch (error) {
    if (error instanceof NotFound) return response.status(404).send(notFoundPage())
    if (error instanceof BadInput)
      return again(400, 'Type your full name, and use the form on this page. Nothing was changed.')
    if (error instanceof DomainError) return again(409, error.message)
    throw error
  }
  response.redirect(303, `/?company=${globalId('Company', round.companyId)}`)
  return response
}

function roundRef(id: string): Ref | undefined {
  const parsed = parseGlobalId(id)
  const [companyId, roundId] = parsed?.keys ?? []
  return parsed?.type === 'Round' && companyId !== undefined && roundId !== undefined && parsed.keys.length === 2
    ? { companyId, id: roundId }
    : undefined
}

/** The fields of a posted form. One that is missing, or is there twice, is empty. */
function fieldsOf(body: unknown): { sha256: string; name: string; read: string } {
  const field = (name: string): string => {
    const value: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined
    return typeof value === 'string' ? value : ''
  }
  return { sha256: field('sha256'), name: field('name'), read: field('read') }
}
