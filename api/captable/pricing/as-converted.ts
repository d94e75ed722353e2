/**
 * SAFEs and notes as the common that they would become in a sale, where no round names a price: by their caps alone. Pure.
 *
 * Source: Y Combinator post-money SAFE 1.2, "Liquidity Price" = cap / "Liquidity Capitalization", which counts all stock, what
 * may be exercised and all that converts, and not what plans hold for grants not made; the SAFE of 2013 to 2018 leaves
 * converting securities out.
 */
import {
  formatNumeric,
  type Money,
  NUMERIC_PLACES,
  type Numeric,
  rational,
  roundRational,
} from '../../platform/index.ts'
import type { CapBase } from '../replay/conversion.ts'
import { ratioOf } from '../replay/conversion-ratio.ts'
import { notCounted } from '../replay/counted.ts'
import { type RecordedConversion, recordedConversion } from '../replay/recorded-conversion.ts'
import type { CapTable, Security } from '../replay/state.ts'
import { MOST_YEARS_OF_INTEREST, noteAmount } from './note-interest.ts'

/** What a convertible is owed, and the common that it may take instead; 0 where it has no cap. */
export type AsConverted = { readonly amount: Numeric; readonly number: Numeric }

const ONE = 10n ** BigInt(NUMERIC_PLACES)

/**
 * A note is its principal and the interest that has accrued before `asOf`, deferred or to be paid in cash: a sale pays both.
 *
 * `notes` says what is taken for granted and what is not counted: interest that is not said, and caps that cannot be read.
 */
export function asConverted(
  table: CapTable,
  convertibles: readonly Security[],
  asOf: string,
): { readonly shares: ReadonlyMap<string, AsConverted>; readonly notes: readonly string[] } {
  const base = liquidityBase(table, asOf)
  const notes: string[] = []
  const read = convertibles.map((security) => {
    const said = recordedConversion(security.triggers)
    const principal = security.amount?.amount ?? 0n
    const interest = interestOf(said, principal, asOf)
    const amount = principal + (interest ?? 0n)
    if (!said.said) notes.push(`${security.customId}: how it converts is not said in figures; it is paid its amount`)
    else if (interest !== undefined && interest > 0n)
      notes.push(
        `${security.customId}: with ${security.amount?.currency} ${formatNumeric(interest)} of interest to ${asOf}`,
      )
    else if (security.convertible === 'NOTE' && said.states === undefined && interest === undefined)
      notes.push(`${security.customId}: interest is not counted`)
    return {
      security,
      owed: owedFor(principal, interest ?? 0n, said),
      becomes: becomesOf(table, security, amount, said, notes),
    }
  })
  // Post-money: each owns amount / cap of all there is, itself included, so all = base / (1 - sum of their parts).
  const numberBefore = (it: Becomes): Numeric => (it.kind === 'NUMBER' ? it.number : (it.part * base) / it.of)
  const fixed = read.reduce(
    (sum, { becomes: it }) => (it === undefined || it.kind === 'PART_OF_ALL' ? sum : sum + numberBefore(it)),
    0n,
  )
  const post = read.flatMap(({ becomes: it }) => (it?.kind === 'PART_OF_ALL' ? [rational(it.part, it.of)] : []))
  const parts = post.reduce((sum, part) => sum.add(part), rational(0n))
  const over = parts.gte(rational(1n))
  if (over && post.length > 0)
    notes.push('post-money caps are so low that their SAFEs would own all: they are not converted')
  const all = over ? rational(0n) : rational(base + fixed, ONE).div(rational(1n).sub(parts))
  return {
    notes,
    shares: new Map(
      read.map(({ security, owed, becomes: it }): [string, AsConverted] => {
        if (it === undefined) return [security.id, { amount: owed, number: 0n }]
        const number =
          it.kind === 'PART_OF_ALL'
            ? roundRational(all.mul(rational(it.part, it.of)), NUMERIC_PLACES, 'DOWN')
            : numberBefore(it)
        return [security.id, { amount: owed, number }]
      }),
    ),
  }
}

