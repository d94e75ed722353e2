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
  SamePerson,
  type Trx,
  today,
  WrongState,
  zIdempotencyKey,
  zRef,
  zText,
} from '../platform/index.ts'
import { insertTerms, type LockedRound, lockRound } from '../rounds/index.ts'
import { insertSignature, type LockedAmendment, lockAmendment, markAmendment, type Side } from './amendment.store.ts'
import { mustSeeAmendment } from './amendment.views.ts'
import { scheduleEffects } from './amendment-effects.ts'
import { AMENDMENT_DUE_JOB, bringIntoForce } from './bring-into-force.ts'
import { mustBeAmendable } from './draft-amendment.ts'
import { UnderReview } from './errors.ts'
import { AMENDMENT_DOCUMENT } from './propose-amendment.ts'

/** SHA-256 of the document that was read, in hex. */
const zSha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits')

export const SignAmendmentInput = z.strictObject({
  amendmentId: zRef('Amendment'),
  sha256: zSha256,
  idempotencyKey: zIdempotencyKey,
})
export type SignAmendmentInput = z.input<typeof SignAmendmentInput>
export const AcceptAmendmentInput = z.strictObject({
  ...SignAmendmentInput.shape,
  /** The signatory's name as they typed it. */
  typedName: zText(200).nullish(),
})
export type AcceptAmendmentInput = z.input<typeof AcceptAmendmentInput>

/**
 * The fund signs exactly the document with this hash: a partner who neither drafted nor proposed it. When the company has
 * signed, too, it binds, and takes effect on its day.
 */
export async function signAmendment(deps: FlagsDeps, actor: Actor, input: SignAmendmentInput): Promise<{ ref: Ref }> {
  const { amendmentId: ref, sha256, idempotencyKey } = parse(SignAmendmentInput, input)
  const seen = await mustSeeAmendment(deps.db, actor, ref)
  must(actor, 'partner')
  const subject = globalId('Amendment', ref.companyId, ref.id)
  if (seen.state === 'proposed') {
    const onDate = await today(deps.db)
    await checkGate(deps, actor, { gate: 'amend', companyId: ref.companyId, subject, onDate })
  }
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'signAmendment', scope, idempotencyKey, input }, async (trx) => {
    const { round, amendment } = await lockProposed(trx, ref, seen.roundId)
    if (amendment.draftedBy === actor.id || amendment.proposedBy === actor.id) throw new SamePerson('sign')
    if (amendment.signedByFund) throw new WrongState('amendment', 'signed by the fund', ['proposed'])
    await refuseWhileOpen(trx, { gate: 'amend', companyId: ref.companyId, subject })
    const document = await latestDocument(trx, ref.companyId, subject, AMENDMENT_DOCUMENT)
    if (document === undefined) throw new NotFound('document', subject)
    if (document.sha256 !== sha256) throw new HashMismatch(document)
    return sign(trx, actor, round, amendment, { side: 'fund', documentId: document.documentId, sha256 })
  })
}

/** The company signs exactly the document with this hash, through a signatory of its own. */
export async function acceptAmendment(
  deps: FlagsDeps,
  actor: Actor,
  input: AcceptAmendmentInput,
): Promise<{ ref: Ref }> {
  const { amendmentId: ref, sha256, typedName, idempotencyKey } = parse(AcceptAmendmentInput, input)
  const seen = await mustSeeAmendment(deps.db, actor, ref)
  must(actor, 'signatory')
  mustSpeakFor(actor, ref.companyId)
  const subject = globalId('Amendment', ref.companyId, ref.id)
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'acceptAmendment', scope, idempotencyKey, input }, async (trx) => {
    const { round, amendment } = await lockProposed(trx, ref, seen.roundId)
    if (amendment.signedByCompany) throw new WrongState('amendment', 'signed by the company', ['proposed'])
    await refuseWhileOpen(trx, { gate: 'amend', companyId: ref.companyId, subject }).catch((error: unknown) => {
      throw error instanceof OpenFlags ? new UnderReview() : error
    })
    const documentId = amendment.documentId ?? ''
    await acceptDocument(trx, actor, {
      companyId: ref.companyId,
      documentId,
      sha256,
      typedName: typedName ?? undefined,
    })
    return sign(trx, actor, round, amendment, { side: 'company', documentId, sha256 })
  })
}

/** Locks company, round and amendment, and refuses what can no longer be signed as it was proposed. */
async function lockProposed(trx: Trx, ref: Ref, roundId: string) {
  const round = await lockRound(trx, { companyId: ref.companyId, id: roundId })
  const amendment = await lockAmendment(trx, ref)
  if (amendment.state !== 'proposed') throw new WrongState('amendment', amendment.state, ['proposed'])
  await mustBeAmendable(trx, round, { ...amendment, expectedVersion: amendment.baseVersion })
  return { round, amendment }
}

type Signing = { readonly side: Side; readonly documentId: string; readonly sha256: string }

/** Records one side's signature; the second makes the amendment binding. */
async function sign(
  trx: Trx,
  actor: Actor,
  round: LockedRound,
  amendment: LockedAmendment,
  signing: Signing,
): Promise<{ ref: Ref }> {
  const { ref } = amendment
  await insertSignature(trx, amendment, { ...signing, signedBy: actor.id })
  await audit(trx, actor, {
    scope: { kind: 'company', id: ref.companyId },
    kind: 'amendment.signed',
    subject: amendment.id,
    payload: { side: signing.side, sha256: signing.sha256 },
  })
  const other = signing.side === 'fund' ? amendment.signedByCompany : amendment.signedByFund
  if (other) await bind(trx, actor, round, amendment)
  return { ref }
}

/** Both have signed: the next version of the terms is written, and what follows from it is planned for its day. */
async function bind(trx: Trx, actor: Actor, round: LockedRound, amendment: LockedAmendment): Promise<void> {
  const { companyId } = amendment.ref
  const effectiveOn = amendment.effectiveOn ?? (await today(trx))
  const version = amendment.baseVersion + 1
  await insertTerms(trx, {
    companyId,
    roundId: round.roundId,
    version,
    terms: amendment.terms,
    writtenBy: amendment.draftedBy,
    effectiveOn,
  })
  await markAmendment(trx, amendment, 'proposed', 'accepted', {
    accepted_at: await instant(trx),
    terms_version: version,
    effective_on: effectiveOn,
  })
  await audit(trx, actor, {
    scope: { kind: 'company', id: companyId },
    kind: 'amendment.accepted',
    subject: amendment.id,
    payload: { round: round.id, termsVersion: version, effectiveOn },
  })
  await scheduleEffects(trx, { ...amendment, effectiveOn })
  await bringIntoForce(trx, companyId)
  await addJob(trx, {
    name: AMENDMENT_DUE_JOB,
    payload: { companyId },
    runAt: `${effectiveOn}T00:00:00Z`,
    key: `amendment:${companyId}:${effectiveOn}`,
  })
}
