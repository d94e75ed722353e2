/** In which order a company's lots are drawn, as signed: kept by class, never changed, in force from a day on. */
import { instant, newId, type Reader, type Trx, today, type Uuid } from '../platform/index.ts'
import type { DrawOrder } from './draw.ts'

export type AgreedDrawOrder = {
  readonly companyId: Uuid
  readonly tokenClassId: Uuid
  readonly order: DrawOrder
  /** The first day on which it holds. */
  readonly effectiveOn: string
  /** Global id of the signed document that says so. */
  readonly source: string
}

/**
 * Records the order that a signed document agrees on. It holds for all lots of the class from its day on, also for those
 * that an earlier document opened: what is agreed last holds (docs/ledger.md). What is held already stays as it was drawn.
 */
export async function agreeDrawOrder(trx: Trx, agreed: AgreedDrawOrder): Promise<void> {
  await trx
    .insertInto('draw_order_term')
    .values({
      company_id: agreed.companyId,
      token_class_id: agreed.tokenClassId,
      term_id: newId(),
      effective_on: agreed.effectiveOn,
      draw_order: agreed.order,
      source: agreed.source,
      recorded_at: await instant(trx),
    })
    .execute()
}

/** The orders in force today, by class; a class of which none was agreed is left out. */
export async function drawOrders(reader: Reader, companyId: Uuid): Promise<ReadonlyMap<Uuid, DrawOrder>> {
  const orders = (await drawOrdersOf(reader, [companyId])).get(companyId) ?? []
  return new Map(orders.map(({ tokenClassId, order }) => [tokenClassId, order]))
}

/** The orders in force today of each of these companies, with the documents that say so. */
export async function drawOrdersOf(reader: Reader, companyIds: readonly Uuid[]): Promise<Map<Uuid, AgreedDrawOrder[]>> {
  const orders = new Map<Uuid, AgreedDrawOrder[]>(companyIds.map((id) => [id, []]))
  if (orders.size === 0) return orders
  const rows = await reader
    .selectFrom('draw_order_term')
    .distinctOn(['company_id', 'token_class_id'])
    .select([
      'company_id as companyId',
      'token_class_id as tokenClassId',
      'draw_order as order',
      'effective_on as effectiveOn',
      'source',
    ])
    .$narrowType<{ order: DrawOrder }>()
    .where('company_id', 'in', [...orders.keys()])
    .where('effective_on', '<=', await today(reader))
    .orderBy('company_id')
    .orderBy('token_class_id')
    .orderBy('effective_on', 'desc')
    .orderBy('term_id', 'desc')
    .execute()
  for (const row of rows) orders.get(row.companyId)?.push(row)
  return orders
}
