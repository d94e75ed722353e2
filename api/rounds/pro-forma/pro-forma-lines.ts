/** The lines of a pro forma: one per holder and class, before and after. */
import type { Capitalization, CapitalizationHolding, ConvertibleRound, PurchaseResult } from '../../captable/index.ts'
import { type Numeric, numericOfWhole } from '../../platform/index.ts'
import type { PricedTerms } from '../terms/priced-terms.ts'
import type { SecurityTerms } from '../terms/terms.ts'
import { boughtForCash, boughtForCompute } from './named-purchases.ts'

/** What one holder has of one class, or one pool. `after` includes `unearned`. */
export type ProFormaLine = {
  /** OCF id of the stakeholder or plan; `null` for whoever the round brings in. */
  readonly holderId: string | null
  readonly holder: string
  /**
   * `promised`: options in offers, not granted yet. `safe`: what a SAFE for compute
   * would become. `tranche`: stock for compute that is to be issued.
   */
  readonly kind: 'stock' | 'option' | 'warrant' | 'safe' | 'tranche' | 'pool' | 'promised'
  /** OCF id of the class; `null` for a class that the round creates, and for what has none. */
  readonly classId: string | null
  readonly className: string
  readonly before: Numeric
  readonly after: Numeric
  readonly unearned: Numeric
}

/** The name of the line for a pool increase where the company has no plan that could take it. */
const NEW_POOL = 'Option pool increase'

/** Live securities by holder and class, in the order in which they first occur, then what plans reserve and did not grant. */
export function linesBefore(capitalization: Capitalization): readonly ProFormaLine[] {
  const classNames = new Map(capitalization.classes.map(({ id, name }) => [id, name]))
  const planNames = new Map(capitalization.pools.map(({ planId, name }) => [planId, name]))
  const lines = capitalization.holdings
    .filter((holding) => holding.kind !== 'convertible' && holding.quantity > 0n)
    .map((holding): ProFormaLine => {
      const classId = (holding.kind === 'convertible' ? undefined : holding.classId) ?? null
      return {
        holderId: holding.stakeholderId,
        holder: holding.stakeholderName,
        kind: holding.kind === 'convertible' ? 'stock' : holding.kind,
        classId,
        className: className(holding, classNames, planNames),
        before: holding.quantity,
        after: holding.quantity,
        unearned: 0n,
      }
    })
  const pools = capitalization.pools
    .filter(({ available }) => available !== 0n)
    .map(
      ({ planId, name, available }): ProFormaLine => ({
        ...poolLine(planId, name),
        before: available,
        after: available,
      }),
    )
  return merged([...lines, ...pools])
}

function className(
  holding: CapitalizationHolding,
  classNames: ReadonlyMap<string, string>,
  planNames: ReadonlyMap<string, string>,
): string {
  if (holding.kind === 'option') {
    const plan = holding.planId === undefined ? undefined : planNames.get(holding.planId)
    return plan === undefined ? 'Options' : `Options, ${plan}`
  }
  const name = 'classId' in holding && holding.classId !== undefined ? classNames.get(holding.classId) : undefined
  if (holding.kind === 'warrant') return name === undefined ? 'Warrants' : `Warrants, ${name}`
  return name ?? 'Stock'
}

const poolLine = (planId: string | null, holder: string): ProFormaLine => ({
  holderId: planId,
  holder,
  kind: 'pool',
  classId: null,
  className: 'Reserved, not granted',
  before: 0n,
  after: 0n,
  unearned: 0n,
})

