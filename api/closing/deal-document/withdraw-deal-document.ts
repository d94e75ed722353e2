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
import { lockDealDocument, markDealDocument } from './deal-document.store.ts'
import { mustSeeDealDocument } from './deal-document.views.ts'

export const WithdrawDealDocumentInput = z.strictObject({
  dealDocumentId: zRef('DealDocument'),
  reason: zText(1000),
  idempotencyKey: zIdempotencyKey,
})
export type WithdrawDealDocumentInput = z.input<typeof WithdrawDealDocumentInput>

/** Gives an assignment or a side letter up before both sides have signed it. It stays on record. */
export async function withdrawDealDocument(
  deps: Deps,
  actor: Actor,
  input: WithdrawDealDocumentInput,
): Promise<{ ref: Ref }> {
  const { dealDocumentId: ref, reason, idempotencyKey } = parse(WithdrawDealDocumentInput, input)
  const seen = await mustSeeDealDocument(deps.db, actor, ref)
  must(actor, 'analyst', 'partner')
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'withdrawDealDocument', scope, idempotencyKey, input }, async (trx) => {
    await lockRound(trx, { companyId: ref.companyId, id: seen.roundId })
    const document = await lockDealDocument(trx, ref)
    const { state } = document
    if (state !== 'draft' && state !== 'proposed') throw new WrongState('deal document', state, ['draft', 'proposed'])
    await markDealDocument(trx, document, state, 'withdrawn', { withdrawn_at: await instant(trx) })
    await audit(trx, actor, {
      scope,
      kind: `${document.kind}.withdrawn`,
      subject: document.id,
      payload: { from: state, reason },
    })
    return { ref }
  })
}
