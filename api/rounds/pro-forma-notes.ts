/** What a pro forma leaves out or takes for granted. It says so: nothing is silently ignored. Pure. */
import type { Capitalization, CapitalizationHolding, PricedRound } from '../captable/index.ts'
import { formatNumeric, type Numeric, numericOfWhole, type WholeShares } from '../platform/index.ts'
import type { RoundTerms, SecurityTerms } from './terms.ts'

export type ProFormaNoteCode =
  | 'CONVERTIBLES_NOT_CONVERTED'
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
  solution: PricedRound,
): readonly ProFormaNote[] {
  return [
    ...convertibles(capitalization),
    ...warrants(capitalization),
    ...preferred(capitalization),
    ...pool(capitalization, solution),
    ...authorized(capitalization, terms, solution),
    ...dates(capitalization, terms),
  ]
}

function* convertibles({ holdings }: Capitalization): Iterable<ProFormaNote> {
  const outstanding = holdings.filter((holding) => holding.kind === 'convertible')
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

function* pool({ pools }: Capitalization, { poolIncrease, targetMetAlready }: PricedRound): Iterable<ProFormaNote> {
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
  { security, cashSecurity }: RoundTerms,
  { purchases }: PricedRound,
): Iterable<ProFormaNote> {
  const computeShares = purchases[0]?.shares ?? 0n
  const cashShares = purchases.slice(1).reduce((sum, { shares }) => sum + shares, 0n)
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
