import { z } from 'zod'
import { type Actor, must } from '../../access/index.ts'
import {
  audit,
  type Deps,
  instant,
  newId,
  once,
  parse,
  type Ref,
  Refused,
  type Trx,
  today,
  WrongState,
  zIdempotencyKey,
  zIsoDate,
  zRef,
  zText,
} from '../../platform/index.ts'
import { lockRound } from '../../rounds/index.ts'
import { bringIntoForce } from '../amendment/bring-into-force.ts'
import { type LockedDealDocument, lockDealDocument } from './deal-document.store.ts'
import { mustSeeDealDocument } from './deal-document.views.ts'
import { type LetterObligations, obligationsOfLetters } from './obligation.views.ts'
import { RAISED_OBLIGATIONS } from './obligations.ts'

export const RecordObligationInput = z.strictObject({
  /** The side letter that it is owed under. */
  dealDocumentId: zRef('DealDocument'),
  /** Its name within the side letter, as the letter's obligations say it. */
  occasion: zText(100),
  /** The day on which it was done; not in the future. */
  doneOn: zIsoDate,
  /** What shows it. */
  evidence: zText(500),
  idempotencyKey: zIdempotencyKey,
})
export type RecordObligationInput = z.input<typeof RecordObligationInput>

export const RaiseObligationInput = z.strictObject({
  dealDocumentId: zRef('DealDocument'),
  kind: z.enum(RAISED_OBLIGATIONS),
  /** Which meeting, or what is to be inspected. */
  about: zText(300),
  /** Today at the earliest. */
  dueOn: zIsoDate,
  idempotencyKey: zIdempotencyKey,
})
export type RaiseObligationInput = z.input<typeof RaiseObligationInput>

/**
 * Records that the company has met an obligation of a side letter in force, which closes it. It is recorded once.
 *
 * @throws {WrongState} when the side letter is not in force, or the obligation is done already
 * @throws {Refused} when the letter has no such obligation, or the day lies in the future
 */
export async function recordObligation(deps: Deps, actor: Actor, input: RecordObligationInput): Promise<{ ref: Ref }> {
  const { dealDocumentId: ref, occasion, doneOn, evidence, idempotencyKey } = parse(RecordObligationInput, input)
  const seen = await mustSeeDealDocument(deps.db, actor, ref)
  must(actor, 'analyst', 'partner', 'operations')
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'recordObligation', scope, idempotencyKey, input }, async (trx) => {
    const { letter, owed } = await lockLetter(trx, ref, seen.roundId)
    const found = owed.obligations.find((one) => one.occasion === occasion)
    if (found === undefined) throw new Refused('occasion', 'is no obligation of this side letter')
    if (found.state === 'DONE') throw new WrongState('obligation', 'done', ['due', 'overdue'])
    if (doneOn > (await today(trx))) throw new Refused('doneOn', 'lies in the future')
    await trx
      .insertInto('side_obligation_act')
      .values({
        company_id: ref.companyId,
        deal_document_id: ref.id,
        occasion,
        done_on: doneOn,
        evidence,
        recorded_by: actor.id,
        recorded_at: await instant(trx),
      })
      .execute()
    await audit(trx, actor, {
      scope,
      kind: 'side_letter.obligation_done',
      subject: letter.id,
      payload: { occasion, dueOn: found.dueOn, doneOn, evidence },
    })
    return { ref }
  })
}

/**
 * Raises an obligation that no calendar dates: a meeting of the board to which an observer is invited, or an inspection that
 * the holder asks for.
 *
 * @throws {WrongState} when the side letter is not in force
 * @throws {Refused} when its rights do not oblige to that today, or the day lies in the past
 */
export async function raiseObligation(deps: Deps, actor: Actor, input: RaiseObligationInput): Promise<{ ref: Ref }> {
  const { dealDocumentId: ref, kind, about, dueOn, idempotencyKey } = parse(RaiseObligationInput, input)
  const seen = await mustSeeDealDocument(deps.db, actor, ref)
  must(actor, 'analyst', 'partner', 'operations')
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'raiseObligation', scope, idempotencyKey, input }, async (trx) => {
    const { letter, owed } = await lockLetter(trx, ref, seen.roundId)
    if (!owed.allows(kind)) throw new Refused('kind', `is ${kind}, to which no right of this side letter obliges today`)
    if (dueOn < (await today(trx))) throw new Refused('dueOn', 'is in the past')
    const obligationId = newId()
    await trx
      .insertInto('side_obligation')
      .values({
        company_id: ref.companyId,
        obligation_id: obligationId,
        deal_document_id: ref.id,
        kind,
        about,
        due_on: dueOn,
        raised_by: actor.id,
        raised_at: await instant(trx),
      })
      .execute()
    await audit(trx, actor, {
      scope,
      kind: 'side_letter.obligation_raised',
      subject: letter.id,
      payload: { occasion: `raised ${obligationId}`, kind, about, dueOn },
    })
    return { ref }
  })
}

/** The side letter, locked and in force, with what it obliges to. @throws {WrongState} */
async function lockLetter(
  trx: Trx,
  ref: Ref,
  roundId: string,
): Promise<{ readonly letter: LockedDealDocument; readonly owed: LetterObligations }> {
  await bringIntoForce(trx, ref.companyId)
  await lockRound(trx, { companyId: ref.companyId, id: roundId })
  const letter = await lockDealDocument(trx, ref)
  if (letter.kind !== 'side_letter') throw new Refused('dealDocumentId', 'is no side letter')
  if (letter.state !== 'in_force') throw new WrongState('side letter', letter.state, ['in_force'])
  const { content, effectiveOn = null } = letter
  const found = await obligationsOfLetters(trx, [
    { companyId: ref.companyId, dealDocumentId: ref.id, content, effectiveOn },
  ])
  const owed = found.get(ref.id)
  if (owed === undefined) throw new RangeError(`no obligations were worked out of ${letter.id}`)
  return { letter, owed }
}
