import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { RoundTermsWire } from '../../api/rounds/index.ts'
import { givenDeal } from '../closing/given-deal.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { assertSound, at, type Drawdown, givenDrawdown, progressOf, type Usage, usage } from './given-drawdown.ts'

const world = await makeWorld()
const { staff } = world
const HOUR = 3600

const TRACE = `query ($company: ID!, $security: String!, $first: BigInt!, $last: BigInt!) {
  shareTrace(companyId: $company, securityId: $security, firstShare: $first, lastShare: $last) {
    __typename ... on Refused { field reason message }
    ... on ShareTrace { vestedShares statementIds termsDocumentId
      links { externalId cause basisFrom basisTo gpuSeconds reservationId poolId } } } }`
const trace = async (by: Person, it: Drawdown, first: bigint | string, last: bigint | string, more = {}) => {
  const variables = {
    company: it.id,
    security: it.closed.securityId,
    first: String(first),
    last: String(last),
    ...more,
  }
  const answer = await by.graphql(TRACE, variables)
  assert.deepEqual(answer.errors, [])
  return answer.data.shareTrace
}
const micro = (tokens: string): bigint => {
  const [whole = '', part = ''] = tokens.split('.')
  return BigInt(whole + part.padEnd(6, '0'))
}

type Vesting = RoundTermsWire['vesting']
type History = { vesting: Vesting; factor: bigint; seconds: readonly bigint[]; size: number }

/** Forty tokens for 47 shares; up to forty hours of ten GPUs' use in up to twelve records, told a few at a time. */
const histories: fc.Arbitrary<History> = fc.record({
  vesting: fc.constantFrom<Vesting>(
    { allocation: 'CUMULATIVE_ROUND_DOWN' },
    { allocation: 'CUMULATIVE_ROUNDING' },
    { allocation: 'CUMULATIVE_ROUND_DOWN', cliffTokens: '11' },
    { allocation: 'FRONT_LOADED', tranches: 7 },
    { allocation: 'BACK_LOADED_TO_SINGLE_TRANCHE', tranches: 5 },
  ),
  // H100-hours per GPU-hour, times 10^10: 1, 0.315, 0.9999999999.
  factor: fc.constantFrom(10_000_000_000n, 3_150_000_000n, 9_999_999_999n),
  seconds: fc.array(fc.oneof(fc.bigInt(1n, 40n), fc.bigInt(1n, 12_000n)), { minLength: 1, maxLength: 12 }),
  size: fc.integer({ min: 1, max: 5 }),
})

const [GRANTED, SHARES] = [40_000_000n, 47n]

/** Shares by the published meaning of each allocation type, tranche after tranche. */
function modelEarned({ allocation, tranches, cliffTokens }: Vesting, basis: bigint): bigint {
  if (cliffTokens !== undefined && basis < micro(cliffTokens)) return 0n
  if (tranches === undefined) {
    const doubled = (2n * SHARES * basis) / GRANTED
    return allocation === 'CUMULATIVE_ROUNDING' ? (doubled + 1n) / 2n : doubled / 2n
  }
  let earned = 0n
  for (let tranche = 1; tranche <= tranches; tranche += 1) {
    if (BigInt(tranches) * basis < BigInt(tranche) * GRANTED) break
    const left = Number(SHARES % BigInt(tranches))
    const one = SHARES / BigInt(tranches)
    if (allocation === 'FRONT_LOADED') earned += tranche <= left ? one + 1n : one
    else earned += tranche === tranches ? one + BigInt(left) : one
  }
  return earned
}

