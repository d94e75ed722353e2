/**
 * Figures for whoever watches the server: `GET /metrics` in the text format of Prometheus (version 0.0.4).
 *
 * There is no such page unless `EQUIHOUR_METRICS_TOKEN_FILE` names a file; the token in it is what a caller bears. It is
 * read anew at each call, so that it can be replaced while the server runs.
 */
import { timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { type Request, Router } from 'express'
import { lastReconciliations, type ReconciliationView } from '../closing/index.ts'
import { messageTroubles } from '../messages/index.ts'
import { type Deps, sha256 } from '../platform/index.ts'

/** Shortest token that is taken: a file that is empty by mistake lets nobody in. */
const SHORTEST = 16

type Metric = { readonly name: string; readonly help: string; readonly value: number }

/** `GET /metrics`, for who bears the token of the file. */
export function metricsRoutes(deps: Deps, tokenFile: string | undefined): Router {
  const router = Router()
  if (tokenFile === undefined) return router
  router.get('/metrics', async (request, response) => {
    response.set('cache-control', 'no-store')
    if (!bears(request, (await readFile(tokenFile, 'utf8')).trim())) {
      return response.status(401).set('www-authenticate', 'Bearer').type('text/plain').send('A token is needed.\n')
    }
    const [last] = await lastReconciliations(deps.db, 1)
    const metrics = [...reconciliationMetrics(last), ...mailMetrics(await messageTroubles(deps))]
    return response.type('text/plain; version=0.0.4; charset=utf-8').send(text(metrics))
  })
  return router
}

/** Compared as hashes: equal in length, and in time that tells nothing of the token. */
function bears(request: Request, token: string): boolean {
  const [, given] = /^Bearer (\S+)$/i.exec(request.get('authorization') ?? '') ?? []
  return given !== undefined && token.length >= SHORTEST && timingSafeEqual(sha256(given), sha256(token))
}

/** Nothing is said of a reconciliation that never ran: a missing series alarms, a zero would not. */
function reconciliationMetrics(last: ReconciliationView | undefined): Metric[] {
  if (last === undefined) return []
  const [started, finished] = [Date.parse(last.startedAt) / 1000, Date.parse(last.finishedAt) / 1000]
  return [
    {
      name: 'equihour_reconciliation_differences',
      help: 'Differences that the last reconciliation of the books found; anything but 0 needs a person.',
      value: last.differenceCount,
    },
    {
      name: 'equihour_reconciliation_finished_seconds',
      help: 'When the last reconciliation ended, in seconds since 1970; it runs each night.',
      value: finished,
    },
    {
      name: 'equihour_reconciliation_duration_seconds',
      help: 'How long the last reconciliation took, in seconds.',
      value: finished - started,
    },
  ]
}

const mailMetrics = ({ waiting, refused }: Awaited<ReturnType<typeof messageTroubles>>): Metric[] => [
  { name: 'equihour_mail_waiting', help: 'Mails that are not out yet; they are tried again.', value: waiting },
  {
    name: 'equihour_mail_refused',
    help: 'Mails that a mail server refused for good, or that none took in time.',
    value: refused,
  },
]

const text = (metrics: readonly Metric[]): string =>
  metrics.map(({ name, help, value }) => `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${value}\n`).join('')
