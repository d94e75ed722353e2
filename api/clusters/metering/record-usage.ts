/** Usage as a scheduler meters it: what is new moves the meter, what was told before is recognised. */
import { z } from 'zod'
import {
  instant,
  type MicroTokens,
  newId,
  type Ref,
  Refused,
  type Trx,
  type Uuid,
  WrongState,
  zInstant,
  zText,
} from '../../platform/index.ts'
import { UsageBeyondReservation, UsageConflict } from '../errors.ts'
import { microsecondsOf } from '../interval.ts'
import { type LockedReservation, lockReservation, moveReservation } from '../reservation/reservation.store.ts'
import { USABLE_STATES } from '../reservation/reservation-state.ts'
import { type GpuSeconds, meterCharge } from './charge.ts'
import {
  insertUsage,
  type Meter,
  moveMeter,
  readMeter,
  type StoredUsage,
  storedUsage,
  type UsageRecord,
} from './usage.store.ts'

/** A usage record as it comes in. GPU-seconds are a string of digits. */
export const zUsageRecord = z
  .strictObject({
    source: zText(100),
    externalId: zText(200),
    gpuSeconds: z
      .string()
      .regex(/^[1-9]\d{0,17}$/, 'must be a whole number of GPU-seconds above zero, as a string of at most 18 digits')
      .transform(BigInt),
    startedAt: zInstant,
    endedAt: zInstant,
    job: zText(200)
      .nullish()
      .transform((job) => job ?? null),
  })
  .refine((record) => microsecondsOf(record.startedAt) < microsecondsOf(record.endedAt), {
    path: ['endedAt'],
    message: 'must be after startedAt',
  })

/** Most records of one call. */
export const USAGE_BATCH_MAX = 1000

/** Printable ASCII that begins and ends with no space: what {@link zText} gives back as it is. */
const PLAIN_TEXT = /^[!-~](?:[ -~]*[!-~])?$/
/** An instant to the second, but for 29 February. Two of them compare as texts do. */
const PLAIN_INSTANT =
  /^20\d\d-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/
const PLAIN_COUNT = /^[1-9]\d{0,17}$/

const isPlainText = (value: unknown, most: number): value is string =>
  typeof value === 'string' && value.length <= most && PLAIN_TEXT.test(value)
const isPlainInstant = (value: unknown): value is string => typeof value === 'string' && PLAIN_INSTANT.test(value)

/**
 * A record of the form that schedulers send, read at a tenth of what {@link zUsageRecord} takes for it; what that gives for
 * the same record, or `undefined` for one that only it can judge. `others` are the members beside those of the record.
 */
export function plainUsageRecord(value: unknown, others = 0): UsageRecord | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const { source, externalId, gpuSeconds, startedAt, endedAt, job = null } = value as Record<keyof UsageRecord, unknown>
  if (Object.keys(value).length !== ('job' in value ? 6 : 5) + others) return undefined
  if (!isPlainText(source, 100) || !isPlainText(externalId, 200)) return undefined
  if (job !== null && !isPlainText(job, 200)) return undefined
  if (typeof gpuSeconds !== 'string' || !PLAIN_COUNT.test(gpuSeconds)) return undefined
  if (!isPlainInstant(startedAt) || !isPlainInstant(endedAt) || startedAt >= endedAt) return undefined
  return { source, externalId, gpuSeconds: BigInt(gpuSeconds), startedAt, endedAt, job }
}

/** The records of one call, each as {@link zUsageRecord} reads it. */
export const zUsageRecords = z
  .array(z.unknown())
  .max(USAGE_BATCH_MAX, `must hold at most ${USAGE_BATCH_MAX} records`)
  .transform((values, context): UsageRecord[] => {
    const plain = values.map((value) => plainUsageRecord(value))
    if (plain.every((record) => record !== undefined)) return plain
    const read = z.array(zUsageRecord).safeParse(values)
    if (read.success) return read.data
    for (const { path, message } of read.error.issues) context.addIssue({ code: 'custom', path: [...path], message })
    return z.NEVER
  })

