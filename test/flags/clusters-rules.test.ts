/** Rules over what clusters tell: tables of cases, with the thresholds from both sides. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { evaluate } from '../../api/flags/index.ts'
import { allocationDisparity } from '../../api/flags/rules/conflict/allocation-disparity.ts'
import { factorSetAlone } from '../../api/flags/rules/conflict/factor-set-alone.ts'
import { bookingsSuspended } from '../../api/flags/rules/house/bookings-suspended.ts'
import { given } from './given-facts.ts'

type Side = readonly [requests: number, refused: number, wait: number | null]
const side = ([requests, refused, medianWaitSeconds]: Side) => ({ requests, refused, medianWaitSeconds })

const CASES: readonly (readonly [what: string, company: Side, others: Side, outcome: string])[] = [
  ['no request', [0, 0, null], [9, 1, 60], 'clear'],
  ['too few of the company', [2, 2, 60], [9, 0, 60], 'cannot_tell'],
  ['too few of others', [9, 9, 60], [2, 0, 60], 'cannot_tell'],
  ['alike', [4, 1, 60], [8, 2, 60], 'clear'],
  // 2 of 4 against 1 of 4: 25 points, which is not more than 25.
  ['25 points more', [4, 2, 60], [4, 1, 60], 'clear'],
  // 51 of 100 against 25 of 100: 26 points.
  ['26 points more', [100, 51, 60], [100, 25, 60], 'flag'],
  ['refused less often', [4, 0, 60], [4, 4, 60], 'clear'],
  ['twice the wait', [3, 0, 120], [3, 0, 60], 'clear'],
  ['a second more than twice', [3, 0, 121], [3, 0, 60], 'flag'],
]
for (const [what, company, others, outcome] of CASES) {
  test(`allocation, ${what}: ${outcome}`, () => {
    const facts = { 'allocation.decisions': { since: '2026-08-22', company: side(company), others: side(others) } }
    const finding = evaluate(allocationDisparity, given(facts), '2026-11-20')
    assert.equal(finding.outcome, outcome, finding.arithmetic.join('\n'))
  })
}

test('a factor set alone is named with its figures', () => {
  const alone = {
    pool: 'B200 on fjord-1',
    h100HoursPerGpuHour: '2.5',
    basis: 'price',
    source: 'a list',
    validFrom: 'today',
  }
  const facts = given({ 'factors.set_alone': { pools: 2, alone: [alone] } })
  const finding = evaluate(factorSetAlone, facts, '2026-11-20')
  assert.equal(finding.outcome, 'flag')
  assert.deepEqual(finding.arithmetic, [
    'B200 on fjord-1: 2.5 H100-hours per GPU-hour by price, from today (a list).',
    '1 of 2 pools has a factor that one side set alone.',
  ])
  const none = given({ 'factors.set_alone': { pools: 2, alone: [] } })
  assert.equal(evaluate(factorSetAlone, none, '2026-11-20').outcome, 'clear')
})

test('a suspension is a bar until it is lifted', () => {
  const examine = (suspended: boolean) =>
    evaluate(bookingsSuspended, given({ 'company.bookings_suspended': { suspended, why: 'an order' } }), '2026-11-20')
  assert.equal(examine(true).outcome, 'flag')
  assert.equal(examine(false).outcome, 'clear')
  assert.equal(bookingsSuspended.kind, 'bar')
})
