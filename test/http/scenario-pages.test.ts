/** Scenarios side by side as a page and as files. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import request from 'supertest'
import { saveScenario } from '../../api/rounds/index.ts'
import { givenCompany } from '../rounds/given-round.ts'
import { statementsDuring } from '../support/statements.ts'
import { makeWorld, type Person } from '../support/world.ts'

const world = await makeWorld()
await world.setClock('2026-11-20T12:00:00Z')
const it = await givenCompany(world)
const { analyst, compliance } = world.staff
const PATH = `/companies/${it.id}/scenarios`
const get = async (path: string, by: Person = analyst) =>
  request(world.app).get(path).set('authorization', `Bearer ${by.token}`)
const words = ({ text }: { readonly text: string }, name: string) => {
  // To look at them: EQUIHOUR_TEST_PAGES=<folder>
  const folder = process.env.EQUIHOUR_TEST_PAGES
  if (folder !== undefined) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(`${folder}/${name}.html`, text)
  }
  return text.replaceAll(/\s+/g, ' ')
}

test('scenarios stand side by side by hand, as page, CSV and JSON, in as many round trips as one', async () => {
  assert.match(words(await get(PATH), 'scenarios-none'), /No scenario yet/)
  const save = (name: string, tokens: string) =>
    saveScenario(world.deps, analyst.actor, {
      ...{ companyId: it.id, name },
      terms: it.terms({ compute: { ...it.terms().compute, tokens } }),
    })
  await save('=As asked', '100000')
  const one = await statementsDuring(() => get(PATH))
  await save('Twice', '200000')
  const two = await statementsDuring(() => get(PATH))
  assert.equal(two.statements.length, one.statements.length)
  assert.ok(two.statements.length <= 5, two.statements.join('\n'))
  // At 2.00: 617,500 of 12,117,500 and 735,000 of 12,235,000; 500,000 of 12,000,000 if nothing is used. 235,000 for compute.
  const page = words(two.answer, 'scenarios')
  for (const each of ['diluted by 5.10 to 6.01 %', '4.17', '200,000', 'USD 2.35', '235,000', 'Ownership by scenario'])
    assert.ok(page.includes(each), `${each} in ${page}`)
  const [head = '', twice = '', asked = ''] = (await get(`${PATH}.csv`)).text.split('\r\n')
  assert.equal(head.split(',').length, 20)
  // Both founders have 4,000,000: 8,000,000 of 12,235,000 and, without what is not earned, of 12,000,000.
  assert.match(head, /,founders after,founders after without unearned,refused$/)
  assert.match(twice, /,0\.6538618717,0\.6666666667,$/)
  for (const each of ['What the founders keep', '65.39', '66.67', '32.69', 'The founders together'])
    assert.ok(page.includes(each), `${each} in ${page}`)
  assert.match(
    twice,
    /^Twice,1,2026-12-15,Series A,2026-12-15,USD,23000000,2,24470000,12235000,200000,235000,0\.0192071925,/,
  )
  // What somebody wrote does not become a formula.
  assert.match(asked, /^'=As asked,/)
  const { body } = await get(`${PATH}.json`)
  assert.deepEqual(
    body.scenarios.map(({ figures }: { figures: { dilution: string } }) => figures.dilution),
    ['0.0600735595', '0.0509593563'],
  )
  for (const ending of ['', '.csv', '.json']) {
    assert.equal((await get(`${PATH}${ending}`, compliance)).status, 200)
    for (const by of [it.founder, it.signatory, world.staff.provider])
      assert.equal((await get(`${PATH}${ending}`, by)).status, 404)
  }
})
