/** The start page of everybody but a company's own people: where each deal stands, and whose step is next. */
import { grouped } from '../format.ts'
import { dataTable } from './figure.ts'
import { type Content, type Html, html } from './html.ts'
import { emptyState, layout, type Person } from './layout.ts'
import { type PaperRow, papersCard } from './papers-card.ts'

export type DealOnPage = {
  readonly company: string
  readonly capTablePath: string
  readonly computePath: string
  /** The fund's plans of later rounds. */
  readonly plansPath: string
  /** The newest round; left out where there is none. */
  readonly round?: { readonly name: string; readonly state: string; readonly path: string } | undefined
  /** What the terms of that round protect; left out where there is none. */
  readonly protectionsPath?: string | undefined
  /** Flags that nobody has waived, acknowledged or cleared. */
  readonly openFlags: number
  /** The newest statement; left out where there is none. */
  readonly statement?: { readonly name: string; readonly state: string; readonly path: string } | undefined
}

export type StaffHome = {
  readonly person: Person
  /** Whether this person has the page of pools. */
  readonly operations: boolean
  /** Left out for who sees no companies by their role. */
  readonly deals?: readonly DealOnPage[] | undefined
  /** Papers that wait for this person's signature. */
  readonly papers?: readonly PaperRow[]
  /** Companies that are seen and not listed. */
  readonly more?: number
}

/** The life of a round, in words that say whose step is next. */
const ROUND_STATES: Readonly<Record<string, string>> = {
  draft: '○ In draft',
  proposed: '● Proposed: the term sheet is to be issued',
  term_sheet_issued: '● Term sheet issued: waits for the company',
  accepted: '● Accepted: conditions, then the closing',
  closed: '■ Closed',
  withdrawn: '– Withdrawn',
}

export const staffHomePage = ({ person, operations, deals, papers = [], more = 0 }: StaffHome): string =>
  layout({
    title: 'Start',
    person,
    main: html`
      <h1>${deals === undefined ? 'Work is done in the console' : headline(deals)}</h1>
      <p class="lead">Each step of a deal is a tab of the console, filled in and in order; what you may not see is not there.</p>
      <p class="actions"><a class="button" href="/console">Open the console</a>${operations && html` <a class="button plain" href="/operations">Pools and what waits</a>`}${deals !== undefined && html` <a class="button plain" href="/statements">Statements</a>`}</p>
      ${papers.length > 0 && papersCard(papers)}
      ${deals !== undefined && dealsPart(deals, more)}`,
  })

function headline(deals: readonly DealOnPage[]): string {
  const flagged = deals.filter(({ openFlags }) => openFlags > 0).length
  return `${deals.length} ${deals.length === 1 ? 'company' : 'companies'}, ${flagged === 0 ? 'none' : flagged} with open flags`
}

const dealsPart = (deals: readonly DealOnPage[], more: number): Html =>
  deals.length === 0
    ? emptyState({
        heading: 'No company yet',
        text: 'Companies that you see stand here, with where their deals stand.',
      })
    : html`<section class="card">
        <h2>Deals</h2>
        ${dataTable({
          caption: 'Newest round and statement of each company',
          columns: [
            { head: 'Company' },
            { head: 'Round' },
            { head: 'Flags', number: true },
            { head: 'Statement' },
            { head: 'Pages' },
          ],
          rows: deals.map((deal) => ({
            cells: [
              deal.company,
              linked(deal.round, ROUND_STATES),
              deal.openFlags === 0 ? '0' : html`<strong>▲ ${grouped(String(deal.openFlags))} open</strong>`,
              linked(deal.statement),
              html`<a href="${deal.capTablePath}">Cap table</a><br><a href="${deal.computePath}">Compute</a>${deal.protectionsPath !== undefined && html`<br><a href="${deal.protectionsPath}">Protections</a>`}<br><a href="${deal.plansPath}">Plans</a>`,
            ],
          })),
        })}
        ${more > 0 && html`<p class="quiet">${grouped(String(more))} more in the console.</p>`}
      </section>`

const linked = (
  what: { readonly name: string; readonly state: string; readonly path: string } | undefined,
  words: Readonly<Record<string, string>> = {},
): Content =>
  what === undefined
    ? '–'
    : html`<a href="${what.path}">${what.name}</a><br><span class="quiet">${words[what.state] ?? what.state}</span>`
