/** What whoever runs pools sees of each: what waits, what does not add up, what its scheduler tells, how full it is. */
import { instantWords } from '../../../templates/format.ts'
import type { PoolOnPage, SchedulerOnPage } from '../../../templates/pages/operations-pool.ts'
import { type Actor, isStaff } from '../../access/index.ts'
import {
  type ChangeView,
  type FreeCapacity,
  freeCapacities,
  type NodeDownView,
  namesOfReservers,
  nodesDownUnderReservations,
  openChangesOf,
  type PoolSchedulerView,
  type PoolView,
  poolPage,
  poolReservationPages,
  type ReservationView,
  type RestartView,
  restartsUnderReservations,
  type SchedulingConflict,
  schedulersOf,
  schedulingConflicts,
  worksFor,
} from '../../clusters/index.ts'
import { deadlineConflicts } from '../../drawdown/index.ts'
import { seesCompany } from '../../parties/index.ts'
import { type Deps, divide, formatDecimal, formatTokens, globalId, instant } from '../../platform/index.ts'

/** Days ahead that "booked" looks. */
export const DAYS = 7
/** Pools, and waiting requests of each, that are listed. */
const [POOLS, WAITING] = [100, 50]

/** Each query is asked once for all pools. */
export async function poolsNow({ db }: Deps, actor: Actor): Promise<PoolOnPage[]> {
  const pools = await poolPage(db, actor, { limit: POOLS })
  if (pools.length === 0) return []
  const ids = pools.map(({ poolId }) => poolId)
  const now = await instant(db)
  const until = new Date(Date.parse(now) + DAYS * 86_400_000).toISOString()
  const free = await freeCapacities(db, ids, { startsAt: now, endsAt: until })
  const schedulers = await schedulersOf(db, actor, pools)
  const waiting = await poolReservationPages(db, actor, pools, { limit: WAITING, waiting: true, backwards: true })
  const rows = [...waiting.values()].flat()
  const changes = new Map(
    (
      await openChangesOf(
        db,
        rows.map(({ companyId, reservationId: id }) => ({ companyId, id })),
      )
    ).map((change) => [change.reservationId, change]),
  )
  const conflicts = Map.groupBy(
    [...(await schedulingConflicts(db, actor, ids)), ...(await deadlineConflicts(db, actor, ids))],
    ({ poolId }) => poolId,
  )
  const nodes = await nodesDownUnderReservations(db, actor, pools)
  const restarts = await restartsUnderReservations(db, actor, pools)
  const named = [...rows, ...[...conflicts.values(), ...nodes.values(), ...restarts.values()].flat()]
  const names = await namesOfReservers(
    db,
    named.flatMap(({ companyId }) => companyId ?? []),
  )
  return pools.map((pool): PoolOnPage => {
    const scheduler = schedulers.get(pool.poolId)
    return {
      name: `${pool.gpuModel} on ${pool.cluster}`,
      capacity: pool.capacity,
      booked: bookedPercent(free.get(pool.poolId)),
      anchor: `pool-${pool.poolId}`,
      waiting: (waiting.get(pool.poolId) ?? [])
        .map((row) => waitingRow(actor, pool, row, changes.get(row.reservationId), names, now))
        .toSorted((a, b) => b.ageMinutes - a.ageMinutes),
      conflicts: (conflicts.get(pool.poolId) ?? [])
        .map((conflict) => conflictRow(actor, conflict, names))
        .toSorted((a, b) => Date.parse(a.startsAt) - Date.parse(b.startsAt)),
      scheduler: scheduler === undefined ? undefined : onPage(scheduler),
      underNodesDown: (nodes.get(pool.poolId) ?? []).map((node) => nodeRow(actor, node, names)),
      restarts: (restarts.get(pool.poolId) ?? []).map((restart) => restartRow(actor, pool, restart, names)),
    }
  })
}

function waitingRow(
  actor: Actor,
  { providerId }: PoolView,
  row: ReservationView,
  change: ChangeView | undefined,
  names: ReadonlyMap<string, string>,
  now: string,
): PoolOnPage['waiting'][number] {
  const { gpus, startsAt, endsAt } = change ?? row
  const askedAt = change?.askedAt ?? row.requestedAt
  return {
    company: names.get(row.companyId) ?? '',
    what: change === undefined ? 'New' : `Change of ${row.gpus} GPUs from ${instantWords(row.startsAt)}`,
    gpus,
    startsAt,
    endsAt,
    requestedAt: askedAt,
    ageMinutes: Math.max(0, Math.floor((Date.parse(now) - Date.parse(askedAt)) / 60_000)),
    // Who is also on the fund's staff does not decide.
    decidePath:
      worksFor(actor, providerId) && !isStaff(actor)
        ? `/operations/reservations/${globalId('Reservation', row.companyId, row.reservationId)}/decide`
        : undefined,
  }
}

/** A company's page is for the fund's staff; the provider's own look at the pool. */
const conflictRow = (
  actor: Actor,
  { poolId, companyId, kind, startsAt, endsAt, allowed, wanted, deadline }: SchedulingConflict,
  names: ReadonlyMap<string, string>,
): PoolOnPage['conflicts'][number] => ({
  kind,
  startsAt,
  endsAt,
  allowed,
  wanted,
  deadline,
  company: companyId === null ? '' : (names.get(companyId) ?? ''),
  path:
    companyId !== null && seesCompany(actor, companyId)
      ? `/companies/${globalId('Company', companyId)}/compute`
      : `#pool-${poolId}`,
})

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

function nodeRow(
  actor: Actor,
  { companyId, reservationId, downFrom, outage, credited, ...node }: NodeDownView,
  names: ReadonlyMap<string, string>,
): PoolOnPage['underNodesDown'][number] {
  const reservation = globalId('Reservation', companyId, reservationId)
  return {
    company: names.get(companyId) ?? '',
    reservation,
    path: seesCompany(actor, companyId)
      ? `/companies/${globalId('Company', companyId)}/compute/reservations/${reservation}`
      : '',
    node: node.node,
    gpus: node.gpus,
    from: downFrom,
    seenUntil: node.seenUntil,
    over: node.over,
    reason: node.reason,
    outage: outage === null ? null : gpuHours(outage),
    credited: formatTokens(credited),
  }
}

const restartRow = (
  actor: Actor,
  { providerId }: PoolView,
  { poolId, restartId, companyId, reservationId, foundAt: _, ...restart }: RestartView,
  names: ReadonlyMap<string, string>,
): PoolOnPage['restarts'][number] => ({
  ...restart,
  company: names.get(companyId) ?? '',
  path: seesCompany(actor, companyId)
    ? `/companies/${globalId('Company', companyId)}/compute/reservations/${globalId('Reservation', companyId, reservationId)}`
    : '',
  completePath:
    worksFor(actor, providerId) && !isStaff(actor)
      ? `/operations/restarts/${globalId('NodeRestart', poolId, restartId)}/complete`
      : undefined,
})

/** GPU-hours of GPU-seconds, to the nearest of four places. */
const gpuHours = (seconds: bigint): string => formatDecimal(divide(seconds * 10_000n, 3600n, 'NEAREST'), 4)
