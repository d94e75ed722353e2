/** Sets of terms that are kept, side by side: by how much each dilutes today's holders, in the first line. */
import { dilutionChart, type Moment } from '../charts/ownership.ts'
import { column, date, grouped, type MoneyText, moneyColumn, percent, sum } from '../format.ts'
import { dataTable, figure } from './figure.ts'
import { type Html, html } from './html.ts'
import { emptyState, layout, type Person } from './layout.ts'

export type ScenariosPage = {
  readonly person: Person
  readonly companyName: string
  /** The page's own path: downloads are the same with an ending. */
  readonly path: string
  readonly plansPath: string
  /** Newest first. */
  readonly scenarios: readonly ScenarioOnPage[]
}
export type ScenarioOnPage = {
  readonly name: string
  readonly version: number
  readonly asOf: string
  readonly roundName: string
  readonly closingDate: string
  /** What it comes to, parts of 1; left out where it comes to nothing over the cap table of its day. */
  readonly figures?: {
    readonly preMoney: MoneyText
    readonly pricePerShare: MoneyText
    readonly postMoney: MoneyText
    readonly tokens: string
    readonly computeShares: string
    readonly computePart: string
    readonly cashShares: string
    readonly impliedPrice: MoneyText
    readonly dilution: string
    readonly dilutionIfNothingUsed: string
    /** Of all founders together; `null` where nobody is called one. */
    readonly foundersPart: string | null
    readonly foundersPartWithoutUnearned: string | null
  }
  readonly holdings: Moment['holdings']
  readonly refused?: string
}
type Solved = ScenarioOnPage & { readonly figures: NonNullable<ScenarioOnPage['figures']> }
const isSolved = (scenario: ScenarioOnPage): scenario is Solved => scenario.figures !== undefined

/** Scenarios that are drawn: the newest. More columns are not compared by eye. */
const DRAWN = 6

export function scenariosPage(it: ScenariosPage): string {
  const solved = it.scenarios.filter(isSolved)
  return layout({
    title: `Scenarios: ${it.companyName}`,
    person: it.person,
    main: html`
      <p class="over">${it.companyName}</p>
      <h1>${headline(solved)}</h1>
      <p class="lead">With every unearned share counted, each over the cap table of its own day. Scenarios are the fund’s own: nothing follows from them.</p>
      ${
        it.scenarios.length === 0
          ? emptyState({
              heading: 'No scenario yet',
              text: 'A scenario is a set of terms kept under a name. It is kept in the tab Step12_WhatIf of the console.',
              action: { label: 'Open the console', path: '/console' },
            })
          : html`${solved.length > 0 && figuresCard(solved)}${refusedCard(it.scenarios)}
      <section class="card">
        <h2>Take it away, or go on</h2>
        <p class="actions"><a class="button plain" href="${it.path}.csv">CSV</a> <a class="button plain" href="${it.path}.json">JSON</a></p>
        <ul><li><a href="${it.plansPath}">Plans of rounds one after another</a></li></ul>
      </section>`
      }`,
  })
}

function headline(solved: readonly Solved[]): string {
  const all = solved.map(({ figures }) => percent(figures.dilution, '1')).toSorted((a, b) => Number(a) - Number(b))
  const [least, most] = [all[0], all.at(-1)]
  if (least === undefined || most === undefined) return 'There is no scenario to compare'
  return least === most
    ? `By the scenarios today’s holders are diluted by ${most} %`
    : `By the scenarios today’s holders are diluted by ${least} to ${most} %`
}

