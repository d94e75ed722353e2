/** A plan of releases follows what is locked. */
import type { MicroTokens, Trx, Uuid } from '../platform/index.ts'
import { askedReleases, isOpen, lapseAskedRelease } from './asked-release.store.ts'
import { releaseTermsOf } from './release-terms.store.ts'
import { unconfirmed } from './unconfirmed.ts'

type Lot = { readonly companyId: Uuid; readonly lotId: Uuid }
const sum = (rows: readonly { readonly amount: MicroTokens }[]) => rows.reduce((all, { amount }) => all + amount, 0n)

/**
 * What is no longer locked cannot be released: the last planned releases give way until what is planned, asked for and
 * promised to milestones fits what is left; then what was asked for lapses, the latest first. A milestone whose tokens are
 * gone by then can no longer be confirmed.
 */
export async function trimPlan(trx: Trx, lot: Lot, left: MicroTokens): Promise<void> {
  const all = (await askedReleases(trx, lot.companyId)).filter(({ lotId }) => lotId === lot.lotId)
  const asked = all.filter(isOpen)
  const { now } = await releaseTermsOf(trx, lot.companyId, lot.lotId)
  await trimDates(trx, lot, left - sum(asked) - sum(unconfirmed(now, lot.lotId, all)))
  // Whole: part of a milestone is no milestone.
  let excess = sum(asked) - left
  for (const release of asked.toReversed()) {
    if (excess <= 0n) return
    await lapseAskedRelease(trx, release)
    excess -= release.amount
  }
}

/** Leaves no more planned than `room`, the earliest releases first. */
async function trimDates(trx: Trx, lot: Lot, room: MicroTokens): Promise<void> {
  const planned = await trx
    .selectFrom('release_plan')
    .select(['release_on as on', 'amount_micro as amount'])
    .where('company_id', '=', lot.companyId)
    .where('lot_id', '=', lot.lotId)
    .where('released_transfer_id', 'is', null)
    .orderBy('release_on', 'desc')
    .execute()
  let excess = sum(planned) - (room > 0n ? room : 0n)
  for (const { on, amount } of planned) {
    if (excess <= 0n) return
    await trx
      .deleteFrom('release_plan')
      .where('company_id', '=', lot.companyId)
      .where('lot_id', '=', lot.lotId)
      .where('release_on', '=', on)
      .where('released_transfer_id', 'is', null)
      .execute()
    if (amount > excess) {
      await trx
        .insertInto('release_plan')
        .values({ company_id: lot.companyId, lot_id: lot.lotId, release_on: on, amount_micro: amount - excess })
        .execute()
    }
    excess -= amount
  }
}
