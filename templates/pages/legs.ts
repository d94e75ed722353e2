/** Tokens beside cash and cloud credits on a page: what an hour costs in shares, in the first line. */
import { date, grouped, type MoneyText, money, percent } from '../format.ts'
import { dataTable } from './figure.ts'
import { type Content, type Html, html } from './html.ts'
import { layout, type Person } from './layout.ts'

export type LegOnPage = {
  readonly kind: 'COMPUTE' | 'CASH' | 'CREDITS'
  readonly name: string
  readonly shares: string
  /** A part of 1. */
  readonly equityPart: string
  readonly hours: string
  readonly hourPrice: { readonly amount: MoneyText; readonly source: string } | null
  /** `null` where there are no hours. */
  readonly sharesPerThousandHours: string | null
  readonly liquidity: 'ANYTHING' | 'H100_HOURS_ONLY' | 'ONE_CLOUD_UNTIL_EXPIRY'
  readonly expiresOn: string | null
  readonly earnedByUse: boolean
  readonly restrictions: readonly string[]
}

/** What the forms hold: what was asked last, or nothing. */
export type LegsAsked = Readonly<Record<(typeof LEG_FIELDS)[number], string>>
export const LEG_FIELDS = [
  ...(['cash', 'cashShares', 'cashHour', 'cashSource'] as const),
  ...(['credits', 'creditsHour', 'creditsSource', 'creditsUntil'] as const),
] as const

export type LegsPage = {
  readonly person: Person
  readonly companyName: string
  readonly roundName: string
  readonly asOf: string
  readonly currency: string
  /** The page's own path: downloads are the same with an ending, and with `query`. */
  readonly path: string
  /** What was asked, with its question mark; empty where nothing was. */
  readonly query: string
  readonly proFormaPath: string
  /** The day by which shares must be earned. */
  readonly longStop: string
  /** True where compute buys a SAFE: its shares are then what all of it would become. */
  readonly safe: boolean
  readonly asked: LegsAsked
  /** The tokens first. */
  readonly legs: readonly [LegOnPage, ...LegOnPage[]]
}

const LIQUIDITIES = {
  ANYTHING: 'Money: can be spent on anything',
  H100_HOURS_ONLY: 'H100-hours of the pools behind the tokens, and nothing else',
  ONE_CLOUD_UNTIL_EXPIRY: 'Services of one cloud until they expire',
} as const

export function legsPage(it: LegsPage): string {
  const [tokens] = it.legs
  return layout({
    title: `${it.roundName}: tokens, cash or credits`,
    person: it.person,
    main: html`
      <p class="over">${it.companyName}, ${it.roundName}</p>
      <h1>The tokens cost ${percent(tokens.equityPart, '1')} % of the company for ${grouped(tokens.hours)} H100-hours</h1>
      <p class="lead">${tokens.sharesPerThousandHours !== null && html`${rounded(tokens.sharesPerThousandHours)} shares for each 1,000 hours`}${it.safe ? ', if all of it accrued and converted now' : ', earned only as hours are delivered'}.
        Beside them: money and cloud credits. <a href="${it.proFormaPath}">Before and after, by holder</a>.</p>
      <section class="card">
        <h2>Side by side</h2>
        ${sideBySide(it)}
        <p class="quiet">Each column stands by itself: its part is of all shares after the round with this in the place of the tokens,
          over the cap table of ${date(it.asOf)}. Hours that money and credits buy are rounded down.</p>
        <p class="actions"><a class="button plain" href="${it.path}.csv${it.query}">CSV</a> <a class="button plain" href="${it.path}.json${it.query}">JSON</a></p>
      </section>
      ${askCard(it)}`,
  })
}

/** One column for each leg: a founder reads down what one offer is, and across where they differ. */
function sideBySide({ legs, longStop }: LegsPage): Html {
  const row = (head: string, of: (leg: LegOnPage) => Content) => ({ cells: [head, ...legs.map(of)] })
  return dataTable({
    caption: 'What is given, what is got, and what ties the hands',
    stacks: true,
    columns: [{ head: '' }, ...legs.map(({ name }) => ({ head: name }))],
    rows: [
      row('Part of the company', ({ equityPart }) => `${percent(equityPart, '1')} %`),
      row('Shares', ({ shares }) => (shares === '0' ? 'none' : grouped(shares))),
      row('H100-hours', ({ hours }) => grouped(hours)),
      row('Shares for each 1,000 hours', ({ sharesPerThousandHours: shares }) =>
        shares === null ? '–' : shares === '0' ? 'none' : rounded(shares),
      ),
      row('Price of an hour', ({ hourPrice }) =>
        hourPrice === null
          ? 'none beside the shares'
          : html`${money(hourPrice.amount)}<br><span class="quiet">${hourPrice.source}</span>`,
      ),
      row('If nothing is used', ({ kind, earnedByUse }) =>
        earnedByUse
          ? html`No share is earned by use; the long-stop is ${date(longStop)}`
          : kind === 'CASH'
            ? 'The shares stay sold'
            : 'Nothing is owed',
      ),
      row('Can be used for', ({ liquidity }) => LIQUIDITIES[liquidity]),
      row('Expires', ({ expiresOn }) => (expiresOn === null ? 'never' : date(expiresOn))),
      row('Restrictions', ({ restrictions }) =>
        restrictions.length === 0 ? '–' : restrictions.map((text, i) => html`${i > 0 && html`<br>`}${text}`),
      ),
    ],
  })
}

/** To two places, half up: the file has all ten. */
const rounded = (shares: string): string => grouped(percent(shares, '100'), 2)

const askCard = ({ path, asked, currency }: LegsPage): Html => html`<section class="card">
        <h2>Compare with other offers</h2>
        <form method="get" action="${path}">
          <p>Money for shares, all of it spent on compute. Leave it empty for the same value at the reference price of the terms.</p>
          <div class="fields">
            ${field('cash', `Money, ${currency}`, asked, true)}
            ${field('cashShares', 'Shares for it', asked, true)}
            ${field('cashHour', `An H100-hour, ${currency}`, asked, true)}
            ${field('cashSource', 'Who says so', asked)}
          </div>
          <p>Credits of a cloud, for no shares.</p>
          <div class="fields">
            ${field('credits', `Credits, ${currency}`, asked, true)}
            ${field('creditsHour', `An H100-hour, ${currency}`, asked, true)}
            ${field('creditsSource', 'Who says so', asked)}
            <label><span>They end on</span> <input type="date" name="creditsUntil" value="${asked.creditsUntil}"></label>
          </div>
          <button>Set side by side</button>
        </form>
      </section>`

const field = (name: keyof LegsAsked, words: string, asked: LegsAsked, decimal = false): Html =>
  html`<label><span>${words}</span> <input type="text" name="${name}" value="${asked[name]}"${decimal && html` inputmode="decimal"`} maxlength="${decimal ? '24' : '200'}"></label>`
