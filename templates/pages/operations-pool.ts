/** One pool on the operations page: what waits for a decision, what does not add up, what its scheduler tells. */
import { date, grouped, instantWords } from '../format.ts'
import { dataTable } from './figure.ts'
import { type Html, html } from './html.ts'
import { type RestartOnPage, restartsTable } from './node-restarts.ts'

export type WaitingRequest = {
  readonly company: string
  /** "New", or what a confirmed reservation is to become. */
  readonly what: string
  /** Where the provider's own staff decide; left out for who only looks. */
  readonly decidePath?: string | undefined
  readonly gpus: number
  readonly startsAt: string
  readonly endsAt: string
  readonly requestedAt: string
  /** Whole minutes since it was asked for. */
  readonly ageMinutes: number
}
/** Something in a calendar that does not add up any more. */
export type ConflictOnPage = {
  readonly kind: string
  readonly startsAt: string
  readonly endsAt: string
  readonly allowed: number
  readonly wanted: number
  /** Empty where it is not one company's. */
  readonly company: string
  readonly deadline: string | null
  /** Where it is looked into. */
  readonly path: string
}
/** A reservation on a node that its scheduler showed as down, and what it is credited for it. */
export type NodeDownOnPage = {
  readonly company: string
  readonly reservation: string
  /** Where it is looked into; empty for who does not see the company's pages. */
  readonly path: string
  readonly node: string
  readonly gpus: number
  readonly from: string
  /** The last check that showed it as down. */
  readonly seenUntil: string
  readonly over: boolean
  readonly reason: string
  /** GPU-hours that are recorded as its outage; null where none is yet. */
  readonly outage: string | null
  /** Tokens that the reservation was credited for all that was down. */
  readonly credited: string
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
  readonly conflicts: readonly ConflictOnPage[]
  readonly scheduler: SchedulerOnPage | undefined
  /** Reservations on nodes that are down, or were in the last 30 days, the latest first. */
  readonly underNodesDown: readonly NodeDownOnPage[]
  /** Nodes that were down between two checks under reservations, in the last 30 days or not answered yet, the latest first. */
  readonly restarts: readonly RestartOnPage[]
  /** A name for a link to it; unique on the page. */
  readonly anchor: string
}
export const health = (scheduler: SchedulerOnPage | undefined): string =>
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

export function poolCard({ name, anchor, waiting, conflicts, scheduler, underNodesDown, restarts }: PoolOnPage): Html {
  const told =
    scheduler === undefined ? 0 : scheduler.differences.length + scheduler.nodesDown.length + scheduler.waiting.length
  const calm =
    underNodesDown.every(({ over, outage }) => over && outage !== null) &&
    restarts.every(({ answer }) => answer !== null)
  const nothing = waiting.length === 0 && conflicts.length === 0 && told === 0 && scheduler?.up !== false && calm
  return html`<section class="card" id="${anchor}">
        <h2>${name}</h2>
        ${nothing && html`<p class="quiet">Nothing needs anybody here.</p>`}
        ${
          scheduler?.up === false &&
          html`<div class="note refused"><p><strong>${scheduler.name} does not answer.</strong> ${scheduler.detail} Asked last ${instantWords(scheduler.checkedAt)}. Reservations stay confirmed and are told when it is back.</p></div>`
        }
        ${waiting.length > 0 && waitingTable(waiting)}
        ${conflicts.length > 0 && conflictTable(conflicts)}
        ${scheduler !== undefined && schedulerTables(scheduler)}
        ${underNodesDown.length > 0 && underNodesDownTable(underNodesDown)}
        ${restarts.length > 0 && restartsTable(restarts, 'Nodes that were down between two checks of the scheduler, the latest first')}
      </section>`
}

const waitingTable = (waiting: readonly WaitingRequest[]): Html =>
  dataTable({
    caption: 'What waits for the provider, the oldest first',
    columns: [
      { head: 'Company' },
      { head: 'What' },
      { head: 'GPUs', number: true },
      { head: 'From' },
      { head: 'Until' },
      { head: 'Waits', number: true },
      ...(waiting.some(({ decidePath }) => decidePath !== undefined) ? [{ head: 'Decide' }] : []),
    ],
    rows: waiting.map((row) => ({
      cells: [
        row.company,
        row.what,
        row.gpus,
        instantWords(row.startsAt),
        instantWords(row.endsAt),
        html`<span title="Asked for on ${instantWords(row.requestedAt)}">${ageWords(row.ageMinutes)}</span>`,
        ...(row.decidePath === undefined ? [] : [decideForm(row, row.decidePath)]),
      ],
    })),
  })

