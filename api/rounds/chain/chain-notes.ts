/** What only a chain has to say of a round: a SAFE that issues nothing, and what becomes of one that converts. Pure. */
import { formatNumeric, type Money } from '../../platform/index.ts'
import type { ProFormaNote } from '../pro-forma/pro-forma-notes.ts'
import type { PricedTerms } from '../terms/priced-terms.ts'
import type { ChainRest } from './rests-after.ts'

const text = ({ amount, currency }: Money): string => `${formatNumeric(amount)} ${currency}`

export function* chainNotes(
  { instrument }: PricedTerms,
  rests: readonly ChainRest[],
  price: Money,
): Iterable<ProFormaNote> {
  if (instrument?.kind === 'SAFE') {
    yield {
      code: 'SAFE_ISSUES_NO_SHARES',
      weight: 'notice',
      text: 'The round gives a SAFE and issues no shares: price and post-money value are as if its whole purchase amount converted now. Ownership counts it from the round on that converts it.',
    }
  }
  for (const { holder, amount, becomes, shares } of rests) {
    const said = {
      END: 'ends with this round',
      ROUND_PRICE: `is issued as it accrues at ${text(price)} a share, at most ${shares ?? 0n} shares`,
      NEW_SAFE: 'goes on as a new SAFE on the same terms',
    }[becomes]
    yield {
      code: 'REST_OF_SAFE',
      weight: 'notice',
      text: `Of the SAFE of ${holder}, ${text(amount)} has not accrued and ${said}.`,
    }
  }
}
