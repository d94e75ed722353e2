/**
 * A tagged PDF/A-3a document that flows: headings, clauses and tables go down the page and over its end, and each piece of
 * text is a structure element that a screen reader finds. The same calls give the same bytes: every date comes from
 * the caller, and the file's id is pdfkit's hash of the information dictionary.
 */
import PDFDocument from 'pdfkit'
import { type Line, type Measure, type Rich, wrap } from './rich-text.ts'
import { FONT_FILES, printable, type Weight } from './typeface.ts'

/** What stands in the file beside the pages. */
export type PaperOptions = {
  readonly title: string
  readonly author: string
  readonly subject: string
  /** Goes into the file's id, so that files of different content have different ids. */
  readonly keywords: string
  /** The file's creation and modification date. */
  readonly madeAt: Date
  readonly size: 'A4' | 'LETTER'
}
/** A file inside the PDF, with the relation `Data` to it. */
export type Attachment = {
  readonly name: string
  readonly mediaType: string
  readonly text: string
  readonly description: string
}
/** Where and how a paragraph stands. Sizes in points. */
export type ParagraphStyle = {
  readonly x?: number
  readonly width?: number
  readonly size?: number
  readonly leading?: number
  readonly weight?: Weight
  readonly color?: string
  /** Space below. */
  readonly after?: number
  /** Space that must be left below it on the page, so that it is not parted from what follows. */
  readonly keep?: number
  /** Number or bullet that hangs in the margin before the first line. */
  readonly label?: string
  readonly tag?: 'P' | 'H1' | 'H2' | 'Caption'
}
export type Structure = PDFKit.PDFStructureElement

/** Ink. One accent; everything else is black or a grey that prints. */
export const INK = {
  text: '#15191e',
  muted: '#56606b',
  rule: '#c5cbd2',
  strong: '#15191e',
  accent: '#0b5a6f',
  band: '#f1f4f6',
}
/** Margins in points. The clause numbers hang in `hang` points at the left of the prose. */
export const MARGIN = { side: 56, top: 66, bottom: 62, hang: 34 }
/** About 70 characters of the body size. */
export const PROSE_WIDTH = 372
const BODY = { size: 9.5, leading: 13.6 }

export class Paper {
  readonly doc: PDFKit.PDFDocument
  /** The root of the structure tree. */
  readonly root: Structure
  readonly left = MARGIN.side
  readonly right: number
  readonly bottom: number
  y = MARGIN.top
  readonly #done: Promise<Uint8Array>

  constructor(options: PaperOptions) {
    this.doc = new PDFDocument({
      size: options.size,
      margin: 0,
      pdfVersion: '1.7',
      subset: 'PDF/A-3a',
      tagged: true,
      lang: 'en',
      displayTitle: true,
      bufferPages: true,
      font: FONT_FILES.regular,
      info: {
        Title: inMetadata(options.title),
        Author: inMetadata(options.author),
        Subject: inMetadata(options.subject),
        Keywords: inMetadata(options.keywords),
        Creator: 'Equihour',
        Producer: 'Equihour',
        CreationDate: options.madeAt,
        ModDate: options.madeAt,
      },
    })
    this.#done = collected(this.doc)
    this.right = this.doc.page.width - MARGIN.side
    this.bottom = this.doc.page.height - MARGIN.bottom
    this.root = this.doc.struct('Document')
    this.doc.addStructure(this.root)
  }

  /** Width in points between the side margins. */
  get width(): number {
    return this.right - this.left
  }

  /** Measures text of one size. */
  measure(size: number): Measure {
    return (text, weight) => this.#pen(weight, size).widthOfString(text)
  }

  /** Begins a new page when fewer than `height` points are left on this one. Says whether it did. */
  room(height: number): boolean {
    if (this.y + height <= this.bottom || this.y <= MARGIN.top) return false
    this.newPage()
    return true
  }

  newPage(): void {
    this.doc.addPage()
    this.y = MARGIN.top
  }

  space(points: number): void {
    this.y += points
  }

  /** Height in points of a paragraph of prose. */
  heightOf(text: Rich): number {
    return wrap(text, PROSE_WIDTH, this.measure(BODY.size)).length * BODY.leading + 6
  }

  /** A paragraph, flowing over pages; its first two and last two lines stay together. */
  paragraph(text: Rich, style: ParagraphStyle = {}): void {
    const size = style.size ?? BODY.size
    const leading = style.leading ?? (size / BODY.size) * BODY.leading
    const x = style.x ?? this.left + MARGIN.hang
    const lines = wrap(text, style.width ?? PROSE_WIDTH, this.measure(size), style.weight ?? 'regular')
    const element = this.doc.struct(style.tag ?? 'P')
    this.root.add(element)
    let at = 0
    while (at < lines.length) {
      const count = this.#linesHere(lines.length - at, leading, style.keep ?? 0)
      this.mark(element, style.tag ?? 'P', () => {
        if (at === 0 && style.label !== undefined) this.#label(style.label, x, size)
        for (const [i, line] of lines.slice(at, at + count).entries()) {
          this.line(line, x, this.y + i * leading, size, style.color ?? INK.text, at + i + 1 < lines.length)
        }
      })
      this.y += count * leading
      at += count
      if (at < lines.length) this.newPage()
    }
    element.end()
    this.y += style.after ?? 6
  }

