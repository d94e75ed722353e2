/** Corrects one usage record: the meter, the tokens, the charges, the vest basis. */

import type { lockMeter } from '../../clusters/index.ts'
import { type correctMeter, meterDifference } from '../../clusters/index.ts'
import { type MicroTokens, newId, type Trx, type Uuid } from '../../platform/index.ts'
import { type CorrectingMove, correctCharges, correctionSubject, drawableLots, type Hold } from '../../tokens/index.ts'
import type { Cause } from '../earned.ts'
import { insertArrears, openArrears, reduceArrears } from '../usage/arrears.store.ts'
import { bookingOf, type Step } from './booking.ts'
import {
  bookedFrom,
  type CurrentUsage,
  insertCorrection,
  insertParts,
  type NetCharge,
  type NewCorrection,
  netCharges,
} from './correction.store.ts'
import type { Corrections } from './open-corrections.ts'

/** The reservation that is corrected: locked, its meter as the corrections leave it. */
export type Correcting = {
  readonly companyId: Uuid
  readonly reservation: Awaited<ReturnType<typeof lockMeter>>['reservation']
  readonly meter: { reservedGpuSeconds: bigint } & Parameters<typeof correctMeter>[2]
  readonly hold: Hold
  readonly grants: Corrections
}
export type RecordChange = {
  readonly usageId: Uuid
  readonly current: CurrentUsage
  readonly gpuSeconds: bigint
} & Pick<NewCorrection, 'reasonCode' | 'reason' | 'correctedAs' | 'correctedBy'>

/** What a correction did. Tokens that were given back, or that were charged more; and what there were no tokens for. */
export type CorrectedRecord = {
  readonly correctionId: Uuid
  readonly usageId: Uuid
  readonly before: bigint
  readonly after: bigint
  readonly moves: readonly CorrectingMove[]
  readonly arrears: MicroTokens
  /** First stated month that this changes, if it changes one. */
  readonly restates: string | undefined
}

/**
 * Sets the GPU-seconds of a record. What it costs less goes back where the signed terms say: into the hold while the
 * reservation runs; to reserved time that was not used, where that is charged; else it is available again, or expired
 * with its lot. What it costs more comes from the same places; what there is nothing for becomes arrears.
 */
export async function correctRecord(trx: Trx, of: Correcting, change: RecordChange): Promise<CorrectedRecord> {
  const { companyId, reservation, meter } = of
  const { current, usageId } = change
  const after = meter.gpuSeconds + change.gpuSeconds - current.gpuSeconds
  const difference = meterDifference(reservation, meter, meter.gpuSeconds, after)
  const { steps, arrears } =
    difference <= 0n ? await givingBack(trx, of, usageId, -difference) : await takingMore(trx, of, usageId, difference)
  const { correctionId, restates } = await book(trx, { companyId, reservation, grants: of.grants }, change, steps)
  if (arrears > 0n) {
    await insertArrears(trx, {
      companyId,
      correctionId,
      usageId,
      reservationId: reservation.ref.id,
      tokenClassId: reservation.tokenClassId,
      amount: arrears,
    })
  }
  meter.gpuSeconds = after
  for (const { from, to, amount } of steps) {
    if (from === 'charged:delivered') meter.delivered -= amount
    if (to === 'charged:delivered') meter.delivered += amount
    if (from === 'charged:idle_reserved') meter.idle -= amount
    if (to === 'charged:idle_reserved') meter.idle += amount
  }
  return {
    correctionId,
    usageId,
    before: current.gpuSeconds,
    after: change.gpuSeconds,
    moves: steps,
    arrears,
    restates,
  }
}

