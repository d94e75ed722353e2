/** The one call of usage, held to the path in TypeScript that it replaced, over random histories. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { sql } from 'kysely'
import { decideReservation, requestReservation, type UsageRecord } from '../../api/clusters/index.ts'
import { type EarningTerms, earnedShares } from '../../api/drawdown/earned.ts'
import { openVesting } from '../../api/drawdown/grant.store.ts'
import { postUsage } from '../../api/drawdown/usage/usage.store.ts'
import { DomainError, inTransaction, leafHash, newId, type Uuid } from '../../api/platform/index.ts'
import { derivedId } from '../../api/tokens/derived-id.ts'
import { openGrant } from '../../api/tokens/index.ts'
import { at, pool as makePool, NOON, tokens } from '../clusters/given.ts'
import { makeWorld } from '../support/world.ts'
import { assertSound } from './given-drawdown.ts'
import { reportUsageInTypeScript } from './usage-oracle.ts'

const world = await makeWorld()
const { deps, staff } = world
const { db } = deps

/** What a company's two grants say; a third lot earns nothing. */
type Terms = {
  readonly factor: bigint
  readonly lots: readonly [first: string, second: string]
  readonly earning: readonly (Pick<EarningTerms, 'allocation' | 'tranches'> & {
    readonly total: bigint
    readonly cliffOf: bigint
    readonly basis: 'delivered' | 'reserved' | 'released'
  })[]
}

type Twin = { readonly companyId: Uuid; readonly reservations: readonly Uuid[] }

/** A company with a lot that earns nothing, two grants, and two approved reservations of 4 GPUs for an hour. */
async function twin(pool: Awaited<ReturnType<typeof makePool>>, terms: Terms): Promise<Twin> {
  await world.setClock(NOON)
  const { companyId, id, founder } = await world.company('Twin, Inc.')
  const { tokenClassId } = pool
  await tokens(world, { companyId, tokenClassId, amount: terms.lots[0], expiresOn: '2027-11-20' })
  for (const [index, earning] of terms.earning.entries()) {
    const [grantId, securityId] = [newId(), newId()]
    const granted = index === 0 ? BigInt(Number(terms.lots[1]) * 1_000_000) : 1_000_000_000n
    await inTransaction(db, async (trx) => {
      const { lotId } = await openGrant(trx, {
        companyId,
        grantId,
        roundId: newId(),
        tokenClassId,
        amount: granted,
        expiresOn: `2028-11-2${index}`,
        vests: securityId,
        releases: [{ on: '2026-11-20', amount: granted }],
      })
      await openVesting(trx, {
        companyId,
        grantId,
        lotId,
        roundId: newId(),
        termsDocumentId: newId(),
        securityId,
        unit: 'SHARE',
        terms: { ...earning, granted, cliff: granted / earning.cliffOf },
        basis: earning.basis,
        charging: 'RESERVED',
        disputeWindowDays: 15,
        longStop: '2028-11-20',
      })
    })
  }
  const reservations: Uuid[] = []
  for (const hour of [1, 2]) {
    const { ref } = await requestReservation(deps, founder.actor, {
      companyId: id,
      poolId: pool.id,
      gpus: 4,
      startsAt: at(60 * hour),
      endsAt: at(60 * hour + 60),
    })
    const reservationId = `Reservation:${companyId}:${ref.id}`
    await decideReservation(deps, staff.provider.actor, { reservationId, decision: 'APPROVE' })
    reservations.push(ref.id)
  }
  return { companyId, reservations }
}

