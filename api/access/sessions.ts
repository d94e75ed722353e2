/** Sign-in links, browser sessions and bearer tokens. Of each only the SHA-256 is stored. */
import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { z } from 'zod'
import {
  type Db,
  instant,
  inTransaction,
  prepared,
  type Reader,
  sha256,
  type Trx,
  together,
  type Uuid,
} from '../platform/index.ts'
import { type Actor, ROLES } from './actor.ts'

/** A link lives a quarter of an hour; in a demo installation a day, since it is printed on the console of whoever runs it. */
const LINK_MINUTES = 15
const DEMO_LINK_MINUTES = 24 * 60
const SESSION_HOURS = 12
const TOKEN = /^[A-Za-z0-9_-]{43}$/

const newToken = (): string => randomBytes(32).toString('base64url')

/** A new single-use link for a person; the token is returned once and never stored. */
export async function createSignInLink(trx: Trx, personId: Uuid, { demo = false } = {}): Promise<string> {
  const token = newToken()
  const minutes = demo ? DEMO_LINK_MINUTES : LINK_MINUTES
  await sql`INSERT INTO sign_in_link (token_hash, person_id, created_at, expires_at)
    VALUES (${sha256(token)}, ${personId}, now(), now() + make_interval(mins => ${minutes}))`.execute(trx)
  return token
}

/** Whose link this is, while it can still be used. Reading it does not use it up: mail scanners follow links. */
export async function linkOwner(reader: Reader, token: string): Promise<{ personId: Uuid; name: string } | undefined> {
  if (!TOKEN.test(token)) return undefined
  return reader
    .selectFrom('sign_in_link as link')
    .innerJoin('person_details as details', 'details.person_id', 'link.person_id')
    .select(['link.person_id as personId', 'details.display_name as name'])
    .where('link.token_hash', '=', sha256(token))
    .where('link.used_at', 'is', null)
    .where('link.expires_at', '>', sql<string>`now()`)
    .executeTakeFirst()
}

/** Uses the link up and opens a browser session; `undefined` when it is unknown, used or too old. Of two at once one wins. */
export async function signIn(db: Db, token: string): Promise<{ sessionToken: string } | undefined> {
  if (!TOKEN.test(token)) return undefined
  return inTransaction(db, async (trx) => {
    const used = await trx
      .updateTable('sign_in_link')
      .set({ used_at: sql`now()` })
      .where('token_hash', '=', sha256(token))
      .where('used_at', 'is', null)
      .where('expires_at', '>', sql<string>`now()`)
      .returning('person_id')
      .executeTakeFirst()
    if (used === undefined) return undefined
    return { sessionToken: await openSession(trx, used.person_id, 'browser') }
  })
}

/** Opens a session for a person and returns its token, which is never stored. */
export async function openSession(trx: Trx, personId: Uuid, kind: 'browser' | 'bearer'): Promise<string> {
  const token = newToken()
  await sql`INSERT INTO session (token_hash, person_id, kind, created_at, expires_at)
    VALUES (${sha256(token)}, ${personId}, ${kind}, now(), now() + make_interval(hours => ${SESSION_HOURS}))`.execute(
    trx,
  )
  return token
}

/** Ends a session. Harmless when there is none. */
export async function signOut(db: Db, token: string): Promise<void> {
  await sql`UPDATE session SET ended_at = now() WHERE token_hash = ${sha256(token)} AND ended_at IS NULL`.execute(db)
}

/**
 * An actor in one statement: the person that `who` gives as `person_id`, with the roles that they hold now. No row where
 * `who` gives none. One value of JSON, which is read at once: the driver would read six columns and four arrays piece by
 * piece, in every request.
 */
export const actorSql = (who: string): string => `
  SELECT json_build_object('id', who.person_id, 'name',
      coalesce((SELECT details.display_name FROM person_details details WHERE details.person_id = who.person_id),
        (SELECT machine.name FROM machine WHERE machine.machine_id = who.person_id)),
    'roles', held.roles, 'companies', held.companies, 'providers', held.providers, 'walled',
      ARRAY(SELECT wall.company_id FROM wall WHERE wall.person_id = who.person_id AND wall.lowered_at IS NULL)) AS actor
  FROM (${who}) who CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(DISTINCT m.role), '{}') AS roles,
      coalesce(array_agg(DISTINCT m.company_id) FILTER (WHERE m.company_id IS NOT NULL), '{}') AS companies,
      coalesce(array_agg(DISTINCT m.provider_id) FILTER (WHERE m.provider_id IS NOT NULL), '{}') AS providers
    FROM membership m WHERE m.person_id = who.person_id AND m.ended_at IS NULL) held`

