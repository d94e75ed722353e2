/** One reservation on a page: what it is, what waits for whom, and what can be done with it. */
import { grouped, instantWords } from '../format.ts'
import { reservationWords } from './compute-reservations.ts'
import { dataTable } from './figure.ts'
import { type Html, html } from './html.ts'
import { layout, type Person } from './layout.ts'
import { type RestartOnPage, restartsTable } from './node-restarts.ts'

/** GPUs over a time, with the tokens that they take. */
export type TimeOnPage = {
  readonly gpus: number
  readonly startsAt: string
  readonly endsAt: string
  readonly tokens: string
}
export type ReservationOnPage = TimeOnPage & {
  readonly person: Person
  readonly companyName: string
  readonly pool: string
  readonly state: string
  readonly delivered: string
  /** Where it is charged for time that was not used, or for not coming, that too. */
  readonly idle: string
  readonly factor: string
  /** Back to the company's compute. */
  readonly computePath: string
  /** Below it are its forms; left out for who only looks. */
  readonly action?: string | undefined
  /** What the provider offers instead, until when. */
  readonly offer?: (TimeOnPage & { readonly answerBy: string; readonly note: string }) | undefined
  /** What it is to become, if the provider agrees by then. */
  readonly change?: (TimeOnPage & { readonly answerBy: string }) | undefined
  /** Whether it can be changed now; `END`: only its end, since it runs. */
  readonly changeable: boolean | 'END'
  /** What a change would take, that was asked for. */
  readonly quote?: ChangeQuoteOnPage | undefined
  /** Where a second reservation beside it, which ends with it, is asked for: it runs, and gets no more GPUs itself. */
  readonly beside?: { readonly poolId: string; readonly startsAt: string; readonly hours: string } | undefined
  /** What cancelling it now costs, of its tokens; left out where it cannot be cancelled. */
  readonly fee?: string | undefined
  /** The oldest first. */
  readonly events: readonly { readonly at: string; readonly what: string; readonly note: string }[]
  /** Time in which its GPUs were down, in the order of recording. */
  readonly outages: readonly {
    readonly startsAt: string
    readonly endsAt: string
    readonly gpus: number
    readonly node: string | null
    readonly evidence: string
  }[]
  /** Tokens that it was credited for them. */
  readonly credited: string
  readonly restarts: readonly RestartOnPage[]
  readonly refused?: string | undefined
}

/** A quote of a change, with its rules in sentences. */
export type ChangeQuoteOnPage = TimeOnPage & {
  readonly quoteId: string
  /** What is held now. */
  readonly before: string
  /** What is held more, or less. */
  readonly difference: string
  readonly more: boolean
  readonly fee: string
  readonly waits: boolean
  readonly free: number
  readonly validUntil: string
  readonly rules: readonly string[]
}

const timeWords = ({ gpus, startsAt, endsAt }: Omit<TimeOnPage, 'tokens'>): string =>
  `${gpus} GPUs from ${instantWords(startsAt)} to ${instantWords(endsAt)}`

export const reservationPage = (page: ReservationOnPage): string =>
  layout({
    title: `${page.gpus} GPUs of ${page.pool}`,
    person: page.person,
    main: html`
      <p class="over"><a href="${page.computePath}">Compute of ${page.companyName}</a></p>
      <h1>${timeWords(page)}</h1>
      ${page.refused !== undefined && html`<div class="note refused" role="alert"><p><strong>Nothing was changed.</strong> ${page.refused}</p></div>`}
      ${page.offer !== undefined && offerNote(page, page.offer)}
      ${page.change !== undefined && changeNote(page, page.change)}
      <section class="card">
        <h2>${reservationWords(page.state)}</h2>
        ${dataTable({
          caption: `${page.pool}. A GPU-hour counts ${grouped(page.factor)} H100-hours.`,
          columns: [{ head: 'What' }, { head: 'Tokens', number: true }],
          rows: [
            { cells: ['Held for it', grouped(page.tokens)] },
            { cells: ['Charged as delivered', grouped(page.delivered)] },
            { cells: ['Charged as reserved and not used', grouped(page.idle)] },
          ],
        })}
      </section>
      ${page.action !== undefined && page.changeable !== false && changeCard(page, page.action)}
      ${page.beside !== undefined && besideCard(page, page.beside)}
      ${page.action !== undefined && page.fee !== undefined && cancelCard(page, page.action, page.fee)}
      ${page.outages.length + page.restarts.length > 0 && outageCard(page)}
      <section class="card">
        <h2>What happened</h2>
        ${dataTable({
          caption: 'In UTC, the oldest first',
          columns: [{ head: 'When' }, { head: 'What' }, { head: 'Note' }],
          rows: page.events.map(({ at, what, note }) => ({
            cells: [instantWords(at), what, note === '' ? '–' : note],
          })),
        })}
      </section>
      <p class="quiet"><a href="${page.computePath}">Back to the compute of ${page.companyName}</a></p>`,
  })

