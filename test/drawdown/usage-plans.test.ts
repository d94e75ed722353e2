/** What a batch of usage reads does not grow with what is stored, in a session whose plans were made over empty tables. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { postDraws } from '../../api/drawdown/usage/on-demand.store.ts'
import { postUsage } from '../../api/drawdown/usage/usage.store.ts'
import { inTransaction, type Trx, type Uuid } from '../../api/platform/index.ts'
import type { RoundTermsWire } from '../../api/rounds/index.ts'
import { givenDeal } from '../closing/given-deal.ts'
import { makeWorld } from '../support/world.ts'
import { at, givenDrawdown } from './given-drawdown.ts'

const world = await makeWorld()
const { deps, staff } = world

/** Rows that the transaction fetched by an index so far, of every table. */
async function fetched(trx: Trx): Promise<bigint> {
  const { rows } = await sql<{ rows: bigint }>`
    SELECT sum(idx_tup_fetch)::bigint AS rows FROM pg_stat_xact_user_tables`.execute(trx)
  return rows[0]?.rows ?? 0n
}

type Tell = (trx: Trx, names: readonly string[]) => Promise<readonly { outcome: string }[]>

/**
 * Tells each way one record, with which the plans are made; then 100, 400 and 100 more: how many rows were fetched for each of
 * the first hundred, and of the last. All in one transaction, so in one session, and nothing analyses the tables meanwhile.
 */
const fetchedForEach = (ways: readonly Tell[]) =>
  inTransaction(deps.db, async (trx) => {
    const names = (from: number, count: number) => Array.from({ length: count }, (_, index) => `job ${from + index}`)
    const told = async (tell: Tell, batch: readonly string[]) => {
      const before = await fetched(trx)
      const answers = await tell(trx, batch)
      assert.ok(answers.every(({ outcome }) => outcome === 'recorded'))
      return Number((await fetched(trx)) - before) / batch.length
    }
    for (const tell of ways) await told(tell, names(0, 1))
    const found: { first: number; last: number }[] = []
    for (const tell of ways) {
      const first = await told(tell, names(1, 100))
      await told(tell, names(101, 400))
      found.push({ first, last: await told(tell, names(501, 100)) })
    }
    return found
  })

async function given() {
  const deal = await givenDeal(world)
  const booking = { onDemand: {} }
  const terms = { compute: deal.compute('40'), cashInvestors: [], booking } as Partial<RoundTermsWire>
  const it = await givenDrawdown(world, terms, { deal })
  const reservationId = (await it.reserved(4)).split(':').at(-1) as Uuid
  const record = (externalId: string) => ({
    source: 'slurm/fjord',
    externalId,
    gpuSeconds: 3n,
    startedAt: at(0),
    endedAt: at(60),
    job: null,
  })
  return { ...it, reservationId, record, actorId: staff.provider.id, pools: [it.pool.poolId] }
}

test('a record reads no more when 500 are stored than when none is, of a reservation and outside any', async () => {
  const { companyId, actorId, pools, ...it } = await given()
  const pool = { poolId: it.pool.poolId, tokenClassId: it.pool.tokenClassId, gpus: 64, factor: 10n ** 10n }
  const [reserved, onDemand] = await fetchedForEach([
    async (trx, names) => {
      const records = names.map((name) => ({ ...it.record(`reserved ${name}`), reservationId: it.reservationId }))
      return (await postUsage(trx, { companyId, records, pools, actorId, whole: true })).answers
    },
    (trx, names) => {
      const draws = names.map((name) => ({ ...it.record(`on demand ${name}`), ...pool }))
      return postDraws(trx, { companyId, draws, pools, actorId })
    },
  ])
  // Looked up for each are the keys of its usage record (reservation, person) and of its charge (usage record, grant), and
  // outside any reservation the sums of the pool and the month, read and written; the rest is for the batch. The versions of
  // PostgreSQL differ by a row: what must not happen is that each of 500 is read for each that comes.
  for (const [way, rows] of Object.entries({ reserved, onDemand })) {
    assert.ok(rows !== undefined && rows.last <= rows.first * 1.1, `${way}: ${JSON.stringify(rows)} rows for a record`)
    assert.ok(rows.last <= 15, `${way}: ${rows.last} rows were fetched for a record`)
  }
})
