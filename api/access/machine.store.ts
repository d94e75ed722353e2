/** Machines: programs that act for a provider. Of a key only the SHA-256 or the public half is stored. */
import { randomBytes } from 'node:crypto'
import {
  type Db,
  instant,
  inTransaction,
  newId,
  prepared,
  type Reader,
  sha256,
  type Trx,
  type Uuid,
  violates,
} from '../platform/index.ts'
import type { Actor } from './actor.ts'
import { actorOfPerson, actorOfRow, actorSql } from './sessions.ts'

/** What every secret of a machine begins with, so that it is told apart from a session's token. */
export const MACHINE_SECRET = /^ehk_[A-Za-z0-9_-]{43}$/

/** A new secret of a machine; it is shown once and never stored. */
export const newMachineSecret = (): string => `ehk_${randomBytes(32).toString('base64url')}`

/** Makes a machine of a provider. Fails with `machine_once` where there is one of this name. */
export async function insertMachine(
  trx: Trx,
  { machineId, providerId, name }: { readonly machineId: Uuid; readonly providerId: Uuid; readonly name: string },
): Promise<void> {
  const at = await instant(trx)
  await trx.insertInto('person').values({ person_id: machineId, created_at: at }).execute()
  await trx
    .insertInto('machine')
    .values({ machine_id: machineId, provider_id: providerId, name, created_at: at })
    .execute()
  await trx
    .insertInto('membership')
    .values({ membership_id: newId(), person_id: machineId, role: 'machine', provider_id: providerId, since: at })
    .execute()
}

/** The machine of this name, where the provider has one. */
export async function machineNamed(reader: Reader, providerId: Uuid, name: string): Promise<Uuid | undefined> {
  const row = await reader
    .selectFrom('machine')
    .select('machine_id')
    .where('provider_id', '=', providerId)
    .where('name', '=', name)
    .executeTakeFirst()
  return row?.machine_id
}

/**
 * The actor of a machine of ours that acts for a provider, such as the one that asks its scheduler. It is made when it is
 * asked for first; of two at once one makes it.
 */
export async function machineActor(db: Db, of: { readonly providerId: Uuid; readonly name: string }): Promise<Actor> {
  const machineId = (await machineNamed(db, of.providerId, of.name)) ?? (await makeMachine(db, of))
  const actor = machineId === undefined ? undefined : await actorOfPerson(db, machineId)
  if (actor === undefined) throw new Error(`the machine ${of.name} has no role`)
  return actor
}

async function makeMachine(
  db: Db,
  of: { readonly providerId: Uuid; readonly name: string },
): Promise<Uuid | undefined> {
  const machineId = newId()
  try {
    await inTransaction(db, (trx) => insertMachine(trx, { machineId, ...of }))
    return machineId
  } catch (error) {
    if (!violates(error, 'machine_once')) throw error
    return machineNamed(db, of.providerId, of.name)
  }
}

const actorOfKey = prepared(
  'actor_of_machine_key',
  actorSql(`SELECT machine_id AS person_id FROM machine_key
    WHERE token_hash = $1 AND revoked_at IS NULL AND expires_at > equihour_now()`),
)

/** The machine whose secret this is; `undefined` when the key is unknown, revoked or too old. */
export const actorOfSecret = async (reader: Reader, secret: string): Promise<Actor | undefined> =>
  MACHINE_SECRET.test(secret) ? actorOfRow(await actorOfKey(reader, [sha256(secret)])) : undefined
