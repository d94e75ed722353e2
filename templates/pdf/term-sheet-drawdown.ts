/** The second half of a term sheet: how compute earns the shares, and what happens when the deal does not go to plan. */
import { column, counted, date, grouped, money, sum } from '../format.ts'
import { shareWords } from '../headline.ts'
import type { Clauses } from './clauses.ts'
import { defined, rich } from './rich-text.ts'
import { factors } from './term-sheet-factors.ts'
import type { TermSheet } from './term-sheet-input.ts'
import {
  allocationWords,
  BASIS_WORDS,
  BEARER_WORDS,
  CORPORATE_BASIS,
  causes,
  unearnedRights,
  WAIVER_WORDS,
} from './term-sheet-words.ts'

export function tokensAndReleases(clauses: Clauses, sheet: TermSheet): void {
  const { grant, releases } = sheet
  clauses.section('Tokens and releases')
  clauses.clause(
    rich`A ${defined('Token')} is the right to one hour of one NVIDIA H100 GPU, or of other GPUs at the factor agreed for them, on the Provider’s clusters. At Closing the Company is granted ${counted(grant.tokens, 'Token')} of class ${grant.tokenClass}. Tokens are no currency and bear no interest.`,
  )
  const amounts = releases.map((release) => release.tokens)
  const shown = column([...amounts, sum(amounts)])
  clauses.clause(
    `Tokens can be redeemed once released, and until ${date(grant.expiresOn)}, when the rest expires. They are released as follows.`,
    {
      summary: 'Release schedule',
      columns: [{ head: 'Release', share: 0.5 }, { head: 'Date' }, { head: 'Tokens', number: true }],
      rows: [
        ...releases.map((release, i) => ({ cells: [String(i + 1), date(release.on), shown[i] ?? ''] })),
        { cells: ['Total', '', shown.at(-1) ?? ''], total: true },
      ],
    },
  )
}

export function charging(clauses: Clauses, sheet: TermSheet): void {
  clauses.section('Charging')
  clauses.clause(
    sheet.charging === 'RESERVED'
      ? 'The Company pays in Tokens for the time it reserves. Tokens are held when a reservation is requested, charged by cause, and what is left of the hold returns.'
      : 'The Company pays in Tokens for the compute it is metered to have used. Tokens are held when a reservation is requested, and what is left of the hold returns.',
  )
  clauses.clause(
    'Charges follow metered GPU-seconds and are rounded down on the running total, so that rounding never adds up. What is charged is not the same as what was delivered:',
    {
      summary: 'Causes of a charge',
      columns: [
        { head: 'Cause' },
        { head: 'When', share: 2.6 },
        { head: 'Charged', share: 0.7 },
        { head: 'Earns shares', share: 0.8 },
      ],
      rows: causes(sheet).map((cause) => ({
        cells: [cause.name, cause.when, cause.charged ? 'Yes' : 'No', cause.earns ? 'Yes' : 'No'],
      })),
    },
  )
  factors(clauses, sheet)
}

export function vesting(clauses: Clauses, sheet: TermSheet): void {
  const { vesting: terms, grant, equity } = sheet
  clauses.section('Vesting')
  clauses.clause(rich`A share is ${defined('Earned')} when Tokens count for it. ${BASIS_WORDS[terms.basis]}.`)
  clauses.clause(
    `The number of Earned Shares follows the part of the ${grouped(grant.tokens)} granted Tokens that counts, ${allocationWords(terms)}. When all Tokens count, all ${grouped(equity.shares)} shares are earned.`,
  )
  clauses.clause(
    terms.cliffTokens === undefined
      ? 'There is no cliff.'
      : `No share is earned before ${counted(terms.cliffTokens, 'Token')} count; then the shares for all of them are.`,
  )
  clauses.clause(
    rich`The Provider’s deliveries are stated to the Company each month. The Company may dispute a statement within ${counted(String(sheet.disputeWindowDays), 'day')}; after that it counts as accepted. A final statement makes the Earned Shares in it ${defined('Vested')}. A share that has vested stays vested except by an amendment signed by the Company and the Fund, or by an award or judgment.`,
  )
}

export function unearnedShares(clauses: Clauses, sheet: TermSheet): void {
  const { unearned, equity } = sheet
  clauses.section('Unearned Shares')
  clauses.clause(
    rich`The ${shareWords(equity.className)} issued to the Fund against compute are ${defined('Unearned Shares')} until they are earned, and ${defined('Earned Shares')} from then on. ${CORPORATE_BASIS[unearned.basis]}`,
  )
  if (sheet.warrant !== undefined) {
    clauses.clause(
      `The Fund receives them as a warrant on ${grouped(equity.shares)} shares. The warrant vests as the shares are earned; what has vested can be exercised at ${money(sheet.warrant.exercisePrice)} per share until ${date(sheet.warrant.expiresOn)}, in whole or in part. Nothing votes, and nothing bears dividends, before it is exercised.`,
    )
  }
  clauses.clause('Until they are earned, these are their rights:', {
    summary: 'Rights of Unearned Shares',
    headless: true,
    columns: [{ head: 'Right' }, { head: 'Unearned Shares', share: 2.9 }],
    rows: unearnedRights(unearned, equity.votesPerShare).map((right) => ({ cells: [right.name, right.words] })),
  })
  clauses.clause(
    'Unearned Shares cannot be transferred or pledged. Where they are forfeited they pass to the Company automatically, for no consideration. Where shares are repurchased, the price is never more than the cash that was actually paid for them.',
  )
}

export function risks(clauses: Clauses, sheet: TermSheet): void {
  clauses.section('Who bears what')
  clauses.clause(
    'This table is complete: what happens to Tokens, shares and cash in each event, and who bears the loss.',
    {
      summary: 'Risk table',
      size: 7.5,
      columns: [
        { head: 'Event', share: 1.05 },
        { head: 'Tokens', share: 1.7 },
        { head: 'Unearned Shares', share: 1.7 },
        { head: 'Earned Shares', share: 1.3 },
        { head: 'Cash', share: 1.1 },
        { head: 'Borne by', share: 0.85 },
      ],
      rows: sheet.riskTable.map((risk) => ({
        cells: [
          [{ text: risk.event, bold: true }],
          risk.tokens,
          risk.unearned,
          risk.earned,
          risk.cash,
          BEARER_WORDS[risk.bears],
        ],
      })),
    },
  )
}

export function conditions(clauses: Clauses, sheet: TermSheet): void {
  clauses.section('Conditions to Closing')
  clauses.clause(
    rich`The shares are issued and the Tokens granted at one ${defined('Closing')}, expected on ${date(sheet.closingDate)}, once each of these conditions is met or waived by whoever may waive it.`,
    {
      summary: 'Conditions to Closing',
      columns: [
        { head: '', share: 0.3 },
        { head: 'Condition', share: 4 },
        { head: 'May be waived by', share: 1.1 },
      ],
      rows: sheet.conditions.map((condition, i) => ({
        cells: [`(${letters(i)})`, condition.text, WAIVER_WORDS[condition.waivableBy]],
      })),
    },
  )
}

/** a, b, ... z, aa, ab, ... */
const letters = (index: number): string =>
  index < 26 ? String.fromCharCode(97 + index) : `${letters(Math.floor(index / 26) - 1)}${letters(index % 26)}`
