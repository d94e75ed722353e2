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
  type Trx,
  today,
  WrongState,
  zIdempotencyKey,
  zRef,
  zSha256,
  zText,
} from '../../platform/index.ts'
import { insertTerms, type LockedRound, lockRound } from '../../rounds/index.ts'
import { companySigns, fundSigns, otherSigned, type Signing } from '../paper.ts'
import { insertSignature, type LockedAmendment, lockAmendment, markAmendment } from './amendment.store.ts'
import { mustSeeAmendment } from './amendment.views.ts'
import { scheduleEffects } from './amendment-effects.ts'
import { bringIntoForceOn } from './bring-into-force.ts'
import { mustBeAmendable } from './draft-amendment.ts'
import { AMENDMENT_DOCUMENT } from './propose-amendment.ts'

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
  const asked = askedOf(ref)
  if (seen.state === 'proposed') await checkGate(deps, actor, { ...asked.gate, onDate: await today(deps.db) })
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'signAmendment', scope, idempotencyKey, input }, async (trx) => {
    const { round, amendment } = await lockProposed(trx, ref, seen.roundId)
    const signing = await fundSigns(trx, actor, amendment, { ...asked, sha256, kind: AMENDMENT_DOCUMENT })
    return sign(trx, actor, round, amendment, signing)
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
  const asked = askedOf(ref)
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'acceptAmendment', scope, idempotencyKey, input }, async (trx) => {
    const { round, amendment } = await lockProposed(trx, ref, seen.roundId)
    const signing = await companySigns(trx, actor, amendment, { ...asked, sha256, typedName: typedName ?? undefined })
    return sign(trx, actor, round, amendment, signing)
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

/** What a side signs, and the gate that it passes. */
const askedOf = (ref: Ref) =>
  ({
    what: 'amendment',
    gate: { gate: 'amend', companyId: ref.companyId, subject: globalId('Amendment', ref.companyId, ref.id) },
  }) as const

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
  if (otherSigned(amendment, signing)) await bind(trx, actor, round, amendment)
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
  await bringIntoForceOn(trx, companyId, effectiveOn)
}
