/** GPUs that were down: what is not charged, what goes back, and what never does. One GPU-hour is one token. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { downGpuSeconds, outageCredits } from '../../api/clusters/index.ts'
import { declareNoShow } from '../../api/drawdown/index.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { accounts, corrected, recorded } from './given-corrections.ts'
import { assertSound, at, type Drawdown, givenDrawdown, progressOf, usage } from './given-drawdown.ts'

const world = await makeWorld()
const { staff } = world
const HOUR = 3600
const DOCUMENT = `mutation ($input: RecordOutageInput!) { recordOutage(input: $input) { __typename
  ... on RecordedOutage { outcome downGpuSeconds credited restatedIds reservation { outageCredit outages { gpus node gpuSeconds recordedAs } } }
  ... on DomainError { code message } ... on Refused { field reason } ... on WrongState { wrong: state } } }`

const tell = async (by: Person, input: Record<string, unknown>) => {
  const answer = await by.graphql(DOCUMENT, {
    input: { source: 'monitor', evidence: 'Ticket 7: the switch failed.', ...input },
  })
  return answer.data?.recordOutage ?? answer
}
/** GPUs down over minutes after the start. */
async function down(
  reservationId: string,
  gpus: number,
  from: number,
  until: number,
  more: Record<string, unknown> = {},
) {
  const answer = await tell(staff.provider, { reservationId, gpus, startsAt: at(from), endsAt: at(until), ...more })
  assert.equal(answer.__typename, 'RecordedOutage', JSON.stringify(answer))
  return answer
}
/** Ten GPUs for an hour, so many hours of them used by one job. */
async function used(it: Drawdown, hours: number, complete: boolean, from = 0) {
  const reservation = await it.reserved(10, 60, from)
  const name = `a${from}`
  const record = usage(name, hours * HOUR, { startedAt: at(from), endedAt: at(from + 60) })
  const ids = await recorded(world, it, reservation, [record], complete)
  return { reservation, usageId: ids[name] }
}

test('what counts as down: each instant once, different nodes together, at most what was reserved', () => {
  const within = { startsAt: at(0), endsAt: at(60) }
  const one = (gpus: number, from: number, until: number, node: string | null = null) => ({
    gpus,
    node,
    startsAt: at(from),
    endsAt: at(until),
  })
  const minutes = (...outages: ReturnType<typeof one>[]) => Number(downGpuSeconds(outages, 10, within)) / 60
  assert.equal(minutes(), 0)
  assert.equal(minutes(one(4, 0, 30)), 120)
  // 4 from 0 to 30, 4 from 20 to 50: fifty minutes of four.
  assert.equal(minutes(one(4, 0, 30), one(4, 20, 50)), 200)
  // 4 until 20, then 6 until 30, then 6 until 40: 80 + 60 + 60.
  assert.equal(minutes(one(4, 0, 30), one(6, 20, 40)), 200)
  // Two nodes: 4 + 4 over ten minutes in common: 4 x 20 + 8 x 10 + 4 x 10.
  assert.equal(minutes(one(4, 0, 30, 'n1'), one(4, 20, 40, 'n2')), 200)
  // One node twice.
  assert.equal(minutes(one(4, 0, 30, 'n1'), one(4, 0, 30, 'n1')), 120)
  // 8 + 8 of ten reserved.
  assert.equal(minutes(one(8, 0, 30, 'n1'), one(8, 0, 30, 'n2')), 300)
  // Cut at both ends: minutes 0 to 60 of ten, however many were down.
  assert.equal(minutes(one(64, -100, 400)), 600)
  assert.equal(minutes(one(4, 60, 90), one(4, -5, 0)), 0)
})

test('each lot is credited its part, by its own factor, and never more than it is charged', () => {
  const credits = (value: bigint, factor: bigint) => [
    ...outageCredits(
      new Map([
        ['a', 20n],
        ['b', 80n],
      ]),
      value,
      (lot) => (lot === 'a' ? factor : 5_000_000_000n),
    ),
  ]
  // 30 of 100 are 6 of a's 20 and 24 of b's 80, b at a half.
  assert.deepEqual(credits(30n, 10_000_000_000n), [
    ['a', 6n],
    ['b', 12n],
  ])
  // Four times 6 is above 20.
  assert.deepEqual(credits(30n, 40_000_000_000n), [
    ['a', 20n],
    ['b', 12n],
  ])
  assert.deepEqual(credits(1000n, 10_000_000_000n), [
    ['a', 20n],
    ['b', 40n],
  ])
})

