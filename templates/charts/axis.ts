/** Scales and what is written along them. */
import { scaleLinear, scaleUtc } from 'd3-scale'
import { date, grouped } from '../format.ts'
import { textWidth, type Weight } from '../pdf/typeface.ts'
import type { Shape } from './scene.ts'
import { straight } from './scene.ts'

/** A value or a date that no chart can place. */
export class NotDrawable extends Error {
  readonly text: string
  constructor(text: string, wanted: string) {
    super(`"${text.slice(0, 60)}" cannot be drawn: ${wanted}`)
    this.name = 'NotDrawable'
    this.text = text
  }
}

/** The place of an exact decimal on a scale. Precise to about 15 digits, which is far below a pixel. @throws {NotDrawable} */
export function placed(text: string): number {
  const value = /^-?[0-9]+(?:\.[0-9]+)?$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isFinite(value)) throw new NotDrawable(text, 'it is not a decimal number')
  return value
}

/** A date (`2026-11-20`) or an instant with `Z`, as milliseconds. @throws {NotDrawable} */
export function placedDate(text: string): number {
  const value = /^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]+Z)?$/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isFinite(value)) throw new NotDrawable(text, 'it is not a date')
  return value
}

/** What values along an axis mean. Amounts are written in thousands, millions or billions, as the title then says. */
export type Measure = {
  /** With its unit: "Payout, USD", "Share of the company, %". */
  readonly title: string
  /** `exact` never abbreviates. */
  readonly numbers?: 'short' | 'exact'
  /** Where the axis ends whatever rounding adds: 100 for parts of a whole. */
  readonly upTo?: number
}

/** A scale from values to places, its ticks with their text, and its title with the unit of the ticks. */
export type Scale = {
  readonly place: (value: number) => number
  readonly ticks: readonly { readonly at: number; readonly text: string }[]
  readonly title: string
}

const DAY = 86_400_000

const UNITS = [
  { from: 2e9, by: 1e9, word: 'billion' },
  { from: 2e6, by: 1e6, word: 'million' },
  { from: 20_000, by: 1e3, word: 'thousand' },
] as const

/**
 * A scale over decimals. It begins at zero unless values are negative: half an axis misleads about amounts. With
 * `toTick` it ends at a tick, which an upright axis needs and a lying one wastes room on.
 */
export function amountScale(
  values: readonly number[],
  range: readonly [number, number],
  count: number,
  measure: Measure,
  toTick = true,
): Scale {
  const low = Math.min(0, ...values)
  const high = measure.upTo ?? Math.max(...values, low === 0 ? 0 : low)
  const plain = scaleLinear([low, high === low ? low + 1 : high], [...range])
  const scale = toTick ? plain.nice(count) : plain
  const [first = 0, last = 1] = scale.domain()
  const most = Math.max(Math.abs(first), Math.abs(last))
  const unit = measure.numbers === 'exact' ? undefined : UNITS.find(({ from }) => most >= from)
  const ticks = scale.ticks(count)
  const written = tickTexts(ticks.map((tick) => tick / (unit?.by ?? 1)))
  return {
    place: (value) => scale(value),
    ticks: ticks.map((tick, i) => ({ at: scale(tick), text: written[i] ?? '' })),
    title: unit === undefined ? measure.title : `${measure.title} ${unit.word}`,
  }
}

/** A scale over instants in UTC, its ticks written as dates, months or years. */
export function dateScale(
  values: readonly number[],
  range: readonly [number, number],
  count: number,
  title: string,
): Scale {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const scale = scaleUtc([low, high === low ? low + DAY : high], [...range])
  const ticks = scale.ticks(Math.min(count, Math.max(2, (high - low) / DAY)))
  const days = ticks.map((tick) => tick.toISOString().slice(0, 10))
  const hours = new Set(days).size < days.length
  const months = !hours && days.every((day) => day.endsWith('-01'))
  const years = months && days.every((day) => day.endsWith('-01-01'))
  const text = (tick: Date, day: string): string => {
    const hour = tick.toISOString().slice(11, 16)
    if (hours && hour !== '00:00') return hour
    return years ? day.slice(0, 4) : months ? date(day).replace(/^1 /, '') : date(day).replace(/ \d{4}$/, '')
  }
  return {
    place: (value) => scale(value),
    ticks: ticks.map((tick, i) => ({ at: scale(tick), text: text(tick, days[i] ?? '') })),
    title,
  }
}

/** Ticks with as many decimals as the finest needs, all alike. */
function tickTexts(values: readonly number[]): string[] {
  const exact = values.map((value) => value.toFixed(6).replace(/\.?0+$/, ''))
  const places = Math.max(0, ...exact.map((text) => (text.split('.')[1] ?? '').length))
  return exact.map((text) => grouped(text === '-0' ? '0' : text, places))
}

/** Width of the widest of some texts. */
export const widest = (texts: readonly string[], size: number): number =>
  Math.max(0, ...texts.map((text) => textWidth(text, size)))

/** The text, shortened with an ellipsis until it is no wider than `width`. */
export function shortened(text: string, width: number, size: number, weight: Weight = 'regular'): string {
  if (textWidth(text, size, weight) <= width) return text
  const characters = [...text]
  while (characters.length > 1 && textWidth(`${characters.join('').trimEnd()}…`, size, weight) > width) characters.pop()
  return `${characters.join('').trimEnd()}…`
}

/** Where a plot stands: its edges, y growing downwards. */
export type Frame = { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number }

/** Grid lines and figures of an upright axis at the left, its title above it. */
export function uprightAxis(scale: Scale, frame: Frame, size: number): Shape[] {
  return [
    ...scale.ticks.flatMap(({ at: y, text }): Shape[] => [
      { kind: 'path', d: straight(frame.left, y, frame.right, y), stroke: 'rule', thickness: size / 16 },
      { kind: 'text', text, x: frame.left - size * 0.6, y: y + size * 0.35, size, anchor: 'end', tone: 'muted' },
    ]),
    { kind: 'text', text: scale.title, x: 0, y: size * 0.85, size, tone: 'muted' },
  ]
}

/** Line, figures and title of an axis below the plot. Figures that would touch the one before are left out. */
export function lyingAxis(scale: Scale, frame: Frame, size: number): Shape[] {
  let free = Number.NEGATIVE_INFINITY
  const figures = scale.ticks.flatMap(({ at: x, text }): Shape[] => {
    const width = textWidth(text, size)
    const end = frame.right + size
    const middle = Math.min(Math.max(x, width / 2), end - width / 2)
    if (middle - width / 2 < free) return []
    free = middle + width / 2 + size * 0.9
    return [
      {
        kind: 'path',
        d: straight(x, frame.bottom, x, frame.bottom + size * 0.35),
        stroke: 'muted',
        thickness: size / 16,
      },
      { kind: 'text', text, x: middle, y: frame.bottom + size * 1.5, size, anchor: 'middle', tone: 'muted' },
    ]
  })
  const title: Shape[] =
    scale.title === ''
      ? []
      : [
          {
            kind: 'text',
            text: scale.title,
            x: frame.right,
            y: frame.bottom + size * 3,
            size,
            anchor: 'end',
            tone: 'muted',
          },
        ]
  return [
    {
      kind: 'path',
      d: straight(frame.left, frame.bottom, frame.right, frame.bottom),
      stroke: 'muted',
      thickness: size / 13,
    },
    ...figures,
    ...title,
  ]
}
