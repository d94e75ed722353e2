/** Can what is promised be delivered before it expires? The pure rule, held to a brute-force model; the query, gate and page. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import request from 'supertest'
import { type CoveredPool, coverageByMonth, type Promised } from '../../api/clusters/coverage/coverage.ts'
import { coverageOf } from '../../api/clusters/index.ts'
import { formatNumeric, formatTokens, parseNumeric, parseTokens } from '../../api/platform/index.ts'
import { close, givenDeal } from '../closing/given-deal.ts'
import { makeWorld } from '../support/world.ts'
import { grant, tokenClass } from '../tokens/given.ts'
import { pool as makePool } from './given.ts'

const at = (day: string) => Date.parse(`${day}T00:00:00Z`)
const ALWAYS = { from: at('2020-01-01'), until: at('2040-01-01') }
const ONE = parseNumeric('1')
const [QUILL, LUMEN] = ['quill', 'lumen']
const told = (pools: readonly CoveredPool[], promises: readonly Promised[], now = '2027-01-01T00:00:00Z') =>
  coverageByMonth(pools, promises, now).map(({ month, promised, deliverable, ratio }) => [
    month,
    formatTokens(promised),
    deliverable === null ? null : formatTokens(deliverable),
    ratio === null ? null : formatNumeric(ratio),
  ])
const owed = (companyId: string, expiresOn: string, tokens: string): Promised => ({
  companyId,
  expiresOn,
  amount: parseTokens(tokens),
})

/** The example of docs/coverage.md. */
const EXAMPLE: CoveredPool = {
  capacity: [
    { from: at('2027-01-01'), until: at('2027-01-10'), gpus: 8 },
    { from: at('2027-01-10'), until: at('2027-01-20'), gpus: 4 },
    { from: at('2027-01-20'), until: at('2030-01-01'), gpus: 8 },
  ],
  dedications: [{ companyId: QUILL, from: at('2026-01-01'), until: at('2027-02-01'), gpus: 2 }],
  factors: [{ ...ALWAYS, factor: ONE }],
}
const PROMISED = [owed(QUILL, '2027-02-01', '1000'), owed(LUMEN, '2027-03-01', '5000')]

test('the worked example: maintenance and dedications come off, early hours serve late tokens', () => {
  assert.deepEqual(told([EXAMPLE], PROMISED), [
    ['2027-01', '1000', '4504', '4.504'],
    ['2027-02', '6000', '9880', '1.6466666666'],
  ])
  const more = [...PROMISED, owed(LUMEN, '2027-03-01', '4000')]
  assert.deepEqual(told([EXAMPLE], more).at(-1), ['2027-02', '10000', '9880', '0.988'])
})

test('factors over time, a month that has begun, a pool that opens later; unknown stays unknown', () => {
  const gpus = (from: string) => ({ capacity: [{ from: at(from), until: ALWAYS.until, gpus: 1 }], dedications: [] })
  const halves = [
    { from: ALWAYS.from, until: at('2027-01-16'), factor: ONE },
    { from: at('2027-01-16'), until: ALWAYS.until, factor: parseNumeric('0.5') },
  ]
  const one = [owed(LUMEN, '2027-02-01', '100')]
  // From 11 January: 5 days at 1 and 16 at a half, 120 + 192 hours.
  const begun = told([{ ...gpus('2026-01-01'), factors: halves }], one, '2027-01-11T00:00:00Z')
  assert.deepEqual(begun, [['2027-01', '100', '312', '3.12']])
  // Opens on the last day.
  assert.deepEqual(told([{ ...gpus('2027-01-31'), factors: halves }], one), [['2027-01', '100', '12', '0.12']])
  const ends = [{ from: ALWAYS.from, until: at('2027-02-10'), factor: ONE }]
  const three = [...one, owed(LUMEN, '2027-03-01', '100'), owed(LUMEN, '2027-04-01', '100')]
  assert.deepEqual(told([{ ...gpus('2026-01-01'), factors: ends }], three), [
    ['2027-01', '100', '744', '7.44'],
    ['2027-02', '200', null, null],
    ['2027-03', '300', null, null],
  ])
  // Without GPUs no factor is needed: nothing can be delivered, and that is known.
  const none = { ...gpus('2027-02-01'), factors: [] }
  assert.deepEqual(told([none], one), [['2027-01', '100', '0', '0']])
  assert.deepEqual(told([], one), [['2027-01', '100', null, null]])
  assert.deepEqual(told([EXAMPLE], []), [])
})

