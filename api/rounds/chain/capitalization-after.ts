/** The cap table that a round makes of another: what the next round of a chain stands on. Pure. */
import type { Capitalization, CapitalizationHolding, CapitalizationPool } from '../../captable/index.ts'
import { type Numeric, numericOfWhole, type WholeShares } from '../../platform/index.ts'
import { boughtForCash, boughtForCompute } from '../pro-forma/named-purchases.ts'
import type { ProFormaLine } from '../pro-forma/pro-forma-lines.ts'
import type { RoundOverTable } from '../pro-forma/round-over-table.ts'
import { allComputeTokens } from '../terms/consideration.ts'
import type { PricedTerms } from '../terms/priced-terms.ts'
import { standardClass } from '../terms/standard-class.ts'
import { purchaseCents } from '../terms/terms-safe.ts'
import { type ChainGrant, chainSafe, standing } from './chain-grant.ts'
import type { ChainRound } from './chain-shape.ts'
import { computeAfter, grantsAfter } from './rests-after.ts'

/** What the round issues, or for compute opens: to whom, of which class. */
type Issue = {
  readonly what: string
  readonly holderId: string | undefined
  readonly holder: string
  /** OCF id; `undefined` for a class that the round creates. */
  readonly classId: string | undefined
  readonly className: string
  readonly shares: WholeShares
}

/** Id of the security or the instrument that a round of this name gives for compute. */
const computeSecurityId = (name: string): string => `${name}: compute`

/** Under whom options that a round promises stand afterwards. */
const PROMISED = 'Promised options'

/** What the next round stands on: the cap table, and what rounds of the chain have given for compute, which it contains. */
export type ChainState = { readonly table: Capitalization; readonly grants: readonly ChainGrant[] }

/**
 * The cap table after a round. Who comes in, and what the round creates, is known by its name from then on: later terms name
 * a holder or a class by that, where a cap table from a package has an id. What converted is gone; options that were promised
 * count as granted; what was given for compute is there, unearned.
 */
export function stateAfter(
  { table: before, grants }: ChainState,
  link: ChainRound,
  round: RoundOverTable,
  at: number,
): ChainState {
  const { terms } = link
  const issues = issuesOf(terms, round).filter(({ shares }) => shares > 0n)
  const forCompute = computeOf(link, round)
  const holderIds = new Set([...before.holdings, ...(before.compute ?? [])].map(({ stakeholderId }) => stakeholderId))
  const classIds = new Set(before.classes.map(({ id }) => id))
  const classIdOf = (of: Pick<Issue, 'classId' | 'className'>) => of.classId ?? freshId(of.className, classIds)
  const holderIdOf = (of: Pick<Issue, 'holderId' | 'holder'>) => of.holderId ?? freshId(of.holder, holderIds)
  const converted = new Set(round.conversions.map(({ securityId }) => securityId))
  const standard = standardClass(terms)
  const rests = {
    ...{ terms, solution: round.solution },
    classId: classIdOf({ classId: standard.stockClassId, className: standard.className }),
  }
  const { compute = [] } = before
  const holdings = [
    ...before.holdings
      .filter(({ securityId }) => !converted.has(securityId))
      .map((holding) => priced(holding, round, classIdOf)),
    ...issues.map((issue) => ({
      ...{ securityId: `${terms.name}: ${issue.what}`, stakeholderName: issue.holder, kind: 'stock' as const },
      ...{ stakeholderId: holderIdOf(issue), classId: classIdOf(issue), quantity: numericOfWhole(issue.shares) },
      unvested: 0n,
    })),
    ...promisedOf(terms),
  ]
  const pools = poolsAfter(before.pools, round.lines())
  const table = {
    asOf: terms.closingDate > before.asOf ? terms.closingDate : before.asOf,
    classes: classesAfter(before, [...issues, ...classOpened(forCompute, link)], classIdOf),
    ...{
      holdings,
      uncounted: before.uncounted,
      pools,
      founders: before.founders,
      compute: computeAfter(compute, rests),
    },
    fullyDiluted: [...holdings.map(({ quantity }) => quantity), ...pools.map(({ available }) => available)].reduce(
      (sum, quantity) => sum + quantity,
      0n,
    ),
  }
  const known = grantsAfter(grants, compute, rests)
  const all = forCompute === undefined ? known : [...known, grantOf(forCompute, link, at, { classIdOf, holderIdOf })]
  return { table: standing(table, all, at), grants: all }
}

/** A warrant whose price the round has fixed is one for a number of shares from then on. */
function priced(
  holding: CapitalizationHolding,
  { warrants }: RoundOverTable,
  classIdOf: (of: Pick<Issue, 'classId' | 'className'>) => string,
): CapitalizationHolding {
  const found = warrants.find(({ securityId }) => securityId === holding.securityId)
  if (holding.kind !== 'warrant' || found === undefined) return holding
  const classId = classIdOf({ classId: found.classId ?? undefined, className: found.className })
  return { ...holding, classId, fixed: true, quantity: numericOfWhole(found.shares) }
}

/** A name as an id. The name of somebody new may be the id of somebody else: then it is told apart. */
const freshId = (name: string, taken: ReadonlySet<string>): string =>
  taken.has(name) ? freshId(`new ${name}`, taken) : name

