/**
 * The claims of a waterfall as integers, and the steps in which they change what they take.
 *
 * Above all preferences everything is decided by one number, the value v of a share of common. A claim takes, for its n
 * shares, preference L, cap C and cost of exercise K, as v grows:
 *
 *   common           n v
 *   no participation max(L, n v)
 *   full             L + n v
 *   capped           max(min(L + n v, C), n v)
 *   option           max(0, n v - K)
 *
 * Each is what its holder would choose knowing v, all rise with v, so for each exit value there is exactly one v at which
 * they add up to it. That is the equilibrium of conversion: no class gains by choosing otherwise. Below the sum of all
 * preferences v is 0 and seniority decides.
 *
 * Units: shares in 10^-10 / `scale`, where `scale` makes every conversion ratio whole; money in 10^-30 / `scale`.
 */
import type { Numeric } from '../../platform/index.ts'
import { ONE } from '../replay/conversion.ts'
import type { Preference, WaterfallClass, WaterfallInput } from './waterfall-terms.ts'

/** Money of a {@link Numeric} in units of a claim, before `scale`. */
const MONEY = 10n ** 20n

export type ClaimKind = 'COMMON' | 'NONE' | 'FULL' | 'CAPPED' | 'OPTION'

/** A class, convertible or option: what decides together. Sums over its rows. */
export type Claim = {
  readonly kind: ClaimKind
  readonly of: 'convertible' | 'class' | 'option'
  readonly id: string
  readonly shares: bigint
  readonly preference: bigint
  readonly cap: bigint
  readonly cost: bigint
  /** Position of its tier, 0 is paid first; -1 where it has no preference. */
  readonly tier: number
}

/** What one holder has of a claim. */
export type ClaimRow = {
  readonly claim: number
  readonly holder: string
  readonly shares: bigint
  readonly preference: bigint
  readonly cap: bigint
  readonly cost: bigint
}

/** What a claim takes: `fixed` names a part that does not depend on v, `shares` says whether it takes n v too. */
export type Take = { readonly fixed: 'nothing' | 'preference' | 'cap' | 'cost'; readonly shares: boolean }

/** From where v is `numerator / denominator`: what each claim takes until the next step. */
export type Step = {
  readonly numerator: bigint
  readonly denominator: bigint
  readonly takes: readonly Take[]
  /** Sum of the fixed parts and of the shares that take part. */
  readonly fixed: bigint
  readonly sharing: bigint
  /** Claims that change here, in order. */
  readonly changes: readonly { readonly claim: number; readonly what: 'CONVERTS' | 'CAP_REACHED' | 'EXERCISES' }[]
}

export type Claims = {
  readonly scale: bigint
  readonly claims: readonly Claim[]
  readonly rows: readonly ClaimRow[]
  /** Sum of the preferences of each tier, the first paid first. */
  readonly tiers: readonly bigint[]
  readonly steps: readonly Step[]
}

type Draft = Omit<Claim, 'shares' | 'preference' | 'cap' | 'cost' | 'tier'> & {
  readonly order: Order | undefined
  readonly rows: readonly Omit<ClaimRow, 'claim'>[]
}
/** Convertibles before stock by rising seniority; then stock, and what stands with it, by falling seniority. */
type Order =
  | { readonly stock: false; readonly seniority: bigint }
  | { readonly stock: true; readonly seniority: Numeric }

