/** SAFEs and notes become stock: one conversion and one issuance for each, all of a round in one piece of history. */
import {
  formatNumeric,
  type Money,
  newId,
  numericOfWhole,
  type Trx,
  type Uuid,
  type WholeShares,
} from '../../platform/index.ts'
import { appendToHistory, TransactionRefused } from '../append-history.ts'
import type { JsonObject } from '../ocf/json.ts'
import { classFor, money, type NewStockClass, nextNumber } from '../replay/issuance-pieces.ts'
import type { CapTable, Security } from '../replay/state.ts'

export type ConvertSecurities = {
  readonly companyId: Uuid
  readonly date: string
  /** What the event was, in words: "Series A of 2026-12-15". */
  readonly reason: string
  /** Classes by the caller's own name for each. Named again, a class is issued again. */
  readonly classes: ReadonlyMap<string, { readonly id: string } | NewStockClass>
  readonly conversions: readonly {
    readonly securityId: string
    /** Key of `classes`. */
    readonly into: string
    readonly shares: WholeShares
    readonly price: Money
    /** What converts: principal and interest. */
    readonly amount: Money
    readonly triggerId: string
    /** How the price came about, in words. */
    readonly words: string
  }[]
}

export type ConvertedSecurity = {
  readonly securityId: string
  readonly resultingSecurityId: Uuid
  readonly stockClassId: string
}

/**
 * Converts convertibles whole. The caller has checked who may do this, and computed the shares.
 *
 * @throws {NoCapTable}
 * @throws {TransactionRefused} when one is not there, is no convertible, is closed, or a class has too few authorised shares
 */
export async function convertSecurities(trx: Trx, convert: ConvertSecurities): Promise<readonly ConvertedSecurity[]> {
  return appendToHistory(trx, convert.companyId, (table) => {
    const objects: JsonObject[] = []
    const transactions: JsonObject[] = []
    const classes = new Map<string, { id: string; prefix: string; next: bigint }>()
    const result = convert.conversions.map((each): ConvertedSecurity => {
      const security = convertible(table, each.securityId)
      const into = classes.get(each.into) ?? classNamed(table, convert, each.into, each.price, objects)
      const resultingSecurityId = newId()
      transactions.push(
        conversionOf(convert, each, resultingSecurityId),
        issuanceOf(convert, each, { security, into, resultingSecurityId }),
      )
      classes.set(each.into, { ...into, next: into.next + 1n })
      return { securityId: each.securityId, resultingSecurityId, stockClassId: into.id }
    })
    return { add: { objects, transactions: transactions.map((item) => ({ item })) }, result }
  })
}

type Each = ConvertSecurities['conversions'][number]

function convertible(table: CapTable, securityId: string): Security {
  const security = table.securities.get(securityId)
  if (security?.kind !== 'convertible') throw new TransactionRefused(['the convertible is not on the cap table'])
  if (security.closedOn !== undefined) throw new TransactionRefused([`it was closed on ${security.closedOn}`])
  return security
}

function classNamed(table: CapTable, convert: ConvertSecurities, key: string, price: Money, objects: JsonObject[]) {
  const stockClass = convert.classes.get(key)
  if (stockClass === undefined) throw new RangeError(`no class ${key}`)
  const { id, prefix } = classFor(table, stockClass, price, objects)
  return { id, prefix, next: nextNumber(table, prefix) }
}

const conversionOf = (convert: ConvertSecurities, each: Each, resultingSecurityId: Uuid): JsonObject => ({
  object_type: 'TX_CONVERTIBLE_CONVERSION',
  id: newId(),
  date: convert.date,
  security_id: each.securityId,
  resulting_security_ids: [resultingSecurityId],
  reason_text: `${convert.reason}: ${each.words}`,
  trigger_id: each.triggerId,
})

const issuanceOf = (
  convert: ConvertSecurities,
  each: Each,
  made: { security: Security; into: { id: string; prefix: string; next: bigint }; resultingSecurityId: Uuid },
): JsonObject => ({
  object_type: 'TX_STOCK_ISSUANCE',
  id: newId(),
  date: convert.date,
  security_id: made.resultingSecurityId,
  custom_id: `${made.into.prefix}${made.into.next}`,
  stakeholder_id: made.security.stakeholderId,
  security_law_exemptions: [],
  stock_class_id: made.into.id,
  share_price: money(each.price),
  quantity: formatNumeric(numericOfWhole(each.shares)),
  cost_basis: money(each.amount),
  consideration_text: `Conversion of ${made.security.customId}`,
  stock_legend_ids: [],
})
