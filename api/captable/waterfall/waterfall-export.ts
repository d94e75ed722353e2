/** Waterfalls to take away: JSON, and CSV for spreadsheets. Pure. */
import { csvOf, formatNumeric, type JsonValue, words } from '../../platform/index.ts'
import type { WaterfallView } from './waterfall.views.ts'

export const waterfallJson = ({ asOf, currency, exits, breakpoints, notes }: WaterfallView): JsonValue => ({
  asOf,
  currency,
  notes: [...notes],
  breakpoints: breakpoints.map(({ exit, kind, names }) => ({ exit: formatNumeric(exit), kind, names: [...names] })),
  exits: exits.map((at) => ({
    exit: formatNumeric(at.exit),
    perShare: formatNumeric(at.perShare),
    sharing: formatNumeric(at.sharing),
    carveOut: formatNumeric(at.carveOut),
    debts: at.debts.map(({ name, amount }) => ({ name, amount: formatNumeric(amount) })),
    classes: at.classes.map((own) => ({ ...own, amount: formatNumeric(own.amount) })),
    payouts: at.payouts.map((own) => ({ ...own, amount: formatNumeric(own.amount) })),
  })),
})

/** One row for each payout at each exit value. Source of the form: RFC 4180. */
export const waterfallCsv = ({ currency, exits }: WaterfallView): string =>
  csvOf([
    ['exit value', 'holder', 'for', 'payout', 'currency'],
    ...exits.flatMap(({ exit, payouts }) =>
      payouts.map(({ holder, what, amount }) => [
        formatNumeric(exit),
        words(holder),
        words(what),
        formatNumeric(amount),
        currency,
      ]),
    ),
  ])
