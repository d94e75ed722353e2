/** Opens an instrument for compute that is not vesting stock: its class, its holder, and a warrant where it is one. */
import {
  formatNumeric,
  type Money,
  newId,
  numericOfWhole,
  type Trx,
  type Uuid,
  type WholeShares,
} from '../../platform/index.ts'
import { appendToHistory } from '../append-history.ts'
import type { JsonObject } from '../ocf/json.ts'
import type { AllocationType } from '../replay/allocation.ts'
import {
  classFor,
  money,
  type NewStockClass,
  nextNumber,
  type Recipient,
  recipient,
} from '../replay/issuance-pieces.ts'
import { insertInstrument, type SafeConversion } from './instrument.store.ts'
import { startOnly } from './issue-stock.ts'
import { CENT } from './safe.store.ts'

type Opened = { readonly securityId: string; readonly stockClassId: string; readonly stakeholderId: string }

type Opening = {
  readonly companyId: Uuid
  readonly stakeholder: Recipient
  readonly stockClass: { readonly id: string } | NewStockClass
  readonly quantity: WholeShares
  /** The round's price, for the class's original price and the consideration. */
  readonly sharePrice: Money
  readonly date: string
  readonly considerationText: string
}

/**
 * Stock that is issued in tranches, each when a final statement has earned it: nothing is issued now, the class is there.
 *
 * Source: 8 Del. C. § 152, issuance by a formula that the board has approved.
 *
 * @throws {NoCapTable}
 * @throws {TransactionRefused}
 */
export async function openStaged(trx: Trx, opening: Opening): Promise<Opened> {
  const made = await appendToHistory(trx, opening.companyId, (table) => {
    const objects: JsonObject[] = []
    const stakeholderId = recipient(table, opening.stakeholder, objects)
    const { id } = classFor(table, opening.stockClass, opening.sharePrice, objects)
    return { add: { objects, transactions: [] }, result: { stakeholderId, stockClassId: id } }
  })
  const securityId = newId()
  await insertInstrument(trx, {
    companyId: opening.companyId,
    instrumentId: securityId,
    kind: 'STAGED',
    ...made,
    totalShares: opening.quantity,
    sharePrice: opening.sharePrice,
    consideration: opening.considerationText,
  })
  return { securityId, ...made }
}

/**
 * A SAFE whose purchase amount accrues as compute is delivered. Nothing has accrued, so nothing is issued yet: its holder is
 * there.
 *
 * @throws {NoCapTable}
 * @throws {TransactionRefused}
 */
export async function openSafe(
  trx: Trx,
  opening: Pick<Opening, 'companyId' | 'stakeholder' | 'considerationText'> & {
    /** The whole purchase amount, in cents. */
    readonly cents: bigint
    readonly currency: string
    readonly safe: SafeConversion
  },
): Promise<{ readonly securityId: string; readonly stakeholderId: string }> {
  const stakeholderId = await appendToHistory(trx, opening.companyId, (table) => {
    const objects: JsonObject[] = []
    const id = recipient(table, opening.stakeholder, objects)
    return { add: { objects, transactions: [] }, result: id }
  })
  const securityId = newId()
  await insertInstrument(trx, {
    companyId: opening.companyId,
    instrumentId: securityId,
    kind: 'SAFE',
    stakeholderId,
    totalShares: opening.cents,
    sharePrice: { amount: CENT, currency: opening.currency },
    consideration: opening.considerationText,
    safe: opening.safe,
  })
  return { securityId, stakeholderId }
}

/** The trigger by which a penny warrant is exercised. */
export const WARRANT_TRIGGER = 'exercise-of-vested'

/**
 * A warrant on whole shares that vests as compute is drawn. Nothing of it is vested now.
 *
 * @throws {NoCapTable}
 * @throws {TransactionRefused}
 */
export async function openWarrant(
  trx: Trx,
  opening: Opening & {
    readonly exercisePrice: Money
    readonly expiresOn: string
    readonly vesting: { readonly allocation: AllocationType; readonly description: string }
  },
): Promise<Opened> {
  const made = await appendToHistory(trx, opening.companyId, (table) => {
    const objects: JsonObject[] = []
    const stakeholderId = recipient(table, opening.stakeholder, objects)
    const { id: stockClassId } = classFor(table, opening.stockClass, opening.sharePrice, objects)
    const [securityId, termsId] = [newId(), newId()]
    const customId = `W-${nextNumber(table, 'W-')}`
    objects.push(startOnly(termsId, customId, opening.vesting))
    const issuance: JsonObject = {
      object_type: 'TX_WARRANT_ISSUANCE',
      id: newId(),
      date: opening.date,
      security_id: securityId,
      custom_id: customId,
      stakeholder_id: stakeholderId,
      security_law_exemptions: [],
      consideration_text: opening.considerationText,
      quantity: formatNumeric(numericOfWhole(opening.quantity)),
      quantity_source: 'INSTRUMENT_FIXED',
      exercise_price: money(opening.exercisePrice),
      // What is paid for the warrant itself is compute: it stands in the consideration.
      purchase_price: money({ amount: 0n, currency: opening.exercisePrice.currency }),
      exercise_triggers: [
        {
          type: 'ELECTIVE_IN_RANGE',
          trigger_id: WARRANT_TRIGGER,
          start_date: opening.date,
          end_date: opening.expiresOn,
          conversion_right: {
            type: 'WARRANT_CONVERSION_RIGHT',
            conversion_mechanism: {
              type: 'FIXED_AMOUNT_CONVERSION',
              converts_to_quantity: formatNumeric(numericOfWhole(opening.quantity)),
            },
            converts_to_stock_class_id: stockClassId,
          },
        },
      ],
      warrant_expiration_date: opening.expiresOn,
      vesting_terms_id: termsId,
    }
    const start: JsonObject = {
      object_type: 'TX_VESTING_START',
      id: newId(),
      date: opening.date,
      security_id: securityId,
      vesting_condition_id: 'start',
    }
    return {
      add: { objects, transactions: [{ item: issuance }, { item: start }] },
      result: { securityId, stockClassId, stakeholderId },
    }
  })
  await insertInstrument(trx, {
    companyId: opening.companyId,
    instrumentId: made.securityId,
    kind: 'PENNY_WARRANT',
    stakeholderId: made.stakeholderId,
    stockClassId: made.stockClassId,
    totalShares: opening.quantity,
    sharePrice: opening.sharePrice,
    exercisePrice: opening.exercisePrice,
    expiresOn: opening.expiresOn,
    consideration: opening.considerationText,
  })
  return made
}