/** Everything that usage moves, without ids and instants. */
async function stateOf({ companyId, reservations }: Twin) {
  const { rows } = await sql<{ state: unknown }>`
    SELECT jsonb_build_object(
      'meters', (SELECT jsonb_agg(to_jsonb(m) - 'company_id' - 'reservation_id' ORDER BY array_position(${[...reservations]}::uuid[], reservation_id))
        FROM meter m WHERE company_id = ${companyId}::uuid),
      'states', (SELECT jsonb_agg(state ORDER BY array_position(${[...reservations]}::uuid[], reservation_id))
        FROM reservation WHERE company_id = ${companyId}::uuid),
      'progress', (SELECT jsonb_agg(to_jsonb(p) - 'company_id' - 'grant_id' ORDER BY grant_id) FROM grant_progress p WHERE company_id = ${companyId}::uuid),
      'accounts', (SELECT jsonb_agg(jsonb_build_array(l.expires_on, a.kind, a.debits_posted, a.credits_posted, a.debits_pending, a.credits_pending)
        ORDER BY l.expires_on, a.kind) FROM ledger_account a JOIN lot l ON l.company_id = a.holder_id AND l.lot_id = a.lot_id
        WHERE a.holder_id = ${companyId}::uuid),
      'holds', (SELECT jsonb_agg(jsonb_build_array(h.state, p.draw_order, p.amount_micro, p.charged_micro)
        ORDER BY array_position(${[...reservations]}::uuid[], r.reservation_id), p.draw_order)
        FROM reservation r JOIN token_hold h ON h.company_id = r.company_id AND h.hold_id = r.hold_id
        JOIN token_hold_lot p ON p.company_id = h.company_id AND p.hold_id = h.hold_id WHERE r.company_id = ${companyId}::uuid),
      'records', (SELECT jsonb_agg(jsonb_build_array(external_id, gpu_seconds, charged_micro, started_at, ended_at, job) ORDER BY usage_id)
        FROM usage_record WHERE company_id = ${companyId}::uuid),
      'charges', (SELECT jsonb_agg(jsonb_build_array(u.external_id, l.expires_on, c.cause, c.amount_micro, c.basis_from, c.basis_to)
        ORDER BY u.usage_id, l.expires_on) FROM charge c JOIN usage_record u ON u.company_id = c.company_id AND u.usage_id = c.usage_id
        JOIN lot l ON l.company_id = c.company_id AND l.lot_id = c.lot_id WHERE c.company_id = ${companyId}::uuid),
      'events', (SELECT jsonb_agg(jsonb_build_array(from_state, to_state, reason_code) ORDER BY event_id)
        FROM reservation_event WHERE company_id = ${companyId}::uuid)) AS state`.execute(db)
  return rows[0]?.state
}

const CODES: Readonly<Record<string, string>> = {
  unknown_reservation: 'NOT_FOUND',
  wrong_state: 'WRONG_STATE',
  conflict: 'USAGE_CONFLICT',
  in_future: 'USAGE_BEYOND_RESERVATION',
  outside_time: 'USAGE_BEYOND_RESERVATION',
  too_many_gpus: 'USAGE_BEYOND_RESERVATION',
  beyond_reserved: 'USAGE_BEYOND_RESERVATION',
}

type Told = { readonly slot: number; readonly record: UsageRecord }

/** One record, told in TypeScript, in a transaction of its own. */
async function tellOne(to: Twin, { slot, record }: Told): Promise<string> {
  const reservationId = `Reservation:${to.companyId}:${to.reservations[slot] ?? newId()}`
  const wire = { ...record, gpuSeconds: record.gpuSeconds.toString() }
  try {
    const answer = await reportUsageInTypeScript(deps, staff.provider.actor, { reservationId, records: [wire] })
    const [only] = answer.records
    return only?.outcome === 'RECORDED' ? `recorded ${only.charged}` : 'known'
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    return error.code
  }
}

async function tellBatch(to: Twin, poolId: Uuid, batch: readonly Told[]): Promise<string[]> {
  const { answers } = await inTransaction(db, (trx) =>
    postUsage(trx, {
      companyId: to.companyId,
      records: batch.map(({ slot, record }) => ({ ...record, reservationId: to.reservations[slot] ?? newId() })),
      pools: [poolId],
      actorId: staff.provider.id,
      whole: false,
    }),
  )
  return answers.map(({ outcome, charged }) =>
    outcome === 'recorded' ? `recorded ${charged}` : outcome === 'known' ? 'known' : (CODES[outcome] ?? outcome),
  )
}

