/** Corrects one record of use outside any reservation: its meter, the month's cost, the tokens, the charges, the vest basis. */
import { lotsOnDemand, meteredTokens } from '../../clusters/index.ts'
import type { MicroTokens, Numeric, Trx, Uuid } from '../../platform/index.ts'
import { type Arrears, insertArrears, openArrears, openArrearsOfMeter, reduceArrears } from '../usage/arrears.store.ts'
import { OnDemandCapReached } from '../usage/on-demand.ts'
import { allowedFrom, onDemandLots } from '../usage/on-demand-lots.ts'
import {
  lockOnDemandMeter,
  lockOnDemandMonth,
  moveOnDemandMonth,
  setOnDemandMeter,
} from '../usage/on-demand-meter.store.ts'
import { book, type CorrectedRecord, type RecordChange, type Step, take } from './correct-record.ts'
import { netDrawn } from './correction.store.ts'
import type { Corrections } from './open-corrections.ts'

/** The company and the pool that it used. The company is locked. */
export type CorrectingDraws = {
  readonly companyId: Uuid
  readonly poolId: Uuid
  readonly tokenClassId: Uuid
  readonly grants: Corrections
}
type Change = RecordChange & { readonly rate: Numeric }

/**
 * Sets the GPU-seconds of a record. Its rate stays what it was metered at. What it costs less is owed no longer, or is
 * available again, or expired with its lot; what it costs more is drawn from the lots that such use may draw, and what there
 * is nothing for becomes arrears.
 *
 * @throws {OnDemandCapReached} when the month would cost more than the signed terms let it
 */
export async function correctDraw(trx: Trx, of: CorrectingDraws, change: Change): Promise<CorrectedRecord> {
  const { companyId, poolId, tokenClassId } = of
  const { usageId, current, rate } = change
  const meter = { companyId, poolId, rate }
  const metered = await lockOnDemandMeter(trx, meter)
  const after = metered + change.gpuSeconds - current.gpuSeconds
  const difference = meteredTokens(after, rate) - meteredTokens(metered, rate)
  if (difference > 0n) await mustBeWithinCap(trx, of, change, difference)
  const { steps, arrears } =
    difference <= 0n ? await givingBack(trx, of, change, -difference) : await takingMore(trx, of, change, difference)
  const { correctionId, restates } = await book(trx, { ...of, reservation: null }, change, steps)
  if (arrears > 0n) {
    await insertArrears(trx, { companyId, correctionId, usageId, reservationId: null, tokenClassId, amount: arrears })
  }
  await setOnDemandMeter(trx, meter, after)
  await moveOnDemandMonth(trx, { companyId, tokenClassId, endedAt: current.endedAt }, difference)
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

/** The cap is that of the lot in whose turn the record fell, as when it was recorded. */
async function mustBeWithinCap(trx: Trx, of: CorrectingDraws, change: Change, more: MicroTokens): Promise<void> {
  const { companyId, tokenClassId } = of
  const { usageId, current } = change
  // The first charge of a record on demand has the record's id.
  const first = await trx
    .selectFrom('charge')
    .select('lot_id')
    .where('company_id', '=', companyId)
    .where('charge_id', '=', usageId)
    .executeTakeFirstOrThrow()
  const cap = allowedFrom(await lotsOnDemand(trx, companyId), current.startedAt).get(first.lot_id)
  if (cap == null) return
  const spent = await lockOnDemandMonth(trx, { companyId, tokenClassId, endedAt: current.endedAt })
  if (spent + more > cap) throw new OnDemandCapReached(current.externalId, cap > spent ? cap - spent : 0n)
}

type Moved = { readonly steps: Step[]; readonly arrears: MicroTokens }

async function givingBack(trx: Trx, of: CorrectingDraws, change: Change, amount: MicroTokens): Promise<Moved> {
  const { companyId, poolId, tokenClassId } = of
  const { usageId, rate, current } = change
  // What was never charged is not given back: it is owed no longer.
  const left = await cancel(trx, companyId, await openArrears(trx, companyId, { usageId }), amount)
  let taken = take(left > 0n ? await netDrawn(trx, companyId, { usageId }) : [], left)
  if (taken.missing > 0n) {
    // Rounding: a record may have cost less than the seconds that it now loses; others of its meter cost that more.
    const { missing } = taken
    const others = take(await netDrawn(trx, companyId, { besides: usageId, poolId, rate, missing }), missing)
    const owed = others.missing > 0n ? await openArrearsOfMeter(trx, { companyId, poolId, rate }) : []
    taken = {
      parts: [...taken.parts, ...others.parts],
      missing: await cancel(trx, companyId, owed, others.missing),
    }
  }
  if (taken.missing > 0n) throw new Error(`use on demand of ${companyId} was charged less than its meter says`)
  const { expired } = await onDemandLots(trx, companyId, { tokenClassId, startedAt: current.startedAt })
  return {
    arrears: 0n,
    steps: taken.parts.map(({ charge, amount: part }) => ({
      lotId: charge.lotId,
      from: 'charged:delivered' as const,
      to: expired.has(charge.lotId) ? ('expired' as const) : ('available' as const),
      amount: part,
      takesFrom: charge.at,
      changes: [{ cause: 'delivered' as const, amount: -part, corrects: charge.head, usageId: charge.usageId }],
    })),
  }
}

/** Cancels what is owed, up to an amount, the latest first; answers what is left of that. */
async function cancel(trx: Trx, companyId: Uuid, owed: readonly Arrears[], amount: MicroTokens): Promise<MicroTokens> {
  let left = amount
  for (const { arrearsId, open } of owed.toReversed()) {
    const cancelled = open < left ? open : left
    if (cancelled > 0n) await reduceArrears(trx, companyId, arrearsId, { cancelled })
    left -= cancelled
  }
  return left
}

async function takingMore(trx: Trx, of: CorrectingDraws, change: Change, amount: MicroTokens): Promise<Moved> {
  const { companyId, tokenClassId } = of
  const { usageId, current } = change
  const steps: Step[] = []
  let left = amount
  for (const lot of (await onDemandLots(trx, companyId, { tokenClassId, startedAt: current.startedAt })).lots) {
    const part = lot.left < left ? lot.left : left
    if (part <= 0n) continue
    const more = { cause: 'delivered' as const, amount: part, corrects: null, usageId }
    steps.push({ lotId: lot.lotId, from: 'available', to: 'charged:delivered', amount: part, changes: [more] })
    left -= part
  }
  return { steps, arrears: left }
}
