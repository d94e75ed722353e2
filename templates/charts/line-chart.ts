/** Series over a number or over time: lines, steps and areas, with their names written beside their ends. */
import { area, curveLinear, curveStepAfter, line } from 'd3-shape'
import { textWidth } from '../pdf/typeface.ts'
import {
  amountScale,
  dateScale,
  type Frame,
  lyingAxis,
  type Measure,
  placed,
  placedDate,
  type Scale,
  shortened,
  uprightAxis,
  widest,
} from './axis.ts'
import { hue } from './palette.ts'
import { at, type Canvas, PAGE_TEXT, type Scene, type Shape, straight, type Tone } from './scene.ts'
import { spread } from './spread.ts'

export type Point = {
  /** A decimal, or a date or instant, as the chart's x says. */
  readonly x: string
  readonly y: string
}
export type LineSeries = {
  readonly name: string
  /** In order of x. A step keeps its height until the next point; the last point says where it ends, and at what height. */
  readonly points: readonly Point[]
  readonly shape?: 'line' | 'step' | 'area' | 'step-area'
  /** The plan is dashed and the actual solid; what is uncertain, as unearned, is a hatched area. */
  readonly style?: 'solid' | 'dashed' | 'hatched'
  readonly tone?: Tone
}
export type LineChart = {
  readonly title: string
  /** What one sees, in a sentence: the answer that the chart proves. */
  readonly description: string
  readonly x: (Measure & { readonly kind: 'number' }) | { readonly kind: 'date'; readonly title?: string }
  readonly y: Measure
  readonly series: readonly LineSeries[]
  /** Areas lie on each other, and what is written is each one's own part. All have the same x. */
  readonly stacked?: boolean
  /** Upright lines: today, a breakpoint. */
  readonly markers?: readonly { readonly x: string; readonly label: string }[]
  /** Level lines: a capacity, a cap. */
  readonly limits?: readonly { readonly y: string; readonly label: string }[]
}

type Place = { readonly x: number; readonly y: number; readonly base: number }
type Run = { readonly series: LineSeries; readonly tone: Tone; readonly places: readonly Place[] }

/** @throws {NotDrawable} for a value that is no decimal or no date */
export function lineChart(chart: LineChart, canvas: Canvas): Scene {
  const size = canvas.text ?? PAGE_TEXT
  const height = Math.round(Math.max(size * 18, Math.min(canvas.width * 0.5, size * 26)))
  const xOf = chart.x.kind === 'date' ? placedDate : placed
  const runs = placesOf(chart, xOf)
  const limits = (chart.limits ?? []).map((limit) => ({ ...limit, at: placed(limit.y) }))
  const markers = (chart.markers ?? []).map((marker) => ({ ...marker, at: xOf(marker.x) }))
  const ys = [...runs.flatMap(({ places }) => places.map(({ y }) => y)), ...limits.map((limit) => limit.at)]
  const top = size * (markers.length > 0 ? 4.6 : 2.4)
  const bottom = height - size * (scaleTitle(chart) === '' ? 2.2 : 3.4)
  const y = amountScale(ys, [bottom, top], Math.max(2, Math.floor((bottom - top) / (size * 3.4))), chart.y)
  const names = chart.series.map((series) => shortened(series.name, canvas.width * 0.3, size))
  const frame: Frame = {
    left:
      widest(
        y.ticks.map((tick) => tick.text),
        size,
      ) +
      size * 0.9,
    right: canvas.width - widest(names, size) - size * 1.2,
    top,
    bottom,
  }
  const x = xScale(
    chart,
    [...runs.flatMap(({ places }) => places.map((place) => place.x)), ...markers.map((m) => m.at)],
    frame,
    size,
  )
  return {
    width: canvas.width,
    height,
    title: chart.title,
    description: chart.description,
    shapes: [
      ...uprightAxis(y, frame, size),
      ...lyingAxis(x, frame, size),
      ...limits.flatMap((limit) => level(y.place(limit.at), limit.label, frame, size)),
      ...runs.flatMap((run) => drawn(run, x, y, size, chart.stacked === true)),
      ...upright(
        markers.map(({ at: place, label }) => ({ x: x.place(place), label })),
        frame,
        size,
      ),
      ...endLabels(runs, names, x, y, frame, size),
    ],
  }
}

const scaleTitle = (chart: LineChart): string => chart.x.title ?? ''

function xScale(chart: LineChart, values: readonly number[], frame: Frame, size: number): Scale {
  const count = Math.max(2, Math.floor((frame.right - frame.left) / (size * 7)))
  if (chart.x.kind === 'date') return dateScale(values, [frame.left, frame.right], count, scaleTitle(chart))
  return amountScale(values, [frame.left, frame.right], count, chart.x, false)
}

