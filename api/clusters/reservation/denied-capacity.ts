/**
 * Whether compute was not delivered because the provider did not give it, or not used because the company did not ask: told
 * apart by what was decided on reservations, not by what anybody says afterwards.
 */
import { type SqlBool, sql } from 'kysely'
import { Temporal } from 'temporal-polyfill'
import type { Reader, Uuid } from '../../platform/index.ts'

/** One request and what became of it. */
export type RequestEvidence = {
  readonly reservationId: Uuid
  readonly poolId: Uuid
  readonly gpus: number
  readonly startsAt: string
  readonly endsAt: string
  readonly requestedAt: string
  /** `declined` and `not_decided` are the provider's doing, `failed` too; `given` was approved and not failed. */
  readonly outcome: 'declined' | 'not_decided' | 'failed' | 'given'
  /** The reason code of the decision; null where it was given. */
  readonly reason: string | null
}

/** Days (UTC) that the provider owes: capacity that was denied, and capacity that was reserved and failed. */
export type OwedDays = {
  readonly denied: readonly string[]
  readonly outage: readonly string[]
  /** Whether the last request before the end of the time looked at was denied, and none was given since. */
  readonly stillDenied: boolean
  /** How many requests the company made in it. */
  readonly requests: number
}

/** Reasons to decline that say that the provider had no capacity: the others say that the company was not entitled to it. */
const PROVIDERS_DOING = new Set(['NO_CAPACITY', 'MAINTENANCE', 'OTHER'])

/**
 * The days that count, each once, however many requests fell on it. A day on which a later request of at least as many GPUs
 * was given is not owed: the company had its capacity. Pure.
 *
 * @param from first day that counts, inclusive; `until` is the first day that does not
 */
export function owedDays(
  requests: readonly RequestEvidence[],
  { from, until }: { from: string; until: string },
): OwedDays {
  const within = requests.filter(({ startsAt, endsAt }) => startsAt.slice(0, 10) < until && endsAt.slice(0, 10) >= from)
  const given = within.filter(({ outcome }) => outcome === 'given')
  const daysOf = (wanted: (request: RequestEvidence) => boolean): string[] => {
    const days = new Set<string>()
    for (const request of within.filter(wanted)) {
      for (const day of daysTouched(request)) {
        if (day < from || day >= until) continue
        const had = given.some(
          (other) =>
            isAfter(other.requestedAt, request.requestedAt) && other.gpus >= request.gpus && touches(other, day),
        )
        if (!had) days.add(day)
      }
    }
    return [...days].sort()
  }
  const isDenied = ({ outcome, reason }: RequestEvidence) =>
    outcome === 'not_decided' || (outcome === 'declined' && PROVIDERS_DOING.has(reason ?? ''))
  const [last] = [...within].sort((a, b) => (isAfter(b.requestedAt, a.requestedAt) ? 1 : -1))
  const denied = daysOf(isDenied)
  const counted = new Set(denied)
  return {
    denied,
    // A day is owed once, whatever went wrong on it.
    outage: daysOf(({ outcome }) => outcome === 'failed').filter((day) => !counted.has(day)),
    stillDenied: last !== undefined && isDenied(last),
    requests: within.length,
  }
}

/** As texts instants do not sort: fractions of a second may be left out. */
const isAfter = (a: string, b: string): boolean =>
  Temporal.Instant.compare(Temporal.Instant.from(a), Temporal.Instant.from(b)) > 0

/** UTC days that an interval touches; one that ends at midnight does not touch the day that begins then. */
function daysTouched({ startsAt, endsAt }: { startsAt: string; endsAt: string }): string[] {
  const days: string[] = []
  let day = Temporal.PlainDate.from(startsAt.slice(0, 10))
  while (touches({ startsAt, endsAt }, day.toString())) {
    days.push(day.toString())
    day = day.add({ days: 1 })
  }
  return days
}

function touches({ startsAt, endsAt }: { startsAt: string; endsAt: string }, day: string): boolean {
  const next = Temporal.PlainDate.from(day).add({ days: 1 }).toString()
  const begins = Temporal.Instant.from(`${day}T00:00:00Z`)
  const ends = Temporal.Instant.from(`${next}T00:00:00Z`)
  return (
    Temporal.Instant.compare(Temporal.Instant.from(startsAt), ends) < 0 &&
    Temporal.Instant.compare(Temporal.Instant.from(endsAt), begins) > 0
  )
}

/** Most requests that are looked at. */
const REQUESTS_MAX = 20_000

/** The requests of these companies for capacity of a token class from a day on, and what became of each. One query. */
export async function requestEvidence(
  reader: Reader,
  companyIds: readonly Uuid[],
): Promise<Map<Uuid, (RequestEvidence & { readonly tokenClassId: Uuid })[]>> {
  if (companyIds.length === 0) return new Map()
  const rows = await reader
    .selectFrom('reservation')
    .leftJoin('reservation_event as event', (on) =>
      on
        .onRef('event.company_id', '=', 'reservation.company_id')
        .onRef('event.reservation_id', '=', 'reservation.reservation_id')
        .onRef('event.to_state', '=', 'reservation.state')
        .on('event.to_state', 'in', ['declined', 'expired', 'failed']),
    )
    .where('reservation.company_id', 'in', [...companyIds])
    .where(sql<SqlBool>`reservation.state NOT IN ('held', 'waitlisted', 'cancelled')`)
    .select([
      'reservation.company_id',
      'reservation.reservation_id as reservationId',
      'pool_id as poolId',
      'token_class_id as tokenClassId',
      'gpus',
      'starts_at as startsAt',
      'ends_at as endsAt',
      'requested_at as requestedAt',
      'state',
      'reason_code as reason',
    ])
    .orderBy('reservation.reservation_id')
    .limit(REQUESTS_MAX)
    .execute()
  return Map.groupBy(
    rows.map(({ state, ...row }) => ({ ...row, outcome: outcomeOf(state) })),
    (row) => row.company_id,
  )
}

const OUTCOMES: Readonly<Record<string, RequestEvidence['outcome']>> = {
  declined: 'declined',
  expired: 'not_decided',
  failed: 'failed',
}
const outcomeOf = (state: string): RequestEvidence['outcome'] => OUTCOMES[state] ?? 'given'
