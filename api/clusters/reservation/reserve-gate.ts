/**
 * The gate that every booking passes. Its subject is the company: what it asks is whether the company may book at all, and
 * how it is treated. The rules run once a day for a company, and again when a fact is recorded; each booking looks at the
 * flags.
 */
import type { Actor } from '../../access/index.ts'
import { checkGate, type FlagsDeps, gateRunSince, refuseWhileOpen } from '../../flags/index.ts'
import { globalId, type Trx, today, type Uuid } from '../../platform/index.ts'

/** What a booking needs: the gate runs the rules. */
export type ReserveDeps = FlagsDeps

const gateOf = (companyId: Uuid) => ({ gate: 'reserve', companyId, subject: globalId('Company', companyId) }) as const

/** Before the booking's own transaction: what the rules find is kept also when the booking is refused. */
export async function checkReserve(deps: FlagsDeps, actor: Actor, companyId: Uuid): Promise<void> {
  const gate = { ...gateOf(companyId), onDate: await today(deps.db) }
  if (!(await gateRunSince(deps.db, gate))) await checkGate(deps, actor, gate)
}

/**
 * In the booking's transaction. Locks the company.
 *
 * @throws {OpenFlags}
 */
export const refuseReserve = async (trx: Trx, companyId: Uuid): Promise<void> =>
  refuseWhileOpen(trx, { ...gateOf(companyId), onDate: await today(trx) })
