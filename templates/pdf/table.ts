/** Tables that flow over pages with their head repeated, and whose numbers stand right-aligned under each other. */
import { INK, type Paper, type Structure } from './paper.ts'
import { type Line, naturalWidth, plainText, type Rich, wrap } from './rich-text.ts'

/** A column. Numbers get the width they need; the other columns share what is left by `share` (1 by default). */
export type Column = {
  readonly head: string
  readonly number?: boolean
  readonly share?: number
  /** Word above the heads of neighbouring columns that belong together: "After, with unearned shares". */
  readonly group?: string
}
export type Row = {
  readonly cells: readonly Rich[]
  /** A total: semibold under a strong rule, never alone on a page. */
  readonly total?: boolean
}
export type Table = {
  /** What the table shows, for whoever cannot see it. */
  readonly summary: string
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
  /** No head row: the first cell of each row names it. */
  readonly headless?: boolean
  readonly size?: number
  readonly after?: number
}

const PAD = { x: 6, y: 4.2 }
/** Sizes that are tried, largest first, until the columns of text have room. */
const SIZES = [8.5, 7.5, 6.5, 5.5] as const
/** Share of the table's width that columns of text must keep. */
const TEXT_ROOM = 0.3
/** Points up to which a column of text has room for its longest word; a longer word may be broken. */
const WORD_ROOM = 130

// pdfkit knows both, its types do not: in a constant of their own they pass.
const ROW_HEAD = { scope: 'Row', title: '' }
const COLUMN_HEAD = { scope: 'Column', title: '' }

type Plan = {
  readonly size: number
  readonly leading: number
  readonly lefts: readonly number[]
  readonly widths: readonly number[]
}
type Cut = { readonly cells: readonly (readonly Line[])[]; readonly height: number; readonly total: boolean }

/** A table that is laid out and not yet drawn. */
export type LaidOut = {
  /** Height in points that must be free where it begins: all of a short table, the beginning of a long one. */
  readonly keep: number
  draw(): void
}

/** A table of at most this height is not parted. */
const WHOLE = 230

/** Lays a table out for the paper's width. Drawing it happens at the paper's position then. */
export function layOut(paper: Paper, table: Table): LaidOut {
  const plan = planned(paper, table)
  const heads = table.columns.map((column) => column.head)
  const head = table.headless === true ? undefined : cut(paper, plan, table.columns, heads, true)
  const rows = table.rows.map((row) => cut(paper, plan, table.columns, row.cells, row.total === true))
  const headHeight = groupHeight(paper, plan, table) + (head?.height ?? 0)
  const height = rows.reduce((total, row) => total + row.height, headHeight)
  const first = rows.slice(0, 3).reduce((total, row) => total + Math.min(row.height, 90), headHeight)
  const keep = height <= WHOLE ? height : first
  return {
    keep,
    draw: () => {
      paper.room(keep)
      const element = paper.doc.struct('Table', { title: table.summary })
      paper.root.add(element)
      drawHead(paper, plan, table, head, element)
      for (const [i, row] of rows.entries()) {
        const next = rows[i + 1]
        const needed = row.height + (next?.total === true ? next.height : 0)
        // A row taller than a third of a page is parted where it stands; any other moves whole.
        const parts = row.height > 200 && paper.bottom - paper.y > 90
        if (!parts && paper.room(needed)) drawHead(paper, plan, table, head, undefined)
        drawRow(paper, plan, table, row, element, head)
      }
      element.end()
      paper.space(table.after ?? 14)
    },
  }
}

function planned(paper: Paper, table: Table): Plan {
  const sizes = SIZES.filter((size) => size <= (table.size ?? SIZES[0]))
  let plan = planAt(paper, table, sizes[0] ?? SIZES[0])
  for (const size of sizes) {
    plan = planAt(paper, table, size)
    if (plan.roomForText) break
  }
  return plan
}

function planAt(paper: Paper, table: Table, size: number): Plan & { readonly roomForText: boolean } {
  const measure = paper.measure(size)
  const natural = table.columns.map((column, i) => {
    if (column.number !== true) return 0
    const headWidth = Math.max(...column.head.split('\n').map((word) => naturalWidth(word, measure, 'semibold')))
    return (
      Math.max(headWidth, ...table.rows.map((row) => naturalWidth(row.cells[i] ?? '', measure, 'semibold'))) + PAD.x * 2
    )
  })
  const numbers = natural.reduce((total, width) => total + width, 0)
  const texts = table.columns.filter((column) => column.number !== true)
  const shares = texts.reduce((total, column) => total + (column.share ?? 1), 0)
  const least = texts.length === 0 ? 0 : paper.width * TEXT_ROOM
  const squeeze = Math.min(1, (paper.width - least) / Math.max(numbers, 1))
  const left = paper.width - numbers * squeeze
  const widths = table.columns.map((column, i) =>
    column.number === true ? (natural[i] ?? 0) * squeeze : (left * (column.share ?? 1)) / shares,
  )
  let x = paper.left
  const lefts = widths.map((width) => {
    x += width
    return x - width
  })
  const roomForText = table.columns.every((column, i) => {
    if (column.number === true) return true
    const words = [column.head, ...table.rows.map((row) => plainText(row.cells[i] ?? ''))].flatMap((text) =>
      text.split(/\s+/),
    )
    const longest = Math.max(0, ...words.map((word) => naturalWidth(word, measure, 'semibold')))
    return Math.min(longest, WORD_ROOM) + PAD.x * 2 <= (widths[i] ?? 0)
  })
  return { size, leading: size * 1.36, lefts, widths, roomForText: squeeze === 1 && roomForText }
}

