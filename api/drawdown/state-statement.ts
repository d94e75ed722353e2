import { Temporal } from 'temporal-polyfill'
import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import { lockCompany, mustSeeCompany } from '../parties/index.ts'
import {
  addJob,
  audit,
  canonicalJson,
  type Deps,
  globalId,
  newId,
  once,
  parse,
  type Ref,
  sha256,
  type Trx,
  today,
  type Uuid,
  zIdempotencyKey,
  zIsoDate,
  zKey,
} from '../platform/index.ts'
import { DEEM_ACCEPTED_JOB } from './deem-accepted.ts'
import { earnedShares } from './earned.ts'
import { MonthNotStatable } from './errors.ts'
import { lockProgress, type Progress } from './grant.store.ts'
import { recordReleased } from './released-basis.ts'
import { basisBefore, insertStatement, lastStatement, type StatementLine } from './statement.store.ts'
import { figuresOf } from './statement-figures.ts'

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
    await recordReleased(trx, companyId, end)
    const all = await lockProgress(trx, companyId)
    const grants = new Map([...all].filter(([, progress]) => progress.openedAt.slice(0, 10) < end))
    if (grants.size === 0) throw new MonthNotStatable(month, 'the company had no grant by its end')
    const lines = await linesUntil(trx, companyId, grants, `${end}T00:00:00Z`, last?.lines)
    const figures = canonicalJson(await figuresOf(trx, { companyId, month, lines, grants, last }))
    const window = Math.max(...[...grants.values()].map((progress) => progress.grant.disputeWindowDays))
    const disputeUntil = Temporal.PlainDate.from(on).add({ days: window }).toString()
    const ref = { companyId, id: newId() }
    const hash = sha256(figures)
    await insertStatement(trx, { ref, month, figures, sha256: hash, disputeUntil, statedBy: actor.id, lines })
    await addJob(trx, {
      name: DEEM_ACCEPTED_JOB,
      payload: { companyId, statementId: ref.id },
      runAt: `${Temporal.PlainDate.from(disputeUntil).add({ days: 1 }).toString()}T00:00:00Z`,
      key: `deem:${ref.id}`,
    })
    await audit(trx, actor, {
      scope,
      kind: 'statement.stated',
      subject: globalId('Statement', companyId, ref.id),
      payload: { month, sha256: hash.toString('hex') },
    })
    return { ref }
  })
}

const nextMonth = (month: string): string => Temporal.PlainDate.from(month).add({ months: 1 }).toString()

/** Every month is stated once, in order, and none is left out. @throws {MonthNotStatable} */
function mustFollow(month: string, last: string): void {
  if (last >= month) throw new MonthNotStatable(month, `${last.slice(0, 7)} is stated already`)
  const next = nextMonth(last)
  if (next < month) throw new MonthNotStatable(month, `${next.slice(0, 7)} is to be stated first`)
}

/** Opening and closing basis and shares of each grant. What an earlier statement closed with, this one opens with. */
async function linesUntil(
  trx: Trx,
  companyId: Uuid,
  grants: ReadonlyMap<Uuid, Progress>,
  until: string,
  before: ReadonlyMap<Uuid, StatementLine> | undefined,
): Promise<StatementLine[]> {
  const reached = await basisBefore(trx, companyId, until)
  return [...grants.values()].map(({ grant, peak }) => {
    const opening = before?.get(grant.grantId)
    const basisFrom = opening?.basisTo ?? 0n
    const basis = grant.basis === 'released' ? peak : (reached.get(grant.grantId) ?? 0n)
    const basisTo = basis > basisFrom ? basis : basisFrom
    return {
      grantId: grant.grantId,
      basisFrom,
      basisTo,
      sharesFrom: opening?.sharesTo ?? 0n,
      sharesTo: earnedShares(grant.terms, basisTo),
    }
  })
}
