import { z } from 'zod'
import type { Actor } from '../access/index.ts'
import { type Stored, storeDocument } from '../documents/index.ts'
import { mustSeeDispute, mustSpeakFor } from '../drawdown/index.ts'
import {
  audit,
  type Deps,
  globalId,
  once,
  parse,
  Refused,
  sha256,
  zIdempotencyKey,
  zRef,
  zText,
} from '../platform/index.ts'

/** Kinds of files that are taken as evidence. */
export const EVIDENCE_TYPES = [
  'application/pdf',
  'text/csv',
  'text/plain',
  'application/json',
  'image/png',
  'image/jpeg',
] as const
/** Most bytes of one file. */
export const EVIDENCE_MAX = 10 * 1024 * 1024

export const AttachEvidenceInput = z.strictObject({
  disputeId: zRef('Dispute'),
  fileName: zText(200).refine((name) => !/[/\\]/.test(name), 'must not hold a slash'),
  mediaType: z.enum(EVIDENCE_TYPES),
  idempotencyKey: zIdempotencyKey,
})
export type AttachEvidenceInput = z.input<typeof AttachEvidenceInput> & { readonly bytes: Uint8Array }

/**
 * Stores a file that the company sends as evidence in a dispute, bound to it by subject and hash. The same file again is
 * the same evidence.
 *
 * @throws {Refused} when the dispute is settled, and for an empty file or one that is too large
 */
export async function attachEvidence(
  deps: Deps,
  actor: Actor,
  { bytes, ...rest }: AttachEvidenceInput,
): Promise<Stored> {
  const { disputeId: ref, fileName, mediaType, idempotencyKey } = parse(AttachEvidenceInput, rest)
  const dispute = await mustSeeDispute(deps.db, actor, ref)
  mustSpeakFor(actor, ref.companyId)
  if (bytes.byteLength === 0 || bytes.byteLength > EVIDENCE_MAX)
    throw new Refused('bytes', `must be 1 to ${EVIDENCE_MAX} bytes`)
  if (dispute.state === 'resolved' || dispute.state === 'withdrawn')
    throw new Refused('disputeId', `is ${dispute.state}: nothing is left to prove`)
  const hash = sha256(bytes).toString('hex')
  const scope = { kind: 'company', id: ref.companyId } as const
  const call = {
    operation: 'attachEvidence',
    scope,
    idempotencyKey: idempotencyKey ?? `evidence ${ref.id} ${hash}`.slice(0, 100),
  }
  return once(deps, actor, { ...call, input: { ...rest, sha256: hash } }, async (trx) => {
    const subject = globalId('Dispute', ref.companyId, ref.id)
    const stored = await storeDocument(trx, {
      companyId: ref.companyId,
      subject,
      kind: `evidence_${lettersOf(hash)}`,
      bytes,
      mediaType,
      fileName,
      madeBy: actor.id,
    })
    await audit(trx, actor, {
      scope,
      kind: 'dispute.evidence_attached',
      subject,
      payload: { document: globalId('Document', ref.companyId, stored.documentId), sha256: stored.sha256 },
    })
    return stored
  })
}

/** The beginning of a hash in letters: kinds of documents are written so. Each file is a kind of its own, so none replaces another. */
const lettersOf = (hash: string): string =>
  hash.slice(0, 24).replace(/[0-9]/g, (digit) => String.fromCharCode('g'.charCodeAt(0) + Number(digit)))
