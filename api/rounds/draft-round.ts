import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import { lockCompany, mustSeeCompany } from '../parties/index.ts'
import { audit, type Deps, globalId, once, parse, type Uuid, zIdempotencyKey, zKey } from '../platform/index.ts'
import { mustNameFund } from './fund-as-holder.ts'
import { proForma } from './pro-forma/pro-forma.ts'
import { capitalizationBefore } from './pro-forma/round-capitalization.ts'
import { insertRound } from './round.store.ts'
import { RoundTerms } from './terms/terms.ts'

export const DraftRoundInput = z.strictObject({
  companyId: zKey('Company'),
  terms: RoundTerms,
  idempotencyKey: zIdempotencyKey,
})
export type DraftRoundInput = z.input<typeof DraftRoundInput>

/**
 * Drafts a round over a company's cap table, with version 1 of its terms.
 *
 * @throws {TermsRefused} when no such round is possible over the cap table as of the closing date
 */
export async function draftRound(
  deps: Deps,
  actor: Actor,
  input: DraftRoundInput,
): Promise<{ companyId: Uuid; roundId: Uuid }> {
  const { companyId, terms, idempotencyKey } = parse(DraftRoundInput, input)
  await mustSeeCompany(deps.db, actor, companyId)
  must(actor, 'analyst', 'partner')
  const scope = { kind: 'company', id: companyId } as const
  return once(deps, actor, { operation: 'draftRound', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, companyId)
    const before = await capitalizationBefore(trx, companyId, terms)
    await mustNameFund(trx, before, terms)
    proForma(before, terms)
    const { roundId, ...planned } = await insertRound(trx, { companyId, terms, draftedBy: actor.id })
    await audit(trx, actor, {
      scope,
      kind: 'round.drafted',
      subject: globalId('Round', companyId, roundId),
      payload: { version: 1, ...planned },
    })
    return { companyId, roundId }
  })
}