function cut(paper: Paper, plan: Plan, columns: readonly Column[], cells: readonly Rich[], strong: boolean): Cut {
  const measure = paper.measure(plan.size)
  const lines = columns.map((_, i) =>
    wrap(cells[i] ?? '', (plan.widths[i] ?? 0) - PAD.x * 2 + 0.01, measure, strong ? 'semibold' : 'regular'),
  )
  const height = Math.max(...lines.map((cell) => cell.length)) * plan.leading + PAD.y * 2
  return { cells: lines, height, total: strong }
}

/** Draws the head: as structure the first time, as an artifact where it is repeated. */
function drawHead(paper: Paper, plan: Plan, table: Table, head: Cut | undefined, element: Structure | undefined): void {
  if (head === undefined) {
    paper.rule(paper.left, paper.right, paper.y, INK.strong, 0.8)
    return
  }
  drawGroups(paper, plan, table)
  const row = element === undefined ? undefined : paper.doc.struct('TR')
  if (row !== undefined) element?.add(row)
  for (const [i, lines] of head.cells.entries()) {
    const column = table.columns[i]
    const top = paper.y + head.height - PAD.y - lines.length * plan.leading
    const draw = (): void => drawLines(paper, plan, i, column, lines, top, INK.text)
    if (row === undefined) {
      paper.artifact('Pagination', draw)
      continue
    }
    const words = `${column?.group === undefined ? '' : `${column.group}: `}${column?.head.replaceAll('\n', ' ') ?? ''}`
    const options = { ...COLUMN_HEAD, ...(column?.group === undefined ? {} : { actual: words }) }
    const cell = paper.doc.struct('TH', options)
    row.add(cell)
    paper.mark(cell, 'TH', draw)
    cell.end()
  }
  row?.end()
  paper.y += head.height
  paper.rule(paper.left, paper.right, paper.y, INK.strong, 0.8)
}

/** The groups of neighbouring columns, each with its word in lines and the edges it stands between. */
function groupsOf(paper: Paper, plan: Plan, table: Table): { lines: Line[]; left: number; right: number }[] {
  return table.columns.flatMap((column, i) => {
    if (column.group === undefined || table.columns[i - 1]?.group === column.group) return []
    let last = i
    while (table.columns[last + 1]?.group === column.group) last++
    const left = (plan.lefts[i] ?? 0) + PAD.x
    const right = (plan.lefts[last] ?? 0) + (plan.widths[last] ?? 0) - PAD.x
    const lines = wrap(column.group, right - left + 0.01, paper.measure(plan.size), 'semibold')
    return [{ lines, left, right }]
  })
}

function groupHeight(paper: Paper, plan: Plan, table: Table): number {
  const lines = Math.max(0, ...groupsOf(paper, plan, table).map((group) => group.lines.length))
  return lines === 0 ? 0 : lines * plan.leading + PAD.y
}

function drawGroups(paper: Paper, plan: Plan, table: Table): void {
  const foot = paper.y + groupHeight(paper, plan, table) - PAD.y
  for (const { lines, left, right } of groupsOf(paper, plan, table)) {
    const top = foot - lines.length * plan.leading
    paper.artifact('Layout', () => {
      for (const [i, line] of lines.entries()) {
        paper.line(line, right - line.width, top + i * plan.leading, plan.size, INK.accent)
      }
    })
    paper.rule(left, right, foot + 2, INK.accent, 0.6)
  }
  paper.y = foot + PAD.y
}

function drawRow(paper: Paper, plan: Plan, table: Table, row: Cut, element: Structure, head: Cut | undefined): void {
  const line = paper.doc.struct('TR')
  element.add(line)
  const cells = table.columns.map((_, i) => {
    const head = isRowHead(table, i)
    const cell = head ? paper.doc.struct('TH', ROW_HEAD) : paper.doc.struct('TD')
    line.add(cell)
    return { cell, tag: head ? 'TH' : 'TD' }
  })
  if (row.total) paper.rule(paper.left, paper.right, paper.y, INK.strong, 0.8)
  const longest = Math.max(...row.cells.map((lines) => lines.length))
  let at = 0
  while (at < longest) {
    const fits = Math.max(1, Math.floor((paper.bottom - paper.y - PAD.y * 2 + 0.01) / plan.leading))
    const count = Math.min(fits, longest - at)
    for (const [i, lines] of row.cells.entries()) {
      const here = lines.slice(at, at + count)
      const target = cells[i]
      if (target === undefined || (here.length === 0 && at > 0)) continue
      const column = table.columns[i]
      paper.mark(target.cell, target.tag, () =>
        drawLines(paper, plan, i, column, here, paper.y + PAD.y, isRowHead(table, i) ? INK.muted : INK.text),
      )
    }
    paper.y += count * plan.leading + PAD.y * 2
    at += count
    if (at < longest) {
      paper.newPage()
      drawHead(paper, plan, table, head, undefined)
    }
  }
  paper.rule(paper.left, paper.right, paper.y, INK.rule)
  line.end()
}

const isRowHead = (table: Table, column: number): boolean => table.headless === true && column === 0

function drawLines(
  paper: Paper,
  plan: Plan,
  index: number,
  column: Column | undefined,
  lines: readonly Line[],
  top: number,
  color: string,
): void {
  const left = (plan.lefts[index] ?? 0) + PAD.x
  const right = (plan.lefts[index] ?? 0) + (plan.widths[index] ?? 0) - PAD.x
  for (const [i, line] of lines.entries()) {
    const x = column?.number === true ? right - line.width : left
    paper.line(line, x, top + i * plan.leading, plan.size, color, i < lines.length - 1)
  }
}
