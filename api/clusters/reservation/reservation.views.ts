/** Reservations as screens and other capabilities read them. */
import { sql } from 'kysely'
import type { Actor } from '../../access/index.ts'
import { companyNames, seesCompany } from '../../parties/index.ts'
import {
  globalId,
  isUuid,
  listOfEach,
  type MicroTokens,
  NotFound,
  type Numeric,
  type Page,
  pageByKey,
  parseNumeric,
  type Reader,
  type Ref,
  type Uuid,
} from '../../platform/index.ts'
import type { GpuSeconds } from '../metering/charge.ts'
import { providersOfPools } from '../pool/pool.views.ts'
import { bookingsSeenBy, metersFor, seesReservation } from '../visibility.ts'

export type ReservationView = {
  readonly companyId: Uuid
  readonly reservationId: Uuid
  readonly poolId: Uuid
  readonly gpus: number
  readonly startsAt: string
  readonly endsAt: string
  readonly state: string
  readonly factor: Numeric
  readonly holdId: Uuid
  readonly hold: MicroTokens
  readonly holdExpiresAt: string
  readonly requestedAt: string
  readonly decidedAt: string | null
  readonly reservedGpuSeconds: GpuSeconds
  readonly usedGpuSeconds: GpuSeconds
  readonly delivered: MicroTokens
  readonly idle: MicroTokens
  readonly waitsUntil: string | null
}

const reservations = (reader: Reader) =>
  reader
    .selectFrom('reservation')
    .innerJoin('meter', (join) =>
      join
        .onRef('meter.company_id', '=', 'reservation.company_id')
        .onRef('meter.reservation_id', '=', 'reservation.reservation_id'),
    )
    .select([
      'reservation.company_id as companyId',
      'reservation.reservation_id as reservationId',
      'pool_id as poolId',
      'gpus',
      'starts_at as startsAt',
      'ends_at as endsAt',
      'state',
      'h100_hours_per_gpu_hour as text',
      'hold_id as holdId',
      'reservation.hold_micro as hold',
      'hold_expires_at as holdExpiresAt',
      'requested_at as requestedAt',
      'decided_at as decidedAt',
      'meter.reserved_gpu_seconds as reservedGpuSeconds',
      'meter.gpu_seconds as usedGpuSeconds',
      'meter.delivered_micro as delivered',
      'meter.idle_micro as idle',
      'waits_until as waitsUntil',
    ])

const withFactor = <Row extends { text: string }>({ text, ...row }: Row) => ({ ...row, factor: parseNumeric(text) })

/** The visible ones among these reservations, in no order. Two queries: of the companies, and of the pools. */
export async function reservationsById(
  reader: Reader,
  actor: Actor,
  wanted: readonly Ref[],
): Promise<ReservationView[]> {
  const refs = wanted.filter((ref) => isUuid(ref.companyId) && isUuid(ref.id))
  if (refs.length === 0) return []
  const rows = await reservations(reader)
    .where(sql<boolean>`(reservation.company_id, reservation.reservation_id) IN (
      SELECT * FROM unnest(${refs.map((ref) => ref.companyId)}::uuid[], ${refs.map((ref) => ref.id)}::uuid[]))`)
    .execute()
  const hidden = rows.filter((row) => !seesCompany(actor, row.companyId)).map((row) => row.poolId)
  const providers = await providersOfPools(reader, hidden)
  return rows
    .filter((row) => {
      const providerId = providers.get(row.poolId)
      return providerId === undefined
        ? seesCompany(actor, row.companyId)
        : seesReservation(actor, { companyId: row.companyId, providerId })
    })
    .map(withFactor)
}

/**
 * Refuses a reservation that does not exist or that the actor may not see: the two look the same.
 *
 * @throws {NotFound}
 */
export async function mustSeeReservation(
  reader: Reader,
  actor: Actor,
  ref: Ref,
): Promise<{ poolId: Uuid; providerId: Uuid }> {
  const [reservation] = await reservationsById(reader, actor, [ref])
  const providerId = (await providersOfPools(reader, reservation === undefined ? [] : [reservation.poolId])).get(
    reservation?.poolId ?? '',
  )
  if (reservation === undefined || providerId === undefined) {
    throw new NotFound('reservation', globalId('Reservation', ref.companyId, ref.id))
  }
  return { poolId: reservation.poolId, providerId }
}

