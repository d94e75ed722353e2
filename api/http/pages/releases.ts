/** Releases that no date gives, on pages: one lot's, with the forms of both sides, and a desk with what waits. */
import express, { type Request, type Response, Router } from 'express'
import { counted, grouped } from '../../../templates/format.ts'
import { notFoundPage, otherSitePage } from '../../../templates/pages/error.ts'
import { releaseDeskPage } from '../../../templates/pages/release-desk.ts'
import { lotReleasesPage, REFUSAL_WORDS, type ReleaseOnPage } from '../../../templates/pages/releases.ts'
import { type Actor, is, isStaff } from '../../access/index.ts'
import {
  attachReleaseEvidence,
  confirmMilestone,
  decideRelease,
  grantNames,
  readReleaseEvidence,
  releaseEvidence,
  releasesEnds,
  requestRelease,
} from '../../closing/index.ts'
import { companiesById } from '../../parties/index.ts'
import {
  BadInput,
  type Deps,
  formatTokens,
  globalId,
  type MicroTokens,
  NotFound,
  newId,
  parseGlobalId,
  type Ref,
  today,
} from '../../platform/index.ts'
import {
  type AskedRelease,
  allTokenClasses,
  askedReleasesOfLot,
  balances,
  confirmedMilestones,
  type LotFacts,
  mustSeeLotReleases,
  NO_RELEASE_TERMS,
  type OnDemandLimits,
  openMilestones,
  RELEASE_REFUSALS,
  releasesEndWords,
  releasesToDecide,
  releaseTermsByLot,
  sidesOf,
  unconfirmed,
  unpromised,
  withdrawRelease,
} from '../../tokens/index.ts'
import { fileOf, readMultipart } from '../multipart-file.ts'
import { readBody } from '../read-body.ts'
import { type DocumentPages, sendDocument } from './documents.ts'
import { answerForm } from './form-answer.ts'
import { formKey } from './form-key.ts'
import type { ActorOf } from './reading-routes.ts'
import { roleWords, sameSite } from './sign-in.ts'

type Work = (actor: Actor, lot: LotFacts, request: Request, response: Response) => Promise<unknown>

/**
 * `GET /lots/<global id>/releases`: the page of a lot; `POST .../request`, `.../confirm`, `.../decide/<release>`,
 * `.../withdraw/<release>`, `.../evidence/<release>`: its forms. `GET /releases`: what waits for the fund and for providers. What
 * the actor may not see answers like what does not exist.
 */
export function releaseRoutes(deps: Deps, pages: DocumentPages, actorOf: ActorOf): Router {
  const router = Router()
  const own = (work: Work) => async (request: Request, response: Response) => {
    response.set({ 'cache-control': 'private, no-store', 'x-content-type-options': 'nosniff' }).type('html')
    if (request.method === 'POST' && !sameSite(request)) return response.status(403).send(otherSitePage())
    const actor = await actorOf(request)
    if (actor === undefined) return response.status(401).send(pages.signedOut())
    const lot = await found(deps, actor, String(request.params.id))
    return lot === undefined ? response.status(404).send(notFoundPage()) : work(actor, lot, request, response)
  }
  router.get('/releases', async (request, response) => {
    response.set('cache-control', 'private, no-store').type('html')
    const actor = await actorOf(request)
    if (actor === undefined) return response.status(401).send(pages.signedOut())
    if (!isStaff(actor) && !is(actor, 'provider')) return response.status(404).send(notFoundPage())
    return response.send(await desk(deps, actor))
  })
  router.get(
    '/lots/:id/releases',
    own(async (actor, lot, _request, response) => response.send(await page(deps, actor, lot))),
  )
  // Of a company the provider's staff see the releases and not the documents: what shows a release is theirs to read all the same.
  router.get(
    '/lots/:id/releases/evidence/:release/:document',
    own(async (actor, lot, request, response) => {
      const [release, document] = [request.params.release, request.params.document].map((id) =>
        parseGlobalId(String(id)),
      )
      const [releaseId, documentId] = [release?.keys[1], document?.keys[1]]
      try {
        if (releaseId === undefined || documentId === undefined) throw new NotFound('document', '')
        const ref = { companyId: lot.companyId, id: releaseId }
        return await sendDocument(request, response, await readReleaseEvidence(deps.db, actor, ref, documentId))
      } catch (error) {
        if (!(error instanceof NotFound)) throw error
        return response.status(404).send(notFoundPage())
      }
    }),
  )
  const form = express.urlencoded({ extended: false, limit: '16kb', parameterLimit: 10 })
  for (const [act, work] of Object.entries(ACTS)) {
    router.post(
      act === 'request' || act === 'confirm' ? `/lots/:id/releases/${act}` : `/lots/:id/releases/${act}/:release`,
      own(async (actor, lot, request, response) => {
        await readBody(form, request, response)
        const releaseId = String(request.params.release)
        return done(deps, actor, lot, response, () => work(deps, actor, lot, request.body, releaseId))
      }),
    )
  }
  router.post(
    '/lots/:id/releases/evidence/:release',
    own(async (actor, lot, request, response) => {
      await readMultipart(request, response)
      const releaseId = String(request.params.release)
      return done(deps, actor, lot, response, async () =>
        attachReleaseEvidence(deps, actor, { releaseId, ...(await fileOf(request)) }),
      )
    }),
  )
  return router
}

