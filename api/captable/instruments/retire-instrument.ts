/** What was not earned under an instrument for compute is given up: tranches that will not be issued, the rest of a warrant. */
import { formatNumeric, newId, numericOfWhole, type Trx, type WholeShares } from '../../platform/index.ts'
import { appendToHistory, TransactionRefused } from '../append-history.ts'
import type { JsonObject } from '../ocf/json.ts'
import { ONE_SHARE } from '../replay/allocation.ts'
import type { Retired, RetireUnearned } from '../replay/retirement.ts'
import { type Security, termsOf } from '../replay/state.ts'
import { vestedOn } from '../replay/vesting.ts'
import { lasting } from './exercise-warrant.ts'
import {
  type ComputeInstrument,
  type ComputeSafe,
  type ComputeWarrant,
  dueSoFar,
  insertRetirement,
  type Retirement,
  retirementsOf,
  type StagedSeries,
  warrantNow,
} from './instrument.store.ts'
import { startOnly } from './issue-stock.ts'
import { safeNow } from './safe.store.ts'

/** How much is given up: `undefined` for all that is not earned, which ends the instrument. */
type Part = { readonly quantity?: WholeShares | undefined }

/**
 * Gives up what is not earned of an instrument, all of it or a part: what final statements have made due, vested or accrued
 * stays. The instrument keeps its id, whatever security it goes on in.
 *
 * @throws {TransactionRefused} when it was ended before, or no more than the part is left unearned
 */
export async function retireInstrument(
  trx: Trx,
  instrument: ComputeInstrument,
  retire: RetireUnearned & Part,
): Promise<Retired> {
  const { companyId, instrumentId } = instrument
  const before = await retirementsOf(trx, companyId, instrumentId)
  if (before.some(({ ends }) => ends)) {
    throw new TransactionRefused(['what was not earned under the instrument was given up before'])
  }
  const made =
    instrument.kind === 'PENNY_WARRANT'
      ? await retireWarrant(trx, instrument, retire)
      : await retireUnissued(trx, instrument, retire.quantity, before)
  const { transactionIds, ...retirement } = made
  await insertRetirement(trx, instrument, {
    ...retirement,
    ends: retire.quantity === undefined,
    reason: retire.reason,
  })
  return { retired: made.retired, balanceSecurityId: null, transactionIds }
}

type Made = Omit<Retirement, 'ends'> & Pick<Retired, 'transactionIds'>

/** Of tranches and of a SAFE, what is not earned was never issued: nothing happens on the cap table. */
async function retireUnissued(
  trx: Trx,
  instrument: StagedSeries | ComputeSafe,
  quantity: WholeShares | undefined,
  before: readonly Retirement[],
): Promise<Made> {
  const { companyId, instrumentId } = instrument
  const earned =
    instrument.kind === 'STAGED'
      ? await dueSoFar(trx, companyId, instrumentId)
      : (await safeNow(trx, companyId, instrumentId)).accrued
  const unearned = before.reduce((sum, { retired }) => sum - retired, instrument.totalShares) - earned
  const retired = partOf(quantity, unearned)
  return { retired, securityId: null, balanceSecurityId: null, transactionIds: [] }
}

/** @throws {TransactionRefused} when nothing is unearned, or the part is no part of it */
function partOf(quantity: bigint | undefined, unearned: bigint): bigint {
  if (unearned <= 0n) throw new TransactionRefused(['everything is earned: there is nothing to retire'])
  if (quantity === undefined) return unearned
  if (quantity > 0n && quantity < unearned) return quantity
  throw new TransactionRefused(['a part is less than all that is not earned'])
}

async function retireWarrant(trx: Trx, instrument: ComputeWarrant, retire: RetireUnearned & Part): Promise<Made> {
  const { companyId, instrumentId } = instrument
  const { securityId } = await warrantNow(trx, companyId, instrumentId)
  return appendToHistory(trx, companyId, (table, history) => {
    const security = securityId === null ? undefined : table.securities.get(securityId)
    if (security === undefined || security.closedOn !== undefined) {
      throw new TransactionRefused(['nothing of the warrant is left'])
    }
    const terms = termsOf(table, security)
    const vested = vestedOn(security, terms, retire.date)
    const { quantity } = retire
    const gone = partOf(quantity === undefined ? undefined : numericOfWhole(quantity), security.outstanding - vested)
    const issued = history.transactions.find(({ item }) => item.id === security.issuanceId)?.raw ?? {}
    const raw = security.lastDay === undefined ? issued : lasting(issued, security.lastDay)
    const left = security.outstanding - gone
    const balanceId = left === 0n ? null : newId()
    const cancellation: JsonObject = {
      object_type: 'TX_WARRANT_CANCELLATION',
      id: newId(),
      date: retire.date,
      security_id: security.id,
      quantity: formatNumeric(gone),
      reason_text: retire.reason,
      ...(balanceId === null ? {} : { balance_security_id: balanceId }),
    }
    const allocation = terms?.allocation_type ?? 'CUMULATIVE_ROUND_DOWN'
    const rest =
      balanceId === null ? undefined : balanceOf(security, raw, { balanceId, left, vested, allocation, retire })
    const items = [cancellation, ...(rest?.items ?? [])]
    return {
      add: { objects: rest?.objects ?? [], transactions: items.map((item) => ({ item })) },
      result: {
        retired: gone / ONE_SHARE,
        securityId,
        balanceSecurityId: balanceId,
        transactionIds: items.map((item) => String(item.id)),
      },
    }
  })
}

type Balance = {
  readonly balanceId: string
  readonly left: bigint
  readonly vested: bigint
  readonly allocation: Parameters<typeof startOnly>[2]['allocation']
  readonly retire: RetireUnearned
}

/** What is left lives on as a warrant of its own: what has vested is vested from its start. */
function balanceOf(security: Security, raw: JsonObject, { balanceId, left, vested, allocation, retire }: Balance) {
  const [termsId, customId] = [newId(), `${security.customId}R`]
  const { vestings: _vestings, comments: _comments, ...kept } = raw
  const issuance: JsonObject = {
    ...kept,
    id: newId(),
    date: retire.date,
    security_id: balanceId,
    custom_id: customId,
    quantity: formatNumeric(left),
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
    objects: [
      startOnly(termsId, customId, {
        allocation,
        description: left === vested ? 'All of it has vested.' : 'What has vested has; the rest vests as before.',
        vested,
      }),
    ],
    items: [issuance, start],
  }
}