/** A page of each company's reservations, newest request first. One query; nothing of companies that the actor does not see. */
export async function reservationPages(
  reader: Reader,
  actor: Actor,
  companyIds: readonly Uuid[],
  page: Page,
): Promise<Map<Uuid, ReservationView[]>> {
  const visible = companyIds.filter((id) => seesCompany(actor, id))
  const pages = await listOfEach(reader, visible, (company) =>
    pageByKey(
      reservations(reader).where('reservation.company_id', '=', company.id),
      'reservation.reservation_id',
      page,
    ),
  )
  return new Map([...pages].map(([companyId, rows]) => [companyId, rows.map(withFactor)]))
}

/** How many reservations of each company the actor sees. One query. */
export async function reservationCounts(
  reader: Reader,
  actor: Actor,
  companyIds: readonly Uuid[],
): Promise<Map<Uuid, number>> {
  const visible = companyIds.filter((id) => seesCompany(actor, id))
  if (visible.length === 0) return new Map()
  const rows = await reader
    .selectFrom('reservation')
    .select(['company_id', (on) => on.fn.countAll<bigint>().as('count')])
    .where('company_id', 'in', visible)
    .groupBy('company_id')
    .execute()
  return new Map(rows.map((row) => [row.company_id, Number(row.count)]))
}

/**
 * A page of each pool's reservations that the actor sees, newest request first. Read in steps, since the pools' bookings lie
 * with the pools and reservations with their companies: three queries, however many pools.
 */
export async function poolReservationPages(
  reader: Reader,
  actor: Actor,
  pools: readonly { readonly poolId: Uuid; readonly providerId: Uuid }[],
  page: Page & { waiting: boolean },
): Promise<Map<Uuid, ReservationView[]>> {
  const own = pools.filter(({ providerId }) => metersFor(actor, providerId)).map(({ poolId }) => poolId)
  const ids = pools.map(({ poolId }) => poolId)
  const bookings = await listOfEach(reader, ids, (pool) =>
    pageByKey(
      reader
        .selectFrom('pool_booking')
        .select(['company_id as companyId', 'reservation_id as id'])
        .where('pool_id', '=', pool.id)
        .where('change_of', 'is', null)
        .where(bookingsSeenBy(actor, own))
        .$if(page.waiting, (query) => query.where(waitsForProvider)),
      'reservation_id',
      page,
    ),
  )
  const found = await reservationsById(reader, actor, [...bookings.values()].flat())
  const byId = new Map(found.map((row) => [row.reservationId, row]))
  return new Map([...bookings].map(([poolId, refs]) => [poolId, refs.flatMap((ref) => byId.get(ref.id) ?? [])]))
}

/** What the provider has to decide on: a request, or a change of what it confirmed. */
const waitsForProvider = sql<boolean>`pool_booking.freed_at IS NULL AND (pool_booking.decided_at IS NULL OR EXISTS (
  SELECT FROM pool_booking AS part WHERE part.pool_id = pool_booking.pool_id
    AND part.change_of = pool_booking.reservation_id AND part.freed_at IS NULL))`

/** Current legal names of the companies of reservations: a provider's staff see the name, not the company. */
export const namesOfReservers = (reader: Reader, companyIds: readonly Uuid[]): Promise<Map<Uuid, string>> =>
  companyNames(reader, companyIds)

export type ReservationEventView = {
  readonly reservationId: Uuid
  readonly from: string | null
  readonly to: string
  readonly reasonCode: string
  readonly note: string | null
  readonly at: string
  readonly waitedSeconds: bigint | null
}

/** The events of reservations that the caller has shown to be visible, oldest first. One query. */
export async function eventsOf(reader: Reader, refs: readonly Ref[]): Promise<ReservationEventView[]> {
  if (refs.length === 0) return []
  return reader
    .selectFrom('reservation_event')
    .select([
      'reservation_id as reservationId',
      'from_state as from',
      'to_state as to',
      'reason_code as reasonCode',
      'note',
      'at',
      'waited_seconds as waitedSeconds',
    ])
    .where(sql<boolean>`(company_id, reservation_id) IN (
      SELECT * FROM unnest(${refs.map((ref) => ref.companyId)}::uuid[], ${refs.map((ref) => ref.id)}::uuid[]))`)
    .orderBy('event_id')
    .execute()
}