/** The lines with what converted, the round's shares and pool increase. The increase goes to the plan that has most to grant. */
export function linesAfter(
  before: readonly ProFormaLine[],
  terms: PricedTerms,
  { purchases, poolIncrease }: Pick<ConvertibleRound, 'purchases' | 'poolIncrease'>,
  converted: readonly ProFormaLine[] = [],
): readonly ProFormaLine[] {
  const { compute, security, cashSecurity } = terms
  type Buyer = { readonly name: string; readonly stakeholderId?: string | undefined }
  const issued = (
    { name, stakeholderId: id }: Buyer,
    of: SecurityTerms,
    bought?: Pick<PurchaseResult, 'shares'>,
  ): ProFormaLine => ({
    holderId: id ?? null,
    holder: name,
    kind: 'stock',
    classId: of.stockClassId ?? null,
    className: of.className,
    before: 0n,
    after: numericOfWhole(bought?.shares ?? 0n),
    unearned: 0n,
  })
  const forCompute = (): ProFormaLine[] => {
    if (compute === undefined) return []
    const fund = { name: compute.holderName, stakeholderId: compute.stakeholderId }
    const line = inItsForm(issued(fund, security, boughtForCompute(purchases)), terms)
    return [{ ...line, unearned: line.after }]
  }
  const forCash = boughtForCash(purchases, terms)
  const added = [
    ...forCompute(),
    ...terms.cashInvestors.map((investor, index) => issued(investor, cashSecurity ?? security, forCash[index])),
  ]
  const isPool = ({ kind }: ProFormaLine): boolean => kind === 'pool' || kind === 'promised'
  const pools = before.filter(isPool)
  const increase =
    poolIncrease === 0n
      ? []
      : [
          {
            ...(largest(pools.filter(({ kind }) => kind === 'pool')) ?? poolLine(null, NEW_POOL)),
            before: 0n,
            after: numericOfWhole(poolIncrease),
          },
        ]
  return merged([...before.filter((line) => !isPool(line)), ...converted, ...added, ...pools, ...increase])
}

/** The line of what compute buys, by the form that the terms give it. */
function inItsForm(
  stock: ProFormaLine,
  { instrument, security }: Pick<PricedTerms, 'instrument' | 'security'>,
): ProFormaLine {
  if (instrument?.kind === 'PENNY_WARRANT') {
    return { ...stock, kind: 'warrant', className: `Warrants, ${security.className}` }
  }
  if (instrument?.kind === 'SAFE') return { ...stock, kind: 'safe', classId: null, className: 'SAFE for compute' }
  return stock
}

const largest = (pools: readonly ProFormaLine[]): ProFormaLine | undefined =>
  pools.reduce<ProFormaLine | undefined>(
    (most, pool) => (most !== undefined && most.after >= pool.after ? most : pool),
    undefined,
  )

/**
 * Lines with the options that terms promise: out of what plans hold, the largest first, or on top of it.
 */
export function withPromised(
  lines: readonly ProFormaLine[],
  { promisedOptions: promised }: PricedTerms,
): readonly ProFormaLine[] {
  if (promised === undefined) return lines
  const shares = numericOfWhole(promised.shares)
  const own: ProFormaLine = {
    ...poolLine(null, 'Promised options'),
    kind: 'promised',
    className: 'Promised, not granted',
    before: shares,
    after: shares,
  }
  if (promised.from === 'ON_TOP') return [...lines, own]
  let left = shares
  const pools = lines.filter(({ kind }) => kind === 'pool').toSorted((one, two) => (one.after > two.after ? -1 : 1))
  const reduced = new Map<ProFormaLine, ProFormaLine>()
  for (const pool of pools) {
    const taken = pool.after < left ? pool.after : left
    left -= taken
    reduced.set(pool, { ...pool, before: pool.before - taken, after: pool.after - taken })
  }
  return [...lines.map((line) => reduced.get(line) ?? line), own]
}

/** Lines of one holder, kind and class become one; the first one's place, id and name stay. */
function merged(lines: readonly ProFormaLine[]): readonly ProFormaLine[] {
  const byKey = new Map<string, ProFormaLine>()
  for (const line of lines) {
    const key = JSON.stringify([
      line.holderId ?? ['new', line.holder],
      line.kind,
      line.classId ?? ['new', line.className],
    ])
    const known = byKey.get(key)
    byKey.set(
      key,
      known === undefined
        ? line
        : {
            ...known,
            before: known.before + line.before,
            after: known.after + line.after,
            unearned: known.unearned + line.unearned,
          },
    )
  }
  return [...byKey.values()]
}
