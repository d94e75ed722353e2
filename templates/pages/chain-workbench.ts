/** Where rounds are drawn up one after another: tried over the cap table as often as one likes, and kept when they are right. */
import { type ChainSheet, keptInChain } from '../chain-sheet.ts'
import { date, grouped, percent } from '../format.ts'
import { chainCards } from './chain.ts'
import { type Html, html } from './html.ts'
import { layout, type Person } from './layout.ts'

/** Fields of a round for cash that is added. */
export const NEW_CASH_FIELDS = [
  ...(['newName', 'newClosingDate', 'newClass', 'newPreMoney', 'newCurrency'] as const),
  ...(['newInvestor', 'newInvestorId', 'newCash', 'newPool'] as const),
] as const
export type NewCash = Readonly<Record<(typeof NEW_CASH_FIELDS)[number], string>>
/** What `source` says where a round for cash is added by those fields. */
export const CASH_SOURCE = 'cash'

/** A round as the form holds it: every field as it was typed. */
export type RoundInForm = {
  /** The whole round as it is sent. */
  readonly json: string
  readonly name: string
  readonly closingDate: string
  readonly preMoney: string
  readonly currency: string
  /** Tokens of a round for compute, and how many are taken as delivered by each later one; `null` in one for cash alone. */
  readonly compute: { readonly tokens: string; readonly delivered: string } | null
  /** What its one investor pays in cash; `null` where there is none, or more than one. */
  readonly cash: string | null
  /** The id of that investor in the cap table; empty of one who is new. */
  readonly investorId: string
}

export type ChainWorkbench = {
  readonly person: Person
  readonly companyName: string
  /** Where the form goes: this page itself. */
  readonly path: string
  readonly listPath: string
  readonly rounds: readonly RoundInForm[]
  /** Drafts and scenarios, of which a round is made. */
  readonly sources: readonly {
    readonly group: string
    readonly options: readonly { readonly id: string; readonly name: string }[]
  }[]
  readonly newCash: NewCash
  readonly source: string
  readonly asOf: string
  readonly name: string
  /** The chain whose next version this would be. */
  readonly revises?: { readonly id: string; readonly name: string; readonly version: number } | undefined
  /** Whether this person keeps plans. */
  readonly mayKeep: boolean
  /** Makes that pressing twice keeps once. */
  readonly key: string
  /** What the rounds come to; left out where there are none, or no such ones. */
  readonly sheet?: ChainSheet | undefined
  /** What is wrong, each in a sentence. */
  readonly refused: readonly string[]
}

export const chainWorkbenchPage = (it: ChainWorkbench): string =>
  layout({
    title: `Draw up rounds: ${it.companyName}`,
    person: it.person,
    main: html`
      <p class="over">${it.companyName}${it.revises !== undefined && html`, changing ${it.revises.name}, version ${it.revises.version}`}</p>
      ${it.sheet === undefined ? unsolved : solved(it.sheet)}
      ${
        it.refused.length > 0 &&
        html`<div class="note refused" role="alert"><p><strong>There are no such rounds.</strong> Nothing was kept; what you typed is below.</p>
        <ul>${it.refused.map((fault) => html`<li>${fault}</li>`)}</ul></div>`
      }
      ${it.sheet !== undefined && chainCards(it.sheet)}
      ${form(it)}
      <p class="quiet"><a href="${it.listPath}">All plans of ${it.companyName}, side by side</a></p>`,
  })

const unsolved = html`<h1>What is left of today’s holders after the next rounds?</h1>
      <p class="lead">Put rounds one after another: drafts, scenarios, and rounds for cash that others may lead. Each is solved on the
        result of the one before. Nothing is stored until you keep it.</p>`

function solved(sheet: ChainSheet): Html {
  const { part, earned } = keptInChain(sheet)
  return html`<h1>After ${sheet.rounds.at(-1)?.name ?? 'no round'}, today’s holders would own ${percent(part, '1')} % of the company</h1>
      <p class="lead">${percent(earned, '1')} % if nothing more of the unearned shares is ever earned, beginning with the cap table of
        ${date(sheet.asOf)}. Tried, not kept: nothing was stored.</p>`
}

