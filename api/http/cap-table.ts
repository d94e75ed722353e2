/** Downloads of a cap table. What the actor may not see answers like what does not exist. */
import { type Request, type Response, Router } from 'express'
import type { Actor } from '../access/index.ts'
import { archiveOf, BeforeFirstTransaction, exportCapTable, exportCapTableCsv, NoCapTable } from '../captable/index.ts'
import { BadInput, type Deps, NotFound } from '../platform/index.ts'
import type { DocumentPages } from './pages/documents.ts'

/**
 * `GET /companies/<global id of a company>/cap-table.ocf.zip`: the whole history as an Open Cap Format package.
 * `GET /companies/<global id of a company>/cap-table.csv?asOf=YYYY-MM-DD`: the table on a day, today by default.
 */
export function capTableRoutes(
  deps: Pick<Deps, 'db'>,
  pages: DocumentPages,
  actorOf: (request: Request) => Promise<Actor | undefined>,
): Router {
  const router = Router()
  const download = (path: string, send: (actor: Actor, request: Request, response: Response) => Promise<Response>) =>
    router.get(path, async (request, response) => {
      // What was downloaded yesterday may differ from today's, and is nobody else's business.
      response.set({ 'cache-control': 'private, no-store', 'x-content-type-options': 'nosniff' })
      const actor = await actorOf(request)
      // The same for every id, so that it tells nothing about any.
      if (actor === undefined) return response.status(401).type('html').send(pages.signedOut())
      try {
        return await send(actor, request, response)
      } catch (error) {
        return refuse(error, response, pages)
      }
    })
  download('/companies/:id/cap-table.ocf.zip', async (actor, request, response) => {
    const exported = await exportCapTable(deps.db, actor, { companyId: idOf(request) })
    return response
      .attachment('cap-table.ocf.zip')
      .type('application/zip')
      .send(Buffer.from(await archiveOf(exported)))
  })
  download('/companies/:id/cap-table.csv', async (actor, request, response) => {
    const { asOf, csv } = await exportCapTableCsv(deps.db, actor, { companyId: idOf(request), asOf: asOfOf(request) })
    return response.attachment(`cap-table-${asOf}.csv`).type('text/csv; charset=utf-8; header=present').send(csv)
  })
  return router
}

const idOf = (request: Request): string => (typeof request.params.id === 'string' ? request.params.id : '')

/** A day that is given twice is no day: the parser refuses the text. */
const asOfOf = ({ query: { asOf } }: Request): string | undefined =>
  asOf === undefined || typeof asOf === 'string' ? asOf : String(asOf)

/** An id that is no company's looks like a company that is not there; other refusals say why. */
function refuse(error: unknown, response: Response, pages: DocumentPages): Response {
  const noCompany = error instanceof BadInput && error.faults.some(({ path }) => path[0] === 'companyId')
  if (error instanceof NotFound || noCompany) return response.status(404).type('html').send(pages.notFound())
  if (error instanceof BadInput) return response.status(400).type('text').send(error.message)
  if (error instanceof NoCapTable || error instanceof BeforeFirstTransaction)
    return response.status(409).type('text').send(error.message)
  throw error
}
