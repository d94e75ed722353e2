/** Level bars, one group for each row: amounts side by side, with the name at the left and the exact figure at the end. */
import { min } from 'd3-array'
import { textWidth } from '../pdf/typeface.ts'
import { placed, shortened, widest } from './axis.ts'
import { hue } from './palette.ts'
import { box, type Canvas, PAGE_TEXT, type Scene, type Shape, straight, type Tone } from './scene.ts'

export type BarPart = {
  /** An exact decimal, not negative. */
  readonly value: string
  readonly tone?: Tone
  /** Hatched: uncertain, as unearned shares. Outlined: what was before. */
  readonly style?: 'solid' | 'hatched' | 'outlined'
  readonly hint?: string
}
export type Bar = {
  /** Parts from left to right. */
  readonly parts: readonly BarPart[]
  /** Written behind the bar: the figure with its unit, and what it is where bars differ: "before 46.73 %". */
  readonly label: string
}
export type BarRow = { readonly name: string; readonly bars: readonly Bar[] }
export type BarChart = {
  readonly title: string
  readonly description: string
  readonly rows: readonly BarRow[]
}

/** Bars share one scale from zero to the longest. @throws {NotDrawable} */
export function barChart(chart: BarChart, canvas: Canvas): Scene {
  const size = canvas.text ?? PAGE_TEXT
  const narrow = canvas.width < size * 36
  const nameWidth = narrow
    ? 0
    : Math.min(
        widest(
          chart.rows.map((row) => row.name),
          size,
        ),
        canvas.width * 0.34,
      )
  const left = narrow ? 0 : nameWidth + size
  const bars = chart.rows.flatMap((row) => row.bars)
  // Each bar leaves room for its own label: a short bar may have a long one.
  const perUnit = min(
    bars.filter((bar) => total(bar) > 0),
    (bar) => Math.max(size * 2, canvas.width - left - textWidth(bar.label, size) - size * 0.6) / total(bar),
  )
  const scale = (value: number): number => left + value * (perUnit ?? 0)
  const shapes: Shape[] = []
  let y = 0
  for (const row of chart.rows) {
    if (narrow) {
      shapes.push({
        kind: 'text',
        text: shortened(row.name, canvas.width, size, 'semibold'),
        x: 0,
        y: y + size,
        size,
        weight: 'semibold',
      })
      y += size * 1.5
    }
    const height = row.bars.length * size * 1.45
    if (!narrow) {
      const name = shortened(row.name, nameWidth, size)
      shapes.push({ kind: 'text', text: name, x: nameWidth, y: y + height / 2 + size * 0.35, size, anchor: 'end' })
    }
    for (const [i, bar] of row.bars.entries()) {
      shapes.push(...drawn(bar, i, scale, y + i * size * 1.45, size, left))
    }
    y += height + size * 0.9
  }
  const height = Math.ceil(Math.max(y - size * 0.6, size))
  if (!narrow)
    shapes.push({
      kind: 'path',
      d: straight(left, 0, left, height - size * 0.2),
      stroke: 'muted',
      thickness: size / 13,
    })
  return { width: canvas.width, height, title: chart.title, description: chart.description, shapes }
}

const total = (bar: Bar): number => bar.parts.reduce((sum, part) => sum + placed(part.value), 0)

function drawn(
  bar: Bar,
  n: number,
  scale: (value: number) => number,
  top: number,
  size: number,
  left: number,
): Shape[] {
  const height = size * 1.2
  let sum = 0
  const parts = bar.parts.flatMap((part): Shape[] => {
    const from = scale(sum)
    sum += placed(part.value)
    const width = scale(sum) - from
    if (width <= 0) return []
    const tone = part.tone ?? hue(n)
    const d = box(from, top + size * 0.1, width, height)
    const hint = part.hint === undefined ? {} : { hint: part.hint }
    if (part.style === 'outlined')
      return [{ kind: 'path', d, fill: 'paper', stroke: tone, thickness: size / 10, ...hint }]
    if (part.style === 'hatched')
      return [{ kind: 'path', d, fill: tone, hatched: true, stroke: tone, thickness: size / 13, ...hint }]
    return [{ kind: 'path', d, fill: tone, ...hint }]
  })
  const x = Math.max(scale(sum), left) + size * 0.45
  return [...parts, { kind: 'text', text: bar.label, x, y: top + size * 0.1 + height / 2 + size * 0.35, size }]
}
