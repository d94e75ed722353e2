/**
 * SAFEs and notes as the common that they would become in a sale, where no round names a price: by their caps alone. Pure.
 *
 * Source: Y Combinator post-money SAFE 1.2, "Liquidity Price" = cap / "Liquidity Capitalization", which counts all stock, what
 * may be exercised and all that converts, and not what plans hold for grants not made; the SAFE of 2013 to 2018 leaves
 * converting securities out.
 */
import { formatNumeric, type Money, NUMERIC_PLACES, type Numeric, rational, roundRational } from '../platform/index.ts'
import type { CapBase } from './conversion.ts'
import type { ConversionRatio } from './fully-diluted.ts'
import { recordedConversion } from './recorded-conversion.ts'
import type { CapTable, Security, StockClass } from './state.ts'

/** What a convertible is owed, and the common that it may take instead; 0 where it has no cap. */
export type AsConverted = { readonly amount: Numeric; readonly number: Numeric }

const ONE = 10n ** BigInt(NUMERIC_PLACES)

/**
 * `notes` says what is not counted: interest, which rounds and payoff letters work out, and caps that cannot be read.
 */
export function asConverted(
  table: CapTable,
  convertibles: readonly Security[],
): { readonly shares: ReadonlyMap<string, AsConverted>; readonly notes: readonly string[] } {
  const base = liquidityBase(table)
  const notes: string[] = []
  const read = convertibles.map((security) => {
    const said = recordedConversion(security.triggers)
    const amount = security.amount?.amount ?? 0n
    if (security.convertible === 'NOTE') notes.push(`${security.customId}: interest is not counted`)
    const capped = cappedBy(said.cap, said.capBase, security, notes)
    // A discount and no cap: worth the discounted price at any exit. Source: YC SAFE, "Discount Price".
    const owed =
      said.cap === undefined && said.discount !== undefined && said.discount < ONE
        ? (amount * ONE) / (ONE - said.discount)
        : amount
    return { security, amount, owed, capped }
  })
  // Post-money: each owns amount / cap of all there is, itself included, so all = base / (1 - sum of their parts).
  const before = read.filter(({ capped }) => capped !== undefined && capped.base !== 'POST_MONEY')
  const fixed = before.reduce(
    (sum, it) => sum + (it.capped === undefined ? 0n : (it.amount * base) / it.capped.valuation),
    0n,
  )
  const post = read.filter(({ capped }) => capped?.base === 'POST_MONEY')
  const parts = post.reduce((sum, it) => sum.add(rational(it.amount, it.capped?.valuation ?? 1n)), rational(0n))
  const over = parts.gte(rational(1n))
  if (over && post.length > 0)
    notes.push('post-money caps are so low that their SAFEs would own all: they are not converted')
  const all = over ? rational(0n) : rational(base + fixed, ONE).div(rational(1n).sub(parts))
  return {
    notes,
    shares: new Map(
      read.map(({ security, amount, owed, capped }): [string, AsConverted] => {
        if (capped === undefined) return [security.id, { amount: owed, number: 0n }]
        const number =
          capped.base === 'POST_MONEY'
            ? roundRational(all.mul(rational(amount, capped.valuation)), NUMERIC_PLACES, 'DOWN')
            : (amount * base) / capped.valuation
        return [security.id, { amount, number }]
      }),
    ),
  }
}

function cappedBy(
  cap: Money | undefined,
  base: CapBase | undefined,
  security: Security,
  notes: string[],
): { readonly valuation: Numeric; readonly base: CapBase } | undefined {
  if (cap === undefined || cap.amount <= 0n || cap.currency !== security.amount?.currency) return undefined
  if (base === undefined) {
    notes.push(
      `${security.customId}: its cap of ${cap.currency} ${formatNumeric(cap.amount)} does not say what it is divided by; it is read as post-money`,
    )
  }
  return { valuation: cap.amount, base: base ?? 'POST_MONEY' }
}

/** Stock as converted, and options and warrants that are outstanding, in common. */
function liquidityBase(table: CapTable): Numeric {
  let sum = 0n
  for (const { kind, classId, fixed, closedOn, outstanding } of table.securities.values()) {
    if (closedOn !== undefined || kind === 'convertible' || !fixed) continue
    const { numerator, denominator } = ratioOf(table.classes.get(classId ?? ''))
    sum += (outstanding * numerator) / denominator
  }
  return sum
}

/** Common per share of a class, as adjusted last. */
export function ratioOf(stock: Pick<StockClass, 'ratio' | 'item'> | undefined): ConversionRatio {
  const ratio = (stock?.ratio ?? stock?.item?.conversion_rights?.[0]?.conversion_mechanism)?.ratio
  if (ratio === undefined || ratio.numerator <= 0n || ratio.denominator <= 0n) return { numerator: 1n, denominator: 1n }
  return ratio
}
