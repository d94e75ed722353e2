/** A warrant for compute is exercised, as far as it has vested. */
import {
  formatNumeric,
  instant,
  type Money,
  newId,
  numericOfWhole,
  type Trx,
  type Uuid,
  type WholeShares,
} from '../../platform/index.ts'
import { appendToHistory, TransactionRefused } from '../append-history.ts'
import type { JsonObject } from '../ocf/json.ts'
import { money, nextNumber } from '../replay/issuance-pieces.ts'
import { type CapTable, type Security, termsOf } from '../replay/state.ts'
import { vestedOn } from '../replay/vesting.ts'
import { lastDayOf } from './extend-warrant.ts'
import { findInstrument, warrantNow } from './instrument.store.ts'
import { startOnly } from './issue-stock.ts'

export type ExercisedWarrant = {
  readonly stockSecurityId: Uuid
  /** What is left of the warrant; `null` for nothing. */
  readonly balanceSecurityId: Uuid | null
  readonly shares: WholeShares
  readonly amount: Money
}

/**
 * Exercises vested shares of a warrant for cash. Open Cap Format exercises a warrant whole, so one that is exercised in part
 * is first parted by a transfer to its own holder: the part, which has vested, and the balance, which goes on vesting.
 *
 * The company is locked, and the caller has checked who may do this.
 *
 * @throws {NoCapTable}
 * @throws {TransactionRefused} when it has expired, or fewer shares have vested and are left
 */
export async function exerciseWarrant(
  trx: Trx,
  exercise: {
    readonly companyId: Uuid
    readonly instrumentId: string
    readonly shares: WholeShares
    readonly date: string
    readonly by: Uuid
  },
): Promise<ExercisedWarrant> {
  const { companyId, instrumentId, shares, date } = exercise
  if (shares <= 0n) throw new RangeError(`cannot exercise ${shares} shares`)
  const instrument = await findInstrument(trx, companyId, instrumentId)
  if (instrument?.kind !== 'PENNY_WARRANT') throw new TransactionRefused(['there is no warrant for compute here'])
  const lastDay = await lastDayOf(trx, instrument, date)
  if (date > lastDay) throw new TransactionRefused([`the warrant expired on ${lastDay}`])
  const now = await warrantNow(trx, companyId, instrumentId)
  const { securityId } = now
  if (securityId === null) throw new TransactionRefused(['nothing of the warrant is left'])
  const price = instrument.exercisePrice
  const amount = { amount: price.amount * shares, currency: price.currency }
  const made = await appendToHistory(trx, companyId, (table, history) => {
    const security = openWarrantOf(table, securityId)
    const vested = vestedOn(security, termsOf(table, security), date)
    if (numericOfWhole(shares) > vested) {
      throw new TransactionRefused([`only ${formatNumeric(vested)} shares of the warrant have vested and are left`])
    }
    const raw = history.transactions.find(({ item }) => item.id === security.issuanceId)?.raw ?? {}
    return partsOf(table, {
      security,
      raw: lasting(raw, lastDay),
      vested,
      shares,
      date,
      price,
      classId: instrument.stockClassId,
    })
  })
  await trx
    .insertInto('warrant_exercise')
    .values({
      company_id: companyId,
      exercise_id: newId(),
      instrument_id: instrumentId,
      security_id: securityId,
      balance_security_id: made.balanceSecurityId,
      stock_security_id: made.stockSecurityId,
      shares_from: now.exercised,
      shares_to: now.exercised + shares,
      amount: formatNumeric(amount.amount),
      currency: amount.currency,
      exercised_by: exercise.by,
      exercised_at: await instant(trx),
    })
    .execute()
  return { ...made, shares, amount }
}

/** What goes on of a warrant says the last day that holds now. */
export function lasting(raw: JsonObject, lastDay: string): JsonObject {
  if (raw.warrant_expiration_date === undefined || raw.warrant_expiration_date === lastDay) return raw
  const triggers = (raw.exercise_triggers ?? []) as readonly JsonObject[]
  return {
    ...raw,
    warrant_expiration_date: lastDay,
    exercise_triggers: triggers.map((trigger) =>
      trigger.end_date === undefined ? trigger : { ...trigger, end_date: lastDay },
    ),
  }
}