test('before it is completed, what was down is not charged as unused', async () => {
  const it = await givenDrawdown(world)
  const { reservation } = await used(it, 5, false)
  // Four GPUs for 30 minutes are two GPU-hours.
  const answer = await down(reservation, 4, 0, 30)
  assert.deepEqual([answer.outcome, answer.downGpuSeconds, answer.credited], ['RECORDED', String(2 * HOUR), '0'])
  await it.told(reservation, [], true)
  // 10 reserved, 5 used, 2 of the other 5 were down: 3 are charged.
  assert.deepEqual(await accounts(world, it), { available: 99_992, 'charged:delivered': 5, 'charged:idle_reserved': 3 })
  assert.equal((await down(reservation, 4, 0, 30)).reservation.outageCredit, '2')
  await assertSound(world, it)
})

test('after the charge it goes back; twice, and again in parts, comes to the same', async () => {
  const it = await givenDrawdown(world)
  const { reservation } = await used(it, 5, true)
  assert.deepEqual(await accounts(world, it), { available: 99_990, 'charged:delivered': 5, 'charged:idle_reserved': 5 })
  assert.equal((await down(reservation, 4, 0, 30)).credited, '2')
  const again = await down(reservation, 4, 0, 30, { evidence: 'In other words.' })
  assert.deepEqual([again.outcome, again.credited], ['ALREADY_RECORDED', '0'])
  assert.equal((await down(reservation, 4, 10, 20)).credited, '0')
  assert.deepEqual(await accounts(world, it), { available: 99_992, 'charged:delivered': 5, 'charged:idle_reserved': 3 })
  // Minutes 20 to 45: fifteen more of four GPUs: one GPU-hour.
  const more = await down(reservation, 4, 20, 45)
  assert.deepEqual([more.credited, more.downGpuSeconds], ['1', String(3 * HOUR)])
  assert.deepEqual(
    more.reservation.outages.map((row: { gpuSeconds: string }) => row.gpuSeconds),
    [String(2 * HOUR), '0', String(HOUR)],
  )
  // All ten, all the time: the five that were used stay charged.
  assert.equal((await down(reservation, 64, -60, 60)).credited, '2')
  assert.deepEqual(await accounts(world, it), { available: 99_995, 'charged:delivered': 5 })
  assert.equal((await down(reservation, 10, 0, 60)).reservation.outageCredit, '5')
  await assertSound(world, it)
})

for (const [factor, credited] of [
  ['0', '0'],
  ['0.5', '1'],
  ['1.5', '3'],
  ['4', '5'],
] as const) {
  test(`the signed factor ${factor} credits ${credited} of two tokens that were down, of five charged`, async () => {
    const it = await givenDrawdown(world, { booking: { outageFactor: factor } })
    const after = await used(it, 5, true)
    assert.equal((await down(after.reservation, 4, 0, 30)).credited, credited)
    await assertSound(world, it)
    const before = await used(it, 5, false, 24 * 60)
    await down(before.reservation, 4, 24 * 60, 24 * 60 + 30)
    await it.told(before.reservation, [], true)
    const idle = 10 - 2 * Number(credited)
    const charged = await accounts(world, it)
    assert.deepEqual([charged['charged:delivered'], charged['charged:idle_reserved'] ?? 0], [10, idle])
    await assertSound(world, it)
  })
}

test('what vests by reserved time un-earns with it, and delivered time does not', async () => {
  for (const [basis, before, after] of [
    // 117,500 shares for 100,000 tokens: 10 tokens earn 11.75, 8 earn 9.4, 5 earn 5.875.
    ['reserved', 11n, 9n],
    ['delivered', 5n, 5n],
  ] as const) {
    const it = await givenDrawdown(world, { vesting: { basis } })
    const { reservation } = await used(it, 5, true)
    assert.equal((await progressOf(world, it))[0]?.earned_shares, before)
    await down(reservation, 4, 0, 30)
    assert.equal((await progressOf(world, it))[0]?.earned_shares, after)
    await assertSound(world, it)
  }
})

test('with usage corrected later: down time that turns out unused is credited too, and never twice', async () => {
  const it = await givenDrawdown(world)
  const { reservation, usageId } = await used(it, 7, true)
  // Five GPU-hours down, three of them unused.
  assert.equal((await down(reservation, 5, 0, 60)).credited, '3')
  const set = (hours: number) =>
    corrected(staff.provider, { reservationId: reservation, records: [{ usageId, gpuSeconds: String(hours * HOUR) }] })
  for (const [hours, idle] of [
    [9, 0],
    [7, 0],
    [4, 1], // six unused, five of them down
    [0, 5],
    [4, 1],
  ] as const) {
    await set(hours)
    const charged = await accounts(world, it)
    assert.deepEqual([charged['charged:delivered'] ?? 0, charged['charged:idle_reserved'] ?? 0], [hours, idle])
    await assertSound(world, it)
  }
})

