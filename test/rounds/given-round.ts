/** A company with a cap table, and what people do with its rounds over HTTP. */
import assert from 'node:assert/strict'
import { importCapTable } from '../../api/captable/index.ts'
import type { RoundTermsWire } from '../../api/rounds/index.ts'
import { CLEAR_FACTS, RECORD } from '../flags/given-flags.ts'
import { ownPackage } from '../support/ocf-package.ts'
import type { Person, World } from '../support/world.ts'
import { tokenClass } from '../tokens/given.ts'
import { WIRE } from './given-terms.ts'

const ROUND = 'id state termsVersion proposedByViewer terms { name preMoney { amount } json }'
const TERMS = '... on TermsRefused { faults { path reason } }'
const STALE = '... on StaleTerms { given current }'
const FLAGS = '... on OpenFlags { gate flags { ruleId outcome } }'
const mutation = (name: string, type: string, refusals = '') =>
  `mutation ($input: ${type}!) { ${name}(input: $input) {
    __typename ... on Round { ${ROUND} } ... on DomainError { code message } ${refusals} } }`
const DRAFT = mutation('draftRound', 'DraftRoundInput', TERMS)
const REVISE = mutation('reviseTerms', 'ReviseTermsInput', `${TERMS} ${STALE}`)
const PROPOSE = mutation('proposeRound', 'ProposeRoundInput', `${TERMS} ${STALE} ${FLAGS}`)
const WITHDRAW = mutation('withdrawRound', 'WithdrawRoundInput')

/**
 * Lumen Robotics with its own package: 11,500,000 fully diluted. At 23,000,000 before the money the price is 2.00, so
 * 235,000 of compute buy 117,500 shares and 1,000,000 of cash 500,000.
 */
export async function givenCompany(world: World) {
  const company = await world.company()
  const { analyst } = world.staff
  await importCapTable(world.deps, analyst.actor, { companyId: company.id, files: [...ownPackage()] })
  const tokenClassId = `TokenClass:${await tokenClass(world)}`
  const terms = (change: Partial<RoundTermsWire> = {}): RoundTermsWire => ({
    ...WIRE,
    name: 'Series A',
    security: { className: 'Series A Preferred Stock', newClass: true },
    preMoney: { amount: '23000000', currency: 'USD' },
    compute: { ...WIRE.compute, tokenClassId },
    ...change,
  })

  const call = (document: string, name: string) => async (by: Person, input: Record<string, unknown>) => {
    const answer = await by.graphql(document, { input })
    return answer.data?.[name] ?? answer
  }
  const draft = call(DRAFT, 'draftRound')
  const drafted = async (change: Partial<RoundTermsWire> = {}): Promise<string> => {
    const made = await draft(analyst, { companyId: company.id, terms: terms(change) })
    assert.equal(made.__typename, 'Round', JSON.stringify(made))
    return made.id
  }
  const recordClearFacts = async () => {
    for (const [name, value] of Object.entries(CLEAR_FACTS)) {
      // The round itself knows its value.
      if (name === 'transaction.value') continue
      const input = {
        companyId: company.id,
        name,
        value: JSON.stringify(value),
        source: 'the test',
        asOf: '2026-11-01',
      }
      const answer = await analyst.graphql(RECORD, { input })
      assert.equal(answer.data?.recordFact.__typename, 'RecordedFact', JSON.stringify(answer))
    }
  }
  return {
    ...company,
    terms,
    draft,
    drafted,
    recordClearFacts,
    revise: call(REVISE, 'reviseTerms'),
    propose: call(PROPOSE, 'proposeRound'),
    withdraw: call(WITHDRAW, 'withdrawRound'),
  }
}

/** The round as this person finds it by id; `null` where they see none. */
export async function node(by: Person, id: string, fields = ROUND) {
  const answer = await by.graphql(`query ($id: ID!) { node(id: $id) { ... on Round { ${fields} } } }`, { id })
  assert.deepEqual(answer.errors, [])
  return answer.data.node
}
