import type { Trx, Uuid } from '../../platform/index.ts'
import { TransactionRefused } from '../append-history.ts'
import { accrueSafe } from './accrue-safe.ts'
import { dueSoFar, findInstrument, insertDue, retirementsOf, warrantNow } from './instrument.store.ts'
import { type VestShares, vestShares } from './vest-shares.ts'

/**
 * What a final statement earned takes effect: shares or a warrant vest, a tranche becomes due for issue, or the amount of a
 * SAFE accrues. `quantity` counts shares, of a SAFE cents; `securityId` is what the grant names. The company is locked.
 *
 * @returns the OCF transaction and security, or the id of what is due and of the series where nothing is issued yet
 * @throws {NoCapTable}
 * @throws {TransactionRefused} when the security is not there, closed, or would vest more than was issued
 */
export async function settleEarned(
  trx: Trx,
  vest: VestShares,
): Promise<{ readonly transactionId: Uuid; readonly securityId: string }> {
  const instrument = await findInstrument(trx, vest.companyId, vest.securityId)
  if (instrument === undefined) return vested(trx, vest)
  if (instrument.kind === 'PENNY_WARRANT') {
    const { securityId } = await warrantNow(trx, vest.companyId, vest.securityId)
    if (securityId === null) throw new TransactionRefused(['nothing of the warrant is left that could vest'])
    return vested(trx, { ...vest, securityId })
  }
  if (instrument.kind === 'SAFE') return accrueSafe(trx, instrument, vest)
  const retired = await retirementsOf(trx, vest.companyId, vest.securityId)
  if (retired.some(({ ends }) => ends)) {
    throw new TransactionRefused(['the series has ended: what was not earned was given up'])
  }
  const from = await dueSoFar(trx, vest.companyId, vest.securityId)
  const to = from + vest.quantity
  const left = retired.reduce((sum, part) => sum - part.retired, instrument.totalShares)
  if (to > left) throw new TransactionRefused(['more than all shares of the series would be due'])
  const { statementId, description: wording } = vest
  const transactionId = await insertDue(trx, instrument, { statementId, from, to, wording })
  return { transactionId, securityId: vest.securityId }
}

async function vested(trx: Trx, vest: VestShares): Promise<{ transactionId: Uuid; securityId: string }> {
  const { transactionId } = await vestShares(trx, vest)
  return { transactionId, securityId: vest.securityId }
}