/** The claims of a waterfall. Its input was checked. */
export function claimsOf(input: WaterfallInput): Claims {
  const scale = input.classes.reduce((all, { ratio }) => leastCommonMultiple(all, ratio?.denominator ?? 1n), 1n)
  const drafts = draftsOf(input, scale)
  const orders = tierOrders(drafts)
  const claims = drafts.map((draft): Claim => {
    const { kind, of, id, order, rows } = draft
    const sum = (key: 'shares' | 'preference' | 'cap' | 'cost'): bigint => rows.reduce((all, row) => all + row[key], 0n)
    const tier = order === undefined ? -1 : orders.indexOf(wordOf(order))
    return {
      kind,
      of,
      id,
      tier,
      shares: sum('shares'),
      preference: sum('preference'),
      cap: sum('cap'),
      cost: sum('cost'),
    }
  })
  const tiers = orders.map((_, tier) =>
    claims.reduce((all, claim) => (claim.tier === tier ? all + claim.preference : all), 0n),
  )
  const rows = drafts.flatMap((draft, claim) => draft.rows.map((row) => ({ ...row, claim })))
  return { scale, claims, rows, tiers, steps: stepsOf(claims) }
}

function draftsOf({ convertibles, classes, options }: WaterfallInput, scale: bigint): Draft[] {
  const none = { preference: 0n, cap: 0n, cost: 0n }
  return [
    ...convertibles.map(({ id, amount, shares, standing }): Draft => {
      const order: Order =
        standing.kind === 'WITH_STOCK'
          ? { stock: true, seniority: standing.seniority }
          : { stock: false, seniority: BigInt(standing.seniority) }
      const row = { ...none, holder: id, shares: shares * scale, preference: amount * MONEY * scale }
      return { kind: 'NONE', of: 'convertible', id, order, rows: [row] }
    }),
    ...classes.flatMap((stockClass) => classDrafts(stockClass, scale)),
    ...options.map(({ id, shares, strike }): Draft => {
      const row = { ...none, holder: id, shares: shares * scale, cost: shares * scale * strike * ONE }
      return { kind: 'OPTION', of: 'option', id, order: undefined, rows: [row] }
    }),
  ]
}

/** A class, and beside it, as common, its unearned shares that have no preference. */
function classDrafts({ id, ratio, preference, holdings }: WaterfallClass, scale: bigint): Draft[] {
  const { numerator, denominator } = ratio ?? { numerator: 1n, denominator: 1n }
  const common = (shares: Numeric): bigint => shares * numerator * (scale / denominator)
  const whole: Draft['rows'][number][] = []
  const bare: Draft['rows'][number][] = []
  for (const { id: holder, shares, unearned } of holdings) {
    const apart = unearned === undefined || unearned.treatment === 'FULL' ? 0n : unearned.shares
    const owed = preference === undefined ? { preference: 0n, cap: 0n } : owedOn(preference, shares - apart, scale)
    whole.push({ holder, shares: common(shares - apart), ...owed, cost: 0n })
    if (apart > 0n && unearned?.treatment === 'NO_PREFERENCE') {
      bare.push({ holder, shares: common(apart), preference: 0n, cap: 0n, cost: 0n })
    }
  }
  const kind = preference === undefined ? 'COMMON' : preference.participation.kind
  const order: Order | undefined =
    preference === undefined ? undefined : { stock: true, seniority: preference.seniority }
  const drafts: Draft[] = [{ kind, of: 'class', id, order, rows: whole }]
  if (bare.length > 0) drafts.push({ kind: 'COMMON', of: 'class', id, order: undefined, rows: bare })
  return drafts
}

function owedOn(
  { price, multiple, accrued = 0n, participation }: Preference,
  shares: Numeric,
  scale: bigint,
): { preference: bigint; cap: bigint } {
  const cap = participation.kind === 'CAPPED' ? shares * price * participation.multiple * scale : 0n
  return { preference: shares * (price * multiple + accrued * ONE) * scale, cap }
}

const wordOf = ({ stock, seniority }: Order): string => `${stock}:${seniority}`

/** Each order once, the first paid first. */
function tierOrders(drafts: readonly Draft[]): string[] {
  const orders = drafts.flatMap(({ order }) => (order === undefined ? [] : [order]))
  const ordered = [
    ...orders.filter(({ stock }) => !stock).sort((a, b) => compare(a.seniority, b.seniority)),
    ...orders.filter(({ stock }) => stock).sort((a, b) => compare(b.seniority, a.seniority)),
  ]
  return [...new Set(ordered.map(wordOf))]
}

