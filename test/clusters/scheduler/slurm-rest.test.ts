/** What a healthy Slurm does not show: answers that fail, lie, or do not come. A server of our own gives them. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, test } from 'node:test'
import {
  SchedulerDisagrees,
  type SchedulerRefusal,
  SchedulerRefused,
  SchedulerUnavailable,
  Slurm,
  type SlurmOptions,
} from '../../../api/clusters/index.ts'

/** `dies`: the daemon is killed when it has taken the request, before it answers. */
type Reply = { status?: number; body?: unknown; silent?: boolean; dies?: boolean }
type Request = { method: string; path: string; token: string }

const DESCRIPTION = { paths: { '/slurm/v0.0.43/ping/': {}, '/slurm/v0.0.44/ping/': {}, '/slurm/v0.0.99/ping/': {} } }
const interval = { startsAt: '2030-01-01T00:00:00Z', endsAt: '2030-01-01T01:00:00Z' }
const wanted = { id: 'r1', account: 'startup_a', gpuModel: 'H100', gpus: 4, interval }
const shown = (gpus: number): Reply => ({
  body: {
    reservations: [
      {
        name: 'r1',
        accounts: 'startup_a',
        partition: 'h100',
        start_time: { set: true, number: Date.parse(interval.startsAt) / 1000 },
        end_time: { set: true, number: Date.parse(interval.endsAt) / 1000 },
        tres: `cpu=16,gres/gpu:h100=${gpus},gres/gpu=${gpus}`,
      },
    ],
  },
})
const none: Reply = { body: { reservations: [] } }
const refusal = (number: number, status = 422): Reply => ({
  status,
  body: { errors: [{ error_number: number, error: 'Some words' }] },
})

let reply: (request: Request) => Reply = () => ({ status: 404 })
const asked: Request[] = []
const server = createServer((request, response) => {
  const { method = '', url: path = '' } = request
  const seen = { method, path, token: String(request.headers['x-slurm-user-token']) }
  asked.push(seen)
  const {
    status = 200,
    body,
    silent = false,
    dies = false,
  } = path === '/openapi/v3' ? { body: DESCRIPTION } : reply(seen)
  if (silent) return
  if (dies) {
    request.socket.destroy()
    return
  }
  response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body))
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
after(() => {
  server.closeAllConnections()
  server.close()
})
const address = server.address()
if (address === null || typeof address === 'string') throw new Error('the server has no port')
const url = `http://127.0.0.1:${address.port}`

function slurm(options: Partial<SlurmOptions> = {}): Slurm {
  asked.length = 0
  const models = { H100: { partition: 'h100', type: 'h100' } }
  return new Slurm({ url, user: 'root', token: async () => 'good', cluster: 'c1', models, timeout: 20_000, ...options })
}

const REFUSALS: [number: number, reason: SchedulerRefusal][] = [
  [2010, 'NOT_PERMITTED'],
  [2016, 'CAPACITY'],
  [2045, 'UNKNOWN_ACCOUNT'],
  [2053, 'BAD_NAME'],
  [2054, 'IN_THE_PAST'],
  [2055, 'IN_USE'],
  [2115, 'BAD_SIZE'],
  [2999, 'OTHER'],
]
for (const [number, reason] of REFUSALS) {
  test(`error ${number} of Slurm means ${reason}, in its own words`, async () => {
    reply = ({ method }) => (method === 'POST' ? refusal(number) : none)
    await assert.rejects(
      slurm().reserve(wanted),
      (error) =>
        error instanceof SchedulerRefused && error.reason === reason && error.detail === `${number} Some words`,
    )
  })
}

test('the best version that both speak is found once', async () => {
  reply = () => shown(4)
  const scheduler = slurm()
  await scheduler.read('r1')
  await scheduler.read('r1')
  assert.deepEqual(
    asked.map(({ path }) => path),
    ['/openapi/v3', '/slurm/v0.0.44/reservation/r1', '/slurm/v0.0.44/reservation/r1'],
  )
  await assert.rejects(slurm({ versions: ['v0.0.45'] }).read('r1'), SchedulerUnavailable)
})

test('a yes that reads back as something else is no yes', async () => {
  let made = false
  reply = ({ method }) => {
    if (method === 'POST') made = true
    return made ? shown(3) : none
  }
  await assert.rejects(
    slurm().reserve(wanted),
    (error) => error instanceof SchedulerDisagrees && error.found?.gpus === 3 && error.wanted?.gpus === 4,
  )
  reply = () => shown(4)
  await assert.rejects(slurm().cancel('r1'), SchedulerDisagrees)
})

test('what fails, is silent or cannot be read is unavailable: it is asked again later', async () => {
  const replies: Reply[] = [
    refusal(1001, 500),
    { status: 502, body: '<html>' },
    { silent: true },
    { body: { reservations: [{ name: 'r1' }] } },
    { body: 'not JSON' },
  ]
  for (const each of replies) {
    reply = () => each
    const asked = slurm(each.silent === true ? { timeout: 500 } : {})
    await assert.rejects(asked.list(interval), (error) => error instanceof SchedulerUnavailable && error.transient)
  }
  const nobody = slurm({ url: 'http://127.0.0.1:1' })
  await assert.rejects(nobody.list(interval), SchedulerUnavailable)
  assert.equal((await nobody.health()).up, false)
})

