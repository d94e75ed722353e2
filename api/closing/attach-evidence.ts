import { z } from 'zod'
import type { Actor } from '../access/index.ts'
import { countDocuments, latestDocument, type Stored, storeDocument } from '../documents/index.ts'
import { mustSeeDispute, mustSpeakFor } from '../drawdown/index.ts'
import { lockCompany } from '../parties/index.ts'
import {
  audit,
  type Deps,
  globalId,
  once,
  parse,
  type Ref,
  Refused,
  sha256,
  type Trx,
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
/** Most files about one thing. */
export const EVIDENCE_FILES = 50

export const AttachEvidenceInput = z.strictObject({
  disputeId: zRef('Dispute'),
  fileName: zText(200).refine((name) => !/[/\\]/.test(name), 'must not hold a slash'),
  mediaType: z.enum(EVIDENCE_TYPES),
  idempotencyKey: zIdempotencyKey,
})
export type AttachEvidenceInput = z.input<typeof AttachEvidenceInput> & { readonly bytes: Uint8Array }

/**
 * Stores a file that the company sends as evidence in a dispute, bound to it by subject and hash. The same bytes again, by
 * whoever and under whatever name, are the same evidence.
 *
 * @throws {Refused} when the dispute is settled, for an empty file or one that is too large, and for more than {@link EVIDENCE_FILES}
 */
export async function attachEvidence(
  deps: Deps,
  actor: Actor,
  { bytes, ...rest }: AttachEvidenceInput,
): Promise<Stored> {
  const { disputeId: ref, fileName, mediaType, idempotencyKey } = parse(AttachEvidenceInput, rest)
  await mustSeeDispute(deps.db, actor, ref)
  mustSpeakFor(actor, ref.companyId)
  if (bytes.byteLength === 0 || bytes.byteLength > EVIDENCE_MAX)
    throw new Refused('bytes', `must be 1 to ${EVIDENCE_MAX} bytes`)
  return storeEvidence(deps, actor, {
    operation: 'attachEvidence',
    kind: 'dispute.evidence_attached',
    subject: globalId('Dispute', ref.companyId, ref.id),
    ref,
    file: { fileName, mediaType, bytes },
    idempotencyKey,
    input: rest,
    mustBeOpen: async (trx) => {
      const { state } = await mustSeeDispute(trx, actor, ref)
      if (state === 'resolved' || state === 'withdrawn')
        throw new Refused('disputeId', `is ${state}: nothing is left to prove`)
    },
  })
}

/** Stores a file about something of a company; the same file again is the same. The caller has checked who may. */
export async function storeEvidence(
  deps: Deps,
  actor: Actor,
  of: {
    readonly operation: string
    /** Of the audit event. */
    readonly kind: string
    readonly subject: string
    readonly ref: Ref
    readonly file: { readonly fileName: string; readonly mediaType: string; readonly bytes: Uint8Array }
    readonly idempotencyKey: string | null | undefined
    readonly input: object
    /** Refuses where nothing is left to prove. The company is locked. */
    readonly mustBeOpen: (trx: Trx) => Promise<void>
  },
): Promise<Stored> {
  const { ref, subject, operation, idempotencyKey } = of
  const { bytes, mediaType, fileName } = of.file
  const hash = sha256(bytes).toString('hex')
  const scope = { kind: 'company', id: ref.companyId } as const
  const call = { operation, scope, idempotencyKey, input: { ...of.input, sha256: hash } }
  return once(deps, actor, call, async (trx) => {
    await lockCompany(trx, ref.companyId)
    await of.mustBeOpen(trx)
    const kind = `evidence_${lettersOf(hash)}`
    const before = await latestDocument(trx, ref.companyId, subject, kind)
    if (before?.sha256 === hash) return { documentId: before.documentId, sha256: hash, version: before.version }
    if ((await countDocuments(trx, ref.companyId, subject)) >= EVIDENCE_FILES)
      throw new Refused('bytes', `would be more than ${EVIDENCE_FILES} files: put several into one`)
    const stored = await storeDocument(trx, {
      companyId: ref.companyId,
      subject,
      kind,
      bytes,
      mediaType,
      fileName,
      madeBy: actor.id,
    })
    await audit(trx, actor, {
      scope,
      kind: of.kind,
      subject,
      payload: { document: globalId('Document', ref.companyId, stored.documentId), sha256: stored.sha256 },
    })
    return stored
  })
}

/** The beginning of a hash in letters: kinds of documents are written so. Each file is a kind of its own, so none replaces another. */
const lettersOf = (hash: string): string =>
  hash.slice(0, 24).replace(/[0-9]/g, (digit) => String.fromCharCode('g'.charCodeAt(0) + Number(digit)))
