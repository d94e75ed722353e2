import type { z } from 'zod'
import { type Actor, must } from '../../access/index.ts'
import { lockCompany } from '../../parties/index.ts'
import { type Deps, inTransaction, type MicroTokens, newId, parse, zRef } from '../../platform/index.ts'
import { balances } from '../../tokens/index.ts'
import { type Applied, applyPlan } from './apply-plan.ts'
import { mustSeeGrant } from './grant-visibility.ts'
import { loadStanding } from './load-standing.ts'
import { Circumstances, planHash, planJson, type SettlementPlanJson } from './plan.ts'
import { planFor } from './plan-for.ts'
import { insertSettlement } from './settlement.store.ts'

export const RehearseSettlementInput = Circumstances.extend({ grantId: zRef('Grant') })
export type RehearseSettlementInput = z.input<typeof RehearseSettlementInput>

/** What a settlement would do, shown by doing it and taking it back. */
export type Rehearsal = {
  readonly plan: SettlementPlanJson
  readonly planSha256: string
  readonly document: { readonly sha256: string; readonly size: number; readonly bytes: Uint8Array }
  /** The company's tokens afterwards, by kind of account: those that are not zero. */
  readonly tokensAfter: readonly { readonly kind: string; readonly amount: MicroTokens }[]
}

class Rehearsed extends Error {
  readonly rehearsal: Rehearsal
  constructor(rehearsal: Rehearsal) {
    super('rehearsed')
    this.rehearsal = rehearsal
  }
}

/**
 * Rehearses a settlement: everything is done as it would be, and rolled back. What is shown is what approving it would do, to
 * the byte of its notice while the day is the same.
 *
 * @throws {Refused} where the terms say that nothing happens, or nothing yet
 */
export async function rehearseSettlement(deps: Deps, actor: Actor, input: RehearseSettlementInput): Promise<Rehearsal> {
  const { grantId: of, ...said } = parse(RehearseSettlementInput, input)
  await mustSeeGrant(deps.db, actor, of)
  must(actor, 'analyst', 'partner', 'operations', 'compliance')
  try {
    await inTransaction(deps.db, async (trx) => {
      await lockCompany(trx, of.companyId)
      const { standing, grant } = await loadStanding(trx, of.companyId, of.id, said)
      const plan = planFor(standing, said)
      const ref = { companyId: of.companyId, id: newId() }
      await insertSettlement(trx, {
        ref,
        grantId: of.id,
        said,
        plan: planJson(plan),
        planSha256: planHash(plan),
        termsDocumentId: grant.grant.termsDocumentId,
        proposedBy: actor.id,
      })
      const { evidence, happenedOn } = said
      const applied: Applied = await applyPlan(trx, {
        ref,
        standing,
        grant,
        plan,
        evidence,
        happenedOn,
        actorId: actor.id,
        madeBy: actor.id,
      })
      const { totals } = await balances(trx, of.companyId)
      throw new Rehearsed({
        plan: planJson(plan),
        planSha256: planHash(plan).toString('hex'),
        document: { sha256: applied.documentSha256, size: applied.bytes.length, bytes: applied.bytes },
        tokensAfter: totals.filter(({ amount }) => amount !== 0n).map(({ kind, amount }) => ({ kind, amount })),
      })
    })
  } catch (error) {
    if (error instanceof Rehearsed) return error.rehearsal
    throw error
  }
  throw new Error('a rehearsal is always rolled back')
}
