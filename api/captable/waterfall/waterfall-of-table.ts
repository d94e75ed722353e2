/** The waterfall that a cap table stands for: who holds what, with which preference, at which strike. Pure. */
import type { Numeric } from '../../platform/index.ts'
import { asConverted } from '../pricing/as-converted.ts'
import { ratioOf } from '../replay/conversion-ratio.ts'
import { notCounted } from '../replay/counted.ts'
import { afterSplits, type CapTable, type Security, type StockClass, vestedOutstanding } from '../replay/state.ts'
import { type WaterfallAssumptions, WaterfallRefused } from './waterfall-assumptions.ts'
import type { Participation, WaterfallClass, WaterfallConvertible, WaterfallInput } from './waterfall-terms.ts'

/** One who is paid: how the line of a waterfall is named. */
export type Payee = { readonly holderId: string; readonly holder: string; readonly what: string }
/** A waterfall with the names of its lines. Keys of `payees` are ids of options and convertibles. */
export type NamedWaterfall = {
  readonly input: WaterfallInput
  readonly currency: string
  /** By id of a holding: a stakeholder's id. */
  readonly holders: ReadonlyMap<string, string>
  readonly classNames: ReadonlyMap<string, string>
  readonly payees: ReadonlyMap<string, Payee>
  /** What was taken for granted, in words. */
  readonly notes: readonly string[]
}

/** The line of the carve-out. */
export const CARVE_OUT = 'Management carve-out'

/**
 * Preferred is paid as its class says: original price, multiple, a cap where it has one, else not participating. Stock that
 * has not vested is unearned. Options and warrants are exercised at their strike, but for what has expired.
 *
 * A right to appreciation that is settled in cash is a claim on the company for the value of a share less its base price: what
 * the holder of an option at that price makes. So it is paid as one, out of the proceeds that common shares, and takes part in
 * the last dollar; it is no share, and agreements that pay it as a debt, before all stock, are given as `debts`.
 *
 * @throws {WaterfallRefused} naming every class without a price, every currency that differs
 */
export function waterfallOf(table: CapTable, asOf: string, asked: WaterfallAssumptions): NamedWaterfall {
  const listed = [...table.securities.values()].filter(({ closedOn }) => closedOn === undefined)
  const open = listed.filter((security) => notCounted(security, asOf) !== 'EXPIRED')
  const expired = listed.filter((security) => !open.includes(security))
  const reasons = asked.classes
    .filter(({ classId }) => !table.classes.has(classId))
    .map(({ classId }) => `there is no stock class "${classId}"`)
  const classes = [...table.classes.values()].map((stock) => classOf(table, open, stock, asOf, asked, reasons))
  const { options, payees: ofOptions } = optionsOf(table, open, asOf, asked, reasons)
  const { convertibles, payees, notes } = convertiblesOf(table, open, asOf, asked, reasons)
  if (reasons.length > 0) throw new WaterfallRefused(reasons)
  const inCash = open.filter(({ settledInCash }) => settledInCash)
  const numberless = open.filter((it) => it.kind === 'warrant' && !it.fixed)
  return {
    input: {
      debts: asked.debts.map(({ name, ...debt }) => ({ id: name, ...debt })),
      carveOut: asked.carveOut === undefined ? undefined : { id: CARVE_OUT, ...asked.carveOut },
      convertibles,
      classes,
      options,
      places: 2,
    },
    currency: asked.currency,
    holders: new Map([...table.stakeholders.values()].map(({ id, name }) => [id, name])),
    classNames: new Map([...table.classes.values()].map(({ id, name }) => [id, name])),
    payees: new Map([...ofOptions, ...payees]),
    notes: [
      ...notes,
      ...expired.map(({ customId, lastDay }) => `${customId}: it expired on ${lastDay}, so it is not paid`),
      ...inCash.map(
        ({ customId }) =>
          `${customId}: settled in cash; paid as if exercised at its base price, with common and not before`,
      ),
      ...numberless.map(({ customId }) => `${customId}: a warrant without a number of its own is not counted`),
    ],
  }
}

