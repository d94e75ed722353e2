import { z } from 'zod'
import { type Actor, must } from '../../access/index.ts'
import { lockCompany } from '../../parties/index.ts'
import {
  type Deps,
  once,
  parse,
  type Ref,
  SamePerson,
  WrongState,
  zIdempotencyKey,
  zRef,
  zSha256,
} from '../../platform/index.ts'
import { applyPlan } from './apply-plan.ts'
import { PlanChanged } from './errors.ts'
import { loadStanding } from './load-standing.ts'
import { planHash } from './plan.ts'
import { planFor } from './plan-for.ts'
import { findSettlement, insertOutcome } from './settlement.store.ts'
import { mustSeeSettlement } from './settlement.views.ts'

export const ApproveSettlementInput = z.strictObject({
  settlementId: zRef('Settlement'),
  /** SHA-256 of the plan that was read, in hex. */
  planSha256: zSha256,
  idempotencyKey: zIdempotencyKey,
})
export type ApproveSettlementInput = z.input<typeof ApproveSettlementInput>

/**
 * Approves a settlement and does what its plan says: by a partner other than who proposed it, and only while it would still
 * do exactly that.
 *
 * @throws {PlanChanged} when the grant has moved since
 */
export async function approveSettlement(
  deps: Deps,
  actor: Actor,
  input: ApproveSettlementInput,
): Promise<{ ref: Ref }> {
  const { settlementId: ref, planSha256, idempotencyKey } = parse(ApproveSettlementInput, input)
  await mustSeeSettlement(deps.db, actor, ref)
  must(actor, 'partner')
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'approveSettlement', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, ref.companyId)
    const settlement = await findSettlement(trx, ref)
    if (settlement.outcome !== null) throw new WrongState('settlement', settlement.outcome, ['proposed'])
    if (settlement.proposedBy === actor.id) throw new SamePerson('approve')
    const { standing, grant } = await loadStanding(trx, ref.companyId, settlement.grantId, settlement.said)
    const plan = planFor(standing, settlement.said)
    const now = planHash(plan).toString('hex')
    const proposed = settlement.planSha256.toString('hex')
    if (now !== proposed) throw new PlanChanged(proposed, now)
    if (planSha256 !== proposed) throw new PlanChanged(planSha256, proposed)
    const { evidence, happenedOn } = settlement.said
    const applied = await applyPlan(trx, {
      ref,
      standing,
      grant,
      plan,
      evidence,
      happenedOn,
      actorId: actor.id,
      madeBy: actor.id,
    })
    await insertOutcome(trx, settlement, {
      kind: 'applied',
      decidedBy: actor.id,
      documentId: applied.documentId,
      topUpLotId: applied.topUpLotId,
      metricId: applied.metricId,
      reason: null,
    })
    return { ref }
  })
}