  /** Draws one line whose top is at `y`. A line that its paragraph goes on after ends in a space, for whoever reads the text. */
  line(line: Line, x: number, y: number, size: number, color: string, goesOn = false): void {
    let at = x
    for (const [i, piece] of line.pieces.entries()) {
      const text = goesOn && i === line.pieces.length - 1 ? `${piece.text} ` : piece.text
      this.#pen(piece.weight, size).fillColor(color).text(text, at, y, { lineBreak: false })
      at += piece.width
    }
  }

  /** Draws as content of a structure element, on the page that is open. */
  mark(element: Structure, tag: string, draw: () => void): void {
    const content = this.doc.markStructureContent(tag)
    draw()
    this.doc.endMarkedContent()
    element.add(content)
  }

  /** Draws what is no content: rules, bands, running heads. */
  artifact(type: 'Pagination' | 'Layout', draw: () => void): void {
    this.doc.markContent('Artifact', { type })
    draw()
    this.doc.endMarkedContent()
  }

  /** A horizontal hairline. */
  rule(x1: number, x2: number, y: number, color = INK.rule, thickness = 0.5): void {
    this.artifact('Layout', () => {
      this.doc.lineWidth(thickness).strokeColor(color).moveTo(x1, y).lineTo(x2, y).stroke()
    })
  }

  /** Entry in the document's outline, pointing at the open page. */
  outline(title: string): void {
    this.doc.outline.addItem(printable(title))
  }

  attach(attachment: Attachment, madeAt: Date): void {
    const options = {
      name: attachment.name,
      type: attachment.mediaType,
      description: attachment.description,
      relationship: 'Data',
      creationDate: madeAt,
      modifiedDate: madeAt,
    }
    this.doc.file(Buffer.from(attachment.text, 'utf8'), options)
  }

  /** Writes foot and running head on every page and closes the file. `head` is left off the first page. */
  async finish(head: string, foot: string): Promise<Uint8Array> {
    const { start, count } = this.doc.bufferedPageRange()
    for (let page = 0; page < count; page++) {
      this.doc.switchToPage(start + page)
      this.artifact('Pagination', () => {
        const y = this.bottom + 22
        this.doc
          .lineWidth(0.5)
          .strokeColor(INK.rule)
          .moveTo(this.left, y - 8)
          .lineTo(this.right, y - 8)
          .stroke()
        this.#aside(foot, y, 'left')
        this.#aside(`Page ${page + 1} of ${count}`, y, 'right')
        if (page > 0) this.#aside(head, 36, 'left')
      })
    }
    this.root.end()
    this.doc.end()
    return this.#done
  }

  // By the file's path: under a registered name pdfkit would read the font's file again each time.
  #pen(weight: Weight, size: number): PDFKit.PDFDocument {
    return this.doc.font(FONT_FILES[weight]).fontSize(size)
  }

  #aside(text: string, y: number, side: 'left' | 'right'): void {
    const size = 7.5
    const lines = (words: string): Line[] => wrap(words, this.width * 0.8, this.measure(size))
    let [line = { pieces: [], width: 0 }, ...more] = lines(text)
    // A name that is too long for one line says so.
    for (let length = text.length - 2; more.length > 0 && length > 0; length -= 2) {
      ;[line = line, ...more] = lines(`${text.slice(0, length).trimEnd()}…`)
    }
    this.line(line, side === 'left' ? this.left : this.right - line.width, y, size, INK.muted)
  }

  #label(label: string, x: number, size: number): void {
    const weight: Weight = 'regular'
    const width = this.measure(size)(label, weight)
    this.line({ pieces: [{ text: `${label} `, weight, width }], width }, x - MARGIN.hang, this.y, size, INK.muted)
  }

  /** How many of `left` lines go on this page; opens the next page first where none should. */
  #linesHere(left: number, leading: number, keep: number): number {
    const fits = (): number => Math.floor((this.bottom - this.y + 0.01) / leading)
    const whole = left * leading + keep
    if (this.y + whole <= this.bottom) return left
    if (left <= 3 || keep > 0 || fits() < 2) this.room(whole)
    const here = Math.max(1, Math.min(left, fits()))
    return left - here === 1 && here > 2 ? here - 1 : here
  }
}

/**
 * Text for the metadata. pdfkit writes it into XML as it is, so what XML would take for markup is spelled out; both
 * places get the same words, since PDF/A wants them equal.
 */
const inMetadata = (text: string): string =>
  printable(text).replaceAll('&', 'and').replaceAll('<', '(').replaceAll('>', ')').replaceAll('\n', ' ')

function collected(doc: PDFKit.PDFDocument): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = []
    doc.on('data', (chunk: Uint8Array) => chunks.push(chunk))
    doc.on('end', () => resolve(new Uint8Array(Buffer.concat(chunks))))
    doc.on('error', reject)
  })
}
