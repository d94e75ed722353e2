/** Upload of a cap table as a file, beside the GraphQL mutation that takes the same package as text. */
import express, { type Request, type Response, Router } from 'express'
import type { Actor } from '../access/index.ts'
import { BrokenPackage, importCapTable } from '../captable/index.ts'
import { BadInput, type Deps, DomainError, Forbidden, NotFound } from '../platform/index.ts'
import { sameSite } from './pages/sign-in.ts'

/** Most bytes of an uploaded archive: as many as the importer reads. */
const MOST_BYTES = '32mb'

/**
 * `POST /companies/<global id of a company>/cap-table.ocf.zip` with the archive as its body, `content-type:
 * application/zip`: 201 and what was imported, as JSON. `?gaps=ACCEPT` sets aside what cannot be replayed; an
 * `idempotency-key` header makes the call safe to repeat. A broken package answers 422 with every fault.
 */
export function uploadCapTableRoutes(deps: Deps, actorOf: (request: Request) => Promise<Actor | undefined>): Router {
  const router = Router()
  const archive = express.raw({ type: 'application/zip', limit: MOST_BYTES })
  const path = '/companies/:id/cap-table.ocf.zip'
  // Who may not send it is told before a byte of the archive is read.
  router.post(path, async (request, response, next) => {
    if (!sameSite(request)) return refuse(response, 403, 'FORBIDDEN', 'This request was sent from another site.')
    const actor = await actorOf(request)
    if (actor === undefined) return refuse(response, 401, 'UNAUTHENTICATED', 'Sign in first.')
    return archive(request, response, (error?: unknown) =>
      error === undefined ? receive(deps, actor, request, response).catch(next) : next(error),
    )
  })
  return router
}

async function receive(deps: Deps, actor: Actor, request: Request, response: Response): Promise<Response> {
  const body: unknown = request.body
  if (!Buffer.isBuffer(body) || body.length === 0) {
    return refuse(response, 415, 'BAD_INPUT', 'The body must be an .ocf.zip, sent as application/zip.')
  }
  try {
    const imported = await importCapTable(deps, actor, {
      companyId: String(request.params.id),
      zipBase64: body.toString('base64'),
      gaps: gapsOf(request),
      idempotencyKey: request.get('idempotency-key'),
    })
    return response.status(201).json(imported)
  } catch (error) {
    return refused(error, response)
  }
}

/** @throws {BadInput} for anything but the two words */
function gapsOf({ query: { gaps } }: Request): 'REFUSE' | 'ACCEPT' {
  if (gaps === undefined || gaps === 'REFUSE') return 'REFUSE'
  if (gaps === 'ACCEPT') return 'ACCEPT'
  throw new BadInput([{ path: ['gaps'], reason: 'must be REFUSE or ACCEPT' }])
}

const refuse = (response: Response, status: number, code: string, message: string): Response =>
  response.status(status).json({ code, message: `${message} Nothing was changed.` })

function refused(error: unknown, response: Response): Response {
  if (error instanceof BrokenPackage) {
    const { code, message, faultCount, faults } = error
    return response.status(422).json({ code, message, faultCount, faults })
  }
  if (error instanceof BadInput) {
    return response.status(400).json({ code: 'BAD_INPUT', message: error.message, faults: error.faults })
  }
  if (!(error instanceof DomainError)) throw error
  const status = error instanceof NotFound ? 404 : error instanceof Forbidden ? 403 : 409
  return response.status(status).json({ code: error.code, message: error.message })
}
