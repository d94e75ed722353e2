/** What every correction of a usage record asks first, of a reservation or outside any. */
import { Refused, type Trx, type Uuid } from '../../platform/index.ts'
import { isSetAside } from '../dispute/dispute.store.ts'
import { type CurrentUsage, currentUsage, type NewCorrection } from './correction.store.ts'

/** What a record is said to have been. */
export type RecordToCorrect = { readonly usageId: Uuid; readonly gpuSeconds: bigint }

/** @throws {Refused} when a record is named twice */
export function mustNameEachOnce(records: readonly RecordToCorrect[]): void {
  if (new Set(records.map(({ usageId }) => usageId)).size < records.length) {
    throw new Refused('records', 'must name each record once')
  }
}

/**
 * The record as it counts now. The company is locked.
 *
 * @param within whose records may be corrected here, and how that is said
 * @throws {Refused} for a record of something else, one that a dispute keeps aside, no change, and what nobody may raise
 */
export async function mustBeCorrectable(
  trx: Trx,
  companyId: Uuid,
  { usageId, gpuSeconds }: RecordToCorrect,
  within: {
    readonly correctedAs: NewCorrection['correctedAs']
    readonly belongs: (current: CurrentUsage) => boolean
    readonly called: string
    readonly gpus: number
    readonly whose: string
  },
): Promise<CurrentUsage> {
  const current = (await currentUsage(trx, companyId, [usageId])).get(usageId)
  if (current === undefined || !within.belongs(current)) {
    throw new Refused('usageId', `names no usage record of ${within.called}: ${usageId}`)
  }
  if (await isSetAside(trx, companyId, usageId)) {
    throw new Refused('usageId', `is in a dispute that was set aside: it is corrected when that is settled: ${usageId}`)
  }
  if (current.gpuSeconds === gpuSeconds) throw new Refused('gpuSeconds', `is ${gpuSeconds} already`)
  if (gpuSeconds < current.gpuSeconds) return current
  if (within.correctedAs === 'operations') {
    throw new Refused('gpuSeconds', 'is raised by the provider only: usage earns shares of the fund')
  }
  mustBePossible(within, current, gpuSeconds)
  return current
}

/** Refuses GPU-seconds that so many GPUs could not do in the record's own time. */
function mustBePossible(
  { gpus, whose }: { readonly gpus: number; readonly whose: string },
  current: CurrentUsage,
  gpuSeconds: bigint,
): void {
  const milliseconds = BigInt(Date.parse(current.endedAt) - Date.parse(current.startedAt))
  if (gpuSeconds * 1000n <= BigInt(gpus) * (milliseconds + 1n)) return
  throw new Refused('gpuSeconds', `is more than ${gpus} ${whose} can do in the record's time`)
}

/** The earlier of two months that are stated again; `undefined` where nothing is. */
export const earlier = (a: string | undefined, b: string | undefined): string | undefined =>
  a === undefined || (b !== undefined && b < a) ? b : a
