/** A company's compute on a page: what it has, when GPUs are free, what a request takes, what it booked and what ran. */

import { type Canvas, lineChart, type Scene } from '../charts/index.ts'
import { counted, date, grouped, instantWords, listed } from '../format.ts'
import { LIVE_QUOTE_PATH } from './assets.ts'
import { type ReservationList, reservationsCard } from './compute-reservations.ts'
import { type JobRow, jobsCard, type OnDemandRow, onDemandCard } from './compute-usage.ts'
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
  /** Lots that milestones or requests release, with the page on which that is done. */
  readonly releases?: readonly {
    readonly name: string
    /** Which grant they are of; left out of other tokens. */
    readonly grant?: string | undefined
    readonly locked: string
    readonly path: string
  }[]
  /** Notices of expiry that stand, the nearest first. */
  readonly expiring: readonly {
    readonly name: string
    readonly tokens: string
    readonly expiresOn: string
    readonly daysLeft: number
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
  readonly reservations: ReservationList
  readonly jobs: readonly JobRow[]
  /** Use outside any reservation, by month. */
  readonly onDemand: readonly OnDemandRow[]
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
      ${page.expiring.length > 0 && expiringNote(page)}
      ${balancesCard(page)}
      ${page.pool !== undefined && page.books && requestCard(page, page.pool)}
      ${page.pool !== undefined && page.capacity !== undefined && capacityCard(page, page.pool)}
      ${reservationsCard(page.reservations, page.path)}
      ${jobsCard(page.jobs)}
      ${onDemandCard(page.onDemand)}
      <p class="quiet"><a href="/">Start page</a></p>`,
  })

function headline({ balances }: ComputeOnPage): string {
  if (balances.length === 0) return 'No tokens yet'
  const bookable = balances.filter(({ available }) => available !== '0')
  if (bookable.length === 0) return 'No tokens can be booked now'
  return `${listed(bookable.map(({ available, name }) => `${grouped(available)} ${name}`))} can be booked`
}

/** What will be lost, by when, and what can be done. */
const expiringNote = ({ expiring }: ComputeOnPage): Html =>
  html`<div class="note" id="expiring"><p><strong>Tokens expire soon.</strong></p>
        <ul>${expiring.map(
          ({ name, tokens, expiresOn, daysLeft }) =>
            html`<li>${grouped(tokens)} ${name} tokens expire on ${date(expiresOn)}, in ${counted(String(daysLeft), 'day')}.</li>`,
        )}</ul>
        <p>What is booked and used before then does not expire. A later day is an amendment that both sides sign.</p></div>`

function balancesCard({ balances, releases = [] }: ComputeOnPage): Html {
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
        ${releases.map(
          ({ name, grant, locked, path }) =>
            html`<p><a href="${path}">Ask for locked ${name}${grant !== undefined && html` of ${grant}`}, or see their milestones</a>: ${grouped(locked)} are not released yet.</p>`,
        )}
      </section>`
}

function requestCard(page: ComputeOnPage, pool: PoolChoice): Html {
  const { form, quote, path } = page
  const field = (name: string, label: string, type: string, value: string, more: Html) =>
    html`<label><span>${label}</span><input name="${name}" type="${type}" value="${value}" required ${more}></label>`
  return html`<section class="card" id="request">
        <h2>Book GPUs</h2>
        <form method="post" action="${path}/quote#request" class="fields" data-estimate="${path}/estimate">
          <label><span>Pool</span><select name="pool">${page.pools.map(
            ({ id, name }) => html`<option value="${id}"${id === pool.id && html` selected`}>${name}</option>`,
          )}</select></label>
          ${field('gpus', 'GPUs', 'number', form.gpus, html`min="0" step="any"`)}
          ${field('startsAt', 'From (UTC)', 'datetime-local', form.startsAt, html`step="60"`)}
          ${field('hours', 'Hours', 'number', form.hours, html`min="1" step="1"`)}
          <button class="plain">Show what it takes</button>
        </form>
        <p id="estimate" role="status"></p>
        ${quote !== undefined && quotePart(page, pool, quote)}
        <script src="${LIVE_QUOTE_PATH}" defer></script>
      </section>`
}

function quotePart({ form, path }: ComputeOnPage, pool: PoolChoice, quote: QuoteOnPage): Html {
  const enough = quote.free >= Number(form.gpus)
  return html`<div class="note" id="quote">
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
