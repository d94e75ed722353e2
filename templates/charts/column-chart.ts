/** Upright columns of parts on each other, one for each step of a story: how a whole is shared out, and how that changes. */
import { textWidth } from '../pdf/typeface.ts'
import { amountScale, type Frame, type Measure, placed, shortened, uprightAxis, widest } from './axis.ts'
import { hue } from './palette.ts'
import { at, box, type Canvas, PAGE_TEXT, type Scene, type Shape, straight, type Tone } from './scene.ts'
import { spread } from './spread.ts'

export type ColumnSeries = {
  readonly name: string
  /** One exact decimal for each column, not negative. */
  readonly values: readonly string[]
  /** What stands in the column's part where there is room, and beside it when one points at it. */
  readonly labels?: readonly string[]
  readonly style?: 'solid' | 'hatched'
  readonly tone?: Tone
}
export type ColumnChart = {
  readonly title: string
  readonly description: string
  readonly y: Measure
  /** Names of the columns, from left to right. */
  readonly columns: readonly string[]
  /** From the bottom to the top. */
  readonly series: readonly ColumnSeries[]
}

type Part = { readonly low: number; readonly high: number }

/** @throws {NotDrawable} */
export function columnChart(chart: ColumnChart, canvas: Canvas): Scene {
  const size = canvas.text ?? PAGE_TEXT
  const height = Math.round(Math.max(size * 20, Math.min(canvas.width * 0.5, size * 27)))
  const parts = stacked(chart)
  const tops = chart.columns.map((_, i) => parts.at(-1)?.[i]?.high ?? 0)
  const top = size * 2.4
  const bottom = height - size * 3.2
  const y = amountScale(tops, [bottom, top], 5, chart.y)
  const names = chart.series.map((series) => shortened(series.name, canvas.width * 0.34, size))
  const frame: Frame = {
    left:
      widest(
        y.ticks.map((tick) => tick.text),
        size,
      ) +
      size * 0.9,
    right: canvas.width - widest(names, size) - size * 1.4,
    top,
    bottom,
  }
  const step = (frame.right - frame.left) / Math.max(1, chart.columns.length)
  const width = Math.min(step * 0.62, size * 8)
  const left = (i: number): number => frame.left + step * i + (step - width) / 2
  const shapes: Shape[] = [
    ...uprightAxis(y, frame, size),
    { kind: 'path', d: straight(frame.left, bottom, frame.right, bottom), stroke: 'muted', thickness: size / 13 },
    ...columnNames(chart.columns, step, (i) => left(i) + width / 2, bottom, size),
  ]
  for (const [s, series] of chart.series.entries()) {
    const tone = series.tone ?? hue(s)
    shapes.push(...leads(parts[s] ?? [], tone, y.place, left, width))
    for (const [i, part] of (parts[s] ?? []).entries())
      shapes.push(...segment(series, i, part, tone, y.place, left(i), width, size))
  }
  shapes.push(...namesBeside(chart, names, parts, y.place, left(chart.columns.length - 1) + width, frame, size))
  return { width: canvas.width, height, title: chart.title, description: chart.description, shapes }
}

/** Names below the columns; where one is wider than its column, every second stands a line lower and has twice the room. */
function columnNames(
  names: readonly string[],
  step: number,
  middle: (i: number) => number,
  bottom: number,
  size: number,
): Shape[] {
  const staggered = widest(names, size) > step * 0.96
  return names.map((name, i): Shape => {
    const lower = staggered && i % 2 === 1 ? size * 1.2 : 0
    const text = shortened(name, step * (staggered ? 1.9 : 0.98), size)
    return { kind: 'text', text, x: middle(i), y: bottom + size * 1.5 + lower, size, anchor: 'middle' }
  })
}

function stacked(chart: ColumnChart): Part[][] {
  const heights = chart.columns.map(() => 0)
  return chart.series.map((series) =>
    chart.columns.map((_, i) => {
      const low = heights[i] ?? 0
      const high = low + placed(series.values[i] ?? '0')
      heights[i] = high
      return { low, high }
    }),
  )
}

/** A thin line leads each part over to the next column, so that the eye follows who is thinned out. */
function leads(
  parts: readonly Part[],
  tone: Tone,
  place: (value: number) => number,
  left: (i: number) => number,
  width: number,
): Shape[] {
  return parts.slice(0, -1).flatMap((part, i): Shape[] => {
    const next = parts[i + 1]
    if (next === undefined || (part.high === part.low && next.high === next.low)) return []
    const d = straight(left(i) + width, place(part.high), left(i + 1), place(next.high))
    return [{ kind: 'path', d, stroke: tone, thickness: 0.5 }]
  })
}

function segment(
  series: ColumnSeries,
  i: number,
  part: Part,
  tone: Tone,
  place: (value: number) => number,
  left: number,
  width: number,
  size: number,
): Shape[] {
  const [top, bottom] = [place(part.high), place(part.low)]
  if (bottom - top <= 0) return []
  const label = series.labels?.[i]
  const hint = label === undefined ? {} : { hint: `${series.name}: ${label}` }
  const hatched = series.style === 'hatched'
  const d = box(left, top, width, bottom - top)
  const shapes: Shape[] = [
    { kind: 'path', d, fill: tone, hatched, stroke: hatched ? tone : 'paper', thickness: size / 16, ...hint },
  ]
  if (label === undefined || bottom - top < size * 1.5 || textWidth(label, size) > width - size * 0.4) return shapes
  const middle = { x: left + width / 2, y: (top + bottom) / 2 + size * 0.35 }
  // On hatching, words stand on a strip of paper of their own.
  if (hatched) {
    const strip = textWidth(label, size) + size * 0.5
    shapes.push({ kind: 'path', d: box(middle.x - strip / 2, middle.y - size, strip, size * 1.3), fill: 'paper' })
  }
  shapes.push({ kind: 'text', text: label, ...middle, size, anchor: 'middle', tone: hatched ? 'text' : 'paper' })
  return shapes
}

function namesBeside(
  chart: ColumnChart,
  names: readonly string[],
  parts: readonly (readonly Part[])[],
  place: (value: number) => number,
  edge: number,
  frame: Frame,
  size: number,
): Shape[] {
  const last = chart.columns.length - 1
  // Whoever is in no part of the last column is named at the one before that it was last in.
  const ends = chart.series.flatMap((series, s) => {
    const part = parts[s]?.[last]
    if (part === undefined || part.high === part.low) return []
    return [{ y: (place(part.low) + place(part.high)) / 2, name: names[s] ?? '', tone: series.tone ?? hue(s) }]
  })
  const places = spread(
    ends.map((end) => end.y),
    size * 1.2,
    frame.top - size,
    frame.bottom + size * 0.6,
  )
  const left = frame.right + size * 1.2
  return ends.flatMap((end, i): Shape[] => [
    {
      kind: 'path',
      d: `M${at(edge + size * 0.15)},${at(end.y)}L${at(left - size * 0.25)},${at(places[i] ?? end.y)}`,
      stroke: end.tone,
      thickness: size / 13,
    },
    { kind: 'text', text: end.name, x: left, y: (places[i] ?? end.y) + size * 0.35, size },
  ])
}