test('a lot that has expired takes its tokens back as expired; metered time and no-shows', async () => {
  const it = await givenDrawdown(world)
  const { reservation } = await used(it, 5, true)
  await world.setClock('2040-01-01T00:00:00Z')
  assert.equal((await down(reservation, 4, 0, 30)).credited, '2')
  const left = await accounts(world, it)
  assert.deepEqual([left.expired, left['charged:idle_reserved']], [2, 3])
  await assertSound(world, it)

  const metered = await givenDrawdown(world, { charging: 'METERED' })
  const own = await used(metered, 5, true)
  assert.equal((await down(own.reservation, 4, 0, 30)).credited, '0')
  assert.deepEqual(await accounts(world, metered), { available: 99_995, 'charged:delivered': 5 })

  const absent = await givenDrawdown(world)
  const first = await absent.reserved(10)
  await world.setClock(at(120))
  await down(first, 4, 0, 30)
  await declareNoShow(world.deps, staff.provider.actor, { reservationId: first })
  assert.deepEqual(await accounts(world, absent), { available: 99_992, 'charged:no_show': 8 })
  assert.equal((await down(first, 10, 0, 60)).credited, '8')
  assert.deepEqual(await accounts(world, absent), { available: 100_000 })
  await assertSound(world, absent)
})

test('a stated month is made again; a final one stands, and the credit is in the next', async () => {
  const it = await givenDrawdown(world)
  const { reservation } = await used(it, 5, true)
  await it.stated('2027-01-01', '2027-02-03T09:00:00Z')
  const answer = await down(reservation, 4, 0, 30)
  assert.equal(answer.restatedIds.length, 1)
  const again = await it.founder.graphql(
    'query ($id: ID!) { node(id: $id) { ... on Statement { id sha256 figures } } }',
    {
      id: answer.restatedIds[0],
    },
  )
  const rows = (statement: { figures: { corrections: Record<string, string>[] } }) =>
    statement.figures.corrections.map((row) => [row.kind, row.from, row.to, row.tokens])
  assert.deepEqual(rows(again.data.node), [['credit', 'charged:idle_reserved', 'available', '2']])
  await it.settled(again.data.node)
  assert.deepEqual((await down(reservation, 4, 30, 45)).restatedIds, [])
  const february = await it.stated('2027-02-01', '2027-03-03T09:00:00Z')
  assert.deepEqual(rows(february), [['credit', 'charged:idle_reserved', 'available', '1']])
  await assertSound(world, it)
})

test('fifty at once credit once', async () => {
  const it = await givenDrawdown(world)
  const { reservation } = await used(it, 5, true)
  const answers = await Promise.all(Array.from({ length: 50 }, () => down(reservation, 4, 0, 30)))
  assert.equal(answers.filter(({ outcome }) => outcome === 'RECORDED').length, 1)
  assert.deepEqual(await accounts(world, it), { available: 99_992, 'charged:delivered': 5, 'charged:idle_reserved': 3 })
  await assertSound(world, it)
})

test('who may, and what is refused', async () => {
  const it = await givenDrawdown(world)
  const { reservation } = await used(it, 5, false)
  const hour = { reservationId: reservation, gpus: 4, startsAt: at(0), endsAt: at(60) }
  assert.equal((await tell(it.founder, hour)).code, 'FORBIDDEN')
  assert.equal((await tell(staff.partner, hour)).code, 'FORBIDDEN')
  const fields = async (more: Record<string, unknown>) => {
    const { __typename, field, code, wrong } = await tell(staff.provider, { ...hour, ...more })
    return [__typename, field ?? wrong ?? code]
  }
  assert.deepEqual(await fields({ endsAt: at(71) }), ['Refused', 'endsAt'])
  assert.deepEqual(await fields({ startsAt: at(60), endsAt: at(65) }), ['Refused', 'startsAt'])
  assert.deepEqual(await fields({ startsAt: at(60), endsAt: at(0) }), ['BadInterval', 'BAD_INTERVAL'])
  assert.equal((await tell(staff.provider, { ...hour, gpus: 0 })).errors[0].extensions.code, 'BAD_INPUT')
  assert.equal(
    (
      await world.deps.db
        .selectFrom('reservation_outage')
        .select('outage_id')
        .where('company_id', '=', it.companyId)
        .execute()
    ).length,
    0,
  )
  const byOperations = await tell(staff.operations, hour)
  assert.deepEqual(byOperations.reservation.outages[0].recordedAs, 'operations')
})
