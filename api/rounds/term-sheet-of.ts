/** A round as the words and figures of its term sheet: plain texts, so that the same terms give the same document. */

import type { FactorBasis } from '../clusters/index.ts'
import {
  formatDecimal,
  formatNumeric,
  formatTokens,
  globalId,
  type Money,
  NUMERIC_PLACES,
  type Numeric,
} from '../platform/index.ts'
import type { ProForma } from './pro-forma.ts'
import { releaseSchedule } from './release-schedule.ts'
import { RISK_EVENT_TITLES } from './risk-table.ts'
import { conversionTermsOf } from './round-conversions.ts'
import type { RoundTerms } from './terms.ts'
import { canonicalTerms } from './terms-wire.ts'

/** Who and when: what terms do not say. */
export type TermSheetParties = {
  readonly termsVersion: number
  /** Instant of issue, ISO 8601 in UTC. */
  readonly issuedAt: string
  readonly company: PartyNamed
  readonly fund: PartyNamed
  readonly provider: PartyNamed & { readonly affiliation: string }
  /** Name of the token class. */
  readonly tokenClass: string
  /** Name of the metric of price protection, where the terms give it and it is known. */
  readonly metric?: string | undefined
  /** The factors in force, of the pools that the tokens book. */
  readonly factors?: readonly StatedFactor[]
}
type StatedFactor = {
  readonly pool: string
  readonly factor: string
  readonly basis: FactorBasis
  readonly source: string
}
type PartyNamed = { readonly name: string; readonly form?: string; readonly jurisdiction?: string }

const money = ({ amount, currency }: Money) => ({ amount: formatNumeric(amount), currency })

/** What `termSheetPdf` of the templates makes a document from. Pure. */
export function termSheetOf(terms: RoundTerms, proForma: ProForma, parties: TermSheetParties) {
  const { tokenClass, metric: _, ...named } = parties
  return {
    ...named,
    termsJson: canonicalTerms(terms),
    roundName: terms.name,
    closingDate: terms.closingDate,
    ...(terms.rolling === undefined
      ? {}
      : { rolling: { maximum: money(terms.rolling.maximum), outsideDate: terms.rolling.outsideDate } }),
    equity: equityOf(terms, proForma),
    grant: { tokens: formatTokens(terms.compute.tokens), tokenClass, expiresOn: terms.tokenExpiry },
    price: priceOf(terms, proForma),
    cashInvestors: proForma.cash.map(({ holder, amount, className, shares }) => ({
      name: holder,
      amount: money(amount),
      className,
      shares: String(shares),
    })),
    ...rightsOf(terms, proForma),
    ...conversionsOf(terms, proForma),
    capTable: {
      asOf: proForma.asOf,
      rows: proForma.lines.map(({ holder, className, before, after, unearned }) => ({
        holder,
        className,
        before: formatNumeric(before),
        after: formatNumeric(after),
        unearned: formatNumeric(unearned),
      })),
    },
    releases: releaseSchedule(terms).map(({ on, amount }) => ({ on, tokens: formatTokens(amount) })),
    charging: terms.charging,
    laterPools: terms.factors,
    vesting: vestingOf(terms.vesting),
    disputeWindowDays: terms.disputeWindowDays,
    unearned: terms.unearned,
    ...(terms.instrument?.kind === 'PENNY_WARRANT'
      ? {
          warrant: {
            exercisePrice: money(terms.instrument.exercisePrice),
            expiresOn: terms.instrument.expiresOn,
          },
        }
      : {}),
    longStop: terms.longStop,
    booking: bookingOf(terms.booking),
    settlement: settlementOf(terms.settlement, parties.metric),
    riskTable: terms.riskTable.map(({ event, ...row }) => ({ event: RISK_EVENT_TITLES[event], ...row })),
    conditions: terms.conditions.map(({ text, waivableBy }) => ({ text, waivableBy })),
  }
}

function rightsOf({ promisedOptions: promised }: RoundTerms, { rights }: ProForma) {
  return {
    ...(promised === undefined ? {} : { promised: { shares: String(promised.shares), from: promised.from } }),
    ...(rights.length === 0
      ? {}
      : {
          rights: rights.map(({ holder, of, part, exercise, amount, className, shares }) => ({
            holder,
            of,
            part: formatNumeric(part),
            exercise,
            amount: money(amount),
            className,
            shares: String(shares),
          })),
        }),
  }
}

function conversionsOf(terms: RoundTerms, { conversions }: ProForma) {
  if (conversions.length === 0) return {}
  const { method, priceRounding, shareRounding } = conversionTermsOf(terms)
  return {
    conversions: {
      method,
      shareRounding,
      ...(priceRounding === undefined ? {} : { priceRounding }),
      rows: conversions.map((each) => ({
        name: each.customId,
        holder: each.holder,
        principal: money(each.principal),
        interest: formatNumeric(each.interest.amount),
        at: each.at,
        price: formatNumeric(each.price.amount),
        className: each.className,
        shares: String(each.shares),
      })),
    },
  }
}

function equityOf({ security }: RoundTerms, { compute }: ProForma) {
  return {
    className: security.className,
    shares: String(compute.shares),
    newClass: security.newClass,
    liquidationPreferenceMultiple: formatNumeric(security.liquidationPreferenceMultiple),
    participation: security.participation,
    ...(security.participationCap === undefined ? {} : { participationCap: formatNumeric(security.participationCap) }),
    votesPerShare: formatNumeric(security.votesPerShare),
  }
}

function priceOf(terms: RoundTerms, proForma: ProForma) {
  const { price, compute } = proForma
  return {
    preMoney: money(terms.preMoney),
    denominator: formatNumeric(proForma.priceDenominator),
    perShare: { amount: atPlaces(price.amount, terms.priceRounding.places), currency: price.currency },
    rounding: terms.priceRounding,
    consideration: money(compute.amount),
    impliedPerHour: money(compute.impliedPrice),
    referencePerHour: money(compute.referencePrice),
  }
}

const bookingOf = ({ refunds, lockedRefund, noShowPart, outageFactor, ...plain }: RoundTerms['booking']) => ({
  ...plain,
  refunds: refunds.map(({ hoursBefore, part }) => ({ hoursBefore, percent: formatNumeric(part * 100n) })),
  lockedRefundPercent: formatNumeric(lockedRefund * 100n),
  noShowPercent: formatNumeric(noShowPart * 100n),
  outageFactor: formatNumeric(outageFactor),
})

function settlementOf({ priceProtection: protection, ...plain }: RoundTerms['settlement'], metric: string | undefined) {
  if (protection === undefined) return plain
  const { metricId, baseLevel, threshold, cap, windowDays, compensates } = protection
  return {
    ...plain,
    priceProtection: {
      metric: metric ?? globalId('Metric', metricId),
      baseLevel: money(baseLevel),
      thresholdPercent: formatNumeric(threshold * 100n),
      windowDays,
      compensates,
      ...(cap === undefined ? {} : { cap: formatTokens(cap) }),
    },
  }
}

/** With the zeros that show to how many places it was rounded. */
const atPlaces = (value: Numeric, places: number): string => formatDecimal(value, NUMERIC_PLACES, places)

function vestingOf({ basis, allocation, tranches, cliffTokens }: RoundTerms['vesting']) {
  return {
    basis,
    allocation,
    ...(tranches === undefined ? {} : { tranches }),
    ...(cliffTokens === undefined ? {} : { cliffTokens: formatTokens(cliffTokens) }),
  }
}