/** Each series with its places in values, a stacked one on top of those before it. */
function placesOf(chart: LineChart, xOf: (text: string) => number): Run[] {
  const heights = new Map<number, number>()
  return chart.series.map((series, n) => {
    const places = series.points.map((point) => {
      const x = xOf(point.x)
      const base = chart.stacked === true ? (heights.get(x) ?? 0) : 0
      const y = base + placed(point.y)
      if (chart.stacked === true) heights.set(x, y)
      return { x, y, base }
    })
    return { series, tone: series.tone ?? hue(n), places }
  })
}

function drawn({ series, tone, places }: Run, x: Scale, y: Scale, size: number, stacked: boolean): Shape[] {
  if (places.length === 0) return []
  const shape = series.shape ?? (stacked ? 'area' : 'line')
  const curve = shape === 'step' || shape === 'step-area' ? curveStepAfter : curveLinear
  const along = (place: Place): number => x.place(place.x)
  const edge =
    line<Place>(along, (place) => y.place(place.y))
      .curve(curve)
      .digits(2)(places) ?? ''
  const filled = shape === 'area' || shape === 'step-area'
  const inside = filled
    ? (area<Place>(
        along,
        (place) => y.place(place.base),
        (place) => y.place(place.y),
      )
        .curve(curve)
        .digits(2)(places) ?? '')
    : ''
  const fill: Shape[] = filled
    ? [
        {
          kind: 'path',
          d: inside,
          fill: tone,
          hatched: series.style === 'hatched',
          stroke: 'paper',
          thickness: size / 13,
          hint: series.name,
        },
      ]
    : []
  // The edge of a hatched or plain area of its own is drawn too; stacked areas meet without a line.
  if (filled && stacked && series.style !== 'hatched') return fill
  return [
    ...fill,
    {
      kind: 'path',
      d: edge,
      stroke: tone,
      thickness: size / (series.style === 'hatched' ? 13 : 6.5),
      ...(series.style === 'dashed' ? { dash: [size * 0.5, size * 0.35] } : {}),
      hint: series.name,
    },
  ]
}

function level(y: number, label: string, frame: Frame, size: number): Shape[] {
  return [
    {
      kind: 'path',
      d: straight(frame.left, y, frame.right, y),
      stroke: 'text',
      thickness: size / 10,
      dash: [size * 0.2, size * 0.25],
    },
    { kind: 'text', text: label, x: frame.left + size * 0.4, y: y - size * 0.4, size },
  ]
}

/** Upright lines with their labels above the plot; a label that has no room beside its neighbours is left to the table. */
function upright(markers: readonly { x: number; label: string }[], frame: Frame, size: number): Shape[] {
  let free = Number.NEGATIVE_INFINITY
  const sorted = [...markers].sort((a, b) => a.x - b.x)
  return sorted.flatMap(({ x, label }): Shape[] => {
    const small = size * 0.92
    const width = textWidth(label, small)
    const middle = Math.min(Math.max(x, width / 2), frame.right + size - width / 2)
    const rule: Shape = {
      kind: 'path',
      d: straight(x, frame.top - size * 1.3, x, frame.bottom),
      stroke: 'muted',
      thickness: size / 13,
      dash: [size * 0.2, size * 0.25],
      hint: label,
    }
    if (middle - width / 2 < free) return [rule]
    free = middle + width / 2 + size * 0.5
    return [
      rule,
      { kind: 'text', text: label, x: middle, y: frame.top - size * 1.6, size: small, anchor: 'middle', tone: 'muted' },
    ]
  })
}

/** Names at the right, each level with the end of its series or as near as the others let it. */
function endLabels(
  runs: readonly Run[],
  names: readonly string[],
  x: Scale,
  y: Scale,
  frame: Frame,
  size: number,
): Shape[] {
  const ends = runs.flatMap(({ places, tone }, i) => {
    const last = places.at(-1)
    if (last === undefined) return []
    const middle = last.base > 0 || runs.length > 1 ? (y.place(last.y) + y.place(last.base)) / 2 : y.place(last.y)
    const stacked = last.base > 0 || (runs[i + 1]?.places.at(-1)?.base ?? 0) > 0
    return [{ x: x.place(last.x), y: stacked ? middle : y.place(last.y), tone, name: names[i] ?? '' }]
  })
  const places = spread(
    ends.map((end) => end.y),
    size * 1.2,
    frame.top - size,
    frame.bottom + size * 0.6,
  )
  const left = frame.right + size * 1.2
  return ends.flatMap((end, i): Shape[] => {
    const place = places[i] ?? end.y
    const lead: Shape = {
      kind: 'path',
      d: `M${at(end.x + size * 0.2)},${at(end.y)}L${at(left - size * 0.25)},${at(place)}`,
      stroke: end.tone,
      thickness: size / 13,
    }
    return [lead, { kind: 'text', text: end.name, x: left, y: place + size * 0.35, size }]
  })
}
