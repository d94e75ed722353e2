/** Who sees which pool and which reservation, and who decides. Here and nowhere else. */
import { type ExpressionBuilder, type ExpressionWrapper, type SqlBool, sql } from 'kysely'
import { type Actor, is, isStaff } from '../access/index.ts'
import { seesCompany } from '../parties/index.ts'
import type { DB } from '../platform/database-types.ts'
import { Forbidden, type Uuid } from '../platform/index.ts'

/** Staff and companies' people see every pool, since they choose among them; a provider's staff and machines only its own. */
export const seesPool = (actor: Actor, pool: { readonly providerId: Uuid }): boolean =>
  isStaff(actor) || is(actor, 'founder', 'signatory') || metersFor(actor, pool.providerId)

/** Whoever sees the company, and the staff and machines of the provider whose pool it is. */
export const seesReservation = (
  actor: Actor,
  reservation: { readonly companyId: Uuid; readonly providerId: Uuid },
): boolean => seesCompany(actor, reservation.companyId) || metersFor(actor, reservation.providerId)

/** {@link seesReservation} as a condition on `pool_booking`. `ownPools` are those of the provider that the actor works for. */
export function bookingsSeenBy(
  actor: Actor,
  ownPools: readonly Uuid[],
): (on: ExpressionBuilder<DB, 'pool_booking'>) => ExpressionWrapper<DB, 'pool_booking', SqlBool> {
  const [own, walled] = [[...actor.companyIds], [...actor.walledCompanyIds]]
  return (on) =>
    on.or([
      sql<boolean>`pool_booking.pool_id = ANY(${[...ownPools]}::uuid[])`,
      on.and([
        isStaff(actor) ? on.lit(true) : sql<boolean>`pool_booking.company_id = ANY(${own}::uuid[])`,
        sql<boolean>`pool_booking.company_id <> ALL(${walled}::uuid[])`,
      ]),
    ])
}

/** {@link seesPool} as a condition on `pool`, for lists and counts. */
export function poolsSeenBy(
  actor: Actor,
): (on: ExpressionBuilder<DB, 'pool'>) => ExpressionWrapper<DB, 'pool', SqlBool> {
  if (isStaff(actor) || is(actor, 'founder', 'signatory')) return (on) => on.lit(true)
  const own = is(actor, 'provider', 'machine') ? [...actor.providerIds] : []
  return (on) => on.and([sql<boolean>`pool.provider_id = ANY(${own}::uuid[])`])
}

/** Whether the actor is on the staff of this provider. */
export const worksFor = (actor: Actor, providerId: Uuid): boolean =>
  is(actor, 'provider') && actor.providerIds.has(providerId)

/** Whether the actor is on the staff of this provider, or a machine of it. */
export const metersFor = (actor: Actor, providerId: Uuid): boolean =>
  is(actor, 'provider', 'machine') && actor.providerIds.has(providerId)

/**
 * In whose name somebody sets up a pool or a factor: the provider's own staff, or the fund's operations on its behalf.
 *
 * @throws {Forbidden}
 */
export function mustActFor(actor: Actor, providerId: Uuid): 'provider' | 'operations' {
  if (worksFor(actor, providerId)) return 'provider'
  if (is(actor, 'operations')) return 'operations'
  throw new Forbidden(['provider', 'operations'])
}

/**
 * Only the provider's own staff decide on its capacity. Who is also on the fund's staff does not: approving capacity for
 * a portfolio company from the fund's side is itself a conflict.
 *
 * @throws {Forbidden}
 */
export function mustDecideFor(actor: Actor, providerId: Uuid): void {
  if (isStaff(actor)) {
    throw new Forbidden(
      ['provider'],
      "The provider's own staff decide on its capacity. From the fund's side it would be a conflict of interest. Nothing was changed.",
    )
  }
  if (!worksFor(actor, providerId)) throw new Forbidden(['provider'])
}

/**
 * Only a founder books for the company.
 *
 * @throws {Forbidden}
 */
export function mustBookFor(actor: Actor, companyId: Uuid): void {
  if (!is(actor, 'founder') || !actor.companyIds.has(companyId)) throw new Forbidden(['founder'])
}
