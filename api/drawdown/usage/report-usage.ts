import { z } from 'zod'
import type { Actor } from '../../access/index.ts'
import {
  completeReservation,
  keptInterval,
  lockReservationForUsage,
  mustSeeReservation,
  type UsageRecord,
  zUsageRecords,
} from '../../clusters/index.ts'
import { lockCompany } from '../../parties/index.ts'
import {
  audit,
  type Deps,
  globalId,
  instant,
  type MicroTokens,
  newId,
  once,
  parse,
  type Ref,
  type Trx,
  type Uuid,
  type WholeShares,
  WrongState,
  zIdempotencyKey,
  zRef,
} from '../../platform/index.ts'
import {
  type ChargedPart,
  chargeAll,
  type Hold,
  HoldExpired,
  postHold,
  readHolds,
  returnHold,
} from '../../tokens/index.ts'
import { applyGrantChanges } from '../change-grant.ts'
import { advance, type Cause, counts, earnedShares } from '../earned.ts'
import { stillEarns } from '../end-of-earning.ts'
import { insertCharges, lockProgress, type NewCharge, type Progress, storeProgress } from '../grant.store.ts'
import { mustMeterFor } from '../visibility.ts'
import { takeLateUsage } from './late-usage.ts'
import { type PostedUsage, postUsage, type ReservedUsage, type UsageAnswer } from './usage.store.ts'
import { refusalOf } from './usage-refusal.ts'

export const ReportUsageInput = z
  .strictObject({
    reservationId: zRef('Reservation'),
    records: zUsageRecords,
    /** True when all usage of the reservation is in: unused time is charged as the terms say, and what is left of the hold returns. */
    complete: z.boolean().default(false),
    idempotencyKey: zIdempotencyKey,
  })
  .refine(({ records, complete }) => records.length > 0 || complete, {
    path: ['records'],
    message: 'must hold at least one record, unless all usage is in',
  })
export type ReportUsageInput = z.input<typeof ReportUsageInput>

export type ReportedUsage = {
  readonly ref: Ref
  /** What became of each record, in order. */
  readonly records: readonly {
    readonly externalId: string
    readonly usageId: Uuid
    readonly outcome: 'RECORDED' | 'ALREADY_RECORDED'
    readonly charged: MicroTokens
  }[]
  readonly charged: Readonly<Record<Cause, MicroTokens>>
  readonly returned: MicroTokens
  /** Shares that this report moved from unearned to earned; provisional until a statement is final. */
  readonly newlyEarned: WholeShares
}

/**
 * Usage of one reservation: one transaction posts the hold, charges by cause, advances the deliveries and the earned
 * shares, and returns what is left. Records that were told before are recognised and change nothing.
 */
export async function reportUsage(deps: Deps, actor: Actor, input: ReportUsageInput): Promise<ReportedUsage> {
  const { reservationId: ref, records, complete, idempotencyKey } = parse(ReportUsageInput, input)
  const { providerId, poolId } = await mustSeeReservation(deps.db, actor, ref)
  mustMeterFor(actor, providerId)
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'reportUsage', scope, idempotencyKey, input }, async (trx) => {
    await applyGrantChanges(trx, ref.companyId)
    const posted = await post(trx, actor, ref, poolId, records)
    const finished = complete && (await mayFinish(trx, ref, records)) ? await finish(trx, ref, actor) : NOTHING
    const answer: ReportedUsage = {
      ref,
      records: posted.answers.map(({ outcome, usageId, charged }, index) => ({
        externalId: records[index]?.externalId ?? '',
        usageId: usageId ?? '',
        outcome: outcome === 'recorded' ? 'RECORDED' : 'ALREADY_RECORDED',
        charged: outcome === 'recorded' ? (charged ?? 0n) : 0n,
      })),
      charged: { ...finished.charged, delivered: posted.delivered },
      returned: finished.returned,
      newlyEarned: posted.newlyEarned + finished.newlyEarned,
    }
    if (finished !== NOTHING) await auditCompleted(trx, actor, answer, posted.gpuSeconds)
    return answer
  })
}

/** Posts the records of one reservation, all or none. */
async function post(
  trx: Trx,
  actor: Actor,
  { companyId, id }: Ref,
  poolId: Uuid,
  records: readonly UsageRecord[],
): Promise<PostedUsage> {
  if (records.length === 0) return { answers: [], stored: 0, gpuSeconds: 0n, delivered: 0n, newlyEarned: 0n }
  const batch = records.map((record) => ({ ...record, reservationId: id }))
  const posted = await postUsage(trx, { companyId, records: batch, pools: [poolId], actorId: actor.id, whole: true })
  const late = await postLate(trx, actor, companyId, batch, posted)
  if (late !== undefined) return late
  const refusals = posted.answers.flatMap((answer, index) => {
    const record = batch[index]
    return record === undefined || answer.outcome === 'recorded' || answer.outcome === 'known'
      ? []
      : [{ record, outcome: answer.outcome, about: answer.about }]
  })
  // A reservation that takes no usage is said first: the others are of single records.
  const refusal = refusals.find(({ outcome }) => outcome === 'wrong_state') ?? refusals[0]
  if (refusal !== undefined) throw refusalOf(companyId, refusal.record, refusal.outcome, refusal.about)
  return posted
}

