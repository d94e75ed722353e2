import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { sql } from 'kysely'
import { DedicatedTwice, OverCapacity, OverShare, ReservationsInTheWay } from '../../api/clusters/errors.ts'
import { bookFor, dedicate, freeFor, withhold } from '../../api/clusters/pool/calendar.store.ts'
import { findPool, freeCapacity, lowestFreeFor } from '../../api/clusters/pool/pool.views.ts'
import {
  insertCapacity,
  insertDedication,
  insertMaintenance,
  insertShare,
  markEnded,
  markLifted,
} from '../../api/clusters/pool/pool-time.store.ts'
import { inTransaction, newId, type Trx, type Uuid } from '../../api/platform/index.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { at, booker, NOON, pool, tokens } from './given.ts'
import { CANCEL, FREE, REQUEST } from './reservation-documents.ts'

const world = await makeWorld()
const { db } = world.deps
await world.setClock(NOON)
const by = { id: world.staff.operations.id, as: 'operations' as const }

// Minutes after noon at which everything begins and ends: within an hour, on hours, across midnights.
const POINTS = [0, 1, 30, 60, 61, 119, 120, 600, 719, 720, 721, 1440, 2160, 2161, 3600, 7920, 20_880, 43_200]
const parts = POINTS.length - 1
const minuteOf = (index: number): number => POINTS[index] ?? Number.NaN
const between = (from: number, until: number) => ({ startsAt: at(minuteOf(from)), endsAt: at(minuteOf(until)) })
const COMPANIES = [newId(), newId()] as const

type Span = { readonly from: number; readonly until: number; readonly gpus: number }
type Booked = Span & { readonly company: number; readonly id: Uuid }
type Planned = Span & { readonly id: Uuid }

/** A pool over time as one would keep it on paper: one number for every part between two points. */
class PaperPool {
  most: number
  readonly capacity: number[]
  readonly maintenance: number[] = Array.from({ length: parts }, () => 0)
  readonly dedicated = COMPANIES.map(() => Array.from({ length: parts }, () => 0))
  readonly booked = COMPANIES.map(() => Array.from({ length: parts }, () => 0))
  readonly live: Booked[] = []
  /** Windows that stand, and promises that stand. */
  readonly windows: Planned[] = []
  readonly promises: Booked[] = []
  share: number | undefined
  constructor(capacity: number) {
    this.most = capacity
    this.capacity = Array.from({ length: parts }, () => capacity)
  }
  wanted(part: number): number {
    return Math.min(this.most, this.most - (this.capacity[part] ?? 0) + (this.maintenance[part] ?? 0))
  }
  promised(part: number): number {
    return COMPANIES.reduce(
      (sum, _, company) => sum + Math.max(this.dedicated[company]?.[part] ?? 0, this.booked[company]?.[part] ?? 0),
      0,
    )
  }
  free(part: number): number {
    return Math.max(0, this.most - this.promised(part) - this.wanted(part))
  }
  /** GPUs by which withholding is short: what is booked stands in its way. */
  short(part: number): number {
    return Math.max(0, this.promised(part) + this.wanted(part) - this.most)
  }
  shortage(): number[] {
    return each({ from: 0, until: parts }).map((part) => this.short(part))
  }
  freeFor(company: number, part: number): number {
    const own = (this.dedicated[company]?.[part] ?? 0) - (this.booked[company]?.[part] ?? 0)
    return this.free(part) + Math.max(0, own)
  }
  withinShare(company: number, part: number, gpus: number): boolean {
    const { share } = this
    if (share === undefined) return true
    return (this.booked[company]?.[part] ?? 0) + gpus <= Math.floor((share * (this.most - this.wanted(part))) / 10)
  }
}
const each = ({ from, until }: { from: number; until: number }): number[] =>
  Array.from({ length: until - from }, (_, index) => from + index)
const add = (numbers: number[] | undefined, { from, until, gpus }: Span): void => {
  if (numbers === undefined) return
  for (const part of each({ from, until })) numbers[part] = (numbers[part] ?? 0) + gpus
}

const KINDS = [
  ...(['book', 'book', 'book', 'free', 'maintain', 'dedicate', 'capacity', 'share'] as const),
  ...(['lift', 'end'] as const),
] as const
type Act = {
  readonly kind: (typeof KINDS)[number]
  readonly from: number
  readonly length: number
  readonly gpus: number
  readonly company: number
  readonly force: boolean
}
const act = fc.record({
  kind: fc.constantFrom(...KINDS),
  from: fc.integer({ min: 0, max: parts - 1 }),
  length: fc.integer({ min: 1, max: 8 }),
  gpus: fc.integer({ min: 1, max: 6 }),
  company: fc.integer({ min: 0, max: COMPANIES.length - 1 }),
  force: fc.boolean(),
})

