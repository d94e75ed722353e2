/** Evidence in a dispute, sent as a file by the company. */
import express, { type Request, type Response, Router } from 'express'
import type { Actor } from '../access/index.ts'
import { attachEvidence, EVIDENCE_MAX, EVIDENCE_TYPES } from '../closing/index.ts'
import { BadInput, type Deps, DomainError, Forbidden, globalId, NotFound, parseGlobalId } from '../platform/index.ts'
import { sameSite } from './pages/sign-in.ts'

/**
 * `POST /disputes/<global id>/evidence` with the file as its body, its media type, and its name in `x-file-name`: 201 and
 * the document, as JSON. The same file again answers the same.
 */
export function evidenceRoutes(deps: Deps, actorOf: (request: Request) => Promise<Actor | undefined>): Router {
  const router = Router()
  const file = express.raw({ type: [...EVIDENCE_TYPES], limit: EVIDENCE_MAX })
  router.post('/disputes/:id/evidence', async (request, response, next) => {
    if (!sameSite(request)) return refuse(response, 403, 'FORBIDDEN', 'This request was sent from another site.')
    const actor = await actorOf(request)
    if (actor === undefined) return refuse(response, 401, 'UNAUTHENTICATED', 'Sign in first.')
    return file(request, response, (error?: unknown) =>
      error === undefined ? receive(deps, actor, request, response).catch(next) : next(error),
    )
  })
  return router
}

async function receive(deps: Deps, actor: Actor, request: Request, response: Response): Promise<Response> {
  const bytes: unknown = request.body
  const mediaType = EVIDENCE_TYPES.find((type) => request.is(type) === type)
  if (!Buffer.isBuffer(bytes) || mediaType === undefined)
    return refuse(
      response,
      415,
      'BAD_INPUT',
      `The body must be a file of one of these types: ${EVIDENCE_TYPES.join(', ')}.`,
    )
  const disputeId = String(request.params.id)
  try {
    const fileName = decodeURIComponent(request.get('x-file-name') ?? 'evidence')
    const stored = await attachEvidence(deps, actor, { disputeId, fileName, mediaType, bytes })
    const companyId = parseGlobalId(disputeId)?.keys[0] ?? ''
    return response.status(201).json({ ...stored, documentId: globalId('Document', companyId, stored.documentId) })
  } catch (error) {
    if (error instanceof URIError) return refuse(response, 400, 'BAD_INPUT', 'x-file-name must be percent-encoded.')
    if (error instanceof BadInput)
      return response.status(400).json({ code: 'BAD_INPUT', message: error.message, faults: error.faults })
    if (!(error instanceof DomainError)) throw error
    const status = error instanceof NotFound ? 404 : error instanceof Forbidden ? 403 : 409
    return response.status(status).json({ code: error.code, message: error.message })
  }
}

const refuse = (response: Response, status: number, code: string, message: string): Response =>
  response.status(status).json({ code, message: `${message} Nothing was changed.` })
