/** Liveness and readiness for whoever runs the server. */
import { Router } from 'express'
import { sql } from 'kysely'
import type { Deps } from '../platform/index.ts'

/** `/healthz`: the process answers. `/readyz`: the database answers too. */
export function healthRoutes(deps: Deps): Router {
  const router = Router()
  router.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' })
  })
  router.get('/readyz', async (_request, response) => {
    try {
      await sql`SELECT 1`.execute(deps.db)
      response.json({ status: 'ready' })
    } catch (error) {
      deps.log.warn({ err: error }, 'not ready: the database does not answer')
      response.status(503).json({ status: 'not ready', reason: 'The database does not answer.' })
    }
  })
  return router
}
