/** `GET /disputes/<global id>`: a dispute on a page, and the forms by which both sides settle it. */
import express, { type Request, type Response, Router } from 'express'
import { type DisputeOnPage, disputePage, type ProposedSettlement } from '../../../templates/pages/dispute.ts'
import { notFoundPage, otherSitePage } from '../../../templates/pages/error.ts'
import { type Actor, is, isStaff } from '../../access/index.ts'
import { attachEvidence } from '../../closing/index.ts'
import { documentsAbout } from '../../documents/index.ts'
import {
  type ChargedRecord,
  confirmSettlement,
  DISPUTE_OUTCOMES,
  type DisputeView,
  mustSeeDispute,
  type ProposalView,
  ProposedRecords,
  proposalsOf,
  proposeSettlement,
  RECORDS_LISTED,
  recordsOfDispute,
  setDisputeAside,
} from '../../drawdown/index.ts'
import { companiesById } from '../../parties/index.ts'
import {
  type Deps,
  formatTokens,
  globalId,
  NotFound,
  newId,
  parseGlobalId,
  type Ref,
  Refused,
} from '../../platform/index.ts'
import { fileOf, readMultipart } from '../multipart-file.ts'
import { readBody } from '../read-body.ts'
import type { DocumentPages } from './documents.ts'
import { answerForm } from './form-answer.ts'
import { formKey } from './form-key.ts'
import type { ActorOf } from './reading-routes.ts'
import { roleWords, sameSite } from './sign-in.ts'

/** What the actor may not see answers like what does not exist. */
export function disputeRoutes(deps: Deps, pages: DocumentPages, actorOf: ActorOf): Router {
  const router = Router()
  const own =
    (work: (actor: Actor, dispute: DisputeView, request: Request, response: Response) => Promise<unknown>) =>
    async (request: Request, response: Response) => {
      response.set({ 'cache-control': 'private, no-store', 'x-content-type-options': 'nosniff' }).type('html')
      if (request.method === 'POST' && !sameSite(request)) return response.status(403).send(otherSitePage())
      const actor = await actorOf(request)
      if (actor === undefined) return response.status(401).send(pages.signedOut())
      const dispute = await found(deps, actor, String(request.params.id))
      if (dispute === undefined) return response.status(404).send(notFoundPage())
      return work(actor, dispute, request, response)
    }
  router.get(
    '/disputes/:id',
    own(async (actor, dispute, _request, response) => response.send(await page(deps, actor, dispute))),
  )
  const form = express.urlencoded({ extended: false, limit: '32kb', parameterLimit: 2 * RECORDS_LISTED + 10 })
  for (const [act, work] of Object.entries(ACTS)) {
    router.post(
      `/disputes/:id/${act}`,
      own(async (actor, dispute, request, response) => {
        await readBody(form, request, response)
        return done(deps, actor, dispute, response, () => work(deps, actor, dispute, request.body), request.body)
      }),
    )
  }
  const attached = own(async (actor, dispute, request, response) => {
    await readMultipart(request, response)
    return done(deps, actor, dispute, response, () => attach(deps, actor, dispute, request))
  })
  // A file as it is, from a program, is taken by the route for that.
  router.post('/disputes/:id/evidence', (request, response, next) =>
    request.is('multipart/form-data') === false ? next() : attached(request, response),
  )
  return router
}

async function found(deps: Deps, actor: Actor, id: string): Promise<DisputeView | undefined> {
  const parsed = parseGlobalId(id)
  const [companyId, disputeId] = parsed?.type === 'Dispute' ? parsed.keys : []
  if (companyId === undefined || disputeId === undefined) return undefined
  try {
    return await mustSeeDispute(deps.db, actor, { companyId, id: disputeId })
  } catch (error) {
    if (error instanceof NotFound) return undefined
    throw error
  }
}

const done = (
  deps: Deps,
  actor: Actor,
  dispute: DisputeView,
  response: Response,
  work: () => Promise<unknown>,
  fields?: unknown,
) =>
  answerForm(response, {
    work,
    path: pathOf(dispute.ref),
    again: (refused) => page(deps, actor, dispute, { refused, typed: typedIn(fields) }),
  })

/** What was typed for a proposal; the GPU-seconds that were left as they were shown are those that count now. */
function typedIn(fields: unknown): DisputeOnPage['typed'] {
  if (typeof fields !== 'object' || fields === null) return undefined
  const typedOver = Object.keys(fields).flatMap((name) => {
    const [, usageId] = /^gpuSeconds\.(.+)$/.exec(name) ?? []
    return usageId === undefined || text(fields, name) === text(fields, `shown.${usageId}`)
      ? []
      : [[usageId, text(fields, name)] as const]
  })
  return { outcome: text(fields, 'outcome'), note: text(fields, 'note'), gpuSeconds: new Map(typedOver) }
}

const pathOf = ({ companyId, id }: Ref): string => `/disputes/${globalId('Dispute', companyId, id)}`
const idOf = ({ ref }: DisputeView): string => globalId('Dispute', ref.companyId, ref.id)
const text = (fields: unknown, name: string): string => {
  const value: unknown = typeof fields === 'object' && fields !== null ? Reflect.get(fields, name) : undefined
  return typeof value === 'string' ? value.trim() : ''
}

