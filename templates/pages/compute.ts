/** A company's compute on a page: what it has, when GPUs are free, what a request takes, what it booked and what ran. */
import { type Canvas, lineChart, type Scene } from '../charts/index.ts'
import { grouped, listed } from '../format.ts'
import { dataTable, figure } from './figure.ts'
import { type Html, html } from './html.ts'
import { emptyState, layout, type Person } from './layout.ts'

/** A part of an interval over which capacity and use do not change. Instants are ISO 8601 in UTC. */
export type CapacityStep = {
  readonly startsAt: string
  readonly endsAt: string
  readonly capacity: number
  readonly free: number
}
export type PoolChoice = { readonly id: string; readonly name: string }
/** What a request would take, and what it is charged for. */
export type QuoteOnPage = {
  readonly quoteId: string
  readonly tokens: string
  /** H100-hours per GPU-hour. */
  readonly factor: string
  readonly free: number
  readonly validUntil: string
  /** The rules of its charge, a sentence each. */
  readonly rules: readonly string[]
}
export type RequestForm = {
  readonly pool: string
  readonly gpus: string
  /** `2026-12-01T00:00`, in UTC. */
  readonly startsAt: string
  readonly hours: string
}
export type ReservationRow = {
  readonly id: string
  readonly pool: string
  readonly gpus: number
  readonly startsAt: string
  readonly endsAt: string
  readonly state: string
  readonly held: string
  readonly delivered: string
  /** Where a form cancels it; left out where it cannot be cancelled, or not by this person. */
  readonly cancelPath?: string | undefined
}
export type JobRow = {
  readonly job: string
  readonly pool: string
  readonly gpuHours: string
  readonly tokens: string
  readonly lastEnded: string
}
export type ComputeOnPage = {
  readonly person: Person
  readonly companyName: string
  /** The page's own path; downloads are below it. */
  readonly path: string
  /** Tokens of each class, already formatted, the unit in the name. */
  readonly balances: readonly {
    readonly name: string
    readonly available: string
    readonly held: string
    readonly locked: string
  }[]
  readonly pools: readonly PoolChoice[]
  readonly pool: PoolChoice | undefined
  readonly capacity:
    | { readonly from: string; readonly until: string; readonly steps: readonly CapacityStep[] }
    | undefined
  readonly form: RequestForm
  /** Whether this person books for the company. */
  readonly books: boolean
  readonly quote?: QuoteOnPage | undefined
  readonly refused?: string | undefined
  readonly reservations: readonly ReservationRow[]
  readonly jobs: readonly JobRow[]
}

const STATES: Readonly<Record<string, string>> = {
  waitlisted: '… On the waiting list',
  held: '◷ Waits for the provider',
  confirmed: '✓ Confirmed',
  provisioned: '✓ Ready on the cluster',
  active: '▶ Running',
  completed: '■ Completed',
  cancelled: '✗ Cancelled',
  declined: '✗ Declined by the provider',
  expired: '✗ Not decided in time',
  no_show: '✗ Not used in time',
  failed: '✗ Failed',
}
/** Where a reservation stands, as a word with a sign. */
export const reservationWords = (state: string): string => STATES[state] ?? state

/** "1 Dec 2026, 00:00 UTC" */
export const instantWords = (iso: string): string => {
  const [, year, month, day, time] = /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}:[0-9]{2})/.exec(iso) ?? []
  const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
  return year === undefined ? iso : `${Number(day)} ${months[Number(month) - 1]} ${year}, ${time} UTC`
}

export const computePage = (page: ComputeOnPage): string =>
  layout({
    title: `Compute of ${page.companyName}`,
    person: page.person,
    main: html`
      <p class="over">${page.companyName}</p>
      <h1>${headline(page)}</h1>
      ${
        page.refused !== undefined &&
        html`<div class="note refused" role="alert"><p><strong>Nothing was changed.</strong> ${page.refused}</p></div>`
      }
      ${balancesCard(page)}
      ${page.pool !== undefined && page.books && requestCard(page, page.pool)}
      ${page.pool !== undefined && page.capacity !== undefined && capacityCard(page, page.pool)}
      ${reservationsCard(page)}
      ${jobsCard(page)}
      <p class="quiet"><a href="/">Start page</a></p>`,
  })

function headline({ balances }: ComputeOnPage): string {
  if (balances.length === 0) return 'No tokens yet'
  return `${listed(balances.map(({ available, name }) => `${grouped(available)} ${name} tokens`))} can be booked`
}

function balancesCard({ balances }: ComputeOnPage): Html {
  if (balances.length === 0) {
    return emptyState({
      heading: 'There is nothing to book with',
      text: 'When a round closes, its tokens stand here, and the GPUs that they book below.',
    })
  }
  return html`<section class="card">
        <h2>Tokens</h2>
        ${dataTable({
          caption: 'Tokens by class. One token is one H100-hour.',
          columns: [
            { head: 'Class' },
            { head: 'Can be booked', number: true },
            { head: 'Held for reservations', number: true },
            { head: 'Not released yet', number: true },
          ],
          rows: balances.map((row) => ({
            cells: [row.name, grouped(row.available), grouped(row.held), grouped(row.locked)],
          })),
        })}
      </section>`
}

