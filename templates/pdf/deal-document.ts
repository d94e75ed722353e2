/** Documents that bind a deal beside its terms: an assignment to a successor, and a side letter. */
import { date, grouped, percent } from '../format.ts'
import { bindingDocumentPdf } from './binding-document.ts'
import { bold, rich } from './rich-text.ts'
import type { Party } from './term-sheet-input.ts'
import { formWords } from './term-sheet-words.ts'

type Common = {
  readonly title: string
  readonly roundName: string
  readonly company: Party
  readonly fund: Party
  readonly issuedAt: string
  readonly effectiveOn?: string
  /** Canonical JSON of what it says. */
  readonly json: string
}
const dayWords = (effectiveOn: string | undefined): string =>
  effectiveOn === undefined ? 'the day on which the second of the parties signs' : date(effectiveOn)

export type AssignmentPaper = Common & {
  readonly side: 'company' | 'fund' | 'provider'
  readonly kind: 'merger' | 'conversion' | 'assignment'
  readonly predecessor: string
  readonly successor: Required<Party>
  readonly evidence: string
  readonly evidenceDate: string
}

const HOW: Readonly<Record<AssignmentPaper['kind'], string>> = {
  merger: 'by merger, by which every right and duty passes to the surviving entity by operation of law',
  conversion: 'by conversion, after which it is the same entity in another form',
  assignment: 'by assignment and assumption: the predecessor assigns every right, and the successor assumes every duty',
}
const ROLE: Readonly<Record<AssignmentPaper['side'], string>> = {
  company: 'Company',
  fund: 'Fund',
  provider: 'Provider',
}

/** The assignment as PDF/A-3a. @throws {NotPrintable} @throws {CharactersNotInTypeface} */
export function assignmentPdf(paper: AssignmentPaper): Promise<Uint8Array> {
  const { successor, predecessor, roundName, company, fund } = paper
  const role = ROLE[paper.side]
  return bindingDocumentPdf({
    kind: 'Assignment and assumption',
    subject: roundName,
    headline: `${successor.name} takes the place of ${predecessor} as the ${role} in ${roundName} from ${dayWords(paper.effectiveOn)} on`,
    issuedAt: paper.issuedAt,
    parties: [
      { ...company, role: 'Company' },
      { ...fund, role: 'Fund' },
    ],
    sections: [
      {
        title: 'Succession',
        clauses: [
          {
            text: rich`${successor.name}${formWords(successor)} (the Successor), takes the place of ${predecessor} as the ${role} ${HOW[paper.kind]}.`,
          },
          { text: rich`${bold('What shows it.')} ${paper.evidence}, of ${date(paper.evidenceDate)}.` },
        ],
      },
      {
        title: 'What passes',
        clauses: [
          {
            text: 'Every agreement of the round with its amendments and side letters; every obligation, also those that arose before; every Token and every reservation; and the progress of each grant: what was charged, earned and vested stays so.',
          },
          {
            text: 'No share is issued, cancelled or transferred by this document. Where the laws or the charter ask for more, that is done beside it.',
          },
          { text: rich`${bold('From when.')} It takes effect on ${dayWords(paper.effectiveOn)}, at 00:00 UTC.` },
        ],
      },
    ],
    attached: { name: 'assignment.json', json: paper.json, description: 'The assignment as canonical JSON (RFC 8785)' },
  })
}

/** A right as a document prints it. Parts of 1 are decimal strings. */
export type RightText =
  | { readonly kind: 'PRO_RATA'; readonly multiple: string; readonly until?: string | undefined }
  | {
      readonly kind: 'PRO_RATA_WAIVER'
      /** Title of the side letter whose right is given up, and name of the round for which. */
      readonly sideLetter: string
      readonly laterRound: string
      readonly until?: string | undefined
    }
  | {
      readonly kind: 'INFORMATION'
      readonly reports: readonly string[]
      /** Days after the end of the period, of a budget before the end of the fiscal year. */
      readonly days?: readonly { readonly report: string; readonly days: number }[] | undefined
      /** 1 to 12. */
      readonly fiscalYearEndMonth?: number | undefined
      /** Days before each is due. */
      readonly reminderDays?: number | undefined
      readonly until?: string | undefined
    }
  | { readonly kind: 'PRICE_PROTECTION'; readonly threshold: string; readonly until?: string | undefined }
  | { readonly kind: 'BOARD_OBSERVER' | 'CO_SALE'; readonly until?: string | undefined }
  | { readonly kind: 'OTHER'; readonly title: string; readonly text: string; readonly until?: string | undefined }

