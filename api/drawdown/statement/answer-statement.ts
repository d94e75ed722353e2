import { Temporal } from 'temporal-polyfill'
import { z } from 'zod'
import type { Actor } from '../../access/index.ts'
import { lockCompany } from '../../parties/index.ts'
import {
  addJob,
  audit,
  type Deps,
  globalId,
  newId,
  once,
  parse,
  type Ref,
  Refused,
  type Trx,
  today,
  type Uuid,
  zIdempotencyKey,
  zRef,
  zSha256,
  zText,
  zUuid,
} from '../../platform/index.ts'
import { currentUsage } from '../correction/correction.store.ts'
import {
  DISPUTE_REASONS,
  type DisputeReason,
  insertDispute,
  lockDispute,
  moveDispute,
  openDisputes,
} from '../dispute/dispute.store.ts'
import { DISPUTE_DUE_JOB, RESOLUTION_DAYS } from '../dispute/set-dispute-aside.ts'
import { StatementChanged } from '../errors.ts'
import { mustSpeakFor } from '../visibility.ts'
import { type LockedStatement, lockStatement, moveStatement } from './statement.store.ts'
import { mustSeeStatement } from './statement.views.ts'

export const STATEMENT_ANSWERS = ['ACCEPT', 'DISPUTE'] as const

export const AnswerStatementInput = z
  .strictObject({
    statementId: zRef('Statement'),
    /** SHA-256 of the statement that the company read, in hex. */
    sha256: zSha256,
    answer: z.enum(STATEMENT_ANSWERS),
    reason: zText(2000).nullish(),
    /** What kind of dispute it is. */
    reasonCode: z.enum(DISPUTE_REASONS).nullish(),
    /** The usage records that are disputed. Left out: everything that was charged in the month. */
    usageIds: z.array(zUuid).max(1000, 'must name at most 1000 records').nullish(),
    idempotencyKey: zIdempotencyKey,
  })
  .refine((input) => input.answer === 'ACCEPT' || input.reason != null, {
    path: ['reason'],
    message: 'must say what is disputed',
  })
export type AnswerStatementInput = z.input<typeof AnswerStatementInput>

/** The company accepts a statement, or disputes it with a reason, within its window. A disputed one can still be accepted. */
export async function answerStatement(deps: Deps, actor: Actor, input: AnswerStatementInput): Promise<{ ref: Ref }> {
  const {
    statementId: ref,
    sha256,
    answer,
    reason,
    reasonCode,
    usageIds,
    idempotencyKey,
  } = parse(AnswerStatementInput, input)
  await mustSeeStatement(deps.db, actor, ref)
  mustSpeakFor(actor, ref.companyId)
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'answerStatement', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, ref.companyId)
    const statement = await lockStatement(trx, ref)
    const stated = statement.sha256.toString('hex')
    if (stated !== sha256) throw new StatementChanged(stated)
    const accepts = answer === 'ACCEPT'
    if (!accepts && (await today(trx)) > statement.disputeUntil) {
      throw new Refused('answer', `comes too late: the statement could be disputed until ${statement.disputeUntil}`)
    }
    await moveStatement(trx, statement, {
      from: accepts ? ['stated', 'disputed'] : ['stated'],
      to: accepts ? 'accepted' : 'disputed',
      actor,
      reason: reason ?? null,
    })
    if (accepts) {
      for (const open of await openDisputes(trx, ref.companyId, statement.month))
        await moveDispute(trx, await lockDispute(trx, open), ['open'], 'withdrawn')
    } else {
      await openDispute(trx, actor, statement, {
        reasonCode: reasonCode ?? 'OTHER',
        reason: reason ?? '',
        usageIds: [...new Set(usageIds ?? [])],
      })
    }
    await audit(trx, actor, {
      scope,
      kind: accepts ? 'statement.accepted' : 'statement.disputed',
      subject: globalId('Statement', ref.companyId, ref.id),
      payload: { month: statement.month, reason: reason ?? null, sha256 },
    })
    return { ref }
  })
}

/**
 * Opens the dispute over a statement. It names records of the statement's month, or all that it charged.
 *
 * @throws {Refused} for records that the statement does not charge
 */
async function openDispute(
  trx: Trx,
  actor: Actor,
  statement: LockedStatement,
  of: { readonly reasonCode: DisputeReason; readonly reason: string; readonly usageIds: readonly Uuid[] },
): Promise<void> {
  const { companyId } = statement.ref
  const known = await currentUsage(trx, companyId, of.usageIds)
  const other = of.usageIds.find((id) => known.get(id)?.chargedAt?.slice(0, 7) !== statement.month.slice(0, 7))
  if (other !== undefined) throw new Refused('usageIds', `name a record that this statement does not charge: ${other}`)
  const ref = { companyId, id: newId() }
  const resolveBy = Temporal.PlainDate.from(await today(trx))
    .add({ days: RESOLUTION_DAYS })
    .toString()
  await insertDispute(trx, {
    ...of,
    ref,
    statementId: statement.ref.id,
    month: statement.month,
    whole: of.usageIds.length === 0,
    resolveBy,
    openedBy: actor.id,
  })
  await addJob(trx, {
    name: DISPUTE_DUE_JOB,
    payload: { companyId, disputeId: ref.id },
    runAt: `${Temporal.PlainDate.from(resolveBy).add({ days: 1 })}T00:00:00Z`,
    key: `dispute:${ref.id}`,
  })
}
