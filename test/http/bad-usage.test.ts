/** Usage that cannot be is refused by type to a person, and kept aside from a machine: bad-usage.txt is the table. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { requestReservation } from '../../api/clusters/index.ts'
import { globalId, newId } from '../../api/platform/index.ts'
import { assertSound, at, progressOf, usage } from '../drawdown/given-drawdown.ts'
import { givenOnDemand } from '../drawdown/given-on-demand.ts'
import { makeWorld } from '../support/world.ts'
import { ndjson, outcomes, post, secretOf, serve, signed, signer } from './usage-client.ts'

const world = await makeWorld()
const { deps, staff } = world
const { db } = deps

const [head = [], ...cells] = readFileSync(new URL('bad-usage.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line.includes(' | ') && !line.startsWith('#'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
const rows = cells.map((row) => Object.fromEntries(head.map((name, index) => [name, row[index] ?? ''])))

async function given() {
  const it = await givenOnDemand(world, { monthlyCapTokens: '6' })
  const own = await it.reserved(10, 60, 0, at(70))
  await it.told(own, [usage('known', 60)])
  await world.setClock(at(-60))
  const { ref } = await requestReservation(deps, it.founder.actor, {
    companyId: it.id,
    poolId: it.pool.id,
    gpus: 1,
    startsAt: at(0),
    endsAt: at(60),
  })
  await world.setClock(at(70))
  const reservations: Readonly<Record<string, string>> = {
    own,
    asked: `Reservation:${ref.companyId}:${ref.id}`,
    lost: `Reservation:${it.companyId}:${newId()}`,
  }
  const outside = { poolId: it.pool.id, companyId: it.id }
  const of = (name = ''): Record<string, string> =>
    name === 'outside' ? outside : { reservationId: reservations[name] ?? assert.fail(`there is no ${name}`) }
  return { it, own, of }
}
/** The record of a row: a minute of one GPU within the reservation, but for what the row says. */
const recordOf = (row: Record<string, string>, index: number) => ({
  ...usage(`row ${index}`, 60),
  ...JSON.parse(row.record ?? ''),
})

test('a person is told what is wrong with each, by type, and nothing of it is stored', async () => {
  const { it, of } = await given()
  for (const [index, row] of rows.entries()) {
    const name = row.of === 'outside' ? 'reportOnDemandUsage' : 'reportUsage'
    const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`
    const person = row.by === 'other' ? staff.otherProvider : staff.provider
    const { data, errors } = await person.graphql(
      `mutation ($input: ${type}!) { ${name}(input: $input) { __typename ... on DomainError { message } } }`,
      { input: { ...of(row.of), records: [usage('good', 60), recordOf(row, index)] } },
    )
    if (/^[a-z]/.test(row.person ?? '')) {
      assert.equal(errors[0]?.extensions.code, 'BAD_INPUT', row.what)
      assert.match(errors[0].message, new RegExp(`records\\.1\\.${row.person}`), row.what)
    } else {
      assert.equal(
        data?.[name].__typename,
        row.person,
        `${row.what}: ${JSON.stringify(errors)} ${data?.[name].message}`,
      )
    }
  }
  assert.equal((await progressOf(world, it))[0]?.delivered_micro, 16_666n, 'the minute that was known before')
  await assertSound(world, it)
})

test('a line is kept aside with its own words and its reason, or refused as no record: nothing that was told is lost', async (t) => {
  const port = await serve(t, world)
  const { it, own, of } = await given()
  const secrets = { provider: await secretOf(world), other: await secretOf(world, world.otherProviderId) }
  const providerOf = { provider: world.providerId, other: world.otherProviderId }
  const kept = async () => (await db.selectFrom('quarantined_usage').selectAll().execute()).length
  const before = await kept()
  let aside = 0
  for (const by of ['provider', 'other'] as const) {
    const told = rows.flatMap((row, index) =>
      row.by === by ? [{ row, line: { ...of(row.of), ...recordOf(row, index) } as Record<string, unknown> }] : [],
    )
    const answered = await post(port, ndjson(told.map(({ line }) => line)), { authorization: `Bearer ${secrets[by]}` })
    assert.deepEqual(
      outcomes(answered).map((outcome, index) => `${told[index]?.row.what}: ${outcome}`),
      told.map(({ row }) => `${row.what}: ${row.line}`),
    )
    for (const [index, { row, line }] of told.entries()) {
      if (row.line?.startsWith('REFUSED')) continue
      aside += 1
      const { data } = await (by === 'other' ? staff.otherProvider : staff.provider).graphql(
        'query ($id: ID!) { quarantinedUsage(quarantineId: $id) { state record reasonCode } }',
        { id: globalId('QuarantinedUsage', providerOf[by], answered.lines[index].quarantineId) },
      )
      const { state, record, reasonCode } = data.quarantinedUsage
      assert.deepEqual([state, `QUARANTINED ${reasonCode}`], ['open', row.line])
      for (const [field, value] of Object.entries(line)) assert.equal(record[field], value, `${row.what}: ${field}`)
    }
  }
  assert.equal((await kept()) - before, aside)
  // What could be used is, beside all of that.
  const good = await post(port, ndjson([{ reservationId: own, ...usage('good', 60) }]), {
    authorization: `Bearer ${secrets.provider}`,
  })
  assert.deepEqual(outcomes(good), ['RECORDED'])
  await assertSound(world, it)
})

test('a signature that is sent again is refused, told or not, and what it carried is recorded once', async (t) => {
  const port = await serve(t, world)
  const { it, own } = await given()
  const key = await signer(world)
  const created = Date.parse(at(70)) / 1000
  const body = ndjson([{ reservationId: own, ...usage('signed', 3540) }])
  const headers = signed(body, key, { created, nonce: 'once-and-no-more' })
  const first = await post(port, body, headers)
  assert.deepEqual([first.status, ...outcomes(first)], [200, 'RECORDED'])
  for (const [status, code, text, sent] of [
    [409, 'SIGNATURE_REPLAYED', body, headers],
    // The same nonce over other words, rightly signed.
    [
      409,
      'SIGNATURE_REPLAYED',
      ndjson([usage('x', 1)]),
      signed(ndjson([usage('x', 1)]), key, { created, nonce: 'once-and-no-more' }),
    ],
    // The old signature over other words.
    [401, 'SIGNATURE_INVALID', ndjson([usage('x', 1)]), headers],
    [401, 'SIGNATURE_EXPIRED', body, signed(body, key, { created: created - 301 })],
    [401, 'SIGNATURE_EXPIRED', body, signed(body, key, { created: created + 301 })],
  ] as const) {
    const refused = await post(port, text, sent)
    assert.deepEqual([refused.status, refused.lines[0]?.code], [status, code])
  }
  // 60 and 3,540 GPU-seconds are a token.
  assert.equal((await progressOf(world, it))[0]?.delivered_micro, 1_000_000n)
  await assertSound(world, it)
})
