/** A round as the words and figures of its term sheet: plain texts, so that the same terms give the same document. */

import type { FactorBasis } from '../clusters/index.ts'
import {
  formatDecimal,
  formatNumeric,
  formatTokens,
  globalId,
  type MicroTokens,
  type Money,
  NUMERIC_PLACES,
  type Numeric,
} from '../platform/index.ts'
import { isFounder } from './pro-forma/founders.ts'
import type { ProForma } from './pro-forma/pro-forma.ts'
import { conversionTermsOf } from './pro-forma/round-conversions.ts'
import { type GrantTerms, grantsOf, releasesOfGrant } from './terms/grants-of.ts'
import { releaseSchedule } from './terms/release-schedule.ts'
import { RISK_EVENT_TITLES } from './terms/risk-table.ts'
import type { RoundTerms } from './terms/terms.ts'
import {
  countedTokens,
  type MilestoneTerms,
  milestonesOf,
  onDemandOf,
  type ReleaseOnDemandTerms,
} from './terms/terms-releases.ts'
import { canonicalTerms } from './terms/terms-wire.ts'

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
  /** Of each grant after the first, in order: its token class, and its provider where that is another. */
  readonly further?: readonly FurtherParties[]
}
type FurtherParties = { readonly tokenClass: string; readonly provider?: TermSheetParties['provider'] }
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
  const { tokenClass, metric: _, further: __, ...named } = parties
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
    ...furtherOf(terms, proForma, parties),
    price: priceOf(terms, proForma),
    cashInvestors: proForma.cash.map(({ holder, amount, className, shares }) => ({
      name: holder,
      amount: money(amount),
      className,
      shares: String(shares),
    })),
    ...rightsOf(terms, proForma),
    ...conversionsOf(terms, proForma),
    ...warrantsOf(proForma),
    capTable: {
      asOf: proForma.asOf,
      rows: proForma.lines.map(({ holder, holderId, className, before, after, unearned }) => ({
        holder,
        ...(isFounder(proForma, holderId) ? { founder: true } : {}),
        className,
        before: formatNumeric(before),
        after: formatNumeric(after),
        unearned: formatNumeric(unearned),
      })),
    },
    releases: releaseSchedule(terms).map(({ on, amount }) => ({ on, tokens: formatTokens(amount) })),
    ...otherReleasesOf({ releases: terms.releases, tokens: terms.compute.tokens }),
    ...(terms.drawOrder === undefined ? {} : { drawOrder: terms.drawOrder }),
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
    ...safeOf(terms, proForma),
    ...earlierComputeOf(terms, proForma),
    longStop: terms.longStop,
    booking: bookingOf(terms.booking),
    settlement: settlementOf(terms.settlement, parties.metric),
    riskTable: terms.riskTable.map(({ event, ...row }) => ({ event: RISK_EVENT_TITLES[event], ...row })),
    conditions: terms.conditions.map(({ text, waivableBy }) => ({ text, waivableBy })),
  }
}

function warrantsOf({ warrants }: ProForma) {
  if (warrants.length === 0) return {}
  return {
    warrants: warrants.map(({ customId, holder, amount, at, price, className, shares }) => ({
      ...{ name: customId, holder, amount: money(amount), at, className },
      ...{ price: formatNumeric(price.amount), shares: String(shares) },
    })),
  }
}

/** What earlier instruments for compute may still take, and whether the price counts it. */
function earlierComputeOf(terms: RoundTerms, { computeEquity }: ProForma) {
  const rows = computeEquity.filter(({ ofThisRound }) => !ofThisRound)
  if (rows.length === 0) return {}
  return {
    earlierCompute: {
      choice: terms.unearnedCompute ?? 'COUNTED',
      rows: rows.map(({ kind, holder, className, earned, maximum }) => ({
        kind,
        holder,
        className,
        earned: formatNumeric(earned),
        maximum: formatNumeric(maximum),
      })),
    },
  }
}

function safeOf({ instrument }: RoundTerms, { compute }: ProForma) {
  if (instrument?.kind !== 'SAFE') return {}
  const { cap, capBase, discount, rest } = instrument
  return {
    safe: {
      purchaseAmount: money(compute.amount),
      rest,
      ...(cap === undefined ? {} : { cap: money(cap) }),
      ...(capBase === undefined ? {} : { capBase }),
      ...(discount === undefined ? {} : { discountPercent: formatNumeric(discount * 100n) }),
    },
  }
}

function furtherOf(terms: RoundTerms, proForma: ProForma, { further = [] }: TermSheetParties) {
  const [, ...grants] = grantsOf(terms)
  if (grants.length === 0) return {}
  return {
    furtherGrants: grants.map((grant, index) => {
      const [bought, { tokenClass, provider }] = [proForma.grants[index + 1], mustHave(further[index])]
      return {
        tokens: formatTokens(grant.tokens),
        tokenClass,
        ...(provider === undefined ? {} : { provider }),
        shares: String(bought?.shares ?? 0n),
        referencePerHour: money(grant.referencePrice),
        impliedPerHour: money(mustHave(bought).impliedPrice),
        consideration: money(mustHave(bought).amount),
        vesting: vestingOf(grant.vesting),
        releases: releasesOfGrant(grant, terms.closingDate).map(({ on, amount }) => ({
          on,
          tokens: formatTokens(amount),
        })),
        ...otherReleasesOf(grant),
        charging: grant.charging,
        longStop: grant.longStop,
        expiresOn: grant.tokenExpiry,
      }
    }),
  }
}

function mustHave<T>(value: T | undefined): T {
  if (value === undefined) throw new RangeError('a grant of the terms has no figures or no token class')
  return value
}

/** What no date releases of a grant, on paper. */
export function otherReleasesOf({ releases, tokens }: Pick<GrantTerms, 'releases' | 'tokens'>) {
  const milestones = milestonesOf(releases)
  const asked = onDemandOf(releases)
  return {
    ...(milestones.length === 0 ? {} : { milestones: milestones.map(milestoneOnPaper) }),
    ...(asked === null || !('releases' in releases)
      ? {}
      : { onDemand: onDemandOnPaper(asked, tokens - countedTokens(releases)) }),
  }
}

const milestoneOnPaper = ({ tokens, ...plain }: MilestoneTerms) => ({ ...plain, tokens: formatTokens(tokens) })

const onDemandOnPaper = ({ perRequest, perPeriod, ...plain }: ReleaseOnDemandTerms, rest: MicroTokens) => ({
  ...plain,
  tokens: formatTokens(rest),
  ...(perRequest === undefined ? {} : { perRequest: formatTokens(perRequest) }),
  ...(perPeriod === undefined ? {} : { perPeriod: { ...perPeriod, tokens: formatTokens(perPeriod.tokens) } }),
})

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

const bookingOf = ({ refunds, lockedRefund, noShowPart, outageFactor, onDemand, ...plain }: RoundTerms['booking']) => ({
  ...plain,
  ...(onDemand === undefined
    ? {}
    : {
        onDemand: {
          premium: formatNumeric(onDemand.premium),
          ...(onDemand.monthlyCapTokens === undefined ? {} : { monthlyCap: formatTokens(onDemand.monthlyCapTokens) }),
        },
      }),
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
