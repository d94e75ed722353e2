import { z } from 'zod'
import { type Actor, must } from '../../access/index.ts'
import { lockCompany, mustSeeCompany } from '../../parties/index.ts'
import { type Deps, once, parse, type Ref, today, zIdempotencyKey, zIsoDate, zKey } from '../../platform/index.ts'
import { MonthNotStatable } from '../errors.ts'
import { nextMonth, stateMonth } from './state-month.ts'
import { lastStatement } from './statement.store.ts'

export const StateStatementInput = z.strictObject({
  companyId: zKey('Company'),
  /** First day of the month, `YYYY-MM-01`. */
  month: zIsoDate.refine((date) => date.endsWith('-01'), 'must be the first day of a month'),
  idempotencyKey: zIdempotencyKey,
})
export type StateStatementInput = z.input<typeof StateStatementInput>

/**
 * States the account of a month that is over. Its figures are frozen from here on; usage that is recorded later flows into
 * the next statement. The company may dispute it within the window that its terms give: the longest, where it has several
 * grants.
 *
 * @throws {MonthNotStatable} when the month is not over, is stated already, or is not the next one
 */
export async function stateStatement(deps: Deps, actor: Actor, input: StateStatementInput): Promise<{ ref: Ref }> {
  const { companyId, month, idempotencyKey } = parse(StateStatementInput, input)
  await mustSeeCompany(deps.db, actor, companyId)
  must(actor, 'operations')
  const scope = { kind: 'company', id: companyId } as const
  return once(deps, actor, { operation: 'stateStatement', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, companyId)
    const end = nextMonth(month)
    const on = await today(trx)
    // Months are compared, not days: the month after 9999-12 has no day that sorts as text.
    if (on.slice(0, 7) <= month.slice(0, 7)) throw new MonthNotStatable(month, `it is not over before ${end}`)
    const last = await lastStatement(trx, companyId)
    if (last !== undefined) mustFollow(month, last.month)
    return stateMonth(trx, actor, { companyId, month, version: 1, last })
  })
}

/** Every month is stated once, in order, and none is left out. @throws {MonthNotStatable} */
function mustFollow(month: string, last: string): void {
  if (last >= month) throw new MonthNotStatable(month, `${last.slice(0, 7)} is stated already`)
  const next = nextMonth(last)
  if (next < month) throw new MonthNotStatable(month, `${next.slice(0, 7)} is to be stated first`)
}
