/** Changes a pool's calendar, by the database's own functions and under the lock of the pool's row. */
import { sql } from 'kysely'
import pg from 'pg'
import { z } from 'zod'
import { NotFound, type Trx, type Uuid } from '../../platform/index.ts'
import { DedicatedTwice, OverCapacity, OverShare, ReservationsInTheWay } from '../errors.ts'
import { BadInterval, type Interval } from '../interval.ts'
import { capacityFreed } from '../reservation/waiting.store.ts'

/**
 * Books GPUs over an interval in the pool's calendar, for nobody in particular.
 *
 * @throws {OverCapacity} with the first part of the interval that is too full
 * @throws {BadInterval} when it starts before the pool opens, or ends after its calendar does
 * @throws {NotFound} when there is no such pool
 */
export async function bookCalendar(trx: Trx, poolId: Uuid, interval: Interval, gpus: number): Promise<void> {
  await refusing({ poolId, interval, gpus }, () =>
    sql`SELECT pool_book(${poolId}::uuid, ${interval.startsAt}::timestamptz, ${interval.endsAt}::timestamptz,
      ${gpus}::integer)`.execute(trx),
  )
}

/** Gives GPUs over an interval back to the pool's calendar: where maintenance waits for them, to that. */
export async function freeCalendar(trx: Trx, poolId: Uuid, interval: Interval, gpus: number): Promise<void> {
  await bookCalendar(trx, poolId, interval, -gpus)
  await capacityFreed(trx, poolId)
}

/**
 * Books for a company: within its share of the pool, and from what is dedicated to it first. Its `pool_booking` row is
 * inserted after this, and is marked as freed before {@link freeFor}.
 *
 * @throws {OverCapacity} {OverShare} {BadInterval} {NotFound}
 */
export async function bookFor(
  trx: Trx,
  poolId: Uuid,
  companyId: Uuid,
  interval: Interval,
  gpus: number,
): Promise<void> {
  await refusing({ poolId, interval, gpus }, () =>
    sql`SELECT pool_book_for(${poolId}::uuid, ${companyId}::uuid, ${interval.startsAt}::timestamptz,
      ${interval.endsAt}::timestamptz, ${gpus}::integer)`.execute(trx),
  )
}

/** Gives back what {@link bookFor} took. What is dedicated to the company stays with it. */
export async function freeFor(
  trx: Trx,
  poolId: Uuid,
  companyId: Uuid,
  interval: Interval,
  gpus: number,
): Promise<void> {
  await bookFor(trx, poolId, companyId, interval, -gpus)
  await capacityFreed(trx, poolId)
}

/**
 * Dedicates GPUs to a company in the calendar; a negative number ends that. The dedication's row is inserted after this, and
 * is marked as ended before.
 *
 * @throws {DedicatedTwice} {BadInterval} {NotFound}
 */
export async function dedicate(
  trx: Trx,
  poolId: Uuid,
  companyId: Uuid,
  interval: Interval,
  gpus: number,
): Promise<void> {
  try {
    await refusing({ poolId, interval, gpus }, () =>
      sql`SELECT pool_dedicate(${poolId}::uuid, ${companyId}::uuid, ${interval.startsAt}::timestamptz,
        ${interval.endsAt}::timestamptz, ${gpus}::integer)`.execute(trx),
    )
    if (gpus < 0) await capacityFreed(trx, poolId)
  } catch (error) {
    if (error instanceof OverCapacity) throw new DedicatedTwice(gpus, error.free, error.full)
    throw error
  }
}

/**
 * Makes the calendar hold, over an interval, what cannot be lent out then: smaller capacity and maintenance as their rows say.
 *
 * @param force true: takes what is free and the rest as it becomes free. Answers whether anything is short.
 * @throws {ReservationsInTheWay} unless forced
 */
export async function withhold(trx: Trx, poolId: Uuid, interval: Interval, force: boolean): Promise<boolean> {
  const { rows } = await refusing({ poolId, interval, gpus: 0 }, () =>
    sql<{ short: boolean }>`SELECT pool_withhold(${poolId}::uuid, ${interval.startsAt}::timestamptz,
      ${interval.endsAt}::timestamptz, ${force}::boolean) AS short`.execute(trx),
  )
  await capacityFreed(trx, poolId)
  return rows[0]?.short === true
}

type Asked = { readonly poolId: Uuid; readonly interval: Interval; readonly gpus: number }

async function refusing<T>(asked: Asked, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw refusalOf(error, asked)
  }
}

const detailed = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z
    .string()
    .transform((text) => JSON.parse(text))
    .pipe(z.object({ from: z.string(), until: z.string(), ...shape }))
const Full = detailed({ free: z.int() })
const InTheWay = detailed({ free: z.int(), wanted: z.int() })
const Share = detailed({ limit: z.int(), booked: z.int() })
const partOf = ({ from, until }: { from: string; until: string }): Interval => ({
  startsAt: `${from}Z`,
  endsAt: `${until}Z`,
})

/** The typed refusal behind an error of the calendar's functions; any other error as it is. */
function refusalOf(error: unknown, { poolId, interval, gpus }: Asked): unknown {
  if (!(error instanceof pg.DatabaseError)) return error
  switch (error.code) {
    case 'EQ001': {
      const full = Full.parse(error.detail)
      return new OverCapacity(gpus, full.free, partOf(full))
    }
    case 'EQ002':
      return new BadInterval('BEFORE_OPENING', interval, 'starts before the pool opens')
    case 'EQ003': {
      const short = InTheWay.parse(error.detail)
      return new ReservationsInTheWay(short.wanted, short.free, partOf(short))
    }
    case 'EQ004':
      return new BadInterval('AFTER_CALENDAR', interval, 'ends after the calendar of this pool does')
    case 'EQ005': {
      const over = Share.parse(error.detail)
      return new OverShare(gpus, over.limit, over.booked, partOf(over))
    }
    case 'P0002':
      return new NotFound('pool', `Pool:${poolId}`)
    default:
      return error
  }
}
