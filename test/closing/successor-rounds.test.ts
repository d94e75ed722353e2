/** Rounds after another has taken the fund's place: one holder on the cap table, by whatever name. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { capTableAsOf } from '../../api/captable/index.ts'
import type { RoundTermsWire } from '../../api/rounds/index.ts'
import { makeWorld, type Person, type World } from '../support/world.ts'
import { CLOSED, FUND, fundOf, givenDeal } from './given-deal.ts'

const world = await makeWorld()
const { staff } = world
const SUCCESSOR = 'Northgrid Ventures II, L.P.'

const sender = (name: string, more: string) => {
  const text = `mutation ($input: ${name[0]?.toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) { __typename
    ${more} ... on DomainError { code message } } }`
  return async (by: Person, input: object) => {
    const answer = await by.graphql(text, { input })
    return answer.data?.[name] ?? answer
  }
}
const ROUND = `... on Round { id proForma { ... on ProForma { holders { holder holderId after } notes { code text } } } }
  ... on TermsRefused { faults { path reason } }`
const draft = sender('draftRound', ROUND)
const DOCUMENT = '... on DealDocument { id state document { sha256 } }'

/** A closed round of the fund, which another then succeeds; and terms of a later round in which that one pays. */
async function given(world: World) {
  const { staff } = world
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  const made = await sender('draftAssignment', DOCUMENT)(staff.analyst, {
    roundId,
    side: 'fund',
    kind: 'merger',
    successor: { name: SUCCESSOR, form: 'Limited partnership', jurisdiction: 'US-DE' },
    evidence: 'Certificate of merger',
    evidenceDate: '2026-12-01',
  })
  assert.equal(made.__typename, 'DealDocument', JSON.stringify(made))
  const offered = await sender('proposeDealDocument', DOCUMENT)(staff.analyst, { dealDocumentId: made.id })
  const signing = { dealDocumentId: made.id, sha256: offered.document.sha256 }
  await sender('signDealDocument', DOCUMENT)(staff.partner, signing)
  const signed = await sender('acceptDealDocument', DOCUMENT)(deal.signatory, signing)
  assert.equal(signed.state, 'in_force', JSON.stringify(signed))
  const terms = (compute: object): RoundTermsWire =>
    deal.terms({
      name: 'Series B',
      closingDate: '2026-12-20',
      security: { className: 'Series B Preferred Stock', newClass: true },
      cashInvestors: [],
      compute: { ...deal.compute('50000'), ...compute },
    })
  return { deal, terms, stakeholderId: await fundOf(world, deal) }
}

test('a later round names the successor by the id of its shares, and it stays one holder', async () => {
  const { deal, terms, stakeholderId } = await given(world)
  const input = (compute: object) => ({ companyId: deal.id, terms: terms(compute) })
  // By the new name alone it would become a second holder.
  const split = await draft(staff.analyst, input({ holderName: SUCCESSOR }))
  assert.equal(split.__typename, 'TermsRefused', JSON.stringify(split))
  assert.deepEqual(
    split.faults.map(({ path }: { path: string }) => path),
    ['compute.stakeholderId'],
  )
  assert.match(split.faults[0].reason, new RegExp(`holds securities already, as ${FUND} \\(${stakeholderId}\\)`))
  // Nor is its id that of somebody else.
  const other = await draft(staff.analyst, input({ holderName: 'Harbour Ventures', stakeholderId }))
  assert.deepEqual(
    other.faults.map(({ path }: { path: string }) => path),
    ['compute.holderName'],
  )
  const made = await draft(staff.analyst, input({ holderName: SUCCESSOR, stakeholderId }))
  assert.equal(made.__typename, 'Round', JSON.stringify(made))
  const { holders, notes } = made.proForma
  // 117,500 of the first round and 50,000 x 2.35 over the price of the second, in one row under one id.
  assert.equal(holders.filter(({ holderId }: { holderId: string }) => holderId === stakeholderId).length, 1)
  assert.ok(!holders.some(({ holder }: { holder: string }) => holder === SUCCESSOR))
  assert.ok(notes.some(({ code }: { code: string }) => code === 'HOLDER_CALLED_OTHERWISE'))
  // The old name, with the id, still names it.
  const old = await draft(staff.analyst, input({ holderName: FUND, stakeholderId }))
  assert.equal(old.__typename, 'Round', JSON.stringify(old))
})

test('closing issues to the stakeholder that holds the earlier shares, and no other comes in', async () => {
  // The fund is succeeded once in an installation.
  const world = await makeWorld()
  const { staff } = world
  const { deal, terms, stakeholderId } = await given(world)
  const before = await capTableAsOf(world.deps.db, deal.companyId, '2026-12-20')
  const made = await draft(staff.analyst, {
    companyId: deal.id,
    terms: terms({ holderName: SUCCESSOR, stakeholderId }),
  })
  const roundId = made.id
  const round = '... on Round { state termSheet { sha256 } }'
  await sender('proposeRound', round)(staff.partner, { roundId, expectedVersion: 1 })
  const sheet = await sender('issueTermSheet', round)(staff.analyst, { roundId })
  assert.equal(sheet.__typename, 'Round', JSON.stringify(sheet))
  await sender('acceptTermSheet', round)(deal.founder, { roundId, sha256: sheet.termSheet.sha256 })
  await world.setClock('2026-12-20T12:00:00Z')
  const closed = await sender('closeRound', '... on ClosedRound { shares securityId }')(staff.secondPartner, {
    roundId,
  })
  assert.equal(closed.__typename, 'ClosedRound', JSON.stringify(closed))
  const after = await capTableAsOf(world.deps.db, deal.companyId, '2026-12-20')
  assert.equal(after.securities.find(({ id }) => id === closed.securityId)?.stakeholderId, stakeholderId)
  assert.equal(after.stakeholders.length, before.stakeholders.length)
})

test('a fund that holds nothing yet comes in under the name of its day', async () => {
  await world.setClock(CLOSED)
  const deal = await givenDeal(world)
  const made = await draft(staff.analyst, {
    companyId: deal.id,
    terms: deal.terms({ compute: { ...deal.compute('50000'), holderName: SUCCESSOR } }),
  })
  assert.equal(made.__typename, 'Round', JSON.stringify(made))
})