function issuesOf(terms: PricedTerms, { solution, conversions, rights }: RoundOverTable): readonly Issue[] {
  const standard = standardClass(terms)
  const cash = { classId: standard.stockClassId, className: standard.className }
  const bought = boughtForCash(solution.purchases, terms)
  return [
    ...conversions.map((each) => ({
      ...{ ...cash, what: `conversion of ${each.securityId}`, holderId: each.holderId, holder: each.holder },
      ...{ classId: each.classId ?? undefined, className: each.className, shares: each.shares },
    })),
    ...terms.cashInvestors.map(({ name, stakeholderId }, index) => ({
      ...{ ...cash, what: `cash ${index + 1}`, holderId: stakeholderId, holder: name },
      shares: bought[index]?.shares ?? 0n,
    })),
    ...rights.map(({ holder, holderId, shares }, index) => ({
      ...{ ...cash, what: `right ${index + 1}`, holderId, holder, shares },
    })),
  ]
}

/** What compute buys in a round, or for a SAFE its cents; `undefined` in a round for cash alone. */
function computeOf(link: ChainRound, { solution }: RoundOverTable): Issue | undefined {
  if (link.kind === 'CASH') return undefined
  const { compute, security } = link.terms
  return {
    ...{ what: 'compute', holderId: compute.stakeholderId, holder: compute.holderName },
    ...{ classId: security.stockClassId, className: security.className },
    shares: boughtForCompute(solution.purchases)?.shares ?? 0n,
  }
}

/** The class that compute buys is there from the round on, also where its shares are not issued; a SAFE has none. */
const classOpened = (issue: Issue | undefined, { terms }: ChainRound): readonly Issue[] =>
  issue === undefined || ('instrument' in terms && terms.instrument?.kind === 'SAFE') ? [] : [{ ...issue, shares: 0n }]

function grantOf(
  { holder, holderId, classId, className, shares }: Issue,
  link: ChainRound,
  round: number,
  ids: {
    readonly classIdOf: (of: Pick<Issue, 'classId' | 'className'>) => string
    readonly holderIdOf: (of: Pick<Issue, 'holderId' | 'holder'>) => string
  },
): ChainGrant {
  if (link.kind === 'CASH') throw new TypeError('a round for cash alone gives nothing for compute')
  const { terms, delivered } = link
  const { instrument, unearned } = terms
  const common = {
    ...{ round, delivered, instrumentId: computeSecurityId(terms.name), tokens: allComputeTokens(terms) },
    ...{ stakeholderId: ids.holderIdOf({ holderId, holder }), stakeholderName: holder },
  }
  if (instrument?.kind === 'SAFE') {
    const of = { cents: purchaseCents(terms.compute), currency: terms.compute.referencePrice.currency }
    return { ...common, gives: chainSafe(instrument, of) }
  }
  const form = unearned.basis === 'staged' ? 'STAGED' : 'STOCK'
  const kind = instrument?.kind === 'PENNY_WARRANT' ? 'PENNY_WARRANT' : form
  return { ...common, gives: { kind, classId: ids.classIdOf({ classId, className }), shares } }
}

function classesAfter(
  { classes }: Capitalization,
  issues: readonly Issue[],
  classIdOf: (issue: Issue) => string,
): Capitalization['classes'] {
  const issued = Map.groupBy(issues, classIdOf)
  const sharesOf = (id: string): Numeric =>
    (issued.get(id) ?? []).reduce((sum, { shares }) => sum + numericOfWhole(shares), 0n)
  const known = classes.map((each) => ({ ...each, outstanding: each.outstanding + sharesOf(each.id) }))
  const added = [...issued].filter(([id]) => !classes.some((each) => each.id === id))
  return [
    ...known,
    ...added.map(([id, of]) => ({
      ...{ id, name: of[0]?.className ?? id, kind: 'PREFERRED' as const, outstanding: sharesOf(id) },
      // What a new class may issue is written with the round that creates it, and again with the next one that sells it.
      authorized: 'UNLIMITED' as const,
    })),
  ]
}

/** What plans have to grant after the round: as the lines of its table say. */
function poolsAfter(
  pools: readonly CapitalizationPool[],
  lines: readonly ProFormaLine[],
): readonly CapitalizationPool[] {
  const rows = lines.filter(({ kind }) => kind === 'pool')
  const kept = pools.map((pool) => {
    const row = rows.find(({ holderId }) => holderId === pool.planId)
    if (row === undefined) return pool
    return { ...pool, reserved: pool.reserved + row.after - row.before, available: row.after }
  })
  const planIds = new Set(pools.map(({ planId }) => planId))
  const added = rows.filter(({ holderId }) => holderId === null)
  return [
    ...kept,
    ...added.map(({ holder, after }) => ({
      ...{ planId: freshId(holder, planIds), name: holder, classIds: [], reserved: after, available: after },
    })),
  ]
}

function promisedOf({
  name,
  promisedOptions: promised,
}: PricedTerms & { readonly name: string }): readonly CapitalizationHolding[] {
  if (promised === undefined) return []
  const quantity = numericOfWhole(promised.shares)
  const nobody = { stakeholderId: PROMISED, stakeholderName: PROMISED, planId: undefined, classId: undefined }
  return [{ ...nobody, kind: 'option', securityId: `${name}: promised options`, quantity, unvested: quantity }]
}
