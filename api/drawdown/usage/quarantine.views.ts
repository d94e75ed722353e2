/** Usage that was kept aside, as people see it. */
import { sql } from 'kysely'
import { z } from 'zod'
import type { Actor } from '../../access/index.ts'
import { globalId, NotFound, type Page, type PoolRef, pageByKey, type Reader, type Uuid } from '../../platform/index.ts'
import { quarantineSeenBy } from '../visibility.ts'
import { QUARANTINE_STATES, type QuarantineState, type UsageWords } from './quarantine.store.ts'

/** What points at a record that was kept aside: the provider that reported it, and its own id. */
export type QuarantineRef = { readonly providerId: Uuid; readonly id: Uuid }

export type QuarantinedView = {
  readonly ref: QuarantineRef
  readonly companyId: Uuid | null
  /** As it came in. */
  readonly words: UsageWords
  readonly reasonCode: string
  readonly detail: string
  readonly reportedBy: Uuid
  readonly reportedAt: string
  readonly requestId: Uuid | null
  readonly state: QuarantineState
  /** How often it was tried again in vain. */
  readonly replays: number
}

export type QuarantineEventView = {
  readonly eventId: Uuid
  readonly kind: string
  readonly record: UsageWords | null
  readonly reason: string | null
  readonly usageId: Uuid | null
  readonly actorId: Uuid
  readonly at: string
}

const Words = z.object({
  source: z.string(),
  externalId: z.string(),
  gpuSeconds: z.string(),
  startedAt: z.string(),
  endedAt: z.string(),
  job: z.string().nullable(),
  reservationId: z.string().optional(),
  companyId: z.string().optional(),
  poolId: z.string().optional(),
})

const kept = (reader: Reader, actor: Actor) =>
  reader
    .selectFrom('quarantined_usage as kept')
    .innerJoin('quarantine_state as at', (join) =>
      join.onRef('at.scope_id', '=', 'kept.scope_id').onRef('at.quarantine_id', '=', 'kept.quarantine_id'),
    )
    .select([
      'kept.scope_id',
      'kept.quarantine_id',
      'kept.company_id',
      'kept.record',
      'kept.reason_code',
      'kept.detail',
      'kept.reported_by',
      'kept.reported_at',
      'kept.request_id',
      'at.state',
      'at.replays',
    ])
    .where(quarantineSeenBy(actor))

type Row = Awaited<ReturnType<ReturnType<typeof kept>['execute']>>[number]
const viewOf = (row: Row): QuarantinedView => ({
  ref: { providerId: row.scope_id, id: row.quarantine_id },
  companyId: row.company_id,
  words: Words.parse(row.record),
  reasonCode: row.reason_code,
  detail: row.detail,
  reportedBy: row.reported_by,
  reportedAt: row.reported_at,
  requestId: row.request_id,
  state: z.enum(QUARANTINE_STATES).parse(row.state),
  replays: row.replays,
})

/** A page of what the actor sees, newest first; only of these states. */
export async function quarantinePage(
  reader: Reader,
  actor: Actor,
  states: readonly QuarantineState[],
  page: Page,
): Promise<QuarantinedView[]> {
  const rows = await pageByKey(
    kept(reader, actor).where('at.state', 'in', [...states]),
    'kept.quarantine_id',
    page,
  ).execute()
  return rows.map(viewOf)
}

/** The visible ones among these, in no order. One query. */
export async function quarantinedById(
  reader: Reader,
  actor: Actor,
  refs: readonly PoolRef[],
): Promise<QuarantinedView[]> {
  if (refs.length === 0) return []
  const rows = await kept(reader, actor)
    .where(sql<boolean>`(kept.scope_id, kept.quarantine_id) IN (
      SELECT * FROM unnest(${refs.map((ref) => ref.poolId)}::uuid[], ${refs.map((ref) => ref.id)}::uuid[]))`)
    .execute()
  return rows.map(viewOf)
}

/** @throws {NotFound} for what does not exist, or is not visible */
export async function mustSeeQuarantined(reader: Reader, actor: Actor, ref: PoolRef): Promise<QuarantinedView> {
  const [view] = await quarantinedById(reader, actor, [ref])
  if (view === undefined) throw new NotFound('quarantined usage', globalId('QuarantinedUsage', ref.poolId, ref.id))
  return view
}

/** How many records wait for somebody, why, and since when. */
export type QuarantineCount = {
  readonly reasonCode: string
  readonly count: number
  /** When the oldest of them came in. */
  readonly oldestAt: string
}

/** What waits, by reason. One query. */
export async function quarantineCounts(reader: Reader, actor: Actor): Promise<QuarantineCount[]> {
  const rows = await reader
    .selectFrom('quarantined_usage as kept')
    .innerJoin('quarantine_state as at', (join) =>
      join.onRef('at.scope_id', '=', 'kept.scope_id').onRef('at.quarantine_id', '=', 'kept.quarantine_id'),
    )
    .select((on) => [
      'kept.reason_code as reasonCode',
      on.fn.countAll<bigint>().as('count'),
      on.fn.min('at.reported_at').as('oldestAt'),
    ])
    .where(quarantineSeenBy(actor))
    .where('at.state', 'in', ['open', 'discard_asked'])
    .groupBy('kept.reason_code')
    .orderBy('kept.reason_code')
    .execute()
  return rows.map((row) => ({ ...row, count: Number(row.count) }))
}

/** What was done to these records, oldest first, by record. One query. */
export async function quarantineEvents(
  reader: Reader,
  refs: readonly PoolRef[],
): Promise<Map<Uuid, QuarantineEventView[]>> {
  const found = new Map<Uuid, QuarantineEventView[]>(refs.map(({ id }) => [id, []]))
  if (refs.length === 0) return found
  const rows = await reader
    .selectFrom('quarantine_event')
    .select([
      'quarantine_id',
      'event_id as eventId',
      'kind',
      'record',
      'reason',
      'usage_id as usageId',
      'actor_id as actorId',
      'at',
    ])
    .where(sql<boolean>`(scope_id, quarantine_id) IN (
      SELECT * FROM unnest(${refs.map((ref) => ref.poolId)}::uuid[], ${refs.map((ref) => ref.id)}::uuid[]))`)
    .orderBy('event_id')
    .execute()
  for (const { quarantine_id, record, ...row } of rows) {
    found.get(quarantine_id)?.push({ ...row, record: record === null ? null : Words.parse(record) })
  }
  return found
}
