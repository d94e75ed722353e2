/**
 * A chart as a list of shapes: the geometry is worked out once, and drawn by `svg.ts` on pages and by `pdf.ts` on paper.
 *
 * Charts take exact decimals as text. They become JavaScript numbers here only, to find a place on the screen; whatever is
 * written beside a shape is the exact text.
 */
import type { Weight } from '../pdf/typeface.ts'

/** A colour by its job. Pages map it to light and dark, paper to ink that prints: see `palette.ts`. */
export type Tone = 'text' | 'muted' | 'rule' | 'paper' | 'accent' | Hue
/** Colours that tell series apart, also for people who see no red or no green. */
export type Hue = 'hue-1' | 'hue-2' | 'hue-3' | 'hue-4' | 'hue-5' | 'hue-6' | 'hue-7' | 'hue-8'

export type PathShape = {
  readonly kind: 'path'
  /** SVG path data, absolute; y grows downwards. */
  readonly d: string
  readonly fill?: Tone
  /** Filled with slanted lines in place of a plain colour: what is not certain, as unearned shares. */
  readonly hatched?: boolean
  readonly stroke?: Tone
  /** In the unit of the scene, 1 by default. */
  readonly thickness?: number
  readonly dash?: readonly number[]
  /** The exact value, shown where one points at the shape. */
  readonly hint?: string
}
export type TextShape = {
  readonly kind: 'text'
  readonly text: string
  /** The baseline's start, middle or end, as `anchor` says. */
  readonly x: number
  readonly y: number
  readonly size: number
  readonly anchor?: 'start' | 'middle' | 'end'
  readonly weight?: Weight
  readonly tone?: Tone
}
export type Shape = PathShape | TextShape

/** A finished chart. Widths are CSS pixels on a page and points on paper. */
export type Scene = {
  readonly width: number
  readonly height: number
  /** What the chart shows, in a few words. */
  readonly title: string
  /** What one sees in it, in a sentence or two, for whoever cannot see it. */
  readonly description: string
  readonly shapes: readonly Shape[]
}

/** How large a chart is drawn. All distances follow the size of its text. */
export type Canvas = {
  readonly width: number
  /** Size of the text: 13 on pages by default, 7.5 on paper. */
  readonly text?: number
}

/** Text of charts on pages, in pixels. */
export const PAGE_TEXT = 13

/** Points between the slanted lines of what is hatched. */
export const HATCH_GAP = 5

/** A place as path data wants it, to a hundredth. */
export const at = (value: number): string => String(Math.round(value * 100) / 100)

/** Path data of a rectangle. */
export const box = (x: number, y: number, width: number, height: number): string =>
  `M${at(x)},${at(y)}H${at(x + width)}V${at(y + height)}H${at(x)}Z`

/** Path data of a straight line. */
export const straight = (x1: number, y1: number, x2: number, y2: number): string =>
  `M${at(x1)},${at(y1)}L${at(x2)},${at(y2)}`
