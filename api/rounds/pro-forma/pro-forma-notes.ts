/** What a pro forma leaves out or takes for granted. It says so: nothing is silently ignored. Pure. */
import { type Capitalization, uncountedIn, uncountedWarrantsIn } from '../../captable/index.ts'
import { formatNumeric, type Numeric, numericOfWhole, rational, type WholeShares } from '../../platform/index.ts'
import type { PricedTerms } from '../terms/priced-terms.ts'
import { standardClass } from '../terms/standard-class.ts'
import type { SecurityTerms } from '../terms/terms.ts'
import { countsUnearned } from './compute-equity.ts'
import { boughtForCompute, grantOfPurchase } from './named-purchases.ts'
import type { ProFormaConversion } from './pro-forma-conversions.ts'
import type { SolvedRound } from './solve-round.ts'

export type ProFormaNoteCode =
  | 'CONVERTIBLES_NOT_CONVERTED'
  | 'METHOD_OF_CONVERSION_BY_DEFAULT'
  | 'MOST_FAVOURED_NOT_ELECTED'
  | 'NOTES_MATURED'
  | 'INTEREST_DUE_IN_CASH'
  | 'WARRANTS_WITHOUT_NUMBER'
  | 'EXPIRED_NOT_CANCELLED'
  | 'SETTLED_IN_CASH'
  | 'PREFERRED_COUNTED_AS_CONVERTED'
  | 'POOL_TARGET_MET_ALREADY'
  | 'NO_PLAN_FOR_THE_POOL'
  | 'NOT_ENOUGH_AUTHORIZED'
  | 'AS_OF_AFTER_CLOSING'
  | 'UNEARNED_COMPUTE_COUNTED'
  | 'UNEARNED_COMPUTE_LEFT_OUT'
  | 'HOLDER_CALLED_OTHERWISE'
  /** Of rounds of a chain only. */
  | 'SAFE_ISSUES_NO_SHARES'
  | 'REST_OF_SAFE'

/** `warning`: the figures change once it is dealt with. `notice`: they stand. */
export type ProFormaNote = {
  readonly code: ProFormaNoteCode
  readonly weight: 'warning' | 'notice'
  readonly text: string
}

export function proFormaNotes(
  capitalization: Capitalization,
  terms: PricedTerms,
  solution: SolvedRound,
  conversions: readonly ProFormaConversion[],
): readonly ProFormaNote[] {
  return [
    ...remaining(solution),
    ...conversionNotes(terms, solution, conversions),
    ...warrants(capitalization, solution),
    ...uncounted(capitalization),
    ...unearnedCompute(capitalization, terms, solution),
    ...preferred(capitalization),
    ...pool(capitalization, solution),
    ...authorized(capitalization, terms, solution, conversions),
    ...dates(capitalization, terms),
    ...holderName(capitalization, terms),
  ]
}

function* remaining({ converts }: SolvedRound): Iterable<ProFormaNote> {
  const outstanding = converts.remaining
  if (outstanding.length === 0) return
  const sums = new Map<string, bigint>()
  for (const { amount } of outstanding) sums.set(amount.currency, (sums.get(amount.currency) ?? 0n) + amount.amount)
  const money = [...sums].map(([currency, amount]) => `${formatNumeric(amount)} ${currency}`).join(' and ')
  yield {
    code: 'CONVERTIBLES_NOT_CONVERTED',
    weight: 'warning',
    text: `${count(outstanding, 'SAFE or note is', 'SAFEs and notes are')} outstanding for ${money}. They are not converted here: price and ownership change when they convert.`,
  }
}

