import { z } from 'zod'
import type { Actor } from '../access/index.ts'
import { lockCompany } from '../parties/index.ts'
import {
  audit,
  type Deps,
  globalId,
  NotFound,
  once,
  parse,
  type Ref,
  Refused,
  WrongState,
  zIdempotencyKey,
  zRef,
  zText,
} from '../platform/index.ts'
import { findAskedRelease, insertReleaseDecision } from './asked-release.store.ts'
import { lockTokens } from './ledger.store.ts'
import { mustSeeAskedRelease } from './release-sides.ts'
import { mustSpeakFor } from './request-release.ts'

export const WithdrawReleaseInput = z.strictObject({
  releaseId: zRef('TokenRelease'),
  note: zText(1000).nullish(),
  idempotencyKey: zIdempotencyKey,
})
export type WithdrawReleaseInput = z.input<typeof WithdrawReleaseInput>

/**
 * The company takes back what it asked for, while it is neither confirmed nor released. It counts towards no limit any more.
 *
 * @throws {WrongState} {Refused} of a milestone, or once it is confirmed {NotFound} {Forbidden}
 */
export async function withdrawRelease(deps: Deps, actor: Actor, input: WithdrawReleaseInput): Promise<{ ref: Ref }> {
  const { releaseId: ref, note, idempotencyKey } = parse(WithdrawReleaseInput, input)
  const { companyId } = ref
  await mustSeeAskedRelease(deps.db, actor, ref)
  mustSpeakFor(actor, companyId)
  const scope = { kind: 'company', id: companyId } as const
  return once(deps, actor, { operation: 'withdrawRelease', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, companyId)
    await lockTokens(trx, companyId)
    const subject = globalId('TokenRelease', companyId, ref.id)
    const release = await findAskedRelease(trx, ref)
    if (release === undefined) throw new NotFound('release', subject)
    if (release.kind === 'milestone') throw new Refused('releaseId', 'names a milestone, which nobody asked for')
    if (release.state !== 'waiting' && release.state !== 'due')
      throw new WrongState('release', release.state, ['waiting', 'due'])
    if (release.decidedAt !== null) throw new Refused('releaseId', 'names a release that was confirmed')
    await insertReleaseDecision(trx, release, {
      decision: 'withdrawn',
      reasonCode: null,
      note: note ?? null,
      by: actor.id,
    })
    await audit(trx, actor, {
      scope,
      kind: 'release.withdrawn',
      subject,
      payload: { amountMicro: release.amount.toString(), note: note ?? null },
    })
    return { ref }
  })
}
