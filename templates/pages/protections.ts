/** A founder's protections in one deal, on a page: what is given up at most and at least, in the first line. */
import { counted, date, grouped, type MoneyText, money, percent } from '../format.ts'
import { dataTable } from './figure.ts'
import { type Html, html } from './html.ts'
import { layout, type Person } from './layout.ts'

export type ProtectionsPage = {
  readonly person: Person
  readonly companyName: string
  readonly roundName: string
  readonly asOf: string
  /** The page's own path: the file is the same with an ending. */
  readonly path: string
  readonly proFormaPath: string
  /** Parts of 1; in their place why it cannot be told. */
  readonly dilution:
    | { readonly ifNothingUsed: string; readonly atEarned: string; readonly atMaximum: string }
    | { readonly cannotTell: string }
  readonly grants: readonly {
    readonly granted: string
    readonly unused: string
    /** Of a SAFE the currency in which the next three are amounts of money; `null` where they are shares. */
    readonly currency: string | null
    readonly earned: string
    readonly vested: string
    readonly unearned: string
    readonly longStop: string
    /** What becomes of it then, in words. */
    readonly outlook: string
    /** Price protection today, in words with its arithmetic. */
    readonly priceProtection: string
    readonly topUp: string | null
  }[]
  readonly outlookMethod: string
  /** What becomes of unearned shares at a change of control, in words. */
  readonly changeOfControl: string
  readonly sale:
    | {
        readonly currency: string
        readonly exits: readonly string[]
        /** By holder: what it gets at each exit value. */
        readonly holders: readonly { readonly holder: string; readonly amounts: readonly string[] }[]
      }
    | { readonly cannotTell: string }
  readonly riskTable: readonly {
    readonly title: string
    readonly tokens: string
    readonly unearned: string
    readonly earned: string
    readonly cash: string
    readonly bears: string
  }[]
}

export function protectionsPage(it: ProtectionsPage): string {
  const { dilution } = it
  return layout({
    title: `${it.roundName}: protections`,
    person: it.person,
    main: html`
      <p class="over">${it.companyName}, ${it.roundName}, on ${date(it.asOf)}</p>
      ${
        'cannotTell' in dilution
          ? html`<h1>How much ${it.roundName} dilutes cannot be told</h1><p class="lead">${dilution.cannotTell}</p>`
          : html`<h1>${it.roundName} dilutes today’s holders by ${percent(dilution.atMaximum, '1')} % at most</h1>
      <p class="lead">By ${percent(dilution.ifNothingUsed, '1')} % if no token is ever used, and by ${percent(dilution.atEarned, '1')} % at what is
        earned today. <a href="${it.proFormaPath}">Before and after, by holder</a>.</p>`
      }
      ${it.grants.length === 0 && html`<section class="card"><h2>The grant</h2><p>There is none before the closing: how tokens are used and what the index does cannot be told yet.</p></section>`}
      ${it.grants.map(grantCard)}
      ${it.grants.length > 0 && html`<p class="quiet">${it.outlookMethod}</p>`}
      ${saleCard(it)}
      <section class="card">
        <h2>Who bears what</h2>
        ${dataTable({
          caption: 'The risk table of the terms that hold',
          stacks: true,
          columns: ['Event', 'Tokens', 'Unearned shares', 'Earned shares', 'Cash', 'Borne by'].map((head) => ({
            head,
          })),
          rows: it.riskTable.map((row) => ({
            cells: [row.title, row.tokens, row.unearned, row.earned, row.cash, row.bears],
          })),
        })}
        <p class="actions"><a class="button plain" href="${it.path}.csv">CSV</a> <a class="button plain" href="${it.path}.json">JSON</a></p>
      </section>`,
  })
}

const grantCard = (grant: ProtectionsPage['grants'][number]): Html => html`<section class="card">
        <h2>A grant of ${counted(grant.granted, 'token')}</h2>
        ${dataTable({
          caption: 'As it stands',
          stacks: true,
          columns: [
            { head: '' },
            { head: 'Tokens not used', number: true },
            ...(grant.currency === null
              ? ['Shares earned', 'Shares vested', 'Shares unearned']
              : [`Earned, ${grant.currency}`, `Accrued, ${grant.currency}`, `Not earned, ${grant.currency}`]
            ).map((head) => ({ head, number: true })),
            { head: 'Long-stop', number: true },
          ],
          rows: [
            {
              cells: [
                'Today',
                grouped(grant.unused),
                ...[grant.earned, grant.vested, grant.unearned].map((amount) =>
                  grouped(amount, grant.currency === null ? 0 : 2),
                ),
                date(grant.longStop),
              ],
            },
          ],
        })}
        <p><strong>At the long-stop:</strong> ${grant.outlook}</p>
        <p><strong>Price protection${grant.topUp !== null && html`, ${counted(grant.topUp, 'token')} today`}:</strong> ${grant.priceProtection}</p>
      </section>`

function saleCard({ sale, changeOfControl }: ProtectionsPage): Html {
  if ('cannotTell' in sale) {
    return html`<section class="card"><h2>If the company is sold</h2><p>${changeOfControl}</p><p>Who gets what cannot be told: ${sale.cannotTell}</p></section>`
  }
  const amount = (value: string): MoneyText => ({ amount: value, currency: sale.currency })
  return html`<section class="card">
        <h2>If the company is sold</h2>
        <p>${changeOfControl}</p>
        ${dataTable({
          caption: `What each holder gets, ${sale.currency}`,
          columns: [
            { head: 'Holder' },
            ...sale.exits.map((exit) => ({ head: `at ${money(amount(exit))}`, number: true })),
          ],
          rows: [
            ...sale.holders.map(({ holder, amounts }) => ({
              cells: [holder, ...amounts.map((paid) => grouped(paid, 2))],
            })),
            { cells: ['Total', ...sale.exits.map((exit) => grouped(exit, 2))], total: true },
          ],
        })}
      </section>`
}
