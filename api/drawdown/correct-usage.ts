import { z } from 'zod'
import { type Actor, is, isStaff } from '../access/index.ts'
import { correctMeter, lockMeter, metersFor, mustSeeReservation } from '../clusters/index.ts'
import { lockCompany } from '../parties/index.ts'
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
  Refused,
  type Trx,
  type Uuid,
  type WholeShares,
  zIdempotencyKey,
  zRef,
  zText,
  zUuid,
} from '../platform/index.ts'
import { readHolds } from '../tokens/index.ts'
import { type Accounting, accountingInstant } from './accounting-instant.ts'
import { type CorrectedRecord, correctRecord, mustBePossible } from './correct-record.ts'
import { currentUsage, type NewCorrection } from './correction.store.ts'
import { creditOutage } from './credit-outage.ts'
import { isSetAside } from './dispute.store.ts'
import { openCorrections } from './open-corrections.ts'
import { restateFrom } from './state-month.ts'

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

export const CorrectUsageInput = z.strictObject({
  reservationId: zRef('Reservation'),
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
})
export type CorrectUsageInput = z.input<typeof CorrectUsageInput>

export type CorrectedUsage = {
  readonly ref: Ref
  readonly records: readonly CorrectedRecord[]
  /** Raised usage for which there were no tokens. */
  readonly arrears: MicroTokens
  /** Change of the shares earned: negative where less was delivered than was thought. What has vested stays. */
  readonly earned: WholeShares
  /** Statements that were made again. */
  readonly restated: readonly Ref[]
}

/**
 * Lowers, raises or voids recorded usage, by rows that name what they correct. The provider's own staff may do all of it; the fund's operations may only lower: usage earns the fund's shares. The company never corrects what it is
 * charged; it disputes a statement. A statement that is not final is made again; after that a correction is in the next.
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
function mustCorrect(actor: Actor, providerId: Uuid): 'provider' | 'operations' {
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
    readonly records: readonly { readonly usageId: Uuid; readonly gpuSeconds: bigint }[]
  } & Pick<NewCorrection, 'reasonCode' | 'reason' | 'correctedAs'>,
): Promise<CorrectedUsage> {
  const { ref, records } = of
  const { companyId } = ref
  if (new Set(records.map(({ usageId }) => usageId)).size < records.length)
    throw new Refused('records', 'must name each record once')
  const { reservation, meter } = await lockMeter(trx, ref)
  const hold = (await readHolds(trx, companyId, [reservation.holdId])).get(reservation.holdId)
  if (hold === undefined) throw new Error(`there is no hold ${reservation.holdId}`)
  const grants = await openCorrections(trx, companyId)
  const sums = { ...meter }
  const corrected: CorrectedRecord[] = []
  let earliest: string | undefined
  for (const { usageId, gpuSeconds } of records) {
    const current = (await currentUsage(trx, companyId, [usageId])).get(usageId)
    if (current === undefined || current.reservationId !== ref.id)
      throw new Refused('usageId', `names no usage record of this reservation: ${usageId}`)
    if (await isSetAside(trx, companyId, usageId))
      throw new Refused(
        'usageId',
        `is in a dispute that was set aside: it is corrected when that is settled: ${usageId}`,
      )
    if (current.gpuSeconds === gpuSeconds) throw new Refused('gpuSeconds', `is ${gpuSeconds} already`)
    if (gpuSeconds > current.gpuSeconds) {
      if (of.correctedAs === 'operations')
        throw new Refused('gpuSeconds', 'is raised by the provider only: usage earns shares of the fund')
      mustBePossible({ reservation }, current, gpuSeconds)
    }
    const accounting: Accounting = await accountingInstant(trx, companyId, current.chargedAt ?? '')
    if (accounting.restates !== undefined && (earliest === undefined || accounting.restates < earliest))
      earliest = accounting.restates
    const fresh = (await readHolds(trx, companyId, [reservation.holdId])).get(reservation.holdId) ?? hold
    corrected.push(
      await correctRecord(
        trx,
        { companyId, reservation, meter: sums, hold: fresh, grants },
        {
          usageId,
          current,
          gpuSeconds,
          at: accounting.at,
          reasonCode: of.reasonCode,
          reason: of.reason,
          correctedAs: of.correctedAs,
          correctedBy: actor.id,
        },
      ),
    )
  }
  // Usage that was lowered may show that more of the time that is charged as unused was down.
  const credit = await creditOutage(
    trx,
    { companyId, reservation, meter: sums, grants },
    { reason: of.reason, correctedAs: of.correctedAs, correctedBy: actor.id },
  )
  if (credit.restates !== undefined && (earliest === undefined || credit.restates < earliest))
    earliest = credit.restates
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
