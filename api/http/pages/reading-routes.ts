/** Routes that only read: a page, or the same as a file. What the actor may not see answers like what does not exist. */
import { type Request, type Response, Router } from 'express'
import { errorPage } from '../../../templates/pages/error.ts'
import type { Actor } from '../../access/index.ts'
import { BeforeFirstTransaction } from '../../captable/index.ts'
import { BadInput, DomainError, type JsonValue, NotFound } from '../../platform/index.ts'
import type { DocumentPages } from './documents.ts'
import { roleWords } from './sign-in.ts'

export type ActorOf = (request: Request) => Promise<Actor | undefined>
/** A page, or a file by its name. */
export type Reading =
  | { readonly html: string }
  | { readonly json: JsonValue; readonly name: string }
  | { readonly csv: string; readonly name: string }
  | { readonly pdf: Uint8Array; readonly name: string }

/** A router, and how a path is given to it. */
export function readingRoutes(pages: DocumentPages, actorOf: ActorOf) {
  const router = Router()
  const on = (path: string, answer: (actor: Actor, request: Request) => Promise<Reading>) =>
    router.get(path, async (request, response) => {
      response.set({ 'cache-control': 'private, no-store', 'x-content-type-options': 'nosniff' })
      const actor = await actorOf(request)
      // The same for every id, so that it tells nothing about any.
      if (actor === undefined) return response.status(401).type('html').send(pages.signedOut())
      try {
        return send(response, await answer(actor, request))
      } catch (error) {
        return refuse(error, response, pages)
      }
    })
  return { router, on }
}

/** Whoever looks at a page, as its head says. */
export const personOf = (actor: Actor) => ({ name: actor.name, role: roleWords(actor) })

function send(response: Response, answer: Reading): Response {
  if ('html' in answer) return response.type('html').send(answer.html)
  response.attachment(answer.name)
  if ('pdf' in answer) return response.type('application/pdf').send(Buffer.from(answer.pdf))
  if ('json' in answer) return response.type('application/json').send(JSON.stringify(answer.json, null, 2))
  return response.type('text/csv; charset=utf-8; header=present').send(answer.csv)
}

function refuse(error: unknown, response: Response, pages: DocumentPages): Response {
  response.type('html')
  if (error instanceof NotFound) return response.status(404).send(pages.notFound())
  const wrong = error instanceof BadInput
  if (!wrong && !(error instanceof DomainError)) throw error
  const first = error instanceof BeforeFirstTransaction ? ` The first day is ${error.first}.` : ''
  return response.status(wrong ? 400 : 409).send(
    errorPage({
      heading: wrong ? 'This cannot be asked so' : 'This cannot be shown',
      happened: error.message,
      whatToDo: `Go back and ask for something else.${first}`,
    }),
  )
}
