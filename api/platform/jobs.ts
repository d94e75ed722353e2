/** Jobs are added inside the transaction that needs them: if it does not commit, they do not exist. */
import { sql } from 'kysely'
import type { JsonValue } from './canonical.ts'
import type { Trx } from './database.ts'

export type Job = {
  /** `<capability>.<what>`: `tokens.release-due`. A handler of that name is registered in api/worker. */
  readonly name: string
  readonly payload: JsonValue
  /** Not before this instant (ISO 8601). */
  readonly runAt?: string
  /** A job of the same key that has not run yet is replaced. */
  readonly key?: string
  /** Jobs of one queue run one at a time. */
  readonly queue?: string
}

/** Adds a job to the queue. Handlers may run it more than once: they must be harmless the second time. */
export async function addJob(trx: Trx, job: Job): Promise<void> {
  await sql`SELECT equihour_add_job(${job.name}, ${JSON.stringify(job.payload)}::json,
    ${job.runAt ?? null}::timestamptz, ${job.key ?? null}, ${job.queue ?? null})`.execute(trx)
}
