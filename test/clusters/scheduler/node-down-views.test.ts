/** Nodes that were down under reservations, as whoever may see them reads them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NODES_DOWN_SHOWN, nodesDownUnderReservations } from '../../../api/clusters/index.ts'
import { newId } from '../../../api/platform/index.ts'
import { makeWorld } from '../../support/world.ts'

test('what a wall hides takes no place among the nodes that are shown', async () => {
  const { deps, staff, providerId, setClock } = await makeWorld()
  await setClock('2027-01-05T00:00:00Z')
  const [poolId, seen, hidden] = [newId(), newId(), newId()]
  const row = (companyId: string, node: string, downFrom: string) => ({
    ...{ pool_id: poolId, reservation_id: newId(), company_id: companyId, node, gpus: 8, scheduler: 'slurm' },
    ...{ reason: 'Not responding', down_from: downFrom, seen_until: '2027-01-04T12:00:00Z' },
  })
  const latest = Array.from({ length: NODES_DOWN_SHOWN }, (_, node) => row(hidden, `h${node}`, '2027-01-04T11:00:00Z'))
  await deps.db
    .insertInto('scheduler_node_down')
    .values([...latest, row(seen, 'n1', '2027-01-04T10:00:00Z')])
    .execute()
  const nodes = async (actor: typeof staff.operations.actor) =>
    ((await nodesDownUnderReservations(deps.db, actor, [{ poolId, providerId }])).get(poolId) ?? []).map(
      ({ node }) => node,
    )
  const { actor } = staff.operations
  assert.equal((await nodes(actor)).length, NODES_DOWN_SHOWN)
  assert.deepEqual(await nodes({ ...actor, walledCompanyIds: new Set([hidden]) }), ['n1'])
  // The provider runs the pool: it sees all of it.
  assert.equal((await nodes(staff.provider.actor)).length, NODES_DOWN_SHOWN)
})