function* conversionNotes(
  { conversions: said }: PricedTerms,
  { converts }: SolvedRound,
  conversions: readonly ProFormaConversion[],
): Iterable<ProFormaNote> {
  const names = (which: readonly ProFormaConversion[]) => which.map(({ customId }) => customId).join(', ')
  if (said === undefined && conversions.length > 0) {
    yield {
      code: 'METHOD_OF_CONVERSION_BY_DEFAULT',
      weight: 'notice',
      text: 'The terms do not say how SAFEs and notes weigh on the price: by percent ownership, so they are in the shares that the valuation is divided by.',
    }
  }
  const favoured = conversions.filter((_, index) => converts.converting[index]?.mostFavoured)
  if (favoured.length > 0) {
    yield {
      code: 'MOST_FAVOURED_NOT_ELECTED',
      weight: 'warning',
      text: `${names(favoured)}: the holder may take the terms of a later instrument. It converts here as it is recorded.`,
    }
  }
  const matured = conversions.filter((each) => each.matured)
  if (matured.length > 0) {
    yield {
      code: 'NOTES_MATURED',
      weight: 'warning',
      text: `${names(matured)}: due before the closing. Whether it may still convert is in the note.`,
    }
  }
  const inCash = conversions.filter((each) => each.interestInCash.amount > 0n)
  if (inCash.length > 0) {
    yield {
      code: 'INTEREST_DUE_IN_CASH',
      weight: 'notice',
      text: `${inCash.map(({ customId, interestInCash: due }) => `${customId} ${formatNumeric(due.amount)} ${due.currency}`).join(', ')}: interest that is paid in cash at the closing.`,
    }
  }
}

/** A fund that was succeeded, or has another name: its shares stand under the old one. */
function* holderName(
  { holdings, compute = [] }: Capitalization,
  { compute: own }: PricedTerms,
): Iterable<ProFormaNote> {
  if (own?.stakeholderId === undefined) return
  const found = [...holdings, ...compute].find(({ stakeholderId }) => stakeholderId === own.stakeholderId)
  if (found === undefined || found.stakeholderName === own.holderName) return
  yield {
    code: 'HOLDER_CALLED_OTHERWISE',
    weight: 'notice',
    text: `${own.holderName} stands on the cap table as ${found.stakeholderName}: it is one holder.`,
  }
}

function* warrants(capitalization: Capitalization, solution: SolvedRound): Iterable<ProFormaNote> {
  const counted = solution.warrants.map(({ holding }) => holding.securityId)
  const open = uncountedWarrantsIn(capitalization, counted)
  if (open.length === 0) return
  yield {
    code: 'WARRANTS_WITHOUT_NUMBER',
    weight: 'warning',
    text: `${count(open, 'warrant is', 'warrants are')} not counted: ${open.join('; ')}.`,
  }
}

/** What is open on the cap table and stands for no shares. */
function* uncounted(capitalization: Capitalization): Iterable<ProFormaNote> {
  const expired = uncountedIn(capitalization, 'EXPIRED')
  if (expired.length > 0) {
    yield {
      code: 'EXPIRED_NOT_CANCELLED',
      weight: 'warning',
      text: `Not counted, since it has expired, though nobody has cancelled it: ${expired.join('; ')}. A cancellation may give shares back to a plan.`,
    }
  }
  const inCash = uncountedIn(capitalization, 'CASH_SETTLED')
  if (inCash.length > 0) {
    yield {
      code: 'SETTLED_IN_CASH',
      weight: 'notice',
      text: `Not counted, since it gives cash and no shares: ${inCash.join('; ')}.`,
    }
  }
}

/** Whether price and base count what earlier instruments for compute may still take: a choice, so it is said. */
function* unearnedCompute(
  { compute = [] }: Capitalization,
  terms: PricedTerms,
  { rests }: SolvedRound,
): Iterable<ProFormaNote> {
  const notIssued = compute.filter(({ kind }) => kind !== 'STOCK')
  const unearned = notIssued.reduce((sum, each) => sum + each.unearned, 0n)
  if (!countsUnearned(terms)) {
    const safes = notIssued.flatMap(({ safe }) =>
      safe === undefined || safe.unaccrued.amount === 0n ? [] : [safe.unaccrued],
    )
    const money = safes.map(({ amount, currency }) => `${formatNumeric(amount)} ${currency}`).join(' and ')
    const parts = [
      ...(unearned > 0n ? [`${formatNumeric(unearned)} shares`] : []),
      ...(money === '' ? [] : [`SAFEs of ${money}`]),
    ]
    if (parts.length === 0) return
    yield {
      code: 'UNEARNED_COMPUTE_LEFT_OUT',
      weight: 'warning',
      text: `What may still be earned under earlier instruments for compute is left out of price and base, as the terms say: ${parts.join(' and ')}. Every holder bears it when it is earned, the buyers of this round included.`,
    }
    return
  }
  const counted = rests.reduce((sum, { shares }) => sum + numericOfWhole(shares), unearned)
  if (counted === 0n) return
  const said = terms.unearnedCompute === undefined ? 'by default' : 'as the terms say'
  yield {
    code: 'UNEARNED_COMPUTE_COUNTED',
    weight: 'notice',
    text: `Price and base count ${formatNumeric(counted)} shares that may still be earned under earlier instruments for compute, ${said}: the present holders bear them.`,
  }
}

