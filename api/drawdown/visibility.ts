/** Who answers for a company, and who meters its use. What is seen is decided where companies and reservations are. */
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
