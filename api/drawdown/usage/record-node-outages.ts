/** Records nodes that a scheduler showed as down under a reservation as outages of it, so that they are credited. */

import type { Actor } from '../../access/index.ts'
import {
  type CertainDown,
  type Interval,
  nodeOutageRecorded,
  nodeOutagesToRecord,
  restartRecorded,
  restartsToRecord,
  schedulerMachine,
  withinReservation,
} from '../../clusters/index.ts'
import { type Deps, DomainError, globalId, type Uuid } from '../../platform/index.ts'
import { recordOutage } from './record-outage.ts'

export type NodeOutagesRecorded = {
  readonly recorded: number
  /** Of no length within the reservation, or of one that cannot have an outage any more. */
  readonly setAside: number
}

/**
 * One run, in the name of the provider's scheduler. The same again is recognised (ADR 33), so a run may be repeated, and two
 * may run at once. What people recorded of the same node counts once with it.
 */
export async function recordNodeOutages(deps: Deps, poolId: Uuid): Promise<NodeOutagesRecorded> {
  const count = { recorded: 0, setAside: 0 }
  const outages = await nodeOutagesToRecord(deps.db, poolId)
  const restarts = await restartsToRecord(deps.db, poolId)
  if (outages.length + restarts.length === 0) return count
  const machine = await schedulerMachine(deps.db, poolId)
  if (machine === undefined) return count
  for (const outage of outages) {
    const recorded = await recordOne(deps, machine, outage)
    await nodeOutageRecorded(deps.db, outage)
    count[recorded ? 'recorded' : 'setAside'] += 1
  }
  for (const restart of restarts) {
    const { interval, evidence } = restart
    const recorded = await recordAs(deps, machine, { ...restart, within: interval, evidence: `${evidence}.` })
    await restartRecorded(deps.db, restart)
    count[recorded ? 'recorded' : 'setAside'] += 1
  }
  return count
}

/** False for what is no outage of the reservation. */
async function recordOne(
  deps: Deps,
  machine: Actor,
  outage: Awaited<ReturnType<typeof nodeOutagesToRecord>>[number],
): Promise<boolean> {
  const { node, reason, downFrom, seenUntil } = outage
  const within = withinReservation(outage, outage.booked)
  if (within === undefined) return false
  const evidence = `The scheduler showed ${node} as down since ${downFrom}, last at ${seenUntil}: ${reason}.`
  return recordAs(deps, machine, { ...outage, within, evidence })
}

type Certain = Pick<CertainDown, 'companyId' | 'reservationId' | 'node' | 'gpus' | 'scheduler' | 'evidence'> & {
  readonly within: Interval
}

async function recordAs(
  deps: Deps,
  machine: Actor,
  { companyId, reservationId, node, gpus, scheduler, within, evidence }: Certain,
): Promise<boolean> {
  try {
    const { outcome } = await recordOutage(deps, machine, {
      reservationId: globalId('Reservation', companyId, reservationId),
      ...within,
      gpus,
      node,
      source: scheduler,
      evidence,
    })
    return outcome === 'RECORDED'
  } catch (error) {
    if (!(error instanceof DomainError) || error.transient) throw error
    deps.log.warn(
      { reservationId, node, reason: error.message },
      'a node that was down is no outage of its reservation',
    )
    return false
  }
}
