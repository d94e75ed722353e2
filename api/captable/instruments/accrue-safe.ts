/** What a final statement earned under a SAFE for compute is added to its purchase amount. */
import {
  divide,
  formatNumeric,
  type Money,
  type Numeric,
  newId,
  type Trx,
  type Uuid,
  type WholeShares,
} from '../../platform/index.ts'
import { appendToHistory, TransactionRefused } from '../append-history.ts'
import { type ConversionTrigger, conversionTrigger } from '../ocf/conversions.ts'
import type { JsonObject } from '../ocf/json.ts'
import { money, nextCustomId, nextNumber } from '../replay/issuance-pieces.ts'
import {
  type ComputeSafe,
  dueSoFar,
  findInstrument,
  insertDue,
  retirementsOf,
  type SafeConversion,
} from './instrument.store.ts'
import { CENT, insertAccrual, type SafeNow, safeNow } from './safe.store.ts'
import type { VestShares } from './vest-shares.ts'

/** The trigger by which a priced round converts a SAFE for compute. */
export const PRICED_ROUND = 'priced-round'

/**
 * Accrues so many cents. Open Cap Format says the amount of a convertible once, when it is issued: so the SAFE as it was is
 * cancelled and the SAFE with the whole accrued amount is issued, on one day (ADR 36). Once a priced round has converted it
 * and its rest is issued at that round's price, shares become due instead.
 *
 * The company is locked.
 *
 * @throws {TransactionRefused} when it has ended, or more than the purchase amount would accrue
 */
export async function accrueSafe(
  trx: Trx,
  instrument: ComputeSafe,
  vest: VestShares,
): Promise<{ readonly transactionId: Uuid; readonly securityId: string }> {
  const { companyId, instrumentId } = instrument
  const now = await safeNow(trx, companyId, instrumentId)
  const retired = await retirementsOf(trx, companyId, instrumentId)
  if (retired.some(({ ends }) => ends)) throw new TransactionRefused(['the SAFE has ended: nothing accrues any more'])
  const to = now.accrued + vest.quantity
  if (to > instrument.totalShares) throw new TransactionRefused(['more than the purchase amount would accrue'])
  const securityId =
    now.rest === 'ROUND_PRICE' ? null : await reissued(trx, instrument, { now, to, vest, date: vest.date })
  if (now.rest === 'ROUND_PRICE') await makeDue(trx, { companyId, now, to, vest })
  const transactionId = await insertAccrual(trx, instrument, {
    statementId: vest.statementId,
    from: now.accrued,
    to,
    securityId,
  })
  return { transactionId, securityId: instrumentId }
}

/** Shares that so many cents buy at a price: whole, down. Cumulative differences of it lose nothing. */
export const sharesForCents = (cents: bigint, price: Numeric): WholeShares => divide(cents * CENT, price, 'DOWN')

/** What accrued since the conversion, as shares at the price of that round: those that are new become due. */
async function makeDue(
  trx: Trx,
  { companyId, now, to, vest }: { companyId: Uuid; now: SafeNow; to: bigint; vest: VestShares },
): Promise<void> {
  if (now.seriesId === null) return
  const series = await findInstrument(trx, companyId, now.seriesId)
  if (series?.kind !== 'STAGED') throw new TypeError(`the SAFE goes on in ${now.seriesId}, which is no series`)
  const from = await dueSoFar(trx, companyId, now.seriesId)
  const shares = sharesForCents(to - now.converted, series.sharePrice.amount)
  if (shares <= from) return
  await insertDue(trx, series, { statementId: vest.statementId, from, to: shares, wording: vest.description })
}

type Accrued = { readonly now: SafeNow; readonly to: bigint; readonly vest: VestShares; readonly date: string }

async function reissued(trx: Trx, instrument: ComputeSafe, { now, to, vest, date }: Accrued): Promise<Uuid> {
  const { currency } = instrument.sharePrice
  const amount = (cents: bigint): Money => ({ amount: cents * CENT, currency })
  return appendToHistory(trx, instrument.companyId, (table) => {
    const before = now.securityId === null ? undefined : table.securities.get(now.securityId)
    if (now.securityId !== null && before?.closedOn !== undefined) {
      throw new TransactionRefused([`the SAFE was closed on ${before.closedOn}`])
    }
    const securityId = newId()
    const whole = amount(to - now.converted)
    const issuance: JsonObject = {
      object_type: 'TX_CONVERTIBLE_ISSUANCE',
      id: newId(),
      date,
      security_id: securityId,
      custom_id: before === undefined ? `SAFE-${nextNumber(table, 'SAFE-')}` : nextCustomId(before.customId),
      stakeholder_id: instrument.stakeholderId,
      security_law_exemptions: [],
      consideration_text: `${instrument.consideration} ${vest.description}`,
      investment_amount: money(whole),
      convertible_type: 'SAFE',
      conversion_triggers: [triggerOf(instrument.safe, currency)],
      seniority: 1,
    }
    const cancellation: JsonObject = {
      object_type: 'TX_CONVERTIBLE_CANCELLATION',
      id: newId(),
      date,
      security_id: now.securityId ?? '',
      amount: money(amount(now.accrued - now.converted)),
      reason_text: `Its purchase amount has accrued to ${formatNumeric(whole.amount)} ${currency}: it goes on as ${String(issuance.custom_id)}`,
    }
    const items = now.securityId === null ? [issuance] : [cancellation, issuance]
    return { add: { objects: [], transactions: items.map((item) => ({ item })) }, result: securityId }
  })
}

/** How a SAFE for compute converts, as a reader of its package sees it. Amounts of `safe` are in `currency`. */
export const safeTrigger = (safe: SafeConversion, currency: string): ConversionTrigger =>
  conversionTrigger.parse(triggerOf(safe, currency))

function triggerOf({ cap, discount, rest }: SafeConversion, currency: string): JsonObject {
  return {
    type: 'AUTOMATIC_ON_CONDITION',
    trigger_id: PRICED_ROUND,
    trigger_description: REST_WORDS[rest],
    trigger_condition: 'A round in which the company sells preferred stock at a fixed price',
    conversion_right: {
      type: 'CONVERTIBLE_CONVERSION_RIGHT',
      conversion_mechanism: {
        type: 'SAFE_CONVERSION',
        conversion_mfn: false,
        ...(cap === null
          ? {}
          : { conversion_timing: cap.base, conversion_valuation_cap: money({ amount: cap.valuation, currency }) }),
        ...(discount === null ? {} : { conversion_discount: formatNumeric(discount) }),
      },
      converts_to_future_round: true,
    },
  }
}

const REST_WORDS = {
  END: 'What has accrued converts; what has not ends',
  ROUND_PRICE: 'What has accrued converts; what accrues later is issued at the price of that round',
  NEW_SAFE: 'What has accrued converts; what accrues later is a new SAFE on the same terms',
} as const
