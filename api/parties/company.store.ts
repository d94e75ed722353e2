/** Writes companies and locks them. */
import { instant, NotFound, type Trx, type Uuid } from '../platform/index.ts'

export type CompanyIdentity = {
  readonly legalName: string
  readonly legalForm: string
  readonly jurisdiction: string
  readonly validFrom: string
  /** Why it is called so from then on; `registered` where it was not otherwise before. */
  readonly cause?: string
  /** What shows it. */
  readonly source?: string
}

export async function insertCompany(trx: Trx, company: { companyId: Uuid; createdBy: Uuid }): Promise<void> {
  await trx
    .insertInto('company')
    .values({ company_id: company.companyId, created_by: company.createdBy, created_at: await instant(trx) })
    .execute()
}

export async function insertIdentity(
  trx: Trx,
  companyId: Uuid,
  identity: CompanyIdentity,
  recordedBy: Uuid,
): Promise<void> {
  await trx
    .insertInto('company_identity')
    .values({
      company_id: companyId,
      valid_from: identity.validFrom,
      recorded_at: await instant(trx),
      legal_name: identity.legalName,
      legal_form: identity.legalForm,
      jurisdiction: identity.jurisdiction,
      recorded_by: recordedBy,
      cause: identity.cause ?? 'registered',
      source: identity.source ?? null,
    })
    .execute()
}

/** Locks the company's row until the end of the transaction: the first lock of whatever changes its cap table or its deals. */
export async function lockCompany(trx: Trx, companyId: Uuid): Promise<void> {
  const row = await trx
    .selectFrom('company')
    .select('company_id')
    .where('company_id', '=', companyId)
    .forUpdate()
    .executeTakeFirst()
  if (row === undefined) throw new NotFound('company', `Company:${companyId}`)
}
