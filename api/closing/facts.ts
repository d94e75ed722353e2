/** What rules may ask of deals that are signed. The composition root registers these. */
import type { FactProvider } from '../flags/index.ts'
import { parseGlobalId } from '../platform/index.ts'
import { RoundTerms, transactionValue, transactionValueOfRound } from '../rounds/index.ts'

/** `transaction.value` of a round by its current terms, and of an amendment by the terms as amended. */
export const transactionValueOfDeal: FactProvider = async (reader, question) => {
  const parsed = parseGlobalId(question.subject)
  const [companyId, amendmentId] = parsed?.keys ?? []
  if (parsed?.type !== 'Amendment') return transactionValueOfRound(reader, question)
  if (companyId !== question.companyId || amendmentId === undefined) return undefined
  const row = await reader
    .selectFrom('amendment')
    .select(['terms', 'base_version'])
    .where('company_id', '=', companyId)
    .where('amendment_id', '=', amendmentId)
    .executeTakeFirst()
  return row === undefined ? undefined : transactionValue(RoundTerms.parse(row.terms), row.base_version + 1)
}
