/** Evidence for releases, for whoever sees the release: also the provider's staff, who see nothing else of the company. */
import type { Actor } from '../access/index.ts'
import { type DocumentView, documentsAboutAll, type ReadDocument, readDocumentAbout } from '../documents/index.ts'
import { globalId, type Reader, type Ref, type Uuid } from '../platform/index.ts'
import { mustSeeAskedRelease, mustSeeLotReleases } from '../tokens/index.ts'

const subjectOf = (companyId: Uuid, releaseId: Uuid): string => globalId('TokenRelease', companyId, releaseId)

/** Files for these releases of a lot, by release. One query beside who sees the lot. @throws {NotFound} */
export async function releaseEvidence(
  reader: Reader,
  actor: Actor,
  lot: Ref,
  releaseIds: readonly Uuid[],
): Promise<ReadonlyMap<Uuid, readonly DocumentView[]>> {
  const { companyId } = await mustSeeLotReleases(reader, actor, lot)
  const subjects = releaseIds.map((releaseId) => subjectOf(companyId, releaseId))
  const files = Map.groupBy(await documentsAboutAll(reader, { companyId, subjects }), ({ subject }) => subject)
  return new Map(releaseIds.map((releaseId) => [releaseId, files.get(subjectOf(companyId, releaseId)) ?? []]))
}

/** One file for a release. @throws {NotFound} also for a document about something else */
export async function readReleaseEvidence(
  reader: Reader,
  actor: Actor,
  release: Ref,
  documentId: Uuid,
): Promise<ReadDocument> {
  await mustSeeAskedRelease(reader, actor, release)
  const { companyId, id } = release
  return readDocumentAbout(reader, { companyId, id: documentId }, subjectOf(companyId, id))
}
