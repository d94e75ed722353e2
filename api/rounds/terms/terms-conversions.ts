/**
 * How outstanding SAFEs and notes convert in a round. The cap table says most of it; what it does not say, or what the
 * parties agree instead, is a term here. Left out whole, everything outstanding converts as it is recorded, and counts in
 * the price (`PERCENT_OWNERSHIP`).
 */
import { z } from 'zod'
import { ACCRUAL_PERIODS, CAP_BASES, CONVERSION_METHODS, DAY_COUNTS } from '../../captable/index.ts'
import {
  formatNumeric,
  type InputFault,
  type Money,
  NUMERIC_PLACES,
  type Numeric,
  ROUNDINGS,
  zIsoDate,
  zMoney,
  zNumeric,
  zText,
} from '../../platform/index.ts'
import { zBoolean, zCount } from './term-pieces.ts'

const PriceRounding = z.strictObject({ direction: z.enum(ROUNDINGS), places: zCount(0, NUMERIC_PLACES) })

const InterestRate = z.strictObject({ rate: zNumeric, from: zIsoDate, through: zIsoDate.optional() })

const Interest = z.strictObject({
  rates: z.array(InterestRate).max(100, { error: 'has more than 100 rates' }),
  dayCount: z.enum(DAY_COUNTS),
  /** Left out: simple interest. */
  compounds: z.enum(ACCRUAL_PERIODS).optional(),
  payout: z.enum(['DEFERRED', 'CASH']).default('DEFERRED'),
})

const Instrument = z.strictObject({
  /** The security's id in the company's OCF data. */
  securityId: zText(100),
  outcome: z.enum(['CONVERT', 'REMAIN']).default('CONVERT'),
  /**
   * `CAP_TABLE`: the terms only add what the cap table does not say, and may not contradict it. `TERMS`: they replace what
   * it says whole, as the parties have agreed.
   */
  by: z.enum(['CAP_TABLE', 'TERMS']).default('CAP_TABLE'),
  /** Which conversion trigger the round pulls, where the cap table has several. */
  triggerId: zText(100).optional(),
  cap: zMoney.optional(),
  capBase: z.enum(CAP_BASES).optional(),
  /** What comes off the round's price: `'0.2'` makes it 80% of it. */
  discount: zNumeric.optional(),
  interest: Interest.optional(),
  maturity: z.strictObject({ on: zIsoDate, interestStops: zBoolean }).optional(),
})
export type InstrumentTerms = z.output<typeof Instrument>

/** A warrant at a price that the round fixes: for how much money it buys shares, which the cap table says in words only. */
const Warrant = z.strictObject({
  /** The security's id in the company's OCF data. */
  securityId: zText(100),
  amount: zMoney,
  /** What a valuation is divided by, where the cap table does not say. */
  capBase: z.enum(CAP_BASES).optional(),
})
export type WarrantTerms = z.output<typeof Warrant>

export const Conversions = z.strictObject({
  /** What becomes of a SAFE or a note that is not listed. */
  outstanding: z.enum(['CONVERT', 'REMAIN']).default('CONVERT'),
  method: z.enum(CONVERSION_METHODS).default('PERCENT_OWNERSHIP'),
  /** Rounding of the shares of each conversion. */
  shareRounding: z.enum(ROUNDINGS).default('DOWN'),
  /** Rounding of each conversion's own price; left out, it is not rounded. */
  priceRounding: PriceRounding.optional(),
  interestRounding: PriceRounding.prefault({ direction: 'NEAREST', places: 2 }),
  /** What a cap is divided by, where neither the cap table nor the instrument's terms say. */
  capBase: z.enum(CAP_BASES).optional(),
  /**
   * `ROUND_CLASS`: conversion gives shares of the class that cash buys. `SHADOW_SERIES`: a conversion at another price than
   * the round's gives shares of a class of its own, like it but for price and preference, so that no holder has a preference
   * above what was paid.
   */
  into: z.enum(['ROUND_CLASS', 'SHADOW_SERIES']).default('SHADOW_SERIES'),
  instruments: z.array(Instrument).max(500, { error: 'has more than 500 instruments' }).default([]),
  /** Weighs on price and caps as what converts does, by the method. Left out: none. */
  warrants: z
    .array(Warrant)
    .min(1, { error: 'names no warrant: leave it out' })
    .max(100, { error: 'has more than 100 warrants' })
    .optional(),
})
export type ConversionTerms = z.output<typeof Conversions>

