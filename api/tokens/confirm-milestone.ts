import { z } from 'zod'
import type { Actor } from '../access/index.ts'
import { lockCompany } from '../parties/index.ts'
import {
  audit,
  type Deps,
  globalId,
  newId,
  once,
  parse,
  type Ref,
  Refused,
  type Trx,
  today,
  type Uuid,
  zIdempotencyKey,
  zIsoDate,
  zRef,
  zText,
} from '../platform/index.ts'
import { accountOf, type LotAccounts, lotAccounts } from './account.views.ts'
import { askedReleases, insertAskedRelease, openAskedReleases, stands } from './asked-release.store.ts'
import { applyLotChanges } from './change-lot.ts'
import { lockTokens } from './ledger.store.ts'
import { releaseAsked } from './release-asked.ts'
import { mustSeeLotReleases, mustTakeSide, type ReleaseSide, sideOf } from './release-sides.ts'
import { type Milestone, releaseTermsOf, sameMilestone } from './release-terms.store.ts'
import { mustStillRelease, type ReleasesEndOf } from './releases-end.ts'

export const ConfirmMilestoneInput = z.strictObject({
  lotId: zRef('Lot'),
  code: zText(40),
  /** What shows it, in words: a report, a benchmark, an acceptance. */
  evidence: zText(2000),
  /** The day on which it was reached. */
  reachedOn: zIsoDate,
  idempotencyKey: zIdempotencyKey,
})
export type ConfirmMilestoneInput = z.input<typeof ConfirmMilestoneInput>

const SIDES: Readonly<Record<Milestone['confirmedBy'], readonly ReleaseSide[]>> = {
  fund: ['fund'],
  provider: ['provider'],
  both: ['fund', 'provider'],
}

/**
 * Somebody of the side that the terms name confirms that a milestone is reached, and its tokens are released. Where the
 * terms want both sides, the other one confirms it with `decideRelease`.
 *
 * @throws {Refused} when the terms have no such milestone, it is confirmed already, or the lot has expired
 * @throws {ReleasesEnded} from the long-stop of the grant on, unless it paid for the tokens all the same
 * @throws {NotFound} {Forbidden}
 */
export async function confirmMilestone(
  deps: Deps,
  actor: Actor,
  input: ConfirmMilestoneInput,
  endOf: ReleasesEndOf,
): Promise<{ ref: Ref }> {
  const { lotId: lotRef, code, evidence, reachedOn, idempotencyKey } = parse(ConfirmMilestoneInput, input)
  const lot = await mustSeeLotReleases(deps.db, actor, lotRef)
  const { companyId, lotId } = lot
  const sides = mustTakeSide(actor, lot)
  const scope = { kind: 'company', id: companyId } as const
  return once(deps, actor, { operation: 'confirmMilestone', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, companyId)
    await lockTokens(trx, companyId)
    await applyLotChanges(trx, companyId)
    const on = await today(trx)
    if (reachedOn > on) throw new Refused('reachedOn', 'is in the future')
    const milestone = await standing(trx, companyId, lotId, code)
    const side = sideOf('code', sides, SIDES[milestone.confirmedBy])
    const accounts = await mustLive(trx, companyId, lotId, on)
    await mustStillRelease(trx, endOf, { companyId, lotId }, on)
    await mustBeLocked(trx, companyId, accounts, milestone)
    const needs = milestone.confirmedBy !== 'both' ? 'nobody' : side === 'fund' ? 'provider' : 'fund'
    const releaseId = newId()
    await insertAskedRelease(trx, {
      companyId,
      lotId,
      releaseId,
      kind: 'milestone',
      code,
      amount: milestone.amount,
      dueOn: on,
      needs,
      evidence,
      evidenceDate: reachedOn,
      reason: null,
      askedBy: actor.id,
    })
    await audit(trx, actor, {
      scope,
      kind: 'milestone.confirmed',
      subject: globalId('TokenRelease', companyId, releaseId),
      payload: { lotId, code, side, needs, evidence, reachedOn, amountMicro: milestone.amount.toString() },
    })
    if (needs === 'nobody') await releaseAsked(trx, actor, companyId, on)
    return { ref: { companyId, id: releaseId } }
  })
}

/** The milestone, where the terms in force and every one that is signed for later say it alike. @throws {Refused} */
async function standing(trx: Trx, companyId: Uuid, lotId: Uuid, code: string): Promise<Milestone> {
  const { now, later } = await releaseTermsOf(trx, companyId, lotId)
  const find = ({ milestones }: typeof now) => milestones.find((each) => each.code === code)
  const milestone = find(now)
  if (milestone === undefined) throw new Refused('code', 'names no milestone of the terms in force')
  const gone = later.some(({ terms }) => {
    const then = find(terms)
    return then === undefined || !sameMilestone(then, milestone)
  })
  if (gone) throw new Refused('code', 'names a milestone that a signed amendment changes')
  const before = (await askedReleases(trx, companyId)).find(
    (each) => each.lotId === lotId && each.code === code && stands(each),
  )
  if (before !== undefined) throw new Refused('code', `was confirmed before, on ${before.askedAt.slice(0, 10)}`)
  return milestone
}

/** @throws {Refused} */
async function mustLive(trx: Trx, companyId: Uuid, lotId: Uuid, on: string): Promise<LotAccounts> {
  const lot = (await lotAccounts(trx, companyId)).find((each) => each.lotId === lotId)
  if (lot === undefined) throw new Error(`there is no lot ${lotId}`)
  if (lot.expiresOn <= on) throw new Refused('lotId', `names tokens that expired on ${lot.expiresOn}`)
  return lot
}

/** @throws {Refused} */
async function mustBeLocked(trx: Trx, companyId: Uuid, lot: LotAccounts, { amount }: Milestone): Promise<void> {
  const asked = (await openAskedReleases(trx, companyId)).filter((each) => each.lotId === lot.lotId)
  if (accountOf(lot, 'locked').left < asked.reduce((sum, each) => sum + each.amount, amount))
    throw new Refused('code', 'names a milestone of which the tokens are no longer there: they were cancelled')
}
