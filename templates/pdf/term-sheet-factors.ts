/** What a token buys on GPUs that are no H100: the factors that the document states, and how later pools get theirs. */
import { grouped } from '../format.ts'
import type { Clauses } from './clauses.ts'

/** A pool's factor as the document states it. */
export type StatedFactor = {
  /** "H100-SXM on fjord-1". */
  readonly pool: string
  /** H100-hours per GPU-hour, a decimal. */
  readonly factor: string
  readonly basis: 'flops' | 'price' | 'benchmark' | 'contract'
  readonly source: string
}

/** How pools that come later get theirs: each signed by both sides, or by a basis agreed on here. */
export type LaterPools =
  | { readonly laterPools: 'BOTH_SIGN' }
  | { readonly laterPools: 'BASIS'; readonly basis: StatedFactor['basis'] }

const BASIS_WORDS: Readonly<Record<StatedFactor['basis'], string>> = {
  flops: 'floating-point operations',
  price: 'price',
  benchmark: 'a benchmark',
  contract: 'agreement',
}

export function factors(
  clauses: Clauses,
  sheet: { readonly factors?: readonly StatedFactor[]; readonly laterPools?: LaterPools },
): void {
  const { factors: stated = [], laterPools } = sheet
  if (stated.length > 0) {
    clauses.clause(
      'An hour of a GPU of these pools counts as many H100-hours as stated here. These factors hold for the Tokens of this round whatever the factors of the pools become.',
      {
        summary: 'Factors',
        columns: [
          { head: 'Pool', share: 1.6 },
          { head: 'H100-hours per GPU-hour', number: true, share: 1.2 },
          { head: 'By' },
          { head: 'Source', share: 2 },
        ],
        rows: stated.map((each) => ({
          cells: [each.pool, grouped(each.factor), BASIS_WORDS[each.basis], each.source],
        })),
      },
    )
  }
  if (laterPools === undefined) return
  clauses.clause(
    laterPools.laterPools === 'BOTH_SIGN'
      ? 'A pool that comes later is booked once both the Provider’s side and the Company have signed its factor.'
      : `The factor of a pool that comes later holds at once where it rests on ${BASIS_WORDS[laterPools.basis]}; otherwise once both the Provider’s side and the Company have signed it.`,
  )
}
