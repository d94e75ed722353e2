/** Clauses on SAFEs and notes that convert in the round: one table, one line for each. */
import { column, grouped, money, sum } from '../format.ts'
import type { Clauses } from './clauses.ts'
import type { ConversionsOnPaper, WarrantOnPaper } from './term-sheet-input.ts'
import { roundingWords } from './term-sheet-words.ts'

const METHODS: Readonly<Record<ConversionsOnPaper['method'], string>> = {
  PRE_MONEY:
    'Their shares are not among those that the pre-money valuation is divided by, so that they dilute every holder, the investors of this round included',
  PERCENT_OWNERSHIP:
    'Their shares are among those that the pre-money valuation is divided by, so that they dilute the present holders only',
  DOLLARS_INVESTED:
    'What converts is added to the pre-money valuation, and their shares are among those that it is divided by',
}
const AT = {
  CAP: 'valuation cap',
  DISCOUNT: 'discount',
  ROUND_PRICE: 'price of the round',
  INSTRUMENT: 'instrument',
} as const
const ROUNDED = { DOWN: 'down', UP: 'up', NEAREST: 'to the nearest', NEAREST_EVEN: 'to the nearest' } as const

/** Nothing where nothing converts. */
export function conversions(clauses: Clauses, conversions: ConversionsOnPaper | undefined): void {
  const [first] = conversions?.rows ?? []
  if (conversions === undefined || first === undefined) return
  const { rows, method } = conversions
  const amounts = rows.map(({ principal }) => principal.amount)
  const interests = rows.map(({ interest }) => interest)
  const bought = rows.map(({ shares }) => shares)
  const principal = column([...amounts, sum(amounts)], 2)
  const interest = column([...interests, sum(interests)], 2)
  const shares = column([...bought, sum(bought)])
  const prices = column(
    rows.map(({ price }) => price),
    4,
  )
  const { currency } = first.principal
  clauses.clause(
    `${rows.length === 1 ? 'One instrument converts' : `${grouped(String(rows.length))} instruments convert`} at the Closing for ${money({ amount: sum([...amounts, ...interests]), currency })} in all. ${METHODS[method]}. Each converts at the price that gives most shares, of its cap's, its discount's and the round's${conversions.priceRounding === undefined ? '' : `, ${roundingWords(conversions.priceRounding)}`}; whole shares are rounded ${ROUNDED[conversions.shareRounding]}.`,
    {
      summary: 'SAFEs and notes that convert',
      columns: [
        { head: 'Instrument' },
        { head: 'Holder' },
        { head: `Principal, ${currency}`, number: true },
        { head: `Interest, ${currency}`, number: true },
        { head: 'Converts at the' },
        { head: `Price, ${currency}`, number: true },
        { head: 'Class' },
        { head: 'Shares', number: true },
      ],
      rows: [
        ...rows.map((row, i) => ({
          cells: [
            row.name,
            row.holder,
            principal[i] ?? '',
            interest[i] ?? '',
            AT[row.at],
            prices[i] ?? '',
            row.className,
            shares[i] ?? '',
          ],
        })),
        {
          cells: ['Total', '', principal.at(-1) ?? '', interest.at(-1) ?? '', '', '', '', shares.at(-1) ?? ''],
          total: true,
        },
      ],
    },
  )
}

/** Warrants that get their price, and so their number, from the round; nothing where there is none. */
export function pricedWarrants(clauses: Clauses, warrants: readonly WarrantOnPaper[] = []): void {
  const [first] = warrants
  if (first === undefined) return
  const amounts = column(
    warrants.map(({ amount }) => amount.amount),
    2,
  )
  const prices = column(
    warrants.map(({ price }) => price),
    4,
  )
  const shares = column(warrants.map((each) => each.shares))
  clauses.clause(
    `The round fixes the price of ${warrants.length === 1 ? 'one warrant, which stays' : `${warrants.length} warrants, which stay`} outstanding. The shares that each may then buy weigh on the price of the round as what converts does.`,
    {
      summary: 'Warrants that the round prices',
      columns: [
        ...[{ head: 'Warrant' }, { head: 'Holder' }, { head: `For, ${first.amount.currency}`, number: true }],
        ...[{ head: 'At the' }, { head: `Price, ${first.amount.currency}`, number: true }],
        ...[{ head: 'Class' }, { head: 'Shares', number: true }],
      ],
      rows: warrants.map((each, i) => ({
        cells: [
          ...[each.name, each.holder, amounts[i] ?? '', AT[each.at], prices[i] ?? '', each.className],
          shares[i] ?? '',
        ],
      })),
    },
  )
}