const told: fc.Arbitrary<Told> = fc
  .record({
    slot: fc.oneof({ weight: 12, arbitrary: fc.constantFrom(0, 1) }, { weight: 1, arbitrary: fc.constant(2) }),
    name: fc.integer({ min: 1, max: 25 }),
    // Mostly of a size of which some fit and some do not: 14,400 GPU-seconds are reserved.
    gpuSeconds: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 4000 })),
    from: fc.integer({ min: -2, max: 58 }),
    minutes: fc.integer({ min: 1, max: 30 }),
    job: fc.constantFrom(null, 'train.sh', 'a "job" of {braces}, \\ and umlauts: \u00e4'),
  })
  .map(({ slot, name, gpuSeconds, from, minutes, job }) => {
    const start = 60 * ((slot % 2) + 1) + from
    return {
      slot,
      record: {
        source: 'slurm',
        externalId: `job ${name}`,
        gpuSeconds: BigInt(gpuSeconds),
        startedAt: at(start),
        endedAt: at(start + minutes),
        job,
      },
    }
  })

const earning = fc.record({
  total: fc.constantFrom(1n, 7n, 1000n, 117_503n),
  cliffOf: fc.constantFrom(1_000_000_000n, 10n),
  basis: fc.constantFrom('delivered' as const, 'delivered' as const, 'reserved' as const, 'released' as const),
  allocation: fc.constantFrom('CUMULATIVE_ROUNDING' as const, 'CUMULATIVE_ROUND_DOWN' as const, 'FRACTIONAL' as const),
  tranches: fc.constantFrom(null, 7, 100),
})
const history = fc.record({
  terms: fc.record({
    factor: fc.constantFrom(10n ** 10n, 1_000_000n, 3_333_333_333n, 23_456_789_012n),
    lots: fc.constantFrom<readonly [string, string]>(['0.5', '1.5'], ['0.000003', '3'], ['2', '0.01']),
    earning: fc.tuple(earning, earning),
  }),
  batches: fc.array(fc.array(told, { minLength: 1, maxLength: 30 }), { minLength: 2, maxLength: 5 }),
})

/** Tells one twin record by record and the other in batches: the answers and all that was moved must be equal. */
async function sameAsOneByOne({
  terms,
  batches,
}: {
  terms: Terms
  batches: readonly (readonly Told[])[]
}): Promise<void> {
  const pool = await makePool(world, { factor: terms.factor })
  const [one, other] = [await twin(pool, terms), await twin(pool, terms)]
  await world.setClock(at(175))
  for (const batch of batches) {
    const expected: string[] = []
    for (const each of batch) expected.push(await tellOne(one, each))
    assert.deepEqual(await tellBatch(other, pool.poolId, batch), expected)
  }
  assert.deepEqual(await stateOf(other), await stateOf(one))
  await assertSound(world, other)
}

test('over random histories a batch does to the micro-token and share what its records did one by one', async () => {
  await fc.assert(fc.asyncProperty(history, sameAsOneByOne), { numRuns: 12 })
})

