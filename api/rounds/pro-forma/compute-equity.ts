/** What earlier instruments for compute do to a round: counted or left out, and what each comes to. Pure. */
import type { Capitalization, ComputeEquity, ConvertibleRound } from '../../captable/index.ts'
import { divide, type Numeric, numericOfWhole, type WholeShares } from '../../platform/index.ts'
import { partOf } from '../terms/parts.ts'
import type { PricedTerms } from '../terms/priced-terms.ts'
import { boughtForCompute } from './named-purchases.ts'
import type { ProFormaLine } from './pro-forma-lines.ts'
import type { Converting } from './round-conversions.ts'

/** Whether what may still be earned counts; the default never changes: signed terms without the term mean this. */
export const countsUnearned = ({ unearnedCompute = 'COUNTED' }: Pick<PricedTerms, 'unearnedCompute'>): boolean =>
  unearnedCompute === 'COUNTED'

/** Shares that are neither issued nor left out: tranches, earned or not. Of warrants, what is left out of those issued. */
export function uncountedShares(
  { compute = [] }: Pick<Capitalization, 'compute'>,
  terms: Pick<PricedTerms, 'unearnedCompute'>,
): { readonly toIssue: Numeric; readonly warrantsLeftOut: Numeric } {
  const counted = countsUnearned(terms)
  let [toIssue, warrantsLeftOut] = [0n, 0n]
  for (const each of compute) {
    if (each.kind === 'STAGED') toIssue += each.toIssue + (counted ? each.unearned : 0n)
    if (each.kind === 'PENNY_WARRANT' && !counted) warrantsLeftOut += each.unearned
  }
  return { toIssue, warrantsLeftOut }
}

/** The rest of a SAFE for compute that a round converts: what may still accrue, and what it would convert at. */
export type RestOfSafe = {
  readonly equity: ComputeEquity
  readonly convertible: Converting['convertible']
}

/**
 * The rests that count in a round: of each SAFE that converts in it, or of which nothing has accrued while SAFEs convert. A
 * rest that ends counts nowhere; one that goes on at the round's price converts at it; a new SAFE as the old one.
 */
export function countedRests(
  { compute = [] }: Pick<Capitalization, 'compute'>,
  terms: PricedTerms,
  converting: readonly Converting[],
): readonly RestOfSafe[] {
  if (!countsUnearned(terms)) return []
  return compute.flatMap((equity): RestOfSafe[] => {
    const { safe } = equity
    if (safe === undefined || safe.unaccrued.amount === 0n || safe.terms.rest === 'END') return []
    if (!convertsIn(terms, converting, safe)) return []
    const { cap, discount } = safe.terms
    const own =
      safe.terms.rest === 'ROUND_PRICE'
        ? {}
        : { ...(cap === null ? {} : { cap }), ...(discount === null ? {} : { discount }) }
    return [{ equity, convertible: { id: restId(equity), amount: safe.unaccrued.amount, ...own } }]
  })
}

/** Whether a SAFE converts in a round; one of which nothing has accrued follows what the terms say of SAFEs not listed. */
export function convertsIn(
  terms: PricedTerms,
  converting: readonly Converting[],
  { securityId, unaccrued }: NonNullable<ComputeEquity['safe']>,
): boolean {
  if (unaccrued.currency !== terms.preMoney.currency) return false
  if (securityId === null) return terms.conversions?.outstanding !== 'REMAIN'
  return converting.some(({ holding }) => holding.securityId === securityId)
}

/**
 * Whole shares of the round's class that are owed, at its price, for what accrues later under SAFEs that it converts: the
 * class must authorise them, whether or not the price counts them.
 */
export const owedAtRoundPrice = (
  { compute = [] }: Pick<Capitalization, 'compute'>,
  terms: PricedTerms,
  converting: readonly Converting[],
  price: Numeric,
): WholeShares =>
  compute.reduce(
    (sum, { safe }) =>
      safe?.terms.rest === 'ROUND_PRICE' && convertsIn(terms, converting, safe)
        ? sum + divide(safe.unaccrued.amount, price, 'DOWN')
        : sum,
    0n,
  )

const restId = ({ instrumentId }: ComputeEquity): string => `rest ${instrumentId}`

/** What a rest comes to in a solved round. */
export type SolvedRest = RestOfSafe & { readonly shares: WholeShares }

export const solvedRests = (
  rests: readonly RestOfSafe[],
  { conversions }: Pick<ConvertibleRound, 'conversions'>,
): readonly SolvedRest[] =>
  rests.map((rest) => ({
    ...rest,
    shares: conversions.find(({ id }) => id === rest.convertible.id)?.shares ?? 0n,
  }))