/** How often each of these reservations was revised after it was asked for, and when last. One query. */
export async function revisionsOf(
  reader: Reader,
  refs: readonly Ref[],
): Promise<Map<Uuid, { readonly sequence: number; readonly changedAt: string }>> {
  if (refs.length === 0) return new Map()
  const rows = await reader
    .selectFrom('reservation_event')
    .select((on) => ['reservation_id as id', on.fn.countAll<bigint>().as('events'), on.fn.max('at').as('changedAt')])
    .where(sql<boolean>`(company_id, reservation_id) IN (
      SELECT * FROM unnest(${refs.map((ref) => ref.companyId)}::uuid[], ${refs.map((ref) => ref.id)}::uuid[]))`)
    .groupBy(['company_id', 'reservation_id'])
    .execute()
  return new Map(rows.map(({ id, events, changedAt }) => [id, { sequence: Number(events) - 1, changedAt }]))
}

export type OfferView = {
  readonly companyId: Uuid
  readonly reservationId: Uuid
  readonly gpus: number
  readonly startsAt: string
  readonly endsAt: string
  readonly hold: MicroTokens
  readonly note: string | null
  readonly answerBy: string
  readonly answer: string | null
}

/** The offers for reservations that the caller has shown to be visible, oldest first. One query. */
export async function offersOf(reader: Reader, refs: readonly Ref[]): Promise<OfferView[]> {
  if (refs.length === 0) return []
  return reader
    .selectFrom('reservation_offer')
    .select([
      'company_id as companyId',
      'reservation_id as reservationId',
      'gpus',
      'starts_at as startsAt',
      'ends_at as endsAt',
      'hold_micro as hold',
      'note',
      'answer_by as answerBy',
      'answer',
    ])
    .where(sql<boolean>`(company_id, reservation_id) IN (
      SELECT * FROM unnest(${refs.map((ref) => ref.companyId)}::uuid[], ${refs.map((ref) => ref.id)}::uuid[]))`)
    .orderBy('offer_id')
    .execute()
}

/** What a confirmed reservation is to become, if the provider agrees. */
export type ChangeView = {
  readonly companyId: Uuid
  readonly reservationId: Uuid
  readonly how: string
  readonly gpus: number
  readonly startsAt: string
  readonly endsAt: string
  /** Tokens of the whole reservation as it would be. */
  readonly hold: MicroTokens
  readonly askedAt: string
  readonly answerBy: string
}

/** The changes that wait, at most one of each, of reservations that the caller has shown to be visible. One query. */
export async function openChangesOf(reader: Reader, refs: readonly Ref[]): Promise<ChangeView[]> {
  if (refs.length === 0) return []
  return reader
    .selectFrom('reservation_change')
    .select([
      'company_id as companyId',
      'reservation_id as reservationId',
      'how',
      'gpus',
      'starts_at as startsAt',
      'ends_at as endsAt',
      'hold_micro as hold',
      'asked_at as askedAt',
      'answer_by as answerBy',
    ])
    .where(sql<boolean>`(company_id, reservation_id) IN (
      SELECT * FROM unnest(${refs.map((ref) => ref.companyId)}::uuid[], ${refs.map((ref) => ref.id)}::uuid[]))`)
    .where('answer', 'is', null)
    .execute()
}

/**
 * How the change to these GPUs and times that was asked for last was answered, of a reservation that the caller has shown to be
 * visible; null while it waits, undefined where none was asked for.
 */
export async function answerToChange(
  reader: Reader,
  { companyId, id }: Ref,
  { gpus, startsAt, endsAt }: Pick<ChangeView, 'gpus' | 'startsAt' | 'endsAt'>,
): Promise<string | null | undefined> {
  const row = await reader
    .selectFrom('reservation_change')
    .select('answer')
    .where('company_id', '=', companyId)
    .where('reservation_id', '=', id)
    .where('gpus', '=', gpus)
    .where('starts_at', '=', startsAt)
    .where('ends_at', '=', endsAt)
    .orderBy('change_id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.answer
}
