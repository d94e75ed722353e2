import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import { type IssuedTranche, issueDue } from '../captable/index.ts'
import { checkGate, type FlagsDeps, refuseWhileOpen } from '../flags/index.ts'
import {
  audit,
  globalId,
  once,
  parse,
  type Ref,
  Refused,
  today,
  WrongState,
  zIdempotencyKey,
  zRef,
} from '../platform/index.ts'
import { lockRound, mustSeeRound, roundsByRef } from '../rounds/index.ts'
import { instrumentsOfRound } from './instrument-of-round.ts'

export const IssueTrancheInput = z.strictObject({ roundId: zRef('Round'), idempotencyKey: zIdempotencyKey })
export type IssueTrancheInput = z.input<typeof IssueTrancheInput>

/**
 * Issues the shares that final statements have earned under a round whose stock is issued in tranches: one security for
 * each statement, behind the gate *issue*. What was issued once is not issued again.
 */
export async function issueTranche(
  deps: FlagsDeps,
  actor: Actor,
  input: IssueTrancheInput,
): Promise<{ readonly ref: Ref; readonly tranches: readonly IssuedTranche[] }> {
  const { roundId: ref, idempotencyKey } = parse(IssueTrancheInput, input)
  await mustSeeRound(deps.db, actor, ref)
  must(actor, 'operations', 'partner')
  const subject = globalId('Round', ref.companyId, ref.id)
  const scope = { kind: 'company', id: ref.companyId } as const
  const gate = { gate: 'issue', companyId: ref.companyId, subject, onDate: await today(deps.db) } as const
  const [seen] = await roundsByRef(deps.db, actor, [ref])
  if (seen?.state === 'closed') await checkGate(deps, actor, gate)
  return once(deps, actor, { operation: 'issueTranche', scope, idempotencyKey, input }, async (trx) => {
    const round = await lockRound(trx, ref)
    if (round.state !== 'closed') throw new WrongState('round', round.state, ['closed'])
    await refuseWhileOpen(trx, gate)
    const tranches: IssuedTranche[] = []
    for (const { securityId } of await instrumentsOfRound(trx, ref)) {
      tranches.push(
        ...(await issueDue(trx, {
          companyId: ref.companyId,
          instrumentId: securityId,
          date: await today(trx),
          by: actor.id,
        })),
      )
    }
    if (tranches.length === 0) throw new Refused('roundId', 'has no shares that are earned and not issued yet')
    await audit(trx, actor, {
      scope,
      kind: 'round.tranche_issued',
      subject,
      payload: {
        tranches: tranches.map(({ securityId, statementId, from, to }) => ({
          security: securityId,
          shares: (to - from).toString(),
          statement: globalId('Statement', ref.companyId, statementId),
        })),
      },
    })
    return { ref, tranches }
  })
}
