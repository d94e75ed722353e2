/** Who gets what if the company is sold, on a page: the answer at the asked value in the first line. */
import { type WaterfallSeries, waterfallChart } from '../charts/waterfall.ts'
import { date, grouped, listed, percent } from '../format.ts'
import { dataTable, figure } from './figure.ts'
import { html } from './html.ts'
import { layout, type Person } from './layout.ts'

export type WaterfallPage = {
  readonly person: Person
  readonly companyName: string
  /** "the cap table", or the round whose pro forma it is of. */
  readonly of: string
  readonly asOf: string
  readonly currency: string
  /** The page's own path: downloads are the same with an ending. */
  readonly path: string
  /** The value that was asked for. */
  readonly exit: string
  readonly unearned: string
  readonly classes: readonly WaterfallSeries[]
  /** At the asked value, largest first. */
  readonly payouts: readonly {
    readonly holder: string
    readonly what: string
    readonly amount: string
    readonly how: string
  }[]
  readonly breakpoints: readonly { readonly exit: string; readonly words: string }[]
  readonly notes: readonly string[]
}

const TREATMENTS = [
  ['NO_PREFERENCE', 'share as common does'],
  ['FULL', 'count as earned'],
  ['FORFEITED', 'get nothing'],
] as const

export function waterfallPage(it: WaterfallPage): string {
  const numbered = it.breakpoints.map((point, at) => ({ ...point, number: String(at + 1) }))
  const query = `?exit=${it.exit}&unearned=${it.unearned}`
  const [first] = it.payouts
  return layout({
    title: `Sale of ${it.companyName}`,
    person: it.person,
    main: html`
      <p class="over">${it.companyName}</p>
      <h1>If the company is sold for ${it.currency} ${grouped(it.exit, 2)}</h1>
      <p class="lead">${
        first === undefined
          ? 'nobody is paid.'
          : html`${first.holder} gets most: ${it.currency} ${grouped(first.amount, 2)}, ${percent(first.amount, it.exit)} %.`
      } By ${it.of}, as of ${date(it.asOf)}.</p>
      <form method="get" action="${it.path}" class="asked">
        <label><span>Exit value, ${it.currency}</span> <input type="text" name="exit" inputmode="decimal" value="${it.exit}" required maxlength="24"></label>
        <label><span>Unearned shares</span> <select name="unearned">${TREATMENTS.map(
          ([value, words]) =>
            html`<option value="${value}"${value === it.unearned && html` selected`}>${words}</option>`,
        )}</select></label>
        <button>Work it out</button>
      </form>
      <section class="card">
        <h2>Payout by exit value</h2>
        ${figure({
          id: 'waterfall',
          draw: (canvas) =>
            waterfallChart({ currency: it.currency, series: it.classes, breakpoints: numbered }, canvas),
          note:
            numbered.length > 0 &&
            'Dotted: exit values at which the shares of the next dollar change, numbered as below.',
        })}
        ${
          numbered.length > 0 &&
          dataTable({
            caption: 'Where it bends',
            columns: [
              { head: 'Number' },
              { head: `Exit value, ${it.currency}`, number: true },
              { head: 'From here on' },
            ],
            rows: numbered.map(({ number, exit, words }) => ({ cells: [number, grouped(exit, 2), words] })),
          })
        }
      </section>
      <section class="card">
        <h2>Who gets what at ${it.currency} ${grouped(it.exit, 2)}</h2>
        ${dataTable({
          caption: 'Payouts, to the cent; they add up to the exit value',
          columns: [
            { head: 'Holder' },
            { head: 'For' },
            { head: `Payout, ${it.currency}`, number: true },
            { head: '%', number: true },
            { head: 'How' },
          ],
          rows: [
            ...it.payouts.map(({ holder, what, amount, how }) => ({
              cells: [holder, what, grouped(amount, 2), percent(amount, it.exit), how],
            })),
            { cells: ['Total', '', grouped(it.exit, 2), '100.00', ''], total: true },
          ],
        })}
        ${it.notes.length > 0 && html`<p class="quiet">Taken for granted: ${listed(it.notes)}.</p>`}
        <p class="actions"><a class="button plain" href="${it.path}.csv${query}">CSV</a>
          <a class="button plain" href="${it.path}.json${query}">JSON</a></p>
        <p class="quiet">Debts, a management carve-out, participation and other exit values: the tab Step11_Sale in the console.</p>
      </section>`,
  })
}