/** New records of one reservation in each batch, all within its bounds: what `usage_post` works out as a whole, but for a few. */
const plainHistory = fc
  .record({
    terms: fc.record({
      factor: fc.constantFrom(10n ** 10n, 1_000_000n, 3_333_333_333n, 23_456_789_012n),
      lots: fc.constantFrom<readonly [string, string]>(['0.5', '1.5'], ['0.000003', '3'], ['2', '0.01'], ['8', '1']),
      earning: fc.tuple(earning, earning),
    }),
    slots: fc.array(fc.constantFrom(0, 1), { minLength: 2, maxLength: 5 }),
    records: fc.array(
      fc.record({ gpuSeconds: fc.integer({ min: 1, max: 240 }), from: fc.integer({ min: 0, max: 58 }) }),
      { minLength: 10, maxLength: 60 },
    ),
    odd: fc.option(fc.record({ at: fc.nat(59), told: told })),
  })
  .map(({ terms, slots, records, odd }) => {
    const batches: Told[][] = slots.map(() => [])
    for (const [index, { gpuSeconds, from }] of records.entries()) {
      const slot = slots[index % slots.length] ?? 0
      const start = 60 * (slot + 1) + from
      const times = { startedAt: at(start), endedAt: at(start + 1) }
      const record = {
        source: 'slurm',
        externalId: `plain ${index}`,
        gpuSeconds: BigInt(gpuSeconds),
        ...times,
        job: null,
      }
      batches[index % slots.length]?.push({ slot, record })
    }
    // One record that repeats another, goes beyond the reservation or is of the other one makes a batch one that is not plain.
    if (odd !== null) batches[odd.at % batches.length]?.splice(odd.at, 0, odd.told)
    return { terms, batches }
  })

test('batches of new records of one reservation, worked out as a whole, do what their records did one by one', async () => {
  await fc.assert(fc.asyncProperty(plainHistory, sameAsOneByOne), { numRuns: 15 })
})

test('a sum that no number holds is refused record by record, and what comes after it is recorded', async () => {
  const terms: Terms = {
    factor: 10n ** 10n,
    lots: ['1', '7'],
    earning: [
      { total: 100n, cliffOf: 10n ** 9n, basis: 'delivered', allocation: 'CUMULATIVE_ROUND_DOWN', tranches: null },
    ],
  }
  const pool = await makePool(world, { factor: terms.factor })
  const it = await twin(pool, terms)
  await world.setClock(at(175))
  const record = (name: string, gpuSeconds: bigint): Told => ({
    slot: 0,
    record: { source: 's', externalId: name, gpuSeconds, startedAt: at(60), endedAt: at(120), job: null },
  })
  const most = 10n ** 18n - 1n
  const batch = [...Array.from({ length: 12 }, (_, index) => record(`huge ${index}`, most)), record('small', 3600n)]
  assert.deepEqual(await tellBatch(it, pool.poolId, batch), [
    ...Array.from({ length: 12 }, () => 'USAGE_BEYOND_RESERVATION'),
    'recorded 1000000',
  ])
})

