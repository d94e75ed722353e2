import { z } from 'zod'
import { type Actor, isStaff, must } from '../access/index.ts'
import { mustSeeCompany } from '../parties/index.ts'
import {
  audit,
  type Deps,
  formatNumeric,
  globalId,
  instant,
  NotFound,
  newId,
  once,
  parse,
  parseGlobalId,
  type Ref,
  Refused,
  type Scope,
  today,
  type Uuid,
  zIdempotencyKey,
  zIsoDate,
  zMoney,
  zText,
} from '../platform/index.ts'
import { MARK_BASES, type MarkSubject, scopeOf } from './mark.views.ts'
import { findTokenClass } from './token-class.views.ts'

function isSubject(text: string): boolean {
  const parsed = parseGlobalId(text)
  return parsed !== undefined && parsed.keys.length === 1 && ['TokenClass', 'Company'].includes(parsed.type)
}

export const ProposeMarkInput = z
  .strictObject({
    /** Global id of a TokenClass or of a Company. */
    of: z.string().refine(isSubject, 'must be the id of a TokenClass or of a Company'),
    /** With a company: a share of this class of it. */
    stockClassId: zText(100).nullish(),
    basis: z.enum(MARK_BASES, `must be ${MARK_BASES.join(' or ')}`),
    value: zMoney,
    markedOn: zIsoDate,
    expiresOn: zIsoDate,
    method: zText(2000),
    level: z.int('must be 1, 2 or 3').min(1, 'must be 1, 2 or 3').max(3, 'must be 1, 2 or 3').nullish(),
    source: zText(1000),
    idempotencyKey: zIdempotencyKey,
  })
  .refine(({ basis, level }) => (basis === 'fair_value') === (level != null), {
    path: ['level'],
    message: 'must be given for a fair value, and only for one: a reference price has no level',
  })
export type ProposeMarkInput = z.input<typeof ProposeMarkInput>

/**
 * Proposes what a token, a share or a company is worth from a day on. It counts for nothing until another person approves
 * it.
 */
export async function proposeMark(deps: Deps, actor: Actor, input: ProposeMarkInput): Promise<{ ref: Ref }> {
  const { idempotencyKey, stockClassId = null, ...mark } = parse(ProposeMarkInput, input)
  const subject = subjectOf(mark.of, stockClassId)
  await mustSee(deps, actor, subject)
  must(actor, 'analyst', 'partner')
  const scope = auditScope(subject)
  return once(deps, actor, { operation: 'proposeMark', scope, idempotencyKey, input }, async (trx) => {
    if (stockClassId !== null && subject.kind === 'token')
      throw new Refused('stockClassId', 'must be left out for a token')
    if (mark.expiresOn <= mark.markedOn) throw new Refused('expiresOn', 'must be after markedOn')
    if (mark.markedOn > (await today(trx))) throw new Refused('markedOn', 'lies in the future')
    const markId = newId()
    await trx
      .insertInto('mark')
      .values({
        scope_id: scope.id,
        mark_id: markId,
        subject_kind: subject.kind,
        stock_class_id: stockClassId,
        basis: mark.basis,
        amount: formatNumeric(mark.value.amount),
        currency: mark.value.currency,
        marked_on: mark.markedOn,
        expires_on: mark.expiresOn,
        method: mark.method,
        level: mark.level ?? null,
        source: mark.source,
        proposed_by: actor.id,
        proposed_at: await instant(trx),
      })
      .execute()
    await audit(trx, actor, {
      scope,
      kind: 'mark.proposed',
      subject: globalId('Mark', scope.id, markId),
      payload: {
        about: mark.of,
        stockClassId,
        basis: mark.basis,
        value: { amount: formatNumeric(mark.value.amount), currency: mark.value.currency },
        markedOn: mark.markedOn,
        expiresOn: mark.expiresOn,
        method: mark.method,
        level: mark.level ?? null,
        source: mark.source,
      },
    })
    return { ref: { companyId: scope.id, id: markId } }
  })
}

function subjectOf(text: string, stockClassId: string | null): MarkSubject {
  const id = parseGlobalId(text)?.keys[0] ?? ''
  if (text.startsWith('TokenClass:')) return { kind: 'token', tokenClassId: id }
  return stockClassId === null ? { kind: 'company', companyId: id } : { kind: 'share', companyId: id, stockClassId }
}

/** Marks of tokens are for the fund's staff; who is none does not learn that there are any. */
async function mustSee(deps: Deps, actor: Actor, subject: MarkSubject): Promise<void> {
  if (subject.kind !== 'token') return void (await mustSeeCompany(deps.db, actor, subject.companyId))
  if (!isStaff(actor)) return
  if ((await findTokenClass(deps.db, subject.tokenClassId)) === undefined)
    throw new NotFound('token class', globalId('TokenClass', subject.tokenClassId))
}

/** Where a mark is audited. */
export const auditScope = (subject: MarkSubject): Scope & { readonly id: Uuid } => ({
  kind: subject.kind === 'token' ? 'token_class' : 'company',
  id: scopeOf(subject),
})
