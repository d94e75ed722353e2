/** Every settlement of a grant, on every instrument that is not stock by obligation: the same shares, whatever holds them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { capTableAsOf, instrumentStates, stateKey } from '../../api/captable/index.ts'
import {
  approveSettlement,
  exerciseWarrant,
  issueTranche,
  proposeSettlement,
  reconcile,
  settleDue,
} from '../../api/closing/index.ts'
import type { RoundTermsWire } from '../../api/rounds/index.ts'
import { type Drawdown, progressOf } from '../drawdown/given-drawdown.ts'
import { makeWorld } from '../support/world.ts'
import { FUND, givenDeal } from './given-deal.ts'
import { exportsAlike, givenSafe, givenStock, through, traceOf, used } from './given-safe.ts'

const world = await makeWorld()
const { partner, secondPartner, operations } = world.staff
const usd = (amount: string) => ({ amount, currency: 'USD' })

/**
 * 100,000 tokens at 2.35 are 235,000.00: 117,500 shares at 2.00, or 23,500,000 cents of a SAFE. 10,000 tokens are used and
 * final, a tenth of it.
 */
type Form = {
  readonly total: bigint
  readonly given: (change: Partial<RoundTermsWire>) => Promise<Drawdown>
  /** What stands as earned and as still to be earned, in units, as the cap table or the instrument's own account has it. */
  readonly stands: (it: Drawdown, on: string) => Promise<readonly [bigint, bigint]>
  /** What can still be done with what is earned; it must be all of it. */
  readonly taken?: (it: Drawdown, earned: bigint) => Promise<void>
}
const ONE = 10n ** 10n
const state = async ({ companyId, closed }: Drawdown) => {
  const found = (await instrumentStates(world.deps.db, [companyId])).get(stateKey(companyId, closed.securityId))
  assert.ok(found !== undefined)
  return found
}
/** Of securities of one kind that the fund holds: vested and unvested. */
const onTable =
  (kind: string) =>
  async ({ companyId }: Drawdown, on: string): Promise<readonly [bigint, bigint]> => {
    const { securities } = await capTableAsOf(world.deps.db, companyId, on)
    const rows = securities.filter((row) => row.kind === kind && row.stakeholderName === FUND)
    const sum = (of: (row: (typeof rows)[number]) => bigint) => rows.reduce((total, row) => total + of(row), 0n) / ONE
    return [sum(({ outstanding, unvested }) => outstanding - unvested), sum(({ unvested }) => unvested)]
  }
const deal = async (terms: Partial<RoundTermsWire>) => givenStock(world, await givenDeal(world), terms)
const left = ({ totalShares, retired, ended }: Awaited<ReturnType<typeof state>>, earned: bigint): bigint =>
  ended ? 0n : totalShares - retired - earned

const FORMS: Readonly<Record<string, Form>> = {
  'partly paid stock': {
    total: 117_500n,
    given: (change) => deal({ unearned: { basis: 'partly_paid', dividends: 'in_proportion' }, ...change }),
    stands: onTable('stock'),
  },
  'stock in tranches': {
    total: 117_500n,
    given: (change) => deal({ unearned: { basis: 'staged', dividends: 'none' }, ...change }),
    stands: async (it) => {
      const now = await state(it)
      return [now.due, left(now, now.due)]
    },
    taken: async (it, earned) => {
      const { roundId } = it.closed
      const { tranches } = await through(world, it, () => issueTranche(world.deps, operations.actor, { roundId }))
      assert.equal(
        tranches.reduce((sum, { from, to }) => sum + to - from, 0n),
        earned,
      )
      await assert.rejects(issueTranche(world.deps, operations.actor, { roundId }), { code: 'REFUSED' })
    },
  },
  'a penny warrant': {
    total: 117_500n,
    given: (change) =>
      deal({ instrument: { kind: 'PENNY_WARRANT', exercisePrice: usd('0.01'), expiresOn: '2036-12-15' }, ...change }),
    stands: onTable('warrant'),
    taken: async (it, earned) => {
      const { roundId } = it.closed
      const exercise = (shares: bigint) =>
        exerciseWarrant(world.deps, partner.actor, { roundId, shares: String(shares) })
      await assert.rejects(
        through(world, it, () => exercise(earned + 1n)),
        { code: 'TRANSACTION_REFUSED' },
      )
      assert.equal((await exercise(earned)).shares, earned)
    },
  },
  'a SAFE': {
    total: 23_500_000n,
    given: (change) => givenSafe(world, change),
    stands: async (it, on) => {
      const now = await state(it)
      const { securities } = await capTableAsOf(world.deps.db, it.companyId, on)
      const amounts = securities.filter((row) => row.kind === 'convertible').map((row) => row.amount?.amount ?? 0n)
      const accrued = amounts.reduce((sum, amount) => sum + amount, 0n) / 10n ** 8n
      return [accrued, left(now, accrued)]
    },
  },
}

const grantOf = ({ companyId, closed }: Drawdown) => `Grant:${companyId}:${closed.grantId}`

