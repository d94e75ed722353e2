/** Use outside any reservation that was recorded wrongly is corrected by the laws of every correction. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cancelReservation } from '../../api/drawdown/index.ts'
import { newId, parseTokens } from '../../api/platform/index.ts'
import { both } from '../closing/given-deal.ts'
import { asOwner } from '../support/database.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { accounts, settleArrears } from './given-corrections.ts'
import { answerIt, assertSound, at, progressOf } from './given-drawdown.ts'
import { givenOnDemand, type OnDemand, type OnDemandDeal } from './given-on-demand.ts'

const world = await makeWorld()
const { staff } = world
const HOUR = 3600
const [JANUARY, FEBRUARY] = ['2027-01-01', '2027-02-01'] as const

const CORRECT = `mutation ($input: CorrectOnDemandUsageInput!) { correctOnDemandUsage(input: $input) { __typename
  ... on CorrectedOnDemandUsage { poolId companyId earnedChange arrears restatedIds
    records { usageId gpuSecondsBefore gpuSecondsAfter arrears moves { from to tokens } } }
  ... on DomainError { code message } ... on Refused { field reason } ... on OnDemandCapReached { externalId left } } }`
const send = async (by: Person, input: Record<string, unknown>) => {
  const answer = await by.graphql(CORRECT, {
    input: { reasonCode: 'WRONG_METER', reason: 'The meter ran on.', ...input },
  })
  return answer.data?.correctOnDemandUsage ?? answer
}

/** A deal that is charged on demand for what is told, with the ids of those records by their names. */
async function drawn(onDemand: OnDemand, uses: Record<string, number>, tokens?: string) {
  const it = await givenOnDemand(world, onDemand, tokens)
  const ids = await tell(it, uses)
  const one = (name: string, gpuSeconds: number | string, more: Record<string, unknown> = {}) => ({
    poolId: it.pool.id,
    companyId: it.id,
    records: [{ usageId: ids[name], gpuSeconds: String(gpuSeconds) }],
    ...more,
  })
  const corrected = async (by: Person, ...of: Parameters<typeof one>) => {
    const answer = await send(by, one(...of))
    assert.equal(answer.__typename, 'CorrectedOnDemandUsage', JSON.stringify(answer))
    return answer
  }
  return { it, ids, one, corrected }
}
async function tell(it: OnDemandDeal, uses: Record<string, number>, more: Record<string, unknown> = {}) {
  const lines = Object.entries(uses).map(([name, gpuSeconds]) => it.line(name, gpuSeconds, more))
  const taken = await it.tell(...lines)
  return Object.fromEntries(
    taken.map((each, index) => {
      assert.ok(each.outcome === 'RECORDED', each.outcome)
      return [Object.keys(uses)[index] ?? '', each.usageId]
    }),
  )
}
const earned = async (it: OnDemandDeal) => (await progressOf(world, it))[0]?.earned_shares
const owed = async ({ companyId }: OnDemandDeal) => {
  const rows = await world.deps.db.selectFrom('arrears').selectAll().where('company_id', '=', companyId).execute()
  return rows.reduce((sum, row) => sum + row.amount_micro - row.settled_micro - row.cancelled_micro, 0n)
}
const month = async ({ companyId }: OnDemandDeal) =>
  world.deps.db
    .selectFrom('on_demand_month')
    .select(['month', 'cost_micro'])
    .where('company_id', '=', companyId)
    .orderBy('month')
    .execute()

