/** Who signs the documents of a deal, as they are named in them. */
import { NotPrintable } from '../../../templates/format.ts'
import { CharactersNotInTypeface } from '../../../templates/pdf/typeface.ts'
import type { Actor } from '../../access/index.ts'
import { companiesById, mustSeeInstallation } from '../../parties/index.ts'
import { globalId, instant, NotFound, Refused, type Trx, type Uuid } from '../../platform/index.ts'

export type SigningParties = {
  readonly company: { readonly name: string; readonly form: string; readonly jurisdiction: string }
  readonly fund: { readonly name: string }
  /** The day of issue at 00:00 UTC: the same document on the same day is the same to the byte. */
  readonly issuedAt: string
}

/** Company and fund as they are named today. @throws {NotFound} */
export async function signingParties(trx: Trx, actor: Actor, companyId: Uuid): Promise<SigningParties> {
  const [company] = await companiesById(trx, actor, [companyId])
  if (company === undefined) throw new NotFound('company', globalId('Company', companyId))
  const { fundName } = await mustSeeInstallation(trx)
  return {
    company: { name: company.legalName, form: company.legalForm, jurisdiction: company.jurisdiction },
    fund: { name: fundName },
    issuedAt: `${(await instant(trx)).slice(0, 10)}T00:00:00Z`,
  }
}

/** A rendering; what the typeface cannot show is a matter of the input named by `field`. @throws {Refused} */
export async function printed(field: string, render: () => Promise<Uint8Array>): Promise<Uint8Array> {
  try {
    return await render()
  } catch (error) {
    if (error instanceof CharactersNotInTypeface || error instanceof NotPrintable)
      throw new Refused(field, error.message)
    throw error
  }
}
