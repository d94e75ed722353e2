import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import type { RoundTermsWire } from '../../api/rounds/index.ts'
import { asOwner } from '../support/database.ts'
import { OWN } from '../support/ocf-package.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { CLOSED, type Deal, fundOf, givenDeal } from './given-deal.ts'

const world = await makeWorld()
const { staff } = world

const sender = (name: string, more: string) => {
  const text = `mutation ($input: ${name[0]?.toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) { __typename
    ${more} ... on Refused { field reason } ... on DomainError { code message } } }`
  return async (by: Person, input: Record<string, unknown>) => {
    const answer = await by.graphql(text, { input })
    return answer.data?.[name] ?? answer
  }
}
const DOCUMENT = '... on DealDocument { id document { sha256 } sideLetter { rights { kind words } } }'
const letter = sender('draftSideLetter', DOCUMENT)
const offer = sender('proposeDealDocument', DOCUMENT)
const sign = sender('signDealDocument', DOCUMENT)
const accept = sender('acceptDealDocument', DOCUMENT)
const propose = sender(
  'proposeRound',
  '... on Round { state } ... on RightsNotHonoured { rights { holder title part } }',
)
const draft = sender('draftRound', '... on Round { id } ... on TermsRefused { faults { path reason } }')
const revise = sender('reviseTerms', '... on Round { id }')

async function bound(deal: Deal, input: Record<string, unknown>): Promise<string> {
  const drafted = await letter(staff.analyst, input)
  assert.equal(drafted.__typename, 'DealDocument', JSON.stringify(drafted))
  const offered = await offer(staff.analyst, { dealDocumentId: drafted.id })
  const signing = { dealDocumentId: drafted.id, sha256: offered.document.sha256 }
  await sign(staff.partner, signing)
  const both = await accept(deal.signatory, signing)
  assert.equal(both.__typename, 'DealDocument', JSON.stringify(both))
  return drafted.id
}

/** A closed round with a side letter that gives Ada one and a half times her part of later issues, and a later round in draft. */
async function givenLater(more: Record<string, unknown> = {}) {
  await world.setClock(CLOSED)
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  const rights = [{ kind: 'PRO_RATA', multiple: '1.5' }]
  const given = { roundId, title: 'Letter of Ada', holder: 'Ada Lindqvist', rights, ...more }
  const sideLetterId = await bound(deal, given)
  const terms: RoundTermsWire = deal.terms({
    name: 'Series B',
    closingDate: '2026-12-20',
    security: { className: 'Series B Preferred Stock', newClass: true },
    cashInvestors: [],
    compute: { ...deal.compute('50000'), stakeholderId: await fundOf(world, deal) },
  })
  const made = await draft(staff.analyst, { companyId: deal.id, terms })
  assert.equal(made.__typename, 'Round', JSON.stringify(made))
  return { deal, roundId, sideLetterId, later: made.id as string, terms }
}
const right = (part: string) => ({
  holder: 'Ada Lindqvist',
  stakeholderId: OWN.founderAda,
  of: 'NEW_SECURITIES' as const,
  part,
  exercise: { kind: 'NONE' as const },
})

test('a later round is not proposed until its terms name the right that a side letter gives', async () => {
  const { later, terms } = await givenLater()
  const refused = await propose(staff.partner, { roundId: later, expectedVersion: 1 })
  assert.equal(refused.__typename, 'RightsNotHonoured', JSON.stringify(refused))
  // 1.5 x 4,000,000 of 11,500,000 + 117,500 + 500,000: 0.49515164019, rounded down.
  assert.deepEqual(refused.rights, [{ holder: 'Ada Lindqvist', title: 'Letter of Ada', part: '0.4951516401' }])

  const less = await revise(staff.analyst, {
    roundId: later,
    expectedVersion: 1,
    terms: { ...terms, proRataRights: [right('0.4951516400')] },
  })
  assert.equal(less.__typename, 'Round', JSON.stringify(less))
  assert.equal((await propose(staff.partner, { roundId: later, expectedVersion: 2 })).__typename, 'RightsNotHonoured')
  await revise(staff.analyst, {
    roundId: later,
    expectedVersion: 2,
    terms: { ...terms, proRataRights: [right('0.4951516401')] },
  })
  const done = await propose(staff.partner, { roundId: later, expectedVersion: 3 })
  assert.deepEqual([done.__typename, done.state], ['Round', 'proposed'], JSON.stringify(done))
})

test('a signed waiver of the holder frees one round, and nobody waives for another', async () => {
  const { deal, roundId, sideLetterId, later } = await givenLater()
  const waiver = { kind: 'PRO_RATA_WAIVER', sideLetterId, laterRoundId: later }
  const other = await letter(staff.analyst, { roundId, title: 'W', holder: 'Bo Ferreira', rights: [waiver] })
  assert.deepEqual([other.__typename, other.field], ['Refused', 'rights.0.sideLetterId'])
  const own = { ...waiver, laterRoundId: roundId }
  const same = await letter(staff.analyst, { roundId, title: 'W', holder: 'Ada Lindqvist', rights: [own] })
  assert.deepEqual([same.__typename, same.field], ['Refused', 'rights.0.laterRoundId'])
  const drafted = await letter(staff.analyst, { roundId, title: 'W', holder: 'Ada Lindqvist', rights: [waiver] })
  assert.match(
    drafted.sideLetter.rights[0].words,
    /under the side letter “Letter of Ada” for Series B, and for no other/,
  )
  // Unsigned, it waives nothing.
  assert.equal((await propose(staff.partner, { roundId: later, expectedVersion: 1 })).__typename, 'RightsNotHonoured')
  await bound(deal, { roundId, title: 'Waiver', holder: 'Ada Lindqvist', rights: [waiver] })
  const done = await propose(staff.partner, { roundId: later, expectedVersion: 1 })
  assert.equal(done.__typename, 'Round', JSON.stringify(done))
})

