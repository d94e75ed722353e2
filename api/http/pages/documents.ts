/** Downloads of documents. What the actor may not see answers like what does not exist. */
import { type Request, type Response, Router } from 'express'
import type { Actor } from '../../access/index.ts'
import { type ReadDocument, readDocument } from '../../documents/index.ts'
import { type Deps, NotFound, parseGlobalId } from '../../platform/index.ts'

export type DocumentPages = {
  readonly signedOut: () => string
  readonly notFound: () => string
}

/** `GET /documents/<global id of a document>`: the file, with its SHA-256 as entity tag. */
export function documentRoutes(
  deps: Deps,
  pages: DocumentPages,
  actorOf: (request: Request) => Promise<Actor | undefined>,
): Router {
  const router = Router()
  router.get('/documents/:id', async (request, response) => {
    response.set({ 'cache-control': 'private, no-cache', 'x-content-type-options': 'nosniff' })
    const actor = await actorOf(request)
    // The same for every id, so that it tells nothing about any.
    if (actor === undefined) return response.status(401).type('html').send(pages.signedOut())
    const id = parseGlobalId(request.params.id)
    const [companyId, documentId] = id?.type === 'Document' && id.keys.length === 2 ? id.keys : []
    try {
      if (companyId === undefined || documentId === undefined) throw new NotFound('document', request.params.id)
      const document = await readDocument(deps.db, actor, { companyId, id: documentId })
      return await sendDocument(request, response, document)
    } catch (error) {
      if (!(error instanceof NotFound)) throw error
      return response.status(404).type('html').send(pages.notFound())
    }
  })
  return router
}

/** The file, with its SHA-256 as entity tag; its bytes are not read for a client that has them. */
export async function sendDocument(request: Request, response: Response, document: ReadDocument): Promise<Response> {
  response.set({ 'cache-control': 'private, no-cache', etag: `"${document.sha256}"` })
  if (request.fresh) return response.status(304).end()
  response.attachment(document.fileName).type(document.mediaType)
  if (request.method === 'HEAD') return response.set('content-length', String(document.size)).end()
  return response.send(await document.bytes())
}
