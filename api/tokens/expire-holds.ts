import { z } from 'zod'
import { type Deps, instant, inTransaction, parse, type Trx, type Uuid, zUuid } from '../platform/index.ts'
import { expirePending, lockTokens } from './ledger.store.ts'

/** Name of the job that is added for the instant at which a hold expires. */
export const EXPIRE_HOLDS_JOB = 'tokens.expire-holds'

/**
 * Expires the pending holds of a company whose time is over: their tokens are available again. Harmless when repeated.
 * Answers the ids of the holds.
 */
export async function expireHolds(trx: Trx, companyId: Uuid): Promise<readonly Uuid[]> {
  await lockTokens(trx, companyId)
  while ((await expirePending(trx, companyId)) > 0);
  const at = await instant(trx)
  const expired = await trx
    .updateTable('token_hold')
    .set({ state: 'expired', changed_at: at })
    .where('company_id', '=', companyId)
    .where('state', '=', 'pending')
    .where('expires_at', '<=', at)
    .returning('hold_id')
    .execute()
  return expired.map((hold) => hold.hold_id)
}

/** The job: expires the holds of a company whose time is over. */
export async function expireHoldsJob(deps: Deps, payload: unknown): Promise<void> {
  const { companyId } = parse(z.object({ companyId: zUuid }), payload)
  await inTransaction(deps.db, (trx) => expireHolds(trx, companyId))
}
