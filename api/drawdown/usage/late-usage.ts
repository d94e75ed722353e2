/** Usage told late of a reservation to which nobody was thought to have come: one correction makes of the one the other. */
import { sql } from 'kysely'
import {
  correctMeter,
  keptInterval,
  lockNoShow,
  meterDifference,
  meteredTokens,
  recordLateUsage,
  reservedGpuSeconds,
  type TakenForNoShow,
} from '../../clusters/index.ts'
import { lockCompany } from '../../parties/index.ts'
import {
  audit,
  formatTokens,
  globalId,
  instant,
  type MicroTokens,
  newId,
  type Ref,
  type Trx,
  type Uuid,
} from '../../platform/index.ts'
import { drawableLots, readHolds } from '../../tokens/index.ts'
import { accountingInstant } from '../accounting/accounting-instant.ts'
import { carryOut, type Step } from '../correction/correct-record.ts'
import { insertCorrection, type NetCharge, netCharges } from '../correction/correction.store.ts'
import { type Corrections, openCorrections } from '../correction/open-corrections.ts'
import { isBeforeEnd } from '../end-of-earning.ts'
import { GrantSettled } from '../errors.ts'
import { insertCharges, lockProgress } from '../grant.store.ts'
import { restateFrom } from '../statement/state-month.ts'
import { insertArrears } from './arrears.store.ts'
import { creditOutage } from './credit-outage.ts'
import type { ReservedUsage } from './usage.store.ts'

const REASON = 'Usage was told late of a reservation to which nobody was thought to have come.'

/** What became of a late record. */
export type LateUsage = { readonly usageId: Uuid; readonly known: boolean; readonly charged: MicroTokens }

/**
 * Records one record of a reservation that was taken for a no-show. It is charged as if it had been completed when its
 * capacity was given back: what was really used as `delivered`, what was reserved until then and not used as
 * `idle_reserved`, and the rest of what not coming was charged returns. So nothing is charged twice, and unused time is
 * charged only out of what not coming was. Use for which there are no tokens becomes arrears. Answers `undefined` for any
 * other reservation. Told again, it is recognised.
 *
 * @throws {UsageConflict} {UsageBeyondReservation} {GrantSettled}
 */
export async function takeLateUsage(
  trx: Trx,
  by: { readonly actorId: Uuid; readonly requestId?: Uuid | undefined },
  { companyId, record }: { readonly companyId: Uuid; readonly record: ReservedUsage },
): Promise<LateUsage | undefined> {
  const ref = { companyId, id: record.reservationId }
  await lockCompany(trx, companyId)
  const taken = await lockNoShow(trx, ref)
  if (taken === undefined) return undefined
  const { usageId, known, gpuSeconds } = await recordLateUsage(trx, taken, record, by)
  if (known) return { usageId, known, charged: 0n }
  await mustStillEarn(trx, taken, record)
  const charged = await correct(trx, by.actorId, taken, usageId, gpuSeconds)
  return { usageId, known, charged }
}

/** @throws {GrantSettled} when the shares that this use would have earned have moved already */
async function mustStillEarn(trx: Trx, { reservation }: TakenForNoShow, { externalId, endedAt }: ReservedUsage) {
  const { companyId } = reservation.ref
  const lots = (await readHolds(trx, companyId, [reservation.holdId])).get(reservation.holdId)?.lots ?? []
  const settled = [...(await lockProgress(trx, companyId)).values()].find(
    (progress) =>
      progress.settledAt !== null &&
      progress.grant.basis !== 'released' &&
      isBeforeEnd(progress, endedAt) &&
      lots.some(({ lotId }) => lotId === progress.grant.lotId),
  )
  if (settled !== undefined) throw new GrantSettled(externalId, companyId, settled.grant.grantId)
}

async function correct(trx: Trx, actorId: Uuid, taken: TakenForNoShow, usageId: Uuid, after: bigint) {
  const { reservation, meter } = taken
  const { ref } = reservation
  const { companyId } = ref
  const grants = await openCorrections(trx, companyId)
  const noShow = await netCharges(trx, companyId, { reservationId: ref.id, cause: 'no_show' })
  const { at, restates } = await accountingInstant(trx, companyId, await charged(trx, ref))
  const correctionId = newId()
  const by = { reason: REASON, correctedAs: 'provider' as const, correctedBy: actorId }
  await insertDelivery(trx, taken, grants, usageId)
  await insertCorrection(trx, {
    ...by,
    companyId,
    correctionId,
    kind: 'late_usage',
    reservationId: ref.id,
    usageId,
    usage: null,
    reasonCode: 'LATE_DATA',
    accountedAt: at,
  })
  const cost = meterDifference(reservation, meter, meter.gpuSeconds, after)
  const plan = await stepsFor(trx, taken, noShow, { usageId, after, cost })
  await carryOut(trx, { companyId, reservation, grants }, correctionId, at, usageId, plan.steps)
  if (plan.missing > 0n) {
    const { tokenClassId } = reservation
    const owed = { companyId, correctionId, usageId, reservationId: ref.id, tokenClassId, amount: plan.missing }
    await insertArrears(trx, owed)
  }
  const sums = { ...meter, gpuSeconds: after, delivered: meter.delivered + cost - plan.missing, idle: plan.idle }
  const completed = { ...reservation, state: 'completed' as const }
  const credit = await creditOutage(trx, { companyId, reservation: completed, grants, meter: sums }, by)
  await correctMeter(trx, ref, sums)
  const earned = await grants.store()
  const earliest = [restates, credit.restates].flatMap((month) => month ?? []).sort()[0]
  if (earliest !== undefined) await restateFrom(trx, { id: actorId }, companyId, earliest, REASON)
  await audit(
    trx,
    { id: actorId },
    {
      scope: { kind: 'company', id: companyId },
      kind: 'usage.told-late',
      subject: globalId('Reservation', companyId, ref.id),
      payload: {
        arrears: formatTokens(plan.missing),
        delivered: formatTokens(cost),
        earned: earned.toString(),
        usage: usageId,
      },
    },
  )
  return cost - plan.missing
}

