/** What the lots of a company that goes the whole way have beside their plans: milestones, requests, an order, notices. */
import { confirmMilestone } from '../../api/closing/index.ts'
import { globalId, inTransaction, type MicroTokens, type Trx, type Uuid, zKey } from '../../api/platform/index.ts'
import { agreeDrawOrder, freezeReleaseTerms, giveExpiryNotices, openLot } from '../../api/tokens/index.ts'
import type { Way } from './path-deal.ts'

/**
 * A milestone of the grant that waits for the provider; a lot of which tokens can be asked for; an agreed order of drawing;
 * and the notice of a lot that expires soon. No token moves. The release that waits, and the grant's lot, by global id.
 */
export async function askAndTell({ world, stage, companyId }: Way): Promise<{ tokenRelease: string; lot: string }> {
  const { deps, staff } = world
  const key = zKey('Company').parse(companyId)
  const tokenClassId = zKey('TokenClass').parse(stage.tokenClassId)
  const { lotId } = await deps.db
    .selectFrom('lot')
    .select('lot_id as lotId')
    .where('company_id', '=', key)
    .where('origin', '=', 'grant')
    .orderBy('lot_id')
    .limit(1)
    .executeTakeFirstOrThrow()
  const soon = await openLot(deps, staff.operations.actor, {
    companyId,
    tokenClassId: stage.tokenClassId,
    origin: 'top_up',
    amount: '3',
    expiresOn: '2027-01-31',
    reason: 'the test',
  })
  const milestone = { code: 'PILOT', text: 'The pilot runs.', amount: 1n, confirmedBy: 'both' } as const
  const limits = { perRequest: 1n, perPeriod: { amount: 1n, days: 30 }, noticeDays: 0, confirmedBy: 'fund' } as const
  const common = { companyId: key, effectiveOn: '2026-11-01', source: globalId('Company', key) }
  await inTransaction(deps.db, async (trx) => {
    await freezeReleaseTerms(trx, { ...common, lotId, terms: { milestones: [milestone], onDemand: null } })
    await makeRoom(trx, key, lotId, milestone.amount)
    await freezeReleaseTerms(trx, { ...common, lotId: soon.lotId, terms: { milestones: [], onDemand: limits } })
    await agreeDrawOrder(trx, { ...common, tokenClassId, order: 'EARLIEST_EXPIRY' })
  })
  const lot = globalId('Lot', key, lotId)
  const { ref } = await confirmMilestone(deps, staff.operations.actor, {
    lotId: lot,
    code: 'PILOT',
    evidence: 'the test',
    reachedOn: '2026-11-01',
  })
  await giveExpiryNotices(deps)
  return { tokenRelease: globalId('TokenRelease', key, ref.id), lot }
}

/** The last planned release gives way to what the milestone releases: together they are what is locked. */
async function makeRoom(trx: Trx, companyId: Uuid, lotId: Uuid, amount: MicroTokens): Promise<void> {
  const last = await trx
    .selectFrom('release_plan')
    .select(['release_on', 'amount_micro'])
    .where('company_id', '=', companyId)
    .where('lot_id', '=', lotId)
    .where('released_transfer_id', 'is', null)
    .orderBy('release_on', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow()
  await trx
    .deleteFrom('release_plan')
    .where('company_id', '=', companyId)
    .where('lot_id', '=', lotId)
    .where('release_on', '=', last.release_on)
    .execute()
  await trx
    .insertInto('release_plan')
    .values({ ...last, company_id: companyId, lot_id: lotId, amount_micro: last.amount_micro - amount })
    .execute()
}