/** Books the correction of a record, and what of it belongs to a later month as a correction of its own. */
export async function book(
  trx: Trx,
  of: Parameters<typeof carryOut>[1],
  { usageId, current, gpuSeconds, reasonCode, reason, correctedAs, correctedBy }: RecordChange,
  steps: readonly Step[],
): Promise<{ readonly correctionId: Uuid; readonly restates: string | undefined }> {
  const { companyId } = of
  const { at, restates, steps: own, later } = await bookingOf(trx, companyId, bookedFrom(current), steps)
  const insert = async (row: Pick<NewCorrection, 'kind' | 'usage' | 'accountedAt'>): Promise<Uuid> => {
    const correctionId = newId()
    const by = { reasonCode, reason, correctedAs, correctedBy }
    const reservationId = of.reservation?.ref.id ?? null
    await insertCorrection(trx, { ...row, ...by, companyId, correctionId, usageId, reservationId })
    return correctionId
  }
  const correctionId = await insert({
    kind: gpuSeconds === 0n ? 'void' : gpuSeconds < current.gpuSeconds ? 'lower' : 'raise',
    usage: { ordinal: current.corrections + 1, before: current.gpuSeconds, after: gpuSeconds },
    accountedAt: at,
  })
  await carryOut(trx, of, correctionId, at, usageId, own)
  if (later !== undefined) {
    const laterId = await insert({ kind: 'booked_later', usage: null, accountedAt: later.at })
    await carryOut(trx, of, laterId, later.at, usageId, later.steps)
  }
  return { correctionId, restates }
}

/** Posts the moves and books the charges that say so. */
export async function carryOut(
  trx: Trx,
  of: Pick<Correcting, 'companyId' | 'grants'> & {
    /** Null for use outside any reservation. */
    readonly reservation: Correcting['reservation'] | null
  },
  correctionId: Uuid,
  at: string,
  usageId: Uuid | null,
  steps: readonly Step[],
  reason: 'correction' | 'outage_credit' = 'correction',
): Promise<void> {
  const { companyId, reservation, grants } = of
  const transfers = await correctCharges(trx, companyId, reason, correctionSubject(companyId, correctionId), steps)
  await insertParts(trx, companyId, correctionId, steps, transfers)
  const booked = { correctionId, at, reservationId: reservation?.ref.id ?? null }
  for (const { lotId, changes } of steps) {
    for (const each of changes) await grants.charge({ ...booked, lotId, ...each })
  }
  // Seconds that cost nothing still lead to a lot, as they did when they were recorded.
  if (steps.length > 0 || usageId === null) return
  const [head] = await trx
    .selectFrom('charge')
    .select(['charge_id', 'lot_id'])
    .where('company_id', '=', companyId)
    .where('usage_id', '=', usageId)
    .where('corrects', 'is', null)
    .orderBy('charge_id', 'desc')
    .limit(1)
    .execute()
  if (head === undefined) throw new Error(`the usage record ${usageId} was never charged`)
  await grants.charge({
    ...booked,
    lotId: head.lot_id,
    usageId,
    cause: 'delivered',
    amount: 0n,
    corrects: head.charge_id,
  })
}

