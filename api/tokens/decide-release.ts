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
  SamePerson,
  type Trx,
  today,
  WrongState,
  zIdempotencyKey,
  zRef,
  zText,
} from '../platform/index.ts'
import { type AskedRelease, findAskedRelease, insertReleaseDecision } from './asked-release.store.ts'
import { applyLotChanges } from './change-lot.ts'
import { lockTokens } from './ledger.store.ts'
import { releaseAsked } from './release-asked.ts'
import { mustSeeAskedRelease, mustSeeLotReleases, mustTakeSide, sideOf } from './release-sides.ts'
import { mustStillRelease, type ReleasesEndOf } from './releases-end.ts'

/** What is said to a release that waits. */
export const RELEASE_DECISIONS = ['CONFIRM', 'REFUSE'] as const

/** Why one is refused. */
export const RELEASE_REFUSALS = ['NOT_REACHED', 'NOT_SHOWN', 'NO_CAPACITY', 'OUTSIDE_TERMS', 'OTHER'] as const

export const DecideReleaseInput = z
  .strictObject({
    releaseId: zRef('TokenRelease'),
    decision: z.enum(RELEASE_DECISIONS, `must be ${RELEASE_DECISIONS.join(' or ')}`),
    /** Of a refusal; OTHER where none is given. */
    reasonCode: z.enum(RELEASE_REFUSALS, `must be ${RELEASE_REFUSALS.join(', ')}`).nullish(),
    note: zText(1000).nullish(),
    idempotencyKey: zIdempotencyKey,
  })
  .refine(({ decision, note }) => decision !== 'REFUSE' || note != null, {
    path: ['note'],
    message: 'must be given to refuse',
  })
export type DecideReleaseInput = z.input<typeof DecideReleaseInput>

const STORED = { CONFIRM: 'confirmed', REFUSE: 'refused' } as const

/**
 * Decides a release that waits. What is confirmed is released on its day: at once, where that has come.
 *
 * @throws {ReleasesEnded} to confirm it on the long-stop of the grant or later
 * @throws {Refused} {WrongState} when it does not wait {SamePerson} {NotFound} {Forbidden}
 */
export async function decideRelease(
  deps: Deps,
  actor: Actor,
  input: DecideReleaseInput,
  endOf: ReleasesEndOf,
): Promise<{ ref: Ref }> {
  const { releaseId: ref, decision, reasonCode, note, idempotencyKey } = parse(DecideReleaseInput, input)
  const { companyId } = ref
  const { lotId } = await mustSeeAskedRelease(deps.db, actor, ref)
  const sides = mustTakeSide(actor, await mustSeeLotReleases(deps.db, actor, { companyId, id: lotId }))
  const scope = { kind: 'company', id: companyId } as const
  return once(deps, actor, { operation: 'decideRelease', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, companyId)
    await lockTokens(trx, companyId)
    const subject = globalId('TokenRelease', companyId, ref.id)
    const release = await findAskedRelease(trx, ref)
    if (release === undefined) throw new NotFound('release', subject)
    if (release.state !== 'waiting' || release.needs === 'nobody')
      throw new WrongState('release', release.state, ['waiting'])
    if (decision === 'CONFIRM' && reasonCode != null) throw new Refused('reasonCode', 'belongs to a refusal')
    if (release.askedBy === actor.id && decision === 'CONFIRM') throw new SamePerson('confirm')
    sideOf('decision', sides, [release.needs])
    if (decision === 'CONFIRM') await mustLive(trx, actor, release, endOf)
    const why = decision === 'REFUSE' ? (reasonCode ?? 'OTHER') : null
    await insertReleaseDecision(trx, release, {
      decision: STORED[decision],
      reasonCode: why,
      note: note ?? null,
      by: actor.id,
    })
    await audit(trx, actor, {
      scope,
      kind: `release.${STORED[decision]}`,
      subject,
      payload: { amountMicro: release.amount.toString(), note: note ?? null, reasonCode: why },
    })
    if (decision === 'CONFIRM') await releaseAsked(trx, actor, companyId, await today(trx))
    return { ref }
  })
}

/** Confirmed on its last day or later, a release would never be made. @throws {Refused} {ReleasesEnded} */
async function mustLive(trx: Trx, actor: Actor, release: AskedRelease, endOf: ReleasesEndOf): Promise<void> {
  const { companyId, lotId, dueOn } = release
  await applyLotChanges(trx, companyId)
  const { expiresOn } = await mustSeeLotReleases(trx, actor, { companyId, id: lotId })
  const on = await today(trx)
  if (expiresOn <= on) throw new Refused('releaseId', `names tokens that expired on ${expiresOn}`)
  await mustStillRelease(trx, endOf, { companyId, lotId }, dueOn > on ? dueOn : on)
}
