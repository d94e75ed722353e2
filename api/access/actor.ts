/** Whoever acts: an id, roles, and what they belong to. There is one in every call. */
import { Forbidden, type Uuid } from '../platform/index.ts'

export const ROLES = [
  'analyst',
  'partner',
  'compliance',
  'operations',
  'admin',
  'provider',
  'founder',
  'signatory',
  'regulator',
  'machine',
] as const
/** What a person may be here. A person can be several. */
export type Role = (typeof ROLES)[number]

/** The fund's own people. They see every company that no wall hides from them. */
export const STAFF_ROLES = [
  'analyst',
  'partner',
  'compliance',
  'operations',
  'admin',
] as const satisfies readonly Role[]

export type Actor = {
  readonly id: Uuid
  /** For the screen only: history holds the id. */
  readonly name: string
  readonly roles: ReadonlySet<Role>
  /** The companies for which this person is founder or signatory. */
  readonly companyIds: ReadonlySet<Uuid>
  /** The providers on whose staff this person is. */
  readonly providerIds: ReadonlySet<Uuid>
  /** The companies that an information barrier hides from this person. */
  readonly walledCompanyIds: ReadonlySet<Uuid>
}

/** Whether the actor has one of these roles. */
export const is = (actor: Actor, ...roles: readonly Role[]): boolean => roles.some((role) => actor.roles.has(role))

/** Whether the actor is on the fund's staff. */
export const isStaff = (actor: Actor): boolean => is(actor, ...STAFF_ROLES)

/**
 * Refuses an actor who has none of these roles. Ask only about what the actor may see: refusing tells that it exists.
 *
 * @throws {Forbidden}
 */
export function must(actor: Actor, ...roles: readonly Role[]): void {
  if (!is(actor, ...roles)) throw new Forbidden(roles)
}
