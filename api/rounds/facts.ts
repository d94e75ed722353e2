/** What rules may ask of rounds. The composition root registers these. */
import type { FactProvider } from '../flags/index.ts'
import { formatNumeric, parseGlobalId } from '../platform/index.ts'
import { allComputeConsideration } from './terms/consideration.ts'
import { RoundTerms } from './terms/terms.ts'

/** The acquisition price in US dollars of the voting securities that the fund holds as a result of these terms. */
export function transactionValue(terms: RoundTerms, version: number | undefined) {
  const consideration = allComputeConsideration(terms)
  // Another currency must be converted by people, at a rate they can name.
  if (consideration.currency !== 'USD') return undefined
  const votes = terms.unearned.votes && terms.security.votesPerShare > 0n
  const of = version === undefined ? 'round terms' : `round terms version ${version}`
  const source = votes
    ? `${of}: tokens times reference price; unearned shares vote, so all are held at closing`
    : `${of}: unearned shares do not vote, so none is held at closing; the value grows as they are earned`
  return {
    name: 'transaction.value',
    value: { amount: votes ? formatNumeric(consideration.amount) : '0', currency: 'USD' },
    source,
    asOf: terms.closingDate,
  } as const
}

/** `transaction.value` of a round's current terms. Other subjects, and rounds of another company, it does not know. */
export const transactionValueOfRound: FactProvider = async (reader, { companyId, subject }) => {
  const parsed = parseGlobalId(subject)
  const [roundCompany, roundId] = parsed?.keys ?? []
  if (parsed?.type !== 'Round' || roundCompany !== companyId || roundId === undefined) return undefined
  const row = await reader
    .selectFrom('round')
    .innerJoin('round_terms', (join) =>
      join
        .onRef('round_terms.company_id', '=', 'round.company_id')
        .onRef('round_terms.round_id', '=', 'round.round_id')
        .onRef('round_terms.version', '=', 'round.terms_version'),
    )
    .select(['round_terms.terms', 'round_terms.version'])
    .where('round.company_id', '=', companyId)
    .where('round.round_id', '=', roundId)
    .executeTakeFirst()
  return row === undefined ? undefined : transactionValue(RoundTerms.parse(row.terms), row.version)
}
