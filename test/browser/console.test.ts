/** The console in a real browser: our own files only, a strict policy, the saved operations as tabs that run. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { parse, validate } from 'graphql'
import { createSignInLink } from '../../api/access/index.ts'
import { inTransaction } from '../../api/platform/index.ts'
import { schema } from '../../schema/index.ts'
import { makeWorld } from '../support/world.ts'
import { needsBrowser, openBrowser } from './browser.ts'

const FOLDER = new URL('../../api/http/console/operations/', import.meta.url)
const files = readdirSync(FOLDER).sort()

test('there is a saved operation for each of the ten steps, in order, and each is valid', () => {
  assert.deepEqual(
    files.map((name) => Number(name.slice(0, 2))),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  )
  for (const name of files) {
    const document = parse(readFileSync(new URL(name, FOLDER), 'utf8'))
    assert.deepEqual(validate(schema, document), [], name)
  }
})

test('the console runs a saved operation with nothing from elsewhere and no complaint', needsBrowser(), async (t) => {
  const world = await makeWorld(t)
  await world.company('Lumen Robotics, Inc.')
  const token = await inTransaction(world.deps.db, (trx) => createSignInLink(trx, world.staff.partner.id))
  const server = createServer(world.app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const open = await openBrowser(t)
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { page, complaints } = await open({ viewport: { width: 1600, height: 1000 } })
  const site = `http://127.0.0.1:${port}`
  await page.goto(`${site}/sign-in/${token}`, { waitUntil: 'networkidle' })
  await page.click('button')
  // Leaving a page while its fonts load counts as a failed request.
  await page.waitForURL(`${site}/`, { waitUntil: 'networkidle' })
  await page.goto(`${site}/console`)
  const tabs = page.locator('.graphiql-tab')
  await tabs.first().waitFor()
  assert.equal(await tabs.count(), files.length)
  const answer = page.waitForResponse((response) => {
    const sent = response.request().postData() ?? ''
    return response.url() === `${site}/graphql` && sent.includes('WhoAmI')
  })
  await page.locator('.graphiql-execute-button').click()
  const { data } = (await (await answer).json()) as {
    data: { viewer: { roles: string[] }; companies: { totalCount: number } }
  }
  assert.deepEqual(data.viewer.roles, ['partner'])
  assert.equal(data.companies.totalCount, 1)
  await page.getByText('Lumen Robotics, Inc.').first().waitFor()
  assert.deepEqual(complaints, [])
})
