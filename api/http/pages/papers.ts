/** Amendments, side letters, assignments and further closings on pages: read them, and sign what waits for one's own side. */
import express, { type Request, type Response, Router } from 'express'
import { forbiddenPage, notFoundPage, otherSitePage } from '../../../templates/pages/error.ts'
import { type PaperOnPage, paperName, paperPage, paperState } from '../../../templates/pages/paper.ts'
import { type Actor, is } from '../../access/index.ts'
import {
  acceptAmendment,
  acceptClosing,
  acceptDealDocument,
  amendmentsById,
  amendmentsOfRounds,
  closingsById,
  closingsOfRounds,
  dealDocumentsById,
  dealDocumentsOfRounds,
  recordObligation,
  signAmendment,
  signDealDocument,
} from '../../closing/index.ts'
import { documentsById } from '../../documents/index.ts'
import type { FlagsDeps } from '../../flags/index.ts'
import { companiesById, findInstallation } from '../../parties/index.ts'
import {
  BadInput,
  DomainError,
  Forbidden,
  globalId,
  NotFound,
  newId,
  parseGlobalId,
  type Ref,
  type Uuid,
} from '../../platform/index.ts'
import { type RoundView, roundsByRef } from '../../rounds/index.ts'
import type { DocumentPages } from './documents.ts'
import { formKey } from './form-key.ts'
import { roleWords, sameSite } from './sign-in.ts'

type ActorOf = (request: Request) => Promise<Actor | undefined>
type Side = 'fund' | 'company'

/** What amendments, deal documents and closings have in common: the part of a page that is the paper's own. */
type Paper = Pick<
  PaperOnPage,
  'kind' | 'title' | 'state' | 'effectiveOn' | 'reason' | 'changes' | 'signatures' | 'obligations'
> & {
  /** Global id. */
  readonly id: string
  readonly companyId: Uuid
  readonly roundId: Uuid
  readonly documentId: Uuid | null
}

/** `GET /papers/<global id>`, and `POST /papers/<global id>/sign`. What the actor may not see answers like what does not exist. */
export function paperRoutes(deps: FlagsDeps, pages: DocumentPages, actorOf: ActorOf): Router {
  const router = Router()
  router.get('/papers/:id', async (request, response) => {
    response.set('cache-control', 'private, no-store').type('html')
    const actor = await actorOf(request)
    if (actor === undefined) return response.status(401).send(pages.signedOut())
    const paper = await paperOf(deps, actor, request.params.id)
    const page = paper && (await shown(deps, actor, paper))
    return page === undefined ? response.status(404).send(notFoundPage()) : response.send(page)
  })
  const form = express.urlencoded({ extended: false, limit: '4kb', parameterLimit: 10 })
  router.post('/papers/:id/sign', form, async (request, response) => {
    response.set('cache-control', 'private, no-store').type('html')
    if (!sameSite(request)) return response.status(403).send(otherSitePage())
    const actor = await actorOf(request)
    if (actor === undefined) return response.status(401).send(pages.signedOut())
    return sign(deps, actor, request, response)
  })
  router.post('/papers/:id/obligations', form, async (request, response) => {
    response.set('cache-control', 'private, no-store').type('html')
    if (!sameSite(request)) return response.status(403).send(otherSitePage())
    const actor = await actorOf(request)
    if (actor === undefined) return response.status(401).send(pages.signedOut())
    return record(deps, actor, request, response)
  })
  return router
}

async function paperOf(deps: FlagsDeps, actor: Actor, id: string): Promise<Paper | undefined> {
  const parsed = parseGlobalId(id)
  const [companyId, key] = parsed?.keys ?? []
  if (parsed === undefined || companyId === undefined || key === undefined || parsed.keys.length !== 2) return undefined
  const refs = [{ companyId, id: key }]
  switch (parsed.type) {
    case 'Amendment':
      return (await amendmentsById(deps.db, actor, refs)).map(amendment)[0]
    case 'DealDocument':
      return (await dealDocumentsById(deps.db, actor, refs)).map(dealDocument)[0]
    case 'Closing':
      return (await closingsById(deps.db, actor, refs)).filter(({ ordinal }) => ordinal > 1).map(closing)[0]
    default:
      return undefined
  }
}

type ViewOf<List extends (...args: never[]) => Promise<readonly unknown[]>> = Awaited<ReturnType<List>>[number]

