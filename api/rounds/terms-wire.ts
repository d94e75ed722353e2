import {
  canonicalJson,
  formatDecimal,
  formatNumeric,
  formatTokens,
  globalId,
  type JsonValue,
  type Money,
} from '../platform/index.ts'
import { writeBooking } from './terms-booking.ts'
import { writeConversions } from './terms-conversions.ts'
import { writeInstrument } from './terms-instrument.ts'
import { writePromised, writeRights } from './terms-rights.ts'
import { writeRolling } from './terms-rolling.ts'
import { writeSettlement } from './terms-settlement.ts'
import type { RoundTerms, RoundTermsWire, SecurityTerms } from './terms-shape.ts'

const wireMoney = (money: Money) => ({ amount: formatNumeric(money.amount), currency: money.currency })
const optional = <K extends string, T, W>(name: K, value: T | undefined, write: (value: T) => W) =>
  value === undefined ? {} : ({ [name]: write(value) } as { readonly [P in K]: W })

function writeSecurity(security: SecurityTerms) {
  const { seniority, liquidationPreferenceMultiple, participationCap, votesPerShare, parValue, authorized, ...plain } =
    security
  return {
    ...plain,
    seniority: formatNumeric(seniority),
    liquidationPreferenceMultiple: formatNumeric(liquidationPreferenceMultiple),
    ...optional('participationCap', participationCap, formatNumeric),
    votesPerShare: formatNumeric(votesPerShare),
    ...optional('parValue', parValue, wireMoney),
    ...optional('authorized', authorized, String),
  }
}

function writePool(pool: RoundTerms['pool']): RoundTermsWire['pool'] {
  if (pool.kind === 'INCREASE') return { kind: pool.kind, shares: formatDecimal(pool.shares, 0) }
  if (pool.kind === 'TARGET') {
    return { kind: pool.kind, postRoundUnallocated: formatNumeric(pool.postRoundUnallocated) }
  }
  return pool
}

function writeReleases(releases: RoundTerms['releases']): RoundTermsWire['releases'] {
  if (releases.kind !== 'LIST') return releases
  return { kind: 'LIST', releases: releases.releases.map(({ on, tokens }) => ({ on, tokens: formatTokens(tokens) })) }
}

/**
 * Terms back on the wire, every default written out, every number in its one canonical form: parsing the result gives the
 * same terms, and equal terms write equal JSON.
 */
export function writeTerms(terms: RoundTerms): RoundTermsWire {
  const {
    security,
    cashSecurity,
    preMoney,
    pool,
    compute,
    cashInvestors,
    conversions,
    proRataRights,
    promisedOptions,
    instrument,
    rolling,
    vesting,
    releases,
    booking,
    settlement,
    ...plain
  } = terms
  return {
    ...plain,
    security: writeSecurity(security),
    ...optional('cashSecurity', cashSecurity, writeSecurity),
    preMoney: wireMoney(preMoney),
    pool: writePool(pool),
    compute: {
      ...compute,
      tokenClassId: globalId('TokenClass', compute.tokenClassId),
      tokens: formatTokens(compute.tokens),
      referencePrice: wireMoney(compute.referencePrice),
    },
    cashInvestors: cashInvestors.map((investor) => ({ ...investor, amount: wireMoney(investor.amount) })),
    ...optional('conversions', conversions, writeConversions),
    ...optional('proRataRights', proRataRights, writeRights),
    ...optional('instrument', instrument, writeInstrument),
    ...optional('promisedOptions', promisedOptions, writePromised),
    ...optional('rolling', rolling, writeRolling),
    vesting: { ...vesting, ...optional('cliffTokens', vesting.cliffTokens, formatTokens) } as RoundTermsWire['vesting'],
    releases: writeReleases(releases),
    booking: writeBooking(booking),
    settlement: writeSettlement(settlement),
  }
}

/** The one text of terms: RFC 8785 over their wire form. Its SHA-256 is what documents carry. */
export const canonicalTerms = (terms: RoundTerms): string => canonicalJson(writeTerms(terms) as JsonValue)