/** Lines of what is not issued yet: tranches before and after alike, and the rests of SAFEs once the round has a price. */
export function equityLines(
  capitalization: Pick<Capitalization, 'compute' | 'classes'>,
  terms: Pick<PricedTerms, 'unearnedCompute'>,
  rests: readonly SolvedRest[],
): readonly ProFormaLine[] {
  const counted = countsUnearned(terms)
  const classes = new Map(capitalization.classes.map(({ id, name }) => [id, name]))
  const tranches = (capitalization.compute ?? []).flatMap((equity): ProFormaLine[] => {
    const unearned = counted ? equity.unearned : 0n
    const shares = equity.toIssue + unearned
    if (equity.kind !== 'STAGED' || shares === 0n) return []
    const name = classes.get(equity.classId ?? '') ?? 'stock'
    return [{ ...lineOf(equity, 'tranche', `${name}, in tranches`), before: shares, after: shares, unearned }]
  })
  const safes = rests
    .filter(({ shares }) => shares > 0n)
    .map(({ equity, shares }) => {
      const after = numericOfWhole(shares)
      return { ...lineOf(equity, 'safe', 'SAFE for compute, not accrued'), after, unearned: after }
    })
  return [...tranches, ...safes]
}

const lineOf = (equity: ComputeEquity, kind: ProFormaLine['kind'], className: string): ProFormaLine => ({
  holderId: equity.stakeholderId,
  holder: equity.stakeholderName,
  kind,
  classId: null,
  className,
  before: 0n,
  after: 0n,
  unearned: 0n,
})

/** The lines of warrants without what is left out of them. */
export function withoutLeftOut(
  lines: readonly ProFormaLine[],
  { compute = [] }: Pick<Capitalization, 'compute'>,
  terms: Pick<PricedTerms, 'unearnedCompute'>,
): readonly ProFormaLine[] {
  if (countsUnearned(terms)) return lines
  const warrants = compute.filter(({ kind }) => kind === 'PENNY_WARRANT')
  return lines.map((line) => {
    if (line.kind !== 'warrant') return line
    const gone = warrants
      .filter(({ stakeholderId, classId }) => stakeholderId === line.holderId && (classId ?? null) === line.classId)
      .reduce((sum, { unearned }) => sum + unearned, 0n)
    return { ...line, before: line.before - gone, after: line.after - gone }
  })
}

/** One instrument for compute in a pro forma: what it is now, and the most that it may become. */
export type ProFormaComputeEquity = {
  readonly kind: ComputeEquity['kind']
  readonly holder: string
  readonly holderId: string | null
  readonly className: string
  /** True for what this round gives; false for what earlier ones gave. */
  readonly ofThisRound: boolean
  readonly earned: Numeric
  readonly maximum: Numeric
  /** Parts of all shares after the round, each to the nearest. */
  readonly earnedPart: Numeric
  readonly maximumPart: Numeric
  /** False where the terms leave what is not earned out of price and base. */
  readonly unearnedCounted: boolean
}

const KINDS = { PENNY_WARRANT: 'PENNY_WARRANT', SAFE: 'SAFE' } as const

/** Earned and maximum of every instrument for compute: what this round gives, then what earlier ones gave. */
export function computeEquityRows(
  capitalization: Pick<Capitalization, 'compute' | 'classes'>,
  terms: PricedTerms & { readonly unearned?: { readonly basis: string } | undefined },
  solved: Pick<ConvertibleRound, 'purchases' | 'sharesAfter'> & { readonly rests: readonly SolvedRest[] },
  conversions: readonly { readonly securityId: string; readonly shares: WholeShares }[],
): readonly ProFormaComputeEquity[] {
  const classes = new Map(capitalization.classes.map(({ id, name }) => [id, name]))
  const row = (of: Omit<ProFormaComputeEquity, 'earnedPart' | 'maximumPart'>): ProFormaComputeEquity => ({
    ...of,
    earnedPart: partOf(of.earned, solved.sharesAfter),
    maximumPart: partOf(of.maximum, solved.sharesAfter),
  })
  const { instrument, compute, security, unearned } = terms
  const form = instrument === undefined || instrument.kind === 'STOCK' ? undefined : KINDS[instrument.kind]
  const own = boughtForCompute(solved.purchases)
  const ofThis =
    compute === undefined || own === undefined
      ? []
      : [
          row({
            kind: form ?? (unearned?.basis === 'staged' ? 'STAGED' : 'STOCK'),
            holder: compute.holderName,
            holderId: compute.stakeholderId ?? null,
            className: form === 'SAFE' ? 'SAFE for compute' : security.className,
            ofThisRound: true,
            earned: 0n,
            maximum: numericOfWhole(own.shares),
            unearnedCounted: true,
          }),
        ]
  const counted = countsUnearned(terms)
  const earlier = (capitalization.compute ?? []).flatMap((equity) => {
    const { safe } = equity
    const converted = conversions.find(({ securityId }) => safe !== undefined && securityId === safe.securityId)
    const rest = solved.rests.find((each) => each.equity === equity)
    const earned = safe === undefined ? equity.earned : numericOfWhole(converted?.shares ?? 0n)
    // How many shares a SAFE that does not convert would become, this round cannot say.
    if (safe !== undefined && converted === undefined && rest === undefined) return []
    const more = safe === undefined ? equity.unearned : numericOfWhole(rest?.shares ?? 0n)
    return [
      row({
        kind: equity.kind,
        holder: equity.stakeholderName,
        holderId: equity.stakeholderId,
        className: safe === undefined ? (classes.get(equity.classId ?? '') ?? 'Stock') : 'SAFE for compute',
        ofThisRound: false,
        earned,
        maximum: earned + more,
        unearnedCounted: counted || equity.kind === 'STOCK',
      }),
    ]
  })
  return [...ofThis, ...earlier]
}
