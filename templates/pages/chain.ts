/** Rounds one after another on a page: what today's holders keep after the last, in the first line. */
import {
  CHAIN_BASIS,
  type ChainHolding,
  type ChainSheet,
  keptInChain,
  PARTS_OF_CHAIN,
  partsOfChain,
  pricesOfChain,
  salesOfChain,
} from '../chain-sheet.ts'
import { dilutionChart } from '../charts/ownership.ts'
import { date, grouped, percent } from '../format.ts'
import { dataTable, figure } from './figure.ts'
import { type Html, html } from './html.ts'
import { layout, type Person } from './layout.ts'

export type ChainPage = ChainSheet & {
  readonly person: Person
  readonly version: number
  /** The page's own path: downloads are the same with an ending. */
  readonly path: string
  /** All plans of the company, and where this one is changed. */
  readonly listPath: string
  readonly changePath: string
}

export function chainPage(it: ChainPage): string {
  const { part, earned } = keptInChain(it)
  return layout({
    title: `${it.name}: ${it.companyName}`,
    person: it.person,
    main: html`
      <p class="over">${it.companyName}, ${it.name}, version ${it.version}</p>
      <h1>After ${it.rounds.at(-1)?.name ?? 'no round'}, today’s holders own ${percent(part, '1')} % of the company</h1>
      <p class="lead">${percent(earned, '1')} % if nothing more of the unearned shares is ever earned. Each round is solved on
        the result of the one before, beginning with the cap table of ${date(it.asOf)}. A plan of the fund: nothing follows from it.</p>
      ${chainCards(it)}
      <section class="card">
        <h2>Take it away, or change it</h2>
        <p class="actions"><a class="button plain" href="${it.path}.pdf">PDF</a> <a class="button plain" href="${it.path}.csv">CSV</a> <a class="button plain" href="${it.path}.json">JSON</a></p>
        <ul>
          <li><a href="${it.changePath}">Change this plan, or try a round more</a></li>
          <li><a href="${it.listPath}">All plans of ${it.companyName}, side by side</a></li>
        </ul>
      </section>`,
  })
}

/** The chart, who has which part at which stage, and what each round sells. */
export const chainCards = (it: ChainSheet): Html => html`<section class="card">
        <h2>Dilution over the rounds</h2>
        ${figure({ id: 'rounds', draw: (canvas) => dilutionChart(it.stages, canvas), note: 'Parts of all shares, fully diluted, after each round. Hatched: issued and not earned.' })}
        ${PARTS_OF_CHAIN.map(({ caption, of }) => partsTable(it, caption, of))}
      </section>
      <section class="card">
        <h2>The rounds</h2>
        ${pricesTable(it)}
        ${salesTable(it)}
        ${it.rounds.some(({ notes }) => notes.length > 0) && html`<ul>${it.rounds.flatMap((round) => round.notes.map((note) => html`<li>${round.name}: ${note}</li>`))}</ul>`}
        <p class="quiet">${CHAIN_BASIS}</p>
      </section>`

function partsTable(it: ChainSheet, caption: string, of: (holding: ChainHolding) => string): Html {
  const { holders, totals } = partsOfChain(it, of)
  return dataTable({
    caption,
    columns: [{ head: 'Holder' }, ...it.stages.map(({ name }) => ({ head: name, number: true }))],
    rows: [
      ...holders.map(({ holder, parts }) => ({ cells: [holder, ...parts] })),
      { cells: ['Shares in all', ...totals.map((total) => grouped(total))], total: true },
    ],
  })
}

const pricesTable = ({ rounds }: ChainSheet): Html =>
  dataTable({
    caption: 'When each round closes, and at which price',
    stacks: true,
    columns: [
      { head: 'Round' },
      { head: 'Closes' },
      { head: 'Before the money', number: true },
      { head: 'A share', number: true },
      { head: 'After the money', number: true },
    ],
    rows: pricesOfChain(rounds),
  })

const salesTable = ({ rounds }: ChainSheet): Html =>
  dataTable({
    caption: 'What each round sells, in shares',
    stacks: true,
    columns: [
      { head: 'Round' },
      { head: 'Tokens', number: true },
      { head: 'For compute', number: true },
      { head: 'For cash', number: true },
      { head: 'Converted', number: true },
      { head: 'Pool increase', number: true },
    ],
    rows: salesOfChain(rounds),
  })
