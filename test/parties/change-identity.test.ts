import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeWorld, type Person } from '../support/world.ts'

const world = await makeWorld()
const { staff } = world

const change = async (by: Person, input: Record<string, unknown>) => {
  const answer = await by.graphql(
    `mutation ($input: ChangeCompanyIdentityInput!) { changeCompanyIdentity(input: $input) { __typename
      ... on Company { legalName } ... on Refused { field } ... on DomainError { code } } }`,
    { input },
  )
  return answer.data?.changeCompanyIdentity ?? answer
}
const NEW = {
  legalName: 'Lumen AI, Inc.',
  legalForm: 'Corporation',
  jurisdiction: 'US-DE',
  validFrom: '2026-12-01',
  cause: 'name_change',
  source: 'Certificate of amendment, Delaware',
}
const NAMES = `query ($id: ID!) { node(id: $id) { ... on Company { legalName
  identities { legalName validFrom cause source superseded }
  before: identityOn(date: "2026-11-30") { legalName } then: identityOn(date: "2026-12-01") { legalName } } } }`
const names = async (by: Person, id: string) => (await by.graphql(NAMES, { id })).data.node

test('a company is called otherwise from the day on, and by its old name before', async () => {
  await world.setClock('2026-11-20T09:00:00Z')
  const company = await world.company()
  const first = await change(staff.analyst, { companyId: company.id, ...NEW })
  assert.deepEqual([first.__typename, first.legalName], ['Company', 'Lumen Robotics, Inc.'], JSON.stringify(first))
  await world.setClock('2026-12-01T00:00:00Z')
  const now = await names(company.founder, company.id)
  assert.deepEqual(
    [now.legalName, now.before.legalName, now.then.legalName],
    ['Lumen AI, Inc.', 'Lumen Robotics, Inc.', 'Lumen AI, Inc.'],
  )
  // A correction for the same day holds in its place; what it corrects stays on record.
  await change(staff.compliance, { companyId: company.id, ...NEW, legalName: 'Lumen A.I., Inc.', cause: 'correction' })
  const after = await names(staff.analyst, company.id)
  assert.equal(after.legalName, 'Lumen A.I., Inc.')
  assert.deepEqual(
    after.identities.map(({ legalName, superseded }: Record<string, unknown>) => [legalName, superseded]),
    [
      ['Lumen A.I., Inc.', false],
      ['Lumen AI, Inc.', true],
      ['Lumen Robotics, Inc.', false],
    ],
  )
})

test('the same name again, a day before the company was known, and malformed fields are refused', async () => {
  await world.setClock('2026-11-20T09:00:00Z')
  const company = await world.company()
  const companyId = company.id
  const same = await change(staff.analyst, { companyId, ...NEW, legalName: 'Lumen Robotics, Inc.' })
  assert.deepEqual([same.__typename, same.field], ['Refused', 'legalName'])
  const early = await change(staff.analyst, { companyId, ...NEW, validFrom: '2026-11-19' })
  assert.deepEqual([early.__typename, early.field], ['Refused', 'validFrom'])
  const bad = await change(staff.analyst, { companyId, ...NEW, jurisdiction: 'Delaware' })
  assert.equal(bad.errors?.[0]?.extensions.code, 'BAD_INPUT')
  assert.equal((await names(staff.analyst, companyId)).identities.length, 1)
})

test('fifty at once record it once; the same call again gets the same answer; others may not, or see nothing', async () => {
  await world.setClock('2026-11-20T09:00:00Z')
  const company = await world.company()
  const other = await world.company('Another, Inc.')
  const input = { companyId: company.id, ...NEW }
  for (const person of [company.founder, company.signatory, staff.operations, staff.admin]) {
    assert.equal((await change(person, input)).__typename, 'Forbidden')
  }
  for (const person of [other.founder, staff.provider, staff.regulator]) {
    assert.equal((await change(person, input)).__typename, 'NotFound')
  }
  const answers = await Promise.all(Array.from({ length: 50 }, () => change(staff.analyst, input)))
  assert.equal(answers.filter(({ __typename }) => __typename === 'Company').length, 1)
  const keyed = { ...input, legalName: 'Lumen Three, Inc.', validFrom: '2026-12-05', idempotencyKey: 'three' }
  assert.deepEqual(await change(staff.analyst, keyed), await change(staff.analyst, keyed))
  assert.equal((await names(staff.analyst, company.id)).identities.length, 3)
})