test('a refused token is replaced once; one that is refused again is unavailable, and never told', async () => {
  reply = ({ token }) => (token === 'second' ? shown(4) : refusal(1007, 511))
  const tokens = async (refused: string | undefined) => (refused === undefined ? 'first' : 'second')
  assert.equal((await slurm({ token: tokens }).read('r1'))?.gpus, 4)
  assert.deepEqual(
    asked.map(({ token }) => token),
    ['first', 'first', 'second'],
  )
  reply = () => refusal(1007, 511)
  await assert.rejects(
    slurm({ token: async () => 'secret' }).read('r1'),
    (error) => error instanceof SchedulerUnavailable && !error.message.includes('secret'),
  )
  const broken = slurm({
    token: async () => {
      throw new Error('the vault is closed')
    },
  })
  await assert.rejects(broken.read('r1'), /the vault is closed/)
})

test('when the new size is refused, the old reservation is made again', async () => {
  let gpus: number | undefined = 4
  const posted: number[] = []
  reply = ({ method }) => {
    if (method === 'DELETE') gpus = undefined
    if (method === 'POST' && posted.push(posted.length) === 1) return refusal(2016)
    if (method === 'POST') gpus = 4
    return gpus === undefined ? none : shown(gpus)
  }
  await assert.rejects(
    slurm().resize('r1', 8),
    (error) => error instanceof SchedulerRefused && error.reason === 'CAPACITY',
  )
  assert.equal(gpus, 4)
  assert.equal(posted.length, 2)
})

/** A Slurm with at most one reservation, whose daemon dies at the `at`-th change: before it is `done`, or after. */
function mortal(there: number | undefined, at: number, done: boolean) {
  const state = { gpus: there, posts: 0, deletes: 0 }
  let changes = 0
  reply = ({ method }) => {
    if (method === 'GET') return state.gpus === undefined ? none : shown(state.gpus)
    // What is not there cannot be cancelled, and Slurm calls that a bad name.
    if (method === 'DELETE' && state.gpus === undefined) return refusal(2053)
    changes += 1
    const dies = changes === at
    if (!dies || done) {
      if (method === 'POST') state.posts += 1
      else state.deletes += 1
      state.gpus = method === 'POST' ? 4 : undefined
    }
    return dies ? { dies } : { body: {} }
  }
  return state
}
for (const done of [true, false]) {
  test(`a daemon that is killed when it had ${done ? '' : 'not '}done what it took: asked again it is done once`, async () => {
    const making = mortal(undefined, 1, done)
    await assert.rejects(slurm().reserve(wanted), (error) => error instanceof SchedulerUnavailable && error.transient)
    assert.equal(making.gpus, done ? 4 : undefined)
    assert.equal((await slurm().reserve(wanted)).gpus, 4)
    assert.equal((await slurm().reserve(wanted)).gpus, 4)
    assert.deepEqual(making, { gpus: 4, posts: 1, deletes: 0 })

    const ending = mortal(4, 1, done)
    await assert.rejects(slurm().cancel('r1'), SchedulerUnavailable)
    if (!done) await slurm().cancel('r1')
    await assert.rejects(
      slurm().cancel('r1'),
      (error) => error instanceof SchedulerRefused && error.reason === 'NO_SUCH_RESERVATION',
    )
    assert.deepEqual(ending, { gpus: undefined, posts: 0, deletes: 1 })
  })
}

for (const [at, done] of [
  [1, true],
  [1, false],
  [2, true],
  [2, false],
] as const) {
  test(`a resize whose daemon is killed at change ${at}, ${done ? 'after' : 'before'} it was done, is made whole by the next call`, async () => {
    const state = mortal(8, at, done)
    await assert.rejects(slurm().resize('r1', 4), SchedulerUnavailable)
    // What is gone is told again as it is wanted; what is as it was is resized again.
    const found = await slurm().read('r1')
    const whole = found === undefined ? await slurm().reserve(wanted) : await slurm().resize('r1', 4)
    assert.equal(whole.gpus, 4)
    assert.deepEqual([state.gpus, state.posts], [4, 1])
  })
}

test('a job that began in the second of its reservation is its usage, though accounting leaves the name away', async () => {
  const start = Date.parse(interval.startsAt) / 1000
  // As Slurm 26.05.5 told such a job, beside one that ran in none.
  const job = (id: number, requested: string) => ({
    job_id: id,
    cluster: 'c1',
    account: 'startup_a',
    name: 'train',
    time: { start, end: start + 60, elapsed: 60 },
    tres: { allocated: [{ type: 'gres', name: 'gpu', count: 4 }] },
    partition: 'h100',
    reservation: { id: requested === '' ? 0 : 199, name: '', requested },
    state: { current: ['NODE_FAIL'] },
    failed_node: 'gpu1',
  })
  reply = () => ({ body: { jobs: [job(1, 'r1'), job(2, 'r1,r2'), job(3, 'r2,r1'), job(4, '')] } })
  const { records } = await slurm().usage('r1', interval)
  const names = (found: readonly { externalId: string }[]) => found.map(({ externalId }) => externalId)
  assert.deepEqual(names(records), [`c1.1.${start}`, `c1.2.${start}`])
  assert.deepEqual(names(await slurm().unreserved('startup_a', 'H100', interval)), [`c1.4.${start}`])
  const failures = await slurm().failures(interval)
  assert.deepEqual(
    failures.map(({ reservation }) => reservation),
    ['r1', 'r1', 'r2', null],
  )
})
