/** Tokens on the operations page: what expires soon, what is promised against what can be delivered, where every token is. */
import { type Canvas, lineChart, type Scene } from '../charts/index.ts'
import { date, grouped, instantWords } from '../format.ts'
import { dataTable, figure } from './figure.ts'
import { type Html, html } from './html.ts'

/** Tokens of one class, exact, as text: where each of them is. */
export type SupplyOnPage = {
  readonly name: string
  readonly authorised: string
  readonly granted: string
  readonly remaining: string
  readonly outstanding: string
  readonly locked: string
  readonly available: string
  readonly held: string
  readonly escrow: string
  readonly charged: readonly { readonly cause: string; readonly tokens: string }[]
  readonly expired: string
  readonly cancelled: string
  readonly authority: readonly {
    readonly tokens: string
    readonly from: string
    readonly until: string
    readonly approvedBy: string
    readonly reason: string
  }[]
}
/** Tokens of a company that expire soon. */
export type ExpiringOnPage = {
  readonly company: string
  readonly tokenClass: string
  readonly expiresOn: string
  readonly daysLeft: number
  readonly tokens: string
  readonly noticed: string
}
/** Coverage of one class, month by month. Tokens exact, as text; null where it cannot be told. */
export type CoverageOnPage = {
  readonly name: string
  readonly unknown: string | null
  readonly least: string | null
  readonly leastIn: string | null
  readonly months: readonly {
    /** `2027-03`. */
    readonly month: string
    readonly expiring: string
    readonly hours: string | null
    readonly promised: string
    readonly deliverable: string | null
    readonly ratio: string | null
  }[]
}
export const expiringCard = (expiring: readonly ExpiringOnPage[]): Html =>
  html`<section class="card" id="expiring">
        <h2>Tokens that expire soon</h2>
        ${dataTable({
          caption: 'Companies were told 90, 30 and 7 days before. Tokens: not released or not booked now.',
          columns: [
            { head: 'Company' },
            { head: 'Token' },
            { head: 'Expires' },
            { head: 'Days left', number: true },
            { head: 'Tokens', number: true },
            { head: 'Told' },
          ],
          rows: expiring.map((row) => ({
            cells: [
              row.company,
              row.tokenClass,
              date(row.expiresOn),
              row.daysLeft,
              grouped(row.tokens),
              instantWords(row.noticed),
            ],
          })),
        })}
      </section>`

/** "1.25" of a ratio at ten places, cut off. */
const shortRatio = (ratio: string): string => {
  const [whole = '', places = ''] = ratio.split('.')
  return `${grouped(whole)}.${places.slice(0, 2).padEnd(2, '0')}`
}
const monthWords = (month: string): string => date(`${month}-01`).replace(/^1 /, '')
const endOf = (month: string): string =>
  new Date(Date.parse(`${month}-01T00:00:00Z`) + 32 * 86_400_000).toISOString().slice(0, 8).concat('01')

function coverageAnswer({ name, least, leastIn, unknown, months }: CoverageOnPage): string {
  if (least === null || leastIn === null)
    return unknown === null ? `Nothing of ${name} is outstanding.` : `Cannot tell for ${name}: ${unknown}.`
  const said = `For each token of ${name} at least ${shortRatio(least)} H100-hours can be delivered before it expires; it is least until the end of ${monthWords(leastIn)}.`
  const short = months.some(({ ratio }) => ratio?.startsWith('0'))
  return `${short ? '✗ More is promised than can be delivered. ' : ''}${said}${unknown === null ? '' : ` Not known: ${unknown}.`}`
}

/** What is promised and what can be delivered, both cumulative. */
export function coverageChart(coverage: CoverageOnPage, canvas: Canvas): Scene {
  const known = coverage.months.filter(({ deliverable }) => deliverable !== null)
  return lineChart(
    {
      title: `Promised and deliverable: ${coverage.name}`,
      description: coverageAnswer(coverage),
      x: { kind: 'date' },
      y: { title: 'H100-hours', numbers: 'short' },
      series: [
        {
          name: 'Deliverable',
          points: known.map(({ month, deliverable }) => ({ x: endOf(month), y: deliverable ?? '0' })),
          style: 'dashed',
          tone: 'muted',
        },
        {
          name: 'Promised',
          points: coverage.months.map(({ month, promised }) => ({ x: endOf(month), y: promised })),
          tone: 'accent',
        },
      ],
    },
    canvas,
  )
}

