/** What maintenance and smaller capacity have in common: GPUs are taken out of a pool in which others may be booked. */
import type { Actor } from '../../access/index.ts'
import type { Deps, Uuid } from '../../platform/index.ts'
import { ReservationsInTheWay } from '../errors.ts'
import { bookingsOver } from '../pool/pool-time.views.ts'

export const WAYS_WITH_CONFLICTS = ['REFUSE', 'WAIT'] as const
/** `REFUSE`: nothing changes where reservations stand in the way. `WAIT`: what is free goes now, the rest as it becomes free. */
export type WayWithConflicts = (typeof WAYS_WITH_CONFLICTS)[number]

/** Names in the refusal the reservations that stand in the way, as far as the actor may see them. */
export async function showingWhoIsInTheWay<T>(
  deps: Deps,
  actor: Actor,
  pool: { readonly poolId: Uuid; readonly providerId: Uuid },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof ReservationsInTheWay)) throw error
    const { wanted, free, part } = error
    throw new ReservationsInTheWay(wanted, free, part, await bookingsOver(deps.db, actor, pool, part))
  }
}