const offerNote = ({ action, tokens }: ReservationOnPage, offer: NonNullable<ReservationOnPage['offer']>): Html =>
  html`<div class="note">
        <p><strong>The provider offers ${timeWords(offer)} instead.</strong> It takes ${grouped(offer.tokens)} tokens in place of ${grouped(tokens)}. ${offer.note} Without an answer by ${instantWords(offer.answerBy)} the request ends, and everything returns.</p>
        ${
          action !== undefined &&
          html`<form method="post" action="${action}/offer" class="actions">
          <button name="answer" value="ACCEPT">Accept: confirm ${offer.gpus} GPUs for ${grouped(offer.tokens)} tokens</button>
          <button name="answer" value="REFUSE" class="plain">Refuse, and end the request</button>
        </form>`
        }
      </div>`

const changeNote = ({ action }: ReservationOnPage, change: NonNullable<ReservationOnPage['change']>): Html =>
  html`<div class="note">
        <p><strong>The provider is asked for ${timeWords(change)}.</strong> It would take ${grouped(change.tokens)} tokens in all; what that is more is set aside. Until it decides, by ${instantWords(change.answerBy)}, the reservation stays as it is.</p>
        ${action !== undefined && html`<form method="post" action="${action}/withdraw-change"><button class="plain">Take the change back</button></form>`}
      </div>`

const outageCard = ({ outages, restarts, credited }: ReservationOnPage): Html =>
  html`<section class="card">
        <h2>GPUs that were down</h2>
        ${
          outages.length > 0 &&
          dataTable({
            caption: `Recorded outages. ${grouped(credited)} tokens were credited for unused time in them.`,
            columns: [
              { head: 'From' },
              { head: 'Until' },
              { head: 'GPUs', number: true },
              { head: 'Node' },
              { head: 'What shows it' },
            ],
            rows: outages.map(({ startsAt, endsAt, gpus, node, evidence }) => ({
              cells: [instantWords(startsAt), instantWords(endsAt), gpus, node ?? '–', evidence],
            })),
          })
        }
        ${restarts.length > 0 && restartsTable(restarts, 'Nodes that were down between two checks of the scheduler')}
      </section>`

/** Times as a field for them takes them, in UTC. */
const fieldTime = (iso: string): string => iso.slice(0, 16)

function changeCard({ changeable, state, quote, ...now }: ReservationOnPage, action: string): Html {
  const { gpus, startsAt, endsAt } = quote ?? now
  const running = changeable === 'END'
  return html`<section class="card" id="change">
        <h2>${running ? 'Extend it, or end it earlier' : 'Change it'}</h2>
        <p class="quiet">${changeWords(state, running)}</p>
        <form method="post" action="${action}/quote-change#change" class="fields">
          ${
            running
              ? html`<input type="hidden" name="gpus" value="${gpus}"><input type="hidden" name="startsAt" value="${fieldTime(startsAt)}">`
              : html`<label><span>GPUs</span><input name="gpus" type="number" min="1" step="1" value="${gpus}" required></label>
          <label><span>From (UTC)</span><input name="startsAt" type="datetime-local" step="60" value="${fieldTime(startsAt)}" required></label>`
          }
          <label><span>Until (UTC)</span><input name="endsAt" type="datetime-local" step="60" value="${fieldTime(endsAt)}" required></label>
          <button class="plain">Show what it takes</button>
        </form>
        ${quote !== undefined && quotePart(quote, action, state)}
      </section>`
}

