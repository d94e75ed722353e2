/** A statement that nobody disputed in its window counts as accepted. */
import { Temporal } from 'temporal-polyfill'
import { z } from 'zod'
import { lockCompany } from '../../parties/index.ts'
import { audit, type Deps, globalId, inTransaction, NOBODY, parse, today, zUuid } from '../../platform/index.ts'
import { lockStatement, moveStatement } from './statement.store.ts'

export const DEEM_ACCEPTED_JOB = 'drawdown.deem-accepted'

/** The job of {@link DEEM_ACCEPTED_JOB}. Does nothing when the statement was answered meanwhile; harmless the second time. */
export async function deemAccepted(deps: Deps, payload: unknown): Promise<void> {
  const { companyId, statementId } = parse(z.strictObject({ companyId: zUuid, statementId: zUuid }), payload)
  await inTransaction(deps.db, async (trx) => {
    await lockCompany(trx, companyId)
    const statement = await lockStatement(trx, { companyId, id: statementId })
    if (statement.state !== 'stated') return
    const lastDay = Temporal.PlainDate.from(statement.disputeUntil)
    if (Temporal.PlainDate.compare(await today(trx), lastDay) <= 0) return
    await moveStatement(trx, statement, {
      from: ['stated'],
      to: 'deemed_accepted',
      actor: null,
      reason: `Not disputed by ${statement.disputeUntil}.`,
    })
    await audit(trx, NOBODY, {
      scope: { kind: 'company', id: companyId },
      kind: 'statement.deemed_accepted',
      subject: globalId('Statement', companyId, statementId),
      payload: { month: statement.month },
    })
  })
}

/** Most statements of one sweep. The next sweep takes the rest. */
const SWEEP_MAX = 500

/** Deems accepted whatever is past its window, oldest first: what a lost job would have left behind. */
export async function deemDueAccepted(deps: Deps): Promise<void> {
  const due = await deps.db
    .selectFrom('statement_progress')
    .select(['company_id as companyId', 'statement_id as statementId'])
    .where('state', '=', 'stated')
    .where('dispute_until', '<', await today(deps.db))
    .orderBy('dispute_until')
    .limit(SWEEP_MAX)
    .execute()
  for (const statement of due) await deemAccepted(deps, statement)
}
