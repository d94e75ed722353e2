/** The GraphQL-over-HTTP specification, as its own audit suite sees the running application. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { serverAudits } from 'graphql-http'
import { makeWorld } from '../support/world.ts'

const world = await makeWorld()
const server = createServer(world.app).listen(0, '127.0.0.1')
await once(server, 'listening')
after(() => void server.close())
const { port } = server.address() as AddressInfo

/** As a signed-in analyst: the door tells strangers nothing, so it has nothing to be audited by them. */
const audits = serverAudits({
  url: `http://127.0.0.1:${port}/graphql`,
  fetchFn: (url: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers)
    headers.set('authorization', `Bearer ${world.staff.analyst.token}`)
    return fetch(url, { ...init, headers })
  },
})

test('the audit suite has the size that is known', () => {
  assert.equal(audits.length, 61)
})

for (const audit of audits) {
  test(`${audit.id} ${audit.name}`, async () => {
    const result = await audit.fn()
    const said = result.status === 'ok' ? '' : `${result.status}: ${result.reason} ${await result.response.text()}`
    assert.equal(result.status, 'ok', said)
  })
}
