import assert from 'node:assert/strict'
import { test } from 'node:test'
import { evaluateGate, FACT_NAMES, FactRegistry, FactsAtHand, GATES, RULES } from '../../api/flags/index.ts'
import { given, usd } from './given-facts.ts'

test('there are rules of each kind, each with an id of its own', () => {
  assert.deepEqual(new Set(RULES.map((rule) => rule.kind)), new Set(['bar', 'policy', 'watch']))
  assert.equal(new Set(RULES.map((rule) => rule.id)).size, RULES.length)
})

for (const rule of RULES) {
  test(`${rule.id} cannot tell without facts, names what is missing, and never is clear`, () => {
    const [finding] = evaluateGate([rule], given({}), rule.gates[0] ?? assert.fail(), '2026-11-20')
    assert.equal(finding?.outcome, 'cannot_tell')
    assert.ok((finding?.missing.length ?? 0) > 0 && (finding?.clearedBy.length ?? 0) > 0)
    for (const name of finding?.missing ?? []) assert.ok(rule.facts.includes(name))
  })

  test(`${rule.id} is not clear when a fact is there in the wrong shape`, () => {
    for (const name of rule.facts) {
      for (const value of [null, {}, [], '', '0', { markets: [] }, { amount: '1e3', currency: 'USD' }]) {
        const [finding] = evaluateGate([rule], given({ [name]: value }), rule.gates[0] ?? assert.fail(), '2026-11-20')
        assert.equal(finding?.outcome, 'cannot_tell', `${name} ${JSON.stringify(value)}`)
      }
    }
  })

  test(`${rule.id} asks only for facts in the catalogue, only a bar takes evidence, and a citation is there`, () => {
    for (const name of rule.facts) assert.ok(FACT_NAMES.includes(name))
    assert.equal(rule.evidence.length > 0, rule.kind === 'bar')
    assert.ok(rule.citation.length > 5 && rule.gates.every((gate) => GATES.includes(gate)))
  })
}

test('equal grounds have equal prints; source and date of a fact are no ground, its value is', () => {
  const print = (amount: string, source: string) =>
    evaluateGate(
      RULES,
      new FactsAtHand([{ name: 'transaction.value', value: usd(amount), source, asOf: '2026-01-01' }]),
      'propose',
      '2026-11-20',
    )[0]?.print
  assert.equal(print('1', 'a'), print('1', 'b'))
  assert.notEqual(print('1', 'a'), print('2', 'a'))
})

test('the print changes with the row of the table, and not with the day', () => {
  const print = (onDate: string) =>
    evaluateGate(RULES, given({ 'transaction.value': usd('1') }), 'close', onDate)[0]?.print
  assert.equal(print('2026-11-20'), print('2026-11-21'))
  assert.notEqual(print('2026-02-16'), print('2026-02-17'))
})

test('a gate runs the rules that name it', () => {
  const idsAt = (gate: (typeof GATES)[number]) =>
    evaluateGate(RULES, given({}), gate, '2026-11-20').map(({ ruleId }) => ruleId)
  assert.ok(idsAt('reserve').includes('house.bookings_suspended'))
  assert.ok(!idsAt('propose').includes('house.bookings_suspended'))
  assert.ok(idsAt('propose').includes('antitrust.hsr_size_of_transaction'))
  assert.ok(!idsAt('reserve').includes('antitrust.hsr_size_of_transaction'))
})

test('a fact has one provider', () => {
  const registry = new FactRegistry().provide('transaction.value', async () => undefined)
  assert.throws(() => registry.provide('transaction.value', async () => undefined), /already/)
})
