/** What an operator writes down about schedulers: understood, or refused with every fault in words. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { readConfig, tokenOfKey } from '../../api/config.ts'

const folder = await mkdtemp(join(tmpdir(), 'equihour-config-'))
after(() => rm(folder, { recursive: true }))
const POOL = '0193a7de-0000-7000-8000-000000000001'
const COMPANY = '0193a7de-0000-7000-8000-000000000002'
const slurm = {
  kind: 'slurm',
  url: 'http://127.0.0.1:6820',
  user: 'root',
  tokenFile: '/run/secrets/slurm-token',
  cluster: 'fjord',
  models: { 'H100-SXM': { partition: 'h100', type: 'h100' } },
  pools: [{ pool: `Pool:${POOL}`, gpuModel: 'H100-SXM' }],
  accounts: { [`Company:${COMPANY}`]: 'startup_a' },
}
const written = async (what: unknown): Promise<string> => {
  const file = join(folder, `${Math.random()}.json`)
  await writeFile(file, typeof what === 'string' ? what : JSON.stringify(what))
  return file
}
const read = async (what: unknown) => readConfig({ schedulersFile: await written(what) })
const saying =
  (...parts: readonly string[]) =>
  (error: unknown): true => {
    assert.ok(error instanceof Error)
    for (const part of ['EQUIHOUR_SCHEDULERS', ...parts]) assert.ok(error.message.includes(part), error.message)
    return true
  }

test('without a file there is no scheduler', async () => {
  assert.deepEqual((await readConfig({})).schedulers, [])
})

test('each pool gets its scheduler; a company without an account is called by its id, which no scheduler knows', async () => {
  const [target, ...more] = (await read({ schedulers: [slurm] })).schedulers
  assert.deepEqual(more, [])
  assert.deepEqual([target?.poolId, target?.gpuModel, target?.limitAccounts], [POOL, 'H100-SXM', false])
  assert.equal(target?.scheduler.name, 'slurm/fjord')
  assert.equal(target?.accountOf(COMPANY), 'startup_a')
  assert.equal(target?.accountOf(POOL), POOL)
})

test('how mail is sent: every fault is told, and no password', async () => {
  const mail = {
    smtp: 'smtps://user:hunter2@mail.example:465',
    from: 'The Fund <a@b.example>',
    site: 'https://x.example',
  }
  const mailOf = async (change: object) => readConfig({ mailFile: await written({ ...mail, ...change }) })
  assert.equal((await mailOf({})).mailer?.site, 'https://x.example')
  assert.equal((await readConfig({})).mailer, undefined)
  await assert.rejects(
    mailOf({ smtp: 'https://user:hunter2@x', from: 'nobody\n@x', site: 'https://x.example/' }),
    (error) => {
      assert.ok(error instanceof Error)
      for (const part of ['EQUIHOUR_MAIL', 'smtp must be', 'from must be', 'site must not end']) {
        assert.ok(error.message.includes(part), error.message)
      }
      assert.doesNotMatch(error.message, /hunter2/)
      return true
    },
  )
})

test('a file that is not there, not JSON, or faulty is refused in words, every fault at once', async () => {
  await assert.rejects(readConfig({ schedulersFile: join(folder, 'none.json') }), saying('cannot be read', 'ENOENT'))
  await assert.rejects(read('{'), saying('cannot be read'))
  const { tokenFile: _, ...tokenless } = slurm
  const other = { pool: `Pool:${POOL}`, gpuModel: 'A100' }
  await assert.rejects(
    read({ schedulers: [tokenless, { ...slurm, url: 'ftp://x', pools: [other] }] }),
    saying('schedulers.0.tokenFile or jwtKeyFile must be given', 'schedulers.1.url'),
  )
  await assert.rejects(read({ schedulers: [{ ...slurm, pools: [other] }] }), saying('pools.0.gpuModel is not among'))
  await assert.rejects(read({ schedulers: [slurm, slurm] }), saying('two schedulers for the pool', POOL))
  await assert.rejects(read({ schedulers: [{ ...slurm, accounts: { x: 'y' } }] }), saying('schedulers.0.accounts'))
})

test("a token made with Slurm's own key is HS256 over its claims, and ends within the hour", async () => {
  const key = Buffer.alloc(32, 7)
  const file = join(folder, 'jwt_hs256.key')
  await writeFile(file, key)
  const token = await tokenOfKey(file, 'root', () => 1_800_000_000)(undefined)
  const [head = '', body = '', signature] = token.split('.')
  const json = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString())
  assert.deepEqual(json(head), { alg: 'HS256', typ: 'JWT' })
  assert.deepEqual(json(body), { sun: 'root', iat: 1_800_000_000, exp: 1_800_003_600 })
  assert.equal(signature, createHmac('sha256', key).update(`${head}.${body}`).digest('base64url'))
})
