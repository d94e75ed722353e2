import { z } from 'zod'
import type { Actor } from '../access/index.ts'
import { acceptDocument, latestDocument } from '../documents/index.ts'
import { mustSpeakFor } from '../drawdown/index.ts'
import { OpenFlags, refuseWhileOpen } from '../flags/index.ts'
import {
  audit,
  type Deps,
  globalId,
  NotFound,
  once,
  parse,
  type Ref,
  WrongState,
  zIdempotencyKey,
  zRef,
  zSha256,
  zText,
} from '../platform/index.ts'
import { lockRound, markRound, mustSeeRound } from '../rounds/index.ts'
import { UnderReview } from './errors.ts'
import { TERM_SHEET } from './issue-term-sheet.ts'

export const AcceptTermSheetInput = z.strictObject({
  roundId: zRef('Round'),
  /** SHA-256 of the document that was read, in hex. */
  sha256: zSha256,
  /** The signatory's name as they typed it. */
  typedName: zText(200).nullish(),
  idempotencyKey: zIdempotencyKey,
})
export type AcceptTermSheetInput = z.input<typeof AcceptTermSheetInput>

/** The company accepts exactly the term sheet with this hash. Not for staff: nobody accepts for another. */
export async function acceptTermSheet(
  deps: Deps,
  actor: Actor,
  input: AcceptTermSheetInput,
): Promise<{ ref: Ref; documentId: string }> {
  const { roundId: ref, sha256, typedName, idempotencyKey } = parse(AcceptTermSheetInput, input)
  await mustSeeRound(deps.db, actor, ref)
  mustSpeakFor(actor, ref.companyId)
  const subject = globalId('Round', ref.companyId, ref.id)
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'acceptTermSheet', scope, idempotencyKey, input }, async (trx) => {
    const round = await lockRound(trx, ref)
    const document = await latestDocument(trx, ref.companyId, subject, TERM_SHEET)
    if (document === undefined) throw new NotFound('term sheet', subject)
    if (round.state !== 'term_sheet_issued') throw new WrongState('round', round.state, ['term_sheet_issued'])
    await refuseWhileOpen(trx, { gate: 'sign', companyId: ref.companyId, subject }).catch((error: unknown) => {
      throw error instanceof OpenFlags ? new UnderReview() : error
    })
    await acceptDocument(trx, actor, {
      companyId: ref.companyId,
      documentId: document.documentId,
      sha256,
      typedName: typedName ?? undefined,
    })
    await markRound(trx, round, 'term_sheet_issued', 'accepted')
    await audit(trx, actor, {
      scope,
      kind: 'round.accepted',
      subject,
      payload: { document: globalId('Document', ref.companyId, document.documentId), sha256 },
    })
    return { ref, documentId: document.documentId }
  })
}
