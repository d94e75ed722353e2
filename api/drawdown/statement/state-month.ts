/** States one month: the part that stating and restating share. */
import { Temporal } from 'temporal-polyfill'
import { tellCompany } from '../../messages/index.ts'
import {
  addJob,
  audit,
  canonicalJson,
  globalId,
  newId,
  type Ref,
  sha256,
  type Trx,
  today,
  type Uuid,
} from '../../platform/index.ts'
import { openDisputes } from '../dispute/dispute.store.ts'
import { earnedShares } from '../earned.ts'
import { MonthNotStatable } from '../errors.ts'
import { lockProgress, type Progress } from '../grant.store.ts'
import { recordReleased } from '../released-basis.ts'
import { DEEM_ACCEPTED_JOB } from './deem-accepted.ts'
import {
  basisBefore,
  insertStatement,
  lastStatement,
  liveStatementsFrom,
  lockStatement,
  moveStatement,
  type StatementLine,
} from './statement.store.ts'
import { figuresOf } from './statement-figures.ts'

/** First day of the next month. */
export const nextMonth = (month: string): string => Temporal.PlainDate.from(month).add({ months: 1 }).toString()

/**
 * States a month as it is known now, after the statement `last` before it. The company is locked, and the caller has checked
 * that it is the month's turn.
 *
 * @throws {MonthNotStatable} when the company had no grant by its end
 */
export async function stateMonth(
  trx: Trx,
  actor: { readonly id: Uuid },
  of: {
    readonly companyId: Uuid
    readonly month: string
    readonly version: number
    readonly last: Awaited<ReturnType<typeof lastStatement>>
  },
): Promise<{ ref: Ref }> {
  const { companyId, month, version, last } = of
  const end = nextMonth(month)
  const on = await today(trx)
  const released = await recordReleased(trx, companyId, end)
  const all = await lockProgress(trx, companyId)
  const grants = new Map([...all].filter(([, progress]) => progress.openedAt.slice(0, 10) < end))
  if (grants.size === 0) throw new MonthNotStatable(month, 'the company had no grant by its end')
  const lines = await linesUntil(trx, companyId, grants, `${end}T00:00:00Z`, last?.lines, released)
  const figures = canonicalJson(await figuresOf(trx, { companyId, month, lines, grants, last }))
  const window = Math.max(...[...grants.values()].map((progress) => progress.grant.disputeWindowDays))
  const disputeUntil = Temporal.PlainDate.from(on).add({ days: window }).toString()
  const ref = { companyId, id: newId() }
  const hash = sha256(figures)
  await insertStatement(trx, { ref, month, version, figures, sha256: hash, disputeUntil, statedBy: actor.id, lines })
  await addJob(trx, {
    name: DEEM_ACCEPTED_JOB,
    payload: { companyId, statementId: ref.id },
    runAt: `${Temporal.PlainDate.from(disputeUntil).add({ days: 1 }).toString()}T00:00:00Z`,
    key: `deem:${ref.id}`,
  })
  const statementId = globalId('Statement', companyId, ref.id)
  await tellCompany(trx, {
    companyId,
    kind: 'statement.stated',
    subject: statementId,
    content: { month, version, disputeUntil, statementId },
  })
  await audit(trx, actor, {
    scope: { kind: 'company', id: companyId },
    kind: version === 1 ? 'statement.stated' : 'statement.restated',
    subject: statementId,
    payload: { month, sha256: hash.toString('hex'), version },
  })
  return { ref }
}

/** Opening and closing basis and shares of each grant. What an earlier statement closed with, this one opens with. */
async function linesUntil(
  trx: Trx,
  companyId: Uuid,
  grants: ReadonlyMap<Uuid, Progress>,
  until: string,
  before: ReadonlyMap<Uuid, StatementLine> | undefined,
  released: ReadonlyMap<Uuid, bigint>,
): Promise<StatementLine[]> {
  const reached = await basisBefore(trx, companyId, until)
  return [...grants.values()].map(({ grant }) => {
    const opening = before?.get(grant.grantId)
    const basisFrom = opening?.basisTo ?? 0n
    const basis = (grant.basis === 'released' ? released.get(grant.grantId) : reached.get(grant.grantId)) ?? 0n
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

/** Makes the statements of a month and of every later one again: none of them is final. The company is locked. */
export async function restateFrom(
  trx: Trx,
  actor: { readonly id: Uuid },
  companyId: Uuid,
  month: string,
  reason: string,
): Promise<readonly Ref[]> {
  const restated: Ref[] = []
  for (const statement of await liveStatementsFrom(trx, companyId, month)) {
    await moveStatement(trx, statement, {
      from: ['stated', 'disputed', 'accepted', 'deemed_accepted'],
      to: 'superseded',
      actor,
      reason,
    })
    const last = await lastStatement(trx, companyId, statement.month)
    const { ref } = await stateMonth(trx, actor, {
      companyId,
      month: statement.month,
      version: statement.version + 1,
      last,
    })
    // What is disputed and not set aside is disputed in the new version too.
    if ((await openDisputes(trx, companyId, statement.month)).length > 0)
      await moveStatement(trx, await lockStatement(trx, ref), { from: ['stated'], to: 'disputed', actor, reason })
    restated.push(ref)
  }
  return restated
}