const ACTS = {
  propose: async (deps: Deps, actor: Actor, dispute: DisputeView, fields: unknown): Promise<void> => {
    const outcome = DISPUTE_OUTCOMES.find((known) => known === text(fields, 'outcome'))
    if (outcome === undefined) throw new Refused('outcome', 'must be chosen')
    const records = changedIn(await recordsOfDispute(deps.db, dispute.ref, dispute), fields)
    if (outcome === 'CORRECTED' && records.length === 0)
      throw new Refused('records', 'must say for at least one record what it really was')
    if (outcome === 'STANDS' && records.length > 0)
      throw new Refused('outcome', 'says that the figures stand, and GPU-seconds were changed: choose one of both')
    const proposed = { disputeId: idOf(dispute), outcome, records, note: text(fields, 'note') }
    await proposeSettlement(deps, actor, { ...proposed, ...formKey(text(fields, 'key'), proposed) })
  },
  confirm: async (deps: Deps, actor: Actor, dispute: DisputeView, fields: unknown): Promise<void> => {
    if (text(fields, 'read') !== 'yes') throw new Refused('read', 'must be ticked: say that you have read the proposal')
    const confirmed = { disputeId: idOf(dispute), proposalId: text(fields, 'proposalId') }
    await confirmSettlement(deps, actor, { ...confirmed, ...formKey(confirmed.proposalId, confirmed) })
  },
  'set-aside': async (deps: Deps, actor: Actor, dispute: DisputeView): Promise<void> => {
    const said = { disputeId: idOf(dispute) }
    await setDisputeAside(deps, actor, { ...said, ...formKey(dispute.ref.id, said) })
  },
} as const

/**
 * The records whose GPU-seconds were typed over. A page that shows others than count now proposes nothing: what it left as it
 * was would be a change.
 *
 * @throws {Refused}
 */
function changedIn(records: readonly ChargedRecord[], fields: unknown) {
  return records.flatMap(({ usageId, externalId, gpuSeconds }) => {
    const now = gpuSeconds.toString()
    const told = text(fields, `gpuSeconds.${usageId}`).replaceAll(/[ ,\u202f]/g, '')
    if ((text(fields, `shown.${usageId}`) || now) !== now)
      throw new Refused('records', `are others than this page showed: ${externalId} was corrected since. Look again`)
    return told === '' || told === now ? [] : [{ usageId, gpuSeconds: told }]
  })
}

async function attach(deps: Deps, actor: Actor, dispute: DisputeView, request: Request): Promise<void> {
  await attachEvidence(deps, actor, { disputeId: idOf(dispute), ...(await fileOf(request)) })
}

async function page(
  deps: Deps,
  actor: Actor,
  seen: DisputeView,
  refusal: Pick<DisputeOnPage, 'refused' | 'typed'> = {},
): Promise<string> {
  const { ref } = seen
  // Read again: what was refused may have been so because it has moved on.
  const dispute = await mustSeeDispute(deps.db, actor, ref)
  const [companies, records, proposals, evidence] = await Promise.all([
    companiesById(deps.db, actor, [ref.companyId]),
    recordsOfDispute(deps.db, ref, dispute),
    proposalsOf(deps.db, [ref]),
    documentsAbout(deps.db, actor, { companyId: ref.companyId, subject: globalId('Dispute', ref.companyId, ref.id) }),
  ])
  const proposed = proposals.get(ref.id) ?? []
  return disputePage({
    person: { name: actor.name, role: roleWords(actor) },
    company: companies[0]?.legalName ?? '',
    month: dispute.month,
    state: dispute.state,
    reasonCode: dispute.reasonCode,
    reason: dispute.reason,
    whole: dispute.whole,
    resolveBy: dispute.resolveBy,
    openedAt: dispute.openedAt,
    statementPath: `/statements/${globalId('Statement', ref.companyId, dispute.statementId)}`,
    records: records.map(onPage),
    cut: records.length === RECORDS_LISTED,
    evidence: evidence.map((file) => ({
      name: file.fileName,
      path: `/documents/${globalId('Document', file.companyId, file.documentId)}`,
      sha256: file.sha256,
      bytes: file.size,
      at: file.madeAt,
    })),
    proposals: proposed.map((proposal) => proposalOnPage(proposal, records)),
    action: pathOf(ref),
    key: newId(),
    may: mayNow(actor, dispute, proposed.at(-1)),
    ...refusal,
  })
}

const onPage = ({ usageId, externalId, job, startedAt, endedAt, gpuSeconds, charged }: ChargedRecord) => ({
  usageId,
  externalId,
  job: job ?? 'without a name',
  startedAt,
  endedAt,
  gpuSeconds: gpuSeconds.toString(),
  tokens: formatTokens(charged),
})

function proposalOnPage(proposal: ProposalView, records: readonly ChargedRecord[]): ProposedSettlement {
  const names = new Map(records.map(({ usageId, externalId }) => [usageId, externalId]))
  return {
    proposalId: proposal.proposalId,
    side: proposal.side,
    outcome: proposal.outcome === 'CORRECTED' ? 'CORRECTED' : 'STANDS',
    records: ProposedRecords.parse(proposal.records).map(({ usageId, gpuSeconds }) => ({
      name: names.get(usageId) ?? usageId,
      gpuSeconds,
    })),
    note: proposal.note,
    proposedAt: proposal.proposedAt,
    confirmedAt: proposal.confirmedAt,
  }
}

/** The same rules as the use cases', so that no form is shown that would be refused. */
function mayNow(actor: Actor, dispute: DisputeView, latest: ProposalView | undefined): DisputeOnPage['may'] {
  const { companyId } = dispute.ref
  const waits = dispute.state === 'open' || dispute.state === 'set_aside'
  const company = is(actor, 'founder', 'signatory') && actor.companyIds.has(companyId) && !isStaff(actor)
  const fund = is(actor, 'operations', 'partner') && !actor.companyIds.has(companyId)
  const side = company ? 'company' : fund ? 'fund' : undefined
  const other = side !== undefined && latest !== undefined && latest.side !== side
  return {
    attach: waits && company,
    propose: waits && side !== undefined,
    confirm: waits && other ? latest.proposalId : undefined,
    setAside: dispute.state === 'open' && is(actor, 'operations'),
  }
}
