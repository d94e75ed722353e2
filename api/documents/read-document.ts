import type { Actor } from '../access/index.ts'
import { seesCompany } from '../parties/index.ts'
import { globalId, NotFound, type Reader, type Ref } from '../platform/index.ts'
import { type DocumentView, documentBytes, findDocument } from './document.views.ts'

/** A document, and its bytes when they are asked for: a client that has them already never does. */
export type ReadDocument = DocumentView & { readonly bytes: () => Promise<Buffer> }

/**
 * A document of a company that the actor sees.
 *
 * @throws {NotFound} also where it exists and the actor may not see it
 */
export async function readDocument(reader: Reader, actor: Actor, ref: Ref): Promise<ReadDocument> {
  const document = seesCompany(actor, ref.companyId) ? await findDocument(reader, ref) : undefined
  if (document === undefined) throw missing(ref)
  return withBytes(reader, ref, document)
}

/**
 * A document about one subject, whoever asks: for a capability that has decided who sees what is said about it.
 *
 * @throws {NotFound} also for a document about something else
 */
export async function readDocumentAbout(reader: Reader, ref: Ref, subject: string): Promise<ReadDocument> {
  const document = await findDocument(reader, ref)
  if (document?.subject !== subject) throw missing(ref)
  return withBytes(reader, ref, document)
}

const missing = ({ companyId, id }: Ref) => new NotFound('document', globalId('Document', companyId, id))

const withBytes = (reader: Reader, ref: Ref, document: DocumentView): ReadDocument => ({
  ...document,
  bytes: async () => {
    const found = await documentBytes(reader, ref)
    if (found === undefined) throw missing(ref)
    return found
  },
})
