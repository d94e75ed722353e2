/** Gives back what unused time was charged, where it turns out that GPUs were down. */
import {
  downOf,
  insertOutageCredits,
  keptInterval,
  type LockedReservation,
  meteredTokens,
  outageCreditsOf,
  reservedGpuSeconds,
  shareOut,
  sumOf,
} from '../../clusters/index.ts'
import { type MicroTokens, newId, type Trx, type Uuid } from '../../platform/index.ts'
import { drawableLots } from '../../tokens/index.ts'
import { accountingInstant } from '../accounting/accounting-instant.ts'
import { lastTaken } from '../correction/booking.ts'
import { type Correcting, carryOut, type Step, take } from '../correction/correct-record.ts'
import { insertCorrection, type NetCharge, type NewCorrection, netCharges } from '../correction/correction.store.ts'

export type OutageCredit = {
  /** Tokens that went back. */
  readonly credited: MicroTokens
  /** First stated month that this changes, if it changes one. */
  readonly restates: string | undefined
}
const NONE: OutageCredit = { credited: 0n, restates: undefined }

/**
 * Brings what a reservation that is over was charged for unused time down to what is owed, with all outages that are
 * recorded by now: `charged:idle_reserved`, or `charged:no_show` where nobody came, goes back to `available`, or to
 * `expired` with its lot. Delivered compute stays charged. Nothing is charged again. While it runs, nothing is charged for
 * unused time yet, and completing it credits.
 */
export async function creditOutage(
  trx: Trx,
  of: Pick<Correcting, 'companyId' | 'reservation' | 'grants' | 'meter'>,
  by: Pick<NewCorrection, 'reason' | 'correctedAs' | 'correctedBy'>,
): Promise<OutageCredit> {
  const { companyId, reservation } = of
  const { state, ref } = reservation
  if (state !== 'completed' && state !== 'no_show') return NONE
  const cause = state === 'completed' ? ('idle_reserved' as const) : ('no_show' as const)
  const heads = await netCharges(trx, companyId, { reservationId: ref.id, cause })
  const within = state === 'completed' ? await keptUntilCompleted(trx, reservation) : reservation.interval
  const down = await downOf(trx, reservation, within)
  if (heads.length === 0 || down.gpuSeconds === 0n) return NONE
  const net = byLot(heads)
  const whole = new Map(net)
  for (const { lotId, amount } of await outageCreditsOf(trx, [ref])) whole.set(lotId, (whole.get(lotId) ?? 0n) + amount)
  const owed = shareOut(whole, cause === 'no_show' ? sumOf(whole) : unusedOf(of, within, sumOf(whole)))
  const credits = down.creditsOf(owed)
  const refunds = new Map(
    [...net].map(([lotId, charged]) => [lotId, charged - (owed.get(lotId) ?? 0n) + (credits.get(lotId) ?? 0n)]),
  )
  const { expired } = await drawableLots(trx, companyId, reservation.tokenClassId)
  const steps = [...refunds].flatMap(([lotId, refund]) =>
    stepsOf(
      heads.filter((head) => head.lotId === lotId),
      refund,
      cause,
      expired.has(lotId),
    ),
  )
  const credited = steps.reduce((sum, { amount }) => sum + amount, 0n)
  // A credit counts in the month of the last charge that it takes back, never before it.
  const last = lastTaken(steps)
  if (last === undefined) return NONE
  const { at, restates } = await accountingInstant(trx, companyId, last)
  const correctionId = newId()
  await insertCorrection(trx, {
    ...by,
    companyId,
    correctionId,
    kind: 'credit',
    reservationId: ref.id,
    usageId: null,
    usage: null,
    reasonCode: 'OUTAGE',
    accountedAt: at,
  })
  await carryOut(trx, of, correctionId, at, null, steps, 'outage_credit')
  await insertOutageCredits(trx, ref, byLot(steps.map((step) => ({ lotId: step.lotId, net: step.amount }))), {
    downGpuSeconds: down.gpuSeconds,
    correctionId,
  })
  if (cause === 'idle_reserved') of.meter.idle -= credited
  return { credited, restates }
}

/**
 * What unused time would cost had nothing been down: never more than was charged and credited for it, which is less where
 * lots charge metered time only. A correction may have drawn usage from elsewhere, so the meter says.
 */
function unusedOf(
  { reservation, meter }: Pick<Correcting, 'reservation' | 'meter'>,
  within: LockedReservation['interval'],
  most: MicroTokens,
): MicroTokens {
  const kept = reservedGpuSeconds(reservation.gpus, within)
  const reserved = kept > meter.gpuSeconds ? kept : meter.gpuSeconds
  const unused = meteredTokens(reserved, reservation.factor) - meteredTokens(meter.gpuSeconds, reservation.factor)
  return unused < most ? unused : most
}

function byLot(parts: readonly Pick<NetCharge, 'lotId' | 'net'>[]): Map<Uuid, MicroTokens> {
  const sums = new Map<Uuid, MicroTokens>()
  for (const { lotId, net } of parts) sums.set(lotId, (sums.get(lotId) ?? 0n) + net)
  return sums
}

const stepsOf = (
  heads: readonly NetCharge[],
  refund: MicroTokens,
  cause: 'idle_reserved' | 'no_show',
  expired: boolean,
): Step[] =>
  take(heads, refund).parts.map(({ charge, amount }) => ({
    lotId: charge.lotId,
    from: `charged:${cause}` as const,
    to: expired ? ('expired' as const) : ('available' as const),
    amount,
    takesFrom: charge.at,
    changes: [{ cause, amount: -amount, corrects: charge.head, usageId: null }],
  }))

async function keptUntilCompleted(
  trx: Trx,
  { ref, interval }: LockedReservation,
): Promise<LockedReservation['interval']> {
  const { at } = await trx
    .selectFrom('reservation_event')
    .select('at')
    .where('company_id', '=', ref.companyId)
    .where('reservation_id', '=', ref.id)
    .where('to_state', '=', 'completed')
    .executeTakeFirstOrThrow()
  return keptInterval(interval, at)
}