function classOf(
  table: CapTable,
  open: readonly Security[],
  stock: StockClass,
  asOf: string,
  asked: WaterfallAssumptions,
  reasons: string[],
): WaterfallClass {
  const own = open.filter(({ kind, classId }) => kind === 'stock' && classId === stock.id)
  const holdings = Map.groupBy(own, ({ stakeholderId }) => stakeholderId)
  const lines = [...holdings].map(([id, securities]) => {
    const shares = securities.reduce((sum, { outstanding }) => sum + outstanding, 0n)
    const vested = securities.reduce((sum, security) => sum + vestedOutstanding(table, security, asOf), 0n)
    if (vested === shares) return { id, shares }
    return { id, shares, unearned: { shares: shares - vested, treatment: asked.unearned } }
  })
  const preference = preferenceOf(stock, own, asked, reasons)
  return { id: stock.id, ratio: ratioOf(stock), preference, holdings: lines }
}

function preferenceOf(
  stock: StockClass,
  own: readonly Security[],
  asked: WaterfallAssumptions,
  reasons: string[],
): WaterfallClass['preference'] {
  if (stock.kind === 'COMMON') return undefined
  const said = asked.classes.find(({ classId }) => classId === stock.id)
  const price = said?.price ?? priceOf(stock, own, asked.currency, reasons)
  if (price === undefined) {
    if (own.length > 0) reasons.push(`${stock.name} has no original issue price: give one`)
    return undefined
  }
  return {
    price,
    multiple: stock.item?.liquidation_preference_multiple ?? 10n ** 10n,
    accrued: said?.accrued,
    seniority: stock.item?.seniority ?? 0n,
    participation: participationOf(stock, said),
  }
}

/** The class's own price; or the one price at which all of it was issued. */
function priceOf(
  stock: StockClass,
  own: readonly Security[],
  currency: string,
  reasons: string[],
): Numeric | undefined {
  const issued = new Map(
    own.flatMap((security) => {
      const price = security.price && afterSplits(security.price, security)
      return price === undefined ? [] : [[`${price.amount} ${price.currency}`, price]]
    }),
  )
  const original = stock.item?.price_per_share
  const price = original ? afterSplits(original, stock) : issued.size === 1 ? [...issued.values()][0] : undefined
  if (price !== undefined && price.currency !== currency) {
    reasons.push(`${stock.name} is priced in ${price.currency}, the exit in ${currency}`)
  }
  return price?.amount
}

function participationOf(stock: StockClass, said: WaterfallAssumptions['classes'][number] | undefined): Participation {
  const cap = said?.capMultiple ?? stock.item?.participation_cap_multiple
  if (said?.participation !== undefined && said.participation !== 'CAPPED') return { kind: said.participation }
  return cap === undefined ? { kind: 'NONE' } : { kind: 'CAPPED', multiple: cap }
}

function optionsOf(
  table: CapTable,
  open: readonly Security[],
  asOf: string,
  asked: WaterfallAssumptions,
  reasons: string[],
): Pick<WaterfallInput, 'options'> & { readonly payees: ReadonlyMap<string, Payee> } {
  const sums = new Map<string, { shares: Numeric; strike: Numeric; payee: Payee }>()
  for (const security of open) {
    if (security.kind !== 'equity' && security.kind !== 'warrant') continue
    if (!security.fixed) continue
    const shares = asked.unvestedOptions ? security.outstanding : vestedOutstanding(table, security, asOf)
    const { numerator, denominator } = ratioOf(table.classes.get(security.classId ?? ''))
    if (security.price !== undefined && security.price.currency !== asked.currency) {
      reasons.push(`${security.customId} is exercised in ${security.price.currency}, the exit is in ${asked.currency}`)
    }
    // What stands for preferred is counted as the common that it converts into.
    const { splitNumerator, splitDenominator } = security
    const strike = ((security.price?.amount ?? 0n) * denominator * splitDenominator) / (numerator * splitNumerator)
    const id = JSON.stringify([security.kind, security.stakeholderId, String(strike), security.settledInCash])
    const known = sums.get(id)
    const payee = {
      holderId: security.stakeholderId,
      holder: table.stakeholders.get(security.stakeholderId)?.name ?? security.stakeholderId,
      what: security.settledInCash ? 'Rights to appreciation' : security.kind === 'equity' ? 'Options' : 'Warrants',
    }
    sums.set(id, { shares: (known?.shares ?? 0n) + (shares * numerator) / denominator, strike, payee })
  }
  const some = [...sums].filter(([, { shares }]) => shares > 0n)
  return {
    options: some.map(([id, { shares, strike }]) => ({ id, shares, strike })),
    payees: new Map(some.map(([id, { payee }]) => [id, payee])),
  }
}

