import { z } from 'zod'
import { type Actor, is } from '../access/index.ts'
import type { Stored } from '../documents/index.ts'
import {
  type Deps,
  Forbidden,
  globalId,
  parse,
  Refused,
  WrongState,
  zIdempotencyKey,
  zRef,
  zText,
} from '../platform/index.ts'
import { mustSeeAskedRelease } from '../tokens/index.ts'
import { EVIDENCE_MAX, EVIDENCE_TYPES, storeEvidence } from './attach-evidence.ts'

export const AttachReleaseEvidenceInput = z.strictObject({
  releaseId: zRef('TokenRelease'),
  fileName: zText(200).refine((name) => !/[/\\]/.test(name), 'must not hold a slash'),
  mediaType: z.enum(EVIDENCE_TYPES),
  idempotencyKey: zIdempotencyKey,
})
export type AttachReleaseEvidenceInput = z.input<typeof AttachReleaseEvidenceInput> & { readonly bytes: Uint8Array }

/**
 * Stores a file that shows why tokens are to be released: by the company, for what it asks for, or by whoever confirms
 * milestones. It is bound to the release by subject and hash; the same file again is the same evidence.
 *
 * @throws {WrongState} once it is decided or released {Refused} for an empty file or one that is too large
 * @throws {NotFound} {Forbidden}
 */
export async function attachReleaseEvidence(
  deps: Deps,
  actor: Actor,
  { bytes, ...rest }: AttachReleaseEvidenceInput,
): Promise<Stored> {
  const { releaseId: ref, fileName, mediaType, idempotencyKey } = parse(AttachReleaseEvidenceInput, rest)
  await mustSeeAskedRelease(deps.db, actor, ref)
  const ofCompany = is(actor, 'founder', 'signatory') && actor.companyIds.has(ref.companyId)
  if (!ofCompany && !is(actor, 'operations', 'partner', 'provider'))
    throw new Forbidden(['founder', 'signatory', 'operations', 'partner', 'provider'])
  if (bytes.byteLength === 0 || bytes.byteLength > EVIDENCE_MAX)
    throw new Refused('bytes', `must be 1 to ${EVIDENCE_MAX} bytes`)
  return storeEvidence(deps, actor, {
    operation: 'attachReleaseEvidence',
    kind: 'release.evidence_attached',
    subject: globalId('TokenRelease', ref.companyId, ref.id),
    ref,
    file: { fileName, mediaType, bytes },
    idempotencyKey,
    input: rest,
    mustBeOpen: async (trx) => {
      const { state } = await mustSeeAskedRelease(trx, actor, ref)
      if (state !== 'waiting') throw new WrongState('release', state, ['waiting'])
    },
  })
}
