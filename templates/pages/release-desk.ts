/** Releases that wait for somebody's yes, and milestones that may be reached by now, over all companies that one sees. */
import { counted, grouped, instantWords } from '../format.ts'
import { type Html, html } from './html.ts'
import { emptyState, layout, type Person } from './layout.ts'

export type WaitingOnPage = {
  readonly company: string
  /** Which grant; left out to who does not see the company. */
  readonly grant?: string | undefined
  readonly what: string
  readonly tokens: string
  readonly confirmedBy: string
  /** When it was asked for; empty of a milestone that nobody has confirmed yet. */
  readonly since: string
  readonly path: string
}
export type ReleaseDesk = {
  readonly person: Person
  readonly waiting: readonly WaitingOnPage[]
  readonly milestones: readonly WaitingOnPage[]
}

export const releaseDeskPage = ({ person, waiting, milestones }: ReleaseDesk): string =>
  layout({
    title: 'Releases',
    person,
    main: html`
      <p class="over">Operations</p>
      <h1>${waiting.length === 0 ? 'No release waits for a decision' : `${counted(String(waiting.length), 'release')} ${waiting.length === 1 ? 'waits' : 'wait'} for a decision`}</h1>
      ${waiting.length > 0 && listCard('Waits for a decision', waiting)}
      ${
        milestones.length > 0
          ? listCard('Milestones that nobody has confirmed yet', milestones)
          : emptyState({
              heading: 'No milestone is open',
              text: 'Milestones of signed terms stand here until they are confirmed.',
            })
      }
      <p class="quiet"><a href="/operations">Operations</a> · <a href="/">Start page</a></p>`,
  })

const listCard = (heading: string, rows: readonly WaitingOnPage[]): Html =>
  html`<section class="card">
        <h2>${heading}</h2>
        <ul>${rows.map(
          (row) =>
            html`<li><a href="${row.path}">${row.what}${row.company !== '' && html` of ${row.company}`}</a>${row.grant !== undefined && html`, ${row.grant}`}: ${grouped(row.tokens)} tokens, by ${row.confirmedBy}${row.since !== '' && html`, since ${instantWords(row.since)}`}</li>`,
        )}</ul>
      </section>`
