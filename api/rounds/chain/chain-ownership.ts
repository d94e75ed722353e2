/** Who owns how much at each stage of a chain: everything that is issued, and what of it is earned. Pure. */
import type { Capitalization } from '../../captable/index.ts'
import type { Numeric } from '../../platform/index.ts'
import { dilutionOf } from '../pro-forma/pro-forma-rows.ts'
import { partOf, partsOfWhole } from '../terms/parts.ts'

/** A holder or a pool. */
export type ChainOwner = {
  /** OCF id of the stakeholder or plan; the name of whoever comes in with the chain. */
  readonly holderId: string
  readonly holder: string
  /** Reserved and not granted: nobody's yet. */
  readonly isPool: boolean
  /** Whether the company's data calls it a founder. */
  readonly isFounder: boolean
}

/** What one owner has at a stage. Parts are of 1, to ten places; over all owners each column adds up to exactly 1. */
export type ChainHolding = {
  /** Everything issued to it, unearned shares included: the maximum. */
  readonly shares: Numeric
  readonly unearned: Numeric
  /** Of all shares, unearned ones included. */
  readonly part: Numeric
  /** Of all shares without the unearned ones: what it has if nothing more is ever earned. */
  readonly earnedPart: Numeric
  /** 1 minus this part / the part before the first round; negative for who gains; `null` for who had nothing then. */
  readonly dilution: Numeric | null
}

export type ChainStage = {
  readonly asOf: string
  readonly shares: Numeric
  readonly unearned: Numeric
  /** One for each owner of the chain, in their order. */
  readonly holdings: readonly ChainHolding[]
  /** What the founders have together, each part to the nearest; `null` where the company's data names none who has anything. */
  readonly founders: ChainHolding | null
}

/** @param tables before the first round, and after each: what was given for compute as it stands at that closing */
export function stagesOf(tables: readonly Capitalization[]): {
  readonly owners: readonly ChainOwner[]
  readonly stages: readonly ChainStage[]
} {
  const found = tables.map(ownedIn)
  const known = new Map<string, Owner>()
  for (const table of found) for (const [key, { owner }] of table) if (!known.has(key)) known.set(key, owner)
  const founders = new Set(tables[0]?.founders)
  const owners = [...known]
    .toSorted(([, one], [, other]) => Number(one.isPool) - Number(other.isPool))
    .map(([key, owner]) => [key, { ...owner, isFounder: !owner.isPool && founders.has(owner.holderId) }] as const)
  const total = (numbers: readonly Numeric[]): Numeric => numbers.reduce((sum, number) => sum + number, 0n)
  const first = owners.map(([key]) => found[0]?.get(key)?.shares ?? 0n)
  const stages = tables.map(({ asOf, compute = [] }, stage): ChainStage => {
    const shares = owners.map(([key]) => found[stage]?.get(key)?.shares ?? 0n)
    const waiting = owners.map(([, owner]) => (owner.isPool ? 0n : unearnedOf(compute, owner.holderId)))
    const parts = partsOfWhole(shares)
    const earned = partsOfWhole(shares.map((own, at) => own - (waiting[at] ?? 0n)))
    const totals = { before: total(first), after: total(shares) }
    const holding = (places: readonly number[]): ChainHolding => {
      const sum = (numbers: readonly Numeric[]): Numeric => total(places.map((at) => numbers[at] ?? 0n))
      const [own, before] = [sum(shares), sum(first)]
      return {
        ...{ shares: own, unearned: sum(waiting) },
        ...(places.length === 1
          ? { part: sum(parts), earnedPart: sum(earned) }
          : {
              part: partOf(own, totals.after),
              earnedPart: partOf(own - sum(waiting), totals.after - total(waiting)),
            }),
        dilution: before === 0n ? null : dilutionOf({ before, after: own }, totals),
      }
    }
    const ofFounders = owners.flatMap(([, { isFounder }], at) => (isFounder ? [at] : []))
    return {
      asOf,
      shares: totals.after,
      unearned: total(waiting),
      holdings: owners.map((_, at) => holding([at])),
      founders: ofFounders.length === 0 ? null : holding(ofFounders),
    }
  })
  return { owners: owners.map(([, owner]) => owner), stages }
}

/** What a holder has been given for compute and has not earned: stock, warrants, and tranches that are not issued. */
const unearnedOf = (compute: NonNullable<Capitalization['compute']>, holderId: string): Numeric =>
  compute.reduce((sum, { stakeholderId, unearned }) => (stakeholderId === holderId ? sum + unearned : sum), 0n)

type Owner = Omit<ChainOwner, 'isFounder'>
type Owned = Map<string, { readonly owner: Owner; readonly shares: Numeric }>

/** A SAFE is nobody's share until a round converts it; tranches count whole, as a right that nobody can take back. */
function ownedIn({ holdings, pools, compute = [] }: Capitalization): Owned {
  const owned: Owned = new Map()
  const add = (owner: Owner, shares: Numeric) => {
    if (shares === 0n) return
    const key = JSON.stringify([owner.isPool, owner.holderId])
    owned.set(key, { owner, shares: shares + (owned.get(key)?.shares ?? 0n) })
  }
  for (const { kind, stakeholderId, stakeholderName, quantity } of holdings) {
    if (kind !== 'convertible') add({ holderId: stakeholderId, holder: stakeholderName, isPool: false }, quantity)
  }
  for (const { kind, stakeholderId, stakeholderName, toIssue, unearned } of compute) {
    if (kind !== 'STAGED') continue
    add({ holderId: stakeholderId, holder: stakeholderName, isPool: false }, toIssue + unearned)
  }
  for (const { planId, name, available } of pools) add({ holderId: planId, holder: name, isPool: true }, available)
  return owned
}
