/** An amendment: every term that changes, as it read and as it will read, from which day on, and that nothing else does. */
import { counted, date } from '../format.ts'
import { bindingDocumentPdf } from './binding-document.ts'
import { bold, rich } from './rich-text.ts'
import type { Party } from './term-sheet-input.ts'
import { type TermValue, termTitle, termWords } from './term-words.ts'

/** What an amendment is made from. */
export type AmendmentPaper = {
  readonly roundName: string
  readonly company: Party
  readonly fund: Party
  /** Instant of issue in UTC: the file's only date. */
  readonly issuedAt: string
  /** Version of the terms that it changes; it makes the next. */
  readonly baseVersion: number
  /** Left out: the day on which the second side signs. */
  readonly effectiveOn?: string
  readonly reason: string
  /** True once the round has closed. */
  readonly closed: boolean
  readonly changes: readonly { readonly path: readonly string[]; readonly from: TermValue; readonly to: TermValue }[]
  /** Canonical JSON of the changes and of the terms whole as they will read. */
  readonly json: string
  readonly paper?: 'A4' | 'LETTER'
}

/** Name of the attached file that holds the changes and the terms as amended. */
export const AMENDMENT_FILE = 'amendment.json'

/**
 * The amendment as PDF/A-3a.
 *
 * @throws {NotPrintable} for a number or date that is none
 * @throws {CharactersNotInTypeface} for text that the typeface cannot show
 */
export function amendmentPdf(amendment: AmendmentPaper): Promise<Uint8Array> {
  const { company, fund, changes, roundName, effectiveOn } = amendment
  const day = effectiveOn === undefined ? 'the day on which the second of the parties signs' : date(effectiveOn)
  return bindingDocumentPdf({
    kind: 'Amendment',
    subject: roundName,
    headline: `Changes ${counted(String(changes.length), 'term')} of ${roundName} between ${company.name} and ${fund.name} from ${day} on`,
    issuedAt: amendment.issuedAt,
    parties: [
      { ...company, role: 'Company' },
      { ...fund, role: 'Fund' },
    ],
    sections: [
      {
        title: 'What changes',
        clauses: [
          {
            text: rich`The parties have agreed the terms of ${roundName} in version ${String(amendment.baseVersion)}. These terms change as this table says; together with the others they are version ${String(amendment.baseVersion + 1)}.`,
            table: {
              summary: 'Each term that changes, before and after',
              columns: [
                { head: 'Term', share: 1 },
                { head: 'Until now', share: 1.5 },
                { head: 'From now on', share: 1.5 },
              ],
              rows: changes.map(({ path, from, to }) => ({
                cells: [termTitle(path), termWords(path, from), termWords(path, to)],
              })),
            },
          },
          { text: rich`${bold('Reason.')} ${amendment.reason}` },
        ],
      },
      {
        title: 'Effect',
        clauses: [
          { text: rich`${bold('From when.')} The amendment takes effect on ${day}, at 00:00 UTC.` },
          {
            text: rich`${bold('Forwards only.')} What was charged, earned or vested before that day stays as it is. Charges that are booked from that day on follow the terms as amended, also for use that was reported late.`,
          },
          {
            text: rich`${bold('Nothing else changes.')} Price, shares issued and tokens granted stay as they are, and so does every term that the table does not name.${amendment.closed ? '' : ' The equity that the accepted term sheet promises is the same.'}`,
          },
        ],
      },
    ],
    attached: {
      name: AMENDMENT_FILE,
      json: amendment.json,
      description: 'The changes and the terms as amended, as canonical JSON (RFC 8785)',
    },
    ...(amendment.paper === undefined ? {} : { paper: amendment.paper }),
  })
}
