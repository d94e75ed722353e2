import type { Actor } from '../access/index.ts'
import { once } from '../platform/index.ts'
import { type FlagsDeps, type GateRequest, type GateRun, runGate } from './run-gate.ts'

/**
 * Runs a gate's rules in a transaction of its own. A use case calls it before its own transaction and there calls
 * `refuseWhileOpen`: a refusal rolls back what the refused step did, and must not roll back the findings that people need
 * to see in order to clear them.
 *
 * @throws {NotFound} when the actor does not see the company
 */
export async function checkGate(deps: FlagsDeps, actor: Actor, request: GateRequest): Promise<GateRun> {
  const scope = { kind: 'company', id: request.companyId } as const
  return once(deps, actor, { operation: 'checkGate', scope, input: request }, (trx) =>
    runGate(trx, deps, actor, request),
  )
}
