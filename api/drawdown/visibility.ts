/** Who answers for a company, and who meters its use. What is seen is decided where companies and reservations are. */
import { type RawBuilder, sql } from 'kysely'
import { type Actor, is, isStaff } from '../access/index.ts'
import { metersFor } from '../clusters/index.ts'
import { Forbidden, type Uuid } from '../platform/index.ts'

/**
 * A company's own founders and signatories answer for it. Being one elsewhere is not enough for staff who see every company,
 * and who is also on the fund's staff would answer to themselves.
 *
 * @throws {Forbidden}
 */
export function mustSpeakFor(actor: Actor, companyId: Uuid): void {
  const speaks = is(actor, 'founder', 'signatory') && actor.companyIds.has(companyId)
  if (speaks && !isStaff(actor)) return
  throw new Forbidden(
    ['founder', 'signatory'],
    "Only the company's own founders and signatories do this, and nobody on the fund's staff. Nothing was changed.",
  )
}

/**
 * The staff and the machines of the provider whose pool it was report usage. Who is also on the fund's staff does not: usage earns the
 * fund's shares.
 *
 * @throws {Forbidden}
 */
export function mustMeterFor(actor: Actor, providerId: Uuid): void {
  if (metersFor(actor, providerId) && !isStaff(actor)) return
  throw new Forbidden(
    ['provider', 'machine'],
    "Only the provider's own staff and machines report usage of its pools, and nobody on the fund's staff. Nothing was changed.",
  )
}

/**
 * Who sees usage that was kept aside, as a condition on `quarantined_usage as kept`: the fund's staff, but not of a company
 * that a wall hides from them, and whoever meters for the provider that reported it.
 */
export function quarantineSeenBy(actor: Actor): RawBuilder<boolean> {
  const own = [...actor.providerIds].filter((providerId) => metersFor(actor, providerId))
  const [walled, staff] = [[...actor.walledCompanyIds], isStaff(actor)]
  return sql<boolean>`(kept.scope_id = ANY(${own}::uuid[])
    OR ${staff}::boolean AND (kept.company_id IS NULL OR kept.company_id <> ALL(${walled}::uuid[])))`
}

/**
 * Who looks after usage that was kept aside: operations, and the provider's own people. A machine only tells.
 *
 * @throws {Forbidden}
 */
export function mustLookAfterUsage(actor: Actor, providerId: Uuid): void {
  if (is(actor, 'operations') || (is(actor, 'provider') && actor.providerIds.has(providerId))) return
  throw new Forbidden(['operations', 'provider'])
}