test('over random histories every earned share leads to the records that earned it, without gap, as a model has it', async () => {
  await fc.assert(
    fc.asyncProperty(histories, async ({ vesting, factor, seconds, size }) => {
      const deal = await givenDeal(world)
      const terms = { vesting, compute: deal.compute('40'), cashInvestors: [] }
      const it = await givenDrawdown(world, terms, { factor, deal })
      assert.equal(it.closed.shares, SHARES)
      const reservation = await it.reserved(10, 240)
      const records: Usage[] = seconds.map((each, index) => usage(`r${index}`, each, { endedAt: at(240) }))
      for (let from = 0; from < records.length; from += size)
        await it.told(reservation, records.slice(from, from + size))

      // The model: cumulative seconds, one division rounded down, shares of the sum.
      let cumulative = 0n
      const earnedBy: { externalId: string; basis: bigint; earned: bigint }[] = []
      for (const [index, each] of seconds.entries()) {
        cumulative += each
        const basis = (cumulative * factor) / 36_000_000n
        earnedBy.push({ externalId: `r${index}`, basis, earned: modelEarned(vesting, basis) })
      }
      const last = earnedBy.at(-1)
      const [progress] = await progressOf(world, it)
      assert.deepEqual([progress?.delivered_micro, progress?.earned_shares], [last?.basis, last?.earned])

      const earned = last?.earned ?? 0n
      for (let share = 1n; share <= earned; share += 1n) {
        const { links } = await trace(staff.analyst, it, share, share)
        assert.ok(links.length > 0, `share ${share} has a record behind it`)
        assert.equal(links.at(-1).externalId, earnedBy.find((record) => record.earned >= share)?.externalId)
      }
      if (earned > 0n) {
        const { links } = await trace(staff.analyst, it, 1n, earned)
        let reached = '0'
        for (const link of links) {
          assert.equal(link.basisFrom, reached)
          reached = link.basisTo
        }
        assert.equal(modelEarned(vesting, micro(reached)), earned, 'and no record less would have earned them')
        assert.ok(modelEarned(vesting, micro(reached) - 1n) < earned)
      }
      const beyond = await trace(staff.analyst, it, 1n, earned + 1n)
      assert.deepEqual([beyond.__typename, beyond.field], ['Refused', 'shares'])
      await assertSound(world, it)
    }),
    { numRuns: 10 },
  )
})

test('shares that are not earned, or that the security does not have, are refused by name', async () => {
  const it = await givenDrawdown(world)
  await it.told(await it.reserved(10), [usage('a', 7 * HOUR)], true)
  for (const [first, last, reason] of [
    ['1', '9', /must be earned: 8 are/],
    ['1', '117501', /range within 1 to 117500/],
    ['0', '1', /range within 1 to 117500/],
    ['5', '4', /range within 1 to 117500/],
  ] as const) {
    const answer = await trace(staff.analyst, it, first, last)
    assert.equal(answer.__typename, 'Refused', JSON.stringify(answer))
    assert.match(answer.reason, reason)
  }
})

test('a trace is for those who see the company, and looks like nothing to others', async () => {
  const it = await givenDrawdown(world)
  await it.told(await it.reserved(10), [usage('a', 7 * HOUR)], true)
  const other = await world.company('Another, Inc.')
  for (const person of [it.founder, it.signatory, staff.operations]) {
    assert.equal((await trace(person, it, 1n, 8n)).links.length, 1)
  }
  for (const person of [other.founder, staff.provider, staff.regulator]) {
    assert.equal(await trace(person, it, 1n, 8n), null)
    assert.equal(await trace(person, it, 0n, 8n), null)
  }
  for (const wrong of [{ security: 'nothing' }, { company: 'Company:x' }, { company: other.id }]) {
    assert.equal(await trace(staff.analyst, it, 1n, 8n, wrong), null)
  }
})

test('shares that a step of the basis earned together share all its records, and the statement that vested them', async () => {
  const it = await givenDrawdown(world, { vesting: { cliffTokens: '10' } })
  const reservation = await it.reserved(20)
  await it.told(reservation, [usage('a', 6 * HOUR), usage('b', 3 * HOUR), usage('c', 2 * HOUR)], true)
  const statement = await it.stated('2027-01-01', '2027-02-03T09:00:00Z')
  await it.settled(statement)
  for (const share of [1n, 6n, 11n]) {
    const { links, vestedShares, statementIds, termsDocumentId } = await trace(staff.analyst, it, share, share)
    assert.deepEqual(
      links.map((link: { externalId: string; basisFrom: string; basisTo: string }) => [
        link.externalId,
        link.basisFrom,
        link.basisTo,
      ]),
      [
        ['a', '0', '6'],
        ['b', '6', '9'],
        ['c', '9', '10'],
      ],
    )
    assert.deepEqual([vestedShares, statementIds], ['1', [statement.id]])
    assert.equal(termsDocumentId, `Document:${it.companyId}:${it.closed.documentId}`)
  }
  // Eleven tokens earn 12.925: the twelfth share comes after the cliff, and the thirteenth is not earned.
  const twelfth = await trace(staff.analyst, it, 12n, 12n)
  assert.deepEqual([twelfth.links.length, twelfth.links[0].externalId], [1, 'c'])
})
