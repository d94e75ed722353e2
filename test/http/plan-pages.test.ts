/** Pages of chains, of protections and of legs, with their files: what they say, and to whom. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import request from 'supertest'
import { saveChain } from '../../api/rounds/index.ts'
import { CASH } from '../rounds/given-chain.ts'
import { givenCompany } from '../rounds/given-round.ts'
import { makeWorld, type Person } from '../support/world.ts'

const world = await makeWorld()
await world.setClock('2026-11-20T12:00:00Z')
const it = await givenCompany(world)
const get = (path: string, by: Person = world.staff.analyst) =>
  request(world.app).get(path).set('authorization', `Bearer ${by.token}`)
const page = async (path: string, name: string): Promise<string> => {
  const answer = await get(path)
  assert.equal(answer.status, 200, `${path}: ${answer.text}`)
  // To look at them: EQUIHOUR_TEST_PAGES=<folder>
  const folder = process.env.EQUIHOUR_TEST_PAGES
  if (folder !== undefined) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(`${folder}/${name}.html`, answer.text)
  }
  return answer.text.replaceAll(/\s+/g, ' ')
}

test('a chain is a page, JSON and CSV for the staff of the fund, and nothing for a founder', async () => {
  const rounds = [
    { compute: { ...it.terms(), name: 'Series Seed-2', security: { className: 'Seed-2 Preferred', newClass: true } } },
    { cash: CASH },
  ]
  const saved = await saveChain(world.deps, world.staff.analyst.actor, { companyId: it.id, name: 'Plan', rounds })
  const path = `/chains/RoundChain:${saved.companyId}:${saved.scenarioId}`
  const text = await page(path, 'chain')
  // 11,500,000 of 15,146,885, and of 15,029,385 at what is earned: 75.92 and 76.52 per cent.
  for (const words of ['After Series A, today’s holders own 75.92 %', '76.52 % if nothing more', 'unearned']) {
    assert.ok(text.includes(words), words)
  }
  assert.match((await get(`${path}.csv`)).text, /Series A,2027-12-15,Ada Lindqvist,4000000,0,0\.2640807004/)
  assert.equal(JSON.parse((await get(`${path}.json`)).text).stages.length, 3)
  for (const ending of ['', '.csv', '.json']) assert.equal((await get(`${path}${ending}`, it.founder)).status, 404)
})

test('protections of a draft say what cannot be told yet, and are hidden from founders like the draft', async () => {
  const round = await it.drafted()
  const text = await page(`/rounds/${round}/protections`, 'protections')
  // 617,500 of 12,117,500, and 500,000 of 12,000,000.
  for (const words of ['dilutes today’s holders by 5.10 % at most', 'By 4.17 % if no token', 'cannot be told yet']) {
    assert.ok(text.includes(words), words)
  }
  const json = JSON.parse((await get(`/rounds/${round}/protections.json`)).text)
  assert.deepEqual([json.dilution.atMaximum, json.riskTable.length], ['0.0509593563', 10])
  const csv = (await get(`/rounds/${round}/protections.csv`)).text.split('\r\n')
  assert.equal(csv[0], 'section,about,what,value,unit')
  assert.equal(csv[3], 'dilution,present holders,at the maximum,0.0509593563,part of 1')
  // Three exit values by five holders, ten events by five columns, and three lines above the change of control.
  assert.equal(csv.length, 1 + 3 + 1 + 3 * 5 + 10 * 5 + 1)
  for (const ending of ['', '.json', '.csv'])
    assert.equal((await get(`/rounds/${round}/protections${ending}`, it.founder)).status, 404)
})

test('tokens stand beside cash and cloud credits, by hand, and are hidden from founders like the draft', async () => {
  const round = await it.drafted()
  const path = `/rounds/${round}/legs`
  // 117,500 of 12,117,500, for 100,000 hours: 1,175 shares for each thousand.
  const text = await page(path, 'legs')
  for (const words of [
    'cost 0.97 % of the company for 100,000 H100-hours',
    '1,175.00 shares',
    'The same value in cash',
  ]) {
    assert.ok(text.includes(words), words)
  }
  const cash = 'cash=235,000&cashShares=120000&cashHour=3&cashSource=offer'
  const credits = 'credits=100000&creditsHour=7&creditsSource=list%20price&creditsUntil=2027-11-20'
  const beside = await page(`${path}?${cash}&${credits}`, 'legs-beside')
  // 235,000 / 3 and 100,000 / 7 hours, rounded down; 120,000,000 / 78,333.333333 = 1,531.91.
  for (const words of ['78,333.333333', '1,531.91', '14,285.714285', 'list price', '20 Nov 2027']) {
    assert.ok(beside.includes(words), words)
  }
  const csv = (await get(`${path}.csv?${cash}&${credits}`)).text.split('\r\n')
  assert.match(csv[2] ?? '', /^Cash,CASH,120000,0\.0099009901,78333\.333333,/)
  assert.equal(JSON.parse((await get(`${path}.json?${cash}`)).text).legs.length, 2)
  // Half an offer, one in another form, and one that is given twice.
  for (const wrong of ['cash=235000', `${credits}&creditsUntil=2027-11-21`, credits.replace('100000', '1e5')]) {
    assert.equal((await get(`${path}?${wrong}`)).status, 400, wrong)
  }
  for (const ending of ['', '.csv', '.json']) assert.equal((await get(`${path}${ending}`, it.founder)).status, 404)
})

test('legs are asked in one query, and the pro forma links to them and to the protections', async () => {
  const round = await it.drafted()
  const QUERY = `query ($others: [LegInput!]) { legs(roundId: "${round}", others: $others) { __typename
    ... on Legs { legs { kind shares hours expiresOn earnedByUse } }
    ... on NotFound { message } } }`
  const usd = (amount: string) => ({ amount, currency: 'USD' })
  const others = [
    {
      kind: 'CREDITS',
      name: 'Cloud',
      amount: usd('100'),
      hourPrice: usd('8'),
      hourPriceSource: 'x',
      expiresOn: '2027-01-01',
    },
  ]
  const answer = await world.staff.analyst.graphql(QUERY, { others })
  assert.equal(answer.data?.legs.legs.length, 2, JSON.stringify(answer))
  const [tokens, cloud] = answer.data.legs.legs
  assert.deepEqual(
    [tokens.kind, tokens.shares, tokens.hours, tokens.earnedByUse],
    ['COMPUTE', '117500', '100000', true],
  )
  assert.deepEqual([cloud.shares, cloud.hours, cloud.expiresOn], ['0', '12.5', '2027-01-01'])
  const hidden = await it.founder.graphql(QUERY, { others })
  assert.equal(hidden.data?.legs.__typename, 'NotFound')
  const proForma = await page(`/rounds/${round}/pro-forma`, 'pro-forma')
  for (const to of ['legs', 'protections', 'waterfall'])
    assert.ok(proForma.includes(`href="/rounds/${round}/${to}"`), to)
})
