/** Documents, who accepted them, and the refusals of accepting. What renders and what follows belongs to other capabilities. */
import {
  type AcceptanceView,
  AlreadyAccepted,
  acceptancesOf,
  DocumentSuperseded,
  type DocumentView,
  documentsById,
  documentsOfCompanies,
  HashMismatch,
  LISTED_MAX,
} from '../api/documents/index.ts'
import { globalId, type Ref, type Uuid } from '../api/platform/index.ts'
import { builder, nodeName } from './kernel/builder.ts'
import type { Context } from './kernel/context.ts'
import { DomainErrorInterface } from './kernel/errors.ts'
import { Company, inOrder } from './parties.ts'

const keyOf = (document: { companyId: string; documentId: string }): string =>
  `${document.companyId}:${document.documentId}`
const refOf = (key: string): Ref => {
  const [companyId = '', id = ''] = key.split(':')
  return { companyId, id }
}

const Acceptance = builder.objectRef<AcceptanceView>('Acceptance').implement({
  description: 'The company accepted exactly these bytes.',
  fields: (t) => ({
    sha256: t.exposeString('sha256', { description: 'SHA-256 of the accepted bytes, 64 hex digits.' }),
    acceptedAs: t.exposeString('acceptedAs', { description: 'In which capacity: founder or signatory.' }),
    acceptedAt: t.expose('acceptedAt', { type: 'DateTime', description: 'When.' }),
    acceptedBy: t.id({
      description: 'Global id of the person who accepted.',
      resolve: ({ acceptedBy }) => globalId('Person', acceptedBy),
    }),
  }),
})

/** A document, loaded by its company and its id. */
export const Document = builder.loadableNodeRef(nodeName('Document', 2), {
  id: { resolve: (document: DocumentView) => keyOf(document) },
  load: async (keys: string[], { deps, actor }: Context) =>
    inOrder(keys, await documentsById(deps.db, actor, keys.map(refOf)), keyOf),
})
Document.implement({
  description: 'A file with its hash: one version of one kind of document about one subject. It never changes.',
  fields: (t) => ({
    subject: t.exposeID('subject', { description: 'Global id of what it is about.' }),
    kind: t.exposeString('kind', { description: 'Which of the subject’s documents it is, such as "term_sheet".' }),
    version: t.exposeInt('version', { description: '1 for the first; a later version replaces the one before it.' }),
    supersedes: t.id({
      nullable: true,
      description: 'Global id of the version that it replaced.',
      resolve: ({ companyId, supersedes }) =>
        supersedes === null ? null : globalId('Document', companyId, supersedes),
    }),
    sha256: t.exposeString('sha256', {
      description: 'SHA-256 of the file, 64 hex digits. Accepting names exactly this.',
    }),
    size: t.exposeInt('size', { description: 'Size in bytes.' }),
    mediaType: t.exposeString('mediaType', { description: 'Media type, such as "application/pdf".' }),
    fileName: t.exposeString('fileName', { description: 'Name that a download proposes.' }),
    downloadPath: t.string({
      description: 'Where the file is on this server: a path for GET, with the same sign-in as this call.',
      resolve: ({ companyId, documentId }) => `/documents/${globalId('Document', companyId, documentId)}`,
    }),
    madeAt: t.expose('madeAt', { type: 'DateTime', description: 'When it was made.' }),
    acceptance: t.loadable({
      type: Acceptance,
      nullable: true,
      description: 'The company’s acceptance; null while there is none.',
      load: async (keys: string[], { deps, actor }: Context) =>
        inOrder(keys, await acceptancesOf(deps.db, actor, keys.map(refOf)), keyOf),
      resolve: (document) => keyOf(document),
    }),
  }),
})

builder.objectField(Company, 'documents', (t) =>
  t.loadableList({
    type: Document,
    description: `Its documents in the version that holds now, newest first; at most ${LISTED_MAX}. Each names the version that it replaced.`,
    complexity: { field: 5, multiplier: 10 },
    load: async (companyIds: Uuid[], { deps, actor }: Context) => {
      const found = await documentsOfCompanies(deps.db, actor, companyIds)
      const byCompany = Map.groupBy(found, (document) => document.companyId)
      return companyIds.map((id) => byCompany.get(id) ?? [])
    },
    resolve: ({ companyId }) => companyId,
  }),
)

builder.objectType(HashMismatch, {
  name: 'HashMismatch',
  description: 'The hash that was sent is not the document’s: other bytes were read.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    documentId: t.exposeID('documentId', { description: 'Global id of the document.' }),
    expectedPrefix: t.exposeString('expectedPrefix', {
      description: 'First 16 hex digits of the document’s SHA-256, to compare with what was read.',
    }),
  }),
})
builder.objectType(DocumentSuperseded, {
  name: 'DocumentSuperseded',
  description: 'A later version has replaced the document.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    documentId: t.exposeID('documentId', { description: 'Global id of the document.' }),
    supersededBy: t.exposeID('supersededBy', { description: 'Global id of the version that holds now.' }),
  }),
})
builder.objectType(AlreadyAccepted, {
  name: 'AlreadyAccepted',
  description: 'The company has accepted the document before.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    documentId: t.exposeID('documentId', { description: 'Global id of the document.' }),
    acceptedAt: t.expose('acceptedAt', { type: 'DateTime', description: 'When it was accepted.' }),
  }),
})
