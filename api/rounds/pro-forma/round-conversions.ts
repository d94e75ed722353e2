/** What converts in a round, and on which terms: the cap table's words, completed by the round's terms. Pure. */
import {
  type Capitalization,
  type CapitalizationHolding,
  type Convertible,
  MOST_YEARS_OF_INTEREST,
  type NoteTerms,
  noteAmount,
  type RecordedConversion,
  recordedConversion,
} from '../../captable/index.ts'
import { formatNumeric, type InputFault, NUMERIC_PLACES, type Numeric } from '../../platform/index.ts'
import type { PricedTerms } from '../terms/priced-terms.ts'
import { type ConversionTerms, DEFAULT_CONVERSIONS, type InstrumentTerms } from '../terms/terms-conversions.ts'

type Outstanding = Extract<CapitalizationHolding, { kind: 'convertible' }>

/** One SAFE or note that converts. */
export type Converting = {
  readonly holding: Outstanding
  /** For the solver: `amount` is principal and the interest that converts. */
  readonly convertible: Convertible
  readonly triggerId: string
  readonly interest: Numeric
  /** Interest that is paid out in cash and does not convert. */
  readonly interestInCash: Numeric
  readonly matured: boolean
  /** Holder may take a later instrument's terms, and the terms do not say that they are these. */
  readonly mostFavoured: boolean
}

export type RoundConversions = {
  readonly terms: ConversionTerms
  readonly converting: readonly Converting[]
  readonly remaining: readonly Outstanding[]
}

const ONE: Numeric = 10n ** BigInt(NUMERIC_PLACES)

/** The trigger that stands in a conversion where the cap table has none to name. */
const NO_TRIGGER = 'priced-round'

export const conversionTermsOf = (terms: PricedTerms): ConversionTerms => terms.conversions ?? DEFAULT_CONVERSIONS

/**
 * Every outstanding SAFE and note with what becomes of it, or the terms to change, all at once.
 *
 * @param on the day of the closing: notes bear interest until the day before
 */
export function roundConversions(
  { holdings }: Capitalization,
  terms: PricedTerms,
  on: string,
): RoundConversions | { readonly faults: readonly InputFault[] } {
  const group = conversionTermsOf(terms)
  const outstanding = holdings.filter((holding) => holding.kind === 'convertible')
  const faults: InputFault[] = [...unknownInstruments(outstanding, group)]
  const converting: Converting[] = []
  const remaining: Outstanding[] = []
  for (const holding of outstanding) {
    const index = group.instruments.findIndex(({ securityId }) => securityId === holding.securityId)
    const instrument = group.instruments[index]
    if ((instrument?.outcome ?? group.outstanding) === 'REMAIN') {
      remaining.push(holding)
      continue
    }
    const path = index < 0 ? ['conversions', 'instruments'] : ['conversions', 'instruments', index]
    const answer = convertingOf(holding, instrument, group, terms.preMoney.currency, on)
    if ('reason' in answer) {
      faults.push({ path: [...path, ...answer.at], reason: `${nameOf(holding)} ${answer.reason}` })
    } else converting.push(answer)
  }
  return faults.length > 0 ? { faults } : { terms: group, converting, remaining }
}

const nameOf = ({ customId, securityId, stakeholderName }: Outstanding): string =>
  `(${customId ?? securityId} of ${stakeholderName}, id ${securityId})`

function* unknownInstruments(outstanding: readonly Outstanding[], { instruments }: ConversionTerms) {
  for (const [index, { securityId }] of instruments.entries()) {
    if (outstanding.some((holding) => holding.securityId === securityId)) continue
    yield { path: ['conversions', 'instruments', index, 'securityId'], reason: 'is no outstanding SAFE or note' }
  }
}

type Misfit = { readonly at: InputFault['path']; readonly reason: string }

