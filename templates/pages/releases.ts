/** Tokens of one lot that no date releases: what the terms say, what was asked for, and what can be done. */
import { date, fileSize, grouped, instantWords } from '../format.ts'
import { dataTable } from './figure.ts'
import { type Html, html } from './html.ts'
import { emptyState, layout, type Person } from './layout.ts'

export type MilestoneOnPage = {
  readonly code: string
  readonly text: string
  readonly tokens: string
  readonly confirmedBy: 'fund' | 'provider' | 'both'
  /** A key that is new for each page: a form that is sent twice is done once. Left out where it cannot be confirmed now. */
  readonly key?: string | undefined
}
export type ReleaseOnPage = {
  readonly id: string
  readonly kind: 'milestone' | 'on_demand'
  readonly code: string
  readonly tokens: string
  readonly dueOn: string
  readonly state: string
  /** Why it was asked for, or what shows that the milestone is reached. */
  readonly why: string
  readonly askedAt: string
  /** What was said to it, with the reason of a refusal in words. */
  readonly said: string
  readonly files: readonly { readonly name: string; readonly path: string; readonly bytes: number }[]
  readonly may: { readonly decide: boolean; readonly withdraw: boolean; readonly attach: boolean }
}
export type LotReleasesOnPage = {
  readonly person: Person
  /** Whose tokens; empty to who does not see the company. */
  readonly company: string
  readonly tokenClass: string
  /** Which grant they are of, "Series A, grant 2"; left out to who does not see the company, and of other tokens. */
  readonly grant?: string | undefined
  /** Tokens that the lot was opened with. */
  readonly granted: string
  readonly expiresOn: string
  readonly locked: string
  /** Below it are the forms. */
  readonly action: string
  readonly back: { readonly path: string; readonly label: string }
  readonly milestones: readonly MilestoneOnPage[]
  /** Limits in sentences; `key` where this person may ask. */
  readonly onDemand?: { readonly rules: readonly string[]; readonly key?: string | undefined } | undefined
  readonly releases: readonly ReleaseOnPage[]
  /** Why nothing more is confirmed or asked for; left out while it can be. */
  readonly ended?: string | undefined
  readonly today: string
  readonly refused?: string | undefined
}

const STATES: Readonly<Record<string, string>> = {
  waiting: '◷ Waits for a decision',
  due: '✓ Confirmed: released on its day',
  released: '✓ Released',
  refused: '✗ Refused',
  withdrawn: '↶ Taken back',
  lapsed: '– Its tokens were cancelled or have expired, or its grant was settled',
}
/** Where a release is, in words. */
export const releaseWords = (state: string): string => STATES[state] ?? state
const CONFIRMS = { fund: 'the fund', provider: 'the provider', both: 'the fund and the provider' } as const
/** Why one is refused, in words, as people choose among them. */
export const REFUSAL_WORDS: Readonly<Record<string, string>> = {
  NOT_REACHED: 'The milestone is not reached',
  NOT_SHOWN: 'The evidence does not show it',
  NO_CAPACITY: 'It could not be delivered',
  OUTSIDE_TERMS: 'The terms do not give it',
  OTHER: 'Something else',
}

export const lotReleasesPage = (page: LotReleasesOnPage): string =>
  layout({
    title: 'Releases',
    person: page.person,
    main: html`
      <p class="over"><a href="${page.back.path}">${page.back.label}</a></p>
      <h1>${grouped(page.locked)} ${page.tokenClass} are locked</h1>
      <p class="lead">${page.company === '' ? 'Of' : html`${page.company}: of`} ${grouped(page.granted)} tokens${page.grant !== undefined && html` of ${page.grant}`}. They expire on ${date(page.expiresOn)}, released or not.</p>
      ${page.refused !== undefined && html`<div class="note refused" role="alert"><p><strong>Not done.</strong> ${page.refused}</p></div>`}
      ${page.ended !== undefined && html`<p class="note">${page.ended}</p>`}
      ${page.milestones.length > 0 && milestonesCard(page)}
      ${page.onDemand !== undefined && demandCard(page, page.onDemand)}
      ${
        page.milestones.length === 0 &&
        page.onDemand === undefined &&
        emptyState({
          heading: 'Only dates release these tokens',
          text: 'The signed terms name no milestone and allow no request.',
        })
      }
      ${page.releases.map((release) => releaseCard(page, release))}
      <p class="quiet"><a href="/">Start page</a></p>`,
  })

