/** The company before and after a round, on a page: what present holders keep, in the first line. */
import { FOUNDERS, foundersIn, type Ownership, ownershipChart } from '../charts/ownership.ts'
import { date, grouped, listed, type MoneyText, money, percent, sum } from '../format.ts'
import { dataTable, figure } from './figure.ts'
import { type Html, html } from './html.ts'
import { layout, type Person } from './layout.ts'

export type ProFormaPage = {
  readonly person: Person
  readonly companyName: string
  readonly roundName: string
  readonly asOf: string
  /** The page's own path: downloads are the same with an ending. */
  readonly path: string
  readonly waterfallPath: string
  readonly protectionsPath: string
  readonly legsPath: string
  /** Plans of later rounds that this person sees, newest first. */
  readonly chains: readonly { readonly name: string; readonly path: string }[]
  /** Where later rounds are drawn up after this one; left out for whoever does not. */
  readonly laterRoundsPath?: string
  /** Left out before the first closing was held. */
  readonly closingsPath?: string
  readonly price: MoneyText
  readonly preMoney: MoneyText
  readonly postMoney: MoneyText
  /** By holder and class. */
  readonly lines: readonly (Ownership & { readonly className: string })[]
  /** Each grant of tokens, and what its hour costs in shares. */
  readonly grants: readonly {
    readonly tokens: string
    readonly shares: string
    readonly impliedPrice: MoneyText
    readonly referencePrice: MoneyText
  }[]
  /** True where compute buys a SAFE: shares are then what all of it would become. */
  readonly safe: boolean
  /** Every instrument for compute, earned and maximum. Shares, and percents of all shares after. */
  readonly computeEquity: readonly {
    readonly kind: 'STOCK' | 'STAGED' | 'PENNY_WARRANT' | 'SAFE'
    readonly holder: string
    readonly className: string
    readonly ofThisRound: boolean
    readonly earned: string
    readonly maximum: string
    readonly earnedPercent: string
    readonly maximumPercent: string
    readonly unearnedCounted: boolean
  }[]
  /** What the figures leave out or take for granted. */
  readonly notes: readonly string[]
}

type Totals = { readonly before: string; readonly after: string; readonly unearned: string }

/** The line of the founders over theirs, where there are several: their lines stay, and the total counts none twice. */
function foundersRow(lines: ProFormaPage['lines'], of: { before: string; after: string; without: string }) {
  const names = foundersIn(lines)
  if (names.length === 0) return []
  const total = (read: (line: Ownership) => string): string =>
    sum(lines.filter(({ founder }) => founder === true).map(read))
  const [before, after, unearned] = [total((it) => it.before), total((it) => it.after), total((it) => it.unearned)]
  return [
    {
      cells: [
        ...[`Of these: ${FOUNDERS.toLowerCase()}`, listed(names)],
        ...[grouped(before), percent(before, of.before), grouped(after), percent(after, of.after), grouped(unearned)],
        percent(sum([after, unearned === '0' ? '0' : `-${unearned}`]), of.without),
      ],
    },
  ]
}

const sharesLead = (it: ProFormaPage, of: Totals & { readonly without: string }): Html => html`
      <h1>After ${it.roundName}, today’s holders own ${percent(of.before, of.after)} % of the company</h1>
      <p class="lead">If no token is ever used, they own ${percent(of.before, of.without)} %: ${grouped(of.unearned)} of the new shares are
        unearned, and end with the tokens. ${money(it.price)} a share, ${money(it.preMoney)} before the money,
        ${money(it.postMoney)} after it.</p>`

const safeLead = (it: ProFormaPage, of: Totals): Html => html`
      <h1>If all of ${it.roundName} accrued and converted now, today’s holders would own ${percent(of.before, of.after)} % of the company</h1>
      <p class="lead">Nothing has accrued when it is signed, and nothing is issued: today’s holders own 100.00 %. At the most it becomes
        ${grouped(of.unearned)} shares at ${money(it.price)}, which is ${money(it.preMoney)} over the capitalisation of today.</p>`

const KINDS = {
  STOCK: 'Vesting stock',
  STAGED: 'Stock in tranches',
  PENNY_WARRANT: 'Penny warrant',
  SAFE: 'SAFE',
} as const

