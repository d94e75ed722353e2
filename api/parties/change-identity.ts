import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import {
  audit,
  type Deps,
  globalId,
  once,
  parse,
  Refused,
  type Uuid,
  zIdempotencyKey,
  zIsoDate,
  zKey,
  zText,
} from '../platform/index.ts'
import { insertIdentity, lockCompany } from './company.store.ts'
import { identitiesOf } from './identity.views.ts'
import { mustSeeCompany } from './visibility.ts'

/** Why a company is called so from a date on, without anybody else in its place: that is an assignment, which both sign. */
export const IDENTITY_CAUSES = ['name_change', 'conversion', 'domestication', 'correction'] as const
export type IdentityCause = (typeof IDENTITY_CAUSES)[number]

/** An ISO 3166 code. */
export const zJurisdiction = z.string().regex(/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/, 'must be an ISO 3166 code like "US-DE"')

export const ChangeCompanyIdentityInput = z.strictObject({
  companyId: zKey('Company'),
  legalName: zText(200),
  legalForm: zText(100),
  jurisdiction: zJurisdiction,
  /** The first day on which it is called so; it may lie ahead. */
  validFrom: zIsoDate,
  cause: z.enum(IDENTITY_CAUSES),
  /** What shows it: "Certificate of amendment, Delaware, file 7654321". */
  source: zText(500),
  idempotencyKey: zIdempotencyKey,
})
export type ChangeCompanyIdentityInput = z.input<typeof ChangeCompanyIdentityInput>

/**
 * Records that a company is called otherwise, has another form, or is organised elsewhere from a date on. It stays the same
 * company: its id, its deals, its cap table and its tokens do not change. What was signed before shows the name of its day.
 *
 * @throws {Refused} when it is called so already on that day, or the day is before the company was known here
 */
export async function changeCompanyIdentity(
  deps: Deps,
  actor: Actor,
  input: ChangeCompanyIdentityInput,
): Promise<{ companyId: Uuid }> {
  const { companyId, idempotencyKey, ...identity } = parse(ChangeCompanyIdentityInput, input)
  await mustSeeCompany(deps.db, actor, companyId)
  must(actor, 'analyst', 'partner', 'compliance')
  const scope = { kind: 'company', id: companyId } as const
  return once(deps, actor, { operation: 'changeCompanyIdentity', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, companyId)
    const known = (await identitiesOf(trx, [companyId])).get(companyId) ?? []
    const first = known.at(-1)
    if (first !== undefined && identity.validFrom < first.validFrom) {
      throw new Refused('validFrom', `is before ${first.validFrom}, from which on the company is known here`)
    }
    const then = known.find(({ validFrom, superseded }) => !superseded && validFrom <= identity.validFrom)
    const same = (['legalName', 'legalForm', 'jurisdiction'] as const).every((name) => then?.[name] === identity[name])
    if (same) throw new Refused('legalName', `is what the company is called on ${identity.validFrom} already`)
    await insertIdentity(trx, companyId, identity, actor.id)
    await audit(trx, actor, {
      scope,
      kind: 'company.identity_changed',
      subject: globalId('Company', companyId),
      payload: identity,
    })
    return { companyId }
  })
}
