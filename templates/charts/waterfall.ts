/** What each class gets of a sale, by exit value, with the values at which that changes. */
import { grouped } from '../format.ts'
import { lineChart } from './line-chart.ts'
import type { Canvas, Scene } from './scene.ts'

export type WaterfallSeries = {
  readonly name: string
  readonly points: readonly { readonly exit: string; readonly amount: string }[]
}
export type WaterfallChart = {
  readonly currency: string
  readonly series: readonly WaterfallSeries[]
  /** Numbered by their place in the table beside. */
  readonly breakpoints: readonly { readonly exit: string; readonly number: string }[]
}
/** Series that are told apart by colour. */
const SERIES = 8

/** Lines from exit value to payout. They are straight between breakpoints, so every breakpoint should be among the points. */
export function waterfallChart({ currency, series, breakpoints }: WaterfallChart, canvas: Canvas): Scene {
  const paid = series.filter(({ points }) => points.some(({ amount }) => Number(amount) > 0))
  const last = (one: WaterfallSeries): string => one.points.at(-1)?.amount ?? '0'
  const shown = paid.toSorted((a, b) => Number(last(b)) - Number(last(a))).slice(0, SERIES)
  const most = shown[0]?.points.at(-1)?.exit ?? '0'
  return lineChart(
    {
      title: 'Payout by exit value',
      description: `At ${currency} ${grouped(most, 2)}: ${shown.map((one) => `${one.name} ${grouped(last(one), 2)}`).join('; ')}. It bends at ${breakpoints.length} exit values.`,
      x: { kind: 'number', title: `Exit value, ${currency}` },
      y: { title: `Payout, ${currency}` },
      markers: breakpoints.map(({ exit, number }) => ({ x: exit, label: number })),
      series: shown.map(({ name, points }) => ({
        name,
        points: points.map(({ exit, amount }) => ({ x: exit, y: amount })),
      })),
    },
    canvas,
  )
}
