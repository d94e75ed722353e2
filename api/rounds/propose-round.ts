import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import { checkGate, type FlagsDeps, refuseWhileOpen } from '../flags/index.ts'
import {
  audit,
  globalId,
  once,
  parse,
  type Trx,
  type Uuid,
  WrongState,
  zIdempotencyKey,
  zRef,
} from '../platform/index.ts'
import { StaleTerms } from './errors.ts'
import { mustNameFund } from './fund-as-holder.ts'
import { proForma } from './pro-forma/pro-forma.ts'
import { capitalizationBefore } from './pro-forma/round-capitalization.ts'
import { type LockedRound, lockRound, markProposed } from './round.store.ts'
import { roundsByRef } from './round.views.ts'
import { zVersion } from './terms/term-pieces.ts'
import { mustSeeRound } from './visibility.ts'

export const ProposeRoundInput = z.strictObject({
  roundId: zRef('Round'),
  /** The version of the terms that the caller has read and proposes. */
  expectedVersion: zVersion,
  idempotencyKey: zIdempotencyKey,
})
export type ProposeRoundInput = z.input<typeof ProposeRoundInput>

/**
 * Proposes a draft: the rules of the gate `propose` run on its terms, and what they find is kept whatever follows. While
 * a bar or policy flag is open the round stays a draft.
 *
 * @throws {OpenFlags} naming each rule that stops it
 * @param alsoRefuse what else may stand against it, that rounds know nothing of: asked on the locked round
 * @throws {StaleTerms} when somebody revised the terms meanwhile
 */
export async function proposeRound(
  deps: FlagsDeps,
  actor: Actor,
  input: ProposeRoundInput,
  alsoRefuse: (trx: Trx, round: LockedRound) => Promise<void> = async () => {},
): Promise<{ companyId: Uuid; roundId: Uuid; version: number }> {
  const { roundId: ref, expectedVersion, idempotencyKey } = parse(ProposeRoundInput, input)
  await mustSeeRound(deps.db, actor, ref)
  must(actor, 'analyst', 'partner')
  const scope = { kind: 'company', id: ref.companyId } as const
  const gate = { gate: 'propose', companyId: ref.companyId, subject: globalId('Round', ref.companyId, ref.id) } as const
  // In a transaction of its own: a refusal below must not take the findings with it.
  const [seen] = await roundsByRef(deps.db, actor, [ref])
  if (seen?.state === 'draft' && seen.termsVersion === expectedVersion) {
    await checkGate(deps, actor, { ...gate, onDate: seen.terms.closingDate })
  }
  return once(deps, actor, { operation: 'proposeRound', scope, idempotencyKey, input }, async (trx) => {
    const round = await lockRound(trx, ref)
    if (round.state !== 'draft') throw new WrongState('round', round.state, ['draft'])
    if (round.termsVersion !== expectedVersion) throw new StaleTerms(expectedVersion, round.termsVersion)
    await refuseWhileOpen(trx, { ...gate, onDate: round.terms.closingDate })
    // The cap table may have moved since the terms were written.
    const before = await capitalizationBefore(trx, ref.companyId, round.terms)
    await mustNameFund(trx, before, round.terms)
    proForma(before, round.terms)
    await alsoRefuse(trx, round)
    await markProposed(trx, round, actor.id)
    const version = round.termsVersion
    await audit(trx, actor, { scope, kind: 'round.proposed', subject: round.id, payload: { version } })
    return { companyId: ref.companyId, roundId: ref.id, version }
  })
}
