import { z } from 'zod'
import { type Actor, is, isStaff } from '../../access/index.ts'
import { correctMeter, lockMeter, metersFor, mustSeeReservation } from '../../clusters/index.ts'
import { lockCompany } from '../../parties/index.ts'
import {
  audit,
  type Deps,
  Forbidden,
  formatTokens,
  globalId,
  type MicroTokens,
  once,
  parse,
  type Ref,
  type Trx,
  type Uuid,
  type WholeShares,
  zIdempotencyKey,
  zRef,
  zText,
  zUuid,
} from '../../platform/index.ts'
import { readHolds } from '../../tokens/index.ts'
import { restateFrom } from '../statement/state-month.ts'
import { creditOutage } from '../usage/credit-outage.ts'
import { type CorrectedRecord, correctRecord } from './correct-record.ts'
import { earlier, mustBeCorrectable, mustNameEachOnce, type RecordToCorrect } from './correctable.ts'
import type { CurrentUsage, NewCorrection } from './correction.store.ts'
import { openCorrections } from './open-corrections.ts'

/** Why usage is corrected. */
export const CORRECTION_REASONS = [
  'DUPLICATE',
  'WRONG_METER',
  'WRONG_COMPANY',
  'NOT_DELIVERED',
  'OUTAGE',
  'LATE_DATA',
  'DISPUTE',
  'OTHER',
] as const
export type CorrectionReason = (typeof CORRECTION_REASONS)[number]

/** Most records of one correction. */
const RECORDS_MAX = 100

/** What the input of every correction of usage has. */
export const correctionFields = {
  records: z
    .array(
      z.strictObject({
        usageId: zUuid,
        /** What it really was: zero voids the record. */
        gpuSeconds: z
          .string()
          .regex(/^(0|[1-9]\d{0,17})$/, 'must be a whole number of GPU-seconds, as a string of at most 18 digits')
          .transform(BigInt),
      }),
    )
    .min(1, 'must hold at least one record')
    .max(RECORDS_MAX, `must hold at most ${RECORDS_MAX} records`),
  reasonCode: z.enum(CORRECTION_REASONS),
  reason: zText(2000),
  idempotencyKey: zIdempotencyKey,
}

export const CorrectUsageInput = z.strictObject({ reservationId: zRef('Reservation'), ...correctionFields })
export type CorrectUsageInput = z.input<typeof CorrectUsageInput>

/** What a correction of several records did. */
export type Corrected = {
  readonly records: readonly CorrectedRecord[]
  /** Raised usage for which there were no tokens. */
  readonly arrears: MicroTokens
  /** Change of the shares earned: negative where less was delivered than was thought. What has vested stays. */
  readonly earned: WholeShares
  /** Statements that were made again. */
  readonly restated: readonly Ref[]
}
export type CorrectedUsage = Corrected & { readonly ref: Ref }

/**
 * Lowers, raises or voids recorded usage, by rows that name what they correct. The provider's own staff may do all of it;
 * the fund's operations may only lower: usage earns the fund's shares. The company never corrects what it is charged; it
 * disputes a statement. A statement that is not final is made again; after that a correction is in the next.
 *
 * @throws {Refused} for a record of another reservation, for no change, and for more than was reserved
 */
export async function correctUsage(deps: Deps, actor: Actor, input: CorrectUsageInput): Promise<CorrectedUsage> {
  const { reservationId: ref, records, reasonCode, reason, idempotencyKey } = parse(CorrectUsageInput, input)
  const { providerId } = await mustSeeReservation(deps.db, actor, ref)
  const correctedAs = mustCorrect(actor, providerId)
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'correctUsage', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, ref.companyId)
    return applyCorrections(trx, actor, { ref, records, reasonCode, reason, correctedAs })
  })
}

/** @throws {Forbidden} */
export function mustCorrect(actor: Actor, providerId: Uuid): 'provider' | 'operations' {
  const provider = metersFor(actor, providerId)
  if (provider && is(actor, 'provider') && !isStaff(actor)) return 'provider'
  if (is(actor, 'operations') && !provider && actor.companyIds.size === 0) return 'operations'
  throw new Forbidden(
    ['provider', 'operations'],
    "Only the provider's own staff, or the fund's operations, correct usage, and nobody of the company. Nothing was changed.",
  )
}

/** Applies corrections of one reservation. The company is locked, and the caller has checked who may. */
export async function applyCorrections(
  trx: Trx,
  actor: { readonly id: Uuid },
  of: {
    readonly ref: Ref
    readonly records: readonly RecordToCorrect[]
    /** A stated month that is made again in any case. */
    readonly restates?: string | undefined
  } & Pick<NewCorrection, 'reasonCode' | 'reason' | 'correctedAs'>,
): Promise<CorrectedUsage> {
  const { ref, records } = of
  const { companyId } = ref
  mustNameEachOnce(records)
  const { reservation, meter } = await lockMeter(trx, ref)
  const hold = (await readHolds(trx, companyId, [reservation.holdId])).get(reservation.holdId)
  if (hold === undefined) throw new Error(`there is no hold ${reservation.holdId}`)
  const grants = await openCorrections(trx, companyId)
  const sums = { ...meter }
  const corrected: CorrectedRecord[] = []
  let earliest = of.restates
  const within = {
    correctedAs: of.correctedAs,
    belongs: (current: CurrentUsage) => current.reservationId === ref.id,
    called: 'this reservation',
    gpus: reservation.gpus,
    whose: 'reserved GPUs',
  }
  for (const { usageId, gpuSeconds } of records) {
    const current = await mustBeCorrectable(trx, companyId, { usageId, gpuSeconds }, within)
    const fresh = (await readHolds(trx, companyId, [reservation.holdId])).get(reservation.holdId) ?? hold
    const correcting = { companyId, reservation, meter: sums, hold: fresh, grants }
    const { reasonCode, reason, correctedAs } = of
    const by = { reasonCode, reason, correctedAs, correctedBy: actor.id }
    const record = await correctRecord(trx, correcting, { usageId, current, gpuSeconds, ...by })
    earliest = earlier(earliest, record.restates)
    corrected.push(record)
  }
  // Usage that was lowered may show that more of the time that is charged as unused was down.
  const credit = await creditOutage(
    trx,
    { companyId, reservation, meter: sums, grants },
    { reason: of.reason, correctedAs: of.correctedAs, correctedBy: actor.id },
  )
  earliest = earlier(earliest, credit.restates)
  await correctMeter(trx, ref, sums)
  const earned = await grants.store()
  const restated =
    earliest === undefined
      ? []
      : await restateFrom(trx, actor, companyId, earliest, `Usage was corrected: ${of.reason}`)
  await audit(trx, actor, {
    scope: { kind: 'company', id: companyId },
    kind: 'usage.corrected',
    subject: globalId('Reservation', companyId, ref.id),
    payload: {
      as: of.correctedAs,
      credited: formatTokens(credit.credited),
      earned: earned.toString(),
      reason: of.reason,
      reasonCode: of.reasonCode,
      records: corrected.map((record) => ({
        after: record.after.toString(),
        before: record.before.toString(),
        usage: record.usageId,
      })),
      restated: restated.map((statement) => globalId('Statement', companyId, statement.id)),
    },
  })
  return {
    ref,
    records: corrected,
    arrears: corrected.reduce((sum, record) => sum + record.arrears, 0n),
    earned,
    restated,
  }
}
