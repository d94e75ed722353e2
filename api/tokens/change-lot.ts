/** Signed changes of a lot: a later expiry, another plan for what is not yet released. From a date on, never backwards. */
import { z } from 'zod'
import { lockCompany } from '../parties/index.ts'
import {
  addJob,
  formatDecimal,
  formatTokens,
  globalId,
  instant,
  type MicroTokens,
  NotFound,
  newId,
  parseDecimal,
  Refused,
  type Trx,
  today,
  type Uuid,
  zIsoDate,
} from '../platform/index.ts'
import { accountOf, lotAccounts } from './account.views.ts'
import { askedReleases, isOpen, stands } from './asked-release.store.ts'
import { EXPIRE_LOTS_JOB, RELEASE_DUE_JOB } from './job-names.ts'
import { lockTokens } from './ledger.store.ts'
import { freezeReleaseTerms, type LotReleaseTerms, NO_RELEASE_TERMS } from './release-terms.store.ts'
import { trimPlan } from './trim-plan.ts'

export type LotChange = {
  readonly companyId: Uuid
  readonly lotId: Uuid
  /** The first day on which it holds; today at the earliest. */
  readonly effectiveOn: string
  /** The first day on which the lot can no longer be drawn: later than it is. */
  readonly expiresOn?: string | undefined
  /** The plan from `effectiveOn` on, one a day; what is due before that day stays. Micro-tokens. */
  readonly releases?: readonly { readonly on: string; readonly amount: MicroTokens }[] | undefined
  /** By which milestones or on which demand the rest is released from then on. */
  readonly releaseTerms?: LotReleaseTerms | undefined
  /** Global id of the signed document, or of the signed clause, that says so. */
  readonly source: string
}

const Releases = z.array(z.object({ on: zIsoDate, amount: z.string().transform((text) => parseDecimal(text, 0)) }))

/**
 * Records a signed change of a lot, and applies it at once where its day has come. The company is locked by the caller.
 *
 * @throws {NotFound} @throws {Refused} when the lot expires before the day, or the change would shorten it
 */
export async function changeLot(trx: Trx, change: LotChange): Promise<void> {
  const { companyId, lotId, effectiveOn, expiresOn, releases, releaseTerms } = change
  const lot = await trx
    .selectFrom('lot')
    .select('expires_on')
    .where('company_id', '=', companyId)
    .where('lot_id', '=', lotId)
    .executeTakeFirst()
  if (lot === undefined) throw new NotFound('lot', globalId('Lot', companyId, lotId))
  const expires = (await pendingExpiry(trx, companyId, lotId)) ?? lot.expires_on
  if (effectiveOn < (await today(trx))) throw new Refused('effectiveOn', 'is in the past')
  if (expires <= effectiveOn)
    throw new Refused('tokenExpiry', `was reached on ${expires}: the tokens have expired by then`)
  if (expiresOn !== undefined && expiresOn <= expires) throw new Refused('tokenExpiry', `must be after ${expires}`)
  if (releases !== undefined) await mustKeepReleased(trx, { companyId, lotId, effectiveOn }, releases)
  if (releases !== undefined) await mustFitLocked(trx, { companyId, lotId, effectiveOn }, releases, releaseTerms)
  if (releaseTerms !== undefined) {
    await freezeReleaseTerms(trx, { companyId, lotId, effectiveOn, terms: releaseTerms, source: change.source })
  }
  await trx
    .insertInto('lot_change')
    .values({
      company_id: companyId,
      change_id: newId(),
      lot_id: lotId,
      effective_on: effectiveOn,
      expires_on: expiresOn ?? null,
      expires_before: expiresOn === undefined ? null : expires,
      releases:
        releases === undefined
          ? null
          : JSON.stringify(releases.map(({ on, amount }) => ({ on, amount: formatDecimal(amount, 0) }))),
      source: change.source,
      recorded_at: await instant(trx),
    })
    .execute()
  await applyLotChanges(trx, companyId)
}

/** What was released stays on the plan, also on the very day. @throws {Refused} */
async function mustKeepReleased(
  trx: Trx,
  lot: { companyId: Uuid; lotId: Uuid; effectiveOn: string },
  releases: readonly { readonly on: string; readonly amount: MicroTokens }[],
): Promise<void> {
  const released = await trx
    .selectFrom('release_plan')
    .select(['release_on as on', 'amount_micro as amount'])
    .where('company_id', '=', lot.companyId)
    .where('lot_id', '=', lot.lotId)
    .where('release_on', '>=', lot.effectiveOn)
    .where('released_transfer_id', 'is not', null)
    .execute()
  const gone = released.find(({ on, amount }) => !releases.some((plan) => plan.on === on && plan.amount === amount))
  if (gone !== undefined) throw new Refused('releases', `must keep the release of ${gone.on}, which was made`)
}

/**
 * A milestone that was confirmed stays as it was. What is left of the plan, the other milestones, and what was asked for
 * come out of what is still locked.
 *
 * @throws {Refused}
 */