test('it is what counting every day and company one by one gives', () => {
  const day = fc.integer({ min: 0, max: 100 })
  const stretch = fc.record({ a: day, b: day, gpus: fc.integer({ min: 0, max: 5 }) })
  const start = at('2027-01-01')
  const ms = (days: number) => start + days * 86_400_000
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 4, maxLength: 4 }),
      fc.array(fc.record({ of: stretch, who: fc.constantFrom(QUILL, LUMEN) }), { maxLength: 4 }),
      fc.array(
        fc.record({
          on: fc.integer({ min: 1, max: 99 }),
          who: fc.constantFrom(QUILL, LUMEN),
          n: fc.integer({ min: 1, max: 9000 }),
        }),
        { minLength: 1, maxLength: 6 },
      ),
      (quarters, dedications, owedTokens) => {
        const capacity = quarters.map((gpus, n) => ({ from: ms(n * 26), until: ms(n * 26 + 26), gpus }))
        const dedicated = dedications.flatMap(({ of: { a, b, gpus }, who }) =>
          a < b ? [{ companyId: who, from: ms(a), until: ms(b), gpus }] : [],
        )
        const pool = { capacity, dedications: dedicated, factors: [{ ...ALWAYS, factor: ONE }] }
        const promises = owedTokens.map(({ on, who, n }) =>
          owed(who, new Date(ms(on)).toISOString().slice(0, 10), String(n)),
        )
        for (const [month, promised, deliverable] of told([pool], promises)) {
          let [shared, tokens] = [0, 0]
          const [own, due]: Record<string, number>[] = [{}, {}]
          if (own === undefined || due === undefined) return
          for (let d = 0; d <= 104; d += 1) {
            if (new Date(ms(d)).toISOString().slice(0, 7) > String(month)) break
            let left = capacity.find(({ from, until }) => from <= ms(d) && ms(d) < until)?.gpus ?? 0
            for (const { companyId, from, until, gpus } of dedicated) {
              if (from > ms(d) || ms(d) >= until) continue
              const taken = Math.min(gpus, left)
              own[companyId] = (own[companyId] ?? 0) + taken * 24
              left -= taken
            }
            shared += left * 24
          }
          for (const { on, who, n } of owedTokens) {
            if (new Date(ms(on - 1)).toISOString().slice(0, 7) > String(month)) continue
            due[who] = (due[who] ?? 0) + n
            tokens += n
          }
          const usable = [QUILL, LUMEN].reduce((sum, who) => sum + Math.min(own[who] ?? 0, due[who] ?? 0), shared)
          assert.deepEqual([promised, deliverable], [String(tokens), String(usable)])
        }
      },
    ),
    { numRuns: 200 },
  )
})

const world = await makeWorld()
const { operations, provider, otherProvider, secondPartner, analyst } = world.staff
const COVERAGE = `query ($id: ID!) { node(id: $id) { ... on TokenClass { coverage { pools least leastIn unknown months { month expiring promised deliverable ratio } } } } }`

test('the query reads lots, capacity, maintenance, dedications and factors; who sees it; the page shows it', async () => {
  await world.setClock('2027-01-01T00:00:00Z')
  const { companyId } = await world.company()
  const id = await tokenClass(world)
  const node = `TokenClass:${id}`
  const ask = async (by: typeof operations) => (await by.graphql(COVERAGE, { id: node })).data.node.coverage
  await grant(world, { companyId, tokenClassId: id }, '1000', { expiresOn: '2027-02-01' })
  assert.deepEqual(
    [(await ask(operations)).least, (await ask(operations)).unknown],
    [null, 'no pool is booked with these tokens'],
  )
  const { companyId: other } = await world.company('Other, Inc.')
  await grant(world, { companyId: other, tokenClassId: id }, '5000', { expiresOn: '2027-03-01' })
  const { id: poolId } = await makePool(world, { tokenClassId: id, capacity: 8, opensAt: '2026-12-01T00:00:00Z' })
  const change = (name: string, input: Record<string, unknown>) =>
    provider.graphql(
      `mutation ($input: ${name[0]?.toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) { __typename ... on DomainError { message } } }`,
      {
        input: { poolId, ...input },
      },
    )
  await change('planMaintenance', {
    gpus: 4,
    startsAt: '2027-01-10T00:00:00Z',
    endsAt: '2027-01-20T00:00:00Z',
    note: 'the test',
  })
  const dedication = {
    companyId: `Company:${companyId}`,
    gpus: 2,
    startsAt: '2027-01-01T00:00:00Z',
    endsAt: '2027-02-01T00:00:00Z',
    source: 'the test',
  }
  const dedicated = await change('dedicateCapacity', dedication)
  assert.equal(dedicated.data?.dedicateCapacity.__typename, 'Pool', JSON.stringify(dedicated))
  const { months, ...rest } = await ask(operations)
  assert.deepEqual(rest, { pools: 1, least: '1.6466666666', leastIn: '2027-02', unknown: null })
  assert.deepEqual(months, [
    { month: '2027-01', expiring: '1000', promised: '1000', deliverable: '4504', ratio: '4.504' },
    { month: '2027-02', expiring: '5000', promised: '6000', deliverable: '9880', ratio: '1.6466666666' },
  ])
  assert.equal((await ask(provider)).pools, 1)
  assert.equal(await ask(otherProvider), null)
  const page = (by: typeof operations) =>
    request(world.app).get('/operations').set('authorization', `Bearer ${by.token}`)
  assert.match(
    (await page(operations).expect(200)).text,
    /at least 1\.64 H100-hours can be delivered before it expires; it is least until the end of Feb 2027/,
  )
  assert.doesNotMatch((await page(otherProvider).expect(200)).text, /Coverage of/)
  const { body } = await request(world.app).get('/operations.json').set('authorization', `Bearer ${operations.token}`)
  assert.equal(body.coverage[0].least, '1.6466666666')
})

