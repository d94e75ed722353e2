/** What the documents capability refuses. */
import { DomainError, globalId, type Uuid } from '../platform/index.ts'

/** Hex digits of a hash that are shown where a person compares. */
const PREFIX = 16

/** The hash that was sent is not the document's: whoever accepts has read other bytes. */
export class HashMismatch extends DomainError {
  readonly code = 'HASH_MISMATCH'
  readonly documentId: string
  /** First 16 hex digits of the document's SHA-256. */
  readonly expectedPrefix: string
  constructor(document: { companyId: Uuid; documentId: Uuid; sha256: string }) {
    super(
      `This is not the hash of the document, which begins with ${document.sha256.slice(0, PREFIX)}. Nothing was accepted. Download the document again and accept the hash of that file.`,
    )
    this.documentId = globalId('Document', document.companyId, document.documentId)
    this.expectedPrefix = document.sha256.slice(0, PREFIX)
  }
}

/** A later version has replaced the document. */
export class DocumentSuperseded extends DomainError {
  readonly code = 'DOCUMENT_SUPERSEDED'
  readonly documentId: string
  /** The version that holds now. */
  readonly supersededBy: string
  constructor(companyId: Uuid, documentId: Uuid, latestId: Uuid) {
    super('A later version has replaced this document. Nothing was accepted. Read the latest version.')
    this.documentId = globalId('Document', companyId, documentId)
    this.supersededBy = globalId('Document', companyId, latestId)
  }
}

/** The company has accepted the document before. */
export class AlreadyAccepted extends DomainError {
  readonly code = 'ALREADY_ACCEPTED'
  readonly documentId: string
  /** When it was accepted. */
  readonly acceptedAt: string
  constructor(companyId: Uuid, documentId: Uuid, acceptedAt: string) {
    super('This document was accepted already. Nothing was changed; nothing more is needed.')
    this.documentId = globalId('Document', companyId, documentId)
    this.acceptedAt = acceptedAt
  }
}
