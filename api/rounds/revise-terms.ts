import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import { audit, type Deps, once, parse, type Uuid, WrongState, zIdempotencyKey, zRef } from '../platform/index.ts'
import { StaleTerms } from './errors.ts'
import { mustNameFund } from './fund-as-holder.ts'
import { proForma } from './pro-forma/pro-forma.ts'
import { capitalizationBefore } from './pro-forma/round-capitalization.ts'
import { insertNextTerms, lockRound } from './round.store.ts'
import { zVersion } from './terms/term-pieces.ts'
import { RoundTerms } from './terms/terms.ts'
import { mustSeeRound } from './visibility.ts'

export const ReviseTermsInput = z.strictObject({
  roundId: zRef('Round'),
  /** The version that the caller has read and revises. */
  expectedVersion: zVersion,
  terms: RoundTerms,
  idempotencyKey: zIdempotencyKey,
})
export type ReviseTermsInput = z.input<typeof ReviseTermsInput>

/**
 * Writes the next version of a draft's terms, whole. Once proposed, terms stand still.
 *
 * @throws {StaleTerms} when somebody revised them meanwhile
 * @throws {TermsRefused} when no such round is possible over the cap table as of the closing date
 */
export async function reviseTerms(
  deps: Deps,
  actor: Actor,
  input: ReviseTermsInput,
): Promise<{ companyId: Uuid; roundId: Uuid; version: number }> {
  const { roundId: ref, expectedVersion, terms, idempotencyKey } = parse(ReviseTermsInput, input)
  await mustSeeRound(deps.db, actor, ref)
  must(actor, 'analyst', 'partner')
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'reviseTerms', scope, idempotencyKey, input }, async (trx) => {
    const round = await lockRound(trx, ref)
    if (round.state !== 'draft') throw new WrongState('round', round.state, ['draft'])
    if (round.termsVersion !== expectedVersion) throw new StaleTerms(expectedVersion, round.termsVersion)
    const before = await capitalizationBefore(trx, ref.companyId, terms)
    await mustNameFund(trx, before, terms)
    proForma(before, terms)
    const { version } = await insertNextTerms(trx, round, terms, actor.id)
    await audit(trx, actor, { scope, kind: 'round.terms_revised', subject: round.id, payload: { version } })
    return { companyId: ref.companyId, roundId: ref.id, version }
  })
}
