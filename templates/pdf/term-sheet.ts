/** The term sheet: what a company gives up and gets, in a file that is the same to the byte whenever its terms are. */
import { createHash } from 'node:crypto'
import { date } from '../format.ts'
import { headline } from '../headline.ts'
import { signatureBlocks } from './binding-document.ts'
import { Clauses } from './clauses.ts'
import { INK, Paper } from './paper.ts'
import { bold, rich } from './rich-text.ts'
import { booking } from './term-sheet-booking.ts'
import { capitalisation, economics, keyTerms, parties } from './term-sheet-deal.ts'
import { charging, conditions, risks, tokensAndReleases, unearnedShares, vesting } from './term-sheet-drawdown.ts'
import { grantedShares, grantsOnPaper } from './term-sheet-grants.ts'
import type { TermSheet } from './term-sheet-input.ts'
import { safeAccrual, safeClauses, safeEconomics, safeHeadline, safeKeyTerms } from './term-sheet-safe.ts'
import { longStop } from './term-sheet-settlement.ts'

export type { TermSheet } from './term-sheet-input.ts'

/** Name of the attached file that holds the terms. */
export const TERMS_FILE = 'terms.json'

/**
 * The term sheet as PDF/A-3a: tagged, with the terms attached as JSON. The same input gives the same bytes in every process.
 *
 * @throws {NotPrintable} for a number or date that is none
 * @throws {CharactersNotInTypeface} for text that the typeface cannot show
 */
export async function termSheetPdf(sheet: TermSheet): Promise<Uint8Array> {
  const madeAt = new Date(sheet.issuedAt)
  if (Number.isNaN(madeAt.getTime())) throw new RangeError(`issuedAt is no instant: ${sheet.issuedAt}`)
  const termsHash = createHash('sha256').update(sheet.termsJson, 'utf8').digest('hex')
  const name = `Term sheet: ${sheet.roundName}, ${sheet.company.name}`
  const paper = new Paper({
    title: name,
    author: sheet.fund.name,
    subject: `Terms version ${sheet.termsVersion} of ${date(sheet.issuedAt)}`,
    keywords: `terms sha256 ${termsHash}`,
    madeAt,
    size: sheet.paper ?? 'A4',
  })
  const description = 'The terms of this term sheet as canonical JSON (RFC 8785)'
  paper.attach({ name: TERMS_FILE, mediaType: 'application/json', text: sheet.termsJson, description }, madeAt)

  opening(paper, sheet)
  const clauses = new Clauses(paper)
  for (const section of sectionsOf(sheet)) section(clauses)
  signatures(paper, sheet)
  return paper.finish(
    name,
    `Terms ${termsHash.slice(0, 16)}… · version ${sheet.termsVersion} · ${date(sheet.issuedAt)}`,
  )
}

/** The sections in order. Those of a SAFE take the places of those of shares, so that clauses name each other alike. */
function sectionsOf(sheet: TermSheet): readonly ((clauses: Clauses) => void)[] {
  const { safe } = sheet
  const always = (section: (clauses: Clauses, of: TermSheet) => void) => (clauses: Clauses) => section(clauses, sheet)
  const either = (shares: (clauses: Clauses, of: TermSheet) => void, ofSafe: typeof safeKeyTerms) =>
    safe === undefined ? always(shares) : (clauses: Clauses) => ofSafe(clauses, { ...sheet, safe })
  return [
    always(parties),
    either(keyTerms, safeKeyTerms),
    either(economics, safeEconomics),
    always(capitalisation),
    always(tokensAndReleases),
    always(charging),
    always(booking),
    either(vesting, safeAccrual),
    either(unearnedShares, safeClauses),
    always(longStop),
    always(risks),
    always(conditions),
    always(legalEffect),
    acceptance,
  ]
}

const headlineOf = (sheet: TermSheet): string =>
  sheet.safe === undefined
    ? headline({
        shares: grantedShares(sheet),
        className: sheet.equity.className,
        fund: sheet.fund.name,
        tokens: sheet.grant.tokens,
        grants: grantsOnPaper(sheet),
        company: sheet.company.name,
      })
    : safeHeadline({ ...sheet, safe: sheet.safe })

function opening(paper: Paper, sheet: TermSheet): void {
  const wide = { x: paper.left, width: paper.width }
  paper.paragraph(`Term sheet · ${sheet.roundName}`, { ...wide, weight: 'semibold', color: INK.accent, after: 10 })
  paper.paragraph(headlineOf(sheet), {
    ...wide,
    width: paper.width * 0.92,
    tag: 'H1',
    size: 19,
    leading: 25,
    weight: 'semibold',
    after: 10,
  })
  paper.paragraph(
    `Terms version ${sheet.termsVersion}, issued ${date(sheet.issuedAt)}. Not binding, except as clause 12.2 says. The terms are attached to this file as ${TERMS_FILE}.`,
    { ...wide, color: INK.muted, after: 4 },
  )
}

/** Clauses that bind although the rest does not. */
const bindingDefaults = (sheet: TermSheet): { title: string; text: string }[] => [
  {
    title: 'Confidentiality',
    text: 'Each party keeps this term sheet and what it learns in negotiating it confidential, save towards its advisers, its investors and authorities that may require it.',
  },
  { title: 'Costs', text: 'Each party bears its own costs, whether or not the round closes.' },
  {
    title: 'Governing law',
    text: `The binding clauses are governed by the law of ${sheet.governingLaw ?? 'the jurisdiction in which the Company is organised'}.`,
  },
]

function legalEffect(clauses: Clauses, sheet: TermSheet): void {
  clauses.section('Legal effect')
  clauses.clause(
    rich`${bold('This term sheet is not binding.')} It states what the parties intend to agree. Nobody is obliged to issue, acquire or deliver anything until the definitive agreements are signed, and each party may end the negotiations at any time.`,
  )
  clauses.clause(rich`${bold('These clauses bind from acceptance:')} 12.3 and those after it in this section.`)
  for (const { title, text } of [...(sheet.bindingClauses ?? []), ...bindingDefaults(sheet)]) {
    clauses.clause(rich`${bold(`${title}.`)} ${text}`)
  }
}

function acceptance(clauses: Clauses): void {
  clauses.section('Acceptance')
  clauses.clause(
    'The Company accepts by confirming, through a person authorised to act for it, the SHA-256 hash of exactly this file. A file with another hash is another document. A later version of the terms replaces this one.',
  )
}

function signatures(paper: Paper, sheet: TermSheet): void {
  signatureBlocks(paper, [
    { role: 'Company', name: sheet.company.name },
    { role: 'Fund', name: sheet.fund.name },
  ])
}
