/**
 * The SAFE for compute: its purchase amount accrues as compute is delivered, a later priced round converts what has accrued,
 * and a sale pays what has accrued. Nothing is issued when its round closes, so the round has no price of its own.
 */
import { z } from 'zod'
import {
  formatNumeric,
  type InputFault,
  type MicroTokens,
  type Money,
  NUMERIC_PLACES,
  type Numeric,
  zMoney,
  zNumeric,
} from '../../platform/index.ts'
import { safeClosingConditions } from './closing-conditions.ts'
import { computeConsideration } from './consideration.ts'

/**
 * What becomes, in a priced round, of what has not accrued yet.
 *
 * - `END`: it ends; so do the tokens that are left
 * - `ROUND_PRICE`: each final statement's accrual is issued as stock at the price of that round
 * - `NEW_SAFE`: it goes on as a new SAFE, with the same cap and discount
 */
export const SAFE_RESTS = ['END', 'ROUND_PRICE', 'NEW_SAFE'] as const
export type SafeRest = (typeof SAFE_RESTS)[number]

/** What its cap is divided by: the capitalisation with or without what converts. */
export const SAFE_CAP_BASES = ['POST_MONEY', 'PRE_MONEY'] as const

export const Safe = z.strictObject({
  kind: z.literal('SAFE'),
  /** Left out with the discount: it converts at the price of the round. */
  cap: zMoney.optional(),
  /** Only, and always, with a cap. */
  capBase: z.enum(SAFE_CAP_BASES).optional(),
  /** What comes off the round's price: `'0.2'` makes it 80% of it. */
  discount: zNumeric.optional(),
  rest: z.enum(SAFE_RESTS),
})
export type SafeTerms = z.output<typeof Safe>

const ONE: Numeric = 10n ** BigInt(NUMERIC_PLACES)
/** A cent as a numeric. A SAFE counts in hundredths of its currency, whatever that calls them. */
export const CENT: Numeric = ONE / 100n

/** The purchase amount in cents, rounded down; the terms are refused where that is not exact. */
export const purchaseCents = (compute: Parameters<typeof computeConsideration>[0]): bigint =>
  computeConsideration(compute).amount / CENT

/** The class that terms of a SAFE name where they leave it out: nobody knows the next round's yet. */
const NEXT_CLASS = 'Preferred stock of the next priced round'

/**
 * What terms of a SAFE need not say: nothing is sold but the SAFE, so it is shown as if it converted at its cap, no charter is
 * amended, and unearned equity bears no dividend because there is none.
 */
