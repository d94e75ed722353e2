import { z } from 'zod'
import {
  audit,
  type Deps,
  globalId,
  inTransaction,
  type MicroTokens,
  NOBODY,
  newId,
  parse,
  type Trx,
  today,
  type Uuid,
  zUuid,
} from '../platform/index.ts'
import { accountOf, lotAccounts } from './account.views.ts'
import { lapseAskedRelease, openAskedReleases } from './asked-release.store.ts'
import { applyLotChanges } from './change-lot.ts'
import { expireHolds } from './expire-holds.ts'
import { lockTokens, postAll } from './ledger.store.ts'

/** Tokens of a lot that expired. */
export type Expired = { readonly lotId: Uuid; readonly amount: MicroTokens }

/**
 * Expires what is locked and available in the lots whose expiry has come. What is held stays with its reservation: what
 * returns from it later expires with the next call.
 */
export async function expireLots(trx: Trx, companyId: Uuid, asOf: string): Promise<readonly Expired[]> {
  await lockTokens(trx, companyId)
  await applyLotChanges(trx, companyId)
  await expireHolds(trx, companyId)
  const expired = (await lotAccounts(trx, companyId)).filter((lot) => lot.expiresOn <= asOf)
  const over = new Set(expired.map(({ lotId }) => lotId))
  for (const release of await openAskedReleases(trx, companyId)) {
    if (over.has(release.lotId)) await lapseAskedRelease(trx, release)
  }
  const parts = expired
    .flatMap((lot) =>
      (['locked', 'available'] as const).map((kind) => ({
        lot,
        from: accountOf(lot, kind),
        to: accountOf(lot, 'expired'),
      })),
    )
    .filter(({ from }) => from.left > 0n)
  await postAll(
    trx,
    companyId,
    parts.map(({ lot, from, to }) => ({
      id: newId(),
      kind: 'posted' as const,
      debit: from.id,
      credit: to.id,
      amount: from.left,
      reason: 'expiry',
      subject: globalId('Lot', companyId, lot.lotId),
    })),
  )
  return parts.map(({ lot, from }) => ({ lotId: lot.lotId, amount: from.left }))
}

/** The job: expires the lots whose day has come. */
export async function expireLotsJob(deps: Deps, payload: unknown): Promise<void> {
  const { companyId } = parse(z.object({ companyId: zUuid }), payload)
  await inTransaction(deps.db, async (trx) => {
    const expired = await expireLots(trx, companyId, await today(trx))
    if (expired.length === 0) return
    await audit(trx, NOBODY, {
      scope: { kind: 'company', id: companyId },
      kind: 'tokens.expired',
      subject: globalId('Company', companyId),
      payload: expired.map(({ lotId, amount }) => ({ lotId, amountMicro: amount.toString() })),
    })
  })
}
