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
  const missing = () => new NotFound('document', globalId('Document', ref.companyId, ref.id))
  const document = seesCompany(actor, ref.companyId) ? await findDocument(reader, ref) : undefined
  if (document === undefined) throw missing()
  const bytes = async (): Promise<Buffer> => {
    const found = await documentBytes(reader, ref)
    if (found === undefined) throw missing()
    return found
  }
  return { ...document, bytes }
}
