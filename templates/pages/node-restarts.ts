/** Nodes that were down between two checks of their scheduler, on a page: what is certain, and what the provider has to say. */
import { instantWords } from '../format.ts'
import { dataTable } from './figure.ts'
import { type Html, html } from './html.ts'

export type RestartOnPage = {
  readonly company: string
  /** Where the reservation is looked into; empty for who does not see the company's pages. */
  readonly path: string
  readonly node: string
  readonly gpus: number
  readonly possibleFrom: string
  readonly possibleUntil: string
  readonly certainFrom: string | null
  readonly certainUntil: string | null
  readonly evidence: string
  /** Null while the provider has not said. */
  readonly answer: string | null
  readonly answeredFrom: string | null
  readonly answeredUntil: string | null
  readonly note: string | null
  /** Where the provider's own staff say it; left out for who only looks. */
  readonly completePath?: string | undefined
}

/** An instant to the second: outages are short. */
const seconds = (iso: string): string => instantWords(iso).replace(/\d\d:\d\d(?= UTC)/, iso.slice(11, 19))
const span = (from: string, until: string): string => `${seconds(from)} to ${seconds(until)}`

const answerWords = ({ answer, answeredFrom, answeredUntil, note }: RestartOnPage): string => {
  const why = note === null ? '' : `: ${note}`
  if (answer === 'OUTAGE' && answeredFrom !== null && answeredUntil !== null) {
    return `✓ Down ${span(answeredFrom, answeredUntil)}, as the provider says${why}`
  }
  if (answer === 'NOTHING_MORE') return `✓ No more than that, as the provider says${why}`
  return answer === 'KNOWN' ? '✓ The scheduler tells all of it' : '… The provider has not said yet'
}

/** As a field for it takes it, in UTC. */
const fieldTime = (iso: string): string => iso.slice(0, 19)

/** Nothing is filled in that is not certain, so that a slip of the finger claims nothing. */
const completeForm = (row: RestartOnPage, path: string): Html =>
  html`<form method="post" action="${path}" class="fields">
      <label><span>Down from (UTC)</span><input name="startsAt" type="datetime-local" step="1" min="${fieldTime(row.possibleFrom)}" max="${fieldTime(row.possibleUntil)}" value="${row.certainFrom === null ? '' : fieldTime(row.certainFrom)}"></label>
      <label><span>Until (UTC)</span><input name="endsAt" type="datetime-local" step="1" min="${fieldTime(row.possibleFrom)}" max="${fieldTime(row.possibleUntil)}" value="${row.certainUntil === null ? '' : fieldTime(row.certainUntil)}"></label>
      <label><span>How it is known</span><input name="note" maxlength="1000" required></label>
      <button name="answer" value="OUTAGE" class="plain">Record this outage</button>
      <button name="answer" value="NOTHING_MORE" class="plain">It was down for no longer than is certain</button></form>`

export const restartsTable = (rows: readonly RestartOnPage[], caption: string): Html =>
  dataTable({
    caption,
    columns: [
      ...(rows.some(({ company }) => company !== '') ? [{ head: 'Reservation' }] : []),
      { head: 'Node' },
      { head: 'GPUs', number: true },
      { head: 'Down at most' },
      { head: 'Down for certain' },
      { head: 'What shows it' },
      { head: 'The rest' },
    ],
    rows: rows.map((row) => ({
      cells: [
        ...(row.company === '' ? [] : [row.path === '' ? row.company : html`<a href="${row.path}">${row.company}</a>`]),
        row.node,
        row.gpus,
        span(row.possibleFrom, row.possibleUntil),
        row.certainFrom === null || row.certainUntil === null ? '–' : span(row.certainFrom, row.certainUntil),
        row.evidence,
        row.answer === null && row.completePath !== undefined ? completeForm(row, row.completePath) : answerWords(row),
      ],
    })),
  })
