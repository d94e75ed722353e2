/** What is to be done about statements: `GET /statements`, the same as JSON at `/statements.json`, and the forms of operations. */
import express, { type Request, Router } from 'express'
import { notFoundPage, otherSitePage } from '../../../templates/pages/error.ts'
import { statementDeskPage } from '../../../templates/pages/statement-desk.ts'
import { type Actor, is, isStaff } from '../../access/index.ts'
import {
  finaliseStatement,
  monthsDue,
  type StatementAtHand,
  statementsAtHand,
  stateStatement,
} from '../../drawdown/index.ts'
import { companyNames } from '../../parties/index.ts'
import { type Deps, globalId } from '../../platform/index.ts'
import type { DocumentPages } from './documents.ts'
import { answerForm } from './form-answer.ts'
import { formKey } from './form-key.ts'
import type { ActorOf } from './reading-routes.ts'
import { roleWords, sameSite } from './sign-in.ts'

/**
 * For the fund's staff; for everybody else there is no such page. `POST /statements/state` states a company's next month, `POST
 * /statements/<global id>/finalise` makes a statement final: each is done once however often its form is sent.
 */
export function statementDeskRoutes(deps: Deps, pages: DocumentPages, actorOf: ActorOf): Router {
  const router = Router()
  router.get(['/statements', '/statements.json'], async (request, response) => {
    response.set('cache-control', 'private, no-store').type('html')
    const actor = await actorOf(request)
    if (actor === undefined) return response.status(401).send(pages.signedOut())
    if (!isStaff(actor)) return response.status(404).send(notFoundPage())
    if (!request.path.endsWith('.json')) return response.send(await desk(deps, actor))
    const { due, statements } = await atHand(deps, actor)
    return response.type('json').json({
      due: due.map(({ companyId, ...each }) => ({ companyId: globalId('Company', companyId), ...each })),
      statements: statements.map(({ ref, ...each }) => ({
        companyId: globalId('Company', ref.companyId),
        statementId: idOf(ref),
        ...each,
      })),
    })
  })
  const posted =
    (work: (actor: Actor, request: Request) => Promise<unknown>) =>
    async (request: Request, response: express.Response) => {
      response.set('cache-control', 'private, no-store').type('html')
      const actor = await actorOf(request)
      if (actor === undefined) return response.status(401).send(pages.signedOut())
      if (!isStaff(actor)) return response.status(404).send(notFoundPage())
      if (!sameSite(request)) return response.status(403).send(otherSitePage())
      return answerForm(response, {
        work: () => work(actor, request),
        path: '/statements',
        again: (refused) => desk(deps, actor, refused),
      })
    }
  const form = express.urlencoded({ extended: false, limit: '2kb', parameterLimit: 5 })
  router.post(
    '/statements/state',
    form,
    posted((actor, request) => {
      const said = { companyId: field(request, 'companyId'), month: field(request, 'month') }
      return stateStatement(deps, actor, { ...said, ...formKey('state', said) })
    }),
  )
  router.post(
    '/statements/:id/finalise',
    form,
    posted((actor, request) => {
      const said = { statementId: String(request.params.id) }
      return finaliseStatement(deps, actor, { ...said, ...formKey('finalise', said) })
    }),
  )
  return router
}

const idOf = ({ companyId, id }: StatementAtHand['ref']): string => globalId('Statement', companyId, id)
const field = (request: Request, name: string): string => {
  const value: unknown =
    typeof request.body === 'object' && request.body !== null ? Reflect.get(request.body, name) : ''
  return typeof value === 'string' ? value : ''
}

async function atHand({ db }: Deps, actor: Actor) {
  const [due, statements] = [await monthsDue(db, actor), await statementsAtHand(db, actor)]
  const ids = [...due.map(({ companyId }) => companyId), ...statements.map(({ ref }) => ref.companyId)]
  const names = await companyNames(db, [...new Set(ids)])
  return {
    due: due.map((each) => ({ company: names.get(each.companyId) ?? '', ...each })),
    statements: statements.map((each) => ({ company: names.get(each.ref.companyId) ?? '', ...each })),
  }
}

async function desk(deps: Deps, actor: Actor, refused?: string): Promise<string> {
  const { due, statements } = await atHand(deps, actor)
  const acts = is(actor, 'operations')
  return statementDeskPage({
    person: { name: actor.name, role: roleWords(actor) },
    due: due.map(({ companyId, ...each }) => ({
      ...each,
      companyId: acts ? globalId('Company', companyId) : undefined,
    })),
    statements: statements.map(({ ref, ...each }) => ({ ...each, path: `/statements/${idOf(ref)}`, finalises: acts })),
    refused,
  })
}
