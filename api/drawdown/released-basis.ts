/** Grants whose basis is what was released: their basis follows the release plan, not charges. */
import { Temporal } from 'temporal-polyfill'
import { z } from 'zod'
import { lockCompany } from '../parties/index.ts'
import {
  type Deps,
  inTransaction,
  type MicroTokens,
  parse,
  type Trx,
  today,
  type Uuid,
  zUuid,
} from '../platform/index.ts'
import { releasePlans } from '../tokens/index.ts'
import { earnedShares } from './earned.ts'
import { lockProgress, storeProgress } from './grant.store.ts'

/**
 * Brings the basis of `released` grants up to what was planned and released before `until` (exclusive date), and answers that
 * basis, by grant: what was released later may have moved the grant further already.
 */
export async function recordReleased(trx: Trx, companyId: Uuid, until: string): Promise<Map<Uuid, MicroTokens>> {
  const grants = [...(await lockProgress(trx, companyId)).values()].filter(
    ({ grant, settledAt }) => grant.basis === 'released' && settledAt === null,
  )
  if (grants.length === 0) return new Map()
  // What is released from the day of its end on earns nothing.
  const ends = new Map(
    grants.map(({ grant, endedOn }) => [grant.lotId, endedOn !== null && endedOn < until ? endedOn : until]),
  )
  const released = await releasedBefore(trx, companyId, ends)
  const reached = new Map<Uuid, MicroTokens>()
  for (const progress of grants) {
    const basis = released.get(progress.grant.lotId) ?? 0n
    reached.set(progress.grant.grantId, basis)
    if (basis <= progress.peak) continue
    progress.basis = basis
    progress.peak = basis
    progress.earned = earnedShares(progress.grant.terms, basis)
    await storeProgress(trx, progress)
  }
  return reached
}

/** What was released of each lot before its day (exclusive). */
async function releasedBefore(
  trx: Trx,
  companyId: Uuid,
  ends: ReadonlyMap<Uuid, string>,
): Promise<Map<Uuid, MicroTokens>> {
  const released = new Map<Uuid, MicroTokens>()
  for (const { lotId, on, amount, transferId } of await releasePlans(trx, companyId, [...ends.keys()])) {
    if (transferId !== null && on < (ends.get(lotId) ?? '')) released.set(lotId, (released.get(lotId) ?? 0n) + amount)
  }
  return released
}

/** The job, after releases: shares of grants that vest by releases are earned when tokens are released, not a month later. */
export async function earnReleased(deps: Deps, payload: unknown): Promise<void> {
  const { companyId } = parse(z.object({ companyId: zUuid }), payload)
  await inTransaction(deps.db, async (trx) => {
    await lockCompany(trx, companyId)
    await recordReleased(
      trx,
      companyId,
      Temporal.PlainDate.from(await today(trx))
        .add({ days: 1 })
        .toString(),
    )
  })
}
