import type { z } from 'zod'
import { type Actor, must } from '../../access/index.ts'
import { lockCompany } from '../../parties/index.ts'
import {
  audit,
  type Deps,
  globalId,
  newId,
  once,
  parse,
  type Ref,
  WrongState,
  zIdempotencyKey,
  zRef,
} from '../../platform/index.ts'
import { mustSeeGrant } from './grant-visibility.ts'
import { loadStanding } from './load-standing.ts'
import { Circumstances, planHash, planJson } from './plan.ts'
import { planFor } from './plan-for.ts'
import { insertSettlement, openProposal } from './settlement.store.ts'

export const ProposeSettlementInput = Circumstances.extend({ grantId: zRef('Grant'), idempotencyKey: zIdempotencyKey })
export type ProposeSettlementInput = z.input<typeof ProposeSettlementInput>

/**
 * Proposes to settle a grant as its signed terms say. Nothing happens yet: the exact plan is kept, and another partner
 * approves just that.
 *
 * @throws {Refused} where the terms say that nothing happens, or nothing yet
 * @throws {WrongState} when another settlement of the grant waits for approval
 */
export async function proposeSettlement(
  deps: Deps,
  actor: Actor,
  input: ProposeSettlementInput,
): Promise<{ ref: Ref }> {
  const { grantId: of, idempotencyKey, ...said } = parse(ProposeSettlementInput, input)
  await mustSeeGrant(deps.db, actor, of)
  must(actor, 'partner', 'operations')
  const { companyId } = of
  const scope = { kind: 'company', id: companyId } as const
  return once(deps, actor, { operation: 'proposeSettlement', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, companyId)
    if ((await openProposal(trx, companyId, of.id)) !== undefined)
      throw new WrongState('grant', 'about to be settled', ['without an open proposal'])
    const { standing, grant } = await loadStanding(trx, companyId, of.id, said)
    const plan = planFor(standing, said)
    const ref = { companyId, id: newId() }
    const planSha256 = planHash(plan)
    await insertSettlement(trx, {
      ref,
      grantId: of.id,
      said,
      plan: planJson(plan),
      planSha256,
      termsDocumentId: grant.grant.termsDocumentId,
      proposedBy: actor.id,
    })
    await audit(trx, actor, {
      scope,
      kind: 'settlement.proposed',
      subject: globalId('Settlement', companyId, ref.id),
      payload: {
        grant: globalId('Grant', companyId, of.id),
        event: said.event,
        happenedOn: said.happenedOn,
        evidence: said.evidence,
        planSha256: planSha256.toString('hex'),
      },
    })
    return { ref }
  })
}