const besideCard = (
  { computePath, gpus, endsAt }: ReservationOnPage,
  { poolId, startsAt, hours }: NonNullable<ReservationOnPage['beside']>,
): Html =>
  html`<section class="card" id="beside">
        <h2>More GPUs</h2>
        <p class="quiet">What runs keeps the GPUs that it has. More are a second reservation of the same pool beside it, from ${instantWords(startsAt)}, which ends with it at ${instantWords(endsAt)}: a job that is to use both asks the cluster for both.</p>
        <form method="post" action="${computePath}/quote#request" class="fields">
          <input type="hidden" name="pool" value="${poolId}"><input type="hidden" name="startsAt" value="${fieldTime(startsAt)}"><input type="hidden" name="hours" value="${hours}">
          <label><span>GPUs more</span><input name="gpus" type="number" min="1" step="1" value="${gpus}" required></label>
          <button class="plain">Show what they take</button>
        </form>
      </section>`

function changeWords(state: string, running: boolean): string {
  if (state === 'held') return 'The provider has not decided yet: it decides on what the request is then.'
  return running
    ? 'It runs: only its end changes. A later end the provider decides on, before it is over. An earlier one happens at once; jobs that run beyond it are ended by the cluster.'
    : 'Less happens at once, and what is given up is charged like a cancellation. More, or another time, the provider decides on: until then the reservation stays as it is.'
}

/** What would happen, in words, before it does. */
function quotePart(quote: ChangeQuoteOnPage, action: string, state: string): Html {
  const { fee, waits } = quote
  const free = fee === '0'
  return html`<div class="note" id="quote">
          <p><strong>${timeWords(quote)}: ${grouped(quote.tokens)} tokens in place of ${grouped(quote.before)}.</strong> ${amountWords(quote)}</p>
          <ul>${quote.rules.map((rule) => html`<li>${rule}</li>`)}</ul>
          <form method="post" action="${action}/change">
            <input type="hidden" name="gpus" value="${quote.gpus}"><input type="hidden" name="startsAt" value="${quote.startsAt}">
            <input type="hidden" name="endsAt" value="${quote.endsAt}"><input type="hidden" name="quoteId" value="${quote.quoteId}">
            <button>${waits ? 'Ask the provider for it' : state === 'held' ? 'Change the request' : free ? 'Change it' : `Change it for a fee of ${grouped(fee)} tokens`}</button>
          </form>
          <p class="quiet">The quote holds until ${instantWords(quote.validUntil)}.${waits && ' The provider decides; until then the reservation stays as it is.'}</p>
        </div>`
}

function amountWords({ more, difference, fee, waits, free, gpus }: ChangeQuoteOnPage): string {
  if (more) return `${grouped(difference)} more are set aside. ${free} GPUs are free for you in the new time.`
  if (waits)
    return difference === '0'
      ? `No more are set aside for ${gpus} GPUs.`
      : `${grouped(difference)} return once the provider agrees.`
  return fee === '0'
    ? `All ${grouped(difference)} that are given up return.`
    : `Of the ${grouped(difference)} that are given up, ${grouped(fee)} are charged as a cancellation fee; the rest returns.`
}

function cancelCard({ tokens, state }: ReservationOnPage, action: string, fee: string): Html {
  const free = fee === '0'
  return html`<section class="card">
        <h2>Cancel it</h2>
        <p>${
          state === 'waitlisted'
            ? 'Nothing is set aside for it, and nothing is charged.'
            : free
              ? `All ${grouped(tokens)} tokens return, and its GPUs go to others.`
              : `${grouped(fee)} of its ${grouped(tokens)} tokens are charged as a cancellation fee, by the signed terms and the time that is left. The rest returns, and its GPUs go to others.`
        }</p>
        <form method="post" action="${action}/cancel"><input type="hidden" name="fee" value="${fee}"><button class="plain">${free ? 'Cancel it' : `Cancel it for ${grouped(fee)} tokens`}</button></form>
      </section>`
}