function figuresCard(solved: readonly Solved[]): Html {
  const of = (read: (figures: Solved['figures']) => string) => solved.map(({ figures }) => read(figures))
  const moneyOf = (read: (figures: Solved['figures']) => MoneyText) =>
    moneyColumn(solved.map(({ figures }) => read(figures)))
  const [price, after, hour] = [
    moneyOf(({ pricePerShare }) => pricePerShare),
    moneyOf(({ postMoney }) => postMoney),
    moneyOf(({ impliedPrice }) => impliedPrice),
  ]
  const tokens = column(of((figures) => figures.tokens))
  return html`<section class="card">
        <h2>Side by side</h2>
        ${figure({ id: 'scenarios', draw: (canvas) => dilutionChart(moments(solved), canvas, CHART), note: 'Parts of all shares, fully diluted, after the round. Hatched: issued and not earned.' })}
        ${dataTable({
          caption: 'What each scenario comes to',
          stacks: true,
          columns: [
            { head: 'Scenario' },
            { head: 'Dilution, %', number: true },
            { head: 'If nothing is used, %', number: true },
            { head: 'Tokens', number: true },
            { head: 'For compute, %', number: true },
            { head: 'A share', number: true },
            { head: 'An hour in equity', number: true },
          ],
          rows: solved.map(({ name, version, roundName, figures }, at) => ({
            cells: [
              html`${name}<br><span class="quiet">${roundName}, version ${version}</span>`,
              ...[percent(figures.dilution, '1'), percent(figures.dilutionIfNothingUsed, '1'), tokens[at] ?? ''],
              ...[percent(figures.computePart, '1'), price[at] ?? '', hour[at] ?? ''],
            ],
          })),
        })}
        ${solved.some(({ figures }) => figures.foundersPart !== null) && foundersTable(solved)}
        ${dataTable({
          caption: 'Shares and valuations',
          stacks: true,
          columns: [
            { head: 'Scenario' },
            { head: 'Closes' },
            { head: 'Cap table of' },
            { head: 'Shares for compute', number: true },
            { head: 'Shares for cash', number: true },
            { head: 'After the money', number: true },
          ],
          rows: solved.map(({ name, closingDate, asOf, figures }, at) => ({
            cells: [
              ...[name, date(closingDate), date(asOf), grouped(figures.computeShares), grouped(figures.cashShares)],
              after[at] ?? '',
            ],
          })),
        })}
      </section>`
}

/** What the founders keep by each scenario: together, then each. */
function foundersTable(solved: readonly Solved[]): Html {
  const names = [...new Set(solved.flatMap(({ holdings }) => holdings.filter(isFounder).map(({ holder }) => holder)))]
  const part = ({ holdings }: Solved, name: string): string => {
    const own = holdings.filter((holding) => isFounder(holding) && holding.holder === name)
    return percent(sum(own.map(({ shares }) => shares)), sum(holdings.map(({ shares }) => shares)))
  }
  const orNone = (value: string | null): string => (value === null ? '–' : percent(value, '1'))
  return dataTable({
    caption: 'What the founders keep, % of all shares after the round',
    stacks: true,
    columns: [
      { head: 'Scenario' },
      { head: 'Together', number: true },
      { head: 'Together without unearned', number: true },
      ...names.map((name) => ({ head: name, number: true })),
    ],
    rows: solved.map((scenario) => ({
      cells: [
        ...[scenario.name, orNone(scenario.figures.foundersPart)],
        orNone(scenario.figures.foundersPartWithoutUnearned),
        ...names.map((name) => part(scenario, name)),
      ],
    })),
  })
}
const isFounder = ({ founder }: Moment['holdings'][number]): boolean => founder === true

const CHART = { title: 'Ownership by scenario', last: 'By' }
const moments = (solved: readonly Solved[]): readonly Moment[] =>
  solved.slice(0, DRAWN).map(({ name, holdings }) => ({ name, holdings }))

function refusedCard(scenarios: readonly ScenarioOnPage[]): Html | false {
  const refused = scenarios.filter((scenario) => !isSolved(scenario))
  return (
    refused.length > 0 &&
    html`<section class="card">
        <h2>What cannot be solved</h2>
        <ul>${refused.map(({ name, refused: why }) => html`<li><strong>✕ ${name}.</strong> ${why}</li>`)}</ul>
      </section>`
  )
}
