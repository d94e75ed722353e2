import { z } from 'zod'
import {
  audit,
  type Deps,
  globalId,
  inTransaction,
  type MicroTokens,
  NOBODY,
  parse,
  type Trx,
  today,
  type Uuid,
  zUuid,
} from '../platform/index.ts'
import { accountOf, lotAccounts } from './account.views.ts'
import { askedReleases } from './asked-release.store.ts'
import { applyLotChanges } from './change-lot.ts'
import { derivedId } from './derived-id.ts'
import { lockTokens, postAll } from './ledger.store.ts'

/** Locked tokens of a lot that became available. */
export type Released = {
  readonly lotId: Uuid
  readonly on: string
  readonly amount: MicroTokens
  readonly transferId: Uuid
}

/** What falls due: by the plan on `on`, or because it was asked for. */
type Due = { readonly lotId: Uuid; readonly on: string; readonly amount: MicroTokens; readonly releaseId: Uuid | null }

/**
 * Releases what is planned, or was asked for and stands, up to and including a date and was not released yet, oldest first.
 * Harmless when repeated. Lots that have expired by that date release nothing more.
 */
export async function releaseDue(trx: Trx, companyId: Uuid, asOf: string): Promise<readonly Released[]> {
  await lockTokens(trx, companyId)
  await applyLotChanges(trx, companyId)
  const due = await dueBy(trx, companyId, asOf)
  if (due.length === 0) return []
  const lots = new Map((await lotAccounts(trx, companyId)).map((lot) => [lot.lotId, lot]))
  const releases = due
    .filter(({ lotId }) => (lots.get(lotId)?.expiresOn ?? '') > asOf)
    .map((release) => ({
      ...release,
      transferId:
        release.releaseId === null
          ? derivedId('release', release.lotId, release.on)
          : derivedId('asked_release', release.releaseId),
    }))
  const events = releases.map((release) => {
    const lot = lots.get(release.lotId)
    if (lot === undefined) throw new Error(`there is no lot ${release.lotId}`)
    return {
      id: release.transferId,
      kind: 'posted' as const,
      debit: accountOf(lot, 'locked').id,
      credit: accountOf(lot, 'available').id,
      amount: release.amount,
      reason: 'release',
      subject: globalId('Lot', companyId, release.lotId),
    }
  })
  await postAll(trx, companyId, events)
  for (const { lotId, on, transferId, releaseId } of releases) {
    if (releaseId !== null) {
      await trx
        .updateTable('asked_release')
        .set({ released_transfer_id: transferId })
        .where('company_id', '=', companyId)
        .where('lot_id', '=', lotId)
        .where('release_id', '=', releaseId)
        .where('released_transfer_id', 'is', null)
        .execute()
      continue
    }
    await trx
      .updateTable('release_plan')
      .set({ released_transfer_id: transferId })
      .where('company_id', '=', companyId)
      .where('lot_id', '=', lotId)
      .where('release_on', '=', on)
      .where('released_transfer_id', 'is', null)
      .execute()
  }
  return releases.map(({ lotId, on, amount, transferId }) => ({ lotId, on, amount, transferId }))
}

async function dueBy(trx: Trx, companyId: Uuid, asOf: string): Promise<readonly Due[]> {
  const planned = await trx
    .selectFrom('release_plan')
    .where('company_id', '=', companyId)
    .where('release_on', '<=', asOf)
    .where('released_transfer_id', 'is', null)
    .select(['lot_id as lotId', 'release_on as on', 'amount_micro as amount'])
    .orderBy('release_on')
    .orderBy('lot_id')
    .execute()
  const asked = (await askedReleases(trx, companyId)).filter(({ state, dueOn }) => state === 'due' && dueOn <= asOf)
  const due = [
    ...planned.map((each) => ({ ...each, releaseId: null })),
    ...asked.map(({ lotId, dueOn, amount, releaseId }) => ({ lotId, on: dueOn, amount, releaseId })),
  ]
  return due.sort((a, b) => (a.on < b.on ? -1 : a.on > b.on ? 1 : 0))
}

/** The job: releases what is due today. */
export async function releaseDueJob(deps: Deps, payload: unknown): Promise<void> {
  const { companyId } = parse(z.object({ companyId: zUuid }), payload)
  await inTransaction(deps.db, async (trx) => {
    const releases = await releaseDue(trx, companyId, await today(trx))
    if (releases.length > 0) await auditReleases(trx, NOBODY, companyId, releases)
  })
}

/** Records which tokens became available. */
export async function auditReleases(
  trx: Trx,
  actor: { id: Uuid },
  companyId: Uuid,
  releases: readonly Released[],
): Promise<void> {
  await audit(trx, actor, {
    scope: { kind: 'company', id: companyId },
    kind: 'tokens.released',
    subject: globalId('Company', companyId),
    payload: releases.map(({ lotId, on, amount }) => ({ lotId, on, amountMicro: amount.toString() })),
  })
}
