/** Who gets what if the company is sold, on a page: the answer at the asked value in the first line. */
import { waterfallChart } from '../charts/waterfall.ts'
import { date, grouped, listed, percent } from '../format.ts'
import { BENDS_NOTE, numberedBends, TREATMENTS, type WaterfallSheet } from '../waterfall-sheet.ts'
import { dataTable, figure } from './figure.ts'
import { html } from './html.ts'
import { layout, type Person } from './layout.ts'

export type WaterfallPage = WaterfallSheet & {
  readonly person: Person
  /** The page's own path: downloads are the same with an ending. */
  readonly path: string
  /** The rounds for tokens behind it, each with the page that says what its terms are in a sale. */
  readonly clauses: readonly { readonly round: string; readonly path: string }[]
}

export function waterfallPage(it: WaterfallPage): string {
  const numbered = numberedBends(it)
  const query = `?exit=${it.exit}&unearned=${it.unearned}&asOf=${it.asOf}`
  const [first] = it.payouts
  // Where nobody converts and nothing is exercised there is nothing to say about how.
  const anyHow = it.payouts.some(({ how }) => how !== '')
  const some = <Cell>(cell: Cell): Cell[] => (anyHow ? [cell] : [])
  return layout({
    title: `Sale of ${it.companyName}`,
    person: it.person,
    main: html`
      <p class="over">${it.companyName}</p>
      <h1>If the company is sold for ${it.currency} ${grouped(it.exit, 2)}</h1>
      <p class="lead">${
        first === undefined
          ? 'Nobody is paid.'
          : html`${first.holder} gets most: ${it.currency} ${grouped(first.amount, 2)}, ${percent(first.amount, it.exit)} %.`
      } By ${it.of}, as of ${date(it.asOf)}.</p>
      <form method="get" action="${it.path}" class="asked">
        <label><span>Exit value, ${it.currency}</span> <input type="text" name="exit" inputmode="decimal" value="${it.exit}" required maxlength="24"></label>
        <label><span>Unearned shares</span> <select name="unearned">${TREATMENTS.map(
          ([value, words]) =>
            html`<option value="${value}"${value === it.unearned && html` selected`}>${words}</option>`,
        )}</select></label>
        <input type="hidden" name="asOf" value="${it.asOf}">
        <button>Work it out</button>
      </form>
      <section class="card">
        <h2>Payout by exit value</h2>
        ${figure({
          id: 'waterfall',
          draw: (canvas) =>
            waterfallChart({ currency: it.currency, series: it.classes, breakpoints: numbered }, canvas),
          note: numbered.length > 0 && BENDS_NOTE,
        })}
        ${
          numbered.length > 0 &&
          dataTable({
            caption: 'Where it bends',
            stacks: true,
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
          stacks: true,
          columns: [
            { head: 'Holder' },
            { head: 'For' },
            { head: `Payout, ${it.currency}`, number: true },
            { head: '%', number: true },
            ...some({ head: 'How' }),
          ],
          rows: [
            ...it.payouts.map(({ holder, what, amount, how }) => ({
              cells: [holder, what, grouped(amount, 2), percent(amount, it.exit), ...some(how)],
            })),
            { cells: ['Total', '', grouped(it.exit, 2), '100.00', ...some('')], total: true },
          ],
        })}
        ${
          it.clauses.length > 0 &&
          html`<p class="quiet">Unearned shares are counted as chosen above, whatever was signed. What the terms say of a sale, and who gets what by them: ${it.clauses.map(({ round, path }, at) => html`${at > 0 && ', '}<a href="${path}">${round}</a>`)}.</p>`
        }
        ${it.notes.length > 0 && html`<p class="quiet">Taken for granted: ${listed(it.notes)}.</p>`}
        <p class="actions"><a class="button plain" href="${it.path}.pdf${query}">PDF</a>
          <a class="button plain" href="${it.path}.csv${query}">CSV</a>
          <a class="button plain" href="${it.path}.json${query}">JSON</a></p>
        <p class="quiet">Debts, a management carve-out, participation and other exit values: the tab Step11_Sale in the console.</p>
      </section>`,
  })
}