test('a close that promises more than can be delivered is flagged with its arithmetic, and not stopped', async () => {
  const deal = await givenDeal(world)
  // 2 GPUs at factor 1 from 15 December 2026, noon, to the end of May 2027 for 100,000 tokens that expire on 15 June 2027.
  await makePool(world, { tokenClassId: deal.tokenClassUuid, capacity: 2, opensAt: '2026-12-01T00:00:00Z' })
  const { roundId } = await deal.accepted({ longStop: '2027-06-01', tokenExpiry: '2027-06-01' })
  assert.equal((await close(secondPartner, { roundId })).__typename, 'ClosedRound')
  const FINDINGS = `query ($id: ID!) { node(id: $id) { ... on Company { flags(states: [open]) { edges { node { ruleId kind finding { outcome arithmetic } } } } } } }`
  const { data } = await analyst.graphql(FINDINGS, { id: deal.id })
  const flag = data.node.flags.edges.find(
    ({ node }: { node: { ruleId: string } }) => node.ruleId === 'house.coverage_ratio',
  )
  assert.ok(flag, JSON.stringify(data))
  assert.deepEqual([flag.node.kind, flag.node.finding.outcome], ['watch', 'flag'])
  // 16.5 days of December, then 31 + 28 + 31 + 30 + 31: 167.5 days of 48 H100-hours are 8,040.
  assert.match(
    flag.node.finding.arithmetic.join('\n'),
    /Until the end of 2027-05: 8040 deliverable \/ 100000 tokens = 0\.0804\./,
  )
  const [months] = [...(await coverageOf(world.deps.db, [deal.tokenClassUuid])).values()]
  assert.equal(months?.months.at(-1)?.promised, parseTokens('100000'), 'once it is closed its lot is counted, once')
})

test('an acknowledged warning opens again when other months fall short or the pools change, not because time passes', async () => {
  await world.setClock('2026-11-20T09:00:00Z')
  const deal = await givenDeal(world)
  const tokenClassId = deal.tokenClassUuid
  await makePool(world, { tokenClassId, capacity: 2, opensAt: '2026-12-01T00:00:00Z' })
  const { roundId } = await deal.accepted({ longStop: '2027-06-01', tokenExpiry: '2027-06-01' })
  const FLAG = `query ($id: ID!) { node(id: $id) { ... on Company { flags(states: [open, waived]) { edges { node {
    id ruleId state finding { id arithmetic } } } } } } }`
  type Flag = { id: string; ruleId: string; state: string; finding: { id: string; arithmetic: string[] } }
  const looked = async (clock: string): Promise<Flag> => {
    await world.setClock(clock)
    const answer = await analyst.graphql(
      'mutation ($input: RecheckFlagsInput!) { recheckFlags(input: $input) { __typename ... on DomainError { message } } }',
      { input: { subject: roundId } },
    )
    assert.equal(answer.data?.recheckFlags.__typename, 'FlagsRechecked', JSON.stringify(answer))
    const { data } = await analyst.graphql(FLAG, { id: deal.id })
    const edges: { node: Flag }[] = data.node.flags.edges
    const found = edges.find(({ node }) => node.ruleId === 'house.coverage_ratio')?.node
    assert.ok(found)
    return found
  }
  const acknowledge = async ({ id: flagId, finding }: Flag) => {
    const input = { flagId, findingId: finding.id, reason: 'More capacity is on order.' }
    const answer = await world.staff.compliance.graphql(
      'mutation ($input: WaiveFlagInput!) { waiveFlag(input: $input) { __typename } }',
      { input },
    )
    assert.equal(answer.data?.waiveFlag.__typename, 'Flag', JSON.stringify(answer))
  }
  // Of the close, with its date: the rule is asked at that gate.
  await close(secondPartner, { roundId })
  const first = await looked('2026-12-16T09:00:00Z')
  assert.equal(first.state, 'open')
  await acknowledge(first)
  // A month later fewer hours are left of the same promise: another sum, the same month short.
  const later = await looked('2027-01-16T09:00:00Z')
  assert.equal(later.state, 'waived')
  assert.notDeepEqual(later.finding.arithmetic, first.finding.arithmetic)
  // A second pool, too small: it is short with another pool now.
  await makePool(world, { tokenClassId, capacity: 1, opensAt: '2027-01-01T00:00:00Z' })
  const pooled = await looked('2027-01-17T09:00:00Z')
  assert.equal(pooled.state, 'open')
  await acknowledge(pooled)
  assert.equal((await looked('2027-01-18T09:00:00Z')).state, 'waived')
  // Another company is granted tokens that expire earlier: another month is short.
  const { companyId } = await world.company('Third, Inc.')
  await grant(world, { companyId, tokenClassId }, '50000', { expiresOn: '2027-03-01' })
  assert.equal((await looked('2027-01-19T09:00:00Z')).state, 'open')
})