/** All of the records as usage of what was taken for a no-show; `undefined` where the reservation was not. */
async function postLate(
  trx: Trx,
  actor: Actor,
  companyId: Uuid,
  batch: readonly ReservedUsage[],
  { answers }: PostedUsage,
): Promise<PostedUsage | undefined> {
  if (!answers.some(({ outcome }) => outcome === 'wrong_state')) return undefined
  const before = total(await lockProgress(trx, companyId), (progress) => progress.earned)
  const taken: UsageAnswer[] = []
  let [gpuSeconds, delivered, stored] = [0n, 0n, 0]
  for (const record of batch) {
    const late = await takeLateUsage(trx, { actorId: actor.id }, { companyId, record })
    if (late === undefined) return undefined
    const { usageId, known, charged } = late
    taken.push({ outcome: known ? 'known' : 'recorded', about: null, usageId, charged })
    if (known) continue
    stored += 1
    gpuSeconds += record.gpuSeconds
    delivered += charged
  }
  const newlyEarned = total(await lockProgress(trx, companyId), (progress) => progress.earned) - before
  return { answers: taken, stored, gpuSeconds, delivered, newlyEarned }
}

/**
 * Whether there is something to complete. Who lost the answer sends the same records again and finds the reservation
 * completed: that is not done twice.
 *
 * @throws {NotFound} {WrongState} for a reservation that cannot be completed
 */
async function mayFinish(trx: Trx, ref: Ref, records: readonly UsageRecord[]): Promise<boolean> {
  await lockCompany(trx, ref.companyId)
  try {
    await lockReservationForUsage(trx, ref)
    return true
  } catch (error) {
    if (error instanceof WrongState && error.state === 'completed' && records.length > 0) return false
    throw error
  }
}

async function auditCompleted(trx: Trx, actor: Actor, answer: ReportedUsage, gpuSeconds: bigint): Promise<void> {
  const { ref, charged, newlyEarned, returned, records } = answer
  await audit(trx, actor, {
    scope: { kind: 'company', id: ref.companyId },
    kind: 'usage.completed',
    subject: globalId('Reservation', ref.companyId, ref.id),
    payload: {
      charged: Object.fromEntries(Object.entries(charged).map(([cause, amount]) => [cause, amount.toString()])),
      gpuSeconds: gpuSeconds.toString(),
      newlyEarned: newlyEarned.toString(),
      records: records.length,
      returned: returned.toString(),
    },
  })
}

type Finished = Pick<ReportedUsage, 'charged' | 'returned' | 'newlyEarned'>
const NOTHING: Finished = {
  charged: { delivered: 0n, idle_reserved: 0n, no_show: 0n, cancel_fee: 0n },
  returned: 0n,
  newlyEarned: 0n,
}

/**
 * Charges what the terms charge for unused time, and returns the rest of the hold. The company's tokens are locked before
 * the pool, whose row others wait for.
 */
export async function finish(trx: Trx, ref: Ref, actor: Actor | undefined): Promise<Finished> {
  const { companyId } = ref
  const batch = await openBatch(trx, ref)
  const { holdId } = await lockReservationForUsage(trx, ref)
  const hold = await holdOf(trx, companyId, holdId)
  const firm = await makeFirm(trx, hold)
  const idle = firm ? batch.chargedIdle(hold) : new Map<Uuid, MicroTokens>()
  const completed = await completeReservation(trx, {
    ref,
    charging: idle.size > 0 ? 'RESERVED' : 'METERED',
    completedBy: actor?.id,
    idleLots: idle,
  })
  if (!firm) return { ...NOTHING }
  const { endsAt: usedUntil } = keptInterval(completed.reservation.interval, await instant(trx))
  for (const [lotId, amount] of completed.charges) {
    if (amount > 0n)
      await batch.charge(holdId, [{ cause: completed.cause, amount, usedUntil, usageId: null, lots: new Set([lotId]) }])
  }
  await returnHold(trx, { companyId, holdId })
  const { lots } = await holdOf(trx, companyId, holdId)
  const returned = lots.reduce((sum, part) => sum + part.amount - part.charged, 0n)
  return { ...(await batch.store()), returned }
}

/**
 * Posts the hold of a reservation of which nothing was used, so that it can be charged and returned. False when it has
 * expired: its tokens are back already, and nothing is left to charge.
 */
export async function makeFirm(trx: Trx, { companyId, holdId, state }: Hold): Promise<boolean> {
  if (state === 'posted') return true
  try {
    await postHold(trx, { companyId, holdId })
    return true
  } catch (error) {
    if (error instanceof HoldExpired) return false
    throw error
  }
}

export async function holdOf(trx: Trx, companyId: Uuid, holdId: Uuid): Promise<Hold> {
  const hold = (await readHolds(trx, companyId, [holdId])).get(holdId)
  if (hold === undefined) throw new Error(`there is no hold ${holdId}`)
  return hold
}

