/** Documents over opaque subjects and hashes: stored in versions, read, accepted. */
export { type AcceptDocument, type Accepted, acceptDocument } from './accept-document.ts'
export {
  type AcceptanceView,
  acceptancesOf,
  type DocumentKey,
  type DocumentView,
  documentsById,
  documentsOfCompanies,
  LISTED_MAX,
  latestDocument,
  latestDocuments,
} from './document.views.ts'
export { AlreadyAccepted, DocumentSuperseded, HashMismatch } from './errors.ts'
export { type ReadDocument, readDocument } from './read-document.ts'
export { type StoreDocument, type Stored, storeDocument } from './store-document.ts'
