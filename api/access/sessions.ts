/** Sign-in links, browser sessions and bearer tokens. Of each only the SHA-256 is stored. */
import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { z } from 'zod'
import { type Db, instant, inTransaction, type Reader, sha256, type Trx, type Uuid } from '../platform/index.ts'
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

/** The person behind a session's token, as an actor; `undefined` when the session is unknown or over. One query. */
export async function actorOfToken(
  reader: Reader,
  token: string,
  kind: 'browser' | 'bearer',
): Promise<Actor | undefined> {
  if (!TOKEN.test(token)) return undefined
  const session = await reader
    .selectFrom('session')
    .select('person_id')
    .where('token_hash', '=', sha256(token))
    .where('kind', '=', kind)
    .where('ended_at', 'is', null)
    .where('expires_at', '>', sql<string>`now()`)
    .executeTakeFirst()
  return session === undefined ? undefined : actorOfPerson(reader, session.person_id)
}

const ActorRow = z.object({
  name: z.string().nullable(),
  roles: z.array(z.enum(ROLES)),
  companies: z.array(z.string()),
  providers: z.array(z.string()),
  walled: z.array(z.string()),
})

/** The person as an actor, with the roles they hold now; `undefined` for a person without any. */
export async function actorOfPerson(reader: Reader, personId: Uuid): Promise<Actor | undefined> {
  const { rows } = await sql`
    SELECT coalesce((SELECT display_name FROM person_details WHERE person_id = ${personId}),
        (SELECT machine.name FROM machine WHERE machine_id = ${personId})) AS name,
      coalesce(array_agg(DISTINCT role), '{}') AS roles,
      coalesce(array_agg(DISTINCT company_id::text) FILTER (WHERE company_id IS NOT NULL), '{}') AS companies,
      coalesce(array_agg(DISTINCT provider_id::text) FILTER (WHERE provider_id IS NOT NULL), '{}') AS providers,
      ARRAY(SELECT company_id::text FROM wall WHERE person_id = ${personId} AND lowered_at IS NULL) AS walled
    FROM membership WHERE person_id = ${personId} AND ended_at IS NULL`.execute(reader)
  const row = ActorRow.parse(rows[0])
  if (row.roles.length === 0) return undefined
  return {
    id: personId,
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