/** What holds where the terms say nothing. It never changes: signed terms without the group mean this. */
export const DEFAULT_CONVERSIONS: ConversionTerms = {
  outstanding: 'CONVERT',
  method: 'PERCENT_OWNERSHIP',
  shareRounding: 'DOWN',
  interestRounding: { direction: 'NEAREST', places: 2 },
  into: 'SHADOW_SERIES',
  instruments: [],
}

const ONE: Numeric = 10n ** BigInt(NUMERIC_PLACES)

/** Contradictions within the group, and with the round's currency. */
export function* conversionFaults(
  conversions: ConversionTerms | undefined,
  currency: string | undefined,
): Iterable<InputFault> {
  const seen = new Set<string>()
  for (const [index, instrument] of (conversions?.instruments ?? []).entries()) {
    const path = ['conversions', 'instruments', index]
    if (seen.has(instrument.securityId)) yield { path: [...path, 'securityId'], reason: 'is listed twice' }
    seen.add(instrument.securityId)
    yield* instrumentFaults(instrument, path, currency)
  }
  yield* warrantFaults(conversions?.warrants ?? [], currency)
}

function* warrantFaults(warrants: readonly WarrantTerms[], currency: string | undefined): Iterable<InputFault> {
  const seen = new Set<string>()
  for (const [index, { securityId, amount }] of warrants.entries()) {
    const path = ['conversions', 'warrants', index]
    if (seen.has(securityId)) yield { path: [...path, 'securityId'], reason: 'is listed twice' }
    seen.add(securityId)
    if (amount.amount === 0n) yield { path: [...path, 'amount', 'amount'], reason: 'must be more than zero' }
    if (currency !== undefined && amount.currency !== currency) {
      const reason = `is ${amount.currency}, but the pre-money valuation is in ${currency}: a round has one currency`
      yield { path: [...path, 'amount', 'currency'], reason }
    }
  }
}

function* instrumentFaults(
  { outcome, by, cap, capBase, discount, interest, maturity, triggerId }: InstrumentTerms,
  path: InputFault['path'],
  currency: string | undefined,
): Iterable<InputFault> {
  if (outcome === 'REMAIN' && [cap, capBase, discount, interest, maturity, triggerId].some((it) => it !== undefined)) {
    yield { path: [...path, 'outcome'], reason: 'is REMAIN, but the terms say how it converts' }
  }
  if (cap?.amount === 0n) yield { path: [...path, 'cap', 'amount'], reason: 'must be more than zero' }
  if (cap !== undefined && currency !== undefined && cap.currency !== currency) {
    const reason = `is ${cap.currency}, but the pre-money valuation is in ${currency}: a round has one currency`
    yield { path: [...path, 'cap', 'currency'], reason }
  }
  if (by === 'TERMS' && cap === undefined && capBase !== undefined) {
    yield { path: [...path, 'capBase'], reason: 'is given, but there is no cap' }
  }
  if (discount !== undefined && discount >= ONE) {
    yield { path: [...path, 'discount'], reason: 'must be less than 1: "0.2" takes 20% off the price' }
  }
  for (const [at, { rate, from, through }] of (interest?.rates ?? []).entries()) {
    const previous = interest?.rates[at - 1]
    const here = [...path, 'interest', 'rates', at]
    if (rate >= ONE) yield { path: [...here, 'rate'], reason: 'must be less than 1: "0.08" is 8% a year' }
    if (previous !== undefined && (from <= previous.from || (previous.through ?? '') >= from)) {
      yield { path: [...here, 'from'], reason: 'must be after the rate before it' }
    }
    if (through !== undefined && through < from) yield { path: [...here, 'through'], reason: 'is before its beginning' }
  }
}

const wireMoney = (money: Money) => ({ amount: formatNumeric(money.amount), currency: money.currency })

/** The group back on the wire. */
export function writeConversions({ instruments, warrants, ...plain }: ConversionTerms): z.input<typeof Conversions> {
  return {
    ...plain,
    ...(warrants === undefined
      ? {}
      : { warrants: warrants.map(({ amount, ...rest }) => ({ ...rest, amount: wireMoney(amount) })) }),
    instruments: instruments.map(({ cap, discount, interest, ...rest }) => ({
      ...rest,
      ...(cap === undefined ? {} : { cap: wireMoney(cap) }),
      ...(discount === undefined ? {} : { discount: formatNumeric(discount) }),
      ...(interest === undefined
        ? {}
        : {
            interest: {
              ...interest,
              rates: interest.rates.map(({ rate, ...when }) => ({ rate: formatNumeric(rate), ...when })),
            },
          }),
    })),
  }
}
