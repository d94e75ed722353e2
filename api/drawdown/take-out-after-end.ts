/** Use of after the end of a grant that was booked before anybody noted the end: it counted then, and does not any more. */
import { sql } from 'kysely'
import { audit, globalId, type MicroTokens, NOBODY, newId, type Trx, type Uuid } from '../platform/index.ts'
import { accountingInstant } from './accounting/accounting-instant.ts'
import { laterOf } from './correction/booking.ts'
import { insertCorrection } from './correction/correction.store.ts'
import { openCorrections } from './correction/open-corrections.ts'
import type { Cause } from './earned.ts'
import { isBeforeEnd } from './end-of-earning.ts'
import type { Progress } from './grant.store.ts'
import { restateFrom } from './statement/state-month.ts'
import { usedUntil } from './used-until.ts'

type Late = {
  readonly corrects: Uuid
  readonly reservationId: Uuid | null
  readonly usageId: Uuid | null
  readonly cause: Cause
  readonly at: string
  readonly usedUntil: string | null
  readonly net: MicroTokens
}

const REASON = 'Used after the end of the grant, before the end was noted: it is charged, and earns nothing.'

/**
 * Takes out of the vest basis what counted and was used after the day `on`. It stays charged; what final statements have
 * vested stays, too. Called once, before the end is noted. The company is locked.
 *
 * @param by on whose account history has it
 */
export async function takeOutAfterEnd(trx: Trx, { grant }: Progress, on: string, by: Uuid): Promise<void> {
  const { companyId, grantId, lotId } = grant
  const late = await usedAfter(trx, companyId, grantId, on)
  const [first] = late
  if (first === undefined) return
  const { at, restates } = await accountingInstant(trx, companyId, first.at)
  const grants = await openCorrections(trx, companyId)
  const correctionId = newId()
  // Reserved time may have been given back before.
  const after = late.filter(({ usedUntil, at: booked }) => !isBeforeEnd({ endedOn: on }, usedUntil ?? booked))
  const taken = await grants.counted(
    after.map((charge) => ({ ...charge, correctionId, at: laterOf(at, charge.at), lotId })),
  )
  if (taken.length === 0) return
  await insertCorrection(trx, {
    ...{ companyId, correctionId, kind: 'suspend', reservationId: null, usageId: null, usage: null },
    ...{ reasonCode: 'OTHER', reason: REASON, correctedAs: 'operations', correctedBy: by, accountedAt: at },
  })
  await grants.takeOut(taken.toReversed())
  await grants.store()
  if (restates !== undefined) await restateFrom(trx, { id: by }, companyId, restates, REASON)
  await audit(trx, NOBODY, {
    scope: { kind: 'company', id: companyId },
    kind: 'grant.taken_out_after_end',
    subject: globalId('Grant', companyId, grantId),
    payload: { basis: taken.reduce((sum, { net }) => sum + net, 0n).toString(), charges: taken.length, on },
  })
}

/** Charges of a grant, net of corrections, for time that ended after the day began, in the order of their booking. */
export async function usedAfter(trx: Trx, companyId: Uuid, grantId: Uuid, on: string): Promise<readonly Late[]> {
  const day = `${on}T00:00:00Z`
  const { rows } = await sql<Late>`
    SELECT * FROM (
      SELECT head.charge_id AS corrects, head.reservation_id AS "reservationId", head.usage_id AS "usageId", head.cause, head.at,
        ${usedUntil} AS "usedUntil",
        (head.amount_micro + coalesce((SELECT sum(back.amount_micro) FROM charge AS back
          WHERE back.company_id = head.company_id AND back.corrects = head.charge_id), 0))::bigint AS net
      FROM charge AS head
      LEFT JOIN usage_record AS usage ON usage.company_id = head.company_id AND usage.usage_id = head.usage_id
      LEFT JOIN reservation ON reservation.company_id = head.company_id AND reservation.reservation_id = head.reservation_id
      WHERE head.company_id = ${companyId} AND head.at > ${day}::timestamptz AND head.grant_id = ${grantId}
        AND head.corrects IS NULL AND coalesce(usage.ended_at, reservation.ends_at, head.at) > ${day}::timestamptz
    ) AS late WHERE net > 0 ORDER BY at, corrects`.execute(trx)
  return rows
}
