/** The price index by hand: means of a window, staleness, corrections, ends and fallbacks; metrics are never mixed. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseNumeric } from '../../api/platform/index.ts'
import { indexLevel, levelOf } from '../../api/tokens/index.ts'
import { sharedData } from '../support/shared.ts'
import { makeWorld, type Person } from '../support/world.ts'

const world = await makeWorld()
const { analyst, partner, operations, compliance, provider, regulator } = world.staff
await world.setClock('2026-10-01T09:00:00Z')

const rows = (text: string) =>
  text.split(' ').map((each) => {
    const [observedOn = '', level = ''] = each.split('=')
    return { observedOn, level: parseNumeric(level) }
  })

// The mean of what lies in the window, first and last day inclusive. [observations, asOf, window, stale, expected]
const CASES: readonly [string, string, number, number, string][] = [
  ['2026-06-15=1.85', '2026-06-15', 1, 1, '1.85'],
  // (2.6 + 2.95) / 2 = 2.775
  ['2026-05-01=2.6 2026-05-15=2.95', '2026-05-15', 15, 30, '2.775'],
  // One day less and the first is out.
  ['2026-05-01=2.6 2026-05-15=2.95', '2026-05-15', 14, 30, '2.95'],
  // What comes later does not count.
  ['2026-05-01=2.6 2026-05-15=2.95', '2026-05-14', 30, 30, '2.6'],
  // 1 + 1 + 2 = 4; 4 / 3 = 1.33333333333..., to ten places
  ['2026-05-01=1 2026-05-02=1 2026-05-03=2', '2026-05-03', 3, 3, '1.3333333333'],
  // 1 + 2 + 2 = 5; 5 / 3 = 1.66666666666..., to the nearest
  ['2026-05-01=1 2026-05-02=2 2026-05-03=2', '2026-05-03', 3, 3, '1.6666666667'],
  // Exactly as old as the limit is not stale yet: 30 days after 1 May is 31 May.
  ['2026-05-01=2', '2026-05-31', 60, 30, '2'],
]
for (const [observations, asOf, windowDays, staleAfterDays, expected] of CASES) {
  test(`${observations} over ${windowDays} days to ${asOf} is ${expected}`, () => {
    const level = indexLevel(rows(observations), { asOf, windowDays, staleAfterDays })
    assert.ok('level' in level)
    assert.equal(level.level, parseNumeric(expected))
  })
}

test('an index that was not observed, or not lately, has no level', () => {
  const asked = { windowDays: 60, staleAfterDays: 30 }
  assert.deepEqual(indexLevel([], { ...asked, asOf: '2026-05-31' }), { refused: 'nothing_observed', newest: null })
  assert.deepEqual(indexLevel(rows('2026-05-01=2'), { ...asked, asOf: '2026-06-01' }), {
    refused: 'stale',
    newest: '2026-05-01',
  })
  assert.deepEqual(indexLevel(rows('2026-05-01=2'), { windowDays: 5, staleAfterDays: 30, asOf: '2026-05-10' }), {
    refused: 'nothing_observed',
    newest: '2026-05-01',
  })
  assert.throws(() => indexLevel([], { asOf: '2026-05-31', windowDays: 0, staleAfterDays: 1 }), RangeError)
})

const document = (name: string) =>
  `mutation ($input: ${name[0]?.toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) { __typename
    ... on Metric { id name endedOn observations { id observedOn level corrects } level { level ofMetric refusal } }
    ... on DomainError { code message } ... on Refused { field reason } } }`
const call = async (by: Person, name: string, input: object) => {
  const { data, errors } = await by.graphql(document(name), { input })
  assert.deepEqual(errors, [])
  return data[name]
}
const register = async (name: string, more: object = {}) =>
  call(operations, 'registerMetric', {
    name,
    currency: 'USD',
    source: 'A publisher',
    method: 'Price of one H100 GPU for an hour, on demand',
    windowDays: 30,
    staleAfterDays: 60,
    ...more,
  })
const observe = (metricId: string, observedOn: string, level: string | null, more: object = {}) =>
  call(analyst, 'recordObservation', { metricId, observedOn, level, source: 'a price list', ...more })

test('a correction takes the place of what it corrects; both stay, and the past can be asked for', async () => {
  const { id } = await register('corrected')
  const wrong = await observe(id, '2026-09-15', '24.2')
  await world.setClock('2026-10-02T09:00:00Z')
  const right = await observe(id, '2026-09-15', '2.42', { correctsId: wrong.observations[0].id })
  assert.deepEqual(
    right.observations.map((row: { level: string; corrects: string }) => [row.level, row.corrects]),
    [['2.42', wrong.observations[0].id]],
  )
  assert.equal(right.level.level, '2.42')
  const then = await levelOf(world.deps.db, id.slice('Metric:'.length), {
    asOf: '2026-10-01',
    knownAt: '2026-10-01T12:00:00Z',
  })
  assert.equal(then.level, parseNumeric('24.2'))
  // Once corrected, it is the correction that is corrected.
  const again = await observe(id, '2026-09-15', '2.43', { correctsId: wrong.observations[0].id })
  assert.deepEqual([again.__typename, again.field], ['Refused', 'correctsId'])
  const gone = await observe(id, '2026-09-15', null, { correctsId: right.observations[0].id })
  assert.deepEqual(
    gone.observations.map((row: { level: string | null }) => row.level),
    [null],
  )
  assert.match(gone.level.refusal, /has no level/)
})

test('a day is observed once, and another metric cannot be corrected from here', async () => {
  const { id } = await register('once a day')
  const other = await register('another')
  const first = await observe(id, '2026-09-15', '2')
  assert.deepEqual((await observe(id, '2026-09-15', '3')).field, 'observedOn')
  assert.deepEqual((await observe(id, '2026-10-03', '3')).field, 'observedOn')
  assert.deepEqual(
    (await observe(other.id, '2026-09-15', '3', { correctsId: first.observations[0].id })).field,
    'correctsId',
  )
  assert.deepEqual((await observe(id, '2026-09-16', '3', { correctsId: first.observations[0].id })).field, 'observedOn')
  assert.deepEqual((await observe(id, '2026-09-16', null)).field, 'level')
})

test('fifty at once record a day once, and a call with its key happens once', async () => {
  const { id } = await register('fifty')
  const answers = await Promise.all(Array.from({ length: 50 }, () => observe(id, '2026-09-15', '2')))
  assert.equal(answers.filter((answer) => answer.__typename === 'Metric').length, 1)
  const keyed = { idempotencyKey: 'the one' }
  const first = await observe(id, '2026-09-16', '2.1', keyed)
  assert.deepEqual(await observe(id, '2026-09-16', '2.1', keyed), first)
  assert.equal((await observe(id, '2026-09-16', '2.2', keyed)).__typename, 'IdempotencyKeyReused')
})

test('when a metric ends its fallback stands for it: the two are never averaged together', async () => {
  const fallback = await register('the fallback')
  const { id } = await register('the ended one', { fallbackId: fallback.id })
  await observe(id, '2026-09-10', '4')
  await observe(fallback.id, '2026-09-12', '2')
  await observe(fallback.id, '2026-09-14', '3')
  const early = await call(partner, 'endMetric', { metricId: id, endedOn: '2026-09-10', reason: 'closed' })
  assert.deepEqual([early.__typename, early.field], ['Refused', 'endedOn'])
  const ended = await call(partner, 'endMetric', { metricId: id, endedOn: '2026-09-20', reason: 'closed' })
  // (2 + 3) / 2 = 2.5, without the 4 of the other metric
  assert.deepEqual(ended.level, { level: '2.5', ofMetric: 'the fallback', refusal: null })
  const before = await levelOf(world.deps.db, id.slice('Metric:'.length), { asOf: '2026-09-19' })
  assert.deepEqual([before.level, before.metric.name], [parseNumeric('4'), 'the ended one'])
  assert.deepEqual((await observe(id, '2026-09-20', '4')).field, 'observedOn')
  const twice = await call(partner, 'endMetric', { metricId: id, endedOn: '2026-09-21', reason: 'closed' })
  assert.deepEqual([twice.__typename, twice.field], ['Refused', 'metricId'])
})

test('a fallback in another currency, and a name that is taken, are refused', async () => {
  const euro = await register('in euro', { currency: 'EUR' })
  assert.equal((await register('in dollars', { fallbackId: euro.id })).field, 'fallbackId')
  assert.equal((await register('in euro')).field, 'name')
})

test('who may not, may not; everybody who is signed in may read', async () => {
  const { id } = await register('read by all')
  for (const person of [provider, regulator, compliance]) {
    assert.equal(
      (await call(person, 'recordObservation', { metricId: id, observedOn: '2026-09-15', level: '2', source: 'x' }))
        .__typename,
      'Forbidden',
    )
    const { data } = await person.graphql('{ metrics { name } }')
    assert.ok(data.metrics.some(({ name }: { name: string }) => name === 'read by all'))
  }
})

const MARK = `... on Mark { id of basis level value { amount currency } approvedAt } ... on DomainError { code } ... on Refused { field }`
const propose = async (by: Person, input: object) =>
  await by.graphql(`mutation ($input: ProposeMarkInput!) { proposeMark(input: $input) { __typename ${MARK} } }`, {
    input,
  })
const approve = async (by: Person, markId: string) =>
  (
    await by.graphql(`mutation ($input: ApproveMarkInput!) { approveMark(input: $input) { __typename ${MARK} } }`, {
      input: { markId },
    })
  ).data.approveMark

test('a mark counts once somebody else has approved it, once, and founders never see it', async () => {
  const company = await world.company()
  const input = {
    of: company.id,
    basis: 'fair_value',
    value: { amount: '30000000', currency: 'USD' },
    markedOn: '2026-09-30',
    expiresOn: '2026-12-31',
    method: 'Backsolve from the last round',
    level: 3,
    source: 'Memorandum of 30 Sep 2026',
  }
  const { data } = await propose(partner, input)
  assert.equal(data.proposeMark.approvedAt, null)
  const { id } = data.proposeMark
  assert.equal((await approve(partner, id)).__typename, 'SamePerson')
  const answers = await Promise.all(Array.from({ length: 10 }, () => approve(compliance, id)))
  assert.equal(answers.filter((answer) => answer.__typename === 'Mark').length, 1)
  assert.deepEqual(new Set(answers.map((answer) => answer.__typename)), new Set(['Mark', 'WrongState']))
  assert.equal((await approve(company.founder, id)).__typename, 'NotFound')
  const read = 'query ($id: ID!) { node(id: $id) { ... on Company { marks { id } } } }'
  assert.equal((await analyst.graphql(read, { id: company.id })).data.node.marks.length, 1)
  assert.deepEqual((await company.founder.graphql(read, { id: company.id })).data.node.marks, [])
  const level = await propose(analyst, { ...input, basis: 'reference_price' })
  assert.equal(level.errors[0]?.extensions.code, 'BAD_INPUT')
  const later = await propose(analyst, { ...input, markedOn: '2026-10-03' })
  assert.equal(later.data.proposeMark.field, 'markedOn')
})

test('published prices enter as metrics of their own: no two sources share a series', async () => {
  const path = sharedData('h100-prices.json')
  if (path === undefined) return
  const { points } = JSON.parse(readFileSync(path, 'utf8')) as {
    points: { date: string; price: number; metric: string; source: string }[]
  }
  const ids = new Map<string, string>()
  for (const { date, price, metric, source } of points) {
    const name = `${metric}, ${source}`
    const id = ids.get(name) ?? (await register(name, { source, staleAfterDays: 3660 })).id
    ids.set(name, id)
    assert.equal((await observe(id, date, String(price), { source })).__typename, 'Metric')
  }
  // Two metrics of one month differ by 7.48 - 2.53 = 4.95: mixed, they would say 5.005, which nobody ever paid.
  const at = { asOf: '2026-02-15' }
  const level = async (name: string) =>
    (await levelOf(world.deps.db, ids.get(name)?.slice('Metric:'.length) ?? '', at)).level
  assert.equal(await level('SDH100RT neocloud, middle of 2.43-2.63, kineticalpha'), parseNumeric('2.53'))
  assert.equal(await level('SDH100RT hyperscaler, middle of 7.43-7.52, kineticalpha'), parseNumeric('7.48'))
})
