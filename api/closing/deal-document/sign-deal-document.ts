import { z } from 'zod'
import { type Actor, must } from '../../access/index.ts'
import { mustSpeakFor } from '../../drawdown/index.ts'
import { checkGate, type FlagsDeps } from '../../flags/index.ts'
import {
  audit,
  globalId,
  instant,
  once,
  parse,
  type Ref,
  Refused,
  type Trx,
  today,
  WrongState,
  zIdempotencyKey,
  zRef,
  zSha256,
  zText,
} from '../../platform/index.ts'
import { lockRound } from '../../rounds/index.ts'
import { bringIntoForceOn } from '../amendment/bring-into-force.ts'
import { companySigns, fundSigns, otherSigned, type Signing } from '../paper.ts'
import {
  insertDealSignature,
  type LockedDealDocument,
  lockDealDocument,
  markDealDocument,
} from './deal-document.store.ts'
import { mustSeeDealDocument } from './deal-document.views.ts'
import { gateOf } from './propose-deal-document.ts'

const WHAT = 'deal document'

export const SignDealDocumentInput = z.strictObject({
  dealDocumentId: zRef('DealDocument'),
  sha256: zSha256,
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
    const signing = await fundSigns(trx, actor, document, { what: WHAT, gate, sha256, kind: document.kind })
    return sign(trx, actor, document, signing)
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
    const signing = await companySigns(trx, actor, document, {
      what: WHAT,
      gate,
      sha256,
      typedName: typedName ?? undefined,
    })
    return sign(trx, actor, document, signing)
  })
}

async function lockProposed(trx: Trx, ref: Ref, roundId: string): Promise<LockedDealDocument> {
  const round = await lockRound(trx, { companyId: ref.companyId, id: roundId })
  const document = await lockDealDocument(trx, ref)
  if (document.state !== 'proposed') throw new WrongState(WHAT, document.state, ['proposed'])
  if (round.state !== 'accepted' && round.state !== 'closed') {
    throw new WrongState('round', round.state, ['accepted', 'closed'])
  }
  const on = await today(trx)
  if (document.effectiveOn !== undefined && document.effectiveOn < on) {
    throw new Refused('effectiveOn', `has passed: it was to take effect on ${document.effectiveOn}`)
  }
  return document
}

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
  if (!otherSigned(document, signing)) return { ref }
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
  await bringIntoForceOn(trx, ref.companyId, effectiveOn)
  return { ref }
}
