import { z } from 'zod'
import { type Actor, must } from '../../access/index.ts'
import {
  audit,
  type Deps,
  globalId,
  instant,
  once,
  parse,
  type Ref,
  Refused,
  today,
  WrongState,
  zIdempotencyKey,
  zRef,
} from '../../platform/index.ts'
import { lockRound } from '../../rounds/index.ts'
import { bringIntoForce } from '../amendment/bring-into-force.ts'
import { lockDealDocument } from './deal-document.store.ts'
import { mustSeeDealDocument } from './deal-document.views.ts'
import { mfnNodes } from './draft-deal-document.ts'
import { CyclicMfn, mfnCycle } from './side-letter.ts'

export const ElectMfnInput = z.strictObject({
  /** The side letter whose holder elects. */
  dealDocumentId: zRef('DealDocument'),
  /** The later one, taken over whole. */
  electedId: zRef('DealDocument'),
  idempotencyKey: zIdempotencyKey,
})
export type ElectMfnInput = z.input<typeof ElectMfnInput>

/**
 * A holder of a most-favoured-nation right takes over one later side letter, whole, within the window that began with its
 * notice. There is no other election after it, and no picking of single terms. The fund is the holder of its own side
 * letters: a partner elects.
 *
 * @throws {Refused} when there was no notice, or the window is over
 * @throws {WrongState} when the holder has elected before
 * @throws {CyclicMfn} when the elected one defers, in the end, to the holder's own
 */
export async function electMfn(deps: Deps, actor: Actor, input: ElectMfnInput): Promise<{ ref: Ref }> {
  const { dealDocumentId: ref, electedId: elected, idempotencyKey } = parse(ElectMfnInput, input)
  const seen = await mustSeeDealDocument(deps.db, actor, ref)
  await mustSeeDealDocument(deps.db, actor, elected)
  must(actor, 'partner')
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'electMfn', scope, idempotencyKey, input }, async (trx) => {
    await bringIntoForce(trx, ref.companyId)
    await lockRound(trx, { companyId: ref.companyId, id: seen.roundId })
    const holder = await lockDealDocument(trx, ref)
    if (holder.state !== 'in_force') throw new WrongState('side letter', holder.state, ['in_force'])
    const before = await trx
      .selectFrom('mfn_election')
      .select('elected_id')
      .where('company_id', '=', ref.companyId)
      .where('holder_id', '=', ref.id)
      .executeTakeFirst()
    if (before !== undefined) throw new WrongState('side letter', 'elected', ['in_force'])
    const notice = await trx
      .selectFrom('mfn_notice')
      .select('elect_until as until')
      .where('company_id', '=', ref.companyId)
      .where('holder_id', '=', ref.id)
      .where('offered_id', '=', elected.id)
      .executeTakeFirst()
    if (notice === undefined || elected.companyId !== ref.companyId) {
      throw new Refused(
        'electedId',
        'was not brought to the notice of this holder: only a later side letter that its right covers can be elected',
      )
    }
    const on = await today(trx)
    if (on > notice.until) throw new Refused('electedId', `could be elected until ${notice.until}`)
    const nodes = (await mfnNodes(trx, holder.round)).map((node) =>
      node.id === ref.id ? { ...node, over: [elected.id] } : node,
    )
    const cycle = mfnCycle(nodes)
    if (cycle !== undefined) throw new CyclicMfn(cycle)
    await trx
      .insertInto('mfn_election')
      .values({
        company_id: ref.companyId,
        holder_id: ref.id,
        elected_id: elected.id,
        elected_on: on,
        elected_by: actor.id,
        elected_at: await instant(trx),
      })
      .execute()
    await audit(trx, actor, {
      scope,
      kind: 'side_letter.elected',
      subject: holder.id,
      payload: { elected: globalId('DealDocument', elected.companyId, elected.id) },
    })
    return { ref }
  })
}
