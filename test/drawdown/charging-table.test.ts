/** Every cause of a charge as a table of what happens and what it costs by hand: charging.txt says how it is read. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { startReservation } from '../../api/drawdown/index.ts'
import type { RoundTermsWire } from '../../api/rounds/index.ts'
import { givenDeal } from '../closing/given-deal.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { assertSound, at, type Drawdown, givenDrawdown, idOf } from './given-drawdown.ts'

const world = await makeWorld()
const { staff } = world
const [HELD, ALL] = [20, 100]

const lines = readFileSync(new URL('charging.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line.trim() !== '' && !line.startsWith('#'))
const terms = new Map(
  lines.flatMap((line) => {
    const [, name = '', json = ''] = /^terms (\w+) +(\{.*\})$/.exec(line) ?? []
    return name === '' ? [] : [[name, JSON.parse(json) as Partial<RoundTermsWire>] as const]
  }),
)
const [head = [], ...rows] = lines
  .filter((line) => line.includes(' | '))
  .map((line) => line.split('|').map((cell) => cell.trim()))

/** Sends a mutation; the answer of its field, by its type. */
async function send(by: Person, name: string, input: Record<string, unknown>) {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`
  const more = name === 'requestReservation' ? '... on Reservation { id }' : ''
  const { data, errors } = await by.graphql(
    `mutation ($input: ${type}!) { ${name}(input: $input) { __typename ${more} ... on DomainError { message } } }`,
    { input },
  )
  assert.deepEqual(errors ?? [], [], name)
  return data[name]
}

/** "-23h" and "+30m" as minutes after the start. */
const minutesOf = (text: string): number => {
  const [, sign = '', digits = '', unit = ''] = /^([+-])(\d+)([hm])$/.exec(text) ?? assert.fail(`when is ${text}?`)
  return Number(`${sign}${digits}`) * (unit === 'h' ? 60 : 1)
}

/** One step: which call it is. */
function callOf(it: Drawdown, reservationId: string, what: string, when: string, name: string) {
  const minutes = minutesOf(when)
  const record = (hours: string) => ({
    source: 'slurm',
    externalId: name,
    gpuSeconds: String(Number(hours) * 3600),
    startedAt: at(0),
    endedAt: at(Math.min(minutes, 120)),
  })
  const [verb = '', ...rest] = what.split(' ')
  switch (what.replace(/ [0-9x]+$/, '')) {
    case 'cancels':
      return () => send(it.founder, 'cancelReservation', { reservationId })
    case 'provider cancels':
      return () => send(staff.provider, 'withdrawReservation', { reservationId, note: 'Fire' })
    case 'used':
      return () => send(staff.provider, 'reportUsage', { reservationId, records: [record(rest[0] ?? '')] })
    case 'all in':
      return () => send(staff.provider, 'reportUsage', { reservationId, records: [], complete: true })
    case 'nobody came':
      return () => send(staff.provider, 'declareNoShow', { reservationId })
    case 'down': {
      const [gpus, until] = (rest[0] ?? '').split('x').map(Number)
      const interval = { startsAt: at(0), endsAt: at(until ?? 0) }
      const outage = { reservationId, gpus, ...interval, source: 'monitor', evidence: 'The switch failed.' }
      return () => send(staff.provider, 'recordOutage', outage)
    }
    case 'outside': {
      const of = { poolId: it.pool.id, companyId: it.id }
      return () => send(staff.provider, 'reportOnDemandUsage', { ...of, records: [record(rest[0] ?? '')] })
    }
    default:
      return assert.fail(`what does it mean that somebody ${verb} (${what})?`)
  }
}

async function given(name: string): Promise<{ it: Drawdown; reservationId: string }> {
  const deal = await givenDeal(world)
  const change = terms.get(name) ?? assert.fail(`there are no terms ${name}`)
  const own = { compute: deal.compute(String(ALL)), cashInvestors: [], ...change }
  const it = await givenDrawdown(world, own, { deal })
  await world.setClock(at(-16 * 24 * 60))
  const times = { startsAt: at(0), endsAt: at(120) }
  const asked = await send(it.founder, 'requestReservation', {
    companyId: it.id,
    poolId: it.pool.id,
    gpus: 10,
    ...times,
  })
  assert.equal(asked.__typename, 'Reservation', asked.message)
  await send(staff.provider, 'decideReservation', { reservationId: asked.id, decision: 'APPROVE' })
  return { it, reservationId: asked.id }
}

/** The columns of a row as the company reads them. */
async function standing(it: Drawdown, reservationId: string) {
  const { data, errors } = await it.founder.graphql(
    `query ($company: ID!, $reservation: ID!) {
      reservation: node(id: $reservation) { ... on Reservation { state tokens {
        setAside held delivered idleReserved noShow cancelFee returned credited } } }
      company: node(id: $company) { ... on Company {
        onDemandUse { charged } progress { delivered idleReserved noShow cancelFee }
        tokenBalances { totals { kind amount } } } } }`,
    { company: it.id, reservation: reservationId },
  )
  assert.deepEqual(errors ?? [], [])
  const { progress, onDemandUse, tokenBalances } = data.company
  const outside = Number(onDemandUse[0]?.charged ?? 0)
  const available = tokenBalances.totals.find(
    ({ kind }: { kind: string }) => kind.toLowerCase() === 'available',
  )?.amount
  return {
    'ends as': data.reservation.state,
    delivered: Number(progress[0].delivered) - outside,
    idle: Number(progress[0].idleReserved),
    'no-show': Number(progress[0].noShow),
    fee: Number(progress[0].cancelFee),
    outside,
    back: Number(available) + outside - (ALL - HELD),
    tokens: data.reservation.tokens,
  }
}

/** The row's columns as the list of reservations has them: what is neither charged nor back is held. */
function tokensBy(row: Readonly<Record<string, unknown>>, credited: string) {
  const [delivered, idle, noShow, fee, back] = ['delivered', 'idle', 'no-show', 'fee', 'back'].map((name) =>
    Number(row[name]),
  ) as [number, number, number, number, number]
  const held = HELD - delivered - idle - noShow - fee - back
  const of = { setAside: HELD, held, delivered, idleReserved: idle, noShow, cancelFee: fee, returned: back }
  return { ...Object.fromEntries(Object.entries(of).map(([name, amount]) => [name, String(amount)])), credited }
}

for (const [number, cells] of rows.entries()) {
  const row = Object.fromEntries(head.map((name, index) => [name, cells[index] ?? '']))
  const happens = row['what happens'] ?? ''
  test(`${number + 1}. ${row.terms}: ${happens}`, async () => {
    const { it, reservationId } = await given(row.terms ?? '')
    const steps = happens.split(', ')
    const started = { companyId: it.companyId, reservationId: idOf('Reservation', reservationId) }
    for (const [index, step] of steps.entries()) {
      if (step.startsWith('refused ')) continue
      const [when = '', ...words] = step.split(' ')
      await world.setClock(at(minutesOf(when)))
      // What the worker does meanwhile.
      if (minutesOf(when) >= 0) await startReservation(world.deps, started)
      const answer = await callOf(it, reservationId, words.join(' '), when, `job ${index}`)()
      const [, refusal] = /^refused (\w+)$/.exec(steps[index + 1] ?? '') ?? []
      if (refusal !== undefined) assert.equal(answer.__typename, refusal, answer.message)
      else assert.equal(answer.message, undefined, `${step}: ${answer.message}`)
    }
    const expected = Object.fromEntries(
      head
        .slice(2, -1)
        .map((name) => [name, name === 'ends as' ? row[name] : row[name] === '' ? 0 : Number(row[name])]),
    )
    const { tokens, ...found } = await standing(it, reservationId)
    assert.deepEqual(found, expected, row['by hand'])
    // Nothing returns of what was delivered and down: only credits do where all is in and reserved time is charged.
    const credits = happens.includes('down') && row.terms !== 'metered' ? String(expected.back) : '0'
    assert.deepEqual(tokens, tokensBy(expected, credits), row['by hand'])
    await assertSound(world, it)
  })
}

test('the table names every cause, before and after the lock time', () => {
  assert.ok(rows.length >= 35, `${rows.length}`)
  for (const column of ['delivered', 'idle', 'no-show', 'fee', 'outside', 'back']) {
    assert.ok(
      rows.some((cells) => Number(cells[head.indexOf(column)]) > 0),
      column,
    )
  }
})