/** Over the first eight parts, or from a later one within them; by force where something is in the way. */
const made = (kind: Act['kind'], gpus: number, length = 8): Act => ({
  kind,
  from: 0,
  length,
  gpus,
  company: 0,
  force: true,
})

const companyId = (company: number): Uuid => COMPANIES[company] ?? ''
async function insertBooking(trx: Trx, poolId: Uuid, { id, company, gpus, from, until }: Booked): Promise<void> {
  await trx
    .insertInto('pool_booking')
    .values({
      pool_id: poolId,
      reservation_id: id,
      company_id: companyId(company),
      gpus,
      starts_at: between(from, until).startsAt,
      ends_at: between(from, until).endsAt,
    })
    .execute()
}

/** What is left of a span that ends before its time: all of it, or from a point within it on. */
const restOf = (span: Span, length: number): Span => ({
  ...span,
  from: span.from + ((length - 1) % (span.until - span.from)),
})

/** Does one thing to the pool, holds the answer to what the paper says, and writes it on the paper. */
async function follow(poolId: Uuid, paper: PaperPool, act: Act): Promise<void> {
  const { kind, company, gpus, force } = act
  const span = { from: act.from, until: Math.min(act.from + act.length, parts), gpus }
  const interval = between(span.from, span.until)
  if (kind === 'book') {
    const booked = { ...span, company, id: newId() }
    const booking = inTransaction(db, async (trx) => {
      await bookFor(trx, poolId, companyId(company), interval, gpus)
      await insertBooking(trx, poolId, booked)
    })
    if (!each(span).every((part) => paper.withinShare(company, part, gpus))) {
      await assert.rejects(booking, OverShare)
    } else if (!each(span).every((part) => paper.freeFor(company, part) >= gpus)) {
      await assert.rejects(booking, (refusal) => {
        assert.ok(refusal instanceof OverCapacity)
        const full = each(span).find((part) => paper.freeFor(company, part) < gpus) ?? -1
        assert.deepEqual([refusal.full.startsAt, refusal.free], [at(minuteOf(full)), paper.freeFor(company, full)])
        return true
      })
    } else {
      await booking
      add(paper.booked[company], span)
      paper.live.push(booked)
    }
  } else if (kind === 'free') {
    const [freed] = paper.live.splice(act.from % Math.max(1, paper.live.length), 1)
    if (freed === undefined) return
    await inTransaction(db, async (trx) => {
      await sql`UPDATE pool_booking SET freed_at = now() WHERE pool_id = ${poolId} AND reservation_id = ${freed.id}`.execute(
        trx,
      )
      await freeFor(trx, poolId, companyId(freed.company), between(freed.from, freed.until), freed.gpus)
    })
    add(paper.booked[freed.company], { ...freed, gpus: -freed.gpus })
  } else if (kind === 'maintain') {
    const window = { ...span, id: newId() }
    const before = [...paper.maintenance]
    const shortage = paper.shortage()
    add(paper.maintenance, span)
    const planning = inTransaction(db, async (trx) => {
      await insertMaintenance(trx, { ...interval, ref: { poolId, id: window.id }, gpus, note: 'rack 12', by })
      return withhold(trx, poolId, interval, force)
    })
    const kept = await settle(paper, shortage, force, planning, () => paper.maintenance.splice(0, parts, ...before))
    if (kept) paper.windows.push(window)
  } else if (kind === 'lift') {
    const [window] = paper.windows.splice(act.from % Math.max(1, paper.windows.length), 1)
    if (window === undefined) return
    const rest = restOf(window, act.length)
    const [from, until] = [at(minuteOf(rest.from)), at(minuteOf(rest.until))]
    await inTransaction(db, async (trx) => {
      await markLifted(trx, { poolId, id: window.id }, by.id, from)
      await withhold(trx, poolId, { startsAt: from, endsAt: until }, true)
    })
    add(paper.maintenance, { ...rest, gpus: -window.gpus })
  } else if (kind === 'end') {
    const [promise] = paper.promises.splice(act.from % Math.max(1, paper.promises.length), 1)
    if (promise === undefined) return
    const rest = restOf(promise, act.length)
    const [from, until] = [at(minuteOf(rest.from)), at(minuteOf(rest.until))]
    await inTransaction(db, async (trx) => {
      await markEnded(trx, { poolId, id: promise.id }, by.id, from)
      await dedicate(trx, poolId, companyId(promise.company), { startsAt: from, endsAt: until }, -promise.gpus)
    })
    add(paper.dedicated[promise.company], { ...rest, gpus: -promise.gpus })
  } else if (kind === 'capacity') {
    const before = { most: paper.most, capacity: [...paper.capacity] }
    const shortage = paper.shortage()
    const capacity = gpus + 4
    // Until the next change that is recorded: on this paper every change holds to the end, the later point winning.
    const next =
      changes
        .get(poolId)
        ?.filter((from) => from > span.from)
        .sort((a, b) => a - b)[0] ?? parts
    for (const part of each({ from: span.from, until: next })) paper.capacity[part] = capacity
    paper.most = Math.max(paper.most, capacity)
    const changing = inTransaction(db, async (trx) => {
      await insertCapacity(trx, poolId, {
        changeId: newId(),
        baseId: newId(),
        from: interval.startsAt,
        capacity,
        reason: 'r',
        by,
      })
      return withhold(trx, poolId, between(span.from, parts), force)
    })
    const kept = await settle(paper, shortage, force, changing, () => {
      paper.most = before.most
      paper.capacity.splice(0, parts, ...before.capacity)
    })
    if (kept) changes.set(poolId, [...(changes.get(poolId) ?? []), span.from])
  } else if (kind === 'dedicate') {
    const mine = paper.dedicated[company]
    const promise = { ...span, company, id: newId() }
    const more = (part: number): number => {
      const [held, booked] = [mine?.[part] ?? 0, paper.booked[company]?.[part] ?? 0]
      return Math.max(held + gpus, booked) - Math.max(held, booked)
    }
    const dedicating = inTransaction(db, async (trx) => {
      await dedicate(trx, poolId, companyId(company), interval, gpus)
      await insertDedication(trx, {
        ...interval,
        ref: { poolId, id: promise.id },
        companyId: companyId(company),
        gpus,
        source: 's',
        by,
      })
    })
    if (each(span).every((part) => more(part) === 0 || more(part) <= paper.free(part))) {
      await dedicating
      add(mine, span)
      paper.promises.push(promise)
    } else await assert.rejects(dedicating, DedicatedTwice)
  } else {
    paper.share = gpus + 3
    const ref = { poolId, id: newId() }
    const share = { ref, companyId: null, part: BigInt(paper.share) * 10n ** 9n, from: NOON, source: 's', by }
    await inTransaction(db, (trx) => insertShare(trx, share))
  }
}
const changes = new Map<Uuid, number[]>()

