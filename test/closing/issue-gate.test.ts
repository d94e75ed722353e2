/** The gate *issue*: before shares of a tranche, of a warrant and of a conversion. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Actor } from '../../api/access/index.ts'
import { capTableAsOf, instrumentStates } from '../../api/captable/index.ts'
import { closeRound, exerciseWarrant, issueTranche, reconcile } from '../../api/closing/index.ts'
import { OpenFlags, recordFact } from '../../api/flags/index.ts'
import type { RoundTermsWire } from '../../api/rounds/index.ts'
import type { Drawdown } from '../drawdown/given-drawdown.ts'
import { makeWorld } from '../support/world.ts'
import { givenDeal } from './given-deal.ts'
import { acceptedRound, endBars, givenSafe, givenStock, used } from './given-safe.ts'

const world = await makeWorld()
const { analyst, partner, operations, secondPartner, provider, regulator } = world.staff
const usd = (amount: string) => ({ amount, currency: 'USD' })
const stock = async (terms: Partial<RoundTermsWire>) => givenStock(world, await givenDeal(world), terms)

/** A step that issues shares, at the point at which nothing but the gate stops it. */
type Step = {
  readonly it: Drawdown
  readonly by: Actor
  readonly take: (actor: Actor, idempotencyKey?: string) => Promise<unknown>
}
type Issuing = {
  readonly given: () => Promise<Step>
  /** What the company's people are told. */
  readonly toFounder: string
  /** What those are told who come second. */
  readonly second: string
  /** The events that say that it was done. */
  readonly event: string
}

const ISSUING: Readonly<Record<string, Issuing>> = {
  'shares of a tranche': {
    given: async () => {
      const it = await stock({ unearned: { basis: 'staged', dividends: 'none' } })
      await used(it, 'one')
      const { roundId } = it.closed
      const take: Step['take'] = (actor, idempotencyKey) => issueTranche(world.deps, actor, { roundId, idempotencyKey })
      return { it, by: operations.actor, take }
    },
    toFounder: 'FORBIDDEN',
    second: 'REFUSED',
    event: 'round.tranche_issued',
  },
  'an exercise': {
    given: async () => {
      const it = await stock({
        instrument: { kind: 'PENNY_WARRANT', exercisePrice: usd('0.01'), expiresOn: '2036-12-15' },
      })
      await used(it, 'one')
      const { roundId } = it.closed
      // A tenth of 117,500 has vested, and all of it is exercised at once.
      const take: Step['take'] = (actor, idempotencyKey) =>
        exerciseWarrant(world.deps, actor, { roundId, shares: '11750', idempotencyKey })
      return { it, by: partner.actor, take }
    },
    toFounder: 'FORBIDDEN',
    second: 'TRANSACTION_REFUSED',
    event: 'round.warrant_exercised',
  },
  'a closing that converts': {
    given: async () => {
      const it = await givenSafe(world)
      await used(it, 'one')
      const { roundId } = await acceptedRound(world, it)
      // What counsel looked at was another holding: on these grounds the bar is open again.
      await recordFact(world.deps, analyst.actor, {
        companyId: it.id,
        name: 'holding.value',
        value: usd('900000000'),
        source: 'the register of holdings',
        asOf: '2027-03-14',
      })
      const take: Step['take'] = (actor, idempotencyKey) => closeRound(world.deps, actor, { roundId, idempotencyKey })
      return { it, by: secondPartner.actor, take }
    },
    toFounder: 'FORBIDDEN',
    second: 'WRONG_STATE',
    event: 'round.closed',
  },
}

/** All that a step could have left: the table, the instruments, the history, the record of keys, and what was told of it. */
async function standing({ companyId }: Drawdown) {
  const { db } = world.deps
  const counted = async (table: 'lot' | 'closed_grant') =>
    (await db.selectFrom(table).select('company_id').where('company_id', '=', companyId).execute()).length
  const keys = await db.selectFrom('idempotency_record').select('key').where('scope_id', '=', companyId).execute()
  return {
    table: await capTableAsOf(db, companyId, '2027-12-31'),
    instruments: await instrumentStates(db, [companyId]),
    lots: await counted('lot'),
    grants: await counted('closed_grant'),
    keys: keys.length,
    // The rules were run again, and say so.
    events: (await eventsOf(companyId)).filter(({ kind }) => kind.startsWith('round.')).length,
  }
}
const eventsOf = (companyId: string) =>
  world.deps.db.selectFrom('audit_event').select('kind').where('scope_id', '=', companyId).execute()

for (const [name, { given, toFounder, second, event }] of Object.entries(ISSUING)) {
  const done = async ({ companyId }: Drawdown) =>
    (await eventsOf(companyId)).filter(({ kind }) => kind === event).length
  const since = async (it: Drawdown, before: number) => (await done(it)) - before

  test(`the gate stops ${name} and leaves nothing half-written; then it is done once, of fifty at once`, async () => {
    const { it, by, take } = await given()
    const before = await done(it)
    await assert.rejects(take(by, 'early'), (error) => {
      assert.ok(error instanceof OpenFlags)
      assert.deepEqual(
        error.flags.map(({ kind }) => kind),
        ['bar'],
      )
      return true
    })
    // The first try opened the flag, which is kept: the second changes nothing at all.
    const stood = await standing(it)
    await assert.rejects(take(by, 'early'), OpenFlags)
    assert.deepEqual(await standing(it), stood)
    assert.ok((await endBars(world, it.companyId)) > 0)

    const tries = await Promise.allSettled(Array.from({ length: 50 }, () => take(by)))
    // On a slow machine the last of fifty may wait too long for a connection or the company's lock: it changed nothing.
    const late = ({ code, message }: { code?: string; message: string }): boolean =>
      code === '55P03' || (code === undefined && /timeout/i.test(message))
    const refused = tries.flatMap((one) =>
      one.status === 'rejected' ? [late(one.reason) ? 'LATE' : one.reason.code] : [],
    )
    assert.equal(refused.length, 49, refused.join())
    // On a slow machine the last of fifty may wait too long for the company's lock: it changed nothing, and may try again.
    const known = new Set([second, '55P03', undefined])
    assert.deepEqual(
      refused.filter((code) => !known.has(code)),
      [],
    )
    assert.ok(refused.includes(second), refused.join())
    assert.equal(await since(it, before), 1)
    assert.deepEqual((await reconcile(world.deps.db, it.companyId)).differences, [])
  })

  test(`${name}: not by who may not, and the same key twice is one`, async () => {
    const { it, by, take } = await given()
    const before = await done(it)
    const { founder: stranger } = await world.company('Another, Inc.')
    await assert.rejects(take(stranger.actor), { code: 'NOT_FOUND' })
    for (const { actor } of [provider, regulator]) await assert.rejects(take(actor), /./)
    await assert.rejects(take(analyst.actor), { code: 'FORBIDDEN' })
    await assert.rejects(take(it.founder.actor), { code: toFounder })
    await assert.rejects(take(by, 'one key'), OpenFlags)
    await endBars(world, it.companyId)
    const answers = await Promise.all([take(by, 'one key'), take(by, 'one key')])
    assert.deepEqual(answers[0], answers[1])
    assert.deepEqual(await take(by, 'one key'), answers[0])
    assert.equal(await since(it, before), 1)
    assert.deepEqual((await reconcile(world.deps.db, it.companyId)).differences, [])
  })
}