export function coverageCard(coverage: CoverageOnPage, index: number): Html {
  const told = coverage.months.filter(({ expiring, month }) => expiring !== '0' || month === coverage.leastIn)
  return html`<section class="card" id="coverage-${index}">
        <h2>Coverage of ${coverage.name}</h2>
        <p>${coverageAnswer(coverage)}</p>
        ${
          coverage.months.length > 1 &&
          coverage.months.some(({ deliverable }) => deliverable !== null) &&
          figure({ id: `coverage-${index}`, draw: (canvas) => coverageChart(coverage, canvas) })
        }
        ${
          told.length > 0 &&
          dataTable({
            caption: 'Months in which tokens expire. Sums run from now to the end of the month.',
            columns: [
              { head: 'Month' },
              { head: 'Tokens that expire', number: true },
              { head: 'Promised until then', number: true },
              { head: 'Deliverable until then', number: true },
              { head: 'Ratio', number: true },
            ],
            rows: told.map((row) => ({
              cells: [
                monthWords(row.month),
                grouped(row.expiring),
                grouped(row.promised),
                row.deliverable === null ? 'cannot tell' : grouped(row.deliverable),
                row.ratio === null ? 'cannot tell' : shortRatio(row.ratio),
              ],
            })),
          })
        }
      </section>`
}

const CAUSES: Readonly<Record<string, string>> = {
  delivered: 'Charged: delivered',
  idle_reserved: 'Charged: reserved and not used',
  no_show: 'Charged: no-show',
  cancel_fee: 'Charged: cancelled late',
}

/** The lines add up to what was granted. */
export function supplyCard(supplies: readonly SupplyOnPage[]): Html {
  const line = (head: string, of: (supply: SupplyOnPage) => string, total = false) => ({
    cells: [head, ...supplies.map((supply) => grouped(of(supply)))],
    total,
  })
  const causes = supplies[0]?.charged.map(({ cause }) => cause) ?? []
  return html`<section class="card" id="supply">
        <h2>Supply</h2>
        ${dataTable({
          caption:
            'Where every token is. What is outstanding, charged, expired and cancelled adds up to what was granted.',
          columns: [{ head: 'Tokens' }, ...supplies.map(({ name }) => ({ head: name, number: true }))],
          rows: [
            line('Not released', ({ locked }) => locked),
            line('Available', ({ available }) => available),
            line('Held for reservations', ({ held }) => held),
            line('In escrow', ({ escrow }) => escrow),
            line('Outstanding', ({ outstanding }) => outstanding, true),
            ...causes.map((cause) =>
              line(
                CAUSES[cause] ?? cause,
                ({ charged }) => charged.find((each) => each.cause === cause)?.tokens ?? '0',
              ),
            ),
            line('Expired', ({ expired }) => expired),
            line('Cancelled', ({ cancelled }) => cancelled),
            line('Granted', ({ granted }) => granted, true),
            line('Authorised', ({ authorised }) => authorised),
            line('May still be granted', ({ remaining }) => remaining, true),
          ],
        })}
        ${supplies.some(({ authority }) => authority.length > 0) && authorityTable(supplies)}
        <p class="actions"><a class="button plain" href="/operations/supply.csv">CSV</a> <a class="button plain" href="/operations/supply.json">JSON</a></p>
      </section>`
}

const authorityTable = (supplies: readonly SupplyOnPage[]): Html =>
  html`<details><summary>By whose authority</summary>
        ${dataTable({
          caption: 'The newest first. What is unspent at the end of a period lapses.',
          columns: [
            { head: 'Token' },
            { head: 'Tokens', number: true },
            { head: 'From' },
            { head: 'Until' },
            { head: 'Approved by' },
            { head: 'Reason' },
          ],
          rows: supplies.flatMap(({ name, authority }) =>
            authority.map((act) => ({
              cells: [name, grouped(act.tokens), date(act.from), date(act.until), act.approvedBy, act.reason],
            })),
          ),
        })}
        </details>`
