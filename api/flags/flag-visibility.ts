import { type Actor, isStaff } from '../access/index.ts'
import { seesCompany } from '../parties/index.ts'
import type { Uuid } from '../platform/index.ts'

/**
 * Who sees a company's flags, findings and recorded facts: staff who see the company. Decided here and nowhere else, for
 * nodes, lists, counts and every mutation on them.
 */
export const seesFlags = (actor: Actor, companyId: Uuid): boolean => isStaff(actor) && seesCompany(actor, companyId)
