/** A chart on paper: the shapes of the scene as vectors, one figure with its description for whoever cannot see it. */
import type { Paper } from '../pdf/paper.ts'
import { wrap } from '../pdf/rich-text.ts'
import { INKS } from './palette.ts'
import { HATCH_GAP, type PathShape, type Scene, type TextShape } from './scene.ts'

/** Draws a scene at the paper's position, on the next page where this one has no room, and moves below it. */
export function drawScene(paper: Paper, scene: Scene, after = 10): void {
  paper.room(scene.height + after)
  const [x, y] = [paper.left, paper.y]
  const element = paper.doc.struct('Figure', { title: scene.title, alt: `${scene.title}. ${scene.description}` })
  paper.root.add(element)
  paper.mark(element, 'Figure', () => {
    for (const shape of scene.shapes) {
      if (shape.kind === 'text') text(paper, shape, x, y)
      else path(paper, shape, x, y)
    }
  })
  element.end()
  paper.y += scene.height + after
}

function text(paper: Paper, shape: TextShape, x: number, y: number): void {
  const { size, weight = 'regular', anchor = 'start' } = shape
  const [line] = wrap(shape.text, Number.POSITIVE_INFINITY, paper.measure(size), weight)
  if (line === undefined) return
  const shift = anchor === 'start' ? 0 : anchor === 'middle' ? line.width / 2 : line.width
  // A line is drawn from its top; the scene says where the baseline is. IBM Plex Sans rises 1.025 em above it.
  paper.line(line, x + shape.x - shift, y + shape.y - size * 1.025, size, INKS[shape.tone ?? 'text'])
}

function path(paper: Paper, shape: PathShape, x: number, y: number): void {
  const { doc } = paper
  doc.save().translate(x, y)
  if (shape.fill !== undefined) {
    if (shape.hatched === true) hatch(doc, shape.d, INKS[shape.fill])
    else doc.path(shape.d).fill(INKS[shape.fill])
  }
  if (shape.stroke !== undefined) {
    doc
      .lineWidth(shape.thickness ?? 1)
      .lineJoin('round')
      .strokeColor(INKS[shape.stroke])
    if (shape.dash !== undefined) doc.dash(shape.dash[0] ?? 1, { space: shape.dash[1] ?? shape.dash[0] ?? 1 })
    doc.path(shape.d).stroke()
  }
  doc.restore()
}

function hatch(doc: PDFKit.PDFDocument, d: string, ink: string): void {
  const { left, top, right, bottom } = bounds(d)
  const gap = HATCH_GAP * 0.6
  doc
    .save()
    .path(d)
    .clip()
    .lineWidth(gap * 0.35)
    .strokeColor(ink)
  const height = bottom - top
  for (let start = Math.floor((left - height) / gap) * gap; start <= right; start += gap) {
    doc.moveTo(start, bottom).lineTo(start + height, top)
  }
  doc.stroke().restore()
}

/** What a path reaches. Scenes are made of absolute moves and lines, whose coordinates say it. */
function bounds(d: string): { left: number; top: number; right: number; bottom: number } {
  const xs: number[] = []
  const ys: number[] = []
  for (const [, command = '', rest = ''] of d.matchAll(/([MLHV])([^MLHVZ]*)/g)) {
    const numbers = (rest.match(/-?[0-9.]+/g) ?? []).map(Number)
    if (command === 'H') xs.push(...numbers)
    else if (command === 'V') ys.push(...numbers)
    else for (const [i, number] of numbers.entries()) (i % 2 === 0 ? xs : ys).push(number)
  }
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) }
}