/** Taking GPUs out: refused where something stands in the way more than before, unless they may wait. */
async function settle(
  paper: PaperPool,
  before: readonly number[],
  force: boolean,
  work: Promise<boolean>,
  undo: () => void,
): Promise<boolean> {
  const after = paper.shortage()
  if (!force && after.some((short, part) => short > (before[part] ?? 0))) {
    await assert.rejects(work, ReservationsInTheWay)
    undo()
    return false
  }
  if (await work) assert.ok(after.some((short) => short > 0))
  return true
}

async function compare(poolId: Uuid, paper: PaperPool): Promise<void> {
  const { steps } = await freeCapacity(db, poolId, between(0, parts))
  const expected: { startsAt: string; endsAt: string; capacity: number; free: number }[] = []
  for (const part of each({ from: 0, until: parts })) {
    const now = { capacity: paper.most - paper.wanted(part), free: paper.free(part) }
    const { startsAt, endsAt } = between(part, part + 1)
    const last = expected.at(-1)
    if (last !== undefined && last.free === now.free && last.capacity === now.capacity) last.endsAt = endsAt
    else expected.push({ startsAt, endsAt, ...now })
  }
  assert.deepEqual(steps, expected)
  const view = await findPool(db, poolId)
  assert.ok(view)
  for (const [company, id] of COMPANIES.entries()) {
    const lowest = Math.min(...each({ from: 0, until: parts }).map((part) => paper.freeFor(company, part)))
    assert.equal(await lowestFreeFor(db, view, id, between(0, parts)), lowest)
  }
}