async function found(deps: Deps, actor: Actor, id: string): Promise<LotFacts | undefined> {
  const parsed = parseGlobalId(id)
  const [companyId, lotId] = parsed?.type === 'Lot' ? parsed.keys : []
  if (companyId === undefined || lotId === undefined) return undefined
  try {
    return await mustSeeLotReleases(deps.db, actor, { companyId, id: lotId })
  } catch (error) {
    if (error instanceof NotFound) return undefined
    throw error
  }
}

const done = (deps: Deps, actor: Actor, lot: LotFacts, response: Response, work: () => Promise<unknown>) =>
  answerForm(response, {
    work,
    path: pathOf({ companyId: lot.companyId, id: lot.lotId }),
    again: (refused) => page(deps, actor, lot, refused),
  })

const pathOf = ({ companyId, id }: Ref): string => `/lots/${globalId('Lot', companyId, id)}/releases`
const text = (fields: unknown, name: string): string => {
  const value: unknown = typeof fields === 'object' && fields !== null ? Reflect.get(fields, name) : undefined
  return typeof value === 'string' ? value.trim() : ''
}

type Act = (deps: Deps, actor: Actor, lot: LotFacts, fields: unknown, releaseId: string) => Promise<unknown>
const idOf = ({ companyId, lotId }: LotFacts): string => globalId('Lot', companyId, lotId)
const ACTS: Readonly<Record<string, Act>> = {
  request: (deps, actor, lot, fields) => {
    const said = {
      lotId: idOf(lot),
      amount: text(fields, 'amount').replaceAll(/[ ,\u202f]/g, ''),
      reason: text(fields, 'reason'),
    }
    return requestRelease(deps, actor, { ...said, ...formKey(text(fields, 'key'), said) })
  },
  confirm: (deps, actor, lot, fields) => {
    const said = {
      lotId: idOf(lot),
      code: text(fields, 'code'),
      evidence: text(fields, 'evidence'),
      reachedOn: text(fields, 'reachedOn'),
    }
    return confirmMilestone(deps, actor, { ...said, ...formKey(text(fields, 'key'), said) })
  },
  // A decision is made once: another is told that it was.
  decide: (deps, actor, _lot, fields, releaseId) => {
    const [choice, note] = [text(fields, 'decision'), text(fields, 'note')]
    const reasonCode = RELEASE_REFUSALS.find((code) => code === choice)
    if (choice !== 'CONFIRM' && reasonCode === undefined)
      throw new BadInput([{ path: ['decision'], reason: 'must be chosen' }])
    const noted = note === '' ? {} : { note }
    const said =
      reasonCode === undefined
        ? { releaseId, decision: 'CONFIRM' as const, ...noted }
        : { releaseId, decision: 'REFUSE' as const, reasonCode, ...noted }
    return decideRelease(deps, actor, { ...said, ...formKey(releaseId, said) })
  },
  withdraw: (deps, actor, _lot, _fields, releaseId) =>
    withdrawRelease(deps, actor, { releaseId, ...formKey(releaseId, { releaseId }) }),
}

async function page({ db }: Deps, actor: Actor, lot: LotFacts, refused?: string): Promise<string> {
  const { companyId, lotId, tokenClassId } = lot
  const terms = (await releaseTermsByLot(db, [companyId])).get(lotId)?.now ?? NO_RELEASE_TERMS
  const releases = await askedReleasesOfLot(db, { companyId, id: lotId })
  const at = { companyId, id: lotId }
  const ids = releases.map(({ releaseId }) => releaseId)
  const files = await releaseEvidence(db, actor, at, ids)
  const [company] = await companiesById(db, actor, [companyId])
  const held = (await balances(db, companyId)).lots.find((each) => each.lotId === lotId)
  const locked = held?.accounts.find(({ kind }) => kind === 'locked')?.amount ?? 0n
  const tokenClass = (await allTokenClasses(db)).find((each) => each.tokenClassId === tokenClassId)
  const speaks = is(actor, 'founder', 'signatory') && actor.companyIds.has(companyId)
  const confirmed = (await confirmedMilestones(db, [companyId])).get(companyId) ?? []
  const open = new Set(unconfirmed(terms, lotId, confirmed).map(({ code }) => code))
  const sides = sidesOf(actor, lot)
  const on = await today(db)
  const end = (await releasesEnds(db, [lot], on)).get(lotId)
  return lotReleasesPage({
    person: { name: actor.name, role: roleWords(actor) },
    company: company?.legalName ?? '',
    tokenClass: tokenClass?.name ?? 'tokens',
    grant: (await grantNames(db, actor, [companyId])).get(lotId),
    granted: formatTokens(lot.amount),
    expiresOn: lot.expiresOn,
    locked: formatTokens(locked),
    action: pathOf(at),
    back: speaks
      ? { path: `/companies/${globalId('Company', companyId)}/compute`, label: 'Compute' }
      : { path: '/releases', label: 'Releases' },
    milestones: terms.milestones.map(({ code, text: words, amount, confirmedBy }) => ({
      code,
      text: words,
      tokens: formatTokens(amount),
      confirmedBy,
      key:
        end === undefined && open.has(code) && (confirmedBy === 'both' ? sides.length > 0 : sides.includes(confirmedBy))
          ? newId()
          : undefined,
    })),
    onDemand:
      terms.onDemand === null
        ? undefined
        : {
            rules: ruleWords(terms.onDemand, await unpromised(db, companyId, lotId, locked)),
            key: speaks && end === undefined ? newId() : undefined,
          },
    releases: releases.map((release) => ({
      ...onPage(release),
      files: (files.get(release.releaseId) ?? []).map((file) => ({
        name: file.fileName,
        path: `${pathOf(at)}/evidence/${globalId('TokenRelease', companyId, release.releaseId)}/${globalId('Document', companyId, file.documentId)}`,
        bytes: file.size,
      })),
      may: mayNow(actor, release, sides, speaks),
    })),
    ended: end === undefined ? undefined : releasesEndWords(end),
    today: on,
    refused,
  })
}

