/** Numbered sections and clauses on paper: 1, 1.1, 1.2, 2, ... The numbers are the document's own, never the caller's. */
import { drawScene } from '../charts/pdf.ts'
import type { Canvas, Scene } from '../charts/scene.ts'
import { INK, type Paper } from './paper.ts'
import type { Rich } from './rich-text.ts'
import { layOut, type Table } from './table.ts'

export class Clauses {
  readonly #paper: Paper
  #section = 0
  #clause = 0
  /** A heading waits for what follows it, so that it never stands alone at the foot of a page. */
  #heading: string | undefined

  constructor(paper: Paper) {
    this.#paper = paper
  }

  /** Begins a numbered section. */
  section(title: string): void {
    this.#section++
    this.#clause = 0
    this.#heading = title
  }

  /** A numbered clause, and the table that it introduces. */
  clause(text: Rich, table?: Table): void {
    const paper = this.#paper
    const laidOut = table === undefined ? undefined : layOut(paper, table)
    const keep = laidOut === undefined ? 0 : laidOut.keep + TABLE_GAP
    this.#head(paper.heightOf(text) + keep)
    this.#clause++
    paper.paragraph(text, { label: `${this.#section}.${this.#clause}`, keep })
    if (laidOut === undefined) return
    paper.space(TABLE_GAP)
    laidOut.draw()
  }

  /** A table that needs no words before it. */
  table(table: Table): void {
    const laidOut = layOut(this.#paper, table)
    this.#head(laidOut.keep + TABLE_GAP)
    this.#paper.space(TABLE_GAP)
    laidOut.draw()
  }

  /** A chart over the paper's width, whose table stands above it. */
  figure(draw: (canvas: Canvas) => Scene): void {
    this.#paper.space(FIGURE_GAP)
    drawScene(this.#paper, draw({ width: this.#paper.width, text: FIGURE_TEXT }))
  }

  /** A note under a table: smaller, not a clause. */
  note(text: Rich): void {
    this.#paper.paragraph(text, { size: 8, color: INK.muted })
  }

  #head(follows: number): void {
    if (this.#heading === undefined) return
    const paper = this.#paper
    paper.space(HEADING.before)
    paper.room(HEADING.leading + HEADING.after + Math.min(follows, 320))
    paper.outline(`${this.#section} ${this.#heading}`)
    paper.paragraph(this.#heading, {
      tag: 'H2',
      size: HEADING.size,
      leading: HEADING.leading,
      weight: 'semibold',
      label: String(this.#section),
      after: HEADING.after,
    })
    this.#heading = undefined
  }
}

const HEADING = { size: 12, leading: 16, before: 12, after: 6 }
const TABLE_GAP = 3
/** Size of the words in a chart, in points. */
const FIGURE_TEXT = 7.5
const FIGURE_GAP = 8
