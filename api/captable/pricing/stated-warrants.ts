/**
 * Warrants that name no number: counted where their words make it follow from the cap table, and otherwise left out with the
 * reason. Pure.
 */
import {
  NUMERIC_PLACES,
  type Numeric,
  numericOfWhole,
  type Rational,
  rational,
  roundRational,
} from '../../platform/index.ts'
import type { Capitalization, CapitalizationHolding } from '../capitalization.ts'
import { recordedConversion } from '../replay/recorded-conversion.ts'
import { asCommon } from './as-common.ts'

type Warrant = Extract<CapitalizationHolding, { kind: 'warrant' }>
/** A part of 1 of the capitalization: `whole` where the warrant itself is in it. */
type Stated = { readonly part: Rational; readonly whole: boolean } | { readonly reason: string }

const ONE: Numeric = 10n ** BigInt(NUMERIC_PLACES)

/**
 * A warrant on a part of the capitalization becomes that part, in whole shares, down: of everything without it
 * (`PRE_MONEY_WITHOUT_INCREASE`), or with it and others like it (`POST_MONEY`) where no SAFE or note is outstanding, whose
 * number no cap table says. Every other one stays out of every count, and says why.
 */
export function withStatedWarrants(capitalization: Capitalization): Capitalization {
  const open = capitalization.holdings.filter((held): held is Warrant => held.kind === 'warrant' && !held.fixed)
  if (open.length === 0) return capitalization
  const stated = new Map(open.map((warrant) => [warrant, statedOf(warrant, capitalization)]))
  const parts = (whole: boolean) =>
    [...stated.values()].reduce(
      (sum, one) => ('part' in one && one.whole === whole ? sum.add(one.part) : sum),
      rational(0n),
    )
  const base = rational(asCommon(capitalization).fullyDiluted, ONE)
  // All there is = base + parts of the base + parts of all there is.
  const over = parts(true).gte(rational(1n))
  const all = over ? base : base.mul(rational(1n).add(parts(false))).div(rational(1n).sub(parts(true)))
  const counted = (warrant: Warrant): Warrant => {
    const one = stated.get(warrant)
    if (one === undefined) return warrant
    if ('reason' in one) return { ...warrant, uncounted: one.reason }
    if (one.whole && over) return { ...warrant, uncounted: 'warrants like it are together to the whole company' }
    const quantity = numericOfWhole(roundRational((one.whole ? all : base).mul(one.part), 0, 'DOWN'))
    return { ...warrant, fixed: true, quantity }
  }
  const holdings = capitalization.holdings.map((held) => (held.kind === 'warrant' ? counted(held) : held))
  const sum = (rows: readonly CapitalizationHolding[]) => rows.reduce((total, { quantity }) => total + quantity, 0n)
  return {
    ...capitalization,
    holdings,
    fullyDiluted: capitalization.fullyDiluted + sum(holdings) - sum(capitalization.holdings),
  }
}

function statedOf({ triggers = [], classId }: Warrant, { classes, holdings }: Capitalization): Stated {
  const said = recordedConversion(triggers)
  const { states } = said
  if (states?.kind === 'PART') {
    const ratio = classes.find(({ id }) => id === (said.intoClassId ?? classId))?.ratio
    if (ratio !== undefined && ratio.numerator !== ratio.denominator) {
      return { reason: 'it is to a part of the company in a class that does not convert one to one' }
    }
    if (states.part <= 0n || states.part >= ONE) return { reason: 'it is to a part that is not between 0 and 1' }
    const part = rational(states.part, ONE)
    if (states.of === 'PRE_MONEY_WITHOUT_INCREASE') return { part, whole: false }
    if (states.of === 'PRE_MONEY') return { reason: 'it is to a part of what the pool grows to in a round' }
    if (states.of === undefined) return { reason: 'it is to a part of the capitalization, and not said of which' }
    return holdings.some(({ kind }) => kind === 'convertible')
      ? { reason: 'it is to a part of what SAFEs and notes become, too, which a round decides' }
      : { part, whole: true }
  }
  if (states?.kind === 'SHARES') return { reason: 'its number is an estimate' }
  const kinds = new Set(triggers.map(({ conversion_right: right }) => right.conversion_mechanism.type))
  if (kinds.size > 1) return { reason: 'it can be exercised in several ways' }
  return { reason: REASONS[[...kinds][0] ?? ''] ?? 'how many shares it is for is not said in figures' }
}

const REASONS: Readonly<Record<string, string>> = {
  PPS_BASED_CONVERSION:
    'its number follows from the price of a round (terms say for how much money, in conversions.warrants)',
  VALUATION_BASED_CONVERSION:
    'its price follows from a valuation (terms of a round say for how much money, in conversions.warrants)',
  CUSTOM_CONVERSION: 'how many shares it is for is said in words',
}

/**
 * Each warrant that counts nowhere, with its holder and the reason.
 *
 * @param counted ids of those that a round counts
 */
export const uncountedWarrantsIn = (
  { holdings }: Pick<Capitalization, 'holdings'>,
  counted: readonly string[] = [],
): readonly string[] =>
  holdings.flatMap((held) =>
    held.kind !== 'warrant' || held.fixed || counted.includes(held.securityId)
      ? []
      : [
          `${held.customId ?? held.securityId} of ${held.stakeholderName}, since ${held.uncounted ?? 'it names no number'}`,
        ],
  )