async function givingBack(
  trx: Trx,
  of: Correcting,
  usageId: Uuid,
  amount: MicroTokens,
): Promise<{ steps: Step[]; arrears: MicroTokens }> {
  const { companyId, reservation } = of
  let left = amount
  // What was never charged is not given back: it is owed no longer.
  for (const owed of (await openArrears(trx, companyId, { reservationId: reservation.ref.id })).toReversed()) {
    const cancelled = owed.open < left ? owed.open : left
    if (cancelled > 0n) await reduceArrears(trx, companyId, owed.arrearsId, { cancelled })
    left -= cancelled
  }
  const query = { reservationId: reservation.ref.id, cause: 'delivered' }
  const own = left > 0n ? await netCharges(trx, companyId, { ...query, usageId }) : []
  let taken = take(own, left)
  if (taken.missing > 0n) {
    // Rounding: a record may have cost less than the seconds that it now loses.
    const others = (await netCharges(trx, companyId, query)).filter((each) => each.usageId !== usageId)
    const more = take(others, taken.missing)
    taken = { parts: [...taken.parts, ...more.parts], missing: more.missing }
  }
  if (taken.missing > 0n) throw new Error(`reservation ${reservation.ref.id} was charged less than its meter says`)
  const { expired } = await drawableLots(trx, companyId, reservation.tokenClassId)
  return {
    arrears: 0n,
    steps: taken.parts.map(({ charge, amount: part }) => {
      const back = { cause: 'delivered' as const, amount: -part, corrects: charge.head, usageId: charge.usageId }
      const to = placeFor(of, charge.lotId, expired)
      const idle = { cause: 'idle_reserved' as const, amount: part, corrects: null, usageId: null }
      return {
        lotId: charge.lotId,
        from: 'charged:delivered' as const,
        to,
        amount: part,
        takesFrom: charge.at,
        holdId: to === 'held' ? of.hold.holdId : undefined,
        changes: to === 'charged:idle_reserved' ? [back, idle] : [back],
      }
    }),
  }
}

/** Where tokens go that were charged for time that was not used. */
function placeFor({ hold, grants }: Correcting, lotId: Uuid, expired: ReadonlySet<Uuid>) {
  if (hold.state === 'posted') return 'held' as const
  if (grants.byLot.get(lotId)?.grant.charging !== 'METERED') return 'charged:idle_reserved' as const
  return expired.has(lotId) ? ('expired' as const) : ('available' as const)
}

async function takingMore(
  trx: Trx,
  of: Correcting,
  usageId: Uuid,
  amount: MicroTokens,
): Promise<{ steps: Step[]; arrears: MicroTokens }> {
  const { companyId, reservation, hold } = of
  const delivered = (part: MicroTokens) => ({ cause: 'delivered' as const, amount: part, corrects: null, usageId })
  const steps: Step[] = []
  let left = amount
  const draw = (sources: readonly { lotId: Uuid; left: MicroTokens }[], from: 'held' | 'available'): void => {
    for (const source of sources) {
      const part = source.left < left ? source.left : left
      if (part <= 0n) continue
      steps.push({
        lotId: source.lotId,
        from,
        to: 'charged:delivered',
        amount: part,
        holdId: from === 'held' ? hold.holdId : undefined,
        changes: [delivered(part)],
      })
      left -= part
    }
  }
  if (hold.state === 'posted') {
    draw(
      hold.lots.map((part) => ({
        lotId: part.lotId,
        left: part.amount - part.charged - promisedOf(steps, part.lotId),
      })),
      'held',
    )
  } else {
    const idle = await netCharges(trx, companyId, { reservationId: reservation.ref.id, cause: 'idle_reserved' })
    for (const { charge, amount: part } of take(idle.toReversed(), left).parts) {
      steps.push({
        lotId: charge.lotId,
        from: 'charged:idle_reserved',
        to: 'charged:delivered',
        amount: part,
        takesFrom: charge.at,
        changes: [{ cause: 'idle_reserved', amount: -part, corrects: charge.head, usageId: null }, delivered(part)],
      })
      left -= part
    }
  }
  if (left > 0n) draw((await drawableLots(trx, companyId, reservation.tokenClassId)).lots, 'available')
  return { steps, arrears: left }
}

const promisedOf = (steps: readonly Step[], lotId: Uuid): MicroTokens =>
  steps.filter((step) => step.lotId === lotId).reduce((sum, step) => sum + step.amount, 0n)

/** Takes an amount from net charges, in their order. */
export function take(charges: readonly NetCharge[], amount: MicroTokens) {
  const parts: { charge: NetCharge; amount: MicroTokens }[] = []
  let missing = amount
  for (const charge of charges) {
    if (missing <= 0n) break
    const part = charge.net < missing ? charge.net : missing
    parts.push({ charge, amount: part })
    missing -= part
  }
  return { parts, missing }
}

export type { Cause, Step }
