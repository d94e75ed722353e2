/** A grant whose end turns out to be later than was noted: what was used until then counts after all. */
import { audit, globalId, NOBODY, newId, type Trx, type Uuid } from '../platform/index.ts'
import { accountingInstant } from './accounting/accounting-instant.ts'
import { laterOf } from './correction/booking.ts'
import { insertCorrection } from './correction/correction.store.ts'
import { openCorrections } from './correction/open-corrections.ts'
import { isBeforeEnd } from './end-of-earning.ts'
import type { Progress } from './grant.store.ts'
import { restateFrom } from './statement/state-month.ts'
import { usedAfter } from './take-out-after-end.ts'

const REASON = 'The end of the grant has moved: what was used before it counts.'

/**
 * Moves the end of a grant that is not settled to a later day, `null` where that has not come yet, and puts what was used until
 * then into the vest basis: it was charged when it was told. The company is locked.
 *
 * @param by on whose account history has it
 */
export async function reopenGrant(trx: Trx, progress: Progress, to: string | null, by: Uuid): Promise<void> {
  const { companyId, grantId } = progress.grant
  const was = progress.endedOn
  if (was === null || progress.settledAt !== null) return
  await trx
    .updateTable('grant_progress')
    .set({ ended_on: to })
    .where('company_id', '=', companyId)
    .where('grant_id', '=', grantId)
    .execute()
  await putBack(trx, progress, was, by)
  await audit(trx, NOBODY, {
    scope: { kind: 'company', id: companyId },
    kind: 'grant.earning_reopened',
    subject: globalId('Grant', companyId, grantId),
    payload: { until: to ?? '', was },
  })
}

/** What counts by the end that holds now, and did not by the one before. */
async function putBack(trx: Trx, { grant }: Progress, was: string, by: Uuid): Promise<void> {
  const { companyId, grantId, lotId } = grant
  const after = await usedAfter(trx, companyId, grantId, was)
  const late = after.filter(({ usedUntil, at }) => !isBeforeEnd({ endedOn: was }, usedUntil ?? at))
  const [first] = late
  if (first === undefined) return
  const { at, restates } = await accountingInstant(trx, companyId, first.at)
  const correctionId = newId()
  const grants = await openCorrections(trx, companyId)
  const counted = await grants.counted(
    late.map((charge) => ({ ...charge, correctionId, at: laterOf(at, charge.at), lotId })),
  )
  if (counted.length === 0) return
  await insertCorrection(trx, {
    ...{ companyId, correctionId, kind: 'reinstate', reservationId: null, usageId: null, usage: null },
    ...{ reasonCode: 'OTHER', reason: REASON, correctedAs: 'operations', correctedBy: by, accountedAt: at },
  })
  await grants.putBack(counted.map(({ net, ...charge }) => ({ ...charge, amount: net })))
  await grants.store()
  if (restates !== undefined) await restateFrom(trx, { id: by }, companyId, restates, REASON)
}
