/** The company before and after a round, on a page: what present holders keep, in the first line. */
import { type Ownership, ownershipChart } from '../charts/ownership.ts'
import { date, grouped, type MoneyText, money, percent, sum } from '../format.ts'
import { dataTable, figure } from './figure.ts'
import { html } from './html.ts'
import { layout, type Person } from './layout.ts'

export type ProFormaPage = {
  readonly person: Person
  readonly companyName: string
  readonly roundName: string
  readonly asOf: string
  /** The page's own path: downloads are the same with an ending. */
  readonly path: string
  readonly waterfallPath: string
  readonly price: MoneyText
  readonly preMoney: MoneyText
  readonly postMoney: MoneyText
  /** By holder and class. */
  readonly lines: readonly (Ownership & { readonly className: string })[]
  readonly tokens: string
  readonly impliedPrice: MoneyText
  readonly referencePrice: MoneyText
  /** What the figures leave out or take for granted. */
  readonly notes: readonly string[]
}

export function proFormaPage(it: ProFormaPage): string {
  const total = (of: (line: Ownership) => string): string => sum(it.lines.map(of))
  const [before, after, unearned] = [total((it) => it.before), total((it) => it.after), total((it) => it.unearned)]
  const without = sum([after, unearned === '0' ? '0' : `-${unearned}`])
  return layout({
    title: `${it.roundName}: before and after`,
    person: it.person,
    main: html`
      <p class="over">${it.companyName}</p>
      <h1>After ${it.roundName}, today’s holders own ${percent(before, after)} % of the company</h1>
      <p class="lead">If no token is ever used, they own ${percent(before, without)} %: ${grouped(unearned)} of the new shares are
        unearned, and end with the tokens. ${money(it.price)} a share, ${money(it.preMoney)} before the money,
        ${money(it.postMoney)} after it.</p>
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
            {
              cells: ['Total', '', grouped(before), '100.00', grouped(after), '100.00', grouped(unearned), '100.00'],
              total: true,
            },
          ],
        })}
      </section>
      <section class="card">
        <h2>What the compute costs in shares</h2>
        <p>${grouped(it.tokens)} tokens, each an H100-hour, at ${money(it.impliedPrice)} an hour in equity; the reference price is
          ${money(it.referencePrice)}.</p>
        ${it.notes.length > 0 && html`<ul>${it.notes.map((note) => html`<li>${note}</li>`)}</ul>`}
        <p class="actions"><a class="button plain" href="${it.path}.csv">CSV</a> <a class="button plain" href="${it.path}.json">JSON</a></p>
        <p>Next: <a href="${it.waterfallPath}">who gets what if the company is sold right after it</a>.</p>
      </section>`,
  })
}
