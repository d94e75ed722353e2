/** Rounds one after another on paper: the chart and the tables of the page. The same figures, the same bytes. */
import {
  CHAIN_BASIS,
  type ChainSheet,
  keptInChain,
  PARTS_OF_CHAIN,
  partsOfChain,
  pricesOfChain,
  salesOfChain,
} from '../chain-sheet.ts'
import { dilutionChart } from '../charts/ownership.ts'
import { date, grouped, percent } from '../format.ts'
import { Clauses } from './clauses.ts'
import { INK, Paper } from './paper.ts'
import type { Table } from './table.ts'

/** Name of the attached file that holds the figures. */
export const CHAIN_FILE = 'chain.json'

export type ChainPaper = ChainSheet & {
  readonly fundName: string
  readonly version: number
  /** When this version was saved: the file's only date. */
  readonly savedAt: string
  /** Every figure as canonical JSON (RFC 8785), and the SHA-256 of that in hex. */
  readonly figuresJson: string
  readonly sha256: string
}

/**
 * The chain as PDF/A-3a: tagged, with its figures attached as JSON.
 *
 * @throws {NotPrintable} {CharactersNotInTypeface}
 */
export async function chainPdf(it: ChainPaper): Promise<Uint8Array> {
  const madeAt = new Date(it.savedAt)
  if (Number.isNaN(madeAt.getTime())) throw new RangeError(`savedAt is no instant: ${it.savedAt}`)
  const name = `${it.name}: ${it.companyName}`
  const paper = new Paper({
    title: name,
    author: it.fundName,
    subject: `Version ${it.version}, saved ${date(it.savedAt)}`,
    keywords: `chain sha256 ${it.sha256}`,
    madeAt,
    size: 'A4',
  })
  const description = 'The figures of this plan as canonical JSON (RFC 8785), as they are hashed'
  paper.attach({ name: CHAIN_FILE, mediaType: 'application/json', text: it.figuresJson, description }, madeAt)
  opening(paper, it)
  const parts = new Clauses(paper)
  parts.section('Dilution over the rounds')
  for (const [at, { caption, of }] of PARTS_OF_CHAIN.entries()) {
    const [first, ...more] = partsTables(it, caption, of)
    parts.clause(`${caption}:`, first)
    for (const table of more) parts.table(table)
    if (at > 0) continue
    parts.figure((canvas) => dilutionChart(it.stages, canvas))
    parts.note('Parts of all shares, fully diluted, after each round. Hatched: issued and not earned.')
  }
  parts.section('The rounds')
  parts.clause('When each round closes, and at which price:', pricesTable(it))
  parts.clause('What each round sells, in shares:', sharesTable(it))
  for (const round of it.rounds) for (const note of round.notes) parts.clause(`${round.name}: ${note}`)
  parts.note(CHAIN_BASIS)
  return paper.finish(name, `Figures ${it.sha256.slice(0, 16)}… · version ${it.version} · ${date(it.savedAt)}`)
}

function opening(paper: Paper, it: ChainPaper): void {
  const wide = { x: paper.left, width: paper.width }
  const { part, earned } = keptInChain(it)
  paper.paragraph(`Plan of rounds · ${it.companyName} · ${it.name}`, {
    ...{ ...wide, weight: 'semibold', color: INK.accent, after: 10 },
  })
  paper.paragraph(
    `After ${it.rounds.at(-1)?.name ?? 'no round'}, today’s holders own ${percent(part, '1')} % of the company`,
    { ...wide, width: paper.width * 0.92, tag: 'H1', size: 19, leading: 25, weight: 'semibold', after: 10 },
  )
  paper.paragraph(
    `${percent(earned, '1')} % if nothing more of the unearned shares is ever earned. Each round is solved on the result of the one before, beginning with the cap table of ${date(it.asOf)}. A plan of ${it.fundName}: it offers nothing, and nothing follows from it. The figures are attached to this file as ${CHAIN_FILE}; their SHA-256 is ${it.sha256}.`,
    { ...wide, color: INK.muted, after: 4 },
  )
}

/** Stages beside each other in one table: of more, the totals of shares would not stay in one piece. */
const STAGES_BESIDE = 6

/** The parts at every stage, in as many tables as are needed for figures that can be read; holders stand in each. */
function partsTables(it: ChainSheet, summary: string, of: (typeof PARTS_OF_CHAIN)[number]['of']): readonly Table[] {
  const { holders, totals } = partsOfChain(it, of)
  const tables = Math.ceil(it.stages.length / STAGES_BESIDE)
  const beside = Math.ceil(it.stages.length / tables)
  return Array.from({ length: tables }, (_, index): Table => {
    const own = <Cell>(cells: readonly Cell[]) => cells.slice(index * beside, (index + 1) * beside)
    return {
      summary: tables === 1 ? summary : `${summary}, ${index + 1} of ${tables}`,
      columns: [{ head: 'Holder', share: 2 }, ...own(it.stages).map(({ name }) => ({ head: name, number: true }))],
      rows: [
        ...holders.map(({ holder, parts }) => ({ cells: [holder, ...own(parts)] })),
        { cells: ['Shares in all', ...own(totals).map((total) => grouped(total))], total: true },
      ],
    }
  })
}

const pricesTable = ({ rounds }: ChainSheet): Table => ({
  summary: 'When each round closes, and at which price',
  columns: [
    { head: 'Round', share: 2 },
    { head: 'Closes' },
    { head: 'Before the money', number: true },
    { head: 'A share', number: true },
    { head: 'After the money', number: true },
  ],
  rows: pricesOfChain(rounds),
})

const sharesTable = ({ rounds }: ChainSheet): Table => ({
  summary: 'What each round sells',
  columns: [
    { head: 'Round', share: 2 },
    { head: 'Tokens', number: true },
    { head: 'Shares for compute', number: true },
    { head: 'Shares for cash', number: true },
    { head: 'Converted', number: true },
    { head: 'Pool increase', number: true },
  ],
  rows: salesOfChain(rounds),
})
