/** A dispute over a month's statement: what is disputed and why, its evidence, and how both sides settle it. */
import { column, date, fileSize, grouped, instantWords } from '../format.ts'
import { monthName } from '../statement-words.ts'
import { dataTable } from './figure.ts'
import { type Html, html } from './html.ts'
import { hashWords, layout, type Person } from './layout.ts'

export type DisputedRecord = {
  readonly usageId: string
  readonly externalId: string
  readonly job: string
  readonly startedAt: string
  readonly endedAt: string
  /** Whole number, as last corrected. */
  readonly gpuSeconds: string
  /** Net of corrections. */
  readonly tokens: string
}
export type ProposedSettlement = {
  readonly proposalId: string
  /** company, fund or expert. */
  readonly side: string
  readonly outcome: 'STANDS' | 'CORRECTED'
  /** What the records would count as; named as the records are. */
  readonly records: readonly { readonly name: string; readonly gpuSeconds: string }[]
  readonly note: string
  readonly proposedAt: string
  readonly confirmedAt: string | null
}
export type DisputeOnPage = {
  readonly person: Person
  readonly company: string
  readonly month: string
  readonly state: string
  readonly reasonCode: string
  readonly reason: string
  readonly whole: boolean
  readonly resolveBy: string
  readonly openedAt: string
  readonly statementPath: string
  readonly records: readonly DisputedRecord[]
  /** True where the month has more records than are listed. */
  readonly cut: boolean
  readonly evidence: readonly {
    readonly name: string
    readonly path: string
    readonly sha256: string
    readonly bytes: number
    readonly at: string
  }[]
  readonly proposals: readonly ProposedSettlement[]
  /** Where the forms post to: the path, then `/evidence`, `/propose`, `/confirm`, `/set-aside`. */
  readonly action: string
  /** Makes that pressing twice proposes once. */
  readonly key: string
  /** What the person may do now. */
  readonly may: {
    readonly attach: boolean
    readonly propose: boolean
    /** The other side's latest proposal. */
    readonly confirm: string | undefined
    readonly setAside: boolean
  }
  readonly refused?: string | undefined
  /** What was typed for a proposal that was refused: it is not lost. GPU-seconds by record, where they were typed over. */
  readonly typed?:
    | { readonly outcome: string; readonly note: string; readonly gpuSeconds: ReadonlyMap<string, string> }
    | undefined
}

const STATES: Readonly<Record<string, string>> = {
  open: '◷ Open',
  set_aside: '⏸ Set aside: charged, and out of what earns until it is settled',
  resolved: '✓ Settled',
  withdrawn: '↶ Withdrawn: the statement was accepted',
}
export const disputeStateWords = (state: string): string => STATES[state] ?? state

/** Kinds of disputes, as people choose among them. */
export const DISPUTE_KINDS: Readonly<Record<string, string>> = {
  NOT_RECEIVED: 'The compute was not received',
  WRONG_AMOUNT: 'The amount is wrong',
  DUPLICATE: 'It is charged twice',
  NOT_OURS: 'The job is not ours',
  OUTAGE: 'The machines were down',
  WRONG_RATE: 'The rate is wrong',
  OTHER: 'Something else',
}
const SIDES: Readonly<Record<string, string>> = { company: 'The company', fund: 'The fund', expert: 'The expert' }

export const disputePage = (dispute: DisputeOnPage): string => {
  const month = monthName(dispute.month)
  const waits = dispute.state === 'open' || dispute.state === 'set_aside'
  return layout({
    title: `Dispute over ${month}`,
    person: dispute.person,
    main: html`
      <p class="over">${dispute.company}</p>
      <h1>Dispute over ${month}</h1>
      <p class="lead">${disputeStateWords(dispute.state)}.${dispute.state === 'open' && html` Both sides settle it up to and including ${date(dispute.resolveBy)}; after that day it is set aside, so that the rest of the month can be final.`}</p>
      ${dispute.refused !== undefined && html`<div class="note refused" role="alert"><p><strong>Not done.</strong> ${dispute.refused}</p></div>`}
      <section class="card">
        <h2>What is disputed</h2>
        <table>
          <tr><th scope="row">Kind</th><td>${DISPUTE_KINDS[dispute.reasonCode] ?? dispute.reasonCode}</td></tr>
          <tr><th scope="row">In the company's words</th><td>${dispute.reason}</td></tr>
          <tr><th scope="row">Opened</th><td>${instantWords(dispute.openedAt)}</td></tr>
          <tr><th scope="row">Statement</th><td><a href="${dispute.statementPath}">As it was stated and disputed</a></td></tr>
        </table>
        ${recordsTable(dispute)}
      </section>
      ${evidenceCard(dispute, waits)}
      ${proposalsCard(dispute)}
      ${waits && dispute.may.propose && proposeCard(dispute)}
      ${
        dispute.may.setAside &&
        html`<section class="card">
        <h2>Set aside</h2>
        <p>What is disputed stays charged and earns nothing until it is settled. The month is stated again without it.</p>
        <form method="post" action="${dispute.action}/set-aside"><button class="plain">Set the dispute aside</button></form>
      </section>`
      }
      <p class="quiet"><a href="/">Start page</a></p>`,
  })
}

