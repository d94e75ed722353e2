/** Statements that wait for somebody: months to state, statements to make final, and those that are with a company. */
import { date } from '../format.ts'
import { monthName } from '../statement-words.ts'
import { dataTable } from './figure.ts'
import { type Content, type Html, html } from './html.ts'
import { emptyState, layout, type Person } from './layout.ts'
import { statementParts } from './operations.ts'
import { stateWords } from './statement.ts'

export type MonthDueOnPage = {
  readonly company: string
  /** First day of the month whose turn it is. */
  readonly month: string
  /** Months that are over and not stated, this one among them. */
  readonly months: number
  /** What the form says of the company; left out for who may not state. */
  readonly companyId?: string | undefined
}
export type StatementOnDesk = {
  readonly company: string
  readonly month: string
  readonly path: string
  readonly state: 'stated' | 'disputed' | 'accepted' | 'deemed_accepted'
  readonly disputeUntil: string
  /** First day of an earlier month that must be settled first. */
  readonly waitsFor: string | null
  /** Whether this person makes statements final. */
  readonly finalises: boolean
}
export type StatementDesk = {
  readonly person: Person
  readonly due: readonly MonthDueOnPage[]
  readonly statements: readonly StatementOnDesk[]
  readonly refused?: string | undefined
}

export const statementDeskPage = ({ person, due, statements, refused }: StatementDesk): string => {
  const accepted = statements.filter(isAccepted)
  const open = statements.filter((each) => !isAccepted(each))
  return layout({
    title: 'Statements',
    person,
    main: html`
      <p class="over">Operations</p>
      <h1>${headline(due.length, accepted.length)}</h1>
      <p class="lead">A month is stated when it is over, accepted or disputed by the company, and then made final: only then its
        shares vest.</p>
      ${refused !== undefined && html`<div class="note refused" role="alert"><p><strong>Not done.</strong> ${refused}</p></div>`}
      ${due.length > 0 && dueCard(due)}
      ${accepted.length > 0 && acceptedCard(accepted)}
      ${open.length > 0 && openCard(open)}
      ${
        due.length + statements.length === 0 &&
        emptyState({
          heading: 'Every month that is over is final',
          text: 'When the next month is over, it stands here to be stated.',
        })
      }
      <p class="quiet"><a href="/operations">Operations</a> · <a href="/">Start page</a></p>`,
  })
}

const isAccepted = ({ state }: StatementOnDesk): boolean => state === 'accepted' || state === 'deemed_accepted'

function headline(due: number, accepted: number): string {
  const parts = statementParts({ due, accepted })
  return parts.length === 0 ? 'No statement waits for the fund' : parts.join(', ')
}

const dueCard = (due: readonly MonthDueOnPage[]): Html =>
  html`<section class="card">
        <h2>To be stated</h2>
        ${dataTable({
          caption: 'Months that are over, in their order',
          columns: [{ head: 'Company' }, { head: 'Next month' }, { head: 'More after it', number: true }, { head: '' }],
          rows: due.map(({ company, month, months, companyId }) => ({
            cells: [
              company,
              monthName(month),
              months - 1,
              companyId === undefined
                ? 'Operations state it'
                : form('/statements/state', { companyId, month }, `State ${monthName(month)}`),
            ],
          })),
        })}
      </section>`

const acceptedCard = (statements: readonly StatementOnDesk[]): Html =>
  html`<section class="card">
        <h2>To be made final</h2>
        ${dataTable({
          caption: 'Accepted, or not disputed in time',
          columns: [{ head: 'Company' }, { head: 'Statement' }, { head: 'State' }, { head: '' }],
          rows: statements.map((statement) => ({ cells: [...named(statement), finalises(statement)] })),
        })}
        <p class="quiet">What vests does not un-vest. A statement that is made final takes the accepted ones before it with it.</p>
      </section>`

const openCard = (statements: readonly StatementOnDesk[]): Html =>
  html`<section class="card">
        <h2>With the company</h2>
        ${dataTable({
          caption: 'Stated or disputed',
          columns: [{ head: 'Company' }, { head: 'Statement' }, { head: 'State' }, { head: 'May be disputed until' }],
          rows: statements.map((statement) => ({ cells: [...named(statement), date(statement.disputeUntil)] })),
        })}
      </section>`

const named = ({ company, month, path, state }: StatementOnDesk): Content[] => [
  company,
  html`<a href="${path}">${monthName(month)}</a>`,
  stateWords(state),
]

function finalises({ waitsFor, finalises, path }: StatementOnDesk): Content {
  if (waitsFor !== null) return `${monthName(waitsFor)} must be settled first`
  return finalises ? form(`${path}/finalise`, {}, 'Make it final') : 'Operations make it final'
}

const form = (action: string, fields: Readonly<Record<string, string>>, words: string): Html =>
  html`<form method="post" action="${action}" class="inline">${Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )}<button class="plain">${words}</button></form>`
