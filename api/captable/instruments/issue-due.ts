import { instant, type Trx, type Uuid, type WholeShares } from '../../platform/index.ts'
import { findInstrument, unissued } from './instrument.store.ts'
import { issueShares } from './issue-stock.ts'
import { safeNow } from './safe.store.ts'

export type IssuedTranche = {
  readonly securityId: Uuid
  readonly statementId: Uuid
  /** Shares (from, to] of the series. */
  readonly from: WholeShares
  readonly to: WholeShares
}

/**
 * Issues the shares that final statements have made due, one security for each statement, fully paid and vested. Nothing
 * due: an empty list. The company is locked, and the caller has checked who may do this.
 *
 * @throws {NoCapTable}
 * @throws {TransactionRefused} when the class has too few authorised shares
 */
export async function issueDue(
  trx: Trx,
  { companyId, instrumentId, date, by }: { companyId: Uuid; instrumentId: string; date: string; by: Uuid },
): Promise<readonly IssuedTranche[]> {
  const instrument = await findInstrument(trx, companyId, instrumentId)
  if (instrument?.kind === 'SAFE') {
    // Its rest may go on as tranches at the price of a round.
    const { seriesId } = await safeNow(trx, companyId, instrumentId)
    return seriesId === null ? [] : issueDue(trx, { companyId, instrumentId: seriesId, date, by })
  }
  if (instrument?.kind !== 'STAGED') return []
  const tranches: IssuedTranche[] = []
  for (const { dueId, statementId, from, to, wording } of await unissued(trx, companyId, instrumentId)) {
    const issued = await issueShares(trx, {
      companyId,
      stakeholder: { id: instrument.stakeholderId },
      stockClass: { id: instrument.stockClassId },
      quantity: to - from,
      sharePrice: instrument.sharePrice,
      date,
      considerationText: `${instrument.consideration} ${wording}`,
    })
    await trx
      .insertInto('instrument_tranche')
      .values({
        company_id: companyId,
        due_id: dueId,
        instrument_id: instrumentId,
        security_id: issued.securityId,
        transaction_id: issued.transactionIds[0] ?? '',
        issued_by: by,
        issued_at: await instant(trx),
      })
      .execute()
    tranches.push({ securityId: issued.securityId, statementId, from, to })
  }
  return tranches
}
