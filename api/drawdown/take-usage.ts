/** Takes usage as machines tell it: any number of companies, one answer per record, and nothing lost. */
import { z } from 'zod'
import { type Actor, isStaff } from '../access/index.ts'
import { poolsMetered, USAGE_BATCH_MAX, zUsageRecord } from '../clusters/index.ts'
import {
  BadInput,
  type Db,
  type Deps,
  DomainError,
  Forbidden,
  globalId,
  type MicroTokens,
  NotFound,
  parse,
  retried,
  type Uuid,
  zKey,
  zRef,
} from '../platform/index.ts'
import { type Aside, putAside, type Unusable, type UsageWords } from './quarantine.store.ts'
import { postUsage, type ReservedUsage } from './usage.store.ts'
import { refusalOf } from './usage-refusal.ts'

/** A record as it is told: of a reservation, or of a company and a pool where it ran outside any. */
export const zUsageLine = z.union([
  zUsageRecord.safeExtend({ reservationId: zRef('Reservation') }),
  zUsageRecord.safeExtend({ companyId: zKey('Company'), poolId: zKey('Pool') }),
])
type UsageLine = z.output<typeof zUsageLine>

/** What became of one record. */
export type TakenUsage =
  | {
      readonly outcome: 'RECORDED'
      readonly externalId: string
      readonly usageId: Uuid
      readonly charged: MicroTokens
    }
  | { readonly outcome: 'ALREADY_RECORDED'; readonly externalId: string; readonly usageId: Uuid }
  /** It cannot be used now, and is kept for people to look after. */
  | {
      readonly outcome: 'QUARANTINED'
      readonly externalId: string
      readonly quarantineId: Uuid
      readonly why: DomainError
    }
  /** It is nothing that could be kept, or was discarded. */
  | { readonly outcome: 'REFUSED'; readonly externalId: string | null; readonly why: BadInput | DomainError }

/** The record was looked at and discarded by two people: it is not taken any more. */
export class UsageDiscarded extends DomainError {
  readonly code = 'USAGE_DISCARDED'
  readonly quarantineId: Uuid
  constructor(externalId: string, quarantineId: Uuid) {
    super(`The usage record "${externalId}" was discarded by two people. Nothing was changed. Send a corrected record.`)
    this.quarantineId = quarantineId
  }
}

/** Who tells usage, and of which pools. */
export type Meterer = { readonly actorId: Uuid; readonly providerId: Uuid; readonly pools: readonly Uuid[] }

/**
 * The meterer that an actor is: of the staff or a machine of a provider, and nobody on the fund's staff, since usage earns the
 * fund's shares. Who works for several providers tells of all their pools; what cannot be used is kept for the first.
 *
 * @throws {Forbidden}
 */
export async function mustMeter(db: Db, actor: Actor): Promise<Meterer> {
  const pools = isStaff(actor) ? [] : await poolsMetered(db, actor)
  const [providerId] = [...actor.providerIds].sort()
  if (isStaff(actor) || providerId === undefined) {
    throw new Forbidden(
      ['provider', 'machine'],
      "Only a provider's own staff and machines report usage, and nobody on the fund's staff. Nothing was changed.",
    )
  }
  return { actorId: actor.id, providerId, pools }
}

/**
 * Takes up to {@link USAGE_BATCH_MAX} records and answers each, in order: one call of SQL for each company. Records are
 * recognised when they are told again, so that the same call may be repeated, whole or in part.
 */
export async function takeUsage(
  deps: Deps,
  meterer: Meterer,
  { records, requestId }: { readonly records: readonly unknown[]; readonly requestId?: Uuid | undefined },
): Promise<readonly TakenUsage[]> {
  if (records.length > USAGE_BATCH_MAX) throw new RangeError(`a batch of ${records.length} records is too large`)
  const read = records.map(readUsageLine)
  const answers: (TakenUsage | undefined)[] = read.map((line) =>
    line instanceof BadInput ? { outcome: 'REFUSED', externalId: null, why: line } : undefined,
  )
  const unusable: (Unusable & { index: number })[] = []
  for (const [companyId, lines] of byCompany(read)) {
    const reserved = lines.flatMap((line) => ('reservationId' in line.usage ? [line] : []))
    const told = reserved.map(({ usage }) => asReserved(usage))
    const posted =
      told.length === 0
        ? { answers: [] }
        : await retried(() => postUsage(deps.db, { ...meterer, companyId, records: told, requestId, whole: false }))
    for (const [at, { outcome, about, usageId, charged }] of posted.answers.entries()) {
      const [line, record] = [reserved[at], told[at]]
      if (line === undefined || record === undefined) continue
      const { externalId } = record
      if (outcome === 'recorded' && usageId !== null && charged !== null) {
        answers[line.index] = { outcome: 'RECORDED', externalId, usageId, charged }
      } else if (outcome === 'known' && usageId !== null) {
        answers[line.index] = { outcome: 'ALREADY_RECORDED', externalId, usageId }
      } else if (outcome !== 'recorded' && outcome !== 'known') {
        const why = refusalOf(companyId, record, outcome, about)
        unusable.push({ index: line.index, words: wordsOf(line.usage), companyId, why })
      }
    }
    for (const { index, usage } of lines) {
      if ('reservationId' in usage) continue
      unusable.push({ index, words: wordsOf(usage), companyId, why: new OutsideReservation(usage.externalId) })
    }
  }
  if (unusable.length > 0) {
    const kept = await putAside(deps.db, { ...meterer, requestId }, unusable)
    for (const [at, { index, words, why }] of unusable.entries()) {
      const aside = kept[at]
      if (aside !== undefined) answers[index] = answerOf(words.externalId, why, aside)
    }
  }
  return answers.map((answer) => {
    if (answer === undefined) throw new Error('a usage record was not answered')
    return answer
  })
}