test('what it costs less is available again, its shares are not earned, and nothing stored is edited', async () => {
  const { it, ids, corrected } = await drawn({}, { a: 20 * HOUR, b: 10 * HOUR })
  // Of 40 tokens 30 are used: 47 * 30 / 40 = 35.25 shares.
  assert.equal(await earned(it), 35n)
  const answer = await corrected(staff.provider, 'a', 4 * HOUR)
  assert.deepEqual(
    [answer.poolId, answer.companyId, answer.records[0].moves],
    [it.pool.id, it.id, [{ from: 'charged:delivered', to: 'available', tokens: '16' }]],
  )
  // 47 * 14 / 40 = 16.45: nineteen shares fewer.
  assert.deepEqual([answer.earnedChange, await earned(it)], ['-19', 16n])
  assert.deepEqual(await accounts(world, it), { available: 26, 'charged:delivered': 14 })
  const record = await world.deps.db
    .selectFrom('usage_record')
    .select(['gpu_seconds', 'charged_micro'])
    .where('company_id', '=', it.companyId)
    .where('usage_id', '=', ids.a ?? '')
    .executeTakeFirstOrThrow()
  assert.deepEqual(record, { gpu_seconds: 72_000n, charged_micro: 20_000_000n })
  await assertSound(world, it)
  // Raised again, and lowered by the fund: the same meter.
  await corrected(staff.provider, 'a', 6 * HOUR)
  await corrected(staff.operations, 'b', 0)
  assert.deepEqual(await accounts(world, it), { available: 34, 'charged:delivered': 6 })
  assert.equal(await earned(it), 7n)
  await assertSound(world, it)
})

test('a void takes back all of a record, seconds that rounding left without a charge too, owed ones among them', async () => {
  const { it, corrected } = await drawn({}, { a: 1, b: 1, c: 1 })
  // 277, 278 and 278 micro-tokens; what is left of the meter is 555, 277, 0.
  for (const [name, left] of [
    ['b', 555n],
    ['a', 277n],
    ['c', 0n],
  ] as const) {
    await corrected(staff.provider, name, 0)
    assert.equal((await progressOf(world, it))[0]?.delivered_micro, left)
    await assertSound(world, it)
  }
  assert.deepEqual(await accounts(world, it), { available: 40 })
  // A second short of 40 tokens is 39,999,722 micro-tokens; d costs the last 278, and of e 277 are owed.
  const other = await drawn({}, { most: 40 * HOUR - 1, d: 1, e: 1 })
  assert.equal(await owed(other.it), 277n)
  // Without d the meter comes to 40 tokens, 277 less: one is left with d until e goes, which is 278 less.
  await other.corrected(staff.provider, 'd', 0)
  assert.equal(await owed(other.it), 277n)
  await assertSound(world, other.it)
  await other.corrected(staff.provider, 'e', 0)
  assert.equal(await owed(other.it), 0n)
  assert.equal((await progressOf(world, other.it))[0]?.delivered_micro, 39_999_722n)
  await assertSound(world, other.it)
})

test('what there are no tokens for is owed, cancelled first when it is lowered again, and charged when tokens come', async () => {
  const { it, corrected } = await drawn({}, { a: 10 * HOUR }, '12')
  const raised = await corrected(staff.provider, 'a', 15 * HOUR)
  assert.deepEqual(
    [raised.arrears, raised.records[0].moves],
    ['3', [{ from: 'available', to: 'charged:delivered', tokens: '2' }]],
  )
  assert.deepEqual(await accounts(world, it), { 'charged:delivered': 12 })
  await assertSound(world, it)
  const lowered = await corrected(staff.provider, 'a', 13 * HOUR)
  assert.deepEqual(lowered.records[0].moves, [])
  assert.equal(await owed(it), 1_000_000n)
  await assertSound(world, it)
  const more = await corrected(staff.provider, 'a', 11 * HOUR)
  assert.deepEqual(more.records[0].moves, [{ from: 'charged:delivered', to: 'available', tokens: '1' }])
  assert.equal(await owed(it), 0n)
  // A reservation holds the last token; what is raised then is owed until it returns.
  const reservationId = await it.reserved(1, 60, 24 * 60, at(200))
  assert.equal((await corrected(staff.provider, 'a', 12 * HOUR)).arrears, '1')
  await cancelReservation(world.deps, it.founder.actor, { reservationId })
  assert.deepEqual((({ settled, open }) => [settled, open])(await settleArrears(staff.operations, it.id)), ['1', '0'])
  assert.deepEqual(await accounts(world, it), { 'charged:delivered': 12 })
  await assertSound(world, it)
})

