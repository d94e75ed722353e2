/** A company's reservations on its compute page: a part of the list at a time, the newest first. */
import { counted, grouped, instantWords } from '../format.ts'
import { dataTable } from './figure.ts'
import { type Html, html } from './html.ts'
import { emptyState } from './layout.ts'

/** Tokens of one reservation: what was set aside is the sum of the others, but for what was credited, a part of what returned. */
export type TokensOfReservation = {
  readonly setAside: string
  readonly held: string
  readonly delivered: string
  readonly idle: string
  readonly noShow: string
  readonly cancelFee: string
  readonly returned: string
  readonly credited: string
}
export type ReservationRow = {
  readonly id: string
  readonly pool: string
  readonly gpus: number
  readonly startsAt: string
  readonly endsAt: string
  readonly state: string
  readonly tokens: TokensOfReservation
  /** Its own page. */
  readonly path: string
  /** The provider offers something else, and the company has not answered. */
  readonly waitsForCompany: boolean
  /** A change of it waits for the provider. */
  readonly changeAsked: boolean
}
/** A part of a company's reservations. */
export type ReservationList = {
  readonly rows: readonly ReservationRow[]
  /** How many there are in all. */
  readonly count: number
  /** Newer ones than this id, and older ones than that one, are to be asked for; undefined where there are none. */
  readonly newer?: string | undefined
  readonly older?: string | undefined
}

const STATES: Readonly<Record<string, string>> = {
  waitlisted: '… On the waiting list',
  held: '◷ Waits for the provider',
  confirmed: '✓ Confirmed',
  provisioned: '✓ Ready on the cluster',
  active: '▶ Running',
  completed: '■ Completed',
  cancelled: '✗ Cancelled',
  declined: '✗ Declined by the provider',
  expired: '✗ Not decided in time',
  no_show: '✗ Not used in time',
  failed: '✗ Failed',
}
/** Where a reservation stands, as a word with a sign. */
export const reservationWords = (state: string): string => STATES[state] ?? state

/** What became of the tokens that were set aside. */
const TOKEN_COLUMNS = [
  ['held', 'Held now'],
  ['delivered', 'Delivered'],
  ['idle', 'Not used'],
  ['noShow', 'No-show'],
  ['cancelFee', 'Cancellation'],
  ['returned', 'Returned'],
  ['credited', 'Credited'],
] as const

export function reservationsCard(list: ReservationList, path: string): Html {
  const { rows, count } = list
  if (count === 0) {
    return emptyState({
      heading: 'No reservation yet',
      text: 'What the company asks for stands here, with what the provider decided.',
    })
  }
  return html`<section class="card" id="reservations">
        <h2>Reservations</h2>
        ${dataTable({
          caption: `${whichWords(list)}, in UTC. What was set aside is held still, was charged, by cause, or returned; what was credited is a part of what returned.`,
          columns: [
            { head: 'From' },
            { head: 'Until' },
            { head: 'Pool' },
            { head: 'GPUs', number: true },
            { head: 'State' },
            { head: 'Set aside', number: true },
            ...TOKEN_COLUMNS.map(([, head]) => ({ head, number: true })),
          ],
          rows: rows.map((row) => ({
            cells: [
              html`<a href="${row.path}">${instantWords(row.startsAt)}</a>`,
              instantWords(row.endsAt),
              row.pool,
              row.gpus,
              row.waitsForCompany
                ? '! Waits for your answer'
                : `${reservationWords(row.state)}${row.changeAsked ? ', change asked for' : ''}`,
              grouped(row.tokens.setAside),
              ...TOKEN_COLUMNS.map(([name]) => grouped(row.tokens[name])),
            ],
          })),
        })}
        ${pager(list, path)}
        <p class="actions"><a class="button plain" href="${path}/reservations.ics">Calendar feed</a> <a class="button plain" href="${path}/reservations.csv">CSV</a> <a class="button plain" href="${path}/reservations.json">JSON</a></p>
      </section>`
}

const whichWords = ({ rows, count, newer, older }: ReservationList): string => {
  if (newer === undefined && older === undefined) return 'The newest first'
  const [of, all] = [grouped(String(rows.length)), counted(String(count), 'reservation')]
  if (newer === undefined) return `The newest ${of} of ${all}`
  return older === undefined ? `The oldest ${of} of ${all}` : `${of} of ${all}, the newest first`
}

const pager = ({ newer, older }: ReservationList, path: string): Html | false => {
  if (newer === undefined && older === undefined) return false
  return html`<nav class="actions" aria-label="More reservations">${
    newer !== undefined && html`<a class="button plain" href="${path}?newer=${newer}#reservations">Newer</a> `
  }${older !== undefined && html`<a class="button plain" href="${path}?older=${older}#reservations">Older</a>`}</nav>`
}
