/** One use case, one transaction: state, audit event, job and idempotency record commit together or not at all. */
import type { Logger } from 'pino'
import type { ActorId, Scope } from './audit.ts'
import { canonicalJson, fromStored, sha256, toStored } from './canonical.ts'
import { instant } from './clock.ts'
import { type Db, inTransaction, type Trx } from './database.ts'
import { IdempotencyKeyReused } from './errors.ts'

/** What every use case gets from the composition root. */
export type Deps = {
  readonly db: Db
  readonly log: Logger
}

/** One call of a use case. `input` is what the caller sent: the key stands for exactly that. */
export type Call = {
  readonly operation: string
  readonly scope: Scope
  readonly idempotencyKey?: string | null | undefined
  readonly input: unknown
}

/**
 * Runs `work` in one transaction and, where the caller gave an idempotency key, at most once: the same call again gets
 * the stored answer of the first. Only successes are stored. Two at once: the second waits for the first to commit.
 *
 * What `work` returns must be plain data (strings, booleans, bigints, lists, records).
 *
 * @throws {IdempotencyKeyReused} when the key was used by this actor and operation with other input
 */
export async function once<T>(deps: Deps, actor: ActorId, call: Call, work: (trx: Trx) => Promise<T>): Promise<T> {
  const { idempotencyKey: key } = call
  if (key === null || key === undefined) return inTransaction(deps.db, work)
  const request = sha256(canonicalJson(toStored(call.input)))
  return inTransaction(deps.db, async (trx) => {
    const claimed = await trx
      .insertInto('idempotency_record')
      .values({
        scope_id: call.scope.id,
        actor_id: actor.id,
        operation: call.operation,
        key,
        request_hash: request,
        at: await instant(trx),
      })
      .onConflict((conflict) => conflict.constraint('idempotency_record_pkey').doNothing())
      .returning('key')
      .executeTakeFirst()
    if (claimed === undefined) {
      const stored = await trx
        .selectFrom('idempotency_record')
        .select(['request_hash', 'answer'])
        .where('scope_id', '=', call.scope.id)
        .where('actor_id', '=', actor.id)
        .where('operation', '=', call.operation)
        .where('key', '=', key)
        .executeTakeFirstOrThrow()
      if (!stored.request_hash.equals(request)) throw new IdempotencyKeyReused(key)
      // The stored answer is what this very operation returned for this very input.
      return fromStored(stored.answer) as T
    }
    const answer = await work(trx)
    await trx
      .updateTable('idempotency_record')
      .set({ answer: JSON.stringify(toStored(answer)) })
      .where('scope_id', '=', call.scope.id)
      .where('actor_id', '=', actor.id)
      .where('operation', '=', call.operation)
      .where('key', '=', key)
      .execute()
    return answer
  })
}