function* preferred({ classes }: Capitalization): Iterable<ProFormaNote> {
  const held = classes.flatMap(({ name, outstanding, ratio }) =>
    ratio === undefined || ratio.numerator === ratio.denominator || outstanding === 0n
      ? []
      : [`${name} as ${rational(ratio.numerator, ratio.denominator).toFraction()} of common`],
  )
  if (held.length === 0) return
  yield {
    code: 'PREFERRED_COUNTED_AS_CONVERTED',
    weight: 'notice',
    text: `Shares are counted as converted, at the ratios in force: each share of ${held.join(', of ')}.`,
  }
}

function* pool({ pools }: Capitalization, { poolIncrease, targetMetAlready }: SolvedRound): Iterable<ProFormaNote> {
  if (targetMetAlready) {
    yield {
      code: 'POOL_TARGET_MET_ALREADY',
      weight: 'notice',
      text: 'What is reserved and not granted exceeds the target after the round: the pool is not increased.',
    }
  }
  if (poolIncrease > 0n && pools.length === 0) {
    yield {
      code: 'NO_PLAN_FOR_THE_POOL',
      weight: 'notice',
      text: 'The company has no plan yet: one must be adopted to take the pool increase.',
    }
  }
}

function* authorized(
  { classes }: Capitalization,
  terms: PricedTerms,
  { purchases, rights, owed }: SolvedRound,
  conversions: readonly ProFormaConversion[],
): Iterable<ProFormaNote> {
  const { security, cashSecurity } = terms
  const computeShares = boughtForCompute(purchases)?.shares ?? 0n
  const { className } = standardClass(terms)
  const converted = conversions.reduce((sum, each) => sum + (each.className === className ? each.shares : 0n), 0n)
  const cashShares = [...purchases.filter(({ id }) => grantOfPurchase(id) === undefined), ...rights].reduce(
    (sum, { shares }) => sum + shares,
    converted + owed,
  )
  const issues: [SecurityTerms, WholeShares][] =
    cashSecurity === undefined
      ? [[security, computeShares + cashShares]]
      : [
          [security, computeShares],
          [cashSecurity, cashShares],
        ]
  for (const [issued, shares] of issues) {
    const existing = classes.find(({ id }) => id === issued.stockClassId)
    const limit =
      existing?.authorized ?? (issued.authorized === undefined ? undefined : numericOfWhole(issued.authorized))
    if (typeof limit !== 'bigint') continue
    const needed: Numeric = (existing?.outstanding ?? 0n) + numericOfWhole(shares)
    if (needed <= limit) continue
    yield {
      code: 'NOT_ENOUGH_AUTHORIZED',
      weight: 'warning',
      text: `${issued.className} needs ${formatNumeric(needed)} authorised shares and has ${formatNumeric(limit)}: the charter must be amended before closing.`,
    }
  }
}

function* dates({ asOf }: Capitalization, { closingDate }: PricedTerms): Iterable<ProFormaNote> {
  if (asOf <= closingDate) return
  yield {
    code: 'AS_OF_AFTER_CLOSING',
    weight: 'notice',
    text: `The cap table is as of ${asOf}, after the closing date ${closingDate}.`,
  }
}

const count = (things: readonly unknown[], one: string, many: string): string =>
  `${things.length} ${things.length === 1 ? one : many}`
