/** What cannot be an interval or a number of GPUs is refused by every call that takes one: bad-intervals.txt is the table. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { makeWorld, type Person } from '../support/world.ts'
import { at, booker, NOON } from './given.ts'

const world = await makeWorld()
const { staff } = world
const DAY = 24 * 60

const [head = [], ...rows] = readFileSync(new URL('bad-intervals.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line.includes('|') && !line.startsWith('#'))
  .map((line) => line.split('|').map((cell) => cell.trim()))

/** What a column sends in place of a good interval and four GPUs. */
const SENT: Readonly<Record<string, { startsAt?: string; endsAt?: string; gpus?: number }>> = {
  reversed: { startsAt: at(DAY + 60), endsAt: at(DAY) },
  empty: { endsAt: at(DAY) },
  past: { startsAt: at(-60) },
  decade: { endsAt: '2037-01-01T00:00:00Z' },
  half: { endsAt: '2026-11-21T13:00:30Z' },
  offset: { endsAt: '2026-11-21T14:00:00+01:00' },
  local: { endsAt: '2027-03-28T02:30:00' },
  'no day': { endsAt: '2026-11-31T12:00:00Z' },
  none: { gpus: 0 },
  minus: { gpus: -1 },
  part: { gpus: 0.5 },
  many: { gpus: 1_000_000_000 },
}

const given = await (async () => {
  await world.setClock(NOON)
  const it = await booker(world, { capacity: 8 })
  const asked = await mutate(it.company.founder, 'requestReservation', {
    companyId: it.company.id,
    poolId: it.pool.id,
    gpus: 2,
    startsAt: at(2 * DAY),
    endsAt: at(2 * DAY + 60),
  })
  return { ...it, reservationId: asked.id as string }
})()