function openWarrantOf(table: CapTable, securityId: string): Security {
  const security = table.securities.get(securityId)
  if (security?.kind !== 'warrant' || security.closedOn !== undefined) {
    throw new TransactionRefused(['the warrant is not open on the cap table'])
  }
  return security
}

type Parting = {
  readonly security: Security
  readonly raw: JsonObject
  readonly vested: bigint
  readonly shares: WholeShares
  readonly date: string
  readonly price: Money
  readonly classId: string
}

/** The transactions: a parting where something is left over, the exercise, and the stock. */
function partsOf(table: CapTable, parting: Parting) {
  const { security, shares, date, price, classId } = parting
  const whole = numericOfWhole(shares) === security.outstanding
  const stockSecurityId = newId()
  const parted = whole ? undefined : parts(table, parting)
  const exercised = parted?.partId ?? security.id
  const triggers = (parting.raw.exercise_triggers ?? []) as readonly JsonObject[]
  const prefix = table.classes.get(classId)?.item?.default_id_prefix ?? 'S-'
  const exercise: JsonObject = {
    object_type: 'TX_WARRANT_EXERCISE',
    id: newId(),
    date,
    security_id: exercised,
    trigger_id: String(triggers[0]?.trigger_id),
    resulting_security_ids: [stockSecurityId],
    consideration_text: `${formatNumeric(price.amount * shares)} ${price.currency}`,
  }
  const stock: JsonObject = {
    object_type: 'TX_STOCK_ISSUANCE',
    id: newId(),
    date,
    security_id: stockSecurityId,
    custom_id: `${prefix}${nextNumber(table, prefix)}`,
    stakeholder_id: security.stakeholderId,
    security_law_exemptions: [],
    stock_class_id: classId,
    share_price: money(price),
    quantity: String(shares),
    consideration_text: `Exercise of ${security.customId}`,
    stock_legend_ids: [],
  }
  const items = [...(parted?.items ?? []), exercise, stock]
  return {
    add: { objects: parted?.objects ?? [], transactions: items.map((item) => ({ item })) },
    result: { stockSecurityId, balanceSecurityId: parted?.balanceId ?? null },
  }
}

function parts(table: CapTable, { security, raw, vested, shares, date }: Parting) {
  const [partId, balanceId, termsId] = [newId(), newId(), newId()]
  const part = numericOfWhole(shares)
  const { vesting_terms_id: _terms, vestings: _vestings, comments: _comments, ...kept } = raw
  const customId = security.customId.replace(/\/\d+$/, '')
  const count = [...table.securities.values()].filter(({ customId: one }) => one.startsWith(`${customId}/`)).length
  const issue = (id: Uuid, number: number, quantity: bigint, more: JsonObject): JsonObject => ({
    ...kept,
    id: newId(),
    date,
    security_id: id,
    custom_id: `${customId}/${number}`,
    quantity: formatNumeric(quantity),
    ...more,
  })
  const transfer: JsonObject = {
    object_type: 'TX_WARRANT_TRANSFER',
    id: newId(),
    date,
    security_id: security.id,
    quantity: formatNumeric(part),
    resulting_security_ids: [partId],
    balance_security_id: balanceId,
    consideration_text: 'To its own holder, so that the part can be exercised',
  }
  const left = security.outstanding - part
  const terms = termsOf(table, security)
  const allocation = terms?.allocation_type ?? 'CUMULATIVE_ROUND_DOWN'
  const vesting = { allocation, description: terms?.description ?? 'As compute is drawn.', vested: vested - part }
  const start: JsonObject = {
    object_type: 'TX_VESTING_START',
    id: newId(),
    date,
    security_id: balanceId,
    vesting_condition_id: 'start',
  }
  return {
    partId,
    balanceId,
    objects: [startOnly(termsId, `${customId}/${count + 2}`, vesting)],
    items: [
      transfer,
      issue(partId, count + 1, part, {}),
      issue(balanceId, count + 2, left, { vesting_terms_id: termsId }),
      start,
    ],
  }
}