const amendment = (view: ViewOf<typeof amendmentsById>): Paper => ({
  ...view,
  id: globalId('Amendment', view.companyId, view.amendmentId),
  kind: 'amendment',
  title: '',
  changes: view.changes.map(({ title, fromWords, toWords }) => ({ title, from: fromWords, to: toWords })),
  signatures: view.signatures.map(({ side, signedAt }) => ({ side, at: signedAt })),
})

const dealDocument = (view: ViewOf<typeof dealDocumentsById>): Paper => ({
  ...view,
  id: globalId('DealDocument', view.companyId, view.dealDocumentId),
  obligations: view.obligations.map(({ act, notices, ...one }) => ({
    ...one,
    remindedOn: notices.map(({ givenAt }) => givenAt.slice(0, 10)),
    done: act === null ? undefined : { on: act.doneOn, evidence: act.evidence },
  })),
  changes: [],
  signatures: view.signatures.map(({ side, signedAt }) => ({ side, at: signedAt })),
})

const closing = (view: ViewOf<typeof closingsById>): Paper => ({
  ...view,
  id: globalId('Closing', view.companyId, view.closingId),
  kind: 'closing',
  title: `number ${view.ordinal}`,
  effectiveOn: view.closingDate,
  changes: [],
  signatures: [],
})

/** The sides that this person may sign for. */
const sidesOf = (actor: Actor, { companyId }: Paper): readonly Side[] => [
  ...(is(actor, 'signatory') && actor.companyIds.has(companyId) ? ['company' as const] : []),
  ...(is(actor, 'partner') ? ['fund' as const] : []),
]

/** Which side this person signs for now; `undefined` where nothing waits for them. */
const sideOf = (actor: Actor, paper: Paper): Side | undefined =>
  sidesOf(actor, paper).find((side) =>
    paper.kind === 'closing'
      ? side === 'company' && paper.state === 'offered'
      : paper.state === 'proposed' && !isSigned(paper, [side]),
  )

/** Whether one of these sides has signed already: a button that is pressed twice has done what it says. */
const isSigned = ({ kind, state, signatures }: Paper, sides: readonly Side[]): boolean =>
  kind === 'closing'
    ? sides.includes('company') && (state === 'accepted' || state === 'held')
    : signatures.some(({ side }) => sides.includes(side))

async function shown(
  deps: FlagsDeps,
  actor: Actor,
  paper: Paper,
  refused?: PaperOnPage['refused'],
): Promise<string | undefined> {
  const { companyId, roundId, documentId } = paper
  const [company] = await companiesById(deps.db, actor, [companyId])
  const [round] = await roundsByRef(deps.db, actor, [{ companyId, id: roundId }])
  if (company === undefined || round === undefined) return undefined
  const [document] = documentId === null ? [] : await documentsById(deps.db, actor, [{ companyId, id: documentId }])
  const side = sideOf(actor, paper)
  return paperPage({
    ...paper,
    person: { name: actor.name, role: roleWords(actor) },
    companyName: company.legalName,
    fundName: (await findInstallation(deps.db))?.fundName ?? '',
    roundName: round.terms.name,
    file: document && {
      name: document.fileName,
      path: `/documents/${globalId('Document', companyId, document.documentId)}`,
      sha256: document.sha256,
      size: document.size,
    },
    sign: side && { side, action: `/papers/${paper.id}/sign` },
    record: is(actor, 'analyst', 'partner', 'operations')
      ? { action: `/papers/${paper.id}/obligations`, key: newId() }
      : undefined,
    refused,
  })
}

async function sign(deps: FlagsDeps, actor: Actor, request: Request, response: Response): Promise<Response> {
  const paper = await paperOf(deps, actor, String(request.params.id))
  if (paper === undefined) return response.status(404).send(notFoundPage())
  const again = async (status: number, why: string) =>
    response.status(status).send((await shown(deps, actor, paper, { done: 'signed', why })) ?? notFoundPage())
  const side = sideOf(actor, paper)
  if (side === undefined && isSigned(paper, sidesOf(actor, paper))) return signedAlready(response, paper)
  if (side === undefined) {
    return is(actor, 'signatory', 'partner')
      ? again(409, 'Nothing of it waits for your signature. Nothing was changed.')
      : response.status(403).send(forbiddenPage(['signatory', 'partner']))
  }
  if (fieldOf(request.body, 'read') !== 'yes')
    return again(400, 'Say that you have read the file. Nothing was changed.')
  try {
    await signAs(deps, actor, paper, side, request.body)
  } catch (error) {
    if (error instanceof NotFound) return response.status(404).send(notFoundPage())
    if (error instanceof BadInput)
      return again(400, 'Type your full name, and use the form on this page. Nothing was changed.')
    if (!(error instanceof DomainError)) throw error
    const now = await paperOf(deps, actor, paper.id)
    return now !== undefined && isSigned(now, [side]) ? signedAlready(response, now) : again(409, error.message)
  }
  return signedAlready(response, paper)
}