/**
 * The order of SAFEs and notes, exactly:
 *
 * - a note stands before all stock, by its own `seniority`, 1 first; equal ones share in proportion
 * - while any preferred is outstanding, every SAFE (and other convertible that is no note) stands with the preferred that is paid
 *   first, as the YC SAFE says of itself ("on par with ... Preferred Stock"): all in one tier, whatever their own `seniority` is.
 *   Where those differ, a note of the sale says so
 * - where no preferred is outstanding, SAFEs stand in the same order as notes, by their `seniority`
 *
 * Source: YC SAFE 1.2, section 1(d), "Liquidation Priority"; Open Cap Format 1.2.0, `ConvertibleIssuance.seniority`.
 */
function convertiblesOf(
  table: CapTable,
  open: readonly Security[],
  asOf: string,
  asked: WaterfallAssumptions,
  reasons: string[],
): { convertibles: WaterfallConvertible[]; payees: ReadonlyMap<string, Payee>; notes: string[] } {
  const own = open.filter(({ kind }) => kind === 'convertible')
  for (const { customId, amount } of own) {
    if (amount !== undefined && amount.currency !== asked.currency)
      reasons.push(`${customId} is in ${amount.currency}, the exit in ${asked.currency}`)
  }
  const { shares, notes } = asConverted(table, own, asOf)
  const preferred = [...table.classes.values()].filter(
    ({ kind, outstanding }) => kind === 'PREFERRED' && outstanding > 0n,
  )
  const first = preferred.map(({ item }) => item?.seniority ?? 0n).reduce((most, it) => (it > most ? it : most), 0n)
  const convertibles = own.map((security): WaterfallConvertible => {
    const { amount = 0n, number = 0n } = shares.get(security.id) ?? {}
    const withStock = security.convertible !== 'NOTE' && preferred.length > 0
    const standing = withStock
      ? ({ kind: 'WITH_STOCK', seniority: first } as const)
      : ({ kind: 'BEFORE_STOCK', seniority: security.seniority ?? 1 } as const)
    return { id: security.id, amount, shares: number, standing }
  })
  const payees = new Map(
    own.map((security): [string, Payee] => [
      security.id,
      {
        holderId: security.stakeholderId,
        holder: table.stakeholders.get(security.stakeholderId)?.name ?? security.stakeholderId,
        what: `${security.convertible === 'NOTE' ? 'Note' : 'SAFE'} ${security.customId}`,
      },
    ]),
  )
  return { convertibles, payees, notes: own.length === 0 ? [] : [...notes, ...levelled(own, preferred.length > 0)] }
}

/** That SAFEs of different seniority stand together, where they do. */
function levelled(own: readonly Security[], beside: boolean): readonly string[] {
  const safes = own.filter(({ convertible }) => convertible !== 'NOTE')
  if (!beside || new Set(safes.map(({ seniority }) => seniority)).size < 2) return []
  const names = safes.map(({ customId, seniority }) => `${customId} (${seniority})`).join(', ')
  return [`${names}: of different seniority, and paid together, with the preferred that is paid first, as SAFEs say`]
}
