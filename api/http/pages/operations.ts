/**
 * What needs whoever runs pools: `GET /operations`, and the same as JSON at `/operations.json`. The supply of token classes
 * as files: `/operations/supply.csv`, `/operations/supply.json`.
 */

import express, { type Request, Router } from 'express'
import { z } from 'zod'
import { notFoundPage, otherSitePage } from '../../../templates/pages/error.ts'
import { operationsPage } from '../../../templates/pages/operations.ts'
import type { PoolOnPage } from '../../../templates/pages/operations-pool.ts'
import { type Actor, is, isStaff } from '../../access/index.ts'
import {
  DECLINE_REASONS,
  decideChange,
  decideReservation,
  openChangesOf,
  RESTART_ANSWERS,
  reservationsById,
} from '../../clusters/index.ts'
import { completeRestart, monthsDue, quarantineCounts, statementsAtHand } from '../../drawdown/index.ts'
import { BadInput, type Deps, DomainError, instant, parse, parseGlobalId } from '../../platform/index.ts'
import { suppliesFor, supplyCsv, supplyJson } from '../../tokens/index.ts'
import type { DocumentPages } from './documents.ts'
import { DAYS, poolsNow } from './operations-pools.ts'
import { supplyOnPage, tokensNow } from './operations-tokens.ts'
import { roleWords, sameSite } from './sign-in.ts'

/**
 * For the fund's staff and providers' own; for everybody else there is no such page. `POST
 * /operations/reservations/<global id>/decide`, `/operations/restarts/<global id>/complete`: the forms of a provider's own staff.
 */
export function operationsRoutes(
  deps: Deps,
  pages: DocumentPages,
  actorOf: (request: Request) => Promise<Actor | undefined>,
): Router {
  const router = Router()
  router.get(['/operations', '/operations.json'], async (request, response) => {
    response.set('cache-control', 'private, no-store').type('html')
    const actor = await actorOf(request)
    if (actor === undefined) return response.status(401).send(pages.signedOut())
    if (!isStaff(actor) && !is(actor, 'provider')) return response.status(404).send(notFoundPage())
    const found = await poolsNow(deps, actor)
    if (request.path.endsWith('.json')) {
      const { supplies, ...tokens } = await tokensNow(deps, actor)
      return response.type('json').json({ days: DAYS, pools: found, supplies: supplies.map(supplyJson), ...tokens })
    }
    return response.send(await page(deps, actor, found))
  })
  for (const [path, act] of [
    ['/operations/reservations/:id/decide', decide],
    ['/operations/restarts/:id/complete', complete],
  ] as const) {
    router.post(path, form, async (request, response) => {
      response.set('cache-control', 'private, no-store').type('html')
      const actor = await actorOf(request)
      if (actor === undefined) return response.status(401).send(pages.signedOut())
      if (!isStaff(actor) && !is(actor, 'provider')) return response.status(404).send(notFoundPage())
      if (!sameSite(request)) return response.status(403).send(otherSitePage())
      try {
        await act(deps, actor, typeof request.params.id === 'string' ? request.params.id : '', request.body)
        return response.redirect(303, '/operations')
      } catch (error) {
        if (!(error instanceof DomainError || error instanceof BadInput)) throw error
        const status = error instanceof BadInput ? 400 : 409
        return response.status(status).send(await page(deps, actor, await poolsNow(deps, actor), error.message))
      }
    })
  }
  router.get(['/operations/supply.csv', '/operations/supply.json'], async (request, response) => {
    response.set({ 'cache-control': 'private, no-store', 'x-content-type-options': 'nosniff' }).type('html')
    const actor = await actorOf(request)
    if (actor === undefined) return response.status(401).send(pages.signedOut())
    if (!isStaff(actor) && !is(actor, 'provider')) return response.status(404).send(notFoundPage())
    const supplies = await suppliesFor(deps.db, actor)
    return request.path.endsWith('.json')
      ? response.attachment('supply.json').json({ supplies: supplies.map(supplyJson) })
      : response.attachment('supply.csv').type('text/csv; charset=utf-8; header=present').send(supplyCsv(supplies))
  })
  return router
}

const form = express.urlencoded({ extended: false, limit: '4kb', parameterLimit: 10 })
const Choice = z.object({ decision: z.enum(['APPROVE', ...DECLINE_REASONS]) })

const Said = z.object({
  answer: z.enum(RESTART_ANSWERS),
  startsAt: z.string().max(40).default(''),
  endsAt: z.string().max(40).default(''),
  note: z.string().max(1000),
})
/** A time of a form, in UTC; browsers leave seconds out where there are none. */
const time = (value: string): string => (/T\d\d:\d\d$/.test(value) ? `${value}:00Z` : `${value}Z`)

async function complete(deps: Deps, actor: Actor, restartId: string, body: unknown): Promise<void> {
  const { answer, startsAt, endsAt, note } = parse(Said, body)
  const times = answer === 'OUTAGE' ? { startsAt: time(startsAt), endsAt: time(endsAt) } : {}
  await completeRestart(deps, actor, { restartId, answer, note, ...times })
}

/** A change that waits is decided as such; anything else is a request. */
async function decide(deps: Deps, actor: Actor, reservationId: string, body: unknown): Promise<void> {
  const { decision: choice } = parse(Choice, body)
  const decision = choice === 'APPROVE' ? 'APPROVE' : 'DECLINE'
  const input = { reservationId, decision, ...(choice === 'APPROVE' ? {} : { reasonCode: choice }) } as const
  const id = parseGlobalId(reservationId)
  const [companyId, reservation] = id?.type === 'Reservation' ? id.keys : []
  const changes =
    companyId === undefined || reservation === undefined
      ? []
      : await openChangesOf(
          deps.db,
          (await reservationsById(deps.db, actor, [{ companyId, id: reservation }])).map((row) => ({
            companyId: row.companyId,
            id: row.reservationId,
          })),
        )
  await (changes.length > 0 ? decideChange(deps, actor, input) : decideReservation(deps, actor, input))
}

async function page(deps: Deps, actor: Actor, pools: readonly PoolOnPage[], refused?: string): Promise<string> {
  const counts = await quarantineCounts(deps.db, actor)
  const now = Date.parse(await instant(deps.db))
  const oldest = Math.min(now, ...counts.map(({ oldestAt }) => Date.parse(oldestAt)))
  const { supplies, ...tokens } = await tokensNow(deps, actor)
  return operationsPage({
    person: { name: actor.name, role: roleWords(actor) },
    days: DAYS,
    pools,
    keptAside: {
      count: counts.reduce((sum, { count }) => sum + count, 0),
      oldestMinutes: Math.floor((now - oldest) / 60_000),
    },
    statements: isStaff(actor) ? await statementsNow(deps, actor) : undefined,
    refused,
    supplies: supplies.map(supplyOnPage),
    ...tokens,
  })
}

async function statementsNow({ db }: Deps, actor: Actor) {
  const [due, open] = [await monthsDue(db, actor), await statementsAtHand(db, actor)]
  return { due: due.length, accepted: open.filter(({ state }) => state.endsWith('accepted')).length }
}
