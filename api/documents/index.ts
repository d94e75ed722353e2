/** Documents over opaque subjects and hashes: stored in versions, read, accepted. */
export { type AcceptDocument, type Accepted, acceptDocument } from './accept-document.ts'
export {
  type AcceptanceView,
  acceptancesOf,
  countDocuments,
  type DocumentKey,
  type DocumentView,
  documentsAbout,
  documentsAboutAll,
  documentsById,
  documentsOfCompanies,
  LISTED_MAX,
  latestDocument,
  latestDocuments,
} from './document.views.ts'
export { AlreadyAccepted, DocumentSuperseded, HashMismatch } from './errors.ts'
export { type ReadDocument, readDocument, readDocumentAbout } from './read-document.ts'
export { type StoreDocument, type Stored, storeDocument } from './store-document.ts'
