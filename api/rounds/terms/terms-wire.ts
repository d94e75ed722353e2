import {
  canonicalJson,
  formatDecimal,
  formatNumeric,
  formatTokens,
  globalId,
  type JsonValue,
  type Money,
} from '../../platform/index.ts'
import type { PricedTerms } from './priced-terms.ts'
import { writeBooking } from './terms-booking.ts'
import { writeConversions } from './terms-conversions.ts'
import type { FurtherGrantTerms } from './terms-grants.ts'
import { writeInstrument } from './terms-instrument.ts'
import { writeReleases } from './terms-releases.ts'
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

const writeVesting = (vesting: RoundTerms['vesting']) =>
  ({ ...vesting, ...optional('cliffTokens', vesting.cliffTokens, formatTokens) }) as RoundTermsWire['vesting']

const writeFurther = (grants: readonly FurtherGrantTerms[]): RoundTermsWire['furtherGrants'] =>
  grants.map(({ tokenClassId, tokens, referencePrice, vesting, releases, ...plain }) => ({
    ...plain,
    tokenClassId: globalId('TokenClass', tokenClassId),
    tokens: formatTokens(tokens),
    ...optional('referencePrice', referencePrice, wireMoney),
    ...optional('vesting', vesting, writeVesting),
    ...optional('releases', releases, writeReleases),
  }))

/** Of all terms those that price, shares and conversions follow from, without `compute` and `instrument`, on the wire. */
export const writePriced = (terms: Omit<PricedTerms, 'compute' | 'instrument'>) => ({
  security: writeSecurity(terms.security),
  ...optional('cashSecurity', terms.cashSecurity, writeSecurity),
  preMoney: wireMoney(terms.preMoney),
  pool: writePool(terms.pool),
  cashInvestors: terms.cashInvestors.map((investor) => ({ ...investor, amount: wireMoney(investor.amount) })),
  ...optional('conversions', terms.conversions, writeConversions),
  ...optional('proRataRights', terms.proRataRights, writeRights),
  ...optional('promisedOptions', terms.promisedOptions, writePromised),
})

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
    furtherGrants,
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
    ...writePriced(terms),
    compute: {
      ...compute,
      tokenClassId: globalId('TokenClass', compute.tokenClassId),
      tokens: formatTokens(compute.tokens),
      referencePrice: wireMoney(compute.referencePrice),
    },
    ...optional('furtherGrants', furtherGrants, writeFurther),
    ...optional('instrument', instrument, writeInstrument),
    ...optional('rolling', rolling, writeRolling),
    vesting: writeVesting(vesting),
    releases: writeReleases(releases),
    booking: writeBooking(booking),
    settlement: writeSettlement(settlement),
  }
}

/** The one text of terms: RFC 8785 over their wire form. Its SHA-256 is what documents carry. */
export const canonicalTerms = (terms: RoundTerms): string => canonicalJson(writeTerms(terms) as JsonValue)