/** What became of one record. Both sums are cumulative for its reservation, as of this record. */
export type AcceptedUsage = {
  readonly externalId: string
  readonly outcome: 'RECORDED' | 'ALREADY_RECORDED'
  readonly usageId: Uuid
  readonly gpuSeconds: GpuSeconds
  /** What to charge, and why: delivered compute. Zero micro-tokens are possible for a few GPU-seconds. */
  readonly cause: 'delivered'
  readonly charge: MicroTokens
}
export type RecordedUsage = {
  readonly reservation: LockedReservation
  /** True when this usage is the reservation's first: its hold is still pending, and is posted now. */
  readonly first: boolean
  readonly records: readonly AcceptedUsage[]
  /** New in this call. */
  readonly gpuSeconds: GpuSeconds
  readonly charge: MicroTokens
  /** Of the reservation, with this call. */
  readonly cumulativeGpuSeconds: GpuSeconds
  readonly cumulativeCharge: MicroTokens
}

/**
 * Locks a reservation that usage may be recorded of.
 *
 * @throws {NotFound}
 * @throws {WrongState} when it is not confirmed, or is over
 */
export async function lockReservationForUsage(trx: Trx, ref: Ref): Promise<LockedReservation> {
  const reservation = await lockReservation(trx, ref)
  mustBeUsable(reservation)
  return reservation
}

/** @throws {WrongState} */
function mustBeUsable({ state }: LockedReservation): void {
  if (!USABLE_STATES.some((usable) => usable === state)) throw new WrongState('reservation', state, USABLE_STATES)
}

function isAllKnown(known: readonly StoredUsage[], records: readonly UsageRecord[]): boolean {
  const keys = new Set(known.map(keyOf))
  return records.every((record) => keys.has(keyOf(record)))
}

/**
 * Records usage of one reservation, all or none. The doors post usage in one call of SQL (ADR 30), which tests hold to this. The charge of each record is the difference of rounded cumulative sums,
 * so it depends on the order of records but their total does not.
 *
 * @throws {NotFound}
 * @throws {WrongState} as {@link lockReservationForUsage}, unless every record is stored already
 * @throws {UsageConflict} for an external id that is stored with other content
 * @throws {UsageBeyondReservation} for more than was reserved, or outside its time
 */
export async function recordUsage(
  trx: Trx,
  { ref, records, recordedBy }: { ref: Ref; records: readonly UsageRecord[]; recordedBy: Uuid },
): Promise<RecordedUsage> {
  if (records.length === 0 || records.length > USAGE_BATCH_MAX) {
    throw new Refused('records', `must hold 1 to ${USAGE_BATCH_MAX} records`)
  }
  const reservation = await lockReservation(trx, ref)
  const known = await storedUsage(trx, reservation, records)
  // Who lost the answer sends again what is stored already: recognised also when the reservation is over.
  if (!isAllKnown(known, records)) mustBeUsable(reservation)
  const meter = await readMeter(trx, ref)
  const { fresh, accepted, gpuSeconds } = tally(reservation, meter, known, records, await instant(trx))
  const charge = meterCharge(meter.gpuSeconds, gpuSeconds, reservation.factor)
  const delivered = meter.delivered + charge
  const first = fresh.length > 0 && reservation.state !== 'active'
  if (first) {
    await moveReservation(trx, reservation, { to: 'active', reason: 'FIRST_USAGE', actor: { id: recordedBy } })
  }
  if (fresh.length > 0) {
    await moveMeter(trx, ref, { gpuSeconds, delivered, idle: meter.idle })
    await insertUsage(trx, reservation, fresh, recordedBy)
  }
  return {
    reservation,
    first,
    records: accepted,
    gpuSeconds: gpuSeconds - meter.gpuSeconds,
    charge,
    cumulativeGpuSeconds: gpuSeconds,
    cumulativeCharge: delivered,
  }
}

