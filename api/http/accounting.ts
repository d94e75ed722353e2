/** Accounting views of a company as files. What the actor may not see answers like what does not exist. */
import { type Request, Router } from 'express'
import type { Actor } from '../access/index.ts'
import { accountingOf, journalCsv } from '../drawdown/index.ts'
import { type Deps, NotFound, parseGlobalId } from '../platform/index.ts'
import type { DocumentPages } from './pages/documents.ts'

/** `GET /companies/<global id>/accounting.json`: journal lines and elections; `accounting.csv`: the journal lines. */
export function accountingRoutes(
  deps: Pick<Deps, 'db'>,
  pages: DocumentPages,
  actorOf: (request: Request) => Promise<Actor | undefined>,
): Router {
  const router = Router()
  for (const format of ['json', 'csv'] as const) {
    router.get(`/companies/:id/accounting.${format}`, async (request, response) => {
      response.set({ 'cache-control': 'private, no-store', 'x-content-type-options': 'nosniff' })
      const actor = await actorOf(request)
      if (actor === undefined) return response.status(401).type('html').send(pages.signedOut())
      const id = parseGlobalId(request.params.id)
      try {
        const [companyId] = id?.type === 'Company' && id.keys.length === 1 ? id.keys : []
        if (companyId === undefined) throw new NotFound('company', request.params.id)
        const accounting = await accountingOf(deps.db, actor, companyId)
        response.attachment(`accounting.${format}`)
        return format === 'json'
          ? response.json({ journal: accounting.journal, elections: accounting.elections })
          : response.type('text/csv; charset=utf-8; header=present').send(journalCsv(accounting))
      } catch (error) {
        if (!(error instanceof NotFound)) throw error
        return response.status(404).type('html').send(pages.notFound())
      }
    })
  }
  return router
}
