/** Writes documents and acceptances. Both are history: there is no other write. */
import type { Trx, Uuid } from '../platform/index.ts'

export type NewDocument = {
  readonly companyId: Uuid
  readonly documentId: Uuid
  readonly subject: string
  readonly kind: string
  readonly version: number
  readonly supersedes: Uuid | undefined
  readonly sha256: Buffer
  readonly mediaType: string
  readonly fileName: string
  readonly bytes: Uint8Array
  readonly madeBy: Uuid
  readonly madeAt: string
}

export async function insertDocument(trx: Trx, document: NewDocument): Promise<void> {
  await trx
    .insertInto('document')
    .values({
      company_id: document.companyId,
      document_id: document.documentId,
      subject: document.subject,
      kind: document.kind,
      version: document.version,
      supersedes: document.supersedes ?? null,
      sha256: document.sha256,
      media_type: document.mediaType,
      file_name: document.fileName,
      bytes: Buffer.from(document.bytes),
      made_by: document.madeBy,
      made_at: document.madeAt,
    })
    .execute()
}

export type NewAcceptance = {
  readonly companyId: Uuid
  readonly documentId: Uuid
  readonly sha256: Buffer
  readonly acceptedBy: Uuid
  readonly acceptedAs: 'founder' | 'signatory'
  readonly acceptedAt: string
  /** The name as it was typed, with its salt and the hash over both; kept apart from history. */
  readonly name: { readonly typed: string; readonly salt: Buffer; readonly hash: Buffer } | undefined
}

export async function insertAcceptance(trx: Trx, acceptance: NewAcceptance): Promise<void> {
  const { companyId, documentId, name } = acceptance
  await trx
    .insertInto('document_acceptance')
    .values({
      company_id: companyId,
      document_id: documentId,
      sha256: acceptance.sha256,
      accepted_by: acceptance.acceptedBy,
      accepted_as: acceptance.acceptedAs,
      accepted_at: acceptance.acceptedAt,
      typed_name_hash: name?.hash ?? null,
    })
    .execute()
  if (name === undefined) return
  await trx
    .insertInto('document_acceptance_name')
    .values({ company_id: companyId, document_id: documentId, typed_name: name.typed, salt: name.salt })
    .execute()
}
