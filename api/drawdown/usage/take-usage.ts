/** Takes usage as machines tell it: any number of companies, one answer per record, and nothing lost. */
import { z } from 'zod'
import { type Actor, isStaff } from '../../access/index.ts'
import { plainUsageRecord, poolsMetered, USAGE_BATCH_MAX, zUsageRecord } from '../../clusters/index.ts'
import {
  type Asked,
  BadInput,
  type Db,
  type Deps,
  DomainError,
  Forbidden,
  globalId,
  inTransaction,
  type MicroTokens,
  NotFound,
  parse,
  type Ref,
  retried,
  type Uuid,
  zKey,
  zRef,
} from '../../platform/index.ts'
import { type LateUsage, takeLateUsage } from './late-usage.ts'
import { drawOnDemand } from './on-demand.ts'
import { type Aside, putAside, type Unusable, type UsageWords } from './quarantine.store.ts'
import { type PostedUsage, postUsage, type ReservedUsage, type UsageAnswer } from './usage.store.ts'
import { refusalOf } from './usage-refusal.ts'

const zReservation = zRef('Reservation')

/** A record as it is told: of a reservation, or of a company and a pool where it ran outside any. */
export const zUsageLine = z.union([
  zUsageRecord.safeExtend({ reservationId: zReservation }),
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

/** Records that were read, so that reading the next can go on while the database works on these. */
export type ReadUsage = readonly (UsageLine | BadInput)[]

/** Reads up to {@link USAGE_BATCH_MAX} records: what each says, or what is wrong with it. */
export function readUsage(records: readonly unknown[]): ReadUsage {
  if (records.length > USAGE_BATCH_MAX) throw new RangeError(`a batch of ${records.length} records is too large`)
  return records.map(readUsageLine)
}

/** What is taken: `read` in the name of `requestId`, the signed request that carried it. */
export type Taking = {
  readonly read: ReadUsage
  readonly requestId?: Uuid | undefined
  /** Of a stream: where its batches are posted one behind another, and the end of the batch before this one. */
  readonly stream?: { readonly line: Asked; readonly before: Promise<unknown> } | undefined
}

/** What a batch tells of one company, and the answers to what it tells of reservations. */
type OfCompany = {
  readonly companyId: Uuid
  readonly lines: readonly Read[]
  readonly reserved: readonly Read[]
  readonly told: readonly ReservedUsage[]
  readonly posted: () => Promise<Pick<PostedUsage, 'answers'>>
}

/** Of a stream all are sent before any is answered: what the next batch sends lies behind them, of whatever company. */
async function postEach(
  deps: Deps,
  meterer: Meterer,
  { read, requestId, stream }: Taking,
): Promise<readonly OfCompany[]> {
  const all = [...byCompany(read)].map(([companyId, lines]): OfCompany => {
    const reserved = lines.filter(({ usage }) => 'reservationId' in usage)
    const records = reserved.map(({ usage }) => asReserved(usage))
    const batch = { ...meterer, companyId, records, requestId, whole: false }
    const post = async () =>
      records.length === 0 ? { answers: [] } : retried(() => postUsage(stream?.line ?? deps.db, batch))
    const sent = stream === undefined ? undefined : post()
    return { companyId, lines, reserved, told: records, posted: () => sent ?? post() }
  })
  if (stream !== undefined) await Promise.allSettled([...all.map(({ posted }) => posted()), stream.before])
  return all
}

/**
 * Takes records and answers each, in order: one call of SQL for each company. Records are recognised when they are told
 * again, so that the same call may be repeated, whole or in part.
 *
 * Of a stream a batch may be taken before the one before it is done: its calls are sent behind the other's, and all else
 * waits for that one's end.
 */
export async function takeUsage(deps: Deps, meterer: Meterer, taking: Taking): Promise<readonly TakenUsage[]> {
  const { read, requestId } = taking
  const answers: (TakenUsage | undefined)[] = read.map((line) =>
    line instanceof BadInput ? { outcome: 'REFUSED', externalId: null, why: line } : undefined,
  )
  const unusable: (Unusable & { index: number })[] = []
  for (const { companyId, lines, reserved, told, posted } of await postEach(deps, meterer, taking)) {
    const { answers: words } = await posted()
    for (const [at, { outcome, about, usageId, charged }] of words.entries()) {
      const [line, record] = [reserved[at], told[at]]
      if (line === undefined || record === undefined) continue
      const { externalId } = record
      if (isOver(outcome, about)) {
        const late = await postLate(deps, { ...meterer, requestId }, companyId, record)
        if (late instanceof DomainError) {
          unusable.push({ index: line.index, words: wordsOf(line.usage), companyId, why: late })
          continue
        }
        if (late !== undefined) {
          answers[line.index] = late.known
            ? { outcome: 'ALREADY_RECORDED', externalId, usageId: late.usageId }
            : { outcome: 'RECORDED', externalId, usageId: late.usageId, charged: late.charged }
          continue
        }
      }
      if (outcome === 'recorded' && usageId !== null && charged !== null) {
        answers[line.index] = { outcome: 'RECORDED', externalId, usageId, charged }
      } else if (outcome === 'known' && usageId !== null) {
        answers[line.index] = { outcome: 'ALREADY_RECORDED', externalId, usageId }
      } else if (outcome !== 'recorded' && outcome !== 'known') {
        const why = refusalOf(companyId, record, outcome, about)
        unusable.push({ index: line.index, words: wordsOf(line.usage), companyId, why })
      }
    }
    const outside = lines.flatMap(({ index, usage }) => ('reservationId' in usage ? [] : [{ index, usage }]))
    const drawn = await drawOnDemand(
      deps.db,
      { ...meterer, companyId, requestId },
      outside.map(({ usage }) => usage),
    )
    for (const [at, { index, usage }] of outside.entries()) {
      const answer = drawn[at]
      if (answer === undefined) throw new Error('a usage record was not answered')
      if (answer.outcome === 'REFUSED') unusable.push({ index, words: wordsOf(usage), companyId, why: answer.why })
      else answers[index] = answer
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

/** Whether a record is of a reservation that is over, to which somebody may have come after all. */
const isOver = (outcome: UsageAnswer['outcome'], about: string | null): boolean =>
  outcome === 'wrong_state' && (about === 'no_show' || about === 'completed')

/** Usage of what was taken for a no-show puts that right; `undefined` where nothing was. */
async function postLate(
  deps: Deps,
  by: Pick<Meterer, 'actorId'> & { readonly requestId: Uuid | undefined },
  companyId: Uuid,
  record: ReservedUsage,
): Promise<LateUsage | DomainError | undefined> {
  try {
    return await inTransaction(deps.db, (trx) => takeLateUsage(trx, by, { companyId, record }))
  } catch (error) {
    if (error instanceof DomainError) return error
    throw error
  }
}

/** Posts one record: what it came to, or why it cannot be used. Nothing is kept aside. */
export async function postLine(
  deps: Deps,
  meterer: Meterer,
  usage: UsageLine,
  requestId: Uuid | undefined,
): Promise<{ readonly usageId: Uuid } | DomainError> {
  if (!('reservationId' in usage)) {
    const [drawn] = await drawOnDemand(deps.db, { ...meterer, companyId: usage.companyId, requestId }, [usage])
    if (drawn === undefined) throw new Error('a usage record was not answered')
    return drawn.outcome === 'REFUSED' ? drawn.why : { usageId: drawn.usageId }
  }
  const { companyId } = usage.reservationId
  const record = asReserved(usage)
  const { answers } = await retried(() =>
    postUsage(deps.db, { ...meterer, companyId, records: [record], requestId, whole: false }),
  )
  const [answer] = answers
  if (answer === undefined) throw new Error('a usage record was not answered')
  const { outcome, usageId, about } = answer
  const late = isOver(outcome, about)
    ? await postLate(deps, { actorId: meterer.actorId, requestId }, companyId, record)
    : undefined
  if (late !== undefined) return late
  if (outcome !== 'recorded' && outcome !== 'known') return refusalOf(companyId, record, outcome, about)
  if (usageId === null) throw new Error('a usage record that is stored has no id')
  return { usageId }
}

type Read = { readonly index: number; readonly usage: UsageLine }

/** The reservation that was named last, and by which text: a stream names the same one line after line. */
let lastNamed: { readonly text: string; readonly ref: Ref } | undefined

function reservationNamed(text: unknown): Ref | undefined {
  if (typeof text !== 'string') return undefined
  if (lastNamed?.text === text) return lastNamed.ref
  const ref = zReservation.safeParse(text).data
  if (ref !== undefined) lastNamed = { text, ref }
  return ref
}

/** A record of a reservation in the form that schedulers send; `undefined` for one that only {@link zUsageLine} can judge. */
function plainUsageLine(value: unknown): UsageLine | undefined {
  const record = plainUsageRecord(value, 1)
  if (record === undefined) return undefined
  const reservationId = reservationNamed((value as { reservationId?: unknown }).reservationId)
  return reservationId === undefined ? undefined : { ...record, reservationId }
}

/** A record as it was sent, or what is wrong with it. */
export function readUsageLine(value: unknown): UsageLine | BadInput {
  const plain = plainUsageLine(value)
  if (plain !== undefined) return plain
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
