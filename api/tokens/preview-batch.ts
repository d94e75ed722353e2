import { sql } from 'kysely'
import type { Trx, Uuid } from '../platform/index.ts'
import { type Balances, balances } from './balance.views.ts'
import { type LedgerAnswer, type LedgerEvent, postBatch } from './ledger.store.ts'

/**
 * A dry run: the answers that a batch would get and the balances that would result. Nothing is changed. The accounts stay
 * locked until the end of the transaction, so that posting the batch in it gives just these.
 */
export async function previewBatch(
  trx: Trx,
  holderId: Uuid,
  batch: readonly LedgerEvent[],
): Promise<{ readonly answers: readonly LedgerAnswer[]; readonly balances: Balances }> {
  await sql`SAVEPOINT preview_batch`.execute(trx)
  try {
    return { answers: await postBatch(trx, holderId, batch), balances: await balances(trx, holderId) }
  } finally {
    await sql`ROLLBACK TO SAVEPOINT preview_batch`.execute(trx)
    await sql`RELEASE SAVEPOINT preview_batch`.execute(trx)
  }
}
