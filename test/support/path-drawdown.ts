import { answerOffer, decideReservation, offerReservation, requestReservation } from '../../api/clusters/index.ts'
import {
  answerStatement,
  cancelReservation,
  changeReservation,
  correctOnDemandUsage,
  correctUsage,
  finaliseStatement,
  mustMeter,
  proposeSettlement,
  readUsage,
  recordOutage,
  reportOnDemandUsage,
  reportUsage,
  stateStatement,
  takeUsage,
} from '../../api/drawdown/index.ts'
import { globalId, newId, type Ref, zKey } from '../../api/platform/index.ts'
import { releaseDueTokens } from '../../api/tokens/index.ts'
import type { Travelled } from './path.ts'

import { idOf, type Way } from './path-deal.ts'
import type { World } from './world.ts'

/** Usage of a reservation that the company does not have. */
export async function lostUsage({ world, stage, companyId }: Way): Promise<string> {
  const record = {
    reservationId: globalId('Reservation', companyId.slice('Company:'.length), newId()),
    source: 'slurm/one',
    externalId: 'lost',
    gpuSeconds: '60',
    startedAt: '2026-07-20T00:00:00Z',
    endedAt: '2026-07-20T00:01:00Z',
  }
  const meterer = await mustMeter(world.deps.db, stage.provider.actor)
  const [taken] = await takeUsage(world.deps, meterer, { read: readUsage([record]) })
  if (taken?.outcome !== 'QUARANTINED') throw new Error('the usage should have been kept aside')
  return globalId('QuarantinedUsage', meterer.providerId, taken.quarantineId)
}

type Wish = { readonly from: string; readonly days: number; readonly gpus: number }

async function request({ world, stage, companyId, founder }: Way, wish: Wish): Promise<string> {
  const startsAt = `${wish.from}T00:00:00Z`
  const endsAt = new Date(Date.parse(startsAt) + wish.days * 86_400_000).toISOString().replace('.000Z', 'Z')
  const { poolId } = stage
  const { ref } = await requestReservation(world.deps, founder, {
    companyId,
    poolId,
    gpus: wish.gpus,
    startsAt,
    endsAt,
  })
  return idOf('Reservation', ref)
}

const approve = ({ world, stage }: Way, reservationId: string) =>
  decideReservation(world.deps, stage.provider.actor, { reservationId, decision: 'APPROVE' })

/** One reservation used in July, one of November that waits for the provider, one approved, one cancelled, one that is to change. */
export async function book(way: Way): Promise<Travelled['reservations']> {
  const { world, stage, companyId, founder } = way
  const { deps, staff } = world
  await world.setClock('2026-07-16T09:00:00Z')
  await releaseDueTokens(deps, staff.operations.actor, { companyId })
  const used = await request(way, { from: '2026-07-20', days: 7, gpus: 8 })
  await offerReservation(deps, stage.provider.actor, { reservationId: used, gpus: 16, reasonCode: 'OTHER' })
  await answerOffer(deps, founder, { reservationId: used, answer: 'ACCEPT' })
  await world.setClock('2026-07-27T10:00:00Z')
  await reportUsage(deps, stage.provider.actor, {
    reservationId: used,
    records: [1, 2].map((job) => ({
      source: 'slurm/one',
      externalId: `${companyId}-${job}`,
      gpuSeconds: '3600000',
      startedAt: '2026-07-20T00:00:00Z',
      endedAt: '2026-07-27T00:00:00Z',
      job: `pretrain-${job}`,
    })),
    complete: true,
  })
  await recordOutage(deps, stage.provider.actor, {
    reservationId: used,
    gpus: 1,
    startsAt: '2026-07-21T00:00:00Z',
    endsAt: '2026-07-21T00:01:00Z',
    node: 'one-07',
    source: 'monitor',
    evidence: 'The node did not answer.',
  })
  await correctThere(way, used)
  await useOnDemand(way)
  await world.setClock('2026-11-19T09:00:00Z')
  const held = await request(way, { from: '2026-11-24', days: 1, gpus: 2 })
  const approved = await request(way, { from: '2026-11-25', days: 1, gpus: 2 })
  await approve(way, approved)
  const cancelled = await request(way, { from: '2026-11-26', days: 1, gpus: 2 })
  await cancelReservation(deps, founder, { reservationId: cancelled })
  const changing = await request(way, { from: '2026-11-27', days: 1, gpus: 2 })
  await approve(way, changing)
  await changeReservation(deps, founder, { reservationId: changing, gpus: 3 })
  return { used, held, approved, cancelled, changing }
}