function convertingOf(
  holding: Outstanding,
  instrument: InstrumentTerms | undefined,
  group: ConversionTerms,
  currency: string,
  on: string,
): Converting | Misfit {
  const recorded = recordedConversion(holding.triggers, instrument?.triggerId)
  const misfit = misfitOf(holding, recorded, instrument, currency)
  if (misfit !== undefined) return misfit
  const own = instrument?.by === 'TERMS' ? undefined : recorded
  if (own?.states !== undefined) return statedOf(holding, own, instrument, group)
  const cap = instrument?.cap ?? own?.cap
  const base = instrument?.capBase ?? own?.capBase ?? group.capBase
  if (cap !== undefined && cap.currency !== currency) return { at: [], reason: `has a cap in ${cap.currency}` }
  if (cap !== undefined && base === undefined) {
    return { at: ['capBase'], reason: 'has a cap, and neither cap table nor terms say what it is divided by' }
  }
  if (cap !== undefined && cap.amount <= 0n) return { at: ['cap'], reason: 'has a cap that is not more than zero' }
  const discount = instrument?.discount ?? own?.discount
  if (discount !== undefined && discount >= ONE) return { at: ['discount'], reason: 'has a discount of 100% or more' }
  const accrued = interestOf(holding, instrument, own, group, on)
  if (accrued === undefined) return { at: ['interest'], reason: 'is a note, and nobody says which interest it bears' }
  if (accrued === 'too_long') {
    return { at: ['interest'], reason: `bears interest for more than ${MOST_YEARS_OF_INTEREST} years: that is no plan` }
  }
  const capped = cap === undefined || base === undefined ? {} : { cap: { valuation: cap.amount, base } }
  return {
    holding,
    convertible: {
      id: holding.securityId,
      amount: holding.amount.amount + accrued.converts,
      ...capped,
      discount,
    },
    triggerId: instrument?.triggerId ?? recorded.triggerId ?? holding.triggers?.[0]?.trigger_id ?? NO_TRIGGER,
    interest: accrued.converts,
    interestInCash: accrued.cash,
    matured: accrued.matured,
    mostFavoured: own?.mostFavoured === true && instrument === undefined,
  }
}

/** What an instrument states converts whatever the price is: interest, cap and discount have no say in it. */
function statedOf(
  holding: Outstanding,
  { states, intoClassId, triggerId, mostFavoured }: RecordedConversion,
  instrument: InstrumentTerms | undefined,
  group: ConversionTerms,
): Converting | Misfit {
  if (states === undefined) throw new RangeError(`${holding.securityId} states nothing`)
  if (intoClassId !== undefined) {
    const reason = `becomes shares of the class ${intoClassId}, not of the round's: convert it first, let it REMAIN, or list it with by TERMS`
    return { at: [], reason }
  }
  const stated = statedShares(states, instrument?.capBase ?? group.capBase)
  if ('reason' in stated) return stated
  return {
    holding,
    convertible: { id: holding.securityId, amount: holding.amount.amount, states: stated },
    triggerId: instrument?.triggerId ?? triggerId ?? NO_TRIGGER,
    interest: 0n,
    interestInCash: 0n,
    matured: false,
    mostFavoured: mostFavoured && instrument === undefined,
  }
}

function statedShares(
  states: NonNullable<RecordedConversion['states']>,
  base: ConversionTerms['capBase'],
): NonNullable<Convertible['states']> | Misfit {
  if (states.kind === 'SHARES') {
    return states.shares > 0n ? states : { at: [], reason: 'becomes a number of shares that is not more than zero' }
  }
  const of = states.of ?? base
  if (of === undefined) {
    return { at: ['capBase'], reason: 'becomes a part of the capitalization, and nobody says of which' }
  }
  if (states.part <= 0n || states.part >= ONE) return { at: [], reason: 'becomes a part that is not between 0 and 1' }
  return { ...states, of }
}