async function mustFitLocked(
  trx: Trx,
  lot: { companyId: Uuid; lotId: Uuid; effectiveOn: string },
  releases: readonly { readonly on: string; readonly amount: MicroTokens }[],
  { milestones }: LotReleaseTerms = NO_RELEASE_TERMS,
): Promise<void> {
  const { companyId, lotId, effectiveOn } = lot
  await lockTokens(trx, companyId)
  const account = (await lotAccounts(trx, companyId)).find((each) => each.lotId === lotId)
  if (account === undefined) throw new Error(`there is no lot ${lotId}`)
  const asked = (await askedReleases(trx, companyId)).filter((each) => each.lotId === lotId && stands(each))
  for (const { kind, code, amount } of asked) {
    const kept = milestones.find((each) => each.code === code)
    if (kind === 'milestone' && kept?.amount !== amount)
      throw new Refused('releases', `must keep the milestone ${code ?? ''}, which was confirmed`)
  }
  const plan = await trx
    .selectFrom('release_plan')
    .select(['release_on as on', 'amount_micro as amount', 'released_transfer_id as transferId'])
    .where('company_id', '=', companyId)
    .where('lot_id', '=', lotId)
    .execute()
  const made = new Set(plan.flatMap(({ on, transferId }) => (transferId === null ? [] : [on])))
  const sum = (rows: readonly { readonly amount: MicroTokens }[]) => rows.reduce((all, { amount }) => all + amount, 0n)
  const promised =
    sum(plan.filter(({ on }) => on < effectiveOn && !made.has(on))) +
    sum(releases.filter(({ on }) => !made.has(on))) +
    sum(milestones.filter(({ code }) => !asked.some((each) => each.code === code))) +
    sum(asked.filter(isOpen))
  const { left } = accountOf(account, 'locked')
  // What a settlement cancelled since gives way at the end of the plan.
  if (promised > left + accountOf(account, 'cancelled').left)
    throw new Refused(
      'releases',
      `release ${formatTokens(promised)} tokens, but ${formatTokens(left)} are still locked`,
    )
}

async function pendingExpiry(trx: Trx, companyId: Uuid, lotId: Uuid): Promise<string | null> {
  const row = await trx
    .selectFrom('lot_change')
    .select((on) => on.fn.max('expires_on').as('last'))
    .where('company_id', '=', companyId)
    .where('lot_id', '=', lotId)
    .where('applied_at', 'is', null)
    .executeTakeFirstOrThrow()
  return row.last
}

/**
 * Applies what has come due, oldest first. Called before expiry or releases decide anything, so that it does not matter
 * whether the job of the day has run. Harmless when repeated; locks the company where something is due.
 */
export async function applyLotChanges(trx: Trx, companyId: Uuid): Promise<void> {
  const on = await today(trx)
  const pending = await trx
    .selectFrom('lot_change')
    .select('change_id')
    .where('company_id', '=', companyId)
    .where('effective_on', '<=', await today(trx))
    .where('applied_at', 'is', null)
    .limit(1)
    .executeTakeFirst()
  if (pending === undefined) return
  await lockCompany(trx, companyId)
  const due = await trx
    .selectFrom('lot_change')
    .select(['change_id', 'lot_id', 'effective_on', 'expires_on', 'releases'])
    .where('company_id', '=', companyId)
    .where('effective_on', '<=', on)
    .where('applied_at', 'is', null)
    .orderBy('effective_on')
    .orderBy('change_id')
    .forUpdate()
    .execute()
  for (const change of due) {
    if (change.expires_on !== null) await extend(trx, companyId, change.lot_id, change.expires_on)
    if (change.releases !== null) {
      await replan(trx, companyId, change.lot_id, change.effective_on, Releases.parse(change.releases))
    }
    await trx
      .updateTable('lot_change')
      .set({ applied_at: await instant(trx) })
      .where('company_id', '=', companyId)
      .where('change_id', '=', change.change_id)
      .execute()
  }
}

async function extend(trx: Trx, companyId: Uuid, lotId: Uuid, expiresOn: string): Promise<void> {
  await trx
    .updateTable('lot')
    .set({ expires_on: expiresOn })
    .where('company_id', '=', companyId)
    .where('lot_id', '=', lotId)
    .where('expires_on', '<', expiresOn)
    .execute()
  await addJob(trx, {
    name: EXPIRE_LOTS_JOB,
    payload: { companyId },
    runAt: `${expiresOn}T00:00:00Z`,
    key: `tokens.expire:${companyId}:${expiresOn}`,
  })
}

/** What is planned from the day on and not released gives way to the new plan. */
async function replan(
  trx: Trx,
  companyId: Uuid,
  lotId: Uuid,
  from: string,
  releases: readonly { readonly on: string; readonly amount: MicroTokens }[],
): Promise<void> {
  await trx
    .deleteFrom('release_plan')
    .where('company_id', '=', companyId)
    .where('lot_id', '=', lotId)
    .where('release_on', '>=', from)
    .where('released_transfer_id', 'is', null)
    .execute()
  for (const { on, amount } of releases) {
    await trx
      .insertInto('release_plan')
      .values({ company_id: companyId, lot_id: lotId, release_on: on, amount_micro: amount })
      // What was released on the very day stands.
      .onConflict((conflict) => conflict.constraint('release_plan_pkey').doNothing())
      .execute()
    await addJob(trx, {
      name: RELEASE_DUE_JOB,
      payload: { companyId },
      runAt: `${on}T00:00:00Z`,
      key: `tokens.release:${companyId}:${on}`,
    })
  }
  const lot = (await lotAccounts(trx, companyId)).find((each) => each.lotId === lotId)
  if (lot !== undefined) await trimPlan(trx, { companyId, lotId }, accountOf(lot, 'locked').left)
}