function requestCard(page: ComputeOnPage, pool: PoolChoice): Html {
  const { form, quote, path } = page
  const field = (name: string, label: string, type: string, value: string, more: Html) =>
    html`<label><span>${label}</span><input name="${name}" type="${type}" value="${value}" required ${more}></label>`
  return html`<section class="card" id="request">
        <h2>Book GPUs</h2>
        <form method="post" action="${path}/quote#request" class="fields">
          <label><span>Pool</span><select name="pool">${page.pools.map(
            ({ id, name }) => html`<option value="${id}"${id === pool.id && html` selected`}>${name}</option>`,
          )}</select></label>
          ${field('gpus', 'GPUs', 'number', form.gpus, html`min="1" step="1"`)}
          ${field('startsAt', 'From (UTC)', 'datetime-local', form.startsAt, html`step="60"`)}
          ${field('hours', 'Hours', 'number', form.hours, html`min="1" step="1"`)}
          <button class="plain">Show what it takes</button>
        </form>
        ${quote !== undefined && quotePart(page, pool, quote)}
      </section>`
}

function quotePart({ form, path }: ComputeOnPage, pool: PoolChoice, quote: QuoteOnPage): Html {
  const enough = quote.free >= Number(form.gpus)
  return html`<div class="note">
          <p><strong>It takes ${grouped(quote.tokens)} tokens</strong>, held until the time is over. A GPU-hour of ${pool.name} counts ${grouped(quote.factor)} H100-hours. ${
            enough
              ? `${quote.free} GPUs are free then.`
              : `Only ${quote.free} GPUs are free then: the request goes to the waiting list.`
          }</p>
          <ul>${quote.rules.map((rule) => html`<li>${rule}</li>`)}</ul>
          <form method="post" action="${path}/reservations">
            <input type="hidden" name="pool" value="${form.pool}"><input type="hidden" name="gpus" value="${form.gpus}">
            <input type="hidden" name="startsAt" value="${form.startsAt}"><input type="hidden" name="hours" value="${form.hours}">
            <input type="hidden" name="quoteId" value="${quote.quoteId}">${!enough && html`<input type="hidden" name="waitlist" value="1">`}
            <button>${enough ? 'Ask for these GPUs' : 'Wait for these GPUs'}</button>
          </form>
          <p class="quiet">The quote holds until ${instantWords(quote.validUntil)}. The provider decides on the request.</p>
        </div>`
}

/** Free GPUs of a pool over time. */
export function capacityChart(pool: string, steps: readonly CapacityStep[], canvas: Canvas): Scene {
  const last = steps.at(-1)
  const points = (of: (step: CapacityStep) => number) => [
    ...steps.map((step) => ({ x: step.startsAt, y: String(of(step)) })),
    ...(last === undefined ? [] : [{ x: last.endsAt, y: String(of(last)) }]),
  ]
  const lowest = Math.min(...steps.map(({ free }) => free))
  return lineChart(
    {
      title: `Free GPUs of ${pool}`,
      description: `From ${lowest} to ${Math.max(...steps.map(({ free }) => free))} GPUs are free.`,
      x: { kind: 'date' },
      y: { title: 'GPUs', numbers: 'exact' },
      series: [
        { name: 'Capacity', points: points((step) => step.capacity), shape: 'step', style: 'dashed', tone: 'muted' },
        { name: 'Free', points: points((step) => step.free), shape: 'step-area', tone: 'accent' },
      ],
    },
    canvas,
  )
}

function capacityCard({ capacity }: ComputeOnPage, pool: PoolChoice): Html {
  const steps = capacity?.steps ?? []
  return html`<section class="card">
        <h2>When GPUs are free</h2>
        ${figure({ id: 'capacity', draw: (canvas) => capacityChart(pool.name, steps, canvas) })}
        <details><summary>The same as a table</summary>
        ${dataTable({
          caption: `Free GPUs of ${pool.name}, in UTC`,
          columns: [
            { head: 'From' },
            { head: 'Until' },
            { head: 'Free', number: true },
            { head: 'Capacity', number: true },
          ],
          rows: steps.map((step) => ({
            cells: [instantWords(step.startsAt), instantWords(step.endsAt), step.free, step.capacity],
          })),
        })}
        </details>
      </section>`
}

function reservationsCard({ reservations, path }: ComputeOnPage): Html {
  if (reservations.length === 0) {
    return emptyState({
      heading: 'No reservation yet',
      text: 'What the company asks for stands here, with what the provider decided.',
    })
  }
  return html`<section class="card">
        <h2>Reservations</h2>
        ${dataTable({
          caption: 'The newest first, in UTC. Tokens are held, and charged as compute is delivered.',
          columns: [
            { head: 'From' },
            { head: 'Until' },
            { head: 'Pool' },
            { head: 'GPUs', number: true },
            { head: 'State' },
            { head: 'Held', number: true },
            { head: 'Delivered', number: true },
            { head: '' },
          ],
          rows: reservations.map((row) => ({
            cells: [
              instantWords(row.startsAt),
              instantWords(row.endsAt),
              row.pool,
              row.gpus,
              reservationWords(row.state),
              grouped(row.held),
              grouped(row.delivered),
              row.cancelPath !== undefined &&
                html`<form method="post" action="${row.cancelPath}"><button class="link">Cancel</button></form>`,
            ],
          })),
        })}
        <p class="actions"><a class="button plain" href="${path}/reservations.ics">Calendar feed</a> <a class="button plain" href="${path}/reservations.csv">CSV</a> <a class="button plain" href="${path}/reservations.json">JSON</a></p>
      </section>`
}

function jobsCard({ jobs }: ComputeOnPage): Html | false {
  if (jobs.length === 0) return false
  return html`<section class="card">
        <h2>Usage by job</h2>
        ${dataTable({
          caption: 'As metered, the latest first; corrections stand in the statements.',
          columns: [
            { head: 'Job' },
            { head: 'Pool' },
            { head: 'GPU-hours', number: true },
            { head: 'Tokens', number: true },
            { head: 'Last ended' },
          ],
          rows: jobs.map((row) => ({
            cells: [row.job, row.pool, grouped(row.gpuHours), grouped(row.tokens), instantWords(row.lastEnded)],
          })),
        })}
      </section>`
}