type Tally = {
  readonly fresh: readonly StoredUsage[]
  readonly accepted: readonly AcceptedUsage[]
  /** What the meter shows after it. */
  readonly gpuSeconds: GpuSeconds
}

/** Runs the meter over the records, in order: what is new moves it, what is known is recognised. */
function tally(
  reservation: LockedReservation,
  meter: Meter,
  stored: readonly StoredUsage[],
  records: readonly UsageRecord[],
  now: string,
): Tally {
  const known = new Map(stored.map((record) => [keyOf(record), record]))
  const fresh: StoredUsage[] = []
  const accepted: AcceptedUsage[] = []
  let gpuSeconds = meter.gpuSeconds
  for (const record of records) {
    const before = known.get(keyOf(record))
    if (before !== undefined) {
      mustBeTheSame(reservation, before, record)
      accepted.push({ ...answer(before), outcome: 'ALREADY_RECORDED' })
      continue
    }
    mustBeWithin(reservation, record, now)
    const after = gpuSeconds + record.gpuSeconds
    mustBeReserved(meter.reservedGpuSeconds, after, record)
    const charged = meterCharge(gpuSeconds, after, reservation.factor)
    const usage = { ...record, usageId: newId(), reservationId: reservation.ref.id, charged }
    gpuSeconds = after
    known.set(keyOf(record), usage)
    fresh.push(usage)
    accepted.push({ ...answer(usage), outcome: 'RECORDED' })
  }
  return { fresh, accepted, gpuSeconds }
}

const keyOf = ({ source, externalId }: UsageRecord): string => JSON.stringify([source, externalId])

const answer = ({ externalId, usageId, gpuSeconds, charged }: StoredUsage): Omit<AcceptedUsage, 'outcome'> => ({
  externalId,
  usageId,
  gpuSeconds,
  cause: 'delivered',
  charge: charged,
})

/** @throws {UsageConflict} naming the first field that differs */
export function mustBeTheSame(reservation: LockedReservation, stored: StoredUsage, record: UsageRecord): void {
  const fields: readonly [field: string, same: boolean][] = [
    ['reservation', stored.reservationId === reservation.ref.id],
    ['gpuSeconds', stored.gpuSeconds === record.gpuSeconds],
    ['startedAt', microsecondsOf(stored.startedAt) === microsecondsOf(record.startedAt)],
    ['endedAt', microsecondsOf(stored.endedAt) === microsecondsOf(record.endedAt)],
    ['job', stored.job === record.job],
  ]
  const differs = fields.find(([, same]) => !same)
  if (differs !== undefined) throw new UsageConflict(record.externalId, differs[0])
}

/** @throws {UsageBeyondReservation} for more GPU-seconds in all than were reserved */
export function mustBeReserved(reserved: GpuSeconds, after: GpuSeconds, record: UsageRecord): void {
  if (after <= reserved) return
  const why = `would bring usage to ${after} of ${reserved} reserved GPU-seconds`
  throw new UsageBeyondReservation(record.externalId, reserved, after, why)
}

/** @throws {UsageBeyondReservation} for usage outside the reserved time, in the future, or by more GPUs than reserved */
export function mustBeWithin(reservation: LockedReservation, record: UsageRecord, now: string): void {
  const [from, until] = [microsecondsOf(record.startedAt), microsecondsOf(record.endedAt)]
  const most = BigInt(reservation.gpus) * (until - from)
  const why =
    until > microsecondsOf(now)
      ? 'ends in the future'
      : from < microsecondsOf(reservation.interval.startsAt) || until > microsecondsOf(reservation.interval.endsAt)
        ? 'lies outside the reserved time'
        : record.gpuSeconds * 1_000_000n > most
          ? `is more than ${reservation.gpus} reserved GPUs can do in its time`
          : undefined
  if (why === undefined) return
  throw new UsageBeyondReservation(record.externalId, most / 1_000_000n, record.gpuSeconds, why)
}
