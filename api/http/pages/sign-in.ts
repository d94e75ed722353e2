/** Signing in with a single-use link. GET shows a button and uses nothing up: mail scanners follow links. POST consumes. */
import { type Request, Router } from 'express'
import { type Actor, actorOfPerson, linkOwner, signIn, signOut } from '../../access/index.ts'
import type { Deps } from '../../platform/index.ts'
import { endedCookie, sessionCookie, tokenOf } from '../session.ts'

/** Refuses form posts that another site sent: browsers say where a request comes from. */
export function sameSite(request: Request): boolean {
  const site = request.get('sec-fetch-site')
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  const origin = request.get('origin')
  // By the host alone: what ends TLS in front of this server speaks plain HTTP to it.
  return origin === undefined || hostOf(origin) === request.get('host')
}

const hostOf = (origin: string): string | undefined => (URL.canParse(origin) ? new URL(origin).host : undefined)

/** Whether the browser came by TLS, to this server or to what stands before it: it says where the form was. */
const byTls = (request: Request): boolean => request.secure || request.get('origin')?.startsWith('https://') === true

/** `/sign-in/:token` and `/sign-out`. */
export function signInRoutes(deps: Deps, pages: SignInPages): Router {
  const router = Router()
  router.get('/sign-in/:token', async (request, response) => {
    const owner = await linkOwner(deps.db, request.params.token)
    response.set({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
    if (owner === undefined) return response.status(404).type('html').send(pages.linkOver())
    const actor = await actorOfPerson(deps.db, owner.personId)
    const role = actor === undefined ? undefined : roleWords(actor)
    const action = `/sign-in/${request.params.token}`
    return response.type('html').send(pages.signIn({ name: owner.name, role, action }))
  })
  router.post('/sign-in/:token', async (request, response) => {
    if (!sameSite(request)) return response.status(403).type('html').send(pages.otherSite())
    const session = await signIn(deps.db, request.params.token)
    if (session === undefined) return response.status(404).type('html').send(pages.linkOver())
    response.set('set-cookie', sessionCookie(session.sessionToken, { secure: byTls(request) }))
    return response.redirect(303, '/')
  })
  router.post('/sign-out', async (request, response) => {
    if (!sameSite(request)) return response.status(403).type('html').send(pages.otherSite())
    const found = tokenOf((name) => request.get(name))
    if (found?.kind === 'browser') await signOut(deps.db, found.token)
    response.set('set-cookie', endedCookie())
    return response.redirect(303, '/')
  })
  return router
}

/** The pages that these routes show; templates/pages draws them. */
export type SignInPages = {
  readonly signIn: (input: { name: string; role?: string | undefined; action: string }) => string
  readonly linkOver: () => string
  readonly otherSite: () => string
}

/** What the actor is here, in words: "partner", "analyst and compliance". */
export const roleWords = (actor: Actor): string => [...actor.roles].sort().join(' and ')