const onPage = (release: AskedRelease): Omit<ReleaseOnPage, 'files' | 'may'> => ({
  id: globalId('TokenRelease', release.companyId, release.releaseId),
  kind: release.kind,
  code: release.code ?? '',
  tokens: formatTokens(release.amount),
  dueOn: release.dueOn,
  state: release.state,
  why: release.evidence ?? release.reason ?? '',
  askedAt: release.askedAt,
  said: [
    release.reasonCode === null ? '' : `${REFUSAL_WORDS[release.reasonCode] ?? release.reasonCode}.`,
    release.note ?? '',
  ]
    .filter((part) => part !== '')
    .join(' '),
})

function mayNow(actor: Actor, release: AskedRelease, sides: readonly string[], speaks: boolean): ReleaseOnPage['may'] {
  const waits = release.state === 'waiting'
  const open = (waits || release.state === 'due') && release.decidedAt === null
  return {
    decide: waits && sides.includes(release.needs) && release.askedBy !== actor.id,
    withdraw: open && release.kind === 'on_demand' && speaks,
    attach: waits && (speaks || sides.length > 0),
  }
}

function ruleWords({ perRequest, perPeriod, noticeDays, confirmedBy }: OnDemandLimits, room: MicroTokens): string[] {
  return [
    `${counted(formatTokens(room), 'token')} can be asked for; what else is locked is promised already.`,
    ...(perRequest === null ? [] : [`A request may ask for at most ${grouped(formatTokens(perRequest))} tokens.`]),
    ...(perPeriod === null
      ? []
      : [
          `All requests of ${perPeriod.days} days in a row may ask for at most ${grouped(formatTokens(perPeriod.amount))} tokens.`,
        ]),
    noticeDays === 0 ? 'They are released at once.' : `They are released ${noticeDays} days after the request.`,
    ...(confirmedBy === 'nobody' ? [] : [`Somebody of the ${confirmedBy} confirms it first.`]),
  ]
}

async function desk({ db }: Deps, actor: Actor): Promise<string> {
  const [waiting, known] = [await releasesToDecide(db, actor), await openMilestones(db, actor)]
  const ends = await releasesEnds(db, known, await today(db))
  const milestones = known.filter(({ lotId }) => !ends.has(lotId))
  const companies = await companiesById(db, actor, [
    ...new Set([...waiting, ...milestones].map(({ companyId }) => companyId)),
  ])
  const names = new Map(companies.map(({ companyId, legalName }) => [companyId, legalName]))
  const grants = await grantNames(
    db,
    actor,
    companies.map(({ companyId }) => companyId),
  )
  const row = (companyId: string, lotId: string) => ({
    company: names.get(companyId) ?? '',
    grant: grants.get(lotId),
    path: pathOf({ companyId, id: lotId }),
  })
  return releaseDeskPage({
    person: { name: actor.name, role: roleWords(actor) },
    waiting: waiting.map((release) => ({
      ...row(release.companyId, release.lotId),
      what: release.code ?? 'A request',
      tokens: formatTokens(release.amount),
      confirmedBy: `the ${release.needs}`,
      since: release.askedAt,
    })),
    milestones: milestones.map(({ companyId, lotId, milestone }) => ({
      ...row(companyId, lotId),
      what: milestone.code,
      tokens: formatTokens(milestone.amount),
      confirmedBy: milestone.confirmedBy === 'both' ? 'the fund and the provider' : `the ${milestone.confirmedBy}`,
      since: '',
    })),
  })
}
