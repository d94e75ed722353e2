import { z } from 'zod'
import { type Actor, must } from '../../access/index.ts'
import {
  audit,
  type Deps,
  instant,
  once,
  parse,
  type Ref,
  WrongState,
  zIdempotencyKey,
  zRef,
  zText,
} from '../../platform/index.ts'
import { lockRound } from '../../rounds/index.ts'
import { lockAmendment, markAmendment } from './amendment.store.ts'
import { mustSeeAmendment } from './amendment.views.ts'

export const WithdrawAmendmentInput = z.strictObject({
  amendmentId: zRef('Amendment'),
  reason: zText(1000),
  idempotencyKey: zIdempotencyKey,
})
export type WithdrawAmendmentInput = z.input<typeof WithdrawAmendmentInput>

/** Gives an amendment up before both sides have signed it. It stays on record. */
export async function withdrawAmendment(
  deps: Deps,
  actor: Actor,
  input: WithdrawAmendmentInput,
): Promise<{ ref: Ref }> {
  const { amendmentId: ref, reason, idempotencyKey } = parse(WithdrawAmendmentInput, input)
  const seen = await mustSeeAmendment(deps.db, actor, ref)
  must(actor, 'analyst', 'partner')
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'withdrawAmendment', scope, idempotencyKey, input }, async (trx) => {
    await lockRound(trx, { companyId: ref.companyId, id: seen.roundId })
    const amendment = await lockAmendment(trx, ref)
    const { state } = amendment
    if (state !== 'draft' && state !== 'proposed') throw new WrongState('amendment', state, ['draft', 'proposed'])
    await markAmendment(trx, amendment, state, 'withdrawn', { withdrawn_at: await instant(trx) })
    await audit(trx, actor, {
      scope,
      kind: 'amendment.withdrawn',
      subject: amendment.id,
      payload: { from: state, reason },
    })
    return { ref }
  })
}