function recordsTable({ records, whole, cut }: DisputeOnPage): Html {
  const tokens = column(records.map((record) => record.tokens))
  return html`${whole && html`<p>All that the month charged is disputed.</p>`}
        ${
          records.length > 0 &&
          dataTable({
            caption: 'Usage records, as they count now',
            columns: [
              { head: 'Record' },
              { head: 'Job' },
              { head: 'From' },
              { head: 'Until' },
              { head: 'GPU-seconds', number: true },
              { head: 'Tokens charged', number: true },
            ],
            rows: records.map((record, i) => ({
              cells: [
                record.externalId,
                record.job,
                instantWords(record.startedAt),
                instantWords(record.endedAt),
                grouped(record.gpuSeconds),
                tokens[i],
              ],
            })),
            stacks: true,
          })
        }
        ${cut && html`<p class="quiet">The ${records.length} records that cost most are listed.</p>`}`
}

const evidenceCard = ({ evidence, may, action }: DisputeOnPage, waits: boolean): Html =>
  html`<section class="card" id="evidence">
        <h2>Evidence</h2>
        ${
          evidence.length === 0
            ? html`<p>The company has attached no evidence.</p>`
            : html`<ul>${evidence.map(
                (file) =>
                  html`<li><a href="${file.path}">${file.name}</a>, ${fileSize(file.bytes)}, ${instantWords(file.at)}<br><span class="quiet">SHA-256 ${hashWords(file.sha256)}</span></li>`,
              )}</ul>`
        }
        ${
          waits &&
          may.attach &&
          html`<form method="post" action="${action}/evidence" enctype="multipart/form-data">
          <label><span>A file: PDF, CSV, text, JSON, PNG or JPEG, at most 10 MB</span>
            <input type="file" name="file" required accept=".pdf,.csv,.txt,.log,.json,.png,.jpg,.jpeg"></label>
          <button class="plain">Attach the file</button>
        </form>`
        }
      </section>`

function proposalsCard({ proposals, may, action }: DisputeOnPage): Html {
  if (proposals.length === 0) return html``
  return html`<section class="card" id="proposals">
        <h2>Proposals</h2>
        ${proposals.map(
          (proposal) => html`<h3>${SIDES[proposal.side] ?? proposal.side}, ${instantWords(proposal.proposedAt)}</h3>
        <p><strong>${proposal.outcome === 'STANDS' ? 'The figures stand.' : 'Records are corrected.'}</strong> ${proposal.note}</p>
        ${
          proposal.records.length > 0 &&
          dataTable({
            caption: 'What the records would count as',
            columns: [{ head: 'Record' }, { head: 'GPU-seconds', number: true }],
            rows: proposal.records.map((record) => ({ cells: [record.name, grouped(record.gpuSeconds)] })),
          })
        }
        ${proposal.confirmedAt !== null && html`<p>✓ ${proposal.side === 'expert' ? 'Binds both sides' : 'Agreed by the other side'}, ${instantWords(proposal.confirmedAt)}.</p>`}
        ${
          may.confirm === proposal.proposalId &&
          html`<form method="post" action="${action}/confirm">
          <input type="hidden" name="proposalId" value="${proposal.proposalId}">
          <label class="check"><input type="checkbox" name="read" value="yes" required>
            <span>I have read this proposal and agree to it. It is carried out at once and ends the dispute.</span></label>
          <button>Agree to this proposal</button>
        </form>`
        }`,
        )}
      </section>`
}

const proposeCard = ({ records, action, key, typed }: DisputeOnPage): Html =>
  html`<section class="card" id="propose">
        <h2>Propose how to settle it</h2>
        <p>The other side agrees to exactly what you propose, or proposes something else. A later proposal replaces it.</p>
        <form method="post" action="${action}/propose">
          <input type="hidden" name="key" value="${key}">
          <fieldset>
            <legend>Outcome</legend>
            <label class="check"><input type="radio" name="outcome" value="STANDS" required${typed?.outcome === 'STANDS' && html` checked`}><span>The figures stand</span></label>
            ${records.length > 0 && html`<label class="check"><input type="radio" name="outcome" value="CORRECTED" required${typed?.outcome === 'CORRECTED' && html` checked`}><span>Records are corrected to the GPU-seconds below</span></label>`}
          </fieldset>
          ${
            records.length > 0 &&
            html`<details${(typed?.gpuSeconds.size ?? 0) > 0 && html` open`}><summary>What the records really were</summary>
            <p class="quiet">Only what you change is corrected. Zero voids a record.</p>
            ${records.map(
              (record) =>
                html`<label><span>${record.externalId}, ${record.job}: GPU-seconds, now ${grouped(record.gpuSeconds)}</span>
              <input type="text" inputmode="numeric" name="gpuSeconds.${record.usageId}" value="${typed?.gpuSeconds.get(record.usageId) ?? record.gpuSeconds}" maxlength="18"></label>
            <input type="hidden" name="shown.${record.usageId}" value="${record.gpuSeconds}">`,
            )}
          </details>`
          }
          <label><span>Why: it stands in the statement</span>
            <input type="text" name="note" value="${typed?.note}" required maxlength="2000"></label>
          <button>Propose it</button>
        </form>
      </section>`