/**
 * A correction counts in the month of what it corrects: of the last charge for time to which nobody came, or else of the first
 * charge of all, where there was one.
 */
async function charged(trx: Trx, { companyId, id }: Ref): Promise<string> {
  const { rows } = await sql<{ at: string | null }>`
    SELECT coalesce(max(at) FILTER (WHERE cause IN ('no_show', 'idle_reserved')), min(at)) AS at
    FROM charge WHERE company_id = ${companyId} AND reservation_id = ${id}`.execute(trx)
  return rows[0]?.at ?? (await instant(trx))
}

/** Each record has a charge of its own that leads to the signed document of a grant; this one's tokens are the correction's. */
async function insertDelivery(trx: Trx, { reservation }: TakenForNoShow, grants: Corrections, usageId: Uuid) {
  const { companyId, id } = reservation.ref
  const first = (await readHolds(trx, companyId, [reservation.holdId])).get(reservation.holdId)?.lots[0]
  if (first === undefined) throw new Error(`the hold ${reservation.holdId} has no lot`)
  const progress = grants.byLot.get(first.lotId)
  const at = progress?.peak ?? 0n
  const grantId = progress?.grant.grantId ?? null
  const delivery = { chargeId: newId(), grantId, lotId: first.lotId, usageId, cause: 'delivered' as const }
  await insertCharges(trx, companyId, id, [{ ...delivery, amount: 0n, basisFrom: at, basisTo: at }])
}

/** From which accounts to which: first what was used, then what was reserved and not used, then what returns. */
async function stepsFor(
  trx: Trx,
  { reservation, meter, noShowAt }: TakenForNoShow,
  noShow: readonly NetCharge[],
  { usageId, after, cost }: { readonly usageId: Uuid; readonly after: bigint; readonly cost: MicroTokens },
): Promise<{ readonly steps: readonly Step[]; readonly idle: MicroTokens; readonly missing: MicroTokens }> {
  const { ref, gpus, interval, factor, tokenClassId } = reservation
  const kept = reservedGpuSeconds(gpus, keptInterval(interval, noShowAt))
  const unused = kept > after ? meteredTokens(kept, factor) - meteredTokens(after, factor) : 0n
  const { lots, expired } = await drawableLots(trx, ref.companyId, tokenClassId)
  const delivered = (amount: MicroTokens) => ({ cause: 'delivered' as const, amount, corrects: null, usageId })
  const steps: Step[] = []
  const from = purse(noShow)
  let left = cost
  const idle = await netCharges(trx, ref.companyId, { reservationId: ref.id, cause: 'idle_reserved' })
  const before = purse(idle.toReversed())
  for (const [source, cause] of [
    [from, 'no_show'],
    [before, 'idle_reserved'],
  ] as const) {
    for (const { charge, amount } of source.take(left)) {
      const back = { cause, amount: -amount, corrects: charge.head, usageId: null }
      const { lotId } = charge
      steps.push({
        lotId,
        from: `charged:${cause}`,
        to: 'charged:delivered',
        amount,
        changes: [back, delivered(amount)],
      })
      left -= amount
    }
  }
  for (const lot of lots) {
    const amount = lot.left < left ? lot.left : left
    if (amount <= 0n) continue
    steps.push({ lotId: lot.lotId, from: 'available', to: 'charged:delivered', amount, changes: [delivered(amount)] })
    left -= amount
  }
  let idleNow = before.rest()
  for (const { charge, amount } of from.take(unused > idleNow ? unused - idleNow : 0n)) {
    const back = { cause: 'no_show' as const, amount: -amount, corrects: charge.head, usageId: null }
    const reserved = { cause: 'idle_reserved' as const, amount, corrects: null, usageId: null }
    const { lotId } = charge
    steps.push({ lotId, from: 'charged:no_show', to: 'charged:idle_reserved', amount, changes: [back, reserved] })
    idleNow += amount
  }
  for (const { charge, amount } of from.take(from.rest())) {
    const to = expired.has(charge.lotId) ? ('expired' as const) : ('available' as const)
    const back = { cause: 'no_show' as const, amount: -amount, corrects: charge.head, usageId: null }
    steps.push({ lotId: charge.lotId, from: 'charged:no_show', to, amount, changes: [back] })
  }
  // Outages lower the meter's idle sum without this purse: it is moved by what this correction moves.
  return { steps, idle: meter.idle - before.taken() + (idleNow - before.rest()), missing: left }
}

/** Charges from which parts are taken, in their order, each part once. */
function purse(charges: readonly NetCharge[]) {
  const all = charges.map((charge) => ({ charge, left: charge.net }))
  let taken = 0n
  return {
    take(amount: MicroTokens): { charge: NetCharge; amount: MicroTokens }[] {
      let wanted = amount
      return all.flatMap((each) => {
        const part = each.left < wanted ? each.left : wanted
        if (part <= 0n) return []
        each.left -= part
        wanted -= part
        taken += part
        return [{ charge: each.charge, amount: part }]
      })
    },
    rest: (): MicroTokens => all.reduce((sum, { left }) => sum + left, 0n),
    taken: (): MicroTokens => taken,
  } as const
}
