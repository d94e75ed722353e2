/** Usage that was kept aside, on a page: what cannot be used and why, and what people do with it. */
import { grouped, instantWords } from '../format.ts'
import { dataTable } from './figure.ts'
import { type Html, html } from './html.ts'
import { emptyState, layout, type Person } from './layout.ts'
import { ageWords } from './operations-pool.ts'

export type KeptAside = {
  readonly id: string
  readonly source: string
  readonly externalId: string
  readonly gpuSeconds: string
  readonly startedAt: string
  readonly endedAt: string
  readonly job: string
  /** Global id; empty where it ran outside any reservation. */
  readonly reservationId: string
  readonly reasonCode: string
  readonly detail: string
  readonly reportedAt: string
  readonly ageMinutes: number
  /** How often it was tried again in vain. */
  readonly replays: number
  /** Why somebody asked that it be discarded; undefined while nobody has. */
  readonly discardAsked?: string | undefined
  readonly events: readonly { readonly what: string; readonly why: string; readonly at: string }[]
  /** Where its forms post to; left out for who only looks. */
  readonly action?: string | undefined
}
export type QuarantineOnPage = {
  readonly person: Person
  /** What waits, by reason. */
  readonly counts: readonly { readonly reason: string; readonly count: number; readonly oldestMinutes: number }[]
  readonly records: readonly KeptAside[]
  readonly refused?: string | undefined
}

const REASONS: Readonly<Record<string, string>> = {
  NOT_FOUND: 'No such reservation',
  WRONG_STATE: 'The reservation takes no usage',
  USAGE_BEYOND_RESERVATION: 'Beyond what was reserved',
  USAGE_CONFLICT: 'Another record has its id',
  HOLD_EXPIRED: 'Its tokens have gone back',
  EXCEEDS_HOLD: 'More than its tokens',
  OUTSIDE_RESERVATION: 'Of no reservation',
}
/** Why a record cannot be used, in words. */
export const quarantineWords = (code: string): string => REASONS[code] ?? code

export const quarantinePage = ({ person, counts, records, refused }: QuarantineOnPage): string => {
  const all = counts.reduce((sum, { count }) => sum + count, 0)
  return layout({
    title: 'Usage kept aside',
    person,
    main: html`
      <p class="over">Operations</p>
      <h1>${all === 0 ? 'No usage is kept aside' : `${grouped(String(all))} usage ${all === 1 ? 'record is' : 'records are'} kept aside`}</h1>
      ${refused !== undefined && html`<div class="note refused" role="alert"><p>${refused}</p></div>`}
      ${
        all === 0
          ? emptyState({
              heading: 'All usage that was told is recorded',
              text: 'What cannot be used stands here with the reason, until somebody mends it, tries it again, or two people discard it.',
            })
          : html`<section class="card">
        <h2>Why</h2>
        ${dataTable({
          caption: 'What waits, by reason',
          columns: [{ head: 'Reason' }, { head: 'Records', number: true }, { head: 'The oldest waits', number: true }],
          rows: counts.map((row) => ({ cells: [quarantineWords(row.reason), row.count, ageWords(row.oldestMinutes)] })),
        })}
      </section>`
      }
      ${records.map(recordCard)}
      ${all > records.length && html`<p class="quiet">The ${records.length} that wait longest are shown. More follow as these are done.</p>`}
      <p class="quiet"><a href="/operations">Operations</a> · <a href="/">Start page</a></p>`,
  })
}

const recordCard = (record: KeptAside): Html =>
  html`<section class="card" id="${record.id}">
        <h2>${quarantineWords(record.reasonCode)}: ${record.externalId}</h2>
        <p>${record.detail}</p>
        ${dataTable({
          caption: `As ${record.source} told it`,
          columns: [
            { head: 'Job' },
            { head: 'GPU-seconds', number: true },
            { head: 'From' },
            { head: 'Until' },
            { head: 'Told' },
            { head: 'Waits', number: true },
            { head: 'Tried in vain', number: true },
          ],
          rows: [
            {
              cells: [
                record.job,
                grouped(record.gpuSeconds),
                instantWords(record.startedAt),
                instantWords(record.endedAt),
                instantWords(record.reportedAt),
                ageWords(record.ageMinutes),
                record.replays,
              ],
            },
          ],
        })}
        <p class="quiet">${record.reservationId === '' ? 'It names no reservation.' : html`Of <span class="id">${record.reservationId}</span>`}</p>
        ${
          record.events.length > 0 &&
          html`<ul>${record.events.map((event) => html`<li>${instantWords(event.at)}: ${event.what}${event.why !== '' && `. ${quarantineWords(event.why)}`}</li>`)}</ul>`
        }
        ${record.action !== undefined && forms(record, record.action)}
      </section>`

/** Each act says what it does; what it takes is filled in from the record. */
const forms = (record: KeptAside, action: string): Html => {
  const field = (name: string, label: string, value: string, more: Html = html``) =>
    html`<label><span>${label}</span><input name="${name}" type="text" value="${value}" ${more}></label>`
  const why = html`<label><span>Why</span><input name="reason" type="text" required maxlength="400"></label>`
  return html`<div class="actions">
          <form method="post" action="${action}/replay"><button class="plain">Try again</button></form>
        </div>
        <details><summary>Mend it and try again</summary>
          <p class="quiet">What came in stays; the corrected record is kept beside it, with your name.</p>
          <form method="post" action="${action}/mend" class="fields">
            ${field('reservationId', 'Reservation', record.reservationId)}
            ${field('gpuSeconds', 'GPU-seconds', record.gpuSeconds, html`required inputmode="numeric"`)}
            ${field('startedAt', 'From', record.startedAt, html`required`)}
            ${field('endedAt', 'Until', record.endedAt, html`required`)}
            ${why}
            <button class="plain">Mend it</button>
          </form>
        </details>
        ${
          record.discardAsked === undefined
            ? html`<details><summary>Ask to discard it</summary>
          <p class="quiet">Another person has to agree. Its row stays, and it is never charged.</p>
          <form method="post" action="${action}/discard" class="fields">${why}<button class="plain">Ask to discard it</button></form>
        </details>`
            : html`<div class="note"><p><strong>Somebody asks to discard it:</strong> ${record.discardAsked}</p>
          <form method="post" action="${action}/discard" class="fields">
            ${why}
            <button name="decision" value="DISCARD">Discard it for good</button>
            <button name="decision" value="KEEP" class="plain">Keep it</button>
          </form></div>`
        }`
}
