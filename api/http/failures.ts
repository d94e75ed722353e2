/** What a door answers when nothing was found or something broke: a page for people, JSON for machines. Mounted last. */
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express'
import { failedPage, forbiddenPage, notFoundPage, unreadablePage } from '../../templates/pages/error.ts'
import { BadInput, type Deps, databaseIsAway, Forbidden, NotFound, newId } from '../platform/index.ts'

type Failure = { readonly status: number; readonly code: string; readonly message: string; readonly page: () => string }

/** Nothing has this address. */
export const nothingHere: RequestHandler = (request, response) =>
  answer(request, response, {
    status: 404,
    code: 'NOT_FOUND',
    message: 'There is nothing here. Nothing was changed.',
    page: () => notFoundPage(),
  })

/** Answers for an error that a route threw. The text of a fault of ours goes to the log, under the reference it shows. */
export function failures(deps: Pick<Deps, 'log'>): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error)
    return answer(request, response, failureOf(error, deps))
  }
}

function failureOf(error: unknown, deps: Pick<Deps, 'log'>): Failure {
  if (error instanceof NotFound) {
    return { status: 404, code: error.code, message: error.message, page: () => notFoundPage() }
  }
  if (error instanceof Forbidden) {
    return { status: 403, code: error.code, message: error.message, page: () => forbiddenPage(error.needs) }
  }
  const status = statusOf(error)
  const refusedByExpress = status >= 400 && status < 500
  if (error instanceof BadInput || refusedByExpress) {
    const message = error instanceof BadInput ? error.message : 'The request is malformed. Nothing was changed.'
    return { status: refusedByExpress ? status : 400, code: 'BAD_INPUT', message, page: unreadablePage }
  }
  const reference = newId()
  if (databaseIsAway(error)) {
    deps.log.warn({ err: error, reference }, 'the database did not answer a request')
    const message = 'The database did not answer in time. Look whether it was done before you do it again.'
    return { status: 503, code: 'UNAVAILABLE', message, page: () => failedPage(reference) }
  }
  deps.log.error({ err: error, reference }, 'a request failed')
  const message = `Something went wrong on our side. Nothing was kept. Reference: ${reference}`
  return { status: 500, code: 'INTERNAL', message, page: () => failedPage(reference) }
}

/** Status that express gives its own refusals, such as a path that is not UTF-8; 0 for any other error. */
function statusOf(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('status' in error)) return 0
  return typeof error.status === 'number' ? error.status : 0
}

function answer(request: Request, response: Response, failure: Failure): void {
  response.status(failure.status).set('cache-control', 'no-store')
  if (request.accepts(['html', 'json']) === 'html') response.type('html').send(failure.page())
  else response.json({ errors: [{ message: failure.message, extensions: { code: failure.code } }] })
}
