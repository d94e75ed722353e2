import { z } from 'zod'
import { type Actor, must } from '../../access/index.ts'
import { settleEarned } from '../../captable/index.ts'
import { lockCompany } from '../../parties/index.ts'
import {
  audit,
  type Deps,
  formatTokens,
  globalId,
  once,
  parse,
  type Ref,
  Refused,
  type Trx,
  today,
  type WholeShares,
  zIdempotencyKey,
  zRef,
} from '../../platform/index.ts'
import { lockProgress, type Progress, storeProgress } from '../grant.store.ts'
import {
  insertVested,
  type LockedStatement,
  lockStatement,
  moveStatement,
  openBefore,
  type StatementLine,
} from './statement.store.ts'
import { mustSeeStatement } from './statement.views.ts'

export const FinaliseStatementInput = z.strictObject({
  statementId: zRef('Statement'),
  idempotencyKey: zIdempotencyKey,
})
export type FinaliseStatementInput = z.input<typeof FinaliseStatementInput>

/**
 * Makes an accepted statement final: the whole shares that were earned by its end vest on the cap table, and do not
 * un-vest. Earlier statements may be accepted and not final yet: what they earned vests with whichever is final first. None
 * may be open or disputed: what is disputed must not vest through a later one.
 */
export async function finaliseStatement(
  deps: Deps,
  actor: Actor,
  input: FinaliseStatementInput,
): Promise<{ ref: Ref; vested: WholeShares }> {
  const { statementId: ref, idempotencyKey } = parse(FinaliseStatementInput, input)
  await mustSeeStatement(deps.db, actor, ref)
  must(actor, 'operations')
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'finaliseStatement', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, ref.companyId)
    const statement = await lockStatement(trx, ref)
    await moveStatement(trx, statement, {
      from: ['accepted', 'deemed_accepted'],
      to: 'final',
      actor,
      reason: null,
    })
    const open = await openBefore(trx, statement)
    if (open !== undefined) {
      throw new Refused(
        'statementId',
        `must wait: the statement of ${open.month.slice(0, 7)} before it is ${open.state}, and its shares would vest too`,
      )
    }
    const grants = await lockProgress(trx, ref.companyId)
    let vested = 0n
    for (const line of statement.lines) {
      const progress = grants.get(line.grantId)
      if (progress === undefined) throw new Error(`the statement names the grant ${line.grantId}, which is not there`)
      vested += await vestLine(trx, statement, line, progress)
    }
    await audit(trx, actor, {
      scope,
      kind: 'statement.final',
      subject: globalId('Statement', ref.companyId, ref.id),
      payload: { month: statement.month, vestedShares: vested.toString() },
    })
    return { ref, vested }
  })
}

/** Vests what one line moves beyond what has vested already. */
async function vestLine(
  trx: Trx,
  statement: LockedStatement,
  line: StatementLine,
  progress: Progress,
): Promise<WholeShares> {
  const { grant } = progress
  const quantity = line.sharesTo - progress.vested
  if (quantity <= 0n) return 0n
  const { transactionId, securityId } = await settleEarned(trx, {
    companyId: grant.companyId,
    securityId: grant.securityId,
    quantity,
    date: await today(trx),
    statementId: statement.ref.id,
    description: `${formatTokens(line.basisTo)} of ${formatTokens(grant.terms.granted)} H100-hours ${grant.basis}, statement of ${statement.month.slice(0, 7)}`,
  })
  await insertVested(trx, {
    companyId: grant.companyId,
    grantId: grant.grantId,
    statementId: statement.ref.id,
    securityId,
    transactionId,
    sharesFrom: progress.vested,
    sharesTo: line.sharesTo,
  })
  progress.vested = line.sharesTo
  await storeProgress(trx, progress)
  return quantity
}