test('a pool over time equals one on paper: capacity, maintenance and its lifting, dedications and their end, shares, over any history', async () => {
  const history = fc.record({
    acts: fc.array(act, { minLength: 1, maxLength: 30 }),
    capacity: fc.integer({ min: 4, max: 10 }),
  })
  await fc.assert(
    fc.asyncProperty(history, async ({ acts, capacity }) => {
      const { poolId } = await pool(world, { capacity })
      const paper = new PaperPool(capacity)
      for (const one of acts) {
        await follow(poolId, paper, one)
        // What is given back fills up what maintenance still wants, at once: a later act would hide that it did not.
        if (['free', 'lift', 'end'].includes(one.kind)) await compare(poolId, paper)
      }
      await compare(poolId, paper)
    }),
    {
      numRuns: 40,
      // What is in the way of maintenance goes, in either way; and of two windows one is lifted in its middle.
      examples: [
        [{ capacity: 8, acts: [made('book', 6), made('maintain', 6), made('free', 1)] }],
        [{ capacity: 8, acts: [made('dedicate', 6), made('maintain', 6), made('end', 1)] }],
        [{ capacity: 8, acts: [made('maintain', 5), made('maintain', 6), made('lift', 1, 3), made('book', 2)] }],
        [{ capacity: 8, acts: [made('dedicate', 6), made('book', 4), made('end', 1, 3), made('book', 2)] }],
      ],
    },
  )
})

// The same over the public door.
const REFUSALS: Readonly<Record<string, string>> = {
  planMaintenance:
    '... on ReservationsInTheWay { wanted free part { startsAt endsAt } bookings { reservationId gpus } }',
  dedicateCapacity: '... on DedicatedTwice { wanted free part { startsAt endsAt } }',
}
const CHANGE = (name: string, fields: string) =>
  `mutation ($input: ${name[0]?.toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) { __typename
    ... on Pool { id ${fields} } ... on DomainError { code message } ${REFUSALS[name] ?? ''} } }`
const MAINTENANCE = 'maintenance { id gpus startsAt endsAt plannedAs liftedFrom }'
const change = async (who: Person, name: string, input: Record<string, unknown>, fields = '') =>
  (await who.graphql(CHANGE(name, fields), { input })).data?.[name]
const book = async (who: Person, input: Record<string, unknown>) =>
  (await who.graphql(REQUEST, { input })).data?.requestReservation
const steps = async (who: Person, id: string, from: string, to: string) =>
  (await who.graphql(FREE, { id, from, to })).data.node.freeCapacity.steps
const { provider, otherProvider, operations } = world.staff

test('maintenance is refused with the reservations in its way, or waits for them and fills up as they end', async () => {
  const given = await booker(world, { capacity: 8 })
  const { founder } = given.company
  const asked = { companyId: given.company.id, poolId: given.pool.id, gpus: 6, startsAt: at(60), endsAt: at(120) }
  const { id } = await book(founder, asked)
  const window = { poolId: given.pool.id, gpus: 4, startsAt: at(90), endsAt: at(180), note: 'Rack 12' }
  const refused = await change(provider, 'planMaintenance', window)
  assert.deepEqual(
    [refused.__typename, refused.wanted, refused.free, refused.part, refused.bookings],
    ['ReservationsInTheWay', 4, 2, { startsAt: at(90), endsAt: at(120) }, [{ reservationId: id, gpus: 6 }]],
  )
  const planned = await change(provider, 'planMaintenance', { ...window, conflicts: 'WAIT' }, MAINTENANCE)
  assert.deepEqual(
    planned.maintenance.map((one: { plannedAs: string; gpus: number }) => [one.plannedAs, one.gpus]),
    [['provider', 4]],
  )
  // 6 are booked and only 2 of 4 are out until the reservation goes; then 4 are.
  assert.deepEqual(await steps(founder, given.pool.id, at(60), at(180)), [
    { startsAt: at(60), endsAt: at(90), capacity: 8, free: 2 },
    { startsAt: at(90), endsAt: at(120), capacity: 4, free: 0 },
    { startsAt: at(120), endsAt: at(180), capacity: 4, free: 4 },
  ])
  await founder.graphql(CANCEL, { input: { reservationId: id } })
  assert.equal((await book(founder, { ...asked, gpus: 5 })).__typename, 'OverCapacity')
  assert.equal((await book(founder, { ...asked, gpus: 4 })).state, 'held')
  const [{ id: maintenanceId }] = planned.maintenance
  const lifted = await change(provider, 'liftMaintenance', { maintenanceId }, MAINTENANCE)
  assert.equal(lifted.maintenance[0].liftedFrom, at(90))
  assert.equal((await change(provider, 'liftMaintenance', { maintenanceId })).code, 'WRONG_STATE')
  assert.equal((await book(founder, { ...asked, gpus: 4 })).state, 'held')
})

