/** What a side letter obliges the company to: by when, whether it was done, and the form to record that it was. */
import { date, listed } from '../format.ts'
import { whatIsOwed } from '../obligation-words.ts'
import { dataTable } from './figure.ts'
import { type Html, html } from './html.ts'

export type ObligationOnPage = {
  /** Its name within the side letter: what the form sends. */
  readonly occasion: string
  readonly kind: string
  /** Of reports the last month of the period, `2026-12`; of others what was raised, in words. */
  readonly about: string
  readonly dueOn: string
  /** LETTER, USUAL_FORM or RAISED. */
  readonly dueBy: string
  readonly state: string
  /** Days on which the company was reminded: before, and once it was overdue. */
  readonly remindedOn: readonly string[]
  /** The day from which it is reminded. */
  readonly remindFrom: string
  readonly done: { readonly on: string; readonly evidence: string } | undefined
}

const STATES: Readonly<Record<string, string>> = { DUE: '○ Due', OVERDUE: '▲ Overdue', DONE: '✓ Done' }
const DUE_BY: Readonly<Record<string, string>> = {
  LETTER: '',
  USUAL_FORM: ', by the usual form: the side letter names no day',
  RAISED: ', as it was asked for',
}

const reminderOf = ({ remindedOn, remindFrom, state }: ObligationOnPage): string =>
  remindedOn.length > 0
    ? `Given on ${listed(remindedOn.map((on) => date(on)))}`
    : state === 'DUE'
      ? `From ${date(remindFrom)}`
      : '–'

/** @param action where the form posts to; left out for who only reads */
export function obligationsCard(
  obligations: readonly ObligationOnPage[],
  action: string | undefined,
  key: string,
): Html {
  const open = obligations.filter(({ state }) => state !== 'DONE')
  return html`<section class="card" id="obligations">
        <h2>What the company owes under it</h2>
        ${dataTable({
          caption: 'By the day on which it is due',
          columns: [
            { head: 'What' },
            { head: 'Due' },
            { head: 'State' },
            { head: 'Reminder' },
            { head: 'How it was met' },
          ],
          rows: obligations.map((one) => ({
            cells: [
              whatIsOwed(one),
              `${date(one.dueOn)}${DUE_BY[one.dueBy] ?? ''}`,
              STATES[one.state] ?? one.state,
              reminderOf(one),
              one.done === undefined ? '–' : `${date(one.done.on)}: ${one.done.evidence}`,
            ],
          })),
          stacks: true,
        })}
        ${action !== undefined && open.length > 0 && recordForm(open, action, key)}
      </section>`
}

const recordForm = (open: readonly ObligationOnPage[], action: string, key: string): Html =>
  html`<h3>Record that one was met</h3>
        <form method="post" action="${action}">
          <input type="hidden" name="key" value="${key}">
          <label><span>Which</span>
            <select name="occasion" required>
              ${open.map((one) => html`<option value="${one.occasion}">${whatIsOwed(one)}, due ${date(one.dueOn)}</option>`)}
            </select></label>
          <label><span>Done on, 2026-11-20</span>
            <input type="text" name="doneOn" required maxlength="10" inputmode="numeric"></label>
          <label><span>What shows it</span>
            <input type="text" name="evidence" required maxlength="500"></label>
          <button class="plain">Record it</button>
        </form>`
