/** What a round of a chain makes of the rests of SAFEs for compute that convert in it. Pure. */
import type { ComputeEquity } from '../../captable/index.ts'
import { divide, type Money, type Numeric, numericOfWhole, type WholeShares } from '../../platform/index.ts'
import { convertsIn } from '../pro-forma/compute-equity.ts'
import type { SolvedRound } from '../pro-forma/solve-round.ts'
import type { PricedTerms } from '../terms/priced-terms.ts'
import { CENT, type SafeRest } from '../terms/terms-safe.ts'
import type { ChainGrant } from './chain-grant.ts'

/** What had not accrued under one SAFE when a round converted it. */
export type ChainRest = {
  readonly instrumentId: string
  readonly holder: string
  readonly becomes: SafeRest
  readonly amount: Money
  /** Where it goes on at the round's price: whole shares that it comes to. */
  readonly shares: WholeShares | null
}

type Round = {
  readonly terms: PricedTerms
  readonly solution: Pick<SolvedRound, 'converts' | 'price'>
  /** Id of the class that money buys, which tranches at the round's price are of. */
  readonly classId: string
}

const converted = ({ safe }: ComputeEquity, { terms, solution }: Omit<Round, 'classId'>): boolean =>
  safe !== undefined && convertsIn(terms, solution.converts.converting, safe)

const sharesAt = (price: Numeric, { amount }: Money): WholeShares => divide(amount, price, 'DOWN')

/** The rests of the SAFEs that a round converts; those of which everything has accrued have none. */
export const restsIn = (compute: readonly ComputeEquity[], round: Omit<Round, 'classId'>): readonly ChainRest[] =>
  compute.flatMap((equity) => {
    const { safe, instrumentId, stakeholderName } = equity
    if (safe === undefined || safe.unaccrued.amount === 0n || !converted(equity, round)) return []
    const becomes = safe.terms.rest
    const shares = becomes === 'ROUND_PRICE' ? sharesAt(round.solution.price, safe.unaccrued) : null
    return [{ instrumentId, holder: stakeholderName, becomes, amount: safe.unaccrued, shares }]
  })

/** Instruments for compute after a round: SAFEs that it converts end, go on as tranches at its price, or as they were. */
export const computeAfter = (compute: readonly ComputeEquity[], round: Round): readonly ComputeEquity[] =>
  compute.flatMap((equity): ComputeEquity[] => {
    const { safe } = equity
    if (safe === undefined || !converted(equity, round)) return [equity]
    if (safe.unaccrued.amount === 0n || safe.terms.rest === 'END') return []
    if (safe.terms.rest === 'NEW_SAFE') return [{ ...equity, safe: { ...safe, securityId: null } }]
    const { safe: _, ...common } = equity
    const unearned = numericOfWhole(sharesAt(round.solution.price, safe.unaccrued))
    return unearned === 0n ? [] : [{ ...common, kind: 'STAGED', classId: round.classId, unearned }]
  })

/** The chain's own grants after a round, `compute` as it stood when the round closed. */
export const grantsAfter = (
  grants: readonly ChainGrant[],
  compute: readonly ComputeEquity[],
  round: Round,
): readonly ChainGrant[] =>
  grants.map((grant) => {
    const equity = compute.find(({ instrumentId }) => instrumentId === grant.instrumentId)
    const { gives } = grant
    if (equity?.safe === undefined || gives.kind !== 'SAFE' || !converted(equity, round)) return grant
    const { cents, terms } = gives
    const accrued = cents - equity.safe.unaccrued.amount / CENT
    const { price } = round.solution
    const rest =
      terms.rest === 'END'
        ? { kind: 'ENDED' as const }
        : terms.rest === 'ROUND_PRICE'
          ? { kind: 'SERIES' as const, price, classId: round.classId }
          : undefined
    return { ...grant, gives: { ...gives, converted: accrued, rest } }
  })
