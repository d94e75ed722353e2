/** How much of a lot's locked tokens nothing has been promised of yet. */
import { z } from 'zod'
import { type MicroTokens, parseDecimal, type Reader, type Uuid } from '../platform/index.ts'
import { askedReleases, isOpen } from './asked-release.store.ts'
import { releaseTermsOf } from './release-terms.store.ts'
import { unconfirmed } from './unconfirmed.ts'

type Amount = { readonly amount: MicroTokens }
type Dated = Amount & { readonly on: string }
const Planned = z.array(z.object({ on: z.string(), amount: z.string().transform((text) => parseDecimal(text, 0)) }))
const sum = (rows: readonly Amount[]): MicroTokens => rows.reduce((all, { amount }) => all + amount, 0n)

/**
 * Locked tokens less what dates and milestones will release, by what holds now or by anything that is signed for later, and
 * less what was asked for and stands. Whoever decides by it has locked the accounts. Never below zero: what was cancelled
 * since is missing from milestones first.
 */
export async function unpromised(
  reader: Reader,
  companyId: Uuid,
  lotId: Uuid,
  locked: MicroTokens,
): Promise<MicroTokens> {
  const asked = (await askedReleases(reader, companyId)).filter((each) => each.lotId === lotId)
  const { now, later } = await releaseTermsOf(reader, companyId, lotId)
  const changes = await signedPlans(reader, companyId, lotId)
  const days = [...new Set([...changes.map(({ on }) => on), ...later.map(({ effectiveOn }) => effectiveOn)])].sort()
  let [plan, terms] = [await standingPlan(reader, companyId, lotId), now]
  const promised = () => sum(plan) + sum(unconfirmed(terms, lotId, asked))
  let most = promised()
  for (const day of days) {
    for (const { on, releases } of changes) if (on === day) plan = [...plan.filter((row) => row.on < day), ...releases]
    terms = later.findLast(({ effectiveOn }) => effectiveOn === day)?.terms ?? terms
    if (promised() > most) most = promised()
  }
  const room = locked - most - sum(asked.filter(isOpen))
  return room > 0n ? room : 0n
}

/** What dates release that was not released yet. */
const standingPlan = (reader: Reader, companyId: Uuid, lotId: Uuid): Promise<readonly Dated[]> =>
  reader
    .selectFrom('release_plan')
    .select(['release_on as on', 'amount_micro as amount'])
    .where('company_id', '=', companyId)
    .where('lot_id', '=', lotId)
    .where('released_transfer_id', 'is', null)
    .execute()

/** Plans that are signed for later days, oldest first. */
async function signedPlans(
  reader: Reader,
  companyId: Uuid,
  lotId: Uuid,
): Promise<readonly { readonly on: string; readonly releases: readonly Dated[] }[]> {
  const rows = await reader
    .selectFrom('lot_change')
    .select(['effective_on as on', 'releases'])
    .where('company_id', '=', companyId)
    .where('lot_id', '=', lotId)
    .where('applied_at', 'is', null)
    .where('releases', 'is not', null)
    .orderBy('effective_on')
    .orderBy('change_id')
    .execute()
  return rows.map(({ on, releases }) => ({ on, releases: Planned.parse(releases) }))
}