function misfitOf(
  { amount, triggers }: Outstanding,
  recorded: RecordedConversion,
  instrument: InstrumentTerms | undefined,
  currency: string,
): Misfit | undefined {
  if (amount.currency !== currency) return { at: [], reason: `is in ${amount.currency}, and the round in ${currency}` }
  if (amount.amount <= 0n) return { at: [], reason: 'has no amount left that could convert' }
  const { triggerId, by } = instrument ?? {}
  if (triggerId !== undefined && !triggers?.some(({ trigger_id: id }) => id === triggerId)) {
    return { at: ['triggerId'], reason: 'has no such conversion trigger' }
  }
  if (by === 'TERMS') return undefined
  if (recorded.triggerId === undefined && (triggers?.length ?? 0) > 1) {
    return { at: ['triggerId'], reason: 'has several conversion triggers: say which one the round pulls' }
  }
  if (!recorded.said) {
    return { at: [], reason: 'does not say by figures how it converts: list it with by TERMS, or let it REMAIN' }
  }
  return contradiction(recorded, instrument)
}

/** Terms that complete the cap table may not say otherwise than it. */
function contradiction(recorded: RecordedConversion, instrument: InstrumentTerms | undefined): Misfit | undefined {
  if (instrument === undefined) return undefined
  const against = (at: string, said: string): Misfit => ({
    at: [at],
    reason: `contradicts the cap table, which says ${said}: use by TERMS where the parties have agreed otherwise`,
  })
  const { cap, capBase, discount, interest } = instrument
  if (cap !== undefined && recorded.cap !== undefined && cap.amount !== recorded.cap.amount) {
    return against('cap', formatNumeric(recorded.cap.amount))
  }
  if (capBase !== undefined && recorded.capBase !== undefined && capBase !== recorded.capBase) {
    return against('capBase', recorded.capBase)
  }
  if (discount !== undefined && recorded.discount !== undefined && discount !== recorded.discount) {
    return against('discount', formatNumeric(recorded.discount))
  }
  if (interest !== undefined && recorded.interest !== undefined) return against('interest', 'what it bears')
  const { states } = recorded
  if (states === undefined) return undefined
  const stated = states.kind === 'SHARES' ? 'how many shares it becomes' : 'which part it becomes'
  for (const [at, said] of Object.entries({ cap, discount, interest }))
    if (said !== undefined) return against(at, stated)
  if (capBase !== undefined && states.kind === 'PART' && states.of !== undefined && states.of !== capBase)
    return against('capBase', states.of)
  return undefined
}

type Accrued = { readonly converts: Numeric; readonly cash: Numeric; readonly matured: boolean }

/** `undefined` for a note of which nobody says anything. A SAFE bears none unless the terms say so. */
function interestOf(
  holding: Outstanding,
  instrument: InstrumentTerms | undefined,
  own: RecordedConversion | undefined,
  group: ConversionTerms,
  on: string,
): Accrued | 'too_long' | undefined {
  const given = instrument?.interest
  const terms: RecordedConversion['interest'] =
    given === undefined
      ? own?.interest
      : {
          rates: given.rates,
          dayCount: given.dayCount,
          compounding:
            given.compounds === undefined ? { kind: 'SIMPLE' } : { kind: 'COMPOUNDING', period: given.compounds },
          payout: given.payout,
        }
  if (terms === undefined) {
    return holding.convertible === 'NOTE' ? undefined : { converts: 0n, cash: 0n, matured: false }
  }
  const first = terms.rates[0]?.from ?? on
  if (Number(on.slice(0, 4)) - Number(first.slice(0, 4)) > MOST_YEARS_OF_INTEREST) return 'too_long'
  const note: NoteTerms = {
    ...terms,
    principal: holding.amount.amount,
    maturity: instrument?.maturity,
    rounding: group.interestRounding,
  }
  const { interest, matured } = noteAmount(note, on)
  return terms.payout === 'CASH' ? { converts: 0n, cash: interest, matured } : { converts: interest, cash: 0n, matured }
}
