import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import { acceptDocument, HashMismatch, latestDocument } from '../documents/index.ts'
import { mustSpeakFor } from '../drawdown/index.ts'
import { checkGate, type FlagsDeps, OpenFlags, refuseWhileOpen } from '../flags/index.ts'
import {
  addJob,
  audit,
  globalId,
  instant,
  NotFound,
  once,
  parse,
  type Ref,
  Refused,
  SamePerson,
  type Trx,
  today,
  WrongState,
  zIdempotencyKey,
  zRef,
  zText,
} from '../platform/index.ts'
import { lockRound } from '../rounds/index.ts'
import type { Side } from './amendment.store.ts'
import { AMENDMENT_DUE_JOB, bringIntoForce } from './bring-into-force.ts'
import {
  insertDealSignature,
  type LockedDealDocument,
  lockDealDocument,
  markDealDocument,
} from './deal-document.store.ts'
import { mustSeeDealDocument } from './deal-document.views.ts'
import { UnderReview } from './errors.ts'
import { gateOf } from './propose-deal-document.ts'

export const SignDealDocumentInput = z.strictObject({
  dealDocumentId: zRef('DealDocument'),
  /** SHA-256 of the document that was read, in hex. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits'),
  idempotencyKey: zIdempotencyKey,
})
export type SignDealDocumentInput = z.input<typeof SignDealDocumentInput>
export const AcceptDealDocumentInput = z.strictObject({
  ...SignDealDocumentInput.shape,
  /** The signatory's name as they typed it. */
  typedName: zText(200).nullish(),
})
export type AcceptDealDocumentInput = z.input<typeof AcceptDealDocumentInput>

/** The fund signs exactly the document with this hash: a partner who neither drafted nor proposed it. */
export async function signDealDocument(
  deps: FlagsDeps,
  actor: Actor,
  input: SignDealDocumentInput,
): Promise<{ ref: Ref }> {
  const { dealDocumentId: ref, sha256, idempotencyKey } = parse(SignDealDocumentInput, input)
  const seen = await mustSeeDealDocument(deps.db, actor, ref)
  must(actor, 'partner')
  const gate = await gateOf(deps, seen)
  if (seen.state === 'proposed') await checkGate(deps, actor, gate)
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'signDealDocument', scope, idempotencyKey, input }, async (trx) => {
    const document = await lockProposed(trx, ref, seen.roundId)
    if (document.draftedBy === actor.id || document.proposedBy === actor.id) throw new SamePerson('sign')
    if (document.signedByFund) throw new WrongState('deal document', 'signed by the fund', ['proposed'])
    await refuseWhileOpen(trx, gate)
    const file = await latestDocument(trx, ref.companyId, document.id, document.kind)
    if (file === undefined) throw new NotFound('document', document.id)
    if (file.sha256 !== sha256) throw new HashMismatch(file)
    return sign(trx, actor, document, { side: 'fund', documentId: file.documentId, sha256 })
  })
}

/** The company signs exactly the document with this hash, through a signatory of its own. */
export async function acceptDealDocument(
  deps: FlagsDeps,
  actor: Actor,
  input: AcceptDealDocumentInput,
): Promise<{ ref: Ref }> {
  const { dealDocumentId: ref, sha256, typedName, idempotencyKey } = parse(AcceptDealDocumentInput, input)
  const seen = await mustSeeDealDocument(deps.db, actor, ref)
  must(actor, 'signatory')
  mustSpeakFor(actor, ref.companyId)
  const { onDate: _, ...gate } = await gateOf(deps, seen)
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'acceptDealDocument', scope, idempotencyKey, input }, async (trx) => {
    const document = await lockProposed(trx, ref, seen.roundId)
    if (document.signedByCompany) throw new WrongState('deal document', 'signed by the company', ['proposed'])
    await refuseWhileOpen(trx, gate).catch((error: unknown) => {
      throw error instanceof OpenFlags ? new UnderReview() : error
    })
    const documentId = document.documentId ?? ''
    await acceptDocument(trx, actor, {
      companyId: ref.companyId,
      documentId,
      sha256,
      typedName: typedName ?? undefined,
    })
    return sign(trx, actor, document, { side: 'company', documentId, sha256 })
  })
}

async function lockProposed(trx: Trx, ref: Ref, roundId: string): Promise<LockedDealDocument> {
  const round = await lockRound(trx, { companyId: ref.companyId, id: roundId })
  const document = await lockDealDocument(trx, ref)
  if (document.state !== 'proposed') throw new WrongState('deal document', document.state, ['proposed'])
  if (round.state !== 'accepted' && round.state !== 'closed') {
    throw new WrongState('round', round.state, ['accepted', 'closed'])
  }
  const on = await today(trx)
  if (document.effectiveOn !== undefined && document.effectiveOn < on) {
    throw new Refused('effectiveOn', `has passed: it was to take effect on ${document.effectiveOn}`)
  }
  return document
}

type Signing = { readonly side: Side; readonly documentId: string; readonly sha256: string }

/** Records one side's signature; the second binds. */
async function sign(trx: Trx, actor: Actor, document: LockedDealDocument, signing: Signing): Promise<{ ref: Ref }> {
  const { ref, kind, id } = document
  const scope = { kind: 'company', id: ref.companyId } as const
  await insertDealSignature(trx, document, { ...signing, signedBy: actor.id })
  await audit(trx, actor, {
    scope,
    kind: `${kind}.signed`,
    subject: id,
    payload: { side: signing.side, sha256: signing.sha256 },
  })
  if (!(signing.side === 'fund' ? document.signedByCompany : document.signedByFund)) return { ref }
  const effectiveOn = document.effectiveOn ?? (await today(trx))
  await markDealDocument(trx, document, 'proposed', 'accepted', {
    accepted_at: await instant(trx),
    effective_on: effectiveOn,
  })
  await audit(trx, actor, {
    scope,
    kind: `${kind}.accepted`,
    subject: id,
    payload: { document: globalId('Document', ref.companyId, signing.documentId), effectiveOn },
  })
  await bringIntoForce(trx, ref.companyId)
  await addJob(trx, {
    name: AMENDMENT_DUE_JOB,
    payload: { companyId: ref.companyId },
    runAt: `${effectiveOn}T00:00:00Z`,
    key: `amendment:${ref.companyId}:${effectiveOn}`,
  })
  return { ref }
}