/** Collects the charges of one transaction, so that sums and rows are written once. */
export async function openBatch(trx: Trx, ref: Ref) {
  const { companyId } = ref
  const grants = await lockProgress(trx, companyId)
  const byLot = new Map([...grants.values()].map((progress) => [progress.grant.lotId, progress]))
  const earnedBefore = total(grants, (progress) => progress.earned)
  const rows: NewCharge[] = []
  const charged: Record<Cause, MicroTokens> = { delivered: 0n, idle_reserved: 0n, no_show: 0n, cancel_fee: 0n }
  const touched = new Set<Progress>()
  return {
    /**
     * The lots of a hold whose unused time is charged, with what is left of each: all but those whose signed terms say that
     * only metered use is. Tokens of two grants in one hold are each charged by their own terms.
     */
    chargedIdle(hold: Hold): ReadonlyMap<Uuid, MicroTokens> {
      const left = hold.lots.map((part) => [part.lotId, part.amount - part.charged] as const)
      return new Map(left.filter(([lotId]) => byLot.get(lotId)?.grant.charging !== 'METERED'))
    },
    /** Charges a hold, each charge after the one before it, in one call of the ledger. */
    async charge(holdId: Uuid, charges: readonly Charge[]): Promise<void> {
      const current = lotInTurn(await holdOf(trx, companyId, holdId))
      const drawn = await chargeAll(trx, {
        companyId,
        charges: charges.map(({ usageId, ...each }) => ({ holdId, ...each, chargeId: usageId ?? newId() })),
      })
      for (const [index, each] of charges.entries()) {
        for (const part of partsOf(drawn[index] ?? [], current())) {
          charged[each.cause] += part.amount
          current(part)
          const progress = byLot.get(part.lotId)
          if (progress === undefined) rows.push(vestsNothing(each, part))
          else if (!stillEarns(progress, each.usedUntil)) rows.push(drawEnded(progress, each, part))
          else rows.push(draw(progress, each, part))
          if (progress !== undefined) touched.add(progress)
        }
      }
    },
    async store(): Promise<{ charged: typeof charged; newlyEarned: WholeShares }> {
      for (const progress of touched) await storeProgress(trx, progress)
      await insertCharges(trx, companyId, ref.id, rows)
      return { charged, newlyEarned: total(grants, (progress) => progress.earned) - earnedBefore }
    },
  } as const
}

type Charge = {
  readonly cause: Cause
  /** When the time that is charged ended: after the end of a grant it earns nothing. */
  readonly usedUntil: string
  readonly amount: MicroTokens
  readonly usageId: Uuid | null
  readonly lots?: ReadonlySet<Uuid>
}
type Part = Pick<ChargedPart, 'lotId' | 'amount'>

/** The lot of a hold that is charged next, as parts are taken from it. Where nothing is left, the last. */
function lotInTurn(hold: Hold): (taken?: Part) => Uuid | undefined {
  const left = new Map(hold.lots.map((part) => [part.lotId, part.amount - part.charged]))
  return (taken) => {
    if (taken !== undefined) left.set(taken.lotId, (left.get(taken.lotId) ?? 0n) - taken.amount)
    return [...left].find(([, rest]) => rest > 0n)?.[0] ?? hold.lots.at(-1)?.lotId
  }
}

/**
 * What a charge took. Use so short that it costs nothing yet is kept too, at the lot in whose turn it fell: each GPU-second
 * leads to the signed document of a grant.
 */
const partsOf = (drawn: readonly Part[], inTurn: Uuid | undefined): readonly Part[] =>
  drawn.length > 0 || inTurn === undefined ? drawn : [{ lotId: inTurn, amount: 0n }]

/** Moves a grant's sums by what a charge took from its lot. */
function draw(progress: Progress, { cause, usageId }: Charge, { lotId, amount }: Part): NewCharge {
  const moved = advance(progress, amount, counts(progress.grant.basis, cause))
  progress.charged[cause] += amount
  progress.basis = moved.basis
  progress.peak = moved.peak
  progress.earned = earnedShares(progress.grant.terms, moved.peak)
  const { grantId } = progress.grant
  return { chargeId: newId(), grantId, lotId, usageId, cause, amount, basisFrom: moved.from, basisTo: moved.to }
}

/** A charge of time after the end of a grant, or of a settled one: its tokens are used up as before, and earn nothing any more. */
function drawEnded(progress: Progress, { cause, usageId }: Charge, { lotId, amount }: Part): NewCharge {
  progress.charged[cause] += amount
  const { grantId } = progress.grant
  const at = progress.peak
  return { chargeId: newId(), grantId, lotId, usageId, cause, amount, basisFrom: at, basisTo: at }
}

/** A charge of tokens that earn nothing, such as a top-up's. */
const vestsNothing = ({ cause, usageId }: Charge, { lotId, amount }: Part): NewCharge => ({
  chargeId: newId(),
  grantId: null,
  lotId,
  usageId,
  cause,
  amount,
  basisFrom: 0n,
  basisTo: 0n,
})

const total = (grants: ReadonlyMap<Uuid, Progress>, of: (progress: Progress) => bigint): bigint =>
  [...grants.values()].reduce((sum, progress) => sum + of(progress), 0n)
