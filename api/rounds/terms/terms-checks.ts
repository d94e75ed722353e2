/** What terms must satisfy against each other. Pure; every fault at once, each at the path of the term to change. */
import {
  formatNumeric,
  type InputFault,
  NUMERIC_PLACES,
  rational,
  rationalOfNumeric,
  roundRational,
} from '../../platform/index.ts'
import { allComputeConsideration } from './consideration.ts'
import { grantFaults } from './grant-checks.ts'
import { RISK_EVENTS } from './risk-table.ts'
import { bookingFaults } from './terms-booking.ts'
import { conversionFaults } from './terms-conversions.ts'
import { instrumentFaults } from './terms-instrument.ts'
import { rightsFaults } from './terms-rights.ts'
import { rollingFaults } from './terms-rolling.ts'
import { settlementFaults } from './terms-settlement.ts'
import type { RoundTerms, SecurityTerms } from './terms-shape.ts'

/** Those top-level terms that are well formed by themselves. */
export type TermsInHand = { readonly [K in keyof RoundTerms]?: RoundTerms[K] }

type Path = InputFault['path']
const fault = (path: Path, reason: string): InputFault => ({ path, reason })

/** Every contradiction between the terms at hand, in the order of the terms. */
export function termsFaults(terms: TermsInHand): readonly InputFault[] {
  return [
    ...securityFaults(['security'], terms.security),
    ...securityFaults(['cashSecurity'], terms.cashSecurity),
    ...amountFaults(terms),
    ...currencyFaults(terms),
    ...poolFaults(terms),
    ...investorFaults(terms),
    ...conversionFaults(terms.conversions, terms.preMoney?.currency),
    ...instrumentFaults(terms),
    ...rightsFaults(terms.proRataRights, terms.promisedOptions, terms.preMoney?.currency),
    ...grantFaults(terms),
    ...listFaults(terms),
    ...bookingFaults(terms),
    ...settlementFaults(terms),
    ...rollingFaults(terms),
  ]
}

function* securityFaults(path: Path, security: SecurityTerms | undefined): Iterable<InputFault> {
  if (security === undefined) return
  if (security.newClass && security.stockClassId !== undefined) {
    yield fault([...path, 'stockClassId'], 'names an existing class, but newClass is true')
  }
  if (!security.newClass && security.stockClassId === undefined) {
    yield fault([...path, 'stockClassId'], 'is missing: newClass is false')
  }
  const capped = security.participation === 'capped'
  if (capped && security.participationCap === undefined) {
    yield fault([...path, 'participationCap'], 'is missing: participation is capped')
  }
  if (!capped && security.participationCap !== undefined) {
    yield fault([...path, 'participationCap'], `is given, but participation is ${security.participation}`)
  }
  if (security.participationCap !== undefined && security.participationCap < security.liquidationPreferenceMultiple) {
    yield fault([...path, 'participationCap'], 'is below the liquidation preference multiple')
  }
}

function* amountFaults(terms: TermsInHand): Iterable<InputFault> {
  if (terms.preMoney?.amount === 0n) yield fault(['preMoney', 'amount'], 'must be more than zero')
  if (terms.compute?.tokens === 0n) yield fault(['compute', 'tokens'], 'must be more than zero')
  if (terms.compute?.referencePrice.amount === 0n) {
    yield fault(['compute', 'referencePrice', 'amount'], 'must be more than zero')
  }
  for (const [index, investor] of (terms.cashInvestors ?? []).entries()) {
    if (investor.amount.amount === 0n)
      yield fault(['cashInvestors', index, 'amount', 'amount'], 'must be more than zero')
  }
}

function* currencyFaults(terms: TermsInHand): Iterable<InputFault> {
  const currency = terms.preMoney?.currency
  if (currency === undefined) return
  const others: [Path, string | undefined][] = [
    [['compute', 'referencePrice', 'currency'], terms.compute?.referencePrice.currency],
    [['security', 'parValue', 'currency'], terms.security?.parValue?.currency],
    [['cashSecurity', 'parValue', 'currency'], terms.cashSecurity?.parValue?.currency],
    ...(terms.cashInvestors ?? []).map(({ amount }, index): [Path, string] => [
      ['cashInvestors', index, 'amount', 'currency'],
      amount.currency,
    ]),
  ]
  for (const [path, other] of others) {
    if (other !== undefined && other !== currency) {
      yield fault(path, `is ${other}, but the pre-money valuation is in ${currency}: a round has one currency`)
    }
  }
}

function* poolFaults({
  pool,
  preMoney,
  compute,
  furtherGrants,
  cashInvestors,
  conversions,
}: TermsInHand): Iterable<InputFault> {
  if (pool?.kind === 'INCREASE' && pool.shares === 0n) {
    yield fault(['pool', 'shares'], 'must be more than zero: use NONE for no increase')
  }
  if (pool?.kind !== 'TARGET' || preMoney === undefined || compute === undefined || cashInvestors === undefined) return
  const path = ['pool', 'postRoundUnallocated']
  if (pool.postRoundUnallocated === 0n) return yield fault(path, 'must be more than zero: use NONE for no increase')
  // What converts may be added to the valuation: then only the cap table shows how much is left.
  if (preMoney.amount === 0n || conversions?.method === 'DOLLARS_INVESTED') return
  // The investors' part of the company after the round is fixed by the money, so the pool cannot take it.
  const paid = allComputeConsideration({ compute, furtherGrants }).amount
  const money = cashInvestors.reduce((sum, { amount }) => sum + amount.amount, paid)
  const most = rational(preMoney.amount, preMoney.amount + money)
  if (rationalOfNumeric(pool.postRoundUnallocated).gte(most)) {
    const shown = formatNumeric(roundRational(most, NUMERIC_PLACES, 'DOWN'))
    yield fault(path, `cannot be met: after this round less than ${shown} of the company is left for pool and holders`)
  }
}

function* investorFaults({ cashInvestors, compute, security, cashSecurity }: TermsInHand): Iterable<InputFault> {
  if (cashSecurity !== undefined && cashInvestors?.length === 0) {
    yield fault(['cashSecurity'], 'is given, but there is no cash investor')
  }
  if (cashSecurity !== undefined && cashSecurity.className === security?.className) {
    yield fault(['cashSecurity', 'className'], 'is the class that compute buys: leave cashSecurity out')
  }
  const names = new Set(compute === undefined ? [] : [compute.holderName])
  for (const [index, { name }] of (cashInvestors ?? []).entries()) {
    if (names.has(name)) yield fault(['cashInvestors', index, 'name'], 'is named twice in the round')
    names.add(name)
  }
}

function* listFaults({ riskTable, conditions }: TermsInHand): Iterable<InputFault> {
  for (const event of riskTable === undefined ? [] : RISK_EVENTS) {
    const rows = riskTable?.filter((row) => row.event === event).length
    if (rows === 0) yield fault(['riskTable'], `has no row for ${event}`)
    if (rows !== undefined && rows > 1) yield fault(['riskTable'], `has ${rows} rows for ${event}`)
  }
  const codes = new Set<string>()
  for (const [index, { code }] of (conditions ?? []).entries()) {
    if (codes.has(code)) yield fault(['conditions', index, 'code'], 'is used twice')
    codes.add(code)
  }
}
