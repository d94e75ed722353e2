/** Lists of use outside any reservation read only what they list. A world of its own: what else is there decides the plans. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { type OnDemandUse, onDemandOfCompanies, onDemandOfPools } from '../../api/drawdown/index.ts'
import { inTransaction, type Trx, type Uuid } from '../../api/platform/index.ts'
import { asOwner } from '../support/database.ts'
import { makeWorld } from '../support/world.ts'
import { givenOnDemand } from './given-on-demand.ts'

const world = await makeWorld()
const { deps, staff } = world
const HOUR = 3600

test('of use outside reservations only the months that are listed are read', async () => {
  const it = await givenOnDemand(world, {})
  const [january, february] = [
    { startedAt: '2026-12-31T23:00:00Z', endedAt: '2027-01-01T00:00:00Z' },
    { startedAt: '2027-02-01T00:00:00Z', endedAt: '2027-02-01T01:00:00Z' },
  ]
  await world.setClock('2027-03-02T09:00:00Z')
  const march = { startedAt: '2027-03-01T00:00:00Z', endedAt: '2027-03-01T01:00:00Z' }
  await it.tell(...Array.from({ length: 100 }, (_, n) => it.line(`old ${n}`, 36, january)))
  await it.tell(it.line('february', HOUR, february), it.line('march 1', HOUR, march), it.line('march 2', HOUR, march))
  await asOwner(world.ownerUrl, 'ANALYZE usage_record')
  const read = (list: (trx: Trx) => Promise<Map<Uuid, OnDemandUse[]>>) =>
    inTransaction(deps.db, async (trx) => {
      // The table of a test is so small that reading all of it is as cheap.
      await sql`SET LOCAL enable_seqscan = off`.execute(trx)
      const fetched = async () => {
        const { rows } = await sql<{ rows: bigint }>`SELECT seq_tup_read + idx_tup_fetch AS rows
          FROM pg_stat_xact_user_tables WHERE relname = 'usage_record'`.execute(trx)
        return rows[0]?.rows ?? 0n
      }
      const before = await fetched()
      const [uses] = [...(await list(trx)).values()]
      return { uses: uses?.map(({ month, records }) => [month, records]), rows: (await fetched()) - before }
    })
  const two = [
    ['2027-03-01', 2],
    ['2027-02-01', 1],
  ]
  for (const list of [
    (trx: Trx) => onDemandOfCompanies(trx, [it.companyId], 2),
    (trx: Trx) => onDemandOfPools(trx, staff.provider.actor, [it.pool.poolId], 2),
  ]) {
    const { uses, rows } = await read(list)
    assert.deepEqual(uses, two)
    assert.ok(rows < 20n, `${rows} records were read for three that are listed`)
  }
  const all = await onDemandOfCompanies(deps.db, [it.companyId])
  assert.deepEqual(
    all.get(it.companyId)?.map(({ month, records }) => [month, records]),
    [...two, ['2027-01-01', 100]],
  )
})