async function mutate(by: Person, name: string, input: Record<string, unknown>) {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`
  const own: Readonly<Record<string, string>> = {
    requestReservation: '... on Reservation { id }',
    requestReservations: '... on PartRefused { fault: why }',
  }
  const interval = name === 'requestReservations' ? '' : '... on BadInterval { fault }'
  return ask(
    by,
    name,
    `mutation ($input: ${type}!) { ${name}(input: $input) { __typename ${own[name] ?? ''} ... on DomainError { message } ${interval} } }`,
    { input },
  )
}
async function ask(by: Person, field: string, document: string, variables: Record<string, unknown>) {
  const { data, errors } = await by.graphql(document, variables)
  return errors?.length ? { errors } : field in data ? data[field] : data.node[field]
}

type Wish = { startsAt: string; endsAt: string; gpus: number }
const WINDOW = '__typename ... on DomainError { message } ... on BadInterval { fault }'
const query = (name: string, args: string, call: string) => (wish: Wish) => {
  const { startsAt: from, endsAt: to, gpus } = wish
  const variables = { pool: given.pool.id, from, to, ...(args.includes('$gpus') ? { gpus } : {}) }
  return ask(given.company.founder, name, `query (${args}) { ${call} }`, variables)
}
const CALLS: Readonly<Record<string, (wish: Wish) => Promise<Record<string, unknown>>>> = {
  requestReservation: (wish) => mutate(given.company.founder, 'requestReservation', { ...ofCompany(), ...wish }),
  quoteReservation: (wish) => mutate(given.company.founder, 'quoteReservation', { ...ofCompany(), ...wish }),
  requestReservations: (wish) =>
    mutate(given.company.founder, 'requestReservations', {
      companyId: given.company.id,
      parts: [{ poolId: given.pool.id, ...wish }],
    }),
  changeReservation: (wish) => mutate(given.company.founder, 'changeReservation', { ...ofReservation(), ...wish }),
  offerReservation: (wish) =>
    mutate(staff.provider, 'offerReservation', { ...ofReservation(), ...wish, reasonCode: 'OTHER' }),
  planMaintenance: (wish) => mutate(staff.provider, 'planMaintenance', { ...ofPool(), ...wish, note: 'the test' }),
  dedicateCapacity: (wish) =>
    mutate(staff.provider, 'dedicateCapacity', { ...ofCompany(), ...wish, source: 'the test' }),
  recordOutage: (wish) =>
    mutate(staff.provider, 'recordOutage', { ...ofReservation(), ...wish, source: 'monitor', evidence: 'the test' }),
  reservationQuote: query(
    'reservationQuote',
    '$pool: ID!, $from: DateTime!, $to: DateTime!, $gpus: Int!',
    `reservationQuote(poolId: $pool, gpus: $gpus, startsAt: $from, endsAt: $to) { ${WINDOW} }`,
  ),
  findCapacity: query(
    'findCapacity',
    '$from: DateTime!, $to: DateTime!, $gpus: Int!',
    `findCapacity(gpus: $gpus, minutes: 60, from: $from, to: $to) { ${WINDOW} }`,
  ),
  freeCapacity: query(
    'freeCapacity',
    '$pool: ID!, $from: DateTime!, $to: DateTime!',
    `node(id: $pool) { ... on Pool { freeCapacity(from: $from, to: $to) { ${WINDOW} } } }`,
  ),
}
const ofPool = () => ({ poolId: given.pool.id })
const ofCompany = () => ({ ...ofPool(), companyId: given.company.id })
const ofReservation = () => ({ reservationId: given.reservationId })

/** How the table says an answer: a fault, the field of a BAD_INPUT, or the type of a refusal. */
function told(answer: Record<string, unknown>): string {
  const { errors, fault, message, __typename } = answer as {
    errors?: { message: string; extensions: { code: string; faults?: { path: string[] }[] } }[]
    fault?: string
    message?: string
    __typename?: string
  }
  if (errors === undefined) return fault ?? (message === undefined ? `accepted: ${__typename}` : (__typename ?? ''))
  const [error] = errors
  assert.equal(error?.extensions.code, 'BAD_INPUT', JSON.stringify(errors))
  return error?.message ?? ''
}

const written = async () => {
  const counts = [
    'reservation',
    'reservation_event',
    'pool_maintenance',
    'pool_dedication',
    'reservation_outage',
  ] as const
  return Promise.all(
    counts.map(async (table) => [table, (await world.deps.db.selectFrom(table).selectAll().execute()).length] as const),
  )
}

for (const [call = '', ...cells] of rows) {
  test(`${call} refuses each by name, and nothing is written`, async () => {
    const before = await written()
    for (const [index, expected] of cells.entries()) {
      if (expected === '') continue
      const column = head[index + 1] ?? ''
      const wish = { startsAt: at(DAY), endsAt: at(DAY + 60), gpus: 4, ...SENT[column] }
      const answer = told(await (CALLS[call] ?? assert.fail(`there is no ${call}`))(wish))
      if (/^[a-z]/.test(expected)) assert.match(answer, new RegExp(`\\b${expected}\\b`), `${column}: ${answer}`)
      else assert.equal(answer, expected, column)
    }
    assert.deepEqual(await written(), before)
  })
}

test('a day on which clocks go forward is as long as it is: 23 hours of ten GPUs hold 230 tokens', async () => {
  const it = await booker(world, { capacity: 16 })
  // From midnight to midnight in Berlin, in UTC.
  for (const [startsAt, endsAt, tokens] of [
    ['2027-03-27T23:00:00Z', '2027-03-28T22:00:00Z', '230'],
    ['2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z', '250'],
  ] as const) {
    await world.setClock('2026-10-20T00:00:00Z')
    const { data } = await it.company.founder.graphql(
      `query ($pool: ID!, $from: DateTime!, $to: DateTime!) { reservationQuote(poolId: $pool, gpus: 10, startsAt: $from, endsAt: $to) {
        ... on ReservationQuote { tokens } } }`,
      { pool: it.pool.id, from: startsAt, to: endsAt },
    )
    assert.equal(data.reservationQuote.tokens, tokens)
  }
})