test('capacity changes from an instant on, up and down, and never reaches back', async () => {
  const given = await booker(world, { capacity: 4 })
  const { founder } = given.company
  const poolId = given.pool.id
  const changed = await change(provider, 'changePoolCapacity', {
    poolId,
    capacity: 8,
    from: at(120),
    reason: 'New racks',
  })
  assert.equal(changed.__typename, 'Pool')
  await change(provider, 'changePoolCapacity', { poolId, capacity: 2, from: at(240), reason: 'Sold' })
  assert.deepEqual(
    (await steps(founder, poolId, at(0), at(300))).map((step: { capacity: number; free: number }) => [
      step.capacity,
      step.free,
    ]),
    [
      [4, 4],
      [8, 8],
      [2, 2],
    ],
  )
  const past = await change(provider, 'changePoolCapacity', { poolId, capacity: 1, from: at(-60), reason: 'Too late' })
  assert.equal(past.code, 'REFUSED')
  const asked = { companyId: given.company.id, poolId, gpus: 8, startsAt: at(120), endsAt: at(240) }
  assert.equal((await book(founder, { ...asked, endsAt: at(241) })).__typename, 'OverCapacity')
  assert.equal((await book(founder, asked)).state, 'held')
  for (const gpus of [1.5, -1]) {
    const bad = await provider.graphql(CHANGE('changePoolCapacity', ''), {
      input: { poolId, capacity: gpus, from: at(300), reason: 'r' },
    })
    assert.notEqual(bad.errors.length, 0)
  }
})

test('what is dedicated to a company is booked by it alone, and is not promised twice', async () => {
  const given = await booker(world, { capacity: 8 })
  const other = await world.company('Other, Inc.')
  await tokens(world, { companyId: other.companyId, tokenClassId: given.pool.tokenClassId })
  const promise = {
    poolId: given.pool.id,
    companyId: given.company.id,
    gpus: 6,
    startsAt: at(60),
    endsAt: at(240),
    source: 'Schedule C',
  }
  assert.equal((await change(provider, 'dedicateCapacity', promise)).__typename, 'Pool')
  const twice = await change(operations, 'dedicateCapacity', {
    ...promise,
    companyId: other.id,
    gpus: 3,
    endsAt: at(100),
  })
  assert.deepEqual(
    [twice.__typename, twice.free, twice.part],
    ['DedicatedTwice', 2, { startsAt: at(60), endsAt: at(100) }],
  )
  const asked = { poolId: given.pool.id, gpus: 3, startsAt: at(60), endsAt: at(120) }
  const crowded = await book(other.founder, { ...asked, companyId: other.id })
  assert.deepEqual([crowded.__typename, crowded.free], ['OverCapacity', 2])
  assert.equal((await book(other.founder, { ...asked, companyId: other.id, gpus: 2 })).state, 'held')
  assert.equal((await book(given.company.founder, { ...asked, companyId: given.company.id, gpus: 6 })).state, 'held')
  assert.equal(
    (await book(given.company.founder, { ...asked, companyId: given.company.id, gpus: 1 })).__typename,
    'OverCapacity',
  )
  const unknown = { ...promise, companyId: (await world.company('Nobody, Inc.')).id }
  assert.equal((await change(provider, 'dedicateCapacity', unknown)).code, 'NOT_FOUND')
  assert.equal((await change(otherProvider, 'dedicateCapacity', promise)).code, 'NOT_FOUND')
})

test('a company books no more than its share of the pool', async () => {
  const given = await booker(world, { capacity: 10 })
  const { founder, id: companyId } = given.company
  const poolId = given.pool.id
  await change(provider, 'setPoolShare', { poolId, part: '0.5', source: 'Fair use' })
  const asked = { companyId, poolId, gpus: 3, startsAt: at(60), endsAt: at(120) }
  assert.equal((await book(founder, asked)).state, 'held')
  assert.equal((await book(founder, { ...asked, startsAt: at(90), endsAt: at(180) })).__typename, 'OverShare')
  await change(provider, 'setPoolShare', { poolId, companyId, part: '0.65', source: 'Schedule D' })
  // 0.65 of 10 GPUs is 6.5, rounded down to 6.
  assert.equal((await book(founder, { ...asked, startsAt: at(90), endsAt: at(180) })).state, 'held')
  assert.equal((await book(founder, { ...asked, gpus: 1, startsAt: at(100), endsAt: at(110) })).__typename, 'OverShare')
  const bad = await provider.graphql(CHANGE('setPoolShare', ''), { input: { poolId, part: '1.1', source: 's' } })
  assert.equal(bad.errors[0]?.extensions.code, 'BAD_INPUT')
})