/** Proposed by one partner and approved by another, on a day; the exact plan is checked by the code that does it. */
async function settled(it: Drawdown, on: string, said: object): Promise<void> {
  await world.setClock(`${on}T09:00:00Z`)
  const input = { grantId: grantOf(it), happenedOn: on, evidence: 'a letter', ...said }
  const { ref } = await proposeSettlement(world.deps, partner.actor, input as never)
  const settlementId = `Settlement:${ref.companyId}:${ref.id}`
  const { plan_sha256: hash } = await world.deps.db
    .selectFrom('settlement')
    .select('plan_sha256')
    .where('company_id', '=', ref.companyId)
    .where('settlement_id', '=', ref.id)
    .executeTakeFirstOrThrow()
  const approval = { settlementId, planSha256: hash.toString('hex') }
  await approveSettlement(world.deps, secondPartner.actor, approval)
  await assert.rejects(approveSettlement(world.deps, secondPartner.actor, approval), { code: 'WRONG_STATE' })
}

async function stands(it: Drawdown, form: Form, on: string, expected: readonly [bigint, bigint]): Promise<void> {
  assert.deepEqual(await form.stands(it, on), expected)
  assert.equal((await progressOf(world, it))[0]?.vested_shares, expected[0])
  assert.deepEqual((await reconcile(world.deps.db, it.companyId)).differences, [])
}

type Event = {
  readonly terms?: RoundTermsWire['settlement']
  readonly on: string
  readonly said?: object
  /** Settled by the job of the day. */
  readonly due?: boolean
  /** What is earned afterwards, of what was earned and of all. */
  readonly earned: 'what was' | 'all'
}
const EVENTS: Readonly<Record<string, Event>> = {
  'the long-stop, forfeiting': { on: '2029-06-15', due: true, earned: 'what was' },
  'the long-stop, take or pay': { terms: { nonUse: 'VEST_ANYWAY' }, on: '2029-06-15', due: true, earned: 'all' },
  'a change of control that nobody assumes': {
    on: '2027-04-01',
    said: { event: 'change_of_control', assumed: false },
    earned: 'what was',
  },
  'a change of control that accelerates': {
    terms: { changeOfControl: 'VEST' },
    on: '2027-04-01',
    said: { event: 'change_of_control', assumed: false },
    earned: 'all',
  },
  "the company's insolvency": { on: '2027-04-01', said: { event: 'company_insolvency' }, earned: 'what was' },
  'a termination for cause': { on: '2027-04-01', said: { event: 'termination_for_cause' }, earned: 'what was' },
}

for (const [name, form] of Object.entries(FORMS)) {
  for (const [event, { terms, on, said, due, earned }] of Object.entries(EVENTS)) {
    // A SAFE pays what has accrued in a sale: its terms allow no acceleration.
    if (name === 'a SAFE' && terms?.changeOfControl === 'VEST') continue
    test(`${event}: ${name}`, async () => {
      const it = await form.given(terms === undefined ? {} : { settlement: terms })
      await used(it, 'one')
      const was = form.total / 10n
      await stands(it, form, '2027-03-02', [was, form.total - was])
      if (due === true) {
        await world.setClock(`${on}T09:00:00Z`)
        const payload = { companyId: it.companyId, grantId: it.closed.grantId }
        await Promise.all([settleDue(world.deps, payload), settleDue(world.deps, payload)])
      } else await settled(it, on, said ?? {})
      const after = earned === 'all' ? form.total : was
      await stands(it, form, on, [after, 0n])
      if (earned === 'all') {
        const trace = await traceOf(it, it.closed.securityId, was, was + 1n)
        assert.deepEqual([trace.links.length, trace.clauses.length], [1, 1], JSON.stringify(trace))
      }
      await form.taken?.(it, after)
      assert.deepEqual((await reconcile(world.deps.db, it.companyId)).differences, [])
      await exportsAlike(world, it, ['2026-12-15', '2027-03-02', on])
    })
  }

  test(`terminated for convenience, used until the end of the wind-down: ${name}`, async () => {
    const it = await form.given({ settlement: { windDownDays: 30 } })
    await used(it, 'one')
    const was = form.total / 10n
    await settled(it, '2027-04-01', { event: 'termination_for_convenience' })
    await stands(it, form, '2027-04-01', [was, form.total - was])
    await world.setClock('2027-05-01T09:00:00Z')
    await settleDue(world.deps, { companyId: it.companyId, grantId: it.closed.grantId })
    await stands(it, form, '2027-05-01', [was, 0n])
    await exportsAlike(world, it, ['2027-04-01', '2027-05-01'])
  })

  test(`a part is given up, the rest earns as before, and then a provider fails: ${name}`, async () => {
    const it = await form.given({ settlement: { partialTermination: true, successorDays: 0 } })
    await used(it, 'one')
    const tenth = form.total / 10n
    // 40,000 of 100,000 tokens go, and four tenths of the shares.
    await settled(it, '2027-04-01', { event: 'partial_termination', tokens: '40000' })
    await stands(it, form, '2027-04-01', [tenth, 5n * tenth])
    // 10,000 tokens more earn another tenth.
    await used(it, 'two')
    await stands(it, form, '2027-09-02', [2n * tenth, 4n * tenth])
    await settled(it, '2027-09-02', { event: 'provider_insolvency', assumed: false })
    await stands(it, form, '2027-09-02', [2n * tenth, 0n])
    await form.taken?.(it, 2n * tenth)
    assert.deepEqual((await reconcile(world.deps.db, it.companyId)).differences, [])
    await exportsAlike(world, it, ['2027-04-01', '2027-09-02'])
  })
}