/** Earned and maximum: what each instrument for compute is now, and may become. */
const equityCard = (it: ProFormaPage): Html => html`<section class="card">
        <h2>Equity for compute: earned and maximum</h2>
        ${dataTable({
          caption:
            'Each instrument for compute, of this round and of earlier ones, in parts of all shares after the round',
          stacks: true,
          columns: [
            { head: 'Holder' },
            { head: 'Instrument' },
            { head: 'Class' },
            { head: 'Given' },
            { head: 'Earned', number: true },
            { head: '%', number: true },
            { head: 'Maximum', number: true },
            { head: '%', number: true },
            { head: 'In the price' },
          ],
          rows: it.computeEquity.map((row) => ({
            cells: [
              row.holder,
              KINDS[row.kind],
              row.className,
              row.ofThisRound ? 'In this round' : 'Earlier',
              grouped(row.earned),
              percent(row.earnedPercent, '100'),
              grouped(row.maximum),
              percent(row.maximumPercent, '100'),
              row.ofThisRound ? 'Bought in it' : row.unearnedCounted ? 'Maximum' : 'Earned',
            ],
          })),
        })}
      </section>`

export function proFormaPage(it: ProFormaPage): string {
  const total = (of: (line: Ownership) => string): string => sum(it.lines.map(of))
  const [before, after, unearned] = [total((it) => it.before), total((it) => it.after), total((it) => it.unearned)]
  const without = sum([after, unearned === '0' ? '0' : `-${unearned}`])
  return layout({
    title: `${it.roundName}: before and after`,
    person: it.person,
    main: html`
      <p class="over">${it.companyName}</p>
      ${it.safe ? safeLead(it, { before, after, unearned }) : sharesLead(it, { before, after, without, unearned })}
      <section class="card">
        <h2>Before and after</h2>
        ${figure({ id: 'ownership', draw: (canvas) => ownershipChart(it.lines, canvas), note: `Parts of all shares, fully diluted, by the cap table of ${date(it.asOf)}. Hatched: issued and not earned yet.` })}
        ${dataTable({
          caption: 'Shares by holder and class',
          columns: [
            { head: 'Holder' },
            { head: 'Class' },
            { head: 'Before', number: true },
            { head: '%', number: true },
            { head: 'After', number: true },
            { head: '%', number: true },
            { head: 'Unearned', number: true },
            { head: '% without unearned', number: true },
          ],
          rows: [
            ...it.lines.map((line) => ({
              cells: [
                line.holder,
                line.className,
                grouped(line.before),
                percent(line.before, before),
                grouped(line.after),
                percent(line.after, after),
                grouped(line.unearned),
                percent(sum([line.after, line.unearned === '0' ? '0' : `-${line.unearned}`]), without),
              ],
            })),
            ...foundersRow(it.lines, { before, after, without }),
            {
              cells: ['Total', '', grouped(before), '100.00', grouped(after), '100.00', grouped(unearned), '100.00'],
              total: true,
            },
          ],
        })}
      </section>
      ${it.computeEquity.length > 0 && equityCard(it)}
      <section class="card">
        <h2>What the compute costs in shares</h2>
        ${it.grants.length > 1 && html`<p>${String(it.grants.length)} grants; each earns shares of its own.</p>`}
        ${it.grants.map(
          (
            grant,
          ) => html`<p>${grouped(grant.tokens)} tokens, each an H100-hour, at ${money(grant.impliedPrice)} an hour in equity; the reference price is
          ${money(grant.referencePrice)}.${it.safe ? '' : ` They can earn ${grouped(grant.shares)} shares.`}</p>`,
        )}
        ${it.notes.length > 0 && html`<ul>${it.notes.map((note) => html`<li>${note}</li>`)}</ul>`}
        <p class="actions"><a class="button plain" href="${it.path}.csv">CSV</a> <a class="button plain" href="${it.path}.json">JSON</a></p>
        <ul>
          <li><a href="${it.protectionsPath}">What protects the company, and who bears what</a></li>
          <li><a href="${it.legsPath}">The tokens beside cash and cloud credits</a></li>
          ${it.closingsPath !== undefined && html`<li><a href="${it.closingsPath}">Who holds what after each closing</a></li>`}
          <li><a href="${it.waterfallPath}">Who gets what if the company is sold right after it</a></li>
          ${it.laterRoundsPath !== undefined && html`<li><a href="${it.laterRoundsPath}">Draw up the rounds after it</a></li>`}
          ${it.chains.map(({ name, path }) => html`<li>Over later rounds: <a href="${path}">${name}</a></li>`)}
        </ul>
      </section>`,
  })
}