/** To the nearest cent, as rounds count it; `undefined` where the cap table does not say which there is. */
function interestOf({ interest, states }: RecordedConversion, principal: Numeric, asOf: string): Numeric | undefined {
  const first = interest?.rates[0]?.from
  if (interest === undefined || states !== undefined || principal <= 0n) return undefined
  if (first !== undefined && Number(asOf.slice(0, 4)) - Number(first.slice(0, 4)) > MOST_YEARS_OF_INTEREST)
    return undefined
  return noteAmount({ ...interest, principal, rounding: { direction: 'NEAREST', places: 2 } }, asOf).interest
}

/**
 * What an exit owes for an amount: the multiple of it that the instrument names, and interest once. A discount and no cap is worth the discounted
 * price at any exit. Source: YC SAFE, "Discount Price"; Open Cap Format 1.2.0, `exit_multiple`.
 */
function owedFor(principal: Numeric, interest: Numeric, { cap, discount, exitMultiple }: RecordedConversion): Numeric {
  const { numerator, denominator } = exitMultiple ?? { numerator: 1n, denominator: 1n }
  const times = numerator > 0n && denominator > 0n ? (principal * numerator) / denominator : principal
  const multiple = times + interest
  if (cap !== undefined || discount === undefined || discount >= ONE) return multiple
  const discounted = ((principal + interest) * ONE) / (ONE - discount)
  return discounted > multiple ? discounted : multiple
}

/** The common that an instrument may become: a number, or a part of what is there before it or of all there is. */
type Becomes =
  | { readonly kind: 'NUMBER'; readonly number: Numeric }
  | { readonly kind: 'PART_BEFORE' | 'PART_OF_ALL'; readonly part: Numeric; readonly of: Numeric }

function becomesOf(
  table: CapTable,
  security: Security,
  amount: Numeric,
  { cap, capBase, states, intoClassId }: RecordedConversion,
  notes: string[],
): Becomes | undefined {
  if (states?.kind === 'SHARES') {
    const { numerator, denominator } = ratioOf(table.classes.get(intoClassId ?? ''))
    const shares = (states.shares * security.splitNumerator) / security.splitDenominator
    return { kind: 'NUMBER', number: (shares * numerator) / denominator }
  }
  if (states?.kind === 'PART') {
    if (states.of === undefined)
      notes.push(
        `${security.customId}: it does not say what it is a part of; it is read as a part of all, itself included`,
      )
    const kind = (states.of ?? 'POST_MONEY') === 'POST_MONEY' ? 'PART_OF_ALL' : 'PART_BEFORE'
    return { kind, part: states.part, of: ONE }
  }
  const capped = cappedBy(cap, capBase, security, notes)
  if (capped === undefined) return undefined
  return { kind: capped.base === 'POST_MONEY' ? 'PART_OF_ALL' : 'PART_BEFORE', part: amount, of: capped.valuation }
}

function cappedBy(
  cap: Money | undefined,
  base: CapBase | undefined,
  security: Security,
  notes: string[],
): { readonly valuation: Numeric; readonly base: CapBase } | undefined {
  if (cap === undefined || cap.amount <= 0n || cap.currency !== security.amount?.currency) return undefined
  if (base === undefined) {
    notes.push(
      `${security.customId}: its cap of ${cap.currency} ${formatNumeric(cap.amount)} does not say what it is divided by; it is read as post-money`,
    )
  }
  return { valuation: cap.amount, base: base ?? 'POST_MONEY' }
}

/** Stock as converted, and options and warrants that are outstanding and count, in common. */
function liquidityBase(table: CapTable, asOf: string): Numeric {
  let sum = 0n
  for (const security of table.securities.values()) {
    const { kind, classId, fixed, closedOn, outstanding } = security
    if (closedOn !== undefined || kind === 'convertible' || !fixed || notCounted(security, asOf) !== undefined) continue
    const { numerator, denominator } = ratioOf(table.classes.get(classId ?? ''))
    sum += (outstanding * numerator) / denominator
  }
  return sum
}
