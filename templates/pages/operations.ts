/** What needs whoever runs pools: requests that wait, schedulers that are away or tell something else, how full it is. */
import { grouped } from '../format.ts'
import { instantWords } from './compute.ts'
import { dataTable } from './figure.ts'
import { type Html, html } from './html.ts'
import { emptyState, layout, type Person } from './layout.ts'

export type WaitingRequest = {
  readonly company: string
  readonly gpus: number
  readonly startsAt: string
  readonly requestedAt: string
  /** Whole minutes since it was asked for. */
  readonly ageMinutes: number
}
export type SchedulerOnPage = {
  readonly name: string
  readonly up: boolean
  readonly downSince: string | null
  readonly detail: string
  readonly checkedAt: string
  readonly differences: readonly {
    readonly what: string
    readonly name: string
    readonly here: string
    readonly there: string
  }[]
  readonly nodesDown: readonly {
    readonly node: string
    readonly gpus: number
    readonly from: string
    readonly reason: string
  }[]
  readonly waiting: readonly { readonly id: string; readonly attempts: number; readonly why: string }[]
}
export type PoolOnPage = {
  readonly name: string
  readonly capacity: number
  /** Percent of the GPU-hours of the next days that are booked, one place; null where it cannot be told. */
  readonly booked: string | null
  readonly waiting: readonly WaitingRequest[]
  readonly scheduler: SchedulerOnPage | undefined
}
export type OperationsOnPage = { readonly person: Person; readonly days: number; readonly pools: readonly PoolOnPage[] }

export const operationsPage = ({ person, days, pools }: OperationsOnPage): string =>
  layout({
    title: 'Operations',
    person,
    main: html`
      <p class="over">Operations</p>
      <h1>${headline(pools)}</h1>
      ${
        pools.length === 0
          ? emptyState({
              heading: 'No pool yet',
              text: 'Pools that are set up stand here, with what waits for somebody.',
            })
          : overview(pools, days)
      }
      ${pools.map((pool) => poolCard(pool))}
      <p class="quiet"><a href="/">Start page</a></p>`,
  })

function headline(pools: readonly PoolOnPage[]): string {
  const waiting = pools.reduce((sum, pool) => sum + pool.waiting.length, 0)
  const away = pools.filter(({ scheduler }) => scheduler?.up === false).length
  const differing = pools.reduce((sum, { scheduler }) => sum + (scheduler?.differences.length ?? 0), 0)
  const parts = [
    ...(waiting === 0 ? [] : [`${waiting} ${waiting === 1 ? 'request waits' : 'requests wait'} for a decision`]),
    ...(away === 0 ? [] : [`${away} ${away === 1 ? 'scheduler does' : 'schedulers do'} not answer`]),
    ...(differing === 0 ? [] : [`${differing} ${differing === 1 ? 'reservation differs' : 'reservations differ'}`]),
  ]
  return parts.length === 0 ? 'Nothing needs anybody now' : parts.join(', ')
}

const overview = (pools: readonly PoolOnPage[], days: number): Html =>
  html`<section class="card">
        <h2>Pools</h2>
        ${dataTable({
          caption: `Booked: part of the GPU-hours of the next ${days} days`,
          columns: [
            { head: 'Pool' },
            { head: 'GPUs', number: true },
            { head: 'Booked', number: true },
            { head: 'Waiting requests', number: true },
            { head: 'Scheduler' },
          ],
          rows: pools.map((pool) => ({
            cells: [
              pool.name,
              grouped(String(pool.capacity)),
              pool.booked === null ? 'cannot tell' : `${pool.booked}%`,
              pool.waiting.length,
              health(pool.scheduler),
            ],
          })),
        })}
      </section>`

const health = (scheduler: SchedulerOnPage | undefined): string =>
  scheduler === undefined
    ? '– Not connected'
    : scheduler.up
      ? '✓ Answers'
      : `✗ Away since ${instantWords(scheduler.downSince ?? scheduler.checkedAt)}`

/** Minutes as an operator says them: "2 h 5 min", "3 d 4 h". */
export const ageWords = (minutes: number): string => {
  if (minutes < 60) return `${minutes} min`
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
  return `${Math.floor(minutes / 1440)} d ${Math.floor((minutes % 1440) / 60)} h`
}

function poolCard({ name, waiting, scheduler }: PoolOnPage): Html | false {
  const told =
    scheduler === undefined ? 0 : scheduler.differences.length + scheduler.nodesDown.length + scheduler.waiting.length
  if (waiting.length === 0 && told === 0 && scheduler?.up !== false) return false
  return html`<section class="card">
        <h2>${name}</h2>
        ${
          scheduler?.up === false &&
          html`<div class="note refused"><p><strong>${scheduler.name} does not answer.</strong> ${scheduler.detail} Asked last ${instantWords(scheduler.checkedAt)}. Reservations stay confirmed and are told when it is back.</p></div>`
        }
        ${waiting.length > 0 && waitingTable(waiting)}
        ${scheduler !== undefined && schedulerTables(scheduler)}
      </section>`
}

const waitingTable = (waiting: readonly WaitingRequest[]): Html =>
  dataTable({
    caption: 'Requests that wait for the provider, the newest first',
    columns: [
      { head: 'Company' },
      { head: 'GPUs', number: true },
      { head: 'Starts' },
      { head: 'Asked' },
      { head: 'Age' },
    ],
    rows: waiting.map((row) => ({
      cells: [
        row.company,
        row.gpus,
        instantWords(row.startsAt),
        instantWords(row.requestedAt),
        ageWords(row.ageMinutes),
      ],
    })),
  })

const schedulerTables = ({ differences, nodesDown, waiting }: SchedulerOnPage): Html =>
  html`${
    differences.length > 0 &&
    dataTable({
      caption: 'What calendar and scheduler tell differently',
      columns: [{ head: 'Reservation' }, { head: 'What' }, { head: 'Calendar' }, { head: 'Scheduler' }],
      rows: differences.map((row) => ({ cells: [row.name, row.what, row.here, row.there] })),
    })
  }${
    nodesDown.length > 0 &&
    dataTable({
      caption: 'Nodes that are down',
      columns: [{ head: 'Node' }, { head: 'GPUs', number: true }, { head: 'Since' }, { head: 'Why' }],
      rows: nodesDown.map((row) => ({ cells: [row.node, row.gpus, instantWords(row.from), row.reason] })),
    })
  }${
    waiting.length > 0 &&
    dataTable({
      caption: 'Reservations that the scheduler could not be told of yet',
      columns: [{ head: 'Reservation' }, { head: 'Attempts', number: true }, { head: 'Why' }],
      rows: waiting.map((row) => ({ cells: [row.id, row.attempts, row.why] })),
    })
  }`