test('very many arrears are settled so many at once, and the rest by the next call', async () => {
  const it = await givenOnDemand(world, {}, '12')
  // A reservation holds all of it, so every second is owed: 277 or 278 micro-tokens.
  const reservationId = await it.reserved(12, 60, 24 * 60, at(200))
  await tell(it, Object.fromEntries(Array.from({ length: 201 }, (_, index) => [`second ${index + 1}`, 1])))
  const all = (201n * 1_000_000n) / 3600n
  assert.equal(await owed(it), all)
  await cancelReservation(world.deps, it.founder.actor, { reservationId })
  const first = await settleArrears(staff.operations, it.id)
  const rest = parseTokens(first.open)
  assert.ok(rest === 277n || rest === 278n, `one of them is left: ${first.open}`)
  assert.equal(parseTokens(first.settled), all - rest)
  await assertSound(world, it)
  const second = await settleArrears(staff.operations, it.id)
  assert.deepEqual([parseTokens(second.settled), second.open], [rest, '0'])
  await assertSound(world, it)
})

test('a lot that has expired keeps what comes back', async () => {
  const { it, corrected } = await drawn({}, { a: 10 * HOUR })
  await world.setClock('2040-01-01T00:00:00Z')
  const answer = await corrected(staff.provider, 'a', HOUR)
  assert.deepEqual(answer.records[0].moves, [{ from: 'charged:delivered', to: 'expired', tokens: '9' }])
  await assertSound(world, it)
})

test('the rate is the record’s own, and the month’s cap binds what is raised', async () => {
  // At 1.5 H100-hours a GPU-hour 2,400 GPU-seconds are a token; three of them a month.
  const { it, one, corrected } = await drawn({ premium: '1.5', monthlyCapTokens: '3' }, { a: 2400, b: 2400 })
  const over = await send(staff.provider, one('a', 4801))
  assert.deepEqual([over.__typename, over.externalId, over.left], ['OnDemandCapReached', 'a', '1'])
  assert.deepEqual(await accounts(world, it), { available: 38, 'charged:delivered': 2 })
  await corrected(staff.provider, 'a', 4800)
  assert.deepEqual(await month(it), [{ month: JANUARY, cost_micro: 3_000_000n }])
  // What is lowered makes room in the month in which it ended, whenever that is told.
  await world.setClock('2027-02-10T00:00:00Z')
  await corrected(staff.provider, 'b', 0)
  await tell(it, { c: 2400 })
  assert.deepEqual(await month(it), [{ month: JANUARY, cost_micro: 3_000_000n }])
  await assertSound(world, it)
})

test('a statement that is not final is made again; after final it is in the next, and what has vested stays', async () => {
  const { it, corrected } = await drawn({}, { a: 20 * HOUR })
  const before = await it.stated(JANUARY, '2027-02-03T09:00:00Z')
  const first = await corrected(staff.provider, 'a', 10 * HOUR)
  assert.equal(first.restatedIds.length, 1)
  const old = await answerIt(it.founder, { statementId: before.id, sha256: before.sha256, answer: 'ACCEPT' })
  assert.deepEqual([old.__typename, old.wrong], ['WrongState', 'superseded'])
  const { data } = await it.founder.graphql(
    'query ($id: ID!) { node(id: $id) { ... on Statement { id sha256 figures lines { basisAtClose earnedAtClose } } } }',
    { id: first.restatedIds[0] },
  )
  const row = data.node.figures.corrections[0]
  assert.deepEqual(
    [row.kind, row.before, row.after, row.externalId, row.pool, row.to, row.tokens, row.ofMonth],
    ['lower', '72000', '36000', 'a', it.pool.id, 'available', '10', '2027-01'],
  )
  // 47 * 10 / 40 = 11.75.
  assert.deepEqual(data.node.lines, [{ basisAtClose: '10', earnedAtClose: '11' }])
  await it.settled(data.node)
  const second = await corrected(staff.provider, 'a', 4 * HOUR)
  assert.deepEqual([second.restatedIds, second.earnedChange], [[], '0'])
  const february = await it.stated(FEBRUARY, '2027-03-03T09:00:00Z')
  assert.deepEqual([february.figures.grants[0].deficit, february.lines[0].basisAtClose], ['6', '10'])
  assert.deepEqual(
    february.figures.corrections.map((each: Record<string, string>) => [each.kind, each.ofMonth, each.tokens]),
    [['lower', '2027-01', '6']],
  )
  assert.equal((await progressOf(world, it))[0]?.vested_shares, 11n)
  await assertSound(world, it)
})