test('the database counts shares and makes ids as the application does', async () => {
  const terms = fc
    .record({
      total: fc.bigInt({ min: 1n, max: 10n ** 12n }),
      granted: fc.bigInt({ min: 1n, max: 10n ** 18n }),
      part: fc.integer({ min: 0, max: 1000 }),
      cliffOf: fc.integer({ min: 1, max: 1000 }),
      tranches: fc.option(fc.integer({ min: 1, max: 1000 })),
      allocation: fc.constantFrom(
        'CUMULATIVE_ROUNDING' as const,
        'CUMULATIVE_ROUND_DOWN' as const,
        'FRACTIONAL' as const,
        'FRONT_LOADED' as const,
        'BACK_LOADED' as const,
        'FRONT_LOADED_TO_SINGLE_TRANCHE' as const,
        'BACK_LOADED_TO_SINGLE_TRANCHE' as const,
      ),
    })
    .map(({ part, cliffOf, tranches, allocation, ...rest }) => ({
      ...rest,
      allocation,
      tranches: tranches ?? (allocation.includes('LOADED') ? 12 : null),
      cliff: rest.granted / BigInt(cliffOf),
      basis: (rest.granted * BigInt(part)) / 1000n,
    }))
  const samples = fc.sample(terms, 500)
  const column = <T>(of: (sample: (typeof samples)[number]) => T) => samples.map((sample) => String(of(sample)))
  const { rows } = await sql<{ earned: bigint }>`
    SELECT drawdown_earned(total, granted, allocation, nullif(tranches, 'null')::integer, cliff, basis) AS earned
    FROM unnest(${column((s) => s.total)}::bigint[], ${column((s) => s.granted)}::bigint[], ${column((s) => s.allocation)}::text[],
      ${column((s) => s.tranches)}::text[], ${column((s) => s.cliff)}::bigint[], ${column((s) => s.basis)}::bigint[])
      AS s (total, granted, allocation, tranches, cliff, basis)`.execute(db)
  assert.deepEqual(
    rows.map((row) => row.earned),
    samples.map((sample) => earnedShares(sample, sample.basis)),
  )
  const [first, second] = [newId(), newId()]
  const made = await sql<{ derived: Uuid; fresh: Uuid }>`
    SELECT equihour_derived_id('post_pending', ${first}, ${second}) AS derived, equihour_new_id() AS fresh`.execute(db)
  assert.equal(made.rows[0]?.derived, derivedId('post_pending', first, second))
  const fresh = made.rows[0]?.fresh ?? ''
  assert.match(fresh, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  const milliseconds = Number.parseInt(fresh.replace('-', '').slice(0, 12), 16)
  assert.ok(Math.abs(milliseconds - Date.now()) < 60_000)
})

test('the audit event of a batch has the leaf hash of its canonical JSON, for one reservation and for several', async () => {
  const terms: Terms = {
    factor: 10n ** 10n,
    lots: ['1', '7'],
    earning: [
      { total: 100n, cliffOf: 10n ** 9n, basis: 'delivered', allocation: 'CUMULATIVE_ROUND_DOWN', tranches: null },
    ],
  }
  const pool = await makePool(world, { factor: terms.factor })
  const it = await twin(pool, terms)
  await world.setClock('2026-11-20T15:00:00.120Z')
  const record = (slot: number, name: string): Told => ({
    slot,
    record: {
      source: 's',
      externalId: name,
      gpuSeconds: 3600n,
      startedAt: at(60 * (slot + 1)),
      endedAt: at(60 * (slot + 1) + 20),
      job: null,
    },
  })
  await tellBatch(it, pool.poolId, [record(0, 'a')])
  await tellBatch(it, pool.poolId, [record(0, 'a')])
  await tellBatch(it, pool.poolId, [record(0, 'b'), record(1, 'c'), record(1, 'd')])
  const events = await db
    .selectFrom('audit_event')
    .selectAll()
    .where('scope_id', '=', it.companyId)
    .where('kind', '=', 'usage.reported')
    .orderBy('event_id')
    .execute()
  assert.deepEqual(
    events.map((event) => event.payload),
    [
      {
        charged: { cancel_fee: '0', delivered: '1000000', idle_reserved: '0', no_show: '0' },
        gpuSeconds: '3600',
        newlyEarned: '0',
        records: 1,
        returned: '0',
      },
      {
        charged: { cancel_fee: '0', delivered: '3000000', idle_reserved: '0', no_show: '0' },
        gpuSeconds: '10800',
        // The first token earned nothing; these are three of the grant's seven: 42.9 of its 100 shares.
        newlyEarned: '42',
        records: 3,
        reservations: [
          { delivered: '1000000', gpuSeconds: '3600', id: `Reservation:${it.companyId}:${it.reservations[0]}` },
          { delivered: '2000000', gpuSeconds: '7200', id: `Reservation:${it.companyId}:${it.reservations[1]}` },
        ],
        returned: '0',
      },
    ],
  )
  assert.equal(events[1]?.subject, `Company:${it.companyId}`)
  for (const event of events) {
    const leaf = leafHash({
      actor: event.actor_id,
      at: event.at,
      id: event.event_id,
      kind: event.kind,
      payload: event.payload as never,
      scope: { id: event.scope_id, kind: event.scope_kind },
      subject: event.subject,
    })
    assert.deepEqual(event.leaf_hash, leaf)
  }
})
