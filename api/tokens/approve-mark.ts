import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import {
  audit,
  type Deps,
  globalId,
  instant,
  once,
  parse,
  type Ref,
  Refused,
  SamePerson,
  today,
  violates,
  WrongState,
  zIdempotencyKey,
  zRef,
} from '../platform/index.ts'
import { mustSeeMark } from './mark.views.ts'
import { auditScope } from './propose-mark.ts'

export const ApproveMarkInput = z.strictObject({ markId: zRef('Mark'), idempotencyKey: zIdempotencyKey })
export type ApproveMarkInput = z.input<typeof ApproveMarkInput>

/** Approves a mark, by somebody other than who proposed it: from here on it counts until it expires. */
export async function approveMark(deps: Deps, actor: Actor, input: ApproveMarkInput): Promise<{ ref: Ref }> {
  const { markId: ref, idempotencyKey } = parse(ApproveMarkInput, input)
  const mark = await mustSeeMark(deps.db, actor, ref)
  must(actor, 'partner', 'compliance')
  const scope = auditScope(mark.subject)
  return once(deps, actor, { operation: 'approveMark', scope, idempotencyKey, input }, async (trx) => {
    if (mark.proposedBy === actor.id) throw new SamePerson('approve')
    if (mark.expiresOn <= (await today(trx))) throw new Refused('markId', `expired on ${mark.expiresOn}`)
    await trx
      .insertInto('mark_approval')
      .values({
        scope_id: ref.companyId,
        mark_id: ref.id,
        proposed_by: mark.proposedBy,
        approved_by: actor.id,
        approved_at: await instant(trx),
      })
      .execute()
      .catch((error: unknown) => {
        throw violates(error, 'mark_approval_pkey') ? new WrongState('mark', 'approved', ['proposed']) : error
      })
    await audit(trx, actor, {
      scope,
      kind: 'mark.approved',
      subject: globalId('Mark', ref.companyId, ref.id),
      payload: {},
    })
    return { ref }
  })
}
