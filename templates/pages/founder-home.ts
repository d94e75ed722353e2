/** A founder's start page: what is next for the company, in the first line. */
import { date, fileSize } from '../format.ts'
import { type Content, type Html, html } from './html.ts'
import { emptyState, hashWords, layout, type Person } from './layout.ts'
import { type PaperRow, papersCard } from './papers-card.ts'

export type TermSheetOnPage = {
  /** What it does, in words: see `headline`. */
  readonly headline: string
  readonly roundName: string
  /** Where the pages of the round begin: `/rounds/<Round:id>`. */
  readonly roundPath: string
  readonly fileName: string
  readonly downloadPath: string
  /** SHA-256 of the file, 64 hex digits. */
  readonly sha256: string
  /** Bytes. */
  readonly size: number
  readonly version: number
  readonly issuedAt: string
}

/** What is next. One thing, or nothing. */
export type FounderNext =
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'accept'
      readonly termSheet: TermSheetOnPage
      /** Where the form posts `sha256` and `name` to. Left out: this person reads and does not accept. */
      readonly action?: string | undefined
      /** What the last try was refused with. */
      readonly refused?: string | undefined
    }
  | { readonly kind: 'accepted'; readonly termSheet: TermSheetOnPage; readonly acceptedAt: string }
  | {
      readonly kind: 'closed'
      readonly termSheet: TermSheetOnPage
      readonly closedAt: string
      /** Where the company stands since, in a sentence without its full stop; left out where nothing is granted. */
      readonly standing?: string | undefined
    }

export type FounderHome = {
  /** Where its cap table is shown; left out where there is none. */
  readonly capTablePath?: string | undefined
  readonly person: Person
  readonly companyName: string
  readonly next: FounderNext
  /** Other companies of the same person. */
  readonly others?: readonly { readonly name: string; readonly path: string }[]
  /** The newest statements first: what the person follows to read and answer them. */
  readonly statements?: readonly { readonly name: string; readonly state: string; readonly path: string }[]
  /** Amendments, side letters, assignments and further closings; what waits for this person first. */
  readonly papers?: readonly PaperRow[]
  /** Where the company stands, one figure a row, already formatted, the unit in the name. */
  readonly figures?: readonly { readonly name: string; readonly value: string }[] | undefined
  /** Where the company books compute. */
  readonly computePath?: string
}

export const founderHomePage = ({
  person,
  companyName,
  next,
  others = [],
  statements = [],
  papers = [],
  figures = [],
  capTablePath,
  computePath,
}: FounderHome): string =>
  layout({
    title: companyName,
    person,
    main: html`
      <p class="over">${companyName}</p>
      ${headPart(next)}
      ${figures.length > 0 && figuresTable(figures, computePath)}
      ${papers.length > 0 && papersCard(papers)}
      ${
        statements.length > 0 &&
        html`<section class="card">
        <h2>Statements</h2>
        <table>${statements.map(
          (statement) => html`
          <tr><th scope="row"><a href="${statement.path}">${statement.name}</a></th><td>${statement.state}</td></tr>`,
        )}
        </table>
      </section>`
      }
      ${'termSheet' in next && next.kind !== 'accept' && termSheetCard(next.termSheet)}
      ${figures.length === 0 && computePath !== undefined && html`<p class="actions"><a class="button plain" href="${computePath}">Tokens, reservations and booking</a></p>`}
      ${
        others.length > 0 &&
        html`<p class="quiet">Your other companies: ${others.map(
          (other, i) => html`${i > 0 && ', '}<a href="${other.path}">${other.name}</a>`,
        )}</p>`
      }
      ${capTablePath !== undefined && html`<p><a href="${capTablePath}">The cap table</a>: who owns how much, and who gets what in a sale.</p>`}
      <p class="quiet"><a href="/console">Open the console</a>: everything about the company as data.</p>`,
  })