export type SideLetterPaper = Common & {
  readonly holder: string
  readonly rights: readonly RightText[]
  readonly mfn?: { readonly windowDays: number; readonly over?: readonly string[] | undefined } | undefined
}

const daysWords = (days: readonly { readonly report: string; readonly days: number }[] = []): string =>
  days
    .map(({ report, days: count }) =>
      report === 'budget'
        ? ` The budget comes ${count} days before the fiscal year ends.`
        : ` The ${report} report comes within ${count} days of the end of its period.`,
    )
    .join('')

const MONTHS = 'January February March April May June July August September October November December'.split(' ')
const yearWords = (month: number | undefined): string =>
  month === undefined ? '' : ` The fiscal year ends with ${MONTHS[month - 1] ?? ''}.`

const reminderWords = (days: number | undefined): string =>
  days === undefined ? '' : ` The Company is reminded ${days === 1 ? 'a day' : `${days} days`} before each is due.`

/** One right in words. @throws {NotPrintable} */
export function rightWords(right: RightText): { readonly title: string; readonly words: string } {
  const end = right.until === undefined ? '' : ` The right ends on ${date(right.until)}.`
  switch (right.kind) {
    case 'PRO_RATA':
      return {
        title: 'Pro rata',
        words: `The holder may buy ${right.multiple === '1' ? 'its part' : `${grouped(right.multiple)} times its part`} of every later issue of equity at its price.${end}`,
      }
    case 'PRO_RATA_WAIVER':
      return {
        title: 'Waiver of pro rata',
        words: `The holder waives its pro rata right under the side letter “${right.sideLetter}” for ${right.laterRound}, and for no other issue.`,
      }
    case 'INFORMATION':
      return {
        title: 'Information',
        words: `The Company gives the holder these reports: ${right.reports.join(', ')}.${daysWords(right.days)}${yearWords(right.fiscalYearEndMonth)}${reminderWords(right.reminderDays)}${end}`,
      }
    case 'PRICE_PROTECTION':
      return {
        title: 'Price protection',
        words: `When the agreed index falls by more than ${percent(right.threshold, '1')}%, the Fund adds Tokens for what the fall exceeds. They earn no shares.${end}`,
      }
    case 'BOARD_OBSERVER':
      return { title: 'Board observer', words: `The holder may send an observer to meetings of the board.${end}` }
    case 'CO_SALE':
      return { title: 'Co-sale', words: `The holder may sell along with every sale by a founder, in proportion.${end}` }
    case 'OTHER':
      return { title: right.title, words: `${right.text}${end}` }
  }
}

/** The side letter as PDF/A-3a. @throws {NotPrintable} @throws {CharactersNotInTypeface} */
export function sideLetterPdf(paper: SideLetterPaper): Promise<Uint8Array> {
  const { holder, mfn } = paper
  const over =
    mfn?.over === undefined ? 'a later side letter of the round' : `one of these side letters: ${mfn.over.join('; ')}`
  return bindingDocumentPdf({
    kind: 'Side letter',
    subject: paper.title,
    headline: `Gives ${holder} rights beside the terms of ${paper.roundName} from ${dayWords(paper.effectiveOn)} on`,
    issuedAt: paper.issuedAt,
    parties: [
      { ...paper.company, role: 'Company' },
      { ...paper.fund, role: 'Fund' },
    ],
    sections: [
      {
        title: 'Rights',
        clauses: paper.rights.map((right) => {
          const { title, words } = rightWords(right)
          return { text: rich`${bold(`${title}.`)} ${words}` }
        }),
      },
      ...(mfn === undefined
        ? []
        : [
            {
              title: 'Most favoured nation',
              clauses: [
                {
                  text: `The holder may take over the terms of ${over}, in the place of these, within ${grouped(String(mfn.windowDays))} days of the notice of it: one of them, once, and whole. Nobody picks single terms.`,
                },
              ],
            },
          ]),
      {
        title: 'Effect',
        clauses: [
          {
            text: rich`${bold('From when.')} It takes effect on ${dayWords(paper.effectiveOn)}, at 00:00 UTC. The terms of the round stay as they are.`,
          },
        ],
      },
    ],
    attached: {
      name: 'side-letter.json',
      json: paper.json,
      description: 'The side letter as canonical JSON (RFC 8785)',
    },
  })
}