const inDispute = async (by: Person, name: string, input: Record<string, unknown>) => {
  const answer = await by.graphql(
    `mutation ($input: ${name[0]?.toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) { __typename
      ... on Dispute { disputeId state proposals { proposalId } } ... on DomainError { code message } } }`,
    { input },
  )
  return answer.data?.[name] ?? answer
}

test('both sides settle a dispute over it by correcting it', async () => {
  const { it, ids } = await drawn({}, { a: 8 * HOUR, b: 12 * HOUR })
  const january = await it.stated(JANUARY, '2027-02-03T09:00:00Z')
  await answerIt(it.founder, {
    statementId: january.id,
    sha256: january.sha256,
    answer: 'DISPUTE',
    reason: 'Job b never ran so long.',
    reasonCode: 'WRONG_AMOUNT',
    usageIds: [ids.b],
  })
  const { data } = await it.founder.graphql(
    'query ($id: ID!) { node(id: $id) { ... on Company { disputes { disputeId } } } }',
    { id: it.id },
  )
  const { disputeId } = data.node.disputes[0]
  const proposed = await inDispute(it.founder, 'proposeSettlement', {
    disputeId,
    outcome: 'CORRECTED',
    records: [{ usageId: ids.b, gpuSeconds: String(2 * HOUR) }],
    note: 'Two hours ran.',
  })
  const { proposalId } = proposed.proposals[0]
  const settled = await inDispute(staff.operations, 'confirmSettlement', { disputeId, proposalId })
  assert.equal(settled.state, 'resolved', JSON.stringify(settled))
  assert.deepEqual(await accounts(world, it), { available: 30, 'charged:delivered': 10 })
  assert.equal(await earned(it), 11n)
  await assertSound(world, it)
})

/** January is stated, one of its records is disputed, and the dispute is set aside. */
async function setAside(it: OnDemandDeal, usageId: string | undefined): Promise<string> {
  const january = await it.stated(JANUARY, '2027-02-03T09:00:00Z')
  await answerIt(it.founder, {
    statementId: january.id,
    sha256: january.sha256,
    answer: 'DISPUTE',
    reason: 'It never ran.',
    reasonCode: 'NOT_RECEIVED',
    usageIds: [usageId],
  })
  const { data } = await it.founder.graphql(
    'query ($id: ID!) { node(id: $id) { ... on Company { disputes { disputeId } } } }',
    { id: it.id },
  )
  const { disputeId } = data.node.disputes[0]
  await staff.operations.graphql(
    'mutation ($input: SetDisputeAsideInput!) { setDisputeAside(input: $input) { __typename } }',
    { input: { disputeId } },
  )
  return disputeId
}

test('what is in a dispute that was set aside is not corrected meanwhile', async () => {
  const { it, ids, one } = await drawn({}, { a: 8 * HOUR })
  await setAside(it, ids.a)
  assert.match((await send(staff.provider, one('a', HOUR))).reason, /dispute that was set aside/)
  await assertSound(world, it)
})

test('rounding that comes off a record in a dispute that was set aside is not taken from the basis twice', async () => {
  const { it, ids, corrected } = await drawn({}, { a: 1, b: 1 })
  const disputeId = await setAside(it, ids.b)
  const basis = async () => (await progressOf(world, it))[0]?.basis_micro
  // A second is 277.77 micro-tokens, two are 555.55: the first cost 277, the second 278, and one second costs 277 again.
  assert.equal(await basis(), 277n)
  await corrected(staff.provider, 'a', 0)
  assert.equal(await basis(), 0n)
  await assertSound(world, it)
  const { proposals } = await inDispute(it.founder, 'proposeSettlement', {
    disputeId,
    outcome: 'STANDS',
    note: 'It ran.',
  })
  const [{ proposalId }] = proposals
  await inDispute(staff.operations, 'confirmSettlement', { disputeId, proposalId })
  assert.equal(await basis(), 277n)
  await assertSound(world, it)
})

