/** The main job over a real Slurm: booked here, run there, metered there, charged, earned, stated, vested and traced here. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PoolScheduler, pushReservationsJob, Slurm } from '../../api/clusters/index.ts'
import { pullUsage, startReservation } from '../../api/drawdown/index.ts'
import { assertSound, at, givenDrawdown, idOf, progressOf, START } from '../drawdown/given-drawdown.ts'
import { cleared, inItsOwnTime, presentMinute, slurmAccess, submitJob, until } from '../support/slurm.ts'
import { makeWorld } from '../support/world.ts'
import { givenDeal } from './given-deal.ts'

const access = slurmAccess('the main job, from a booking to the trace of a vested share')
if (access !== undefined) {
  const { url, token } = access
  const world = await makeWorld()
  const { deps, staff } = world

  test('a job that Slurm ran in what tokens booked earns shares that lead back to it', async () => {
    // A thousand H100-hours per GPU-hour, so that a few seconds earn whole shares.
    const deal = await givenDeal(world)
    const terms = { compute: deal.compute('2000'), cashInvestors: [] }
    const it = await givenDrawdown(world, terms, { deal, factor: 1000n * 10n ** 10n })
    const minute = await presentMinute()
    const slurm = new Slurm({
      url,
      user: 'root',
      token: async () => token,
      cluster: 'vcpool',
      models: { A100: { partition: 'a100', type: 'a100' } },
    })
    const target: PoolScheduler = {
      poolId: it.pool.poolId,
      scheduler: inItsOwnTime(slurm, minute - Date.parse(START) / 1000),
      gpuModel: 'A100',
      accountOf: () => 'startup_a',
    }
    const push = () => pushReservationsJob([target])(deps, { poolId: it.pool.poolId })
    const stateOf = async (reservationId: string) =>
      (
        await deal.founder.graphql('query ($id: ID!) { node(id: $id) { ... on Reservation { state } } }', {
          id: reservationId,
        })
      ).data.node.state

    // Booked and confirmed before it starts; the scheduler is told, and shows it.
    const reservationId = await it.reserved(4, 10, 0, at(-1))
    const id = idOf('Reservation', reservationId)
    try {
      assert.deepEqual(await push(), { pushed: 1, ended: 0, failed: 0 })
      assert.equal(await stateOf(reservationId), 'provisioned')
      await world.setClock(at(0))
      await startReservation(deps, { companyId: it.companyId, reservationId: id })
      assert.equal(await stateOf(reservationId), 'active')

      const job = await submitJob(access, {
        account: 'startup_a',
        partition: 'a100',
        gres: 'gpu:a100:4',
        seconds: 4,
        reservation: id,
      })
      // The clock stands after the end, so that what the scheduler tells lies in the past.
      await world.setClock(at(11))
      const pulled = await until('the job has ended', 60, async () => {
        const run = await pullUsage(deps, target)
        return run !== undefined && run.recorded > 0 ? run : undefined
      })
      assert.deepEqual([pulled.recorded, pulled.refused, pulled.outside], [1, [], []])

      // Charged exactly: cumulative GPU-seconds times the factor, rounded down once.
      const record = await deps.db
        .selectFrom('usage_record')
        .selectAll()
        .where('company_id', '=', it.companyId)
        .executeTakeFirstOrThrow()
      const seconds = BigInt(Date.parse(record.ended_at) - Date.parse(record.started_at)) / 1000n
      assert.ok(seconds >= 4n && seconds < 20n, `${seconds} s`)
      assert.equal(record.gpu_seconds, 4n * seconds)
      const delivered = (4n * seconds * 1000n * 1_000_000n) / 3600n
      assert.equal(record.charged_micro, delivered)
      assert.match(record.external_id, new RegExp(`^vcpool\\.${job}\\.\\d+$`))

      // Earned: the granted tokens vest all shares, in proportion, rounded down.
      const [progress] = await progressOf(world, it)
      const earned = (it.closed.shares * delivered) / 2_000_000_000n
      assert.ok(earned > 0n, 'some seconds earn a share')
      assert.deepEqual([progress?.delivered_micro, progress?.earned_shares], [delivered, earned])

      // Completed once nothing more can come; stated, accepted, final: vested.
      await world.setClock(at(25))
      const last = await pullUsage(deps, target)
      assert.deepEqual([last?.recorded, last?.known, last?.completed], [0, 1, 1])
      const statement = await it.stated('2027-01-01', '2027-02-01T00:00:00Z')
      assert.equal((await it.settled(statement)).state, 'final')
      const [final] = await progressOf(world, it)
      assert.equal(final?.vested_shares, earned)

      // Each vested share leads back to the job.
      const { data } = await staff.analyst.graphql(
        `query ($company: ID!, $security: String!, $last: BigInt!) {
          shareTrace(companyId: $company, securityId: $security, firstShare: "1", lastShare: $last) {
            ... on ShareTrace { vestedShares statementIds termsDocumentId links { externalId cause gpuSeconds reservationId } } } }`,
        { company: it.id, security: it.closed.securityId, last: String(earned) },
      )
      assert.deepEqual(data.shareTrace.links, [
        { externalId: record.external_id, cause: 'delivered', gpuSeconds: String(4n * seconds), reservationId },
      ])
      assert.equal(data.shareTrace.vestedShares, String(earned))
      assert.deepEqual(data.shareTrace.statementIds, [statement.id])
      assert.ok(data.shareTrace.termsDocumentId)
      await assertSound(world, it)
    } finally {
      await cleared(access)
    }
  })
}