const compare = (left: bigint, right: bigint): number => (left < right ? -1 : left > right ? 1 : 0)

type Change = {
  readonly claim: number
  readonly numerator: bigint
  readonly denominator: bigint
  readonly take: Take
  readonly what: 'CONVERTS' | 'CAP_REACHED' | 'EXERCISES'
}

const AS_COMMON: Take = { fixed: 'nothing', shares: true }

const AT_ZERO: Readonly<Record<ClaimKind, Take>> = {
  COMMON: AS_COMMON,
  NONE: { fixed: 'preference', shares: false },
  FULL: { fixed: 'preference', shares: true },
  CAPPED: { fixed: 'preference', shares: true },
  OPTION: { fixed: 'nothing', shares: false },
}

/** Where a claim changes what it takes. One without shares never does: its threshold is beyond every v. */
function changesOf({ kind, shares, preference, cap, cost }: Claim, claim: number): Change[] {
  if (shares === 0n) return []
  const at = (numerator: bigint, what: Change['what'], take: Take): Change => ({
    claim,
    numerator,
    denominator: shares,
    take,
    what,
  })
  switch (kind) {
    case 'COMMON':
    case 'FULL':
      return []
    case 'NONE':
      return [at(preference, 'CONVERTS', AS_COMMON)]
    case 'CAPPED':
      return [at(cap - preference, 'CAP_REACHED', { fixed: 'cap', shares: false }), at(cap, 'CONVERTS', AS_COMMON)]
    case 'OPTION':
      return [at(cost, 'EXERCISES', { fixed: 'cost', shares: true })]
  }
}

/** The steps in order of v, the first from v = 0. */
function stepsOf(claims: readonly Claim[]): Step[] {
  const changes = claims.flatMap(changesOf)
  // Stable: a class whose cap is its preference reaches the cap and converts in this order where both are at one v.
  changes.sort((a, b) => compare(a.numerator * b.denominator, b.numerator * a.denominator))
  const takes = claims.map(({ kind }) => AT_ZERO[kind])
  const steps: Step[] = [stepAt(claims, takes, { numerator: 0n, denominator: 1n }, [])]
  let here: Change[] = []
  changes.forEach((change, at) => {
    takes[change.claim] = change.take
    here.push(change)
    const next = changes[at + 1]
    if (next !== undefined && next.numerator * change.denominator === change.numerator * next.denominator) return
    steps.push(stepAt(claims, takes, change, here))
    here = []
  })
  return steps
}

function stepAt(
  claims: readonly Claim[],
  takes: readonly Take[],
  { numerator, denominator }: { numerator: bigint; denominator: bigint },
  changes: readonly Change[],
): Step {
  let [fixed, sharing] = [0n, 0n]
  claims.forEach((claim, at) => {
    const take = takes[at] ?? AS_COMMON
    fixed += fixedPart(claim, take)
    if (take.shares) sharing += claim.shares
  })
  return {
    numerator,
    denominator,
    takes: [...takes],
    fixed,
    sharing,
    changes: changes.map(({ claim, what }) => ({ claim, what })),
  }
}

/** The part of a take that does not depend on v: what a preference or a cap pays, or less what exercise costs. */
export function fixedPart(
  of: { readonly preference: bigint; readonly cap: bigint; readonly cost: bigint },
  { fixed }: Take,
): bigint {
  switch (fixed) {
    case 'nothing':
      return 0n
    case 'preference':
      return of.preference
    case 'cap':
      return of.cap
    case 'cost':
      return -of.cost
  }
}

/** Money of a {@link Numeric} in the units of the claims. */
export const moneyOf = ({ scale }: Claims, amount: Numeric): bigint => amount * MONEY * scale

function leastCommonMultiple(left: bigint, right: bigint): bigint {
  let [divisor, rest] = [left, right]
  while (rest !== 0n) [divisor, rest] = [rest, divisor % rest]
  return (left / divisor) * right
}
