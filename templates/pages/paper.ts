/** A paper beside a round's term sheet that both sides sign: what it changes, who has signed, and the form to sign it. */
import { date, fileSize } from '../format.ts'
import { dataTable } from './figure.ts'
import { type Html, html } from './html.ts'
import { emptyState, hashWords, layout, type Person } from './layout.ts'
import { type ObligationOnPage, obligationsCard } from './obligations-card.ts'

export type PaperKind = 'amendment' | 'assignment' | 'side_letter' | 'closing'
export type PaperOnPage = {
  readonly person: Person
  readonly companyName: string
  readonly fundName: string
  readonly roundName: string
  readonly kind: PaperKind
  /** Of a side letter or an assignment; of a closing its number. */
  readonly title: string
  readonly state: string
  /** The day from which it holds, where one is agreed. */
  readonly effectiveOn: string | null
  /** Why it is made; left out where it does not say. */
  readonly reason?: string | undefined
  /** What an amendment changes. */
  readonly changes: readonly { readonly title: string; readonly from: string; readonly to: string }[]
  readonly signatures: readonly { readonly side: 'fund' | 'company'; readonly at: string }[]
  readonly file?:
    | { readonly name: string; readonly path: string; readonly sha256: string; readonly size: number }
    | undefined
  /** Left out: this person does not sign, or nothing is to be signed. */
  readonly sign?: { readonly side: 'fund' | 'company'; readonly action: string } | undefined
  /** What a side letter in force obliges the company to. */
  readonly obligations?: readonly ObligationOnPage[] | undefined
  /** Where that something was done is recorded; left out for who does not. `key` is new for each page. */
  readonly record?: { readonly action: string; readonly key: string } | undefined
  /** What the last try was refused with. */
  readonly refused?: { readonly done: 'signed' | 'recorded'; readonly why: string } | undefined
}

const NAMES: Readonly<Record<PaperKind, string>> = {
  amendment: 'Amendment',
  assignment: 'Assignment',
  side_letter: 'Side letter',
  closing: 'Closing',
}

/** The life of a paper in words. */
const STATES: Readonly<Record<string, string>> = {
  draft: '○ In draft',
  planned: '○ Planned',
  proposed: '● Waits for signatures',
  offered: '● Waits for the company',
  accepted: '✓ Signed by both',
  in_force: '■ In force',
  held: '■ Held',
  withdrawn: '– Withdrawn',
}
export const paperState = (state: string): string => STATES[state] ?? state
/** "Amendment of Series Seed-2", "Side letter: Information rights". */
export const paperName = (it: Pick<PaperOnPage, 'kind' | 'title' | 'roundName'>): string =>
  it.kind === 'amendment' ? `Amendment of ${it.roundName}` : `${NAMES[it.kind]}: ${it.title}`

export const paperPage = (it: PaperOnPage): string =>
  layout({
    title: paperName(it),
    person: it.person,
    main: html`
      <p class="over">${it.companyName}</p>
      <h1>${it.sign === undefined ? paperName(it) : `Next: read and sign. ${paperName(it)}`}</h1>
      <p class="lead">${paperState(it.state)}. It belongs to ${it.roundName}${it.effectiveOn !== null && html` and holds from ${date(it.effectiveOn)}`}.
        ${it.reason !== undefined && html`Its reason: ${it.reason}`}</p>
      ${it.refused !== undefined && html`<div class="note refused" role="alert"><p><strong>Not ${it.refused.done}.</strong> ${it.refused.why}</p></div>`}
      ${it.changes.length > 0 && changesCard(it)}
      ${it.obligations !== undefined && it.obligations.length > 0 && obligationsCard(it.obligations, it.record?.action, it.record?.key ?? '')}
      <section class="card">
        <h2>${it.kind === 'closing' ? 'Acceptance' : 'Signatures'}</h2>
        <table>
          ${it.kind !== 'closing' && html`<tr><th scope="row">${it.fundName}</th><td>${signedAt(it, 'fund')}</td></tr>`}
          <tr><th scope="row">${it.companyName}</th><td>${signedAt(it, 'company')}</td></tr>
        </table>
      </section>
      ${
        it.file === undefined
          ? emptyState({ heading: 'No file yet', text: 'It is drawn when the paper is put before the company.' })
          : fileCard(it, it.file)
      }
      <p class="quiet"><a href="/">Start page</a></p>`,
  })

const changesCard = ({ changes }: PaperOnPage): Html => html`<section class="card">
        <h2>What it changes</h2>
        ${dataTable({
          caption: 'From its day on; what was charged, earned and vested before stays as it is',
          columns: [{ head: 'Term' }, { head: 'Now' }, { head: 'Then' }],
          rows: changes.map(({ title, from, to }) => ({ cells: [title, from, to] })),
        })}
      </section>`

function signedAt({ signatures, kind, state }: PaperOnPage, side: 'fund' | 'company'): string {
  const signature = signatures.find((each) => each.side === side)
  if (signature !== undefined) return `✓ Signed on ${date(signature.at)}`
  if (kind === 'closing' && (state === 'accepted' || state === 'held')) return '✓ Accepted'
  return state === 'withdrawn' ? '– Not signed' : '○ Not signed yet'
}

const fileCard = (it: PaperOnPage, file: NonNullable<PaperOnPage['file']>): Html => html`<section class="card">
        <h2>The document</h2>
        <table>
          <tr><th scope="row">File</th><td>${file.name}, ${fileSize(file.size)}</td></tr>
          <tr><th scope="row">SHA-256 of the file</th><td>${hashWords(file.sha256)}</td></tr>
        </table>
        <p class="actions"><a class="button${it.sign !== undefined && ' plain'}" href="${file.path}">Download the document (PDF)</a></p>
        ${it.sign !== undefined && form(it, it.sign, file.sha256)}
      </section>`

const form = (it: PaperOnPage, sign: NonNullable<PaperOnPage['sign']>, sha256: string): Html => html`
        <h2>${it.kind === 'closing' ? 'Accept' : 'Sign'}</h2>
        <p>${consequence(it, sign.side)}</p>
        <form method="post" action="${sign.action}">
          <input type="hidden" name="sha256" value="${sha256}">
          ${
            sign.side === 'company' &&
            html`<label><span>Your full name</span>
            <input type="text" name="name" required maxlength="200" autocomplete="name"></label>`
          }
          <label class="check"><input type="checkbox" name="read" value="yes" required>
            <span>I have read the file with this hash and may sign it for ${sign.side === 'company' ? it.companyName : it.fundName}.</span></label>
          <button>${it.kind === 'closing' ? 'Accept the closing' : `Sign the ${NAMES[it.kind].toLowerCase()}`}</button>
        </form>`

/** What the signature does, said before it is given. */
function consequence(it: PaperOnPage, side: 'fund' | 'company'): string {
  if (it.kind === 'closing')
    return 'With this the company accepts what the notice issues and grants. It happens when the fund holds the closing, once its conditions are met.'
  const other = side === 'company' ? 'fund' : 'company'
  const signed = it.signatures.some((each) => each.side === other)
  const name = other === 'fund' ? it.fundName : it.companyName
  const when = it.effectiveOn === null ? 'from the day of the last signature' : `from ${date(it.effectiveOn)}`
  return signed
    ? `${name} has signed. With this signature it binds both, ${when}.`
    : `It binds ${when} once ${name} has signed, too.`
}
