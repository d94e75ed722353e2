import { z } from 'zod'
import { type Actor, must } from '../../access/index.ts'
import { lockCompany } from '../../parties/index.ts'
import {
  audit,
  type Deps,
  globalId,
  once,
  parse,
  type Ref,
  WrongState,
  zIdempotencyKey,
  zRef,
  zText,
} from '../../platform/index.ts'
import { findSettlement, insertOutcome } from './settlement.store.ts'
import { mustSeeSettlement } from './settlement.views.ts'

export const WithdrawSettlementInput = z.strictObject({
  settlementId: zRef('Settlement'),
  reason: zText(1000),
  idempotencyKey: zIdempotencyKey,
})
export type WithdrawSettlementInput = z.input<typeof WithdrawSettlementInput>

/** Gives a proposed settlement up. It stays on record. */
export async function withdrawSettlement(
  deps: Deps,
  actor: Actor,
  input: WithdrawSettlementInput,
): Promise<{ ref: Ref }> {
  const { settlementId: ref, reason, idempotencyKey } = parse(WithdrawSettlementInput, input)
  await mustSeeSettlement(deps.db, actor, ref)
  must(actor, 'partner', 'operations')
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'withdrawSettlement', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, ref.companyId)
    const settlement = await findSettlement(trx, ref)
    if (settlement.outcome !== null) throw new WrongState('settlement', settlement.outcome, ['proposed'])
    await insertOutcome(trx, settlement, { kind: 'withdrawn', decidedBy: actor.id, documentId: null, reason })
    await audit(trx, actor, {
      scope,
      kind: 'settlement.withdrawn',
      subject: globalId('Settlement', ref.companyId, ref.id),
      payload: { reason },
    })
    return { ref }
  })
}
