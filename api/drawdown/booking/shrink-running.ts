/** A reservation that runs ends earlier: its GPUs go to others at once, and what it held for them returns but for the fee. */
import type { Actor } from '../../access/index.ts'
import { freeRest, type LockedReservation, moveReservation, tellScheduler } from '../../clusters/index.ts'
import { instant, newId, type Trx } from '../../platform/index.ts'
import { returnHold, splitHold } from '../../tokens/index.ts'
import type { openBatch } from '../usage/report-usage.ts'
import type { PlannedChange } from './plan-change.ts'

/** The reservation is locked. What was used, and what is charged of it, stays. */
export async function shrinkRunning(
  trx: Trx,
  actor: Actor,
  batch: Awaited<ReturnType<typeof openBatch>>,
  reservation: LockedReservation,
  { wanted, priced, fees }: PlannedChange,
): Promise<void> {
  const { companyId } = reservation.ref
  const { holdId, hold, poolId, ref } = reservation
  if (priced.hold < hold) {
    const into = newId()
    await splitHold(trx, { companyId, holdId, into, amount: hold - priced.hold })
    const usedUntil = await instant(trx)
    for (const [lotId, amount] of fees) {
      await batch.charge(into, [{ cause: 'cancel_fee', amount, usedUntil, usageId: null, lots: new Set([lotId]) }])
    }
    await returnHold(trx, { companyId, holdId: into })
    await batch.store()
  }
  await moveReservation(trx, reservation, {
    to: 'active',
    reason: 'SHRUNK',
    actor,
    change: { ...wanted, quote: priced, holdId },
  })
  await freeRest(trx, reservation, wanted.interval.endsAt)
  await tellScheduler(trx, poolId, ref.id)
}