export function withSafeDefaults(raw: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { instrument, unearned } = raw
  if (!isRecord(instrument) || instrument.kind !== 'SAFE') return raw
  return {
    ...raw,
    security: raw.security ?? { className: NEXT_CLASS, newClass: true },
    pool: raw.pool ?? { kind: 'NONE' },
    conditions: raw.conditions ?? safeClosingConditions(),
    ...(raw.preMoney === undefined && instrument.cap !== undefined ? { preMoney: instrument.cap } : {}),
    unearned: isRecord(unearned) || unearned === undefined ? { dividends: 'none', ...unearned } : unearned,
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export type SafeInHand = {
  readonly unearned?: { readonly basis: string; readonly votes: boolean; readonly dividends: string } | undefined
  readonly preMoney?: Money | undefined
  readonly compute?: { readonly tokens: MicroTokens; readonly referencePrice: Money } | undefined
  readonly settlement?: { readonly changeOfControl: string } | undefined
  readonly cashInvestors?: readonly unknown[] | undefined
  readonly proRataRights?: readonly unknown[] | undefined
  readonly furtherGrants?: readonly unknown[] | undefined
  readonly pool?: { readonly kind: string } | undefined
  readonly cashSecurity?: unknown
  readonly conversions?: { readonly warrants?: readonly unknown[] | undefined } | undefined
  readonly promisedOptions?: unknown
  readonly rolling?: unknown
}

/** Every contradiction of a SAFE within itself and with the other terms. */
export function* safeFaults(safe: SafeTerms, terms: SafeInHand): Iterable<InputFault> {
  yield* ownFaults(safe, terms)
  yield* amountFaults(safe, terms)
  yield* issueFaults(terms)
  const { unearned, settlement } = terms
  if (unearned !== undefined && unearned.basis !== 'obligation') {
    yield { path: ['unearned', 'basis'], reason: `is ${unearned.basis}, but the instrument is a SAFE` }
  }
  if (unearned?.votes === true) yield { path: ['unearned', 'votes'], reason: 'is true, but a SAFE does not vote' }
  if (unearned !== undefined && unearned.dividends !== 'none') {
    yield { path: ['unearned', 'dividends'], reason: 'must be none: a SAFE bears no dividend' }
  }
  if (settlement?.changeOfControl === 'VEST') {
    yield {
      path: ['settlement', 'changeOfControl'],
      reason: 'is VEST, but a SAFE pays only what has accrued in a sale',
    }
  }
}

function* ownFaults({ cap, capBase, discount }: SafeTerms, { preMoney }: SafeInHand): Iterable<InputFault> {
  const path = (...at: string[]) => ['instrument', ...at]
  if (cap !== undefined && capBase === undefined) {
    yield { path: path('capBase'), reason: 'is missing: it says what the cap is divided by' }
  }
  if (cap === undefined && capBase !== undefined) {
    yield { path: path('capBase'), reason: 'is given, but there is no cap' }
  }
  if (cap?.amount === 0n) yield { path: path('cap', 'amount'), reason: 'must be more than zero' }
  if (discount === 0n) yield { path: path('discount'), reason: 'must be more than zero: leave it out' }
  if (discount !== undefined && discount >= ONE) {
    yield { path: path('discount'), reason: 'must be less than 1: "0.2" takes 20% off the price' }
  }
  if (cap === undefined || preMoney === undefined) return
  if (cap.currency !== preMoney.currency) {
    const reason = `is ${cap.currency}, but the pre-money valuation is in ${preMoney.currency}: a round has one currency`
    yield { path: path('cap', 'currency'), reason }
  } else if (cap.amount !== preMoney.amount) {
    const reason = `is not the cap, ${formatNumeric(cap.amount)}, at which the SAFE is shown as converted: leave preMoney out`
    yield { path: ['preMoney', 'amount'], reason }
  }
}

function* amountFaults({ cap }: SafeTerms, { compute }: SafeInHand): Iterable<InputFault> {
  if (compute === undefined) return
  const { amount, currency } = computeConsideration(compute)
  if (amount % CENT !== 0n) {
    const reason = `come to ${formatNumeric(amount)} ${currency}: the purchase amount of a SAFE is in whole cents`
    yield { path: ['compute', 'tokens'], reason }
  }
  if (cap !== undefined && cap.amount !== 0n && cap.currency === currency && cap.amount <= amount) {
    const reason = `is not above the purchase amount, ${formatNumeric(amount)}: the SAFE would be the whole company`
    yield { path: ['instrument', 'cap', 'amount'], reason }
  }
}

/** Nothing is issued, sold or converted when a SAFE is signed. */
function* issueFaults(terms: SafeInHand): Iterable<InputFault> {
  const { cashInvestors = [], proRataRights = [], furtherGrants = [], pool } = terms
  const none = 'but the round gives a SAFE and issues no shares: leave it to the priced round'
  if (cashInvestors.length > 0) yield { path: ['cashInvestors'], reason: `buy shares, ${none}` }
  if (furtherGrants.length > 0) {
    yield { path: ['furtherGrants'], reason: 'are given, but a SAFE is all that its round gives: one grant accrues it' }
  }
  if (proRataRights.length > 0) yield { path: ['proRataRights'], reason: `are to shares, ${none}` }
  if (pool !== undefined && pool.kind !== 'NONE') yield { path: ['pool', 'kind'], reason: `is ${pool.kind}, ${none}` }
  for (const term of ['cashSecurity', 'conversions', 'promisedOptions', 'rolling'] as const) {
    if (terms[term] !== undefined) yield { path: [term], reason: `is given, ${none}` }
  }
  if (terms.conversions?.warrants !== undefined) {
    // Also a warrant at a valuation of its own: what it is divided by is the capitalization of a priced round.
    const reason = 'are given, but the round gives a SAFE and fixes no price: leave them to the priced round'
    yield { path: ['conversions', 'warrants'], reason }
  }
}

/** The SAFE back on the wire. */
export function writeSafe({ cap, discount, ...plain }: SafeTerms): z.input<typeof Safe> {
  return {
    ...plain,
    ...(cap === undefined ? {} : { cap: { amount: formatNumeric(cap.amount), currency: cap.currency } }),
    ...(discount === undefined ? {} : { discount: formatNumeric(discount) }),
  }
}
