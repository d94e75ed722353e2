import { lockCompany } from '../parties/index.ts'
import { audit, globalId, instant, newId, sha256, type Trx, type Uuid } from '../platform/index.ts'
import { insertDocument } from './document.store.ts'
import { latestDocument } from './document.views.ts'

/** A file as another capability rendered it. */
export type StoreDocument = {
  readonly companyId: Uuid
  /** Global id of what it is about, of this company. Documents knows no more of it. */
  readonly subject: string
  /** Which of the subject's documents: `term_sheet`. */
  readonly kind: string
  /** At most 20 MiB. */
  readonly bytes: Uint8Array
  readonly mediaType: string
  /** Name that a download proposes; without a slash. */
  readonly fileName: string
  /** The person who had it made. */
  readonly madeBy: Uuid
}
export type Stored = { readonly documentId: Uuid; readonly sha256: string; readonly version: number }

/**
 * Stores a document in the caller's transaction, as the version after the latest one of the same subject and kind, which
 * it supersedes from then on. Locks the company, so that it cannot slip between the reading and the accepting of another
 * version.
 */
export async function storeDocument(trx: Trx, document: StoreDocument): Promise<Stored> {
  const { companyId, subject, kind, madeBy } = document
  await lockCompany(trx, companyId)
  const before = await latestDocument(trx, companyId, subject, kind)
  const hash = sha256(document.bytes)
  const stored = { documentId: newId(), sha256: hash.toString('hex'), version: (before?.version ?? 0) + 1 }
  await insertDocument(trx, {
    ...document,
    documentId: stored.documentId,
    version: stored.version,
    supersedes: before?.documentId,
    sha256: hash,
    madeAt: await instant(trx),
  })
  await audit(
    trx,
    { id: madeBy },
    {
      scope: { kind: 'company', id: companyId },
      kind: 'document.stored',
      subject: globalId('Document', companyId, stored.documentId),
      payload: {
        about: subject,
        kind,
        version: stored.version,
        sha256: stored.sha256,
        size: document.bytes.byteLength,
        supersedes: before === undefined ? null : globalId('Document', companyId, before.documentId),
      },
    },
  )
  return stored
}
