import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import { type ExercisedWarrant, exerciseWarrant as exercise } from '../captable/index.ts'
import { checkGate, type FlagsDeps, refuseWhileOpen } from '../flags/index.ts'
import {
  audit,
  formatNumeric,
  globalId,
  NotADecimal,
  once,
  parse,
  parseDecimal,
  type Ref,
  Refused,
  today,
  WrongState,
  zIdempotencyKey,
  zRef,
} from '../platform/index.ts'
import { lockRound, mustSeeRound, roundsByRef } from '../rounds/index.ts'
import { instrumentsOfRound } from './instrument-of-round.ts'

const zShares = z.string({ error: 'must be a whole number of shares, as a string' }).transform((text, context) => {
  try {
    return parseDecimal(text, 0)
  } catch (error) {
    if (!(error instanceof NotADecimal)) throw error
    context.issues.push({ code: 'custom', message: error.reason, input: text })
    return z.NEVER
  }
})

export const ExerciseWarrantInput = z.strictObject({
  roundId: zRef('Round'),
  /** Whole shares; no more than have vested and are left. */
  shares: zShares.refine((shares) => shares > 0n, 'must be more than zero'),
  idempotencyKey: zIdempotencyKey,
})
export type ExerciseWarrantInput = z.input<typeof ExerciseWarrantInput>

/**
 * Exercises vested shares of the warrant that a round gave for compute, for cash at its exercise price, behind the gate
 * *issue*. By a partner of the fund, whose warrant it is.
 */
export async function exerciseWarrant(
  deps: FlagsDeps,
  actor: Actor,
  input: ExerciseWarrantInput,
): Promise<ExercisedWarrant & { readonly ref: Ref }> {
  const { roundId: ref, shares, idempotencyKey } = parse(ExerciseWarrantInput, input)
  await mustSeeRound(deps.db, actor, ref)
  must(actor, 'partner')
  const subject = globalId('Round', ref.companyId, ref.id)
  const scope = { kind: 'company', id: ref.companyId } as const
  const gate = { gate: 'issue', companyId: ref.companyId, subject, onDate: await today(deps.db) } as const
  const [seen] = await roundsByRef(deps.db, actor, [ref])
  if (seen?.state === 'closed') await checkGate(deps, actor, gate)
  return once(deps, actor, { operation: 'exerciseWarrant', scope, idempotencyKey, input }, async (trx) => {
    const round = await lockRound(trx, ref)
    if (round.state !== 'closed') throw new WrongState('round', round.state, ['closed'])
    if (round.terms.instrument?.kind !== 'PENNY_WARRANT') throw new Refused('roundId', 'gave no warrant')
    await refuseWhileOpen(trx, gate)
    const [instrument] = await instrumentsOfRound(trx, ref)
    const exercised = await exercise(trx, {
      companyId: ref.companyId,
      instrumentId: instrument?.securityId ?? '',
      shares,
      date: await today(trx),
      by: actor.id,
    })
    await audit(trx, actor, {
      scope,
      kind: 'round.warrant_exercised',
      subject,
      payload: {
        balance: exercised.balanceSecurityId,
        paid: { amount: formatNumeric(exercised.amount.amount), currency: exercised.amount.currency },
        security: exercised.stockSecurityId,
        shares: shares.toString(),
      },
    })
    return { ...exercised, ref }
  })
}
