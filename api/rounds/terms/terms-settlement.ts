/** What becomes of a grant that does not go to plan: the terms from which the risk table follows. */
import { z } from 'zod'
import {
  formatNumeric,
  formatTokens,
  globalId,
  type InputFault,
  type Money,
  NUMERIC_PLACES,
  type Numeric,
  zKey,
  zMoney,
  zNumeric,
  zTokens,
} from '../../platform/index.ts'
import type { RiskRow } from './risk-table.ts'
import { riskTableOf } from './risk-table-of.ts'
import { zBoolean, zCount } from './term-pieces.ts'

/**
 * Unused at the long-stop. `FORFEIT`: unearned shares go back at zero. `VEST_ANYWAY`: they vest by the signed clause (take or
 * pay). `EXTEND`: the long-stop moves if both sign that before it, else they go back at zero.
 */
export const NON_USE = ['FORFEIT', 'VEST_ANYWAY', 'EXTEND'] as const
export type NonUse = (typeof NON_USE)[number]

/** At a change of control. `ASSUMED_OR_FORFEIT`: the grant goes on with a successor that assumes it, else forfeits. */
export const CHANGE_OF_CONTROL = ['ASSUMED_OR_FORFEIT', 'FORFEIT', 'VEST'] as const
export type ChangeOfControl = (typeof CHANGE_OF_CONTROL)[number]

/** What a top-up makes good: the whole fall of the index, or only what goes beyond the threshold. */
export const COMPENSATIONS = ['WHOLE_FALL', 'BEYOND_THRESHOLD'] as const
export type Compensation = (typeof COMPENSATIONS)[number]

const PriceProtection = z.strictObject({
  /** The metric of the price index; its own fallback stands for it once it ends. */
  metricId: zKey('Metric'),
  /** What the metric stood at when the parties agreed: money per H100-hour. */
  baseLevel: zMoney,
  /** Part by which the index must have fallen: `'0.20'`. A fall of just so much tops up nothing. */
  threshold: zNumeric,
  /** Days over which the index is averaged. */
  windowDays: zCount(1, 366),
  compensates: z.enum(COMPENSATIONS).default('BEYOND_THRESHOLD'),
  /** Most tokens that all top-ups of the grant may add. */
  cap: zTokens.optional(),
})

export const Settlement = z.strictObject({
  nonUse: z.enum(NON_USE).default('FORFEIT'),
  /** With EXTEND: most days by which extensions may move the long-stop in all. */
  extendDays: zCount(1, 3650).optional(),
  /** Each day on which capacity was denied moves long-stop and token expiry by a day. */
  deniedCapacityExtends: zBoolean.default(true),
  /** Each day on which reserved capacity was down does the same. */
  outageExtends: zBoolean.default(true),
  changeOfControl: z.enum(CHANGE_OF_CONTROL).default('ASSUMED_OR_FORFEIT'),
  /** Days in which the fund may name a successor of a provider that fails. */
  successorDays: zCount(0, 365).default(90),
  /** Days in which released tokens can be used after a termination for convenience. */
  windDownDays: zCount(0, 365).default(90),
  /** Whether a part of the grant may be terminated for convenience. */
  partialTermination: zBoolean.default(false),
  priceProtection: PriceProtection.optional(),
})
export type SettlementTerms = z.output<typeof Settlement>
export type SettlementTermsWire = z.input<typeof Settlement>

const wireMoney = ({ amount, currency }: Money) => ({ amount: formatNumeric(amount), currency })

/** Back on the wire, in the one canonical form. */
export function writeSettlement(settlement: SettlementTerms): SettlementTermsWire {
  const { priceProtection, ...plain } = settlement
  if (priceProtection === undefined) return plain
  const { metricId, baseLevel, threshold, cap, ...rest } = priceProtection
  return {
    ...plain,
    priceProtection: {
      ...rest,
      metricId: globalId('Metric', metricId),
      baseLevel: wireMoney(baseLevel),
      threshold: formatNumeric(threshold),
      ...(cap === undefined ? {} : { cap: formatTokens(cap) }),
    },
  }
}

const ONE: Numeric = 10n ** BigInt(NUMERIC_PLACES)

/** What is wrong between settlement terms and the others at hand. */
export function* settlementFaults(terms: {
  readonly settlement?: SettlementTerms
  readonly riskTable?: readonly RiskRow[]
  readonly preMoney?: Money
  readonly instrument?: { readonly kind: string } | undefined
}): Iterable<InputFault> {
  const { settlement, riskTable, preMoney, instrument } = terms
  if (settlement === undefined) return
  const fault = (path: readonly (string | number)[], reason: string) => ({ path: ['settlement', ...path], reason })
  if (settlement.nonUse === 'EXTEND' && settlement.extendDays === undefined)
    yield fault(['extendDays'], 'is missing: unused tokens extend the long-stop')
  if (settlement.nonUse !== 'EXTEND' && settlement.extendDays !== undefined)
    yield fault(['extendDays'], `is given, but nonUse is ${settlement.nonUse}`)
  const protection = settlement.priceProtection
  if (protection !== undefined) {
    const at = (...path: string[]) => ['priceProtection', ...path]
    if (protection.threshold === 0n || protection.threshold >= ONE)
      yield fault(at('threshold'), 'must be a part between 0 and 1, like "0.20"')
    if (protection.baseLevel.amount === 0n) yield fault(at('baseLevel', 'amount'), 'must be more than zero')
    if (preMoney !== undefined && protection.baseLevel.currency !== preMoney.currency)
      yield fault(
        at('baseLevel', 'currency'),
        `is ${protection.baseLevel.currency}, but the round is in ${preMoney.currency}`,
      )
    if (protection.cap === 0n) yield fault(at('cap'), 'must be more than zero: leave the protection out instead')
  }
  const follows = new Map(
    riskTableOf({ ...settlement, safe: instrument?.kind === 'SAFE' }).map((row) => [row.event, row]),
  )
  for (const [index, row] of (riskTable ?? []).entries()) {
    const expected = follows.get(row.event)
    for (const column of ['tokens', 'unearned', 'earned', 'cash', 'bears'] as const) {
      if (expected !== undefined && row[column] !== expected[column])
        yield {
          path: ['riskTable', index, column],
          reason: `contradicts the settlement terms, from which it follows: "${expected[column]}". Leave the table out to have it written`,
        }
    }
  }
}
