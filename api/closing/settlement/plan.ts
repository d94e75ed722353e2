/** What settling a grant will do, exactly, before it is done. Pure: the same standing and circumstances give the same plan. */
import { z } from 'zod'
import {
  canonicalJson,
  formatNumeric,
  formatTokens,
  type MicroTokens,
  type Money,
  Refused,
  sha256,
  type Uuid,
  type WholeShares,
  zIsoDate,
  zPositiveTokens,
  zText,
} from '../../platform/index.ts'
import type { RoundTerms } from '../../rounds/index.ts'
import type { MetricLevel } from '../../tokens/index.ts'
import type { LongStop } from './long-stop.ts'

/** What may happen to a grant. */
export const SETTLEMENT_EVENTS = [
  'long_stop',
  'price_protection',
  'change_of_control',
  'company_insolvency',
  'provider_insolvency',
  'termination_for_cause',
  'termination_for_convenience',
  'partial_termination',
  'priced_round',
] as const
export type SettlementEvent = (typeof SETTLEMENT_EVENTS)[number]

/** What people say about it. */
export const Circumstances = z.strictObject({
  event: z.enum(SETTLEMENT_EVENTS),
  /** The day of the event: of the notice, the completion, the opening of the proceedings. */
  happenedOn: zIsoDate,
  /** What shows it, and where that is kept. */
  evidence: zText(2000),
  /** Whether a successor assumes the agreement: at a change of control, and of a provider that fails. */
  assumed: z.boolean().nullish(),
  /** Of a partial termination: the tokens that are given up. */
  tokens: zPositiveTokens.nullish(),
})
export type Circumstances = z.output<typeof Circumstances>

/** A grant and everything that settling it depends on, as of today. */
export type GrantStanding = {
  readonly companyId: Uuid
  readonly grantId: Uuid
  readonly lotId: Uuid
  readonly tokenClassId: Uuid
  readonly terms: Pick<RoundTerms, 'settlement' | 'riskTable' | 'compute'>
  readonly on: string
  readonly openedOn: string
  /** First day on which its tokens can no longer be drawn. */
  readonly expiresOn: string
  /** The same as the terms say, before anything moved it. */
  readonly agreedExpiry: string
  readonly granted: MicroTokens
  readonly locked: MicroTokens
  readonly available: MicroTokens
  readonly held: MicroTokens
  readonly total: WholeShares
  readonly vested: WholeShares
  /** Gone by earlier settlements: shares forfeited, tokens given up. */
  readonly forfeited: WholeShares
  readonly givenUp: MicroTokens
  /** Shares earned once so many micro-tokens count. */
  readonly earnedAt: (basis: MicroTokens) => WholeShares
  readonly longStop: LongStop
  /** What has ended it already. */
  readonly settledBy: SettlementEvent | null
  /** When its termination for convenience was notified. */
  readonly noticeOn: string | null
  /** When the wind-down that began with the notice ends, by the terms of that day. */
  readonly windDownEnds: string | null
  /** Of price protection: what was topped up until now, and the level that the index is compared with. */
  readonly toppedUp: MicroTokens
  readonly unusedTopUps: MicroTokens
  readonly base: Money | null
  readonly index: MetricLevel | Refused | null
}

/** What will happen. Everything that people decide by is in it; the day on which it is done is not. */
export type SettlementPlan = {
  readonly event: SettlementEvent
  /** The clause that it follows, in the words of the signed risk table. */
  readonly clause: string
  /** At the long-stop: whose doing it is that compute was not used. */
  readonly cause: 'not_used' | 'not_delivered' | null
  readonly tokens: {
    readonly fromLocked: MicroTokens
    readonly fromAvailable: MicroTokens
    /** Stay with their reservations; what returns of them once the grant is over is cancelled. */
    readonly held: MicroTokens
    readonly topUp: MicroTokens
  }
  readonly shares: { readonly vestedBefore: WholeShares; readonly vests: WholeShares; readonly forfeits: WholeShares }
  /** Never more than the cash that was paid for the shares, and none was. */
  readonly cash: Money
  readonly endsEarning: boolean
  /** Tokens can be drawn until the day before. */
  readonly windDownUntil: string | null
  /** The level of the index that a top-up was computed at: from then on the base. */
  readonly newBase: Money | null
  readonly notes: readonly string[]
}

/** A plan's figures on the wire, as they are hashed, stored and shown. */
export function planJson(plan: SettlementPlan) {
  const { tokens, shares, cash, newBase } = plan
  const money = ({ amount, currency }: Money) => ({ amount: formatNumeric(amount), currency })
  return {
    ...plan,
    notes: [...plan.notes],
    tokens: {
      fromLocked: formatTokens(tokens.fromLocked),
      fromAvailable: formatTokens(tokens.fromAvailable),
      held: formatTokens(tokens.held),
      topUp: formatTokens(tokens.topUp),
    },
    shares: {
      vestedBefore: String(shares.vestedBefore),
      vests: String(shares.vests),
      forfeits: String(shares.forfeits),
    },
    cash: money(cash),
    newBase: newBase === null ? null : money(newBase),
  }
}
export type SettlementPlanJson = ReturnType<typeof planJson>

/** SHA-256 of the canonical JSON of a plan: who approves it, approves exactly these figures. */
export const planHash = (plan: SettlementPlan): Buffer => sha256(canonicalJson(planJson(plan)))

/** Everything of the grant that is unearned and still there. */
export const unearnedOf = (of: GrantStanding): WholeShares => of.total - of.forfeited - of.vested

/** A plan in which nothing happens, to say what does. */
export const nothing = (of: GrantStanding, event: SettlementEvent, clause: string): SettlementPlan => ({
  event,
  clause,
  cause: null,
  tokens: { fromLocked: 0n, fromAvailable: 0n, held: of.held, topUp: 0n },
  shares: { vestedBefore: of.vested, vests: 0n, forfeits: 0n },
  cash: { amount: 0n, currency: of.base?.currency ?? 'USD' },
  endsEarning: false,
  windDownUntil: null,
  newBase: null,
  notes: [],
})

/** A plan that ends the grant: what is not held is cancelled, what is unearned is forfeited at zero. */
export const over = (of: GrantStanding, event: SettlementEvent, clause: string): SettlementPlan => ({
  ...nothing(of, event, clause),
  tokens: { fromLocked: of.locked, fromAvailable: of.available, held: of.held, topUp: 0n },
  shares: { vestedBefore: of.vested, vests: 0n, forfeits: unearnedOf(of) },
  endsEarning: true,
  windDownUntil: of.on,
})

/** The words of the signed risk table for an event. */
export function clauseOf(of: GrantStanding, event: string): string {
  const row = of.terms.riskTable.find((each) => each.event === event)
  if (row === undefined) throw new Error(`the terms have no row for ${event}`)
  return `Tokens: ${row.tokens} Unearned shares: ${row.unearned}`
}

/** @throws {Refused} for an event of the future */
export function mustHaveHappened(of: GrantStanding, { happenedOn }: Circumstances): void {
  if (happenedOn > of.on) throw new Refused('happenedOn', 'lies in the future')
  if (happenedOn < of.openedOn) throw new Refused('happenedOn', `is before ${of.openedOn}, when the grant was opened`)
}
