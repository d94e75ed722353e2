import { Temporal } from 'temporal-polyfill'
import { z } from 'zod'
import { type Actor, is } from '../access/index.ts'
import { lockCompany, mustSeeCompany } from '../parties/index.ts'
import {
  addJob,
  audit,
  type Deps,
  Forbidden,
  formatTokens,
  globalId,
  type MicroTokens,
  newId,
  once,
  parse,
  type Ref,
  Refused,
  type Trx,
  today,
  type Uuid,
  zIdempotencyKey,
  zPositiveTokens,
  zRef,
  zText,
} from '../platform/index.ts'
import { accountOf, lotAccounts } from './account.views.ts'
import { askedReleases, insertAskedRelease, stands } from './asked-release.store.ts'
import { applyLotChanges } from './change-lot.ts'
import { RELEASE_DUE_JOB } from './job-names.ts'
import { lockTokens } from './ledger.store.ts'
import { releaseAsked } from './release-asked.ts'
import { unpromised } from './release-room.ts'
import { mustSeeLotReleases } from './release-sides.ts'
import { type OnDemandLimits, releaseTermsOf } from './release-terms.store.ts'
import { mustStillRelease, type ReleasesEndOf } from './releases-end.ts'

export const RequestReleaseInput = z.strictObject({
  lotId: zRef('Lot'),
  amount: zPositiveTokens,
  reason: zText(1000).nullish(),
  idempotencyKey: zIdempotencyKey,
})
export type RequestReleaseInput = z.input<typeof RequestReleaseInput>

/**
 * The company asks for tokens of a lot that are released on demand, within what its terms allow. They are released after
 * the agreed notice, once whoever the terms name has confirmed it.
 *
 * @throws {Refused} beyond the limits, when the lot is not released on demand, or when it expires before the notice is over
 * @throws {ReleasesEnded} when the notice is over only on the long-stop of the grant or later
 * @throws {NotFound} {Forbidden}
 */
export async function requestRelease(
  deps: Deps,
  actor: Actor,
  input: RequestReleaseInput,
  endOf: ReleasesEndOf,
): Promise<{ ref: Ref }> {
  const { lotId: lotRef, amount, reason, idempotencyKey } = parse(RequestReleaseInput, input)
  const { companyId, lotId } = await mustSeeLotReleases(deps.db, actor, lotRef)
  mustSpeakFor(actor, companyId)
  await mustSeeCompany(deps.db, actor, companyId)
  const scope = { kind: 'company', id: companyId } as const
  return once(deps, actor, { operation: 'requestRelease', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, companyId)
    await lockTokens(trx, companyId)
    await applyLotChanges(trx, companyId)
    const on = await today(trx)
    const { now } = await releaseTermsOf(trx, companyId, lotId)
    const limits = now.onDemand
    if (limits === null) throw new Refused('lotId', 'names tokens that are not released on demand')
    const dueOn = Temporal.PlainDate.from(on).add({ days: limits.noticeDays }).toString()
    await mustBeWithin(trx, { companyId, lotId, amount, on, dueOn }, limits, endOf)
    const releaseId = newId()
    const needs = limits.confirmedBy
    await insertAskedRelease(trx, {
      companyId,
      lotId,
      releaseId,
      kind: 'on_demand',
      code: null,
      amount,
      dueOn,
      needs,
      evidence: null,
      evidenceDate: null,
      reason: reason ?? null,
      askedBy: actor.id,
    })
    await audit(trx, actor, {
      scope,
      kind: 'release.requested',
      subject: globalId('TokenRelease', companyId, releaseId),
      payload: { lotId, amountMicro: amount.toString(), dueOn, needs, reason: reason ?? null },
    })
    if (needs === 'nobody' && dueOn <= on) await releaseAsked(trx, actor, companyId, on)
    else {
      await addJob(trx, {
        name: RELEASE_DUE_JOB,
        payload: { companyId },
        runAt: `${dueOn}T00:00:00Z`,
        key: `tokens.release:${companyId}:${dueOn}`,
      })
    }
    return { ref: { companyId, id: releaseId } }
  })
}

/** @throws {Forbidden} */
export function mustSpeakFor(actor: Actor, companyId: Uuid): void {
  if (!is(actor, 'founder', 'signatory') || !actor.companyIds.has(companyId))
    throw new Forbidden(['founder', 'signatory'])
}

type Asked = {
  readonly companyId: Uuid
  readonly lotId: Uuid
  readonly amount: MicroTokens
  readonly on: string
  readonly dueOn: string
}

/** @throws {Refused} {ReleasesEnded} */
async function mustBeWithin(trx: Trx, asked: Asked, limits: OnDemandLimits, endOf: ReleasesEndOf): Promise<void> {
  const { companyId, lotId, amount, on, dueOn } = asked
  const lot = (await lotAccounts(trx, companyId)).find((each) => each.lotId === lotId)
  if (lot === undefined) throw new Error(`there is no lot ${lotId}`)
  if (lot.expiresOn <= dueOn)
    throw new Refused('lotId', `names tokens that expire on ${lot.expiresOn}, and would be released on ${dueOn}`)
  await mustStillRelease(trx, endOf, { companyId, lotId }, dueOn)
  if (limits.perRequest !== null && amount > limits.perRequest)
    throw new Refused(
      'amount',
      `is more than the ${formatTokens(limits.perRequest)} tokens that one request may ask for`,
    )
  const room = await unpromised(trx, companyId, lotId, accountOf(lot, 'locked').left)
  if (amount > room) throw new Refused('amount', `is more than the ${formatTokens(room)} tokens that can be asked for`)
  if (limits.perPeriod === null) return
  const { days, amount: most } = limits.perPeriod
  const from = Temporal.PlainDate.from(on)
    .subtract({ days: days - 1 })
    .toString()
  const before = (await askedReleases(trx, companyId))
    .filter((each) => each.lotId === lotId && each.kind === 'on_demand' && each.askedAt.slice(0, 10) >= from)
    .filter(stands)
    .reduce((sum, each) => sum + each.amount, 0n)
  if (before + amount > most)
    throw new Refused(
      'amount',
      `brings what was asked for since ${from} to ${formatTokens(before + amount)} tokens: ${formatTokens(most)} may be within ${days} days`,
    )
}
