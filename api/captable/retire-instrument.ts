/** What was not earned under an instrument for compute is given up: tranches that will not be issued, the rest of a warrant. */
import { formatNumeric, newId, type Trx } from '../platform/index.ts'
import { ONE_SHARE } from './allocation.ts'
import { appendToHistory, TransactionRefused } from './append-history.ts'
import { type ComputeInstrument, dueSoFar, findRetirement, insertRetirement, warrantNow } from './instrument.store.ts'
import { startOnly } from './issue-stock.ts'
import type { JsonObject } from './ocf/json.ts'
import type { Retired, RetireUnearned } from './retirement.ts'
import { type Security, termsOf } from './state.ts'
import { vestedOn } from './vesting.ts'

/**
 * Ends an instrument: what final statements have made due or vested stays, nothing is added to it any more.
 *
 * @throws {TransactionRefused} when it was ended before, or everything is earned
 */
export async function retireInstrument(
  trx: Trx,
  instrument: ComputeInstrument,
  retire: RetireUnearned,
): Promise<Retired> {
  const { companyId, instrumentId } = instrument
  if ((await findRetirement(trx, companyId, instrumentId)) !== undefined) {
    throw new TransactionRefused(['what was not earned under the instrument was given up before'])
  }
  if (instrument.kind === 'PENNY_WARRANT') return retireWarrant(trx, instrument, retire)
  const retired = instrument.totalShares - (await dueSoFar(trx, companyId, instrumentId))
  if (retired <= 0n) throw new TransactionRefused(['everything is earned: there is nothing to retire'])
  await insertRetirement(trx, instrument, {
    retired,
    securityId: null,
    balanceSecurityId: null,
    reason: retire.reason,
  })
  return { retired, balanceSecurityId: null, transactionIds: [] }
}

async function retireWarrant(trx: Trx, instrument: ComputeInstrument, retire: RetireUnearned): Promise<Retired> {
  const { companyId, instrumentId } = instrument
  const { securityId } = await warrantNow(trx, companyId, instrumentId)
  const made = await appendToHistory(trx, companyId, (table, history) => {
    const security = securityId === null ? undefined : table.securities.get(securityId)
    if (security === undefined || security.closedOn !== undefined) {
      throw new TransactionRefused(['nothing of the warrant is left'])
    }
    const terms = termsOf(table, security)
    const vested = vestedOn(security, terms, retire.date)
    const unvested = security.outstanding - vested
    if (unvested <= 0n) throw new TransactionRefused(['everything has vested: there is nothing to retire'])
    const raw = history.transactions.find(({ item }) => item.id === security.issuanceId)?.raw ?? {}
    const balanceId = vested === 0n ? null : newId()
    const cancellation: JsonObject = {
      object_type: 'TX_WARRANT_CANCELLATION',
      id: newId(),
      date: retire.date,
      security_id: security.id,
      quantity: formatNumeric(unvested),
      reason_text: retire.reason,
      ...(balanceId === null ? {} : { balance_security_id: balanceId }),
    }
    const allocation = terms?.allocation_type ?? 'CUMULATIVE_ROUND_DOWN'
    const rest = balanceId === null ? undefined : balanceOf(security, raw, { balanceId, vested, allocation, retire })
    const items = [cancellation, ...(rest?.items ?? [])]
    return {
      add: { objects: rest?.objects ?? [], transactions: items.map((item) => ({ item })) },
      result: {
        retired: unvested / ONE_SHARE,
        balanceSecurityId: balanceId,
        transactionIds: items.map((item) => String(item.id)),
      },
    }
  })
  await insertRetirement(trx, instrument, { ...made, securityId, reason: retire.reason })
  return made
}

type Balance = {
  readonly balanceId: string
  readonly vested: bigint
  readonly allocation: Parameters<typeof startOnly>[2]['allocation']
  readonly retire: RetireUnearned
}

/** What has vested lives on as a warrant of its own, vested from its start. */
function balanceOf(security: Security, raw: JsonObject, { balanceId, vested, allocation, retire }: Balance) {
  const [termsId, customId] = [newId(), `${security.customId}R`]
  const { vestings: _vestings, comments: _comments, ...kept } = raw
  const issuance: JsonObject = {
    ...kept,
    id: newId(),
    date: retire.date,
    security_id: balanceId,
    custom_id: customId,
    quantity: formatNumeric(vested),
    vesting_terms_id: termsId,
  }
  const start: JsonObject = {
    object_type: 'TX_VESTING_START',
    id: newId(),
    date: retire.date,
    security_id: balanceId,
    vesting_condition_id: 'start',
  }
  return {
    objects: [startOnly(termsId, customId, { allocation, description: 'All of it has vested.', vested })],
    items: [issuance, start],
  }
}
