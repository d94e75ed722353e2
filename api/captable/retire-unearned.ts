import { formatNumeric, newId, type Trx } from '../platform/index.ts'
import { ONE_SHARE } from './allocation.ts'
import { appendToHistory, TransactionRefused } from './append-history.ts'
import { findInstrument } from './instrument.store.ts'
import type { JsonObject } from './ocf/json.ts'
import type { History } from './replay.ts'
import { retireInstrument } from './retire-instrument.ts'
import type { Retired, RetireUnearned } from './retirement.ts'
import { termsOf } from './state.ts'
import { vestedOn } from './vesting.ts'

export type { Retired, RetireUnearned } from './retirement.ts'

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

function issuanceOf(history: History, issuanceId: string): JsonObject {
  const placed = history.transactions.find(({ item }) => item.id === issuanceId)
  if (placed === undefined) throw new TransactionRefused(['the issuance of the security is not on the cap table'])
  return placed.raw
}
