/** The forms by which a company answers a statement: accept exactly these figures, or dispute all of them or some records. */
import { column, grouped } from '../format.ts'
import type { StatementSheet } from '../statement-input.ts'
import { monthName } from '../statement-words.ts'
import { DISPUTE_KINDS } from './dispute.ts'
import { type Html, html } from './html.ts'

export type Answerable = {
  /** Where the forms post `answer`, `sha256`, `state`, `key`, and `read`, or `reason`, `reasonCode` and `usageIds`, to. */
  readonly action: string
  /** Makes that pressing twice answers once. */
  readonly key: string
  /** The records that may be named, those that cost most first. */
  readonly records: readonly {
    readonly usageId: string
    readonly name: string
    readonly gpuSeconds: string
    readonly tokens: string
  }[]
  /** What the last try was refused with. */
  readonly refused?: string
  /** What was typed and ticked for it: it is not lost. */
  readonly typed?: { readonly reason: string; readonly reasonCode: string; readonly usageIds: readonly string[] }
}

export function answerForms(sheet: StatementSheet, state: string, answerable: Answerable): Html {
  const hash = html`<input type="hidden" name="sha256" value="${sheet.sha256}"><input type="hidden" name="state" value="${state}"><input type="hidden" name="key" value="${answerable.key}">`
  return html`<section class="card" id="answer">
        <h2>Accept</h2>
        <p>Accepting agrees to exactly these figures. When the fund then makes the statement final, the shares earned by its
          end vest, and do not un-vest.${state === 'disputed' && html` <strong>It withdraws the dispute that is open.</strong>`}</p>
        <form method="post" action="${answerable.action}">
          ${hash}<input type="hidden" name="answer" value="ACCEPT">
          <label class="check"><input type="checkbox" name="read" value="yes" required>
            <span>I have read the statement with this hash and may accept it for the company.</span></label>
          <button>Accept the statement of ${monthName(sheet.month)}</button>
        </form>
        ${state === 'stated' && disputeForm(hash, answerable)}
      </section>`
}

function disputeForm(hash: Html, { action, records, typed }: Answerable): Html {
  const tokens = column(records.map((record) => record.tokens))
  return html`<h2>Or dispute it</h2>
        <form method="post" action="${action}">
          ${hash}<input type="hidden" name="answer" value="DISPUTE">
          <label><span>What kind of dispute it is</span>
            <select name="reasonCode" required>
              <option value="">Choose</option>
              ${Object.entries(DISPUTE_KINDS).map(([code, words]) => html`<option value="${code}"${typed?.reasonCode === code && html` selected`}>${words}</option>`)}
            </select></label>
          <label><span>What is disputed</span>
            <input type="text" name="reason" value="${typed?.reason}" required maxlength="2000"></label>
          ${
            records.length > 0 &&
            html`<details${(typed?.usageIds.length ?? 0) > 0 && html` open`}><summary>Only some records: without a choice the whole month is disputed</summary>
            <fieldset>
              <legend>Records that are disputed</legend>
              ${records.map(
                (record, i) =>
                  html`<label class="check"><input type="checkbox" name="usageIds" value="${record.usageId}"${typed?.usageIds.includes(record.usageId) && html` checked`}>
                <span>${record.name}: ${grouped(record.gpuSeconds)} GPU-seconds, ${tokens[i]} tokens</span></label>`,
              )}
            </fieldset>
          </details>`
          }
          <button class="plain">Dispute the statement</button>
        </form>
        <p class="quiet">Evidence can be attached to the dispute afterwards.</p>`
}
