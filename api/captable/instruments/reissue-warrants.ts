/** Warrants whose price a round has fixed go on as warrants for a number of shares: cancelled, and issued again as that. */
import {
  formatNumeric,
  type Money,
  newId,
  numericOfWhole,
  type Trx,
  type Uuid,
  type WholeShares,
} from '../../platform/index.ts'
import { appendToHistory, TransactionRefused } from '../append-history.ts'
import type { JsonObject } from '../ocf/json.ts'
import { classFor, money, type NewStockClass, nextCustomId } from '../replay/issuance-pieces.ts'
import type { History } from '../replay/replay.ts'
import type { CapTable, Security } from '../replay/state.ts'

export type ReissueWarrants = {
  readonly companyId: Uuid
  readonly date: string
  /** What fixed the price, in words: "Series A of 2026-12-15". */
  readonly reason: string
  /** Classes by the caller's own name for each. Named again, a class is the same. */
  readonly classes: ReadonlyMap<string, { readonly id: string } | NewStockClass>
  readonly warrants: readonly {
    readonly securityId: string
    /** Key of `classes`: what the warrant is exercised into. */
    readonly into: string
    /** More than zero. */
    readonly shares: WholeShares
    /** What is paid to exercise one share, to the nearest of ten places. */
    readonly price: Money
    /** How number and price came about, in words. */
    readonly words: string
  }[]
}

export type ReissuedWarrant = { readonly securityId: string; readonly resultingSecurityId: Uuid }

/**
 * Cancels each warrant whole and issues it again to its holder, for its number at its price. Everything else is as its
 * issuance said: trigger, last day, what was paid for it, vesting with what has fired of it. Open Cap Format 1.2.0 says number
 * and price in the issuance alone, and has no transaction that changes them (ADR 69).
 *
 * The caller has checked who may do this, and computed number and price.
 *
 * @throws {NoCapTable}
 * @throws {TransactionRefused} when one is not there, is closed, has a number, or cannot be exercised in exactly one way
 */
export async function reissueWarrants(trx: Trx, reissue: ReissueWarrants): Promise<readonly ReissuedWarrant[]> {
  return appendToHistory(trx, reissue.companyId, (table, history) => {
    const objects: JsonObject[] = []
    const transactions: JsonObject[] = []
    const classIds = new Map<string, string>()
    const result = reissue.warrants.map((each): ReissuedWarrant => {
      const security = numberless(table, each.securityId)
      const classId = classIds.get(each.into) ?? classNamed(table, reissue, each, objects)
      classIds.set(each.into, classId)
      const made = { security, classId, resultingSecurityId: newId(), customId: nextCustomId(security.customId) }
      transactions.push(cancellationOf(reissue, each, made))
      transactions.push(issuanceOf(reissue, each, made, rawOf(history, security)))
      transactions.push(...firedOf(table, security, made.resultingSecurityId))
      return { securityId: security.id, resultingSecurityId: made.resultingSecurityId }
    })
    return { add: { objects, transactions: transactions.map((item) => ({ item })) }, result }
  })
}

type Each = ReissueWarrants['warrants'][number]
type Made = {
  readonly security: Security
  readonly classId: string
  readonly resultingSecurityId: Uuid
  readonly customId: string
}

function numberless(table: CapTable, securityId: string): Security {
  const security = table.securities.get(securityId)
  if (security?.kind !== 'warrant') throw new TransactionRefused(['the warrant is not on the cap table'])
  if (security.closedOn !== undefined) throw new TransactionRefused([`it was closed on ${security.closedOn}`])
  if (security.fixed) throw new TransactionRefused([`${security.customId} is for a number of shares already`])
  return security
}

function classNamed(
  table: CapTable,
  { classes }: ReissueWarrants,
  { into, price }: Each,
  objects: JsonObject[],
): string {
  const stockClass = classes.get(into)
  if (stockClass === undefined) throw new RangeError(`no class ${into}`)
  return classFor(table, stockClass, price, objects).id
}

const rawOf = (history: History, { issuanceId }: Security): JsonObject =>
  history.transactions.find(({ item }) => item.id === issuanceId)?.raw ?? {}

const cancellationOf = ({ date, reason }: ReissueWarrants, each: Each, { security, customId }: Made): JsonObject => ({
  object_type: 'TX_WARRANT_CANCELLATION',
  id: newId(),
  date,
  security_id: security.id,
  // All of it: an estimate as it was estimated, else what the round made it a warrant for.
  quantity: formatNumeric(security.outstanding > 0n ? security.outstanding : numericOfWhole(each.shares)),
  reason_text: `${reason}: ${each.words}. It goes on as ${customId}`,
})

function issuanceOf({ date, reason }: ReissueWarrants, each: Each, made: Made, raw: JsonObject): JsonObject {
  const [trigger, ...others] = (raw.exercise_triggers ?? []) as readonly JsonObject[]
  if (trigger === undefined || others.length > 0) {
    throw new TransactionRefused([`${made.security.customId} can be exercised in several ways, or in none`])
  }
  const quantity = formatNumeric(numericOfWhole(each.shares))
  return {
    ...raw,
    id: newId(),
    date,
    security_id: made.resultingSecurityId,
    custom_id: made.customId,
    quantity,
    quantity_source: 'INSTRUMENT_FIXED',
    exercise_price: money(each.price),
    exercise_triggers: [
      {
        ...trigger,
        conversion_right: {
          type: 'WARRANT_CONVERSION_RIGHT',
          conversion_mechanism: { type: 'FIXED_AMOUNT_CONVERSION', converts_to_quantity: quantity },
          converts_to_stock_class_id: made.classId,
        },
      },
    ],
    comments: [
      ...((raw.comments ?? []) as readonly string[]),
      `${made.security.customId} of ${made.security.issuedOn} (security ${made.security.id}), unchanged but for what ${reason} fixed: ${each.words}.`,
    ],
  }
}

/** What has fired of its vesting has fired of what it goes on as, on the same days. */
function firedOf(table: CapTable, { vesting, fired }: Security, securityId: Uuid): readonly JsonObject[] {
  const terms = vesting.kind === 'terms' ? table.terms.get(vesting.termsId) : undefined
  return [...fired].map(([conditionId, date]): JsonObject => {
    const condition = terms?.vesting_conditions.find(({ id }) => id === conditionId)
    const starts = condition?.trigger.type === 'VESTING_START_DATE'
    return {
      object_type: starts ? 'TX_VESTING_START' : 'TX_VESTING_EVENT',
      id: newId(),
      date,
      security_id: securityId,
      vesting_condition_id: conditionId,
    }
  })
}
