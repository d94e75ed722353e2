/** A sale of a company as a page and a file show it: one form of the figures for both. */
import type { WaterfallSeries } from './charts/waterfall.ts'

export type WaterfallSheet = {
  readonly companyName: string
  /** "the cap table", or the round whose pro forma it is of. */
  readonly of: string
  readonly asOf: string
  readonly currency: string
  /** The value that was asked for. */
  readonly exit: string
  readonly unearned: string
  readonly classes: readonly WaterfallSeries[]
  /** At the asked value, largest first. */
  readonly payouts: readonly {
    readonly holder: string
    readonly what: string
    readonly amount: string
    readonly how: string
  }[]
  readonly breakpoints: readonly { readonly exit: string; readonly words: string }[]
  readonly notes: readonly string[]
}

/** What may be asked of shares that are not earned, in words. */
export const TREATMENTS = [
  ['NO_PREFERENCE', 'share as common does'],
  ['FULL', 'count as earned'],
  ['FORFEITED', 'get nothing'],
] as const

/** Below the chart: what its dotted lines are. */
export const BENDS_NOTE = 'Dotted: exit values at which the shares of the next dollar change, numbered as below.'

/** Breakpoints, each with its number in chart and table. */
export const numberedBends = ({ breakpoints }: WaterfallSheet) =>
  breakpoints.map((point, at) => ({ ...point, number: String(at + 1) }))
