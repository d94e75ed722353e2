/** Arrears: raised usage for which there were no tokens. */
import { instant, type MicroTokens, newId, type Trx, type Uuid } from '../platform/index.ts'

export type Arrears = {
  readonly arrearsId: Uuid
  readonly correctionId: Uuid
  readonly usageId: Uuid
  readonly reservationId: Uuid
  readonly tokenClassId: Uuid
  readonly open: MicroTokens
}

export async function insertArrears(
  trx: Trx,
  arrears: Omit<Arrears, 'arrearsId' | 'open'> & { companyId: Uuid; amount: MicroTokens },
): Promise<void> {
  await trx
    .insertInto('arrears')
    .values({
      company_id: arrears.companyId,
      arrears_id: newId(),
      correction_id: arrears.correctionId,
      usage_id: arrears.usageId,
      reservation_id: arrears.reservationId,
      token_class_id: arrears.tokenClassId,
      amount_micro: arrears.amount,
      opened_at: await instant(trx),
    })
    .execute()
}

/** What is open of a company, or of one of its reservations; oldest first. The company is locked. */
export async function openArrears(trx: Trx, companyId: Uuid, reservationId?: Uuid): Promise<Arrears[]> {
  let query = trx
    .selectFrom('arrears')
    .selectAll()
    .where('company_id', '=', companyId)
    .whereRef((on) => on('settled_micro', '+', on.ref('cancelled_micro')), '<', 'amount_micro')
    .orderBy('arrears_id')
  if (reservationId !== undefined) query = query.where('reservation_id', '=', reservationId)
  return (await query.execute()).map((row) => ({
    arrearsId: row.arrears_id,
    correctionId: row.correction_id,
    usageId: row.usage_id,
    reservationId: row.reservation_id,
    tokenClassId: row.token_class_id,
    open: row.amount_micro - row.settled_micro - row.cancelled_micro,
  }))
}

/** Charges or cancels a part of open arrears. */
export async function reduceArrears(
  trx: Trx,
  companyId: Uuid,
  arrearsId: Uuid,
  by: { settled?: MicroTokens; cancelled?: MicroTokens },
): Promise<void> {
  await trx
    .updateTable('arrears')
    .set((on) => ({
      settled_micro: on('settled_micro', '+', by.settled ?? 0n),
      cancelled_micro: on('cancelled_micro', '+', by.cancelled ?? 0n),
    }))
    .where('company_id', '=', companyId)
    .where('arrears_id', '=', arrearsId)
    .execute()
}
