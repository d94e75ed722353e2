/** Who sends a request: a bearer token, which may be the secret of a machine, or the session cookie. */
import { type Actor, actorOfSecret, actorOfToken, MACHINE_SECRET } from '../access/index.ts'
import type { Db } from '../platform/index.ts'

const SESSION_COOKIE = 'equihour_session'

/** The cookie that carries a browser session. Not readable by scripts, not sent along from other sites' forms. */
export const sessionCookie = (token: string, { secure }: { secure: boolean }): string =>
  `${SESSION_COOKIE}=${token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${12 * 60 * 60}${secure ? '; Secure' : ''}`

/** The cookie that ends a browser session. */
export const endedCookie = (): string => `${SESSION_COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0`

/** The token that a request carries, and of which kind. */
export function tokenOf(
  header: (name: string) => string | null | undefined,
): { token: string; kind: 'bearer' | 'browser' } | undefined {
  const bearer = /^Bearer +([A-Za-z0-9_-]+)$/i.exec(header('authorization') ?? '')?.[1]
  if (bearer !== undefined) return { token: bearer, kind: 'bearer' }
  const cookie = /(?:^|;\s*)equihour_session=([A-Za-z0-9_-]+)/.exec(header('cookie') ?? '')?.[1]
  return cookie === undefined ? undefined : { token: cookie, kind: 'browser' }
}

/** The actor of a request, or `undefined` where nobody is signed in. */
export async function actorOfRequest(
  db: Db,
  header: (name: string) => string | null | undefined,
): Promise<Actor | undefined> {
  const found = tokenOf(header)
  if (found === undefined) return undefined
  const isSecret = found.kind === 'bearer' && MACHINE_SECRET.test(found.token)
  return isSecret ? actorOfSecret(db, found.token) : actorOfToken(db, found.token, found.kind)
}