test('a right that has ended by the closing, or of somebody who holds nothing, stops nothing', async () => {
  for (const more of [
    { rights: [{ kind: 'PRO_RATA', until: '2026-12-19' }] },
    { holder: 'Nobody At All, L.P.' },
    { rights: [{ kind: 'INFORMATION', reports: ['annual'] }] },
  ]) {
    const { later } = await givenLater(more)
    const done = await propose(staff.partner, { roundId: later, expectedVersion: 1 })
    assert.equal(done.__typename, 'Round', JSON.stringify(done))
  }
})

test('whoever buys its part anyway is honoured', async () => {
  // The fund holds 117,500 of 12,117,500, and with its compute buys all that the later round sells.
  const { later } = await givenLater({ holder: 'Northgrid Ventures I, L.P.', rights: [{ kind: 'PRO_RATA' }] })
  const done = await propose(staff.partner, { roundId: later, expectedVersion: 1 })
  assert.equal(done.__typename, 'Round', JSON.stringify(done))
})

test('a holder is known by its id on the cap table, whatever it is called in the side letter', async () => {
  const { later, terms } = await givenLater({ holder: 'Ada Lindqvist-Berg', stakeholderId: OWN.founderAda })
  const refused = await propose(staff.partner, { roundId: later, expectedVersion: 1 })
  assert.deepEqual(refused.rights, [{ holder: 'Ada Lindqvist-Berg', title: 'Letter of Ada', part: '0.4951516401' }])
  // Named in the terms as the cap table names her.
  const named = { ...terms, proRataRights: [right('0.4951516401')] }
  await revise(staff.analyst, { roundId: later, expectedVersion: 1, terms: named })
  assert.equal((await propose(staff.partner, { roundId: later, expectedVersion: 2 })).__typename, 'Round')
  // Another's right, under her name, is not hers: the employee of that id has options on 300,000 of 12,117,500, times 1.5.
  const other = await givenLater({ holder: 'Ada Lindqvist', stakeholderId: OWN.employee })
  const unlike = await propose(staff.partner, { roundId: other.later, expectedVersion: 1 })
  assert.deepEqual(unlike.rights, [{ holder: 'Ada Lindqvist', title: 'Letter of Ada', part: '0.037136373' }])
})

test('a side letter names a stakeholder that is there', async () => {
  await world.setClock(CLOSED)
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  const given = { roundId, title: 'A', holder: 'Ada Lindqvist', rights: [{ kind: 'CO_SALE' }] }
  const refused = await letter(staff.analyst, { ...given, stakeholderId: 'nobody' })
  assert.deepEqual([refused.__typename, refused.field], ['Refused', 'stakeholderId'])
})

test('who has elected another side letter has its pro rata right, and a later round must honour it', async () => {
  const elect = sender('electMfn', DOCUMENT)
  // Ada's own letter gives her a right to sell along, and nothing to buy.
  const own = { rights: [{ kind: 'CO_SALE' }], mfn: { windowDays: 30 } }
  const { deal, roundId, sideLetterId, later } = await givenLater(own)
  // Its holder holds nothing, so it has a part of nothing.
  const rights = [{ kind: 'PRO_RATA', multiple: '2' }]
  const offered = await bound(deal, { roundId, title: 'Letter of another', holder: 'Nobody At All, L.P.', rights })
  const elected = await elect(staff.partner, { dealDocumentId: sideLetterId, electedId: offered })
  assert.equal(elected.__typename, 'DealDocument', JSON.stringify(elected))
  const refused = await propose(staff.partner, { roundId: later, expectedVersion: 1 })
  // 2 x 4,000,000 of 12,117,500: 0.66020218692, rounded down. The right is the elected letter's, under Ada's own.
  assert.deepEqual(refused.rights, [{ holder: 'Ada Lindqvist', title: 'Letter of Ada', part: '0.6602021869' }])
})

test('without the election, the right of the later side letter is not hers', async () => {
  const { deal, roundId, later } = await givenLater({ rights: [{ kind: 'CO_SALE' }], mfn: { windowDays: 30 } })
  const rights = [{ kind: 'PRO_RATA', multiple: '2' }]
  await bound(deal, { roundId, title: 'Letter of another', holder: 'Nobody At All, L.P.', rights })
  assert.equal((await propose(staff.partner, { roundId: later, expectedVersion: 1 })).__typename, 'Round')
})

test('side letters from before holders had ids are matched by name by the migration, where one stakeholder has it', async () => {
  const known = await givenLater()
  const unknown = await givenLater({ holder: 'Nobody At All, L.P.' })
  const file = new URL('../../migrations/0069_closing_side_letter_holders.sql', import.meta.url)
  const [, update = ''] = (await readFile(file, 'utf8')).split(/(?=^UPDATE )/m)
  await asOwner(world.ownerUrl, 'UPDATE deal_document SET stakeholder_id = NULL')
  await asOwner(world.ownerUrl, update)
  const stored = async (id: string) => {
    const { rows } = await asOwner(
      world.ownerUrl,
      `SELECT stakeholder_id FROM deal_document WHERE deal_document_id = '${id.split(':')[2]}'`,
    )
    return rows[0].stakeholder_id
  }
  assert.equal(await stored(known.sideLetterId), OWN.founderAda)
  assert.equal(await stored(unknown.sideLetterId), null)
})
