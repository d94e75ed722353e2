/** Use outside any reservation draws available tokens where the signed terms let it, and is kept aside where they do not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PoolScheduler, Simulator } from '../../api/clusters/index.ts'
import { cancelReservation, pullUsage, replayUsage, settleArrears, type takeUsage } from '../../api/drawdown/index.ts'
import { formatTokens } from '../../api/platform/index.ts'
import { agreeDrawOrder, openTopUp } from '../../api/tokens/index.ts'
import { asOwner } from '../support/database.ts'
import { makeWorld } from '../support/world.ts'
import { assertSound, at, type Drawdown, progressOf } from './given-drawdown.ts'
import { givenOnDemand, type OnDemand } from './given-on-demand.ts'

const world = await makeWorld()
const { deps, staff } = world

const given = (onDemand: OnDemand | undefined) => givenOnDemand(world, onDemand)
const chargedOf = (taken: Awaited<ReturnType<typeof takeUsage>>) =>
  taken.map((each) => (each.outcome === 'RECORDED' ? each.charged : each.outcome))
const codesOf = (taken: Awaited<ReturnType<typeof takeUsage>>) =>
  taken.map((each) => ('why' in each && 'code' in each.why ? `${each.outcome} ${each.why.code}` : each.outcome))
const arrearsOf = async ({ companyId }: Drawdown) =>
  deps.db
    .selectFrom('arrears')
    .select(['amount_micro', 'settled_micro', 'reservation_id'])
    .where('company_id', '=', companyId)
    .execute()

test('it is charged exactly however it is cut, earns shares, is stated, vests, and is traced', async () => {
  const it = await given({})
  const taken = await it.tell(it.line('a', 1000), it.line('b', 1000), it.line('c', 1600))
  // 1,000 GPU-seconds are 277,777.7 micro-tokens; cumulative sums rounded down: 277,777, then 555,555, then 1,000,000.
  assert.deepEqual(chargedOf(taken), [277_777n, 277_778n, 444_445n])
  // The same again, in another order and beside a new one: an hour of 36 GPUs more, 36 tokens.
  assert.deepEqual(chargedOf(await it.tell(it.line('c', 1600), it.line('d', 129_600), it.line('a', 1000))), [
    'ALREADY_RECORDED',
    36_000_000n,
    'ALREADY_RECORDED',
  ])
  assert.deepEqual(codesOf(await it.tell(it.line('a', 1001))), ['QUARANTINED USAGE_CONFLICT'])
  const [progress] = await progressOf(world, it)
  // Of 40 tokens 37 are used: of 47 shares 43.475, rounded down.
  assert.deepEqual([progress?.delivered_micro, progress?.earned_shares, it.closed.shares], [37_000_000n, 43n, 47n])
  await assertSound(world, it)
  const statement = await it.stated('2027-01-01', '2027-02-01T00:00:00Z')
  await it.settled(statement)
  assert.equal((await progressOf(world, it))[0]?.vested_shares, 43n)
  const { data, errors } = await staff.analyst.graphql(
    `query ($company: ID!, $security: String!) {
      shareTrace(companyId: $company, securityId: $security, firstShare: "43", lastShare: "43") {
        ... on ShareTrace { termsDocumentId statementIds links { externalId gpuSeconds reservationId poolId cause } } } }`,
    { company: it.id, security: it.closed.securityId },
  )
  assert.deepEqual(errors ?? [], [])
  assert.deepEqual(data.shareTrace.links, [
    { externalId: 'd', gpuSeconds: '129600', reservationId: null, poolId: it.pool.id, cause: 'delivered' },
  ])
  assert.deepEqual(data.shareTrace.statementIds, [statement.id])
  assert.ok(data.shareTrace.termsDocumentId)
  await assertSound(world, it)
})

test('a premium raises what it costs, and the cap of a month keeps the rest aside until it fits', async () => {
  const it = await given({ premium: '1.5', monthlyCapTokens: '2' })
  // At 1.5 H100-hours a GPU-hour 2,400 GPU-seconds are a token.
  assert.deepEqual(chargedOf(await it.tell(it.line('a', 2400))), [1_000_000n])
  const taken = await it.tell(it.line('b', 2401), it.line('c', 2400), it.line('d', 1))
  assert.deepEqual(codesOf(taken), ['QUARANTINED ON_DEMAND_CAP', 'RECORDED', 'QUARANTINED ON_DEMAND_CAP'])
  const [over] = taken
  assert.ok(over?.outcome === 'QUARANTINED')
  assert.match(over.why.message, /more than the 1 tokens/)
  // It is the month in which it ended that counts: February has its own.
  await world.setClock('2027-02-10T00:00:00Z')
  const february = { startedAt: '2027-01-31T23:00:00Z', endedAt: '2027-02-01T01:00:00Z' }
  assert.deepEqual(chargedOf(await it.tell(it.line('e', 2400, february))), [1_000_000n])
  await assertSound(world, it)
})

test('where the terms do not allow it, it is kept aside with that reason, and its replay says the same', async () => {
  const it = await given(undefined)
  const [taken] = await it.tell(it.line('a', 3600))
  assert.ok(taken?.outcome === 'QUARANTINED' && taken.why.code === 'OUTSIDE_RESERVATION')
  assert.match(taken.why.message, /terms do not allow use on demand/)
  const quarantineId = `QuarantinedUsage:${world.providerId}:${taken.quarantineId}`
  await replayUsage(deps, staff.operations.actor, { quarantineId })
  const row = await deps.db
    .selectFrom('quarantine_state')
    .select(['state', 'replays'])
    .where('quarantine_id', '=', taken.quarantineId)
    .executeTakeFirstOrThrow()
  assert.deepEqual(row, { state: 'open', replays: 1 })
  assert.equal((await progressOf(world, it))[0]?.delivered_micro, 0n)
})

test('what cannot be is kept aside: ahead, before the terms, more GPUs than there are, a pool of somebody else', async () => {
  const it = await given({})
  const other = await given({})
  const lines = [
    it.line('ahead', 10, { endedAt: at(121) }),
    it.line('before the terms', 10, { startedAt: '2026-11-01T00:00:00Z', endedAt: '2026-11-01T01:00:00Z' }),
    // The pool has 64 GPUs.
    it.line('too many', 64 * 3600 + 1),
    it.line('nowhere', 10, { poolId: 'Pool:0193a7de-0000-7000-8000-000000000001' }),
  ]
  assert.deepEqual(codesOf(await it.tell(...lines)), [
    'QUARANTINED USAGE_BEYOND_RESERVATION',
    'QUARANTINED OUTSIDE_RESERVATION',
    'QUARANTINED USAGE_BEYOND_RESERVATION',
    'QUARANTINED NOT_FOUND',
  ])
  // Another company's pool of another class: this company has no tokens that it could draw there.
  assert.deepEqual(codesOf(await it.tell(it.line('elsewhere', 10, { poolId: other.pool.id }))), [
    'QUARANTINED OUTSIDE_RESERVATION',
  ])
})

test('without tokens it is owed and never negative, and charged when tokens come', async () => {
  const it = await given({})
  // 39 of 40 tokens are held for a reservation.
  const reservationId = await it.reserved(39, 60, 24 * 60, at(200))
  assert.deepEqual(chargedOf(await it.tell(it.line('a', 7200), it.line('b', 1800))), [1_000_000n, 0n])
  assert.deepEqual(await arrearsOf(it), [
    { amount_micro: 1_000_000n, settled_micro: 0n, reservation_id: null },
    { amount_micro: 500_000n, settled_micro: 0n, reservation_id: null },
  ])
  await assertSound(world, it)
  await cancelReservation(deps, it.founder.actor, { reservationId })
  const settled = await settleArrears(deps, staff.operations.actor, { companyId: it.id })
  assert.equal(formatTokens(settled.settled), '1.5')
  assert.equal(settled.open, 0n)
  assert.equal((await progressOf(world, it))[0]?.delivered_micro, 2_500_000n)
  await assertSound(world, it)
})

// The grant is the oldest and expires last; a gift follows; what was paid for is the youngest and expires first. What each
// order means: docs/ledger.md.
for (const [order, first] of [
  [undefined, 'paid'],
  ['EARLIEST_EXPIRY', 'paid'],
  ['OLDEST_FIRST', 'grant'],
  ['GRANTS_FIRST', 'grant'],
  ['GRANTS_LAST', 'paid'],
  ['UNPAID_FIRST', 'gift'],
] as const) {
  test(`it draws lots in the order ${order ?? 'of the earliest expiry, where none was agreed'}`, async () => {
    const it = await given({})
    const { companyId, tokenClassUuid: tokenClassId } = it
    const open = (expiresOn: string) =>
      deps.db
        .transaction()
        .execute((trx) =>
          openTopUp(trx, { companyId, tokenClassId, amount: 5_000_000n, expiresOn, subject: `Company:${companyId}` }),
        )
    const gift = await open('2027-06-01')
    const paid = await open('2027-05-01')
    await asOwner(
      world.ownerUrl,
      `SET session_replication_role = replica;
       UPDATE lot SET origin = 'purchase', cost = 5, cost_currency = 'USD' WHERE lot_id = '${paid.lotId}';
       RESET session_replication_role;
       INSERT INTO booking_terms SELECT (json_populate_record(b, json_build_object('lot_id', l.lot_id))).*
         FROM booking_terms b JOIN lot l ON l.company_id = b.company_id AND l.origin <> 'grant'
         WHERE b.company_id = '${companyId}'`,
    )
    if (order !== undefined) {
      const agreed = { companyId, tokenClassId, order, effectiveOn: '2027-01-01', source: 'Document:x:y' }
      await deps.db.transaction().execute((trx) => agreeDrawOrder(trx, agreed))
    }
    await it.tell(it.line('a', 3600))
    const charges = await deps.db.selectFrom('charge').select('lot_id').where('company_id', '=', companyId).execute()
    const names = new Map([
      [gift.lotId, 'gift'],
      [paid.lotId, 'paid'],
    ])
    assert.deepEqual(
      charges.map((charge) => names.get(charge.lot_id) ?? 'grant'),
      [first],
    )
  })
}

test('fifty at once charge once, and a job that a reservation has is not drawn again', async () => {
  const it = await given({})
  const answers = await Promise.all(Array.from({ length: 50 }, () => it.tell(it.line('a', 3600))))
  assert.equal(answers.flat().filter(({ outcome }) => outcome === 'RECORDED').length, 1)
  assert.equal(answers.flat().filter(({ outcome }) => outcome === 'ALREADY_RECORDED').length, 49)
  const reservationId = await it.reserved(10, 60, 0, at(120))
  const inReservation = {
    source: 'slurm/fjord',
    externalId: 'r',
    gpuSeconds: '3600',
    startedAt: at(0),
    endedAt: at(60),
    job: 'train.sh',
  }
  await it.told(reservationId, [inReservation])
  assert.deepEqual(chargedOf(await it.tell(it.line('r', 3600))), ['ALREADY_RECORDED'])
  assert.equal((await progressOf(world, it))[0]?.delivered_micro, 2_000_000n)
  await assertSound(world, it)
})

test('jobs in no reservation are read from the scheduler, of the companies whose accounts are known', async () => {
  const it = await given({})
  let now = Date.parse(at(120)) / 1000
  const scheduler = new Simulator({ capacity: { h100: 64 }, accounts: ['startup', 'other'], now: () => now })
  const target: PoolScheduler = {
    poolId: it.pool.poolId,
    scheduler,
    gpuModel: 'h100',
    accountOf: () => 'startup',
    companies: [it.companyId],
  }
  scheduler.runOutside('startup', 'h100', 8, 900)
  scheduler.runOutside('other', 'h100', 8, 900)
  const pull = async (minutes: number) => {
    await world.setClock(at(minutes))
    now = Date.parse(at(minutes)) / 1000
    const run = await pullUsage(deps, target)
    return [run?.recorded, run?.known, run?.quarantined]
  }
  assert.deepEqual(await pull(130), [0, 0, 0], 'it still runs')
  assert.deepEqual(await pull(136), [1, 0, 0])
  assert.deepEqual(await pull(141), [0, 1, 0])
  // 8 GPUs for 900 s are two tokens.
  assert.equal((await progressOf(world, it))[0]?.delivered_micro, 2_000_000n)
  await assertSound(world, it)
})
