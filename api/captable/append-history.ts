/** Adds our own transactions to a company's history, each checked against everything that is there. */
import { lockCompany } from '../parties/index.ts'
import { DomainError, type Trx, type Uuid } from '../platform/index.ts'
import { addCheckpointJob } from './checkpoint/write-checkpoint.ts'
import { insertObjects, insertTransactions, type StoredItem, type StoredTransaction } from './history.store.ts'
import { loadHistory } from './history.views.ts'
import type { PackageFault } from './ocf/fault.ts'
import { readItem } from './ocf/items.ts'
import type { JsonObject } from './ocf/json.ts'
import type { OcfObject } from './ocf/objects.ts'
import type { Placed } from './ocf/package.ts'
import type { OcfTransaction } from './ocf/transactions.ts'
import { type History, replay } from './replay/replay.ts'
import type { CapTable } from './replay/state.ts'

/** The cap table does not allow a transaction: too few authorised shares, a closed security, more than 100% vested. */
export class TransactionRefused extends DomainError {
  readonly code = 'TRANSACTION_REFUSED'
  readonly reasons: readonly string[]
  constructor(reasons: readonly string[]) {
    super(`The cap table does not allow this: ${reasons.join('; ')}. Nothing was changed.`)
    this.reasons = reasons
  }
}

export type Addition = {
  /** New objects, and new versions of old ones. */
  readonly objects: readonly JsonObject[]
  readonly transactions: readonly { readonly item: JsonObject; readonly statementId?: Uuid }[]
}

/**
 * Locks the company, lets `make` decide from its whole history what to add, checks that by replay, and stores it.
 *
 * @throws {NoCapTable}
 * @throws {TransactionRefused}
 */
export async function appendToHistory<T>(
  trx: Trx,
  companyId: Uuid,
  make: (table: CapTable, history: History) => { readonly add: Addition; readonly result: T },
): Promise<T> {
  await lockCompany(trx, companyId)
  const history = await loadHistory(trx, companyId)
  const { table } = replay(history, { trusted: true })
  const { add, result } = make(table, history)
  const objects = add.objects.map((raw) => placedObject(raw))
  const transactions = add.transactions.map(({ item }) => placedTransaction(item))
  check(extended(history, objects, transactions), new Set(transactions.map(({ item }) => item.id)))
  await insertObjects(trx, companyId, null, add.objects.map(storedItem))
  await insertTransactions(
    trx,
    companyId,
    null,
    add.transactions.map(
      ({ item, statementId }): StoredTransaction => ({ ...storedItem(item), date: String(item.date), statementId }),
    ),
  )
  await addCheckpointJob(trx, companyId, history.transactions.length)
  return result
}

/** Old versions give way to new ones of the same type and id. */
function extended(
  history: History,
  objects: readonly Placed<OcfObject>[],
  transactions: readonly Placed<OcfTransaction>[],
): History {
  const key = ({ item }: Placed<OcfObject>) => `${item.object_type} ${item.id}`
  const replaced = new Set(objects.map(key))
  return {
    ...history,
    objects: [...history.objects.filter((placed) => !replaced.has(key(placed))), ...objects],
    transactions: [...history.transactions, ...transactions],
  }
}

/**
 * What an import accepted once may stay as it is; what is added now must have no gap, and must not take a class over its
 * authorised number on any later day either.
 */
function check(history: History, added: ReadonlySet<string>): void {
  const after = replay(history, { gaps: 'ACCEPT' })
  const reasons = after.gaps
    .filter((gap) => added.has(gap.itemId ?? ''))
    .map((gap: PackageFault) => `${gap.pointer.replace(/^\//, '')} ${gap.reason}`)
  if (reasons.length === 0) {
    for (const { name, authorized, outstanding } of after.table.classes.values()) {
      if (typeof authorized === 'bigint' && outstanding > authorized && touches(history, added)) {
        reasons.push(`${name} would have more shares outstanding than are authorised`)
      }
    }
  }
  if (reasons.length > 0) throw new TransactionRefused(reasons)
}

const touches = (history: History, added: ReadonlySet<string>): boolean =>
  history.transactions.some(({ item }) => added.has(item.id) && item.object_type === 'TX_STOCK_ISSUANCE')

const storedItem = (raw: JsonObject): StoredItem => ({
  type: String(raw.object_type),
  id: String(raw.id),
  status: 'APPLIED',
  raw,
  file: null,
  pointer: null,
})

// What is made here is validated like anything from outside: a fault would otherwise be found only when it is read back.
function placedObject(raw: JsonObject): Placed<OcfObject> {
  const reading = readItem(raw)
  if (reading.kind !== 'object') throw new TypeError(`not a valid object: ${JSON.stringify(reading)}`)
  return { place: { file: '', pointer: '' }, raw, item: reading.item }
}

function placedTransaction(raw: JsonObject): Placed<OcfTransaction> {
  const reading = readItem(raw)
  if (reading.kind !== 'transaction') throw new TypeError(`not a valid transaction: ${JSON.stringify(reading)}`)
  return { place: { file: '', pointer: '' }, raw, item: reading.item }
}
