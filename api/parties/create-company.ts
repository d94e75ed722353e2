import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import {
  audit,
  type Deps,
  globalId,
  newId,
  once,
  parse,
  today,
  type Uuid,
  zIdempotencyKey,
  zText,
} from '../platform/index.ts'
import { insertCompany, insertIdentity } from './company.store.ts'
import { mustSeeInstallation } from './installation.views.ts'

export const CreateCompanyInput = z.strictObject({
  legalName: zText(200),
  legalForm: zText(100),
  jurisdiction: z.string().regex(/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/, 'must be an ISO 3166 code like "US-DE"'),
  idempotencyKey: zIdempotencyKey,
})
export type CreateCompanyInput = z.input<typeof CreateCompanyInput>

/** Registers a company with its legal name, form and jurisdiction as of today. Its cap table is imported next. */
export async function createCompany(deps: Deps, actor: Actor, input: CreateCompanyInput): Promise<{ companyId: Uuid }> {
  const { idempotencyKey, ...identity } = parse(CreateCompanyInput, input)
  const installation = await mustSeeInstallation(deps.db)
  must(actor, 'analyst', 'partner')
  const scope = { kind: 'installation', id: installation.installationId } as const
  return once(deps, actor, { operation: 'createCompany', scope, idempotencyKey, input }, async (trx) => {
    const companyId = newId()
    await insertCompany(trx, { companyId, createdBy: actor.id })
    await insertIdentity(trx, companyId, { ...identity, validFrom: await today(trx) }, actor.id)
    await audit(trx, actor, {
      scope: { kind: 'company', id: companyId },
      kind: 'company.created',
      subject: globalId('Company', companyId),
      payload: identity,
    })
    return { companyId }
  })
}
