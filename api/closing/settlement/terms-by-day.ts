/** Which version of a round's signed terms held on a day: what happened is settled by the terms of its day. */
import type { Reader, Ref, Uuid } from '../../platform/index.ts'
import { RoundTerms } from '../../rounds/index.ts'

type Version = { readonly effectiveOn: string | null; readonly terms: RoundTerms }

/** The last version whose day had come; the first signed one for days before any. */
export function termsOfDay(versions: readonly Version[], day: string): RoundTerms {
  const found = versions.findLast(({ effectiveOn }) => effectiveOn === null || effectiveOn <= day) ?? versions[0]
  if (found === undefined) throw new Error('a signed round has no terms')
  return found.terms
}

/** Versions of the terms of rounds from the signed one on, oldest first, by round. */
export async function signedVersions(
  reader: Reader,
  refs: readonly Ref[],
): Promise<ReadonlyMap<Uuid, readonly Version[]>> {
  if (refs.length === 0) return new Map()
  const rows = await reader
    .selectFrom('round_terms')
    .innerJoin('round', (on) =>
      on.onRef('round.company_id', '=', 'round_terms.company_id').onRef('round.round_id', '=', 'round_terms.round_id'),
    )
    .select(['round_terms.round_id as roundId', 'round_terms.terms', 'round_terms.effective_on as effectiveOn'])
    .where('round_terms.company_id', 'in', [...new Set(refs.map(({ companyId }) => companyId))])
    .where('round_terms.round_id', 'in', [...new Set(refs.map(({ id }) => id))])
    .whereRef('round_terms.version', '>=', 'round.proposed_version')
    .orderBy('round_terms.version')
    .execute()
  const parsed = rows.map(({ roundId, terms, effectiveOn }) => ({
    roundId,
    effectiveOn,
    terms: RoundTerms.parse(terms),
  }))
  return Map.groupBy(parsed, ({ roundId }) => roundId)
}

/** The terms of one round on any day. */
export async function termsByDay(reader: Reader, ref: Ref): Promise<(day: string) => RoundTerms> {
  const versions = (await signedVersions(reader, [ref])).get(ref.id) ?? []
  return (day) => termsOfDay(versions, day)
}