/** To the page, which says who has signed and when. */
function signedAlready(response: Response, { id }: Paper): Response {
  response.redirect(303, `/papers/${id}`)
  return response
}

async function record(deps: FlagsDeps, actor: Actor, request: Request, response: Response): Promise<Response> {
  const paper = await paperOf(deps, actor, String(request.params.id))
  if (paper === undefined) return response.status(404).send(notFoundPage())
  const [occasion = '', doneOn = '', evidence = ''] = ['occasion', 'doneOn', 'evidence'].map((name) =>
    fieldOf(request.body, name),
  )
  const said = { occasion, doneOn, evidence }
  try {
    const input = { dealDocumentId: paper.id, ...said, ...formKey(fieldOf(request.body, 'key'), said) }
    await recordObligation(deps, actor, input)
  } catch (error) {
    if (error instanceof NotFound) return response.status(404).send(notFoundPage())
    if (!(error instanceof DomainError || error instanceof BadInput)) throw error
    const status = error instanceof BadInput ? 400 : error instanceof Forbidden ? 403 : 409
    const refused = { done: 'recorded', why: error.message } as const
    return response.status(status).send((await shown(deps, actor, paper, refused)) ?? notFoundPage())
  }
  response.redirect(303, `/papers/${paper.id}#obligations`)
  return response
}

function signAs(deps: FlagsDeps, actor: Actor, { kind, id }: Paper, side: Side, body: unknown): Promise<unknown> {
  const sha256 = fieldOf(body, 'sha256')
  const read = side === 'fund' ? { sha256 } : { sha256, typedName: fieldOf(body, 'name') }
  if (kind === 'closing') return acceptClosing(deps, actor, { closingId: id, ...read })
  if (kind === 'amendment') {
    return side === 'fund'
      ? signAmendment(deps, actor, { amendmentId: id, ...read })
      : acceptAmendment(deps, actor, { amendmentId: id, ...read })
  }
  return side === 'fund'
    ? signDealDocument(deps, actor, { dealDocumentId: id, ...read })
    : acceptDealDocument(deps, actor, { dealDocumentId: id, ...read })
}

/** A field of a posted form. One that is missing, or is there twice, is empty. */
function fieldOf(body: unknown, name: string): string {
  const value: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined
  return typeof value === 'string' ? value : ''
}

/** A paper as a list names it. */
export type PaperLink = {
  readonly name: string
  readonly state: string
  readonly path: string
  /** Whether it waits for the signature of this very person. */
  readonly waits: boolean
}

/**
 * The papers of these rounds that the actor sees, by company: what waits for them first, then the newest. As many queries as
 * for one round.
 */
export async function papersOf(
  { db }: Pick<FlagsDeps, 'db'>,
  actor: Actor,
  rounds: readonly RoundView[],
): Promise<Map<Uuid, PaperLink[]>> {
  const refs = rounds.map(({ companyId, roundId }): Ref => ({ companyId, id: roundId }))
  const papers = [
    ...[...(await amendmentsOfRounds(db, actor, refs)).values()].flat().map(amendment),
    ...[...(await dealDocumentsOfRounds(db, actor, refs)).values()].flat().map(dealDocument),
    ...[...(await closingsOfRounds(db, actor, refs)).values()]
      .flat()
      .filter(({ ordinal }) => ordinal > 1)
      .map(closing),
  ]
  const roundNames = new Map(rounds.map(({ roundId, terms }) => [roundId, terms.name]))
  const listed = papers
    .map((paper) => ({
      companyId: paper.companyId,
      key: paper.id.split(':').at(-1) ?? '',
      name: paperName({ ...paper, roundName: roundNames.get(paper.roundId) ?? '' }),
      state: paperState(paper.state),
      path: `/papers/${paper.id}`,
      waits: sideOf(actor, paper) !== undefined,
    }))
    // Ids are UUIDv7: the later, the greater.
    .sort((a, b) => Number(b.waits) - Number(a.waits) || (a.key < b.key ? 1 : -1))
  return new Map(
    [...Map.groupBy(listed, ({ companyId }) => companyId)].map(([companyId, links]) => [
      companyId,
      links.map(({ name, state, path, waits }) => ({ name, state, path, waits })),
    ]),
  )
}
