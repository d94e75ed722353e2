/** Who gets what if the company is sold, on paper: the chart and the tables of the page. The same figures, the same bytes. */
import { waterfallChart } from '../charts/waterfall.ts'
import { date, grouped, listed, percent } from '../format.ts'
import { BENDS_NOTE, numberedBends, TREATMENTS, type WaterfallSheet } from '../waterfall-sheet.ts'
import { Clauses } from './clauses.ts'
import { INK, Paper } from './paper.ts'

/** Name of the attached file that holds the figures. */
export const WATERFALL_FILE = 'waterfall.json'

export type WaterfallPaper = WaterfallSheet & {
  readonly fundName: string
  /** Every figure as canonical JSON (RFC 8785), and the SHA-256 of that in hex. */
  readonly figuresJson: string
  readonly sha256: string
}

/**
 * The sale as PDF/A-3a: tagged, with its figures attached as JSON. Its only date is the day of the cap table.
 *
 * @throws {NotPrintable} {CharactersNotInTypeface}
 */
export async function waterfallPdf(it: WaterfallPaper): Promise<Uint8Array> {
  const madeAt = new Date(`${it.asOf}T00:00:00Z`)
  if (Number.isNaN(madeAt.getTime())) throw new RangeError(`asOf is no day: ${it.asOf}`)
  const name = `Sale of ${it.companyName}`
  const paper = new Paper({
    title: name,
    author: it.fundName,
    subject: `At ${it.currency} ${grouped(it.exit, 2)}, by ${it.of} of ${date(it.asOf)}`,
    keywords: `waterfall sha256 ${it.sha256}`,
    madeAt,
    size: 'A4',
  })
  const description = 'The figures of this sale as canonical JSON (RFC 8785), as they are hashed'
  paper.attach({ name: WATERFALL_FILE, mediaType: 'application/json', text: it.figuresJson, description }, madeAt)
  opening(paper, it)
  const parts = new Clauses(paper)
  payouts(parts, it)
  bends(parts, it)
  return paper.finish(name, `Figures ${it.sha256.slice(0, 16)}… · cap table of ${date(it.asOf)}`)
}

function opening(paper: Paper, it: WaterfallPaper): void {
  const wide = { x: paper.left, width: paper.width }
  const [first] = it.payouts
  const treatment = TREATMENTS.find(([value]) => value === it.unearned)?.[1] ?? it.unearned
  paper.paragraph(`Sale · ${it.companyName}`, { ...wide, weight: 'semibold', color: INK.accent, after: 10 })
  paper.paragraph(
    first === undefined
      ? `Sold for ${it.currency} ${grouped(it.exit, 2)}, nobody is paid`
      : `Sold for ${it.currency} ${grouped(it.exit, 2)}, ${first.holder} gets most: ${it.currency} ${grouped(first.amount, 2)}`,
    { ...wide, width: paper.width * 0.92, tag: 'H1', size: 19, leading: 25, weight: 'semibold', after: 10 },
  )
  paper.paragraph(
    `By ${it.of}, as of ${date(it.asOf)}; unearned shares ${treatment}. A calculation: it promises nothing, and the charter and the agreements decide. The figures are attached to this file as ${WATERFALL_FILE}; their SHA-256 is ${it.sha256}.`,
    { ...wide, color: INK.muted, after: 4 },
  )
}

function payouts(parts: Clauses, it: WaterfallPaper): void {
  parts.section(`Who gets what at ${it.currency} ${grouped(it.exit, 2)}`)
  parts.table({
    summary: 'Payouts, to the cent; they add up to the exit value',
    columns: [
      { head: 'Holder', share: 1.4 },
      { head: 'For', share: 1.2 },
      { head: `Payout, ${it.currency}`, number: true },
      { head: '%', number: true },
      { head: 'How', share: 1.1 },
    ],
    rows: [
      ...it.payouts.map(({ holder, what, amount, how }) => ({
        cells: [holder, what, grouped(amount, 2), percent(amount, it.exit), how],
      })),
      { cells: ['Total', '', grouped(it.exit, 2), '100.00', ''], total: true },
    ],
  })
  if (it.notes.length > 0) parts.note(`Taken for granted: ${listed(it.notes)}.`)
}

function bends(parts: Clauses, it: WaterfallPaper): void {
  const numbered = numberedBends(it)
  parts.section('Payout by exit value')
  if (numbered.length > 0) {
    parts.table({
      summary: 'Where it bends',
      columns: [
        { head: 'Number', share: 0.4 },
        { head: `Exit value, ${it.currency}`, number: true },
        { head: 'From here on', share: 2 },
      ],
      rows: numbered.map(({ number, exit, words }) => ({ cells: [number, grouped(exit, 2), words] })),
    })
  }
  parts.figure((canvas) => waterfallChart({ currency: it.currency, series: it.classes, breakpoints: numbered }, canvas))
  if (numbered.length > 0) parts.note(BENDS_NOTE.replace('below', 'above'))
}
