/** What every issuance is made of: holder, class, number of the certificate, money as Open Cap Format writes it. Pure. */
import {
  formatNumeric,
  type Money,
  type Numeric,
  newId,
  numericOfWhole,
  type Uuid,
  type WholeShares,
} from '../../platform/index.ts'
import { TransactionRefused } from '../append-history.ts'
import type { JsonObject } from '../ocf/json.ts'
import type { CapTable } from './state.ts'

/** Who gets the shares: somebody on the cap table, or a legal name, which is looked up and added where it is not there yet. */
export type Recipient =
  | { readonly id: string }
  | { readonly legalName: string; readonly type?: 'INDIVIDUAL' | 'INSTITUTION' | undefined }

/** A class that the issuance creates. Numbers are {@link Numeric} where fractions make sense. */
export type NewStockClass = {
  readonly name: string
  readonly kind?: 'COMMON' | 'PREFERRED'
  /** Prefix of certificate numbers: "PS-". */
  readonly idPrefix: string
  readonly authorized: WholeShares
  /** A higher number is paid first, as in OCF. */
  readonly seniority: Numeric
  readonly votesPerShare: Numeric
  readonly liquidationPreferenceMultiple?: Numeric | undefined
  /** Multiple of the original price at which participation ends; absent where there is none. */
  readonly participationCapMultiple?: Numeric | undefined
  readonly parValue?: Money | undefined
  /** Original price; the price of the issuance where it is left out. */
  readonly pricePerShare?: Money | undefined
  /** The class it converts into, one to one; the only common class where there is exactly one. */
  readonly convertsToClassId?: string | undefined
}

export const money = ({ amount, currency }: Money): JsonObject => ({ amount: formatNumeric(amount), currency })

/** The stakeholder's id; one that is not there yet is added to `objects`. */
export function recipient(table: CapTable, who: Recipient, objects: JsonObject[]): string {
  if ('id' in who) {
    if (!table.stakeholders.has(who.id)) throw new TransactionRefused(['the stakeholder is not on the cap table'])
    return who.id
  }
  for (const holder of table.stakeholders.values())
    if (!holder.placeholder && holder.name === who.legalName) return holder.id
  const id = newId()
  objects.push({
    object_type: 'STAKEHOLDER',
    id,
    name: { legal_name: who.legalName },
    stakeholder_type: who.type ?? 'INSTITUTION',
  })
  return id
}

/** The class to issue and its prefix; a new one is added to `objects`. */
export function classFor(
  table: CapTable,
  stockClass: { readonly id: string } | NewStockClass,
  price: Money,
  objects: JsonObject[],
): { id: string; prefix: string } {
  if ('id' in stockClass) {
    const known = table.classes.get(stockClass.id)
    if (known === undefined) throw new TransactionRefused(['the stock class is not on the cap table'])
    return { id: known.id, prefix: known.item?.default_id_prefix ?? 'S-' }
  }
  const id = newId()
  objects.push(newClass(id, stockClass, stockClass.pricePerShare ?? price, convertsTo(table, stockClass)))
  return { id, prefix: stockClass.idPrefix }
}

function convertsTo(table: CapTable, { convertsToClassId: wanted, kind }: NewStockClass): string | undefined {
  if (kind === 'COMMON') return undefined
  if (wanted !== undefined) {
    if (!table.classes.has(wanted))
      throw new TransactionRefused(['the stock class to convert into is not on the cap table'])
    return wanted
  }
  const common = [...table.classes.values()].filter((it) => it.kind === 'COMMON' && !it.placeholder)
  return common.length === 1 ? common[0]?.id : undefined
}

function newClass(id: Uuid, it: NewStockClass, price: Money, target: string | undefined): JsonObject {
  return {
    object_type: 'STOCK_CLASS',
    id,
    name: it.name,
    class_type: it.kind ?? 'PREFERRED',
    default_id_prefix: it.idPrefix,
    initial_shares_authorized: formatNumeric(numericOfWhole(it.authorized)),
    votes_per_share: formatNumeric(it.votesPerShare),
    seniority: formatNumeric(it.seniority),
    price_per_share: money(price),
    ...(it.parValue === undefined ? {} : { par_value: money(it.parValue) }),
    ...(it.liquidationPreferenceMultiple === undefined
      ? {}
      : { liquidation_preference_multiple: formatNumeric(it.liquidationPreferenceMultiple) }),
    ...(it.participationCapMultiple === undefined
      ? {}
      : { participation_cap_multiple: formatNumeric(it.participationCapMultiple) }),
    ...(target === undefined ? {} : { conversion_rights: [oneToOne(price, target)] }),
  }
}

const oneToOne = (price: Money, target: string): JsonObject => ({
  type: 'STOCK_CLASS_CONVERSION_RIGHT',
  conversion_mechanism: {
    type: 'RATIO_CONVERSION',
    conversion_price: money(price),
    ratio: { numerator: '1', denominator: '1' },
    rounding_type: 'FLOOR',
  },
  converts_to_stock_class_id: target,
})

/** One more than the largest certificate number with this prefix. */
export function nextNumber(table: CapTable, prefix: string): bigint {
  let last = 0n
  for (const { customId } of table.securities.values()) {
    if (!customId.startsWith(prefix)) continue
    const rest = customId.slice(prefix.length)
    if (/^[0-9]{1,18}$/.test(rest) && BigInt(rest) > last) last = BigInt(rest)
  }
  return last + 1n
}

/** What goes on of a security that is reissued: `SAFE-4/2` of `SAFE-4`, and `SAFE-4/3` of that. */
export function nextCustomId(before: string): string {
  const [, base = before, count] = /^(.*?)(?:\/(\d{1,9}))?$/.exec(before) ?? []
  return `${base}/${count === undefined ? 2 : Number(count) + 1}`
}