/** A node was down between two checks of a scheduler that is gone: the provider has not said for how long. */
export async function lostNode({ world, stage, companyId }: Way, reservationId: string): Promise<string> {
  const restartId = newId()
  const [poolId = '', reservation = ''] = [stage.poolId.slice('Pool:'.length), reservationId.split(':')[2]]
  await world.deps.db
    .insertInto('scheduler_node_restart')
    .values({
      pool_id: poolId,
      restart_id: restartId,
      reservation_id: reservation,
      company_id: companyId.slice('Company:'.length),
      node: 'one-08',
      gpus: 8,
      possible_from: '2026-07-22T00:00:00Z',
      possible_until: '2026-07-22T00:05:00Z',
      scheduler: 'slurm/one',
      evidence: 'Booted at 2026-07-22T00:04:00Z.',
      found_at: '2026-07-22T00:05:00Z',
    })
    .execute()
  return globalId('NodeRestart', poolId, restartId)
}

/** A record is lowered, and raised to what it was: two corrections that come to nothing. */
async function correctThere({ world, stage, companyId }: Way, reservationId: string): Promise<void> {
  const { usage_id: usageId } = await world.deps.db
    .selectFrom('usage_record')
    .select('usage_id')
    .where('company_id', '=', zKey('Company').parse(companyId))
    .where('external_id', '=', `${companyId}-2`)
    .executeTakeFirstOrThrow()
  for (const gpuSeconds of ['3599000', '3600000']) {
    await correctUsage(world.deps, stage.provider.actor, {
      reservationId,
      records: [{ usageId, gpuSeconds }],
      reasonCode: 'WRONG_METER',
      reason: 'The meter of the test.',
    })
  }
}

/** A job outside any reservation, which turns out to have run elsewhere: it comes to nothing. */
async function useOnDemand({ world, stage, companyId }: Way): Promise<void> {
  const { deps } = world
  const of = { poolId: stage.poolId, companyId }
  const { records } = await reportOnDemandUsage(deps, stage.provider.actor, {
    ...of,
    records: [
      {
        source: 'slurm/one',
        externalId: `${companyId}-outside`,
        gpuSeconds: '3600',
        startedAt: '2026-07-27T09:00:00Z',
        endedAt: '2026-07-27T10:00:00Z',
        job: 'elsewhere',
      },
    ],
  })
  await correctOnDemandUsage(deps, stage.provider.actor, {
    ...of,
    records: records.map(({ usageId }) => ({ usageId, gpuSeconds: '0' })),
    reasonCode: 'WRONG_COMPANY',
    reason: 'The job of the test ran elsewhere.',
  })
}

/** July final, August stated. */
export async function state({ world, companyId, founder }: Way): Promise<Travelled['statements']> {
  const { deps, staff } = world
  await world.setClock('2026-08-03T08:00:00Z')
  const july = await stateStatement(deps, staff.operations.actor, { companyId, month: '2026-07-01' })
  const final = idOf('Statement', july.ref)
  const read = { statementId: final, sha256: await hashOf(world, july.ref) }
  await answerStatement(deps, founder, { ...read, answer: 'DISPUTE', reason: 'The second job ended earlier.' })
  const { dispute_id: disputeId } = await deps.db
    .selectFrom('dispute')
    .select('dispute_id')
    .where('company_id', '=', july.ref.companyId)
    .executeTakeFirstOrThrow()
  const dispute = globalId('Dispute', july.ref.companyId, disputeId)
  await proposeSettlement(deps, founder, { disputeId: dispute, outcome: 'STANDS', note: 'It did not.' })
  await answerStatement(deps, founder, { ...read, answer: 'ACCEPT' })
  await finaliseStatement(deps, staff.operations.actor, { statementId: final })
  await world.setClock('2026-09-02T08:00:00Z')
  const august = await stateStatement(deps, staff.operations.actor, { companyId, month: '2026-08-01' })
  return { final, stated: idOf('Statement', august.ref), dispute }
}

/** What the company answers: the hash of its statement. */
export async function hashOf({ deps }: World, { companyId, id }: Ref): Promise<string> {
  const { sha256 } = await deps.db
    .selectFrom('statement')
    .select('sha256')
    .where('company_id', '=', companyId)
    .where('statement_id', '=', id)
    .executeTakeFirstOrThrow()
  return sha256.toString('hex')
}
