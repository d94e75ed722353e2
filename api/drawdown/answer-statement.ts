import { z } from 'zod'
import type { Actor } from '../access/index.ts'
import { lockCompany } from '../parties/index.ts'
import {
  audit,
  type Deps,
  globalId,
  once,
  parse,
  type Ref,
  Refused,
  today,
  zIdempotencyKey,
  zRef,
  zText,
} from '../platform/index.ts'
import { StatementChanged } from './errors.ts'
import { lockStatement, moveStatement } from './statement.store.ts'
import { mustSeeStatement } from './statement.views.ts'
import { mustSpeakFor } from './visibility.ts'

export const STATEMENT_ANSWERS = ['ACCEPT', 'DISPUTE'] as const

export const AnswerStatementInput = z
  .strictObject({
    statementId: zRef('Statement'),
    /** SHA-256 of the statement that the company read, in hex. */
    sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits'),
    answer: z.enum(STATEMENT_ANSWERS),
    reason: zText(2000).nullish(),
    idempotencyKey: zIdempotencyKey,
  })
  .refine((input) => input.answer === 'ACCEPT' || input.reason != null, {
    path: ['reason'],
    message: 'must say what is disputed',
  })
export type AnswerStatementInput = z.input<typeof AnswerStatementInput>

/** The company accepts a statement, or disputes it with a reason, within its window. A disputed one can still be accepted. */
export async function answerStatement(deps: Deps, actor: Actor, input: AnswerStatementInput): Promise<{ ref: Ref }> {
  const { statementId: ref, sha256, answer, reason, idempotencyKey } = parse(AnswerStatementInput, input)
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
    await audit(trx, actor, {
      scope,
      kind: accepts ? 'statement.accepted' : 'statement.disputed',
      subject: globalId('Statement', ref.companyId, ref.id),
      payload: { month: statement.month, reason: reason ?? null, sha256 },
    })
    return { ref }
  })
}
