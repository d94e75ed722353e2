import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import { NotFound, once, parse, type Reader, type Uuid, zGlobalId, zIdempotencyKey } from '../platform/index.ts'
import { member } from './flag.store.ts'
import { seesFlags } from './flag-visibility.ts'
import { GATES } from './rule.ts'
import { RULES } from './rules.ts'
import { type FlagsDeps, type GateRequest, type GateRun, runRules } from './run-gate.ts'
import { companyOf } from './subject.ts'

export const RecheckFlagsInput = z.strictObject({
  /** Global id of what was checked before a gate. */
  subject: zGlobalId,
  idempotencyKey: zIdempotencyKey,
})
export type RecheckFlagsInput = z.input<typeof RecheckFlagsInput>

/**
 * Runs the rules again as the last gate asked them, after facts were recorded: for the same gate and the same date, which
 * only the gate's own use case may choose.
 *
 * @throws {NotFound} when the subject never stood before a gate, or the actor does not see its company
 */
export async function recheckFlags(
  deps: FlagsDeps,
  actor: Actor,
  input: RecheckFlagsInput,
): Promise<GateRun & { readonly companyId: Uuid; readonly subject: string }> {
  const { subject, idempotencyKey } = parse(RecheckFlagsInput, input)
  const companyId = companyOf(subject)
  if (companyId === undefined || !seesFlags(actor, companyId)) throw new NotFound('checked subject', subject)
  await lastRequest(deps.db, companyId, subject)
  must(actor, 'analyst', 'partner', 'compliance')
  const scope = { kind: 'company', id: companyId } as const
  return once(deps, actor, { operation: 'recheckFlags', scope, idempotencyKey, input }, async (trx) => {
    const request = await lastRequest(trx, companyId, subject)
    const run = await runRules(trx, deps, actor, { ...request, cause: 'recheck' }, RULES)
    return { ...run, companyId, subject }
  })
}

async function lastRequest(reader: Reader, companyId: Uuid, subject: string): Promise<GateRequest> {
  const row = await reader
    .selectFrom('finding')
    .select(['gate', 'on_date'])
    .where('company_id', '=', companyId)
    .where('subject', '=', subject)
    .where('cause', '=', 'gate')
    .orderBy('run_number', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (row === undefined) throw new NotFound('checked subject', subject)
  return { companyId, subject, gate: member(GATES, row.gate), onDate: row.on_date }
}
