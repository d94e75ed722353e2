/** Clauses on pro rata rights and on options that are promised. */
import { column, grouped, percent } from '../format.ts'
import type { Clauses } from './clauses.ts'
import type { TermSheet } from './term-sheet-input.ts'

const OF = { NEW_SECURITIES: 'what the round sells', COMPANY_AFTER: 'the Company after the round' } as const
const EXERCISED = {
  NONE: 'not exercised',
  FULL: 'in full',
  MONEY: 'for an amount',
  SHARES: 'for a number of shares',
} as const

/** Nothing where the terms name none. */
export function rights(clauses: Clauses, { rights = [], promised }: TermSheet): void {
  const [first] = rights
  if (first !== undefined) {
    const shares = column(rights.map((right) => right.shares))
    const amounts = column(
      rights.map(({ amount }) => amount.amount),
      2,
    )
    clauses.clause('These holders have a right to take part in the round at the same price per share.', {
      summary: 'Rights to take part in the round',
      columns: [
        { head: 'Holder' },
        { head: 'Right to, %', number: true },
        { head: 'Of' },
        { head: 'Exercised' },
        { head: `Cash, ${first.amount.currency}`, number: true },
        { head: 'Class' },
        { head: 'Shares', number: true },
      ],
      rows: rights.map((right, i) => ({
        cells: [
          right.holder,
          percent(right.part, '1', 4),
          OF[right.of],
          EXERCISED[right.exercise],
          amounts[i] ?? '',
          right.className,
          shares[i] ?? '',
        ],
      })),
    })
  }
  if (promised !== undefined) {
    const where =
      promised.from === 'POOL'
        ? 'out of what plans hold already'
        : 'on top of what plans hold; the Company reserves them at the Closing'
    clauses.clause(
      `Options on ${grouped(promised.shares)} shares are promised and not granted yet. They are counted in the shares that the pre-money valuation is divided by, ${where}.`,
    )
  }
}
