/** Pro rata and super pro rata rights, handed to the solver, and what they came to. Pure. */
import type { Capitalization, ConvertibleRound, ConvertibleRoundInput, Purchase } from '../../captable/index.ts'
import {
  divide,
  type InputFault,
  type Money,
  NUMERIC_PLACES,
  type Numeric,
  numericOfWhole,
  type Rational,
  rational,
  roundRational,
  type WholeShares,
} from '../../platform/index.ts'
import type { PricedTerms } from '../terms/priced-terms.ts'
import { standardClass } from '../terms/standard-class.ts'
import type { RightTerms } from '../terms/terms-rights.ts'
import { namedPurchases } from './named-purchases.ts'
import type { ProFormaLine } from './pro-forma-lines.ts'
import { warrantId } from './round-warrants.ts'

/** One right and what it came to. Parts are of 1. */
export type ProFormaRight = {
  readonly holder: string
  readonly holderId: string
  readonly of: RightTerms['of']
  readonly part: Numeric
  /** True where the part is more than the holder's part of the company before the round. */
  readonly superProRata: boolean
  readonly exercise: RightTerms['exercise']['kind']
  readonly className: string
  readonly shares: WholeShares
  readonly amount: Money
}

const ONE: Numeric = 10n ** BigInt(NUMERIC_PLACES)
const idOf = (index: number): string => `right ${index}`

/** What a holder has before the round, without what converts. */
const heldBy = ({ holdings }: Capitalization, stakeholderId: string): Numeric =>
  holdings.reduce((sum, each) => (each.stakeholderId === stakeholderId ? sum + each.quantity : sum), 0n)

/** The part that a right is to; never above the holder's real part where the terms leave it out. */
const partOfRight = (capitalization: Capitalization, { part, stakeholderId }: RightTerms): Numeric =>
  part ?? divide(heldBy(capitalization, stakeholderId) * ONE, capitalization.fullyDiluted || 1n, 'DOWN')

/** The same without rounding. */
const exactPart = (capitalization: Capitalization, { part, stakeholderId }: RightTerms): Rational =>
  part === undefined
    ? rational(heldBy(capitalization, stakeholderId), capitalization.fullyDiluted || 1n)
    : rational(part, ONE)

/** What rights add to the round: purchases for those in money, the solver's own rights for the others. */
export function rightsInput(
  capitalization: Capitalization,
  terms: PricedTerms,
): { readonly purchases: readonly Purchase[]; readonly rights: NonNullable<ConvertibleRoundInput['rights']> } {
  const listed = (terms.proRataRights ?? []).map((right, index) => ({ right, id: idOf(index) }))
  const money = listed.flatMap(({ right: { exercise }, id }): Purchase[] =>
    exercise.kind === 'MONEY' ? [{ id, amount: exercise.amount.amount }] : [],
  )
  const sold = [...namedPurchases(terms), ...money].reduce((sum, { amount }) => sum + amount, 0n)
  const full = listed
    .filter(({ right }) => right.exercise.kind === 'FULL')
    .map((each) => ({ ...each, part: partOfRight(capitalization, each.right) }))
    .filter(({ part }) => part > 0n)
  const ofSold = full.filter(({ right }) => right.of === 'NEW_SECURITIES')
  const exact = ofSold.map(({ id, right }) => ({ id, part: exactPart(capitalization, right) }))
  const left = exact.reduce((rest, { part }) => rest.sub(part), rational(1n))
  // All that is sold is what is named over what the rights leave of it: each right is its part of that.
  const parts = exact.map(({ id, part }) => ({
    id,
    amount: roundRational(rational(sold, ONE).mul(part).div(left), NUMERIC_PLACES, 'DOWN'),
  }))
  const numbers = listed.flatMap(({ right: { exercise }, id }) =>
    exercise.kind === 'SHARES' ? [{ id, kind: 'SHARES' as const, shares: exercise.shares }] : [],
  )
  const targets = full
    .filter(({ right }) => right.of === 'COMPANY_AFTER')
    .map(({ right, id, part }) => ({
      id,
      kind: 'OF_COMPANY' as const,
      part,
      held: heldBy(capitalization, right.stakeholderId),
      own: convertiblesOf(capitalization, right.stakeholderId),
    }))
  return { purchases: [...money, ...parts.filter(({ amount }) => amount > 0n)], rights: [...numbers, ...targets] }
}

