/**
 * What a round of a chain gave for compute, and where it stands once so many tokens count as delivered: earned stock, a
 * vested warrant, issued tranches, an accrued SAFE. Pure.
 */
import {
  type Capitalization,
  type CapitalizationHolding,
  type ComputeEquity,
  safeTrigger,
} from '../../captable/index.ts'
import { divide, type MicroTokens, type Numeric, numericOfWhole, type WholeShares } from '../../platform/index.ts'
import { CENT, type SafeTerms } from '../terms/terms-safe.ts'

/** The instrument of one round of the chain. */
export type ChainGrant = {
  /** Place of its round in the chain, from 0. */
  readonly round: number
  readonly instrumentId: string
  readonly stakeholderId: string
  readonly stakeholderName: string
  readonly tokens: MicroTokens
  /** Tokens in all that count as delivered when the first later round closes, the second, and so on; the last one stays. */
  readonly delivered: readonly MicroTokens[]
  readonly gives: ChainStock | ChainSafe
}

type ChainStock = {
  readonly kind: 'STOCK' | 'STAGED' | 'PENNY_WARRANT'
  readonly classId: string
  readonly shares: WholeShares
}
type ChainSafe = {
  readonly kind: 'SAFE'
  /** The purchase amount, and what of it later rounds have converted, in cents. */
  readonly cents: bigint
  readonly converted: bigint
  readonly currency: string
  readonly terms: NonNullable<ComputeEquity['safe']>['terms']
  /** What the last round that converted it made of the rest; `undefined` while it goes on. */
  readonly rest:
    | { readonly kind: 'ENDED' }
    | { readonly kind: 'SERIES'; readonly price: Numeric; readonly classId: string }
    | undefined
}

/** A SAFE as its round opens it. */
export const chainSafe = (
  { cap, capBase, discount, rest }: SafeTerms,
  { cents, currency }: Pick<ChainSafe, 'cents' | 'currency'>,
): ChainSafe => ({
  ...{ kind: 'SAFE', cents, currency, converted: 0n, rest: undefined },
  terms: {
    cap: cap === undefined || capBase === undefined ? null : { valuation: cap.amount, base: capBase },
    discount: discount ?? null,
    rest,
  },
})

/** Tokens of a grant that count as delivered when round `at` closes: none at its own closing. */
function deliveredBy({ round, delivered }: ChainGrant, at: number): MicroTokens {
  if (at <= round) return 0n
  return delivered[Math.min(at - round, delivered.length) - 1] ?? 0n
}

/** A part of shares or cents by what is delivered: continuous and rounded down, so nobody assumes more than is earned. */
const earnedOf = (total: bigint, grant: ChainGrant, at: number): bigint =>
  (total * deliveredBy(grant, at)) / grant.tokens

type Place = { readonly holding?: CapitalizationHolding | undefined; readonly equity?: ComputeEquity | undefined }

/** The cap table with the instruments of these grants as they stand when round `at` closes. */
export const standing = (table: Capitalization, grants: readonly ChainGrant[], at: number): Capitalization =>
  grants.reduce((sum, grant) => placed(sum, grant, placeOf(grant, at)), table)

function placeOf(grant: ChainGrant, at: number): Place {
  const { gives, instrumentId, stakeholderId, stakeholderName } = grant
  const own = { stakeholderId, stakeholderName }
  if (gives.kind === 'SAFE') return safeOf(grant, gives, earnedOf(gives.cents, grant, at))
  const { kind, classId, shares } = gives
  const [all, earned] = [numericOfWhole(shares), numericOfWhole(earnedOf(shares, grant, at))]
  if (kind === 'STAGED') return tranches(grant, classId, all, earned)
  const unvested = all - earned
  const held = { ...own, securityId: instrumentId, quantity: all, unvested, classId }
  return {
    holding: kind === 'STOCK' ? { ...held, kind: 'stock' } : { ...held, kind: 'warrant', fixed: true },
    equity: { ...own, instrumentId, kind, classId, earned, unearned: unvested, toIssue: 0n },
  }
}

/** Stock in tranches: what is earned is issued, the rest is not. */
function tranches({ instrumentId, ...grant }: ChainGrant, classId: string, all: Numeric, earned: Numeric): Place {
  const own = { stakeholderId: grant.stakeholderId, stakeholderName: grant.stakeholderName }
  const unearned = all - earned
  return {
    holding:
      earned === 0n
        ? undefined
        : { ...own, kind: 'stock', securityId: instrumentId, classId, quantity: earned, unvested: 0n },
    equity:
      unearned === 0n ? undefined : { ...own, instrumentId, kind: 'STAGED', classId, earned, unearned, toIssue: 0n },
  }
}

function safeOf(grant: ChainGrant, safe: ChainSafe, accrued: bigint): Place {
  const { rest, cents, converted, currency, terms } = safe
  if (rest?.kind === 'ENDED') return {}
  if (rest?.kind === 'SERIES') {
    // Whole shares of cumulative cents: as many as the statements come to, in whatever steps.
    const shares = (of: bigint) => numericOfWhole(divide((of - converted) * CENT, rest.price, 'DOWN'))
    return tranches(grant, rest.classId, shares(cents), shares(accrued))
  }
  const { instrumentId, stakeholderId, stakeholderName } = grant
  const own = { stakeholderId, stakeholderName }
  const money = (of: bigint) => ({ amount: of * CENT, currency })
  const open = accrued - converted
  const holding: CapitalizationHolding | undefined =
    open === 0n
      ? undefined
      : {
          ...{ ...own, kind: 'convertible', convertible: 'SAFE', securityId: instrumentId, customId: instrumentId },
          ...{ quantity: 0n, unvested: 0n, amount: money(open), triggers: [safeTrigger(terms, currency)] },
        }
  if (open === 0n && accrued === cents) return {}
  return {
    holding,
    equity: {
      ...{ ...own, instrumentId, kind: 'SAFE', classId: undefined, earned: 0n, unearned: 0n, toIssue: 0n },
      safe: { securityId: open === 0n ? null : instrumentId, unaccrued: money(cents - accrued), terms },
    },
  }
}

/** The table with one instrument in the place where it stood, or at the end; shares that it adds are outstanding. */
function placed(table: Capitalization, { instrumentId }: ChainGrant, { holding, equity }: Place): Capitalization {
  const before = table.holdings.find(({ securityId }) => securityId === instrumentId)
  const more = (of: CapitalizationHolding | undefined, classId: string): Numeric =>
    of?.kind === 'stock' && of.classId === classId ? of.quantity : 0n
  const { compute = [] } = table
  return {
    ...table,
    classes: table.classes.map((each) => ({
      ...each,
      outstanding: each.outstanding + more(holding, each.id) - more(before, each.id),
    })),
    holdings: replaced(table.holdings, before, holding),
    compute: replaced(
      compute,
      compute.find((each) => each.instrumentId === instrumentId),
      equity,
    ),
    fullyDiluted: table.fullyDiluted + (holding?.quantity ?? 0n) - (before?.quantity ?? 0n),
  }
}

function replaced<Row>(rows: readonly Row[], before: Row | undefined, after: Row | undefined): readonly Row[] {
  const now = after === undefined ? [] : [after]
  return before === undefined ? [...rows, ...now] : rows.flatMap((row) => (row === before ? now : [row]))
}
