import { formatNumeric, newId, numericOfWhole, type Trx, type WholeShares } from '../../platform/index.ts'
import { appendToHistory, TransactionRefused } from '../append-history.ts'
import type { JsonObject } from '../ocf/json.ts'
import { ONE_SHARE } from '../replay/allocation.ts'
import type { History } from '../replay/replay.ts'
import type { Retired, RetireUnearned } from '../replay/retirement.ts'
import { termsOf } from '../replay/state.ts'
import { vestedOn } from '../replay/vesting.ts'
import { findInstrument } from './instrument.store.ts'
import { retireInstrument } from './retire-instrument.ts'

export type { Retired, RetireUnearned } from '../replay/retirement.ts'

/**
 * Ends unearned stock: what has not vested is forfeited for nothing, what has vested lives on in a balance security, fully
 * vested. The caller has checked who may do this.
 *
 * @throws {NoCapTable}
 * @throws {TransactionRefused} when the security is not there, closed, or has nothing unvested
 */
export async function retireUnearned(trx: Trx, retire: RetireUnearned): Promise<Retired> {
  const instrument = await findInstrument(trx, retire.companyId, retire.securityId)
  if (instrument !== undefined) return retireInstrument(trx, instrument, retire)
  return appendToHistory(trx, retire.companyId, (table, history) => {
    const security = table.securities.get(retire.securityId)
    if (security === undefined || security.kind !== 'stock')
      throw new TransactionRefused(['the stock is not on the cap table'])
    if (security.closedOn !== undefined)
      throw new TransactionRefused([`the security was closed on ${security.closedOn}`])
    const vested = vestedOn(security, termsOf(table, security), retire.date)
    const unvested = security.outstanding - vested
    if (unvested <= 0n) throw new TransactionRefused(['everything has vested: there is nothing to retire'])
    const issuance = issuanceOf(history, security.issuanceId)
    const [repurchaseId, balanceIssuanceId, balanceSecurityId] = [newId(), newId(), newId()]
    const repurchase: JsonObject = {
      object_type: 'TX_STOCK_REPURCHASE',
      id: repurchaseId,
      date: retire.date,
      security_id: security.id,
      // Never more than the cash that was paid for them, and none was.
      price: { amount: '0', currency: security.price?.currency ?? 'USD' },
      quantity: formatNumeric(unvested),
      consideration_text: retire.reason,
      ...(vested === 0n ? {} : { balance_security_id: balanceSecurityId }),
    }
    const { vesting_terms_id: _terms, vestings: _vestings, cost_basis: _cost, comments: _comments, ...kept } = issuance
    const balance: JsonObject = {
      ...kept,
      id: balanceIssuanceId,
      date: retire.date,
      security_id: balanceSecurityId,
      custom_id: `${security.customId}R`,
      quantity: formatNumeric(vested),
    }
    const items = vested === 0n ? [repurchase] : [repurchase, balance]
    return {
      add: { objects: [], transactions: items.map((item) => ({ item })) },
      result: {
        retired: unvested / ONE_SHARE,
        balanceSecurityId: vested === 0n ? null : balanceSecurityId,
        transactionIds: items.map((item) => String(item.id)),
      },
    }
  })
}

/**
 * Retires a part of what has not vested, for nothing. The rest lives on in a balance security under the same vesting terms:
 * what had vested has vested in it on the same days, and the next condition is the one that was next before.
 *
 * @throws {NoCapTable}
 * @throws {TransactionRefused} when the security is not there, closed, or has no more unvested than that
 */
export async function retirePart(
  trx: Trx,
  retire: RetireUnearned & { readonly quantity: WholeShares },
): Promise<Retired> {
  const instrument = await findInstrument(trx, retire.companyId, retire.securityId)
  if (instrument !== undefined) return retireInstrument(trx, instrument, retire)
  return appendToHistory(trx, retire.companyId, (table, history) => {
    const security = table.securities.get(retire.securityId)
    if (security === undefined || security.kind !== 'stock')
      throw new TransactionRefused(['the stock is not on the cap table'])
    if (security.closedOn !== undefined)
      throw new TransactionRefused([`the security was closed on ${security.closedOn}`])
    const quantity = numericOfWhole(retire.quantity)
    const vested = vestedOn(security, termsOf(table, security), retire.date)
    if (quantity <= 0n || security.outstanding - vested <= quantity)
      throw new TransactionRefused(['a part is less than all that has not vested'])
    const issuance = issuanceOf(history, security.issuanceId)
    const [repurchaseId, balanceIssuanceId, balanceSecurityId] = [newId(), newId(), newId()]
    const { cost_basis: _cost, comments: _comments, ...kept } = issuance
    const repurchase: JsonObject = {
      object_type: 'TX_STOCK_REPURCHASE',
      id: repurchaseId,
      date: retire.date,
      security_id: security.id,
      price: { amount: '0', currency: security.price?.currency ?? 'USD' },
      quantity: formatNumeric(quantity),
      consideration_text: retire.reason,
      balance_security_id: balanceSecurityId,
    }
    const balance: JsonObject = {
      ...kept,
      id: balanceIssuanceId,
      date: retire.date,
      security_id: balanceSecurityId,
      custom_id: `${security.customId}R`,
      quantity: formatNumeric(security.outstanding - quantity),
    }
    const vesting = history.transactions.flatMap(({ item, raw }): JsonObject[] =>
      (item.object_type === 'TX_VESTING_START' || item.object_type === 'TX_VESTING_EVENT') &&
      item.security_id === security.id
        ? [{ ...raw, id: newId(), security_id: balanceSecurityId, date: retire.date }]
        : [],
    )
    const items = [repurchase, balance, ...vesting]
    return {
      add: { objects: [], transactions: items.map((item) => ({ item })) },
      result: { retired: retire.quantity, balanceSecurityId, transactionIds: items.map((item) => String(item.id)) },
    }
  })
}

function issuanceOf(history: History, issuanceId: string): JsonObject {
  const placed = history.transactions.find(({ item }) => item.id === issuanceId)
  if (placed === undefined) throw new TransactionRefused(['the issuance of the security is not on the cap table'])
  return placed.raw
}