test('who may, and what is refused, is as with reservations', async () => {
  const { it, ids, one } = await drawn({}, { a: 7 * HOUR })
  const other = await drawn({}, { x: HOUR })
  const twofold = await both(world, 'operations', 'founder', { companyId: it.companyId })
  for (const person of [
    it.founder,
    it.signatory,
    staff.analyst,
    staff.partner,
    staff.compliance,
    staff.admin,
    twofold,
  ]) {
    assert.equal((await send(person, one('a', HOUR))).__typename, 'Forbidden')
  }
  for (const person of [staff.otherProvider, staff.regulator]) {
    assert.equal((await send(person, one('a', HOUR))).__typename, 'NotFound')
  }
  // A company that has none of the pool's tokens looks like none.
  assert.equal((await send(staff.provider, one('a', HOUR, { companyId: other.it.id }))).code, 'NOT_FOUND')
  const own = { poolId: other.it.pool.id, companyId: other.it.id }
  assert.match((await send(staff.provider, one('a', HOUR, own))).reason, /no usage record of this company outside/)
  const reservation = await it.reserved(1, 60, 0, at(120))
  await it.told(reservation, [
    { source: 'slurm', externalId: 'r', gpuSeconds: '60', startedAt: at(0), endedAt: at(60), job: 'r.sh' },
  ])
  const reserved = await world.deps.db
    .selectFrom('usage_record')
    .select('usage_id')
    .where('company_id', '=', it.companyId)
    .where('external_id', '=', 'r')
    .executeTakeFirstOrThrow()
  const refused = async (by: Person, usageId: string | undefined, gpuSeconds: string) =>
    (await send(by, one('a', 0, { records: [{ usageId, gpuSeconds }] }))).reason
  assert.match(await refused(staff.provider, reserved.usage_id, '1'), /no usage record of this company outside/)
  assert.match(await refused(staff.provider, newId(), '1'), /no usage record/)
  assert.match(await refused(staff.operations, ids.a, String(8 * HOUR)), /provider only/)
  assert.match(await refused(staff.provider, ids.a, String(7 * HOUR)), /is 25200 already/)
  // An hour of the pool's 64 GPUs is 230,400 GPU-seconds.
  assert.match(await refused(staff.provider, ids.a, '231000'), /more than 64 GPUs of the pool/)
  const twice = { records: [1, 2].map((hours) => ({ usageId: ids.a, gpuSeconds: String(hours * HOUR) })) }
  assert.match((await send(staff.provider, one('a', 0, twice))).reason, /each record once/)
  for (const bad of ['-1', '1.5', '']) {
    assert.equal((await send(staff.provider, one('a', bad))).errors?.[0]?.extensions.code, 'BAD_INPUT')
  }
  assert.equal((await progressOf(world, it))[0]?.delivered_micro, 7_016_666n)
  await assertSound(world, it)
})

test('with a key it happens once; of fifty at once one does', async () => {
  const { it, one } = await drawn({}, { a: 7 * HOUR })
  const keyed = one('a', 6 * HOUR, { idempotencyKey: 'once' })
  assert.deepEqual(await send(staff.provider, keyed), await send(staff.provider, keyed))
  const answers = await Promise.all(Array.from({ length: 50 }, () => send(staff.provider, one('a', 4 * HOUR))))
  assert.equal(answers.filter((answer) => answer.__typename === 'CorrectedOnDemandUsage').length, 1)
  assert.equal(answers.filter((answer) => /already/.test(answer.reason ?? '')).length, 49)
  await assertSound(world, it)
})

