/** Usage that was kept aside: `GET /operations/usage`, and the forms by which people try it again, mend it, discard it. */
import express, { type Request, type Response, Router } from 'express'
import { notFoundPage, otherSitePage } from '../../../templates/pages/error.ts'
import { quarantinePage as drawPage, type KeptAside } from '../../../templates/pages/quarantine.ts'
import { type Actor, is, isStaff } from '../../access/index.ts'
import {
  discardUsage,
  mendUsage,
  type QuarantinedView,
  type QuarantineEventView,
  quarantineCounts,
  quarantinedById,
  quarantineEvents,
  quarantinePage,
  replayUsage,
} from '../../drawdown/index.ts'
import {
  BadInput,
  type Deps,
  DomainError,
  globalId,
  instant,
  type PoolRef,
  parseGlobalId,
  Refused,
} from '../../platform/index.ts'
import type { DocumentPages } from './documents.ts'
import { roleWords, sameSite } from './sign-in.ts'

/** Records that the page shows, those that wait longest. */
const SHOWN = 25
const WAITING = ['open', 'discard_asked'] as const
const PATH = '/operations/usage'

/** For the fund's staff and providers' own; for everybody else there is no such page. */
export function quarantineRoutes(
  deps: Deps,
  pages: DocumentPages,
  actorOf: (request: Request) => Promise<Actor | undefined>,
): Router {
  const router = Router()
  const form = express.urlencoded({ extended: false, limit: '8kb', parameterLimit: 20 })
  const own =
    (work: (actor: Actor, request: Request, response: Response) => Promise<unknown>) =>
    async (request: Request, response: Response) => {
      response.set('cache-control', 'private, no-store').type('html')
      const actor = await actorOf(request)
      if (actor === undefined) return response.status(401).send(pages.signedOut())
      if (!isStaff(actor) && !is(actor, 'provider')) return response.status(404).send(notFoundPage())
      if (request.method === 'POST' && !sameSite(request)) return response.status(403).send(otherSitePage())
      return work(actor, request, response)
    }
  router.get(
    PATH,
    own(async (actor, _request, response) => response.send(await page(deps, actor))),
  )
  for (const act of ['replay', 'mend', 'discard'] as const) {
    router.post(
      `${PATH}/:id/${act}`,
      form,
      own(async (actor, request, response) => {
        const quarantineId = typeof request.params.id === 'string' ? request.params.id : ''
        try {
          await ACTS[act](deps, actor, quarantineId, request)
          return response.redirect(303, PATH)
        } catch (error) {
          if (!(error instanceof DomainError || error instanceof BadInput)) throw error
          const status = error instanceof BadInput ? 400 : 409
          return response.status(status).send(await page(deps, actor, error.message))
        }
      }),
    )
  }
  return router
}

const text = (from: unknown, name: string): string => {
  const value = typeof from === 'object' && from !== null ? (from as Record<string, unknown>)[name] : undefined
  return typeof value === 'string' ? value.trim().slice(0, 500) : ''
}

const ACTS = {
  replay: (deps: Deps, actor: Actor, quarantineId: string) => replayUsage(deps, actor, { quarantineId }),
  mend: async (deps: Deps, actor: Actor, quarantineId: string, { body }: Request) => {
    const words = await wordsOf(deps, actor, quarantineId)
    const { reservationId: _, companyId, poolId, ...told } = words ?? {}
    const mended = text(body, 'reservationId')
    return mendUsage(deps, actor, {
      quarantineId,
      record: {
        ...told,
        ...(mended === '' ? { companyId, poolId } : { reservationId: mended }),
        gpuSeconds: text(body, 'gpuSeconds'),
        startedAt: text(body, 'startedAt'),
        endedAt: text(body, 'endedAt'),
      },
      reason: text(body, 'reason'),
    })
  },
  discard: async (deps: Deps, actor: Actor, quarantineId: string, { body }: Request) => {
    const decision = text(body, 'decision')
    // Whoever asks does not decide, on a page from before somebody else asked.
    if (decision === '' && (await viewOf(deps, actor, quarantineId))?.state === 'discard_asked')
      throw new Refused('decision', 'must be chosen: somebody asked to discard it since this page was shown')
    return discardUsage(deps, actor, {
      quarantineId,
      decision: decision === 'KEEP' ? 'KEEP' : 'DISCARD',
      reason: text(body, 'reason'),
    })
  },
} as const

/** What a form does not show of a record stays as it was told. */
const wordsOf = async (deps: Deps, actor: Actor, id: string): Promise<Record<string, unknown> | undefined> => {
  const view = await viewOf(deps, actor, id)
  return view === undefined ? undefined : { ...view.words }
}

async function viewOf({ db }: Deps, actor: Actor, id: string): Promise<QuarantinedView | undefined> {
  const parsed = parseGlobalId(id)
  const [providerId, quarantineId] = parsed?.type === 'QuarantinedUsage' ? parsed.keys : []
  if (providerId === undefined || quarantineId === undefined) return undefined
  return (await quarantinedById(db, actor, [{ poolId: providerId, id: quarantineId }]))[0]
}

async function page({ db }: Deps, actor: Actor, refused?: string): Promise<string> {
  const now = Date.parse(await instant(db))
  const age = (at: string): number => Math.max(0, Math.floor((now - Date.parse(at)) / 60_000))
  const views = await quarantinePage(db, actor, WAITING, { limit: SHOWN, backwards: true })
  const refs = views.map(({ ref }): PoolRef => ({ poolId: ref.providerId, id: ref.id }))
  const events = await quarantineEvents(db, refs)
  return drawPage({
    person: { name: actor.name, role: roleWords(actor) },
    counts: (await quarantineCounts(db, actor)).map(({ reasonCode, count, oldestAt }) => ({
      reason: reasonCode,
      count,
      oldestMinutes: age(oldestAt),
    })),
    records: views.map((view) => onPage(actor, view, events.get(view.ref.id) ?? [], age(view.reportedAt))),
    refused,
  })
}

const WHAT: Readonly<Record<string, string>> = {
  tried: 'Tried again in vain',
  mended: 'Mended',
  discard_asked: 'Asked to be discarded',
  discard_refused: 'Kept after all',
}

function onPage(
  actor: Actor,
  { ref, words, reasonCode, detail, reportedAt, replays, state }: QuarantinedView,
  events: readonly QuarantineEventView[],
  ageMinutes: number,
): KeptAside {
  const id = globalId('QuarantinedUsage', ref.providerId, ref.id)
  // As it was mended last: that is what is tried again.
  const now = events.findLast(({ kind }) => kind === 'mended')?.record ?? words
  const looksAfter = is(actor, 'operations') || (is(actor, 'provider') && actor.providerIds.has(ref.providerId))
  return {
    id,
    source: now.source,
    externalId: now.externalId,
    gpuSeconds: now.gpuSeconds,
    startedAt: now.startedAt,
    endedAt: now.endedAt,
    job: now.job ?? 'without a name',
    reservationId: now.reservationId ?? '',
    reasonCode,
    detail,
    reportedAt,
    ageMinutes,
    replays,
    discardAsked:
      state === 'discard_asked' ? (events.findLast(({ kind }) => kind === 'discard_asked')?.reason ?? '') : undefined,
    events: events.map(({ kind, reason, at }) => ({ what: WHAT[kind] ?? kind, why: reason ?? '', at })),
    action: looksAfter ? `${PATH}/${id}` : undefined,
  }
}