const actorsOfSessions = prepared(
  'actors_of_sessions',
  `SELECT (${actorSql(`SELECT session.person_id FROM session WHERE session.token_hash = asked.token_hash
      AND session.kind = asked.kind AND session.ended_at IS NULL AND session.expires_at > now()`)}) AS actor
    FROM unnest($1::bytea[], $2::text[]) WITH ORDINALITY AS asked(token_hash, kind, n) ORDER BY asked.n`,
)
const actorOfId = prepared('actor_of_person', actorSql('SELECT $1::uuid AS person_id'))

type Session = { readonly token: string; readonly kind: 'browser' | 'bearer' }

const rowOfSession = together<Session, unknown>((db, _all, sessions) =>
  actorsOfSessions(db, [sessions.map(({ token }) => sha256(token)), sessions.map(({ kind }) => kind)]),
)

/**
 * The person behind a session's token, as an actor; `undefined` when the session is unknown or over. One statement, asked in
 * every request (of those that arrive at once, in one for all): a session that is ended and a role that is taken away count
 * from the next request on.
 */
export async function actorOfToken(db: Db, token: string, kind: Session['kind']): Promise<Actor | undefined> {
  return TOKEN.test(token) ? actorOfRow([await rowOfSession(db, 'sessions', { token, kind })]) : undefined
}

/** The person as an actor, with the roles they hold now; `undefined` for a person without any. */
export const actorOfPerson = async (reader: Reader, personId: Uuid): Promise<Actor | undefined> =>
  actorOfRow(await actorOfId(reader, [personId]))

const ActorRow = z.object({
  actor: z
    .object({
      id: z.string(),
      name: z.string().nullable(),
      roles: z.array(z.enum(ROLES)),
      companies: z.array(z.string()),
      providers: z.array(z.string()),
      walled: z.array(z.string()),
    })
    .nullable(),
})

/** The actor of the row that {@link actorSql} gives; `undefined` where there is none, or no role. */
export function actorOfRow([found]: readonly unknown[]): Actor | undefined {
  if (found === undefined) return undefined
  const { actor: row } = ActorRow.parse(found)
  if (row === null || row.roles.length === 0) return undefined
  return {
    id: row.id,
    name: row.name ?? 'erased person',
    roles: new Set(row.roles),
    companyIds: new Set(row.companies),
    providerIds: new Set(row.providers),
    walledCompanyIds: new Set(row.walled),
  }
}

/** Registers a person with one role. Staff of a provider name it; founders and signatories name their company. */
export async function admit(
  trx: Trx,
  person: { id: Uuid; name: string; email: string },
  membership: { id: Uuid; role: (typeof ROLES)[number]; companyId?: Uuid; providerId?: Uuid },
): Promise<void> {
  const at = await instant(trx)
  await trx
    .insertInto('person')
    .values({ person_id: person.id, created_at: at })
    .onConflict((conflict) => conflict.column('person_id').doNothing())
    .execute()
  await trx
    .insertInto('person_details')
    .values({ person_id: person.id, display_name: person.name, email: person.email })
    .onConflict((conflict) => conflict.column('person_id').doNothing())
    .execute()
  await trx
    .insertInto('membership')
    .values({
      membership_id: membership.id,
      person_id: person.id,
      role: membership.role,
      company_id: membership.companyId ?? null,
      provider_id: membership.providerId ?? null,
      since: at,
    })
    .execute()
}

/** Raises an information barrier between a person and a company. */
export async function raiseWall(
  trx: Trx,
  wall: { id: Uuid; personId: Uuid; companyId: Uuid; reason: string; raisedBy: Uuid },
): Promise<void> {
  await trx
    .insertInto('wall')
    .values({
      wall_id: wall.id,
      person_id: wall.personId,
      company_id: wall.companyId,
      reason: wall.reason,
      raised_by: wall.raisedBy,
      raised_at: await instant(trx),
    })
    .execute()
}
