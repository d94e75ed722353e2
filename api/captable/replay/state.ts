/** The state of a cap table on one day: what a replay builds up. Quantities are {@link Numeric}, shares times 10^10. */
import { divide, type Money, type Numeric } from '../../platform/index.ts'
import type { ConversionTrigger } from '../ocf/conversions.ts'
import type { ObjectOf, VestingTerms } from '../ocf/objects.ts'
import type { TransactionOf } from '../ocf/transactions.ts'
import { type VestingSource, vestedOn } from './vesting.ts'

/** Authorised number of a class: a count, or one of the two words Open Cap Format allows in its place. */
export type Authorized = Numeric | 'UNLIMITED' | 'NOT APPLICABLE'

export type RatioMechanism =
  TransactionOf<'TX_STOCK_CLASS_CONVERSION_RATIO_ADJUSTMENT'>['new_ratio_conversion_mechanism']

/** A holder. A placeholder stands in for one that the package refers to and does not have: its name is then its id. */
export type Stakeholder = {
  readonly id: string
  readonly name: string
  readonly kind: 'INDIVIDUAL' | 'INSTITUTION' | undefined
  /** Whether the object says so, as `current_relationship`: it has no date, so it holds for every day. */
  readonly founder: boolean
  readonly placeholder: boolean
}

export type StockClass = {
  readonly id: string
  readonly name: string
  readonly kind: 'COMMON' | 'PREFERRED'
  /** The object as it came; a placeholder has none. */
  readonly item: ObjectOf<'STOCK_CLASS'> | undefined
  readonly placeholder: boolean
  authorized: Authorized
  /** Issued and not closed, vested or not. */
  outstanding: Numeric
  /** The ratio in force where an adjustment changed it. */
  ratio: RatioMechanism | undefined
  /** Shares now for one share when the class was described: its splits. Prices in its object were written before them. */
  splitNumerator: bigint
  splitDenominator: bigint
}

/** What was split, and by how much since its prices were written. */
export type Split = Pick<StockClass, 'splitNumerator' | 'splitDenominator'>

/** A price per share as the splits since have changed it, to the nearest of ten places. */
export const afterSplits = (price: Money, { splitNumerator, splitDenominator }: Split): Money => ({
  amount: divide(price.amount * splitDenominator, splitNumerator, 'NEAREST'),
  currency: price.currency,
})

export type StockPlan = {
  readonly id: string
  readonly name: string
  readonly classIds: readonly string[]
  readonly placeholder: boolean
  readonly cancellation: ObjectOf<'STOCK_PLAN'>['default_cancellation_behavior']
  reserved: Numeric
  /** Granted and outstanding, exercised, issued as stock, or gone for good: what is no longer available. */
  consumed: Numeric
}

export type SecurityKind = 'stock' | 'equity' | 'warrant' | 'convertible'

/** One security, open or closed. */
export type Security = {
  readonly id: string
  readonly kind: SecurityKind
  readonly issuanceId: string
  readonly customId: string
  readonly stakeholderId: string
  readonly classId: string | undefined
  readonly planId: string | undefined
  readonly issuedOn: string
  /** True where the instrument names its number: stock and equity compensation always, warrants sometimes. */
  readonly fixed: boolean
  /** Price per share paid (stock) or to be paid (options, warrants), as issued: before splits. */
  readonly price: Money | undefined
  readonly convertible: 'NOTE' | 'SAFE' | 'CONVERTIBLE_SECURITY' | undefined
  /** How and when a convertible converts or a warrant is exercised, as its issuance says. */
  readonly triggers: readonly ConversionTrigger[] | undefined
  /**
   * The last day on which an option, another award or a warrant can be exercised, also as a signed amendment of a warrant for
   * compute has moved it; `undefined` of everything else, and where no day is said.
   */
  readonly lastDay: string | undefined
  /** True of rights to appreciation that are paid in cash: no shares come of them. */
  readonly settledInCash: boolean
  /** Of a convertible, as its issuance says: 1 is paid first. */
  readonly seniority: number | undefined
  readonly vesting: VestingSource
  readonly fired: Map<string, string>
  accelerations: { date: string; quantity: Numeric }[]
  splitNumerator: bigint
  splitDenominator: bigint
  /** Number issued, after splits. */
  issued: Numeric
  /** Number left: 0 once closed. */
  outstanding: Numeric
  /** What is left of a convertible's amount. */
  amount: Money | undefined
  /** Cancelled, and how much of that went back to a pool by the plan's rule or by a transaction of its own. */
  cancelled: Numeric
  returnedByRule: Numeric
  returnedByTransaction: Numeric
  acceptedOn: string | undefined
  closedOn: string | undefined
  closedBy: string | undefined
}

export type CapTable = {
  readonly issuer: ObjectOf<'ISSUER'>
  issuerAuthorized: Authorized | undefined
  /** The last day that was replayed. */
  readonly through: string
  /** Day of the first transaction that counts, of the whole history, or `undefined` where there is none. */
  readonly firstDate: string | undefined
  readonly stakeholders: Map<string, Stakeholder>
  readonly classes: Map<string, StockClass>
  readonly plans: Map<string, StockPlan>
  readonly terms: ReadonlyMap<string, VestingTerms>
  readonly securities: Map<string, Security>
}

/** Number of an open security that has vested by `date`, as far as it is still there: what was exercised was vested first. */
export function vestedOutstanding(table: Pick<CapTable, 'terms'>, security: Security, date: string): Numeric {
  const { vesting } = security
  const terms = vesting.kind === 'terms' ? table.terms.get(vesting.termsId) : undefined
  const gone = security.issued - security.outstanding
  const left = vestedOn(security, terms, date) - gone
  return left > 0n ? left : 0n
}

/** The terms by which a security vests, where it has any. */
export const termsOf = (
  table: Pick<CapTable, 'terms'>,
  security: Pick<Security, 'vesting'>,
): VestingTerms | undefined =>
  security.vesting.kind === 'terms' ? table.terms.get(security.vesting.termsId) : undefined
