/**
 * What a cap table says about how a SAFE or a note converts in a priced round. Open Cap Format does not say everything: the
 * terms of the round say the rest. Pure.
 */
import type { Money, Numeric } from '../../platform/index.ts'
import type { ConversionTrigger } from '../ocf/conversions.ts'
import type { InterestRate, NoteTerms } from '../pricing/note-interest.ts'
import type { CapBase } from './conversion.ts'

/** A convertible's mechanism as far as it is recorded. What is absent is not said. */
export type RecordedConversion = {
  /** The trigger that a priced round pulls; `undefined` where more than one could be meant. */
  readonly triggerId: string | undefined
  /** False where the mechanism is in words: then only the terms can say it. */
  readonly said: boolean
  /** The class that the right is to, where it names one. */
  readonly intoClassId?: string | undefined
  /** A number of shares, or a part of the capitalization; `of` where the rules describe what it is a part of. */
  readonly states?:
    | { readonly kind: 'SHARES'; readonly shares: Numeric }
    | { readonly kind: 'PART'; readonly part: Numeric; readonly of: CapBase | undefined }
    | undefined
  /** What an exit pays for the amount, where the instrument says a multiple of it. */
  readonly exitMultiple?: { readonly numerator: Numeric; readonly denominator: Numeric } | undefined
  readonly cap?: Money | undefined
  readonly capBase?: CapBase | undefined
  readonly discount?: Numeric | undefined
  /** "Most favoured nation": the holder may take the terms of a later instrument. */
  readonly mostFavoured: boolean
  readonly interest?: Pick<NoteTerms, 'rates' | 'dayCount' | 'compounding' | 'payout'> | undefined
}

type Mechanism = ConversionTrigger['conversion_right']['conversion_mechanism']
type OfType<T extends Mechanism['type']> = Extract<Mechanism, { type: T }>
type Rules = NonNullable<OfType<'SAFE_CONVERSION'>['capitalization_definition_rules']>

const UNSAID: RecordedConversion = { triggerId: undefined, said: false, mostFavoured: false }

/** Reads the triggers of a convertible's issuance. `triggerId` chooses one where the caller knows which. */
export function recordedConversion(
  triggers: readonly ConversionTrigger[] | undefined,
  triggerId?: string | undefined,
): RecordedConversion {
  const trigger = triggerOf(triggers ?? [], triggerId)
  if (trigger === undefined) return UNSAID
  const mechanism = trigger.conversion_right.conversion_mechanism
  const found = { triggerId: trigger.trigger_id, said: true, intoClassId: intoClassOf(trigger) }
  if (mechanism.type === 'FIXED_AMOUNT_CONVERSION') {
    return { ...found, mostFavoured: false, states: { kind: 'SHARES', shares: mechanism.converts_to_quantity } }
  }
  if (mechanism.type === 'FIXED_PERCENT_OF_CAPITALIZATION_CONVERSION') {
    const of = baseByRules(mechanism.capitalization_definition_rules)
    return { ...found, mostFavoured: false, states: { kind: 'PART', part: mechanism.converts_to_percent, of } }
  }
  if (mechanism.type === 'SAFE_CONVERSION') return { ...found, ...safeWords(mechanism) }
  if (mechanism.type === 'CONVERTIBLE_NOTE_CONVERSION') return { ...found, ...noteWords(mechanism) }
  return { ...UNSAID, triggerId: trigger.trigger_id }
}

const intoClassOf = ({ conversion_right: right }: ConversionTrigger): string | undefined =>
  right.converts_to_future_round === true ? undefined : right.converts_to_stock_class_id

/** The only trigger, the one named, or the only one whose right is to a future round. */
function triggerOf(
  triggers: readonly ConversionTrigger[],
  triggerId: string | undefined,
): ConversionTrigger | undefined {
  if (triggerId !== undefined) return triggers.find((trigger) => trigger.trigger_id === triggerId)
  if (triggers.length === 1) return triggers[0]
  const future = triggers.filter(({ conversion_right: right }) => right.converts_to_future_round === true)
  return future.length === 1 ? future[0] : undefined
}

function safeWords(
  mechanism: OfType<'SAFE_CONVERSION'>,
): Omit<RecordedConversion, 'triggerId' | 'said' | 'intoClassId'> {
  return {
    cap: mechanism.conversion_valuation_cap,
    capBase: baseByRules(mechanism.capitalization_definition_rules) ?? mechanism.conversion_timing,
    discount: mechanism.conversion_discount,
    exitMultiple: mechanism.exit_multiple,
    mostFavoured: mechanism.conversion_mfn,
  }
}

function noteWords(
  mechanism: OfType<'CONVERTIBLE_NOTE_CONVERSION'>,
): Omit<RecordedConversion, 'triggerId' | 'said' | 'intoClassId'> {
  const rates = ordered(
    mechanism.interest_rates.map(({ rate, accrual_start_date: from, accrual_end_date: through }) => ({
      rate,
      from,
      through,
    })),
  )
  return {
    cap: mechanism.conversion_valuation_cap,
    capBase: baseByRules(mechanism.capitalization_definition_rules),
    discount: mechanism.conversion_discount,
    exitMultiple: mechanism.exit_multiple,
    mostFavoured: mechanism.conversion_mfn === true,
    interest: rates && {
      rates,
      dayCount: mechanism.day_count_convention,
      compounding:
        mechanism.compounding_type === 'SIMPLE'
          ? { kind: 'SIMPLE' }
          : { kind: 'COMPOUNDING', period: mechanism.interest_accrual_period },
      payout: mechanism.interest_payout,
    },
  }
}

/** In order of their dates; `undefined` where two are in force on one day: nobody can then say which counts. */
function ordered(rates: readonly InterestRate[]): readonly InterestRate[] | undefined {
  const sorted = rates.toSorted((left, right) => (left.from < right.from ? -1 : 1))
  const clash = sorted.some(({ from }, at) => {
    const before = sorted[at - 1]
    return before !== undefined && (before.from === from || (before.through ?? '') >= from)
  })
  return clash ? undefined : sorted
}

/** The base that the inclusion rules describe; `undefined` for rules that describe none of the three. */
export function baseByRules(rules: Rules | undefined): CapBase | undefined {
  if (rules === undefined || rules.include_new_money) return undefined
  const whole = rules.include_outstanding_shares && rules.include_outstanding_options
  if (!whole || !rules.include_outstanding_unissued_options) return undefined
  const increase = rules.include_additional_option_pool_topup
  if (rules.include_this_security && rules.include_other_converting_securities) {
    return increase ? undefined : 'POST_MONEY'
  }
  if (rules.include_this_security || rules.include_other_converting_securities) return undefined
  return increase ? 'PRE_MONEY' : 'PRE_MONEY_WITHOUT_INCREASE'
}
