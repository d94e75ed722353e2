/** Single issuances of stock as other capabilities read them, without replaying the whole table. */
import { z } from 'zod'
import { type Money, numericOfWhole, parseNumeric, type Reader, type Uuid } from '../platform/index.ts'

/** An issuance of stock as it was recorded. */
export type StockIssuance = {
  readonly securityId: string
  /** The number of the certificate: `PS-12`. */
  readonly customId: string
  /** The OCF stock class; null of a SAFE. */
  readonly stockClassId: string | null
  readonly className: string
  /** Day of the issuance. */
  readonly on: string
  /** Shares issued, times 10^10. */
  readonly quantity: bigint
  /** Original issue price of one share. */
  readonly sharePrice: Money
}

const Item = z.object({
  custom_id: z.string(),
  date: z.string(),
  quantity: z.string(),
  share_price: z.object({ amount: z.string(), currency: z.string() }),
})
const LED: Readonly<Record<string, string>> = { PENNY_WARRANT: 'Warrant', STAGED: 'In tranches', SAFE: 'SAFE' }
const ClassItem = z.object({ name: z.string() })

/**
 * The issuances of these securities of a company, by security; those that are no stock are left out. Instruments for compute
 * that are no stock themselves count as the stock that they lead to: a series of tranches, a warrant. Three queries.
 */
export async function stockIssuances(
  reader: Reader,
  companyId: Uuid,
  securityIds: readonly string[],
): Promise<Map<string, StockIssuance>> {
  if (securityIds.length === 0) return new Map()
  const rows = await reader
    .selectFrom('securities_transaction')
    .select(['security_id', 'stock_class_id', 'item'])
    .where('company_id', '=', companyId)
    .where('object_type', '=', 'TX_STOCK_ISSUANCE')
    .where('status', '=', 'APPLIED')
    .where('security_id', 'in', [...securityIds])
    .execute()
  const instruments = await reader
    .selectFrom('compute_instrument')
    .select(['instrument_id', 'kind', 'stock_class_id', 'total_shares', 'share_price', 'currency', 'opened_at'])
    .where('company_id', '=', companyId)
    .where('instrument_id', 'in', [...securityIds])
    .execute()
  const classes = await reader
    .selectFrom('ocf_object')
    .distinctOn('object_id')
    .select(['object_id', 'item'])
    .where('company_id', '=', companyId)
    .where('object_type', '=', 'STOCK_CLASS')
    .where('object_id', 'in', [...new Set([...rows, ...instruments].map((row) => row.stock_class_id ?? '')), ''])
    .orderBy('object_id')
    .orderBy('version', 'desc')
    .execute()
  const names = new Map(classes.map((row) => [row.object_id, ClassItem.parse(row.item).name]))
  // Of a SAFE the unit is a cent: what stands for shares here counts its purchase amount.
  const led = instruments.map((row): [string, StockIssuance] => [
    row.instrument_id,
    {
      securityId: row.instrument_id,
      customId: LED[row.kind] ?? '',
      stockClassId: row.stock_class_id,
      className: row.stock_class_id === null ? 'SAFE for compute' : (names.get(row.stock_class_id) ?? ''),
      on: row.opened_at.slice(0, 10),
      quantity: numericOfWhole(row.total_shares),
      sharePrice: { amount: parseNumeric(row.share_price), currency: row.currency },
    },
  ])
  const issued = rows.map((row): [string, StockIssuance] => {
    const item = Item.parse(row.item)
    const securityId = row.security_id ?? ''
    return [
      securityId,
      {
        securityId,
        customId: item.custom_id,
        stockClassId: row.stock_class_id,
        className: names.get(row.stock_class_id ?? '') ?? '',
        on: item.date,
        quantity: parseNumeric(item.quantity),
        sharePrice: { amount: parseNumeric(item.share_price.amount), currency: item.share_price.currency },
      },
    ]
  })
  return new Map([...led, ...issued])
}
