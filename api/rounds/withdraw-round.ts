import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import {
  audit,
  type Deps,
  once,
  parse,
  type Uuid,
  WrongState,
  zIdempotencyKey,
  zRef,
  zText,
} from '../platform/index.ts'
import { lockRound, markRound } from './round.store.ts'
import { WITHDRAWABLE } from './round-state.ts'
import { mustSeeRound } from './visibility.ts'

export const WithdrawRoundInput = z.strictObject({
  roundId: zRef('Round'),
  reason: zText(1000),
  idempotencyKey: zIdempotencyKey,
})
export type WithdrawRoundInput = z.input<typeof WithdrawRoundInput>

/** Gives a round up before it closes. It and its terms stay on record. */
export async function withdrawRound(
  deps: Deps,
  actor: Actor,
  input: WithdrawRoundInput,
): Promise<{ companyId: Uuid; roundId: Uuid }> {
  const { roundId: ref, reason, idempotencyKey } = parse(WithdrawRoundInput, input)
  await mustSeeRound(deps.db, actor, ref)
  must(actor, 'analyst', 'partner')
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'withdrawRound', scope, idempotencyKey, input }, async (trx) => {
    const round = await lockRound(trx, ref)
    const from = WITHDRAWABLE.find((state) => state === round.state)
    if (from === undefined) throw new WrongState('round', round.state, WITHDRAWABLE)
    await markRound(trx, round, from, 'withdrawn')
    await audit(trx, actor, { scope, kind: 'round.withdrawn', subject: round.id, payload: { from, reason } })
    return { companyId: ref.companyId, roundId: ref.id }
  })
}
