/**
 * What a statement's page and document are made from: texts that are ready but for their grouping. Every number is a
 * decimal string, every date ISO. Nothing is looked up, and nothing is computed but sums.
 */

export type StatementSheet = {
  /** The hashed figures, canonical JSON (RFC 8785): attached to the file, their SHA-256 in every footer. */
  readonly figuresJson: string
  readonly sha256: string
  readonly company: string
  readonly fund: string
  /** First day of the month. */
  readonly month: string
  readonly version: number
  /** First day that is accounted for, and the first that is not any more. */
  readonly from: string
  readonly until: string
  readonly statedAt: string
  readonly disputeUntil: string
  readonly classes: readonly ClassAccount[]
  readonly charged: readonly ChargedLine[]
  readonly jobs: readonly JobLine[]
  readonly otherJobs: { readonly count: number; readonly tokens: string }
  readonly corrections: readonly CorrectionLine[]
  readonly grants: readonly GrantLine[]
  readonly priceDefinition: string
  readonly forecastMethod: string
}

/** The account of one token class. */
export type ClassAccount = {
  /** "NVX-H100". */
  readonly name: string
  readonly balances: readonly { readonly name: string; readonly opening: string; readonly closing: string }[]
  readonly movements: readonly { readonly name: string; readonly tokens: string }[]
  /** Tokens that can be used when the month opens and closes. */
  readonly opening: string
  readonly closing: string
  readonly released: string
  /** Held for reservations at the close. */
  readonly held: string
  readonly charged: readonly { readonly cause: string; readonly tokens: string }[]
  readonly expired: string
  readonly runOut: ForecastText
  /** Tokens charged in the days that the forecast looks back on. */
  readonly pace: { readonly tokens: string; readonly days: number }
  readonly points: readonly PlanPoint[]
}
export type PlanPoint = {
  readonly on: string
  readonly planned: string
  readonly charged: string | null
  readonly delivered: string | null
}
/** `on` a day; nothing left to foretell; or why it cannot be told. */
export type ForecastText =
  | { readonly kind: 'on'; readonly on: string }
  | { readonly kind: 'done' }
  | { readonly kind: 'cannot_tell'; readonly why: string }

export type ChargedLine = {
  readonly pool: string
  readonly grant: string
  readonly cause: string
  readonly tokens: string
}
export type JobLine = {
  readonly job: string
  readonly pool: string
  readonly cause: string
  readonly gpuSeconds: string
  readonly records: number
  readonly tokens: string
}
export type CorrectionLine = {
  /** The record as its source calls it. */
  readonly record: string
  readonly ofMonth: string
  readonly what: string
  readonly reason: string
  readonly tokens: string
}
export type GrantLine = {
  /** "Series Seed Preferred Stock PS-4". */
  readonly security: string
  readonly basis: string
  readonly granted: string
  readonly basisOpening: string
  readonly basisClosing: string
  readonly earnedOpening: string
  readonly earnedClosing: string
  readonly vested: string
  readonly total: string
  /** Of a SAFE: what these four are an amount of. Left out, they are shares. */
  readonly currency: string | undefined
  readonly inDispute: string
  readonly deficit: string
  readonly perShare: string | undefined
  readonly inMonth: PriceText | undefined
  readonly sinceStart: PriceText | undefined
  readonly fullyVested: ForecastText
}
/** An hour's price: rounded for reading, and as the exact fraction. */
export type PriceText = {
  readonly currency: string
  readonly perHour: string
  readonly fraction: string
  readonly value: string
  readonly hours: string
}
