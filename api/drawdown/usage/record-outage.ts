import { z } from 'zod'
import { type Actor, is, isStaff } from '../../access/index.ts'
import {
  checkInterval,
  correctMeter,
  downGpuSeconds,
  insertOutage,
  type LockedReservation,
  lockMeter,
  metersFor,
  microsecondsOf,
  mustSeeReservation,
  OUTAGES_MAX,
  outagesOf,
  zGpus,
} from '../../clusters/index.ts'
import { lockCompany } from '../../parties/index.ts'
import {
  audit,
  type Deps,
  Forbidden,
  formatTokens,
  globalId,
  instant,
  type MicroTokens,
  newId,
  once,
  parse,
  type Ref,
  Refused,
  type Trx,
  type Uuid,
  WrongState,
  zIdempotencyKey,
  zInstant,
  zRef,
  zText,
} from '../../platform/index.ts'
import { openCorrections } from '../correction/open-corrections.ts'
import { restateFrom } from '../statement/state-month.ts'
import { creditOutage } from './credit-outage.ts'

export const RecordOutageInput = z.strictObject({
  reservationId: zRef('Reservation'),
  /** GPUs that were down; of more than were reserved, the reserved ones count. */
  gpus: zGpus,
  startsAt: zInstant,
  endsAt: zInstant,
  /** The node, where it is known: different nodes add up. */
  node: zText(200).nullish(),
  /** Who or what says so: a monitor, a ticket system. */
  source: zText(100),
  /** What shows it. The company reads it. */
  evidence: zText(2000),
  idempotencyKey: zIdempotencyKey,
})
export type RecordOutageInput = z.input<typeof RecordOutageInput>

export type RecordedOutage = {
  readonly ref: Ref
  readonly outcome: 'RECORDED' | 'ALREADY_RECORDED'
  /** GPU-seconds of the reservation that count as down, with this outage. */
  readonly downGpuSeconds: bigint
  /** Tokens that went back now. None while the reservation runs: completing it credits. */
  readonly credited: MicroTokens
  /** Statements that were made again. */
  readonly restated: readonly Ref[]
}

/** What has begun. Of a reservation that failed nothing unused is charged: its outages are evidence. */
const RECORDABLE = ['confirmed', 'provisioned', 'active', 'completed', 'no_show', 'failed'] as const

/**
 * Records that reserved GPUs were down, with what shows it. Before the reservation is completed, completing it charges so much less; after it, what unused time was charged goes back, by the factor of the signed terms. The provider's own
 * staff and machines record, or the fund's operations on its behalf, and nobody of the company. The same again is
 * recognised, and changes nothing.
 *
 * @throws {BadInterval}
 * @throws {Refused} for time ahead, for time outside the reservation, and for too many records
 */
export async function recordOutage(deps: Deps, actor: Actor, input: RecordOutageInput): Promise<RecordedOutage> {
  const { reservationId: ref, idempotencyKey, node, ...told } = parse(RecordOutageInput, input)
  const { providerId } = await mustSeeReservation(deps.db, actor, ref)
  const recordedAs = mustRecord(actor, providerId)
  checkInterval(told)
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'recordOutage', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, ref.companyId)
    return recordLocked(trx, actor, ref, { ...told, node: node ?? null, recordedAs })
  })
}

/** @throws {Forbidden} */
function mustRecord(actor: Actor, providerId: Uuid): 'provider' | 'operations' {
  const provider = metersFor(actor, providerId)
  if (provider && !isStaff(actor)) return 'provider'
  if (is(actor, 'operations') && !provider && actor.companyIds.size === 0) return 'operations'
  throw new Forbidden(
    ['provider', 'machine', 'operations'],
    "Only the provider's own staff and machines, or the fund's operations, record an outage, and nobody of the company. Nothing was changed.",
  )
}

type Told = {
  readonly gpus: number
  readonly startsAt: string
  readonly endsAt: string
  readonly node: string | null
  readonly source: string
  readonly evidence: string
  readonly recordedAs: 'provider' | 'operations'
}

/** The company is locked, and it was checked who may record. */
export async function recordLocked(trx: Trx, actor: Actor, ref: Ref, told: Told): Promise<RecordedOutage> {
  const { companyId } = ref
  const { reservation, meter } = await lockMeter(trx, ref)
  await mustHaveBeen(trx, reservation, told)
  const known = await outagesOf(trx, [ref])
  const before = downGpuSeconds(known, reservation.gpus, reservation.interval)
  if (known.some((each) => isSame(each, told))) {
    return { ref, outcome: 'ALREADY_RECORDED', downGpuSeconds: before, credited: 0n, restated: [] }
  }
  if (known.length >= OUTAGES_MAX) throw new Refused('reservationId', `has ${OUTAGES_MAX} outages: join some into one`)
  const after = downGpuSeconds([...known, told], reservation.gpus, reservation.interval)
  const outageId = newId()
  await insertOutage(trx, ref, { ...told, outageId, gpuSeconds: after - before, recordedBy: actor.id })
  const grants = await openCorrections(trx, companyId)
  const sums = { ...meter }
  const { credited, restates } = await creditOutage(
    trx,
    { companyId, reservation, meter: sums, grants },
    { reason: told.evidence, correctedAs: told.recordedAs, correctedBy: actor.id },
  )
  let restated: readonly Ref[] = []
  if (credited > 0n) {
    await correctMeter(trx, ref, sums)
    await grants.store()
    if (restates !== undefined) {
      restated = await restateFrom(trx, actor, companyId, restates, `An outage was credited: ${told.evidence}`)
    }
  }
  await audit(trx, actor, {
    scope: { kind: 'company', id: companyId },
    kind: 'reservation.outage',
    subject: globalId('Reservation', companyId, ref.id),
    payload: {
      as: told.recordedAs,
      credited: formatTokens(credited),
      down: after.toString(),
      endsAt: told.endsAt,
      evidence: told.evidence,
      gpus: told.gpus,
      node: told.node,
      restated: restated.map((statement) => globalId('Statement', companyId, statement.id)),
      source: told.source,
      startsAt: told.startsAt,
    },
  })
  return { ref, outcome: 'RECORDED', downGpuSeconds: after, credited, restated }
}

/** @throws {WrongState} {Refused} */
async function mustHaveBeen(trx: Trx, { state, interval }: LockedReservation, told: Told): Promise<void> {
  if (!RECORDABLE.some((one) => one === state)) throw new WrongState('reservation', state, RECORDABLE)
  if (microsecondsOf(told.endsAt) > microsecondsOf(await instant(trx))) {
    throw new Refused('endsAt', 'is ahead: record what has been')
  }
  const outside =
    microsecondsOf(told.endsAt) <= microsecondsOf(interval.startsAt) ||
    microsecondsOf(told.startsAt) >= microsecondsOf(interval.endsAt)
  if (outside) throw new Refused('startsAt', `to endsAt is not within ${interval.startsAt} to ${interval.endsAt}`)
}

/** Whether two records say the same, whatever words show it. */
const isSame = (a: Omit<Told, 'recordedAs' | 'evidence'>, b: Told): boolean =>
  a.gpus === b.gpus &&
  a.node === b.node &&
  a.source === b.source &&
  microsecondsOf(a.startsAt) === microsecondsOf(b.startsAt) &&
  microsecondsOf(a.endsAt) === microsecondsOf(b.endsAt)