/** What is next, or where the company stands. What is to be accepted stands here with its form; else the term sheet is below. */
function headPart(next: FounderNext): Html {
  switch (next.kind) {
    case 'nothing':
      return html`<h1>Nothing needs you now</h1>${emptyState({
        heading: 'No term sheet is waiting',
        text: 'When the fund issues one, it stands here with its file, its hash and a form to accept it.',
      })}`
    case 'accept':
      return accept(next)
    case 'accepted':
      return html`
      <h1>The term sheet is accepted</h1>
      <p class="lead">Accepted on ${date(next.acceptedAt)}. Next, the fund closes the round once its conditions are met; nothing is
        issued before that.</p>`
    case 'closed':
      return html`
      <h1>${next.standing ?? 'The round has closed'}</h1>
      <p class="lead">${next.termSheet.roundName} closed on ${date(next.closedAt)}: the equity is issued, unearned, and is earned as
        booked compute is delivered.</p>`
  }
}

const accept = (next: Extract<FounderNext, { kind: 'accept' }>): Html => html`
      <h1>Next: read the term sheet${next.action !== undefined && ' and accept it'}</h1>
      <p class="lead">${ended(next.termSheet.headline)}</p>
      ${
        next.refused !== undefined &&
        html`<div class="note refused" role="alert"><p><strong>Not accepted.</strong> ${next.refused}</p></div>`
      }
      ${termSheetCard(next.termSheet, next.action !== undefined && acceptForm(next.termSheet, next.action))}`

const acceptForm = (termSheet: TermSheetOnPage, action: string): Html => html`
        <h2>Accept</h2>
        <p>Accepting tells the fund that the company agrees to these terms and takes the round to its closing. It does not
          bind, except for the clauses that the term sheet names. At the closing it ${ended(lowered(termSheet.headline))}</p>
        <form method="post" action="${action}">
          <input type="hidden" name="sha256" value="${termSheet.sha256}">
          <label><span>Your full name</span>
            <input type="text" name="name" required maxlength="200" autocomplete="name"></label>
          <label class="check"><input type="checkbox" name="read" value="yes" required>
            <span>I have read the file with this hash and may accept it for the company.</span></label>
          <button>Accept version ${termSheet.version} of the term sheet</button>
        </form>`

const termSheetCard = (termSheet: TermSheetOnPage, below: Content = undefined): Html => html`
      <section class="card">
        <h2>Term sheet, ${termSheet.roundName}</h2>
        <table>
          <tr><th scope="row">Version</th><td>${termSheet.version}, issued ${date(termSheet.issuedAt)}</td></tr>
          <tr><th scope="row">File</th><td>${termSheet.fileName}, ${fileSize(termSheet.size)}</td></tr>
          <tr><th scope="row">SHA-256 of the file</th><td>${hashWords(termSheet.sha256)}</td></tr>
        </table>
        <p class="actions"><a class="button plain" href="${termSheet.downloadPath}">Download the term sheet (PDF)</a></p>
        <ul>
          <li><a href="${termSheet.roundPath}/pro-forma">Who owns how much before and after</a></li>
          <li><a href="${termSheet.roundPath}/protections">What protects the company, and who bears what</a></li>
          <li><a href="${termSheet.roundPath}/legs">The tokens beside cash and cloud credits</a></li>
        </ul>
        ${below}
      </section>`

const figuresTable = (figures: NonNullable<FounderHome['figures']>, computePath: string | undefined): Html => html`
      <section class="card">
        <h2>Where the company stands</h2>
        <table>${figures.map(
          (figure) => html`
          <tr><th scope="row">${figure.name}</th><td>${figure.value}</td></tr>`,
        )}
        </table>
        ${computePath !== undefined && html`<p class="actions"><a class="button" href="${computePath}">Tokens, reservations and booking</a></p>`}
      </section>`

const lowered = (sentence: string): string => sentence.charAt(0).toLowerCase() + sentence.slice(1)
/** With a full stop, unless an abbreviation brought one. */
const ended = (sentence: string): string => (sentence.endsWith('.') ? sentence : `${sentence}.`)
