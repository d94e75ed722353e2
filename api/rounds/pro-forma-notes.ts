/** What a pro forma leaves out or takes for granted. It says so: nothing is silently ignored. Pure. */
import type { Capitalization, CapitalizationHolding } from '../captable/index.ts'
import { formatNumeric, type Numeric, numericOfWhole, type WholeShares } from '../platform/index.ts'
import type { ProFormaConversion } from './pro-forma-conversions.ts'
import type { SolvedRound } from './solve-round.ts'
import { standardClass } from './standard-class.ts'
import type { RoundTerms, SecurityTerms } from './terms.ts'

export type ProFormaNoteCode =
  | 'CONVERTIBLES_NOT_CONVERTED'
  | 'METHOD_OF_CONVERSION_BY_DEFAULT'
  | 'MOST_FAVOURED_NOT_ELECTED'
  | 'NOTES_MATURED'
  | 'INTEREST_DUE_IN_CASH'
  | 'WARRANTS_WITHOUT_NUMBER'
  | 'PREFERRED_COUNTED_ONE_TO_ONE'
  | 'POOL_TARGET_MET_ALREADY'
  | 'NO_PLAN_FOR_THE_POOL'
  | 'NOT_ENOUGH_AUTHORIZED'
  | 'AS_OF_AFTER_CLOSING'

/** `warning`: the figures change once it is dealt with. `notice`: they stand. */
export type ProFormaNote = {
  readonly code: ProFormaNoteCode
  readonly weight: 'warning' | 'notice'
  readonly text: string
}

export function proFormaNotes(
  capitalization: Capitalization,
  terms: RoundTerms,
  solution: SolvedRound,
  conversions: readonly ProFormaConversion[],
): readonly ProFormaNote[] {
  return [
    ...remaining(solution),
    ...conversionNotes(terms, solution, conversions),
    ...warrants(capitalization),
    ...preferred(capitalization),
    ...pool(capitalization, solution),
    ...authorized(capitalization, terms, solution, conversions),
    ...dates(capitalization, terms),
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
  { conversions: said }: RoundTerms,
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

function* warrants({ holdings }: Capitalization): Iterable<ProFormaNote> {
  const open = holdings.filter((holding) => holding.kind === 'warrant' && !holding.fixed)
  if (open.length === 0) return
  yield {
    code: 'WARRANTS_WITHOUT_NUMBER',
    weight: 'warning',
    text: `${count(open, 'warrant names', 'warrants name')} no fixed number of shares and ${open.length === 1 ? 'is' : 'are'} not counted.`,
  }
}

function* preferred({ classes }: Capitalization): Iterable<ProFormaNote> {
  const held = classes.filter(({ kind, outstanding }) => kind === 'PREFERRED' && outstanding > 0n)
  if (held.length === 0) return
  yield {
    code: 'PREFERRED_COUNTED_ONE_TO_ONE',
    weight: 'notice',
    text: `${held.map(({ name }) => name).join(', ')}: each share counts as one, whatever it converts into.`,
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
  terms: RoundTerms,
  { purchases, rights }: SolvedRound,
  conversions: readonly ProFormaConversion[],
): Iterable<ProFormaNote> {
  const { security, cashSecurity } = terms
  const computeShares = purchases[0]?.shares ?? 0n
  const { className } = standardClass(terms)
  const converted = conversions.reduce((sum, each) => sum + (each.className === className ? each.shares : 0n), 0n)
  const cashShares = [...purchases.slice(1), ...rights].reduce((sum, { shares }) => sum + shares, converted)
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

function* dates({ asOf }: Capitalization, { closingDate }: RoundTerms): Iterable<ProFormaNote> {
  if (asOf <= closingDate) return
  yield {
    code: 'AS_OF_AFTER_CLOSING',
    weight: 'notice',
    text: `The cap table is as of ${asOf}, after the closing date ${closingDate}.`,
  }
}

const count = (things: readonly CapitalizationHolding[], one: string, many: string): string =>
  `${things.length} ${things.length === 1 ? one : many}`