/** The job ran outside any reservation, and the terms of the company's grants do not let it draw tokens on demand. */
export class OutsideReservation extends DomainError {
  readonly code = 'OUTSIDE_RESERVATION'
  readonly externalId: string
  constructor(externalId: string) {
    super(
      `The usage record "${externalId}" is of no reservation, and the company's terms do not allow use on demand. Nothing was charged.`,
    )
    this.externalId = externalId
  }
}

/** Posts one record: what it came to, or why it cannot be used. Nothing is kept aside. */
export async function postLine(
  deps: Deps,
  meterer: Meterer,
  usage: UsageLine,
  requestId: Uuid | undefined,
): Promise<{ readonly usageId: Uuid } | DomainError> {
  if (!('reservationId' in usage)) return new OutsideReservation(usage.externalId)
  const { companyId } = usage.reservationId
  const record = asReserved(usage)
  const { answers } = await retried(() =>
    postUsage(deps.db, { ...meterer, companyId, records: [record], requestId, whole: false }),
  )
  const [answer] = answers
  if (answer === undefined) throw new Error('a usage record was not answered')
  const { outcome, usageId, about } = answer
  if (outcome !== 'recorded' && outcome !== 'known') return refusalOf(companyId, record, outcome, about)
  if (usageId === null) throw new Error('a usage record that is stored has no id')
  return { usageId }
}

type Read = { readonly index: number; readonly usage: UsageLine }

/** A record as it was sent, or what is wrong with it. */
export function readUsageLine(value: unknown): UsageLine | BadInput {
  try {
    // The shape that the record means is parsed alone, so that its faults are those of that shape.
    const outside = typeof value === 'object' && value !== null && !('reservationId' in value) && 'poolId' in value
    return parse(zUsageLine.options[outside ? 1 : 0], value)
  } catch (error) {
    if (error instanceof BadInput) return error
    throw error
  }
}

function byCompany(read: readonly (UsageLine | BadInput)[]): Map<Uuid, Read[]> {
  const companies = new Map<Uuid, Read[]>()
  for (const [index, usage] of read.entries()) {
    if (usage instanceof BadInput) continue
    const companyId = 'reservationId' in usage ? usage.reservationId.companyId : usage.companyId
    const lines = companies.get(companyId) ?? []
    companies.set(companyId, lines)
    lines.push({ index, usage })
  }
  return companies
}

function asReserved(usage: UsageLine): ReservedUsage {
  if (!('reservationId' in usage)) throw new NotFound('reservation', '')
  const { source, externalId, gpuSeconds, startedAt, endedAt, job, reservationId } = usage
  return { source, externalId, gpuSeconds, startedAt, endedAt, job, reservationId: reservationId.id }
}

/** A record in its own words. */
export function wordsOf(usage: UsageLine): UsageWords {
  const { source, externalId, gpuSeconds, startedAt, endedAt, job } = usage
  const own = { source, externalId, gpuSeconds: gpuSeconds.toString(), startedAt, endedAt, job }
  return 'reservationId' in usage
    ? { ...own, reservationId: globalId('Reservation', usage.reservationId.companyId, usage.reservationId.id) }
    : { ...own, companyId: globalId('Company', usage.companyId), poolId: globalId('Pool', usage.poolId) }
}

function answerOf(externalId: string, why: DomainError, { quarantineId, state, usageId }: Aside): TakenUsage {
  if (state === 'recorded' && usageId !== null) return { outcome: 'ALREADY_RECORDED', externalId, usageId }
  if (state === 'discarded') {
    return { outcome: 'REFUSED', externalId, why: new UsageDiscarded(externalId, quarantineId) }
  }
  return { outcome: 'QUARANTINED', externalId, quarantineId, why }
}