const DECLINE: readonly (readonly [code: string, words: string])[] = [
  ['NO_CAPACITY', 'Decline: no capacity'],
  ['MAINTENANCE', 'Decline: maintenance'],
  ['POLICY', 'Decline: policy'],
  ['CONTRACT', 'Decline: contract'],
  ['OTHER', 'Decline: another reason'],
]
/** One choice and one button; nothing is chosen beforehand, so that a slip of the finger decides nothing. */
const decideForm = ({ company, gpus }: WaitingRequest, path: string): Html =>
  html`<form method="post" action="${path}" class="inline">
      <select name="decision" required aria-label="Decision on ${gpus} GPUs for ${company}">
        <option value="">Choose…</option><option value="APPROVE">Approve</option>${DECLINE.map(([code, words]) => html`<option value="${code}">${words}</option>`)}
      </select><button class="plain">Decide</button></form>`

const CONFLICTS: Readonly<Record<string, readonly [what: string, todo: (deadline: string) => string]>> = {
  OVER_CAPACITY: ['More is booked than the pool has', () => 'Move or take back reservations, or raise the capacity.'],
  MAINTENANCE: [
    'Reservations stand in the way of maintenance',
    () => 'Move the window or the reservations; else it fills up as they end.',
  ],
  OVER_SHARE: ['One company has more than its share', () => 'Agree on a larger share, or let its reservations end.'],
  DEDICATED_TWICE: ['More is promised than the pool has', () => 'End a dedication, or raise the capacity.'],
  PAST_TOKEN_EXPIRY: [
    'Ends after its tokens expire',
    (deadline) => `Move it so that it ends by ${deadline}, or agree on a later expiry.`,
  ],
  PAST_LONG_STOP: [
    'Ends after the long-stop of its grant',
    (deadline) => `Move it so that it ends by ${deadline}, or agree on a later long-stop: later use earns nothing.`,
  ],
}

const conflictTable = (conflicts: readonly ConflictOnPage[]): Html =>
  dataTable({
    caption: 'What does not add up, the earliest first',
    columns: [
      { head: 'What' },
      { head: 'From' },
      { head: 'Until' },
      { head: 'GPUs there are', number: true },
      { head: 'GPUs wanted', number: true },
      { head: 'Company' },
      { head: 'What to do' },
    ],
    rows: conflicts.map((row) => {
      const [what, todo] = CONFLICTS[row.kind] ?? [row.kind, () => 'Look into it.']
      return {
        cells: [
          what,
          instantWords(row.startsAt),
          instantWords(row.endsAt),
          row.deadline === null ? row.allowed : '–',
          row.wanted,
          row.company === '' ? '–' : row.company,
          html`${todo(row.deadline === null ? '' : date(row.deadline))} <a href="${row.path}">Look at it</a>`,
        ],
      }
    }),
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

/** What becomes of a node that is down: it lasts, then it is recorded as an outage, and the reservation is credited. */
const outageWords = ({ over, outage, credited }: NodeDownOnPage): string => {
  if (!over) return '✗ Lasts: recorded once the node is back'
  if (outage === null) return '… Being recorded'
  return credited === '0' ? '✓ Recorded: credited as far as its time turns out unused' : '✓ Recorded and credited'
}

const underNodesDownTable = (rows: readonly NodeDownOnPage[]): Html =>
  dataTable({
    caption: 'Reservations on nodes that are down, or were in the last 30 days, the latest first',
    columns: [
      { head: 'Reservation' },
      { head: 'Node' },
      { head: 'GPUs', number: true },
      { head: 'Down from' },
      { head: 'Seen down until' },
      { head: 'Why' },
      { head: 'Outage' },
      { head: 'GPU-hours', number: true },
      { head: 'Tokens credited', number: true },
    ],
    rows: rows.map((row) => ({
      cells: [
        row.path === '' ? row.company : html`<a href="${row.path}">${row.company}</a>`,
        row.node,
        row.gpus,
        instantWords(row.from),
        instantWords(row.seenUntil),
        row.reason,
        outageWords(row),
        row.outage === null ? '–' : grouped(row.outage),
        grouped(row.credited),
      ],
    })),
  })
