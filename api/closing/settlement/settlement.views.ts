/** Settlements as screens read them. */
import { type Actor, isStaff } from '../../access/index.ts'
import { seesCompany } from '../../parties/index.ts'
import { globalId, NotFound, type Reader, type Ref, type Uuid } from '../../platform/index.ts'
import { findSettlement, type StoredSettlement, settlementsOf } from './settlement.store.ts'

export type SettlementView = StoredSettlement

/** A proposal is the fund's own paper; what was applied is for the company too. */
const sees = (actor: Actor, { ref, outcome }: StoredSettlement): boolean =>
  seesCompany(actor, ref.companyId) && (isStaff(actor) || outcome === 'applied')

/** The settlements of these companies that the actor sees, newest first, by company. One query. */
export async function settlementsByCompany(
  reader: Reader,
  actor: Actor,
  companyIds: readonly Uuid[],
): Promise<Map<Uuid, SettlementView[]>> {
  const found = await settlementsOf(
    reader,
    companyIds.filter((id) => seesCompany(actor, id)),
  )
  return Map.groupBy(
    found.filter((settlement) => sees(actor, settlement)),
    ({ ref }) => ref.companyId,
  )
}

/**
 * Refuses a settlement that does not exist or that the actor may not see: the two look the same.
 *
 * @throws {NotFound}
 */
export async function mustSeeSettlement(reader: Reader, actor: Actor, ref: Ref): Promise<SettlementView> {
  const missing = new NotFound('settlement', globalId('Settlement', ref.companyId, ref.id))
  if (!seesCompany(actor, ref.companyId)) throw missing
  const settlement = await findSettlement(reader, ref)
  if (!sees(actor, settlement)) throw missing
  return settlement
}