const form = (it: ChainWorkbench): Html => html`<form method="post" action="${it.path}">
      <input type="hidden" name="key" value="${it.key}">
      ${it.revises !== undefined && html`<input type="hidden" name="chainId" value="${it.revises.id}"><input type="hidden" name="version" value="${String(it.revises.version)}"><input type="hidden" name="revisedName" value="${it.revises.name}">`}
      <section class="card">
        <h2>Change the rounds</h2>
        ${it.rounds.length === 0 && html`<p>None yet: add one below.</p>`}
        ${it.rounds.map(roundFields)}
        <h2>Add a round</h2>
        <label><span>From</span> <select name="source">
          <option value="">No further round</option>
          ${it.sources.map(
            ({ group, options }) =>
              html`<optgroup label="${group}">${options.map(({ id, name }) => html`<option value="${id}"${id === it.source && html` selected`}>${name}</option>`)}</optgroup>`,
          )}
          <option value="${CASH_SOURCE}"${it.source === CASH_SOURCE && html` selected`}>A round for cash, by the fields below</option>
        </select></label>
        <fieldset>
          <legend>A round for cash</legend>
          <div class="fields">${newCashFields(it)}</div>
          <p class="quiet">An investor who holds securities already is named by id, or by name where an earlier round brings it in. The price is rounded down to four places; SAFEs and notes convert as the cap table says.</p>
        </fieldset>
        <h2>Try it</h2>
        ${dateField('asOf', 'Cap table as of', it.asOf)}
        <p class="quiet">Left empty: the closing date of the first round. Rounds are put in the order of their closings.</p>
        <p class="actions"><button name="do" value="try">Try these rounds</button></p>
        ${keeping(it)}
      </section>
    </form>`

const keeping = (it: ChainWorkbench): Html =>
  it.mayKeep
    ? html`<h2>Keep it</h2>
        <label><span>Name of the plan</span> <input type="text" name="planName" value="${it.name}" maxlength="120"></label>
        <p class="actions">${it.revises !== undefined && html`<button class="plain" name="do" value="revise">Keep as version ${it.revises.version + 1} of ${it.revises.name}</button> `}<button class="plain" name="do" value="save">Keep as a new plan</button></p>`
    : html`<p class="quiet">Analysts and partners keep plans; you can try them.</p>`

function roundFields(round: RoundInForm, at: number): Html {
  const { compute, cash } = round
  return html`<fieldset>
          <legend>Round ${at + 1}: ${round.name}, ${compute === null ? 'for cash' : `for ${tokensWords(compute.tokens)} tokens`}</legend>
          <input type="hidden" name="round.${at}" value="${round.json}">
          <div class="fields">
            ${field(`name.${at}`, 'Name', round.name, 120)}
            ${dateField(`closingDate.${at}`, 'Closes on', round.closingDate)}
            ${field(`preMoney.${at}`, `Before the money, ${round.currency}`, round.preMoney, 24, true)}
            ${compute !== null && field(`delivered.${at}`, 'Tokens delivered by the next round/the one after/…', compute.delivered, 300)}
            ${cash !== null && [field(`cash.${at}`, `Cash, ${round.currency}`, cash, 24, true), field(`investorId.${at}`, 'Investor’s id, if it holds already', round.investorId, 100)]}
          </div>
          <label class="check"><input type="checkbox" name="leaveOut.${at}" value="yes"><span>Leave this round out</span></label>
        </fieldset>`
}

/** What was typed may be no number: it then stands as it is. */
const tokensWords = (tokens: string): string =>
  /^[0-9]{1,40}(\.[0-9]{1,40})?$/.test(tokens) ? grouped(tokens) : tokens

const newCashFields = ({ newCash }: ChainWorkbench): readonly Html[] => [
  field('newName', 'Name', newCash.newName, 120),
  dateField('newClosingDate', 'Closes on', newCash.newClosingDate),
  field('newClass', 'New stock class', newCash.newClass, 120),
  field('newPreMoney', 'Before the money', newCash.newPreMoney, 24, true),
  field('newCurrency', 'Currency', newCash.newCurrency, 3),
  field('newInvestor', 'Investor', newCash.newInvestor, 200),
  field('newInvestorId', 'Investor’s id, if it holds already', newCash.newInvestorId, 100),
  field('newCash', 'Cash', newCash.newCash, 24, true),
  field('newPool', 'Pool after it, % of all', newCash.newPool, 12, true),
]

const field = (name: string, words: string, value: string, most: number, decimal = false): Html =>
  html`<label><span>${words}</span> <input type="text" name="${name}" value="${value}"${decimal && html` inputmode="decimal"`} maxlength="${String(most)}"></label>`

const dateField = (name: string, words: string, value: string): Html =>
  html`<label><span>${words}</span> <input type="date" name="${name}" value="${value}"></label>`
