/** What needs whoever runs pools: `GET /operations`, and the same as JSON at `/operations.json`. */
import { type Request, Router } from 'express'
import { notFoundPage } from '../../templates/pages/error.ts'
import { operationsPage, type PoolOnPage, type SchedulerOnPage } from '../../templates/pages/operations.ts'
import { type Actor, is, isStaff } from '../access/index.ts'
import {
  type FreeCapacity,
  freeCapacities,
  namesOfReservers,
  type PoolSchedulerView,
  poolPage,
  poolReservationPages,
  schedulersOf,
} from '../clusters/index.ts'
import { type Deps, globalId, instant } from '../platform/index.ts'
import type { DocumentPages } from './documents.ts'
import { roleWords } from './sign-in.ts'

/** Days ahead that "booked" looks, pools and waiting requests that are listed. */
const [DAYS, POOLS, WAITING] = [7, 100, 50]

/** For the fund's staff and providers' own; for everybody else there is no such page. */
export function operationsRoutes(
  deps: Pick<Deps, 'db'>,
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
    if (request.path.endsWith('.json')) return response.type('json').json({ days: DAYS, pools: found })
    return response.send(
      operationsPage({ person: { name: actor.name, role: roleWords(actor) }, days: DAYS, pools: found }),
    )
  })
  return router
}

/** Each query is asked once for all pools. */
async function poolsNow({ db }: Pick<Deps, 'db'>, actor: Actor): Promise<PoolOnPage[]> {
  const pools = await poolPage(db, actor, { limit: POOLS })
  if (pools.length === 0) return []
  const ids = pools.map(({ poolId }) => poolId)
  const now = await instant(db)
  const until = new Date(Date.parse(now) + DAYS * 86_400_000).toISOString()
  const free = await freeCapacities(db, ids, { startsAt: now, endsAt: until })
  const schedulers = await schedulersOf(db, actor, pools)
  const waiting = await poolReservationPages(db, actor, pools, { limit: WAITING, waiting: true })
  const names = await namesOfReservers(
    db,
    [...waiting.values()].flat().map(({ companyId }) => companyId),
  )
  return pools.map((pool): PoolOnPage => {
    const scheduler = schedulers.get(pool.poolId)
    return {
      name: `${pool.gpuModel} on ${pool.cluster}`,
      capacity: pool.capacity,
      booked: bookedPercent(free.get(pool.poolId)),
      waiting: (waiting.get(pool.poolId) ?? []).map((row) => ({
        company: names.get(row.companyId) ?? '',
        gpus: row.gpus,
        startsAt: row.startsAt,
        requestedAt: row.requestedAt,
        ageMinutes: Math.max(0, Math.floor((Date.parse(now) - Date.parse(row.requestedAt)) / 60_000)),
      })),
      scheduler: scheduler === undefined ? undefined : onPage(scheduler),
    }
  })
}

/** Part of the GPU-time that is booked, in percent to one place; null where it cannot be told: none is not zero. */
function bookedPercent(free: FreeCapacity | Error | undefined): string | null {
  if (free === undefined || free instanceof Error) return null
  const [all, left] = free.steps.reduce(
    ([capacity, open], step) => {
      const length = BigInt(Date.parse(step.endsAt) - Date.parse(step.startsAt))
      return [capacity + BigInt(step.capacity) * length, open + BigInt(step.free) * length] as const
    },
    [0n, 0n] as readonly [bigint, bigint],
  )
  if (all === 0n) return null
  const tenths = ((all - left) * 1000n) / all
  return `${tenths / 10n}.${tenths % 10n}`
}

const WHAT: Readonly<Record<string, string>> = {
  ONLY_HERE: 'Not at the scheduler',
  ONLY_THERE: 'Not in the calendar',
  SIZE: 'Another size',
  TIME: 'Another time',
  ACCOUNT: 'Another account',
}

const onPage = (scheduler: PoolSchedulerView): SchedulerOnPage => ({
  name: scheduler.scheduler,
  up: scheduler.up,
  downSince: scheduler.downSince,
  detail: scheduler.detail,
  checkedAt: scheduler.checkedAt,
  differences: (scheduler.differences ?? []).map(({ kind, id, here, there }) => ({
    what: WHAT[kind] ?? kind,
    name: id,
    here: here ?? '–',
    there: there ?? '–',
  })),
  nodesDown: scheduler.nodesDown ?? [],
  waiting: scheduler.waiting.map(({ companyId, reservationId, attempts, detail }) => ({
    id: globalId('Reservation', companyId, reservationId),
    attempts,
    why: detail ?? '',
  })),
})