const milestonesCard = ({ milestones, action, today }: LotReleasesOnPage): Html =>
  html`<section class="card" id="milestones">
        <h2>Milestones</h2>
        ${dataTable({
          caption: 'What releases tokens once it is confirmed',
          columns: [
            { head: 'Milestone' },
            { head: 'What must have happened' },
            { head: 'Confirmed by' },
            { head: 'Tokens', number: true },
          ],
          rows: milestones.map((each) => ({
            cells: [each.code, each.text, CONFIRMS[each.confirmedBy], grouped(each.tokens)],
          })),
          stacks: true,
        })}
        ${milestones.map(
          ({ key, code, tokens }) =>
            key !== undefined &&
            html`<h3>Confirm ${code}</h3>
          <p class="quiet">Releases ${grouped(tokens)} tokens, once everybody whom the terms name has confirmed it.</p>
          <form method="post" action="${action}/confirm" class="fields">
          <input type="hidden" name="key" value="${key}"><input type="hidden" name="code" value="${code}">
          <label><span>What shows it</span><input type="text" name="evidence" required maxlength="2000"></label>
          <label><span>Reached on</span><input type="date" name="reachedOn" value="${today}" max="${today}" required></label>
          <button>Confirm ${code}</button>
        </form>`,
        )}
      </section>`

const demandCard = ({ action }: LotReleasesOnPage, { rules, key }: NonNullable<LotReleasesOnPage['onDemand']>): Html =>
  html`<section class="card" id="request">
        <h2>On demand</h2>
        <ul>${rules.map((rule) => html`<li>${rule}</li>`)}</ul>
        ${
          key !== undefined &&
          html`<form method="post" action="${action}/request" class="fields">
          <input type="hidden" name="key" value="${key}">
          <label><span>Tokens</span><input type="text" name="amount" inputmode="decimal" required maxlength="20"></label>
          <label><span>Why</span><input type="text" name="reason" required maxlength="1000"></label>
          <button>Ask for these tokens</button>
        </form>`
        }
      </section>`

function releaseCard({ action }: LotReleasesOnPage, release: ReleaseOnPage): Html {
  const { kind, code, tokens, may, files } = release
  const name = kind === 'milestone' ? code : 'On demand'
  return html`<section class="card">
        <h2>${name}: ${grouped(tokens)} tokens</h2>
        <table>
          <tr><th scope="row">State</th><td>${releaseWords(release.state)}</td></tr>
          <tr><th scope="row">${kind === 'milestone' ? 'What shows it' : 'Why'}</th><td>${release.why === '' ? '–' : release.why}</td></tr>
          <tr><th scope="row">${kind === 'milestone' ? 'Confirmed' : 'Asked for'}</th><td>${instantWords(release.askedAt)}</td></tr>
          <tr><th scope="row">Released from</th><td>${date(release.dueOn)}</td></tr>
          ${release.said !== '' && html`<tr><th scope="row">Said to it</th><td>${release.said}</td></tr>`}
        </table>
        ${files.length > 0 && html`<ul>${files.map((file) => html`<li><a href="${file.path}">${file.name}</a>, ${fileSize(file.bytes)}</li>`)}</ul>`}
        ${
          may.attach &&
          html`<form method="post" action="${action}/evidence/${release.id}" enctype="multipart/form-data">
          <label><span>Evidence for ${name}, for both sides and the provider to read: PDF, CSV, text, JSON, PNG or JPEG, at most 10 MB</span>
            <input type="file" name="file" required accept=".pdf,.csv,.txt,.log,.json,.png,.jpg,.jpeg"></label>
          <button class="plain">Attach the file</button>
        </form>`
        }
        ${
          may.decide &&
          html`<form method="post" action="${action}/decide/${release.id}" class="fields">
          <label><span>Decision</span><select name="decision" required>
            <option value="">Choose</option>
            <option value="CONFIRM">Confirm: ${grouped(tokens)} tokens are released</option>
            ${Object.entries(REFUSAL_WORDS).map(([reason, words]) => html`<option value="${reason}">Refuse: ${words}</option>`)}
          </select></label>
          <label><span>Note, which the other side reads; needed to refuse</span><input type="text" name="note" maxlength="1000"></label>
          <button>Decide</button>
        </form>`
        }
        ${
          may.withdraw &&
          html`<form method="post" action="${action}/withdraw/${release.id}"><button class="plain">Take the request back</button></form>`
        }
      </section>`
}
