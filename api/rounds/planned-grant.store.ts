/** The grants that a round's first closing will open, by their place in the terms. */
import { newId, type Ref, type Trx, type Uuid, violates } from '../platform/index.ts'
import { TermsRefused } from './errors.ts'
import { grantsOf, pathOfGrant } from './terms/grants-of.ts'
import type { RoundTerms } from './terms/terms.ts'

type Plan = {
  readonly companyId: Uuid
  readonly roundId: Uuid
  readonly closingId: Uuid
  readonly terms: RoundTerms
  readonly termsVersion: number
}

/**
 * Writes one planned grant for each of the terms; those of a version before follow, and those that the terms do not name any
 * more go. The round is locked, or new.
 *
 * @throws {TermsRefused} naming the grant whose token class does not exist here
 */
export async function writePlannedGrants(trx: Trx, plan: Plan): Promise<readonly Uuid[]> {
  const { companyId, closingId, roundId, termsVersion } = plan
  const grants = grantsOf(plan.terms)
  await trx
    .deleteFrom('planned_grant')
    .where('company_id', '=', companyId)
    .where('closing_id', '=', closingId)
    .where('ordinal', '>', grants.length)
    .execute()
  const ids: Uuid[] = []
  for (const grant of grants) {
    const { ordinal, tokenClassId, tokens } = grant
    const said = { token_class_id: tokenClassId, amount_micro: tokens, terms_version: termsVersion }
    const { grant_id } = await trx
      .insertInto('planned_grant')
      .values({
        company_id: companyId,
        grant_id: newId(),
        round_id: roundId,
        closing_id: closingId,
        ordinal,
        ...said,
      })
      .onConflict((on) => on.constraint('planned_grant_once').doUpdateSet(said))
      .returning('grant_id')
      .executeTakeFirstOrThrow()
      .catch((error: unknown) => {
        // Token classes are another capability's: the foreign key knows them.
        if (!violates(error, 'planned_grant_class')) throw error
        const path = ordinal === 1 ? ['compute', 'tokenClassId'] : [...pathOfGrant(grant), 'tokenClassId']
        throw new TermsRefused([{ path, reason: 'is not a token class here' }])
      })
    ids.push(grant_id)
  }
  return ids
}

/** The closing of a round and the ids of its grants, in the order of the terms. */
export async function plannedGrants(
  trx: Trx,
  ref: Ref,
): Promise<{ readonly closingId: Uuid; readonly grantIds: readonly [Uuid, ...Uuid[]] }> {
  const [first, ...further] = await trx
    .selectFrom('planned_grant')
    .select(['grant_id', 'closing_id'])
    .where('company_id', '=', ref.companyId)
    .where('round_id', '=', ref.id)
    .orderBy('ordinal')
    .execute()
  if (first === undefined) throw new Error(`the round ${ref.id} plans no grant`)
  return { closingId: first.closing_id, grantIds: [first.grant_id, ...further.map((row) => row.grant_id)] }
}
