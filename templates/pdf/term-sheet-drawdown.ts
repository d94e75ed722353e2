/** The second half of a term sheet: how compute earns the shares, and what happens when the deal does not go to plan. */
import { counted, date, grouped, money } from '../format.ts'
import { shareWords } from '../headline.ts'
import type { Clauses } from './clauses.ts'
import { otherReleases, schedule } from './release-clauses.ts'
import { defined, rich } from './rich-text.ts'
import { factors } from './term-sheet-factors.ts'
import { grantedShares, grantedWords, grantsOnPaper, grantTerms, grantVesting } from './term-sheet-grants.ts'
import type { DrawOrderOnPaper, TermSheet } from './term-sheet-input.ts'
import {
  allocationWords,
  BASIS_WORDS,
  BEARER_WORDS,
  CORPORATE_BASIS,
  causes,
  drawOrderWords,
  unearnedRights,
  WAIVER_WORDS,
} from './term-sheet-words.ts'

export function tokensAndReleases(clauses: Clauses, sheet: TermSheet): void {
  const { grant, releases } = sheet
  const granted = grantedWords(grantsOnPaper(sheet)).replaceAll(' token', ' Token')
  clauses.section('Tokens and releases')
  clauses.clause(
    rich`A ${defined('Token')} is the right to one hour of one NVIDIA H100 GPU, or of other GPUs at the factor agreed for them, on the Provider’s clusters. At Closing the Company is granted ${granted}. Tokens are no currency and bear no interest.`,
  )
  const redeemed = `Tokens can be redeemed once released, and until ${date(grant.expiresOn)}, when the rest expires.`
  if (releases.length === 0) clauses.clause(redeemed)
  else clauses.clause(`${redeemed} They are released as follows.`, schedule(releases))
  for (const { text, table } of otherReleases(sheet)) clauses.clause(text, table)
  if (sheet.drawOrder !== undefined) clauses.clause(drawOrderClause(sheet.drawOrder))
  grantTerms(clauses, sheet)
}

const drawOrderClause = (order: DrawOrderOnPaper): string =>
  `Of all Tokens of this class that the Company has, whatever brought them, reservations, and use outside any, draw ${drawOrderWords(order)}; among equals, those that expire first. This takes the place of what was agreed on it before, from Closing on; what is held for a reservation by then stays as it was drawn.`

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
        { head: sheet.safe === undefined ? 'Earns shares' : 'Accrues', share: 0.8 },
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
    `${sheet.furtherGrants === undefined ? '' : 'Of grant 1: '}The number of Earned Shares follows the part of the ${grouped(grant.tokens)} granted Tokens that counts, ${allocationWords(terms)}. When all Tokens count, all ${grouped(equity.shares)} shares are earned.`,
  )
  clauses.clause(
    terms.cliffTokens === undefined
      ? 'There is no cliff.'
      : `No share is earned before ${counted(terms.cliffTokens, 'Token')} count; then the shares for all of them are.`,
  )
  grantVesting(clauses, sheet)
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
      `The Fund receives them as a warrant on ${grouped(grantedShares(sheet))} shares${sheet.furtherGrants === undefined ? '' : ', one for each grant'}. The warrant vests as the shares are earned; what has vested can be exercised at ${money(sheet.warrant.exercisePrice)} per share until ${date(sheet.warrant.expiresOn)}, in whole or in part. Nothing votes, and nothing bears dividends, before it is exercised.`,
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
    `This table is complete: what happens to Tokens, ${sheet.safe === undefined ? 'shares' : 'the SAFE'} and cash in each event, and who bears the loss.`,
    {
      summary: 'Risk table',
      size: 7.5,
      columns: [
        { head: 'Event', share: 1.05 },
        { head: 'Tokens', share: 1.7 },
        { head: sheet.safe === undefined ? 'Unearned Shares' : 'Not accrued', share: 1.7 },
        { head: sheet.safe === undefined ? 'Earned Shares' : 'Accrued', share: 1.3 },
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
    rich`${sheet.safe === undefined ? 'The shares are issued' : 'The SAFE is given'} and the Tokens granted at one ${defined('Closing')}, expected on ${date(sheet.closingDate)}, once each of these conditions is met or waived by whoever may waive it.`,
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
