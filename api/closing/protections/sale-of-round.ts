/** Who gets what of a sale, once the signed clause has dealt with unearned shares. Pure. */
import { type NamedWaterfall, type WaterfallView, waterfallView } from '../../captable/index.ts'
import type { Numeric } from '../../platform/index.ts'
import type { ChangeOfControl } from '../../rounds/index.ts'

/** Unearned shares of one holder in one class. */
export type UnearnedHolding = { readonly classId: string; readonly holderId: string; readonly shares: Numeric }

/** What of unearned shares takes part in proceeds: all where they vest at the completion, else none. */
export const TAKES_PART: Readonly<Record<ChangeOfControl, boolean>> = {
  ASSUMED_OR_FORFEIT: false,
  FORFEIT: false,
  VEST: true,
}

/**
 * The sale at these values. Shares that wait for compute take part as the clause says; shares that wait for time, as those of
 * founders do, are taken as vested: what becomes of them is in their own agreements.
 *
 * @throws {WaterfallRefused}
 */
export function saleOfRound(
  named: NamedWaterfall,
  unearned: readonly UnearnedHolding[],
  outcome: ChangeOfControl,
  asOf: string,
  exits: readonly Numeric[],
): WaterfallView {
  const waiting = (classId: string, holderId: string): Numeric =>
    unearned.reduce((sum, row) => (row.classId === classId && row.holderId === holderId ? sum + row.shares : sum), 0n)
  const classes = named.input.classes.map((stock) => ({
    ...stock,
    holdings: stock.holdings.map(({ id, shares }) => {
      const own = TAKES_PART[outcome] ? 0n : waiting(stock.id, id)
      return own === 0n ? { id, shares } : { id, shares, unearned: { shares: own, treatment: 'FORFEITED' as const } }
    }),
  }))
  return waterfallView({ ...named, input: { ...named.input, classes } }, asOf, exits)
}
