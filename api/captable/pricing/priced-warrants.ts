/**
 * What a cap table says of the price of a warrant that follows a later round: which part of the round's price, or the price
 * of which valuation. How much money it buys shares for, Open Cap Format says in words only. Pure.
 *
 * Source: Open Cap Format 1.2.0, `PPS_BASED_CONVERSION` and `VALUATION_BASED_CONVERSION`.
 */
import type { Money, Numeric } from '../../platform/index.ts'
import type { ConversionTrigger } from '../ocf/conversions.ts'
import type { CapBase } from '../replay/conversion.ts'
import { baseByRules } from '../replay/recorded-conversion.ts'

/** `capBase` is `undefined` where the rules describe none of the three. */
export type PricedWarrant = {
  /** The class that it is to; `undefined` for that of the round. */
  readonly intoClassId: string | undefined
  readonly price:
    | { readonly kind: 'ROUND_PRICE'; readonly discount: Numeric }
    /** `FIXED`: the valuation's price. `CAP`: that, or the round's if it is lower. */
    | { readonly kind: 'FIXED' | 'CAP'; readonly valuation: Money; readonly capBase: CapBase | undefined }
}

/** @returns why a round does not fix its price, in words, where it does not */
export function pricedWarrant(triggers: readonly ConversionTrigger[]): PricedWarrant | { readonly reason: string } {
  const [trigger, ...others] = triggers
  if (trigger === undefined || others.length > 0) return { reason: 'can be exercised in several ways, or in none' }
  const { conversion_right: right } = trigger
  const { conversion_mechanism: mechanism } = right
  const intoClassId = right.converts_to_future_round === true ? undefined : right.converts_to_stock_class_id
  if (mechanism.type === 'PPS_BASED_CONVERSION') {
    if (mechanism.discount_amount !== undefined) return { reason: 'is at the price of a round less an amount of money' }
    return { intoClassId, price: { kind: 'ROUND_PRICE', discount: mechanism.discount_percentage ?? 0n } }
  }
  if (mechanism.type !== 'VALUATION_BASED_CONVERSION') return { reason: 'does not follow the price of a round' }
  const { valuation_type: kind, valuation_amount: valuation } = mechanism
  if (kind === 'ACTUAL' || valuation === undefined) {
    return { intoClassId, price: { kind: 'ROUND_PRICE', discount: 0n } }
  }
  const capBase = baseByRules(mechanism.capitalization_definition_rules)
  return { intoClassId, price: { kind, valuation, capBase } }
}
