/** What a priced round does to SAFEs for compute, beside converting what has accrued: the rest ends or goes on. */
import type { Actor } from '../access/index.ts'
import { convertSafe, openSafes } from '../captable/index.ts'
import { lockGrantOf } from '../drawdown/index.ts'
import { globalId, newId, type Trx, type Uuid } from '../platform/index.ts'
import { conversionTermsOf, type LockedRound, type ProForma } from '../rounds/index.ts'
import type { Converted } from './issue-conversions.ts'
import { applyPlan } from './settlement/apply-plan.ts'
import { loadStanding } from './settlement/load-standing.ts'
import { planHash, planJson } from './settlement/plan.ts'
import { planPricedRound } from './settlement/plan-priced-round.ts'
import { insertOutcome, insertSettlement } from './settlement/settlement.store.ts'

/**
 * Records the conversion of each SAFE for compute that this round converts. One that the terms let remain is left alone; one
 * of which nothing has accrued follows what the terms say of SAFEs that are not listed.
 *
 * @throws {Refused} when the rest of a SAFE ends and some of it is earned and not final yet
 */
export async function convertSafes(
  trx: Trx,
  actor: Actor,
  round: LockedRound,
  made: {
    readonly forma: ProForma
    readonly converted: readonly Converted[]
    readonly date: string
    /** The class that money buys. */
    readonly stockClassId: string
  },
): Promise<void> {
  const { companyId } = round
  const remains = conversionTermsOf(round.terms).outstanding === 'REMAIN'
  for (const open of await openSafes(trx, companyId)) {
    const { securityId } = open.now
    const became = made.converted.find((each) => each.securityId === securityId)
    if (securityId === null ? remains : became === undefined) continue
    const rest = await convertSafe(trx, open, {
      roundId: round.roundId,
      became: became && { securityId: became.resultingSecurityId, shares: became.shares },
      price: made.forma.price,
      stockClassId: made.stockClassId,
    })
    if (rest === 'END' && open.unaccrued > 0n) await endRest(trx, actor, round, open.instrument.instrumentId, made.date)
  }
}

/** The grant behind the SAFE is over: its tokens are cancelled and nothing accrues any more. */
async function endRest(
  trx: Trx,
  actor: Actor,
  { companyId, roundId, terms }: LockedRound,
  instrumentId: string,
  happenedOn: string,
): Promise<void> {
  const { grantId }: { grantId: Uuid } = (await lockGrantOf(trx, companyId, instrumentId)).grant
  const { standing, grant } = await loadStanding(trx, companyId, grantId)
  if (standing.settledBy !== null) return
  const plan = planPricedRound(standing)
  const ref = { companyId, id: newId() }
  const said = {
    event: plan.event,
    happenedOn,
    evidence: `The closing of ${terms.name}, ${globalId('Round', companyId, roundId)}.`,
  }
  await insertSettlement(trx, {
    ref,
    grantId,
    said,
    plan: planJson(plan),
    planSha256: planHash(plan),
    termsDocumentId: grant.grant.termsDocumentId,
    proposedBy: null,
  })
  const { evidence } = said
  const by = { evidence, happenedOn, actorId: actor.id, madeBy: actor.id }
  const { documentId } = await applyPlan(trx, { ref, standing, grant, plan, ...by })
  await insertOutcome(trx, { ref, proposedBy: null }, { kind: 'applied', decidedBy: null, documentId, reason: null })
}