test('what fails at its last step has changed nothing', async () => {
  const { it, one, corrected } = await drawn({}, { a: 7 * HOUR })
  await it.stated(JANUARY, '2027-02-03T09:00:00Z')
  const before = [await accounts(world, it), await progressOf(world, it), await month(it)]
  await asOwner(
    world.ownerUrl,
    `CREATE FUNCTION fall() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the power went'; END $$;
     CREATE TRIGGER falls BEFORE INSERT ON audit_event FOR EACH ROW WHEN (NEW.kind = 'usage.corrected') EXECUTE FUNCTION fall()`,
  )
  const answer = await send(staff.provider, one('a', 4 * HOUR))
  assert.ok(answer.errors?.length > 0)
  await asOwner(world.ownerUrl, 'DROP TRIGGER falls ON audit_event; DROP FUNCTION fall')
  assert.deepEqual([await accounts(world, it), await progressOf(world, it), await month(it)], before)
  await corrected(staff.provider, 'a', 4 * HOUR)
  await assertSound(world, it)
})

test('use that is drawn and corrected at the same time comes to the same', async () => {
  const { it, one } = await drawn({}, { a: 7 * HOUR })
  await Promise.all([
    ...Array.from({ length: 10 }, (_, n) => it.tell(it.line(`more ${n}`, 1000))),
    ...Array.from({ length: 10 }, (_, n) => send(staff.provider, one('a', 1000 + n))),
  ])
  const rows = await world.deps.db
    .selectFrom('on_demand_meter')
    .select('gpu_seconds')
    .where('company_id', '=', it.companyId)
    .execute()
  // Ten records of 1,000 GPU-seconds, and whichever correction came last.
  const corrected = Number(rows[0]?.gpu_seconds) - 10_000
  assert.ok(rows.length === 1 && corrected >= 1000 && corrected < 1010, `${corrected}`)
  await assertSound(world, it)
})

test('after a correction each share is still traced to the records that earned it, without gap', async () => {
  const { it, corrected } = await drawn({}, { a: 20 * HOUR, b: 10 * HOUR })
  await corrected(staff.provider, 'a', 8 * HOUR)
  await it.settled(await it.stated(JANUARY, '2027-02-03T09:00:00Z'))
  // Of 40 tokens 18 are used: 47 * 18 / 40 = 21.15 shares.
  const { data } = await it.founder.graphql(
    `query ($company: ID!, $security: String!) { shareTrace(companyId: $company, securityId: $security, firstShare: "1", lastShare: "21") {
      ... on ShareTrace { links { basisFrom basisTo externalId reservationId } } } }`,
    { company: it.id, security: it.closed.securityId },
  )
  const { links } = data.shareTrace
  assert.deepEqual(
    links.map(({ externalId, reservationId }: Record<string, unknown>) => [externalId, reservationId]),
    [
      ['a', null],
      ['b', null],
    ],
  )
  assert.deepEqual([links[0].basisFrom, links[0].basisTo, links[1].basisFrom], ['0', '8', '8'])
})

test('whatever is told and corrected, in any order, its meter rounded once is charged or owed', async () => {
  let seed = 20_270_105
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % below
  }
  // Eight tokens only, so that some of it is owed.
  const { it, corrected, ids } = await drawn({ premium: '1.3333333333' }, { first: 777 }, '8')
  const model = new Map<string, number>([['first', 777]])
  for (let step = 1; step <= 40; step += 1) {
    if (random(3) === 0) {
      const [name, seconds] = [`job ${step}`, 1 + random(4000)]
      Object.assign(ids, await tell(it, { [name]: seconds }))
      model.set(name, seconds)
    } else {
      const name = [...model.keys()][random(model.size)] ?? ''
      const seconds = random(4) === 0 ? 0 : random(4000)
      if (seconds === model.get(name)) continue
      await corrected(staff.provider, name, seconds)
      model.set(name, seconds)
    }
    const total = BigInt([...model.values()].reduce((sum, seconds) => sum + seconds, 0))
    // GPU-seconds times 1.3333333333 H100-hours an hour, in micro-tokens, rounded down.
    const expected = (total * 13_333_333_333n * 1_000_000n) / (3600n * 10_000_000_000n)
    const charged = (await progressOf(world, it))[0]?.delivered_micro ?? 0n
    assert.equal(charged + (await owed(it)), expected, `step ${step}`)
    assert.ok(charged <= 8_000_000n)
  }
  await assertSound(world, it)
})
