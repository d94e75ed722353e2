/** What rules may ask of deals that are signed. The composition root registers these. */
import type { FactProvider } from '../flags/index.ts'
import { formatNumeric, parseGlobalId, parseNumeric, type Reader, type Ref } from '../platform/index.ts'
import { RoundTerms, transactionValue, transactionValueOfRound } from '../rounds/index.ts'
import { closingsOf, firstClosing, roundOfClosing } from './later-closing/later-closing.store.ts'
import { laterForma } from './later-closing/later-closing.ts'

/** `transaction.value` of a round by its current terms, and of an amendment by the terms as amended. */
export const transactionValueOfDeal: FactProvider = async (reader, question) => {
  const parsed = parseGlobalId(question.subject)
  const [companyId, amendmentId] = parsed?.keys ?? []
  if (parsed?.type === 'Closing' && companyId === question.companyId && amendmentId !== undefined) {
    return valueOfClosing(reader, { companyId, id: amendmentId })
  }
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

/** What the fund holds of the round once this closing is held: the compute of every closing that is not withdrawn. */
async function valueOfClosing(reader: Reader, ref: Ref) {
  const round = await roundOfClosing(reader, ref).catch(() => undefined)
  if (round === undefined) return undefined
  const row = await reader
    .selectFrom('round')
    .innerJoin('round_terms', (on) =>
      on
        .onRef('round_terms.company_id', '=', 'round.company_id')
        .onRef('round_terms.round_id', '=', 'round.round_id')
        .onRef('round_terms.version', '=', 'round.terms_version'),
    )
    .select(['round_terms.terms', 'round_terms.version'])
    .where('round.company_id', '=', round.companyId)
    .where('round.round_id', '=', round.id)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const terms = RoundTerms.parse(row.terms)
  const first = transactionValue(terms, row.version)
  if (first === undefined || first.value.amount === '0') return first
  const { price } = await firstClosing(reader, round, terms)
  const later = (await closingsOf(reader, round)).flatMap(({ content }) => laterForma(terms, price, content).grants)
  const amount = later.reduce((sum, grant) => sum + grant.amount.amount, parseNumeric(first.value.amount))
  return {
    ...first,
    value: { ...first.value, amount: formatNumeric(amount) },
    source: `${first.source}, of all closings`,
  }
}