const convertiblesOf = ({ holdings }: Capitalization, stakeholderId: string): readonly string[] =>
  holdings.flatMap((each) =>
    each.stakeholderId !== stakeholderId
      ? []
      : each.kind === 'convertible'
        ? [each.securityId]
        : each.kind === 'warrant' && !each.fixed
          ? [warrantId(each.securityId)]
          : [],
  )

/** Rights of people who hold nothing, under another name, or that together are to everything that is sold. */
export function* rightsMisfits(capitalization: Capitalization, terms: PricedTerms): Iterable<InputFault> {
  let parts = rational(0n)
  for (const [index, right] of (terms.proRataRights ?? []).entries()) {
    const path = ['proRataRights', index]
    const found = capitalization.holdings.find(({ stakeholderId }) => stakeholderId === right.stakeholderId)
    if (found === undefined) yield { path: [...path, 'stakeholderId'], reason: 'holds nothing of this company' }
    else if (found.stakeholderName !== right.holder) {
      yield { path: [...path, 'holder'], reason: `is not that holder's name, which is ${found.stakeholderName}` }
    }
    if (right.of === 'NEW_SECURITIES' && right.exercise.kind === 'FULL')
      parts = parts.add(exactPart(capitalization, right))
  }
  if (parts.gte(rational(1n)))
    yield { path: ['proRataRights'], reason: 'are together to everything that the round sells' }
  yield* promisedMisfits(capitalization, terms)
}

function* promisedMisfits({ pools }: Capitalization, { promisedOptions: promised }: PricedTerms): Iterable<InputFault> {
  if (promised?.from !== 'POOL') return
  const available = pools.reduce((sum, pool) => sum + pool.available, 0n)
  if (numericOfWhole(promised.shares) > available) {
    yield { path: ['promisedOptions', 'shares'], reason: 'is more than plans hold: promise the rest ON_TOP' }
  }
}

/** What each right came to, in the order of the terms. */
export function rightsOf(
  capitalization: Capitalization,
  terms: PricedTerms,
  { purchases, rights }: Pick<ConvertibleRound, 'purchases' | 'rights'>,
): readonly ProFormaRight[] {
  return (terms.proRataRights ?? []).map((right, index) => {
    const bought = [...purchases, ...rights].find(({ id }) => id === idOf(index))
    const part = partOfRight(capitalization, right)
    const before = heldBy(capitalization, right.stakeholderId)
    return {
      holder: right.holder,
      holderId: right.stakeholderId,
      of: right.of,
      part,
      superProRata: part * capitalization.fullyDiluted > before * ONE,
      exercise: right.exercise.kind,
      className: standardClass(terms).className,
      shares: bought?.shares ?? 0n,
      amount: { amount: bought?.amount ?? 0n, currency: terms.preMoney.currency },
    }
  })
}

/** What holders of rights that were exercised have after the round. */
export function rightLines(rights: readonly ProFormaRight[], terms: PricedTerms): readonly ProFormaLine[] {
  const { stockClassId, className } = standardClass(terms)
  return rights
    .filter(({ shares }) => shares > 0n)
    .map(({ holder, holderId, shares }) => ({
      holderId,
      holder,
      kind: 'stock',
      classId: stockClassId ?? null,
      className,
      before: 0n,
      after: numericOfWhole(shares),
      unearned: 0n,
    }))
}

/** Whether a right is exercised by money or by number, and may so take more than it is to. */
export const mayExceed = ({ exercise }: ProFormaRight): boolean => exercise === 'MONEY' || exercise === 'SHARES'

/**
 * Rights exercised by money or by number that take more than they are to. One share more is rounding.
 *
 * @param sold all shares that the round sells
 */
export function* exceededRights(
  rights: readonly ProFormaRight[],
  sold: WholeShares,
  lines: readonly ProFormaLine[],
  sharesAfter: Numeric,
): Iterable<InputFault> {
  for (const [index, right] of rights.entries()) {
    if (!mayExceed(right)) continue
    const has = lines.reduce((sum, line) => (line.holderId === right.holderId ? sum + line.after : sum), 0n)
    const [taken, whole] = right.of === 'NEW_SECURITIES' ? [right.shares * ONE, sold * ONE] : [has, sharesAfter]
    if ((taken - ONE) * ONE <= right.part * whole) continue
    yield {
      path: ['proRataRights', index, 'exercise'],
      reason: `takes more than the right is to (${right.shares} shares)`,
    }
  }
}
