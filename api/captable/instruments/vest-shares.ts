import { newId, numericOfWhole, type Trx, type Uuid, type WholeShares } from '../../platform/index.ts'
import { appendToHistory, TransactionRefused } from '../append-history.ts'
import type { JsonObject, JsonValue } from '../ocf/json.ts'
import type { History } from '../replay/replay.ts'
import { termsOf } from '../replay/state.ts'
import { walkTerms } from '../replay/vesting.ts'
import { paidWords } from './partly-paid.ts'

export type VestShares = {
  readonly companyId: Uuid
  readonly securityId: string
  readonly quantity: WholeShares
  /** Day of vesting, `YYYY-MM-DD`, not before the last one. */
  readonly date: string
  /** The final statement (or the record of the signed clause) that vests them: its id stands at the transaction. */
  readonly statementId: Uuid
  /** What was delivered, in words: it becomes the description of the condition. */
  readonly description: string
}

/**
 * Vests whole shares of unearned stock. In OCF a condition fires once and holds the quantity, so each call adds one condition,
 * chained to the last, as a new version of the security's vesting terms, and the event that fires it.
 *
 * The caller has checked who may do this. Source: DESIGN.md section 5.
 *
 * @throws {NoCapTable}
 * @throws {TransactionRefused} when the security is not there, closed, or would vest more than was issued
 */
export async function vestShares(trx: Trx, vest: VestShares): Promise<{ transactionId: Uuid; conditionId: string }> {
  if (vest.quantity <= 0n) throw new RangeError(`cannot vest ${vest.quantity} shares`)
  return appendToHistory(trx, vest.companyId, (table, history) => {
    const security = table.securities.get(vest.securityId)
    if (security === undefined) throw new TransactionRefused(['the security is not on the cap table'])
    const terms = termsOf(table, security)
    if (terms === undefined) throw new TransactionRefused(['the security has no vesting terms: it is vested already'])
    for (const other of table.securities.values()) {
      // One that a settlement closed has handed its terms on.
      if (other.closedOn !== undefined) continue
      if (other.id !== security.id && other.vesting.kind === 'terms' && other.vesting.termsId === terms.id) {
        throw new TransactionRefused(['the vesting terms are those of other securities too'])
      }
    }
    const walk = walkTerms(security, terms, vest.date)
    const last = terms.vesting_conditions.at(-1)
    if (last === undefined || walk.at !== last.id) {
      throw new TransactionRefused([
        `vesting stands at ${walk.at ?? 'its beginning'} on ${vest.date}, not at its last condition`,
      ])
    }
    if (walk.vested + numericOfWhole(vest.quantity) > security.issued)
      throw new TransactionRefused(['more than 100% would be vested'])
    const raw = history.transactions.find(({ item }) => item.id === security.issuanceId)?.raw ?? {}
    const paid = paidWords(raw, walk.vested + numericOfWhole(vest.quantity), security.issued)
    const described = { ...vest, description: `${vest.description}${paid}` }
    const conditionId = `statement-${vest.statementId}`
    const transactionId = newId()
    return {
      add: {
        objects: [withCondition(rawTerms(history, terms.id), last.id, conditionId, described)],
        transactions: [
          {
            item: {
              object_type: 'TX_VESTING_EVENT',
              id: transactionId,
              date: vest.date,
              security_id: vest.securityId,
              vesting_condition_id: conditionId,
            },
            statementId: vest.statementId,
          },
        ],
      },
      result: { transactionId, conditionId },
    }
  })
}

function rawTerms(history: History, termsId: string): JsonObject {
  const placed = history.objects.find(({ item }) => item.object_type === 'VESTING_TERMS' && item.id === termsId)
  if (placed === undefined) throw new TransactionRefused(['the vesting terms are not on the cap table'])
  return placed.raw
}

function withCondition(raw: JsonObject, lastId: string, conditionId: string, vest: VestShares): JsonObject {
  const conditions = (raw.vesting_conditions ?? []) as readonly JsonObject[]
  const chained = conditions.map(
    (condition): JsonObject =>
      condition.id === lastId
        ? {
            ...condition,
            next_condition_ids: [...((condition.next_condition_ids ?? []) as readonly JsonValue[]), conditionId],
          }
        : condition,
  )
  const added: JsonObject = {
    id: conditionId,
    description: vest.description,
    quantity: String(vest.quantity),
    trigger: { type: 'VESTING_EVENT' },
    next_condition_ids: [],
  }
  return { ...raw, vesting_conditions: [...chained, added] }
}
