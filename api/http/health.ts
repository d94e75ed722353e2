/** Liveness and readiness for whoever runs the server. */
import { Router } from 'express'
import { sql } from 'kysely'
import type { Deps } from '../platform/index.ts'

/** Milliseconds that whoever probes waits for the database: shorter than a request would, which may queue for a connection. */
const PATIENCE = 3_000

async function databaseAnswers(db: Deps['db']): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE} ms`)), PATIENCE)
  })
  try {
    await Promise.race([sql`SELECT 1`.execute(db), late])
  } finally {
    clearTimeout(timer)
  }
}

/** `/healthz`: the process answers. `/readyz`: the database answers too. */
export function healthRoutes(deps: Deps): Router {
  const router = Router()
  router.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' })
  })
  router.get('/readyz', async (_request, response) => {
    try {
      await databaseAnswers(deps.db)
      response.json({ status: 'ready' })
    } catch (error) {
      deps.log.warn({ err: error }, 'not ready: the database does not answer')
      response.status(503).json({ status: 'not ready', reason: 'The database does not answer.' })
    }
  })
  return router
}
