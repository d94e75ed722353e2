import { createPublicKey } from 'node:crypto'
import { z } from 'zod'
import {
  audit,
  type Deps,
  globalId,
  instant,
  NotFound,
  newId,
  once,
  parse,
  sha256,
  type Uuid,
  WrongState,
  zIdempotencyKey,
  zKey,
  zText,
} from '../platform/index.ts'
import { type Actor, must } from './actor.ts'
import { insertMachine, machineNamed, newMachineSecret } from './machine.store.ts'

/** An Ed25519 public key: its 32 bytes in base64, or PEM. */
const zPublicKey = z
  .string()
  .max(400, 'must be an Ed25519 public key')
  .transform((text, context) => {
    const bytes = ed25519Of(text.trim())
    if (bytes !== undefined) return bytes
    context.addIssue({ code: 'custom', message: 'must be an Ed25519 public key: 32 bytes in base64, or PEM' })
    return z.NEVER
  })

function ed25519Of(text: string): Buffer | undefined {
  if (/^[A-Za-z0-9+/]{43}=$/.test(text)) return Buffer.from(text, 'base64')
  try {
    const key = createPublicKey(text)
    if (key.asymmetricKeyType !== 'ed25519') return undefined
    return Buffer.from(String(key.export({ format: 'jwk' }).x), 'base64url')
  } catch {
    return undefined
  }
}

export const RegisterMachineKeyInput = z.strictObject({
  providerId: zKey('Provider'),
  /** The machine's name; one that the provider has none of yet is made. */
  machine: zText(100),
  /** Without it a secret is made, which is shown once. */
  publicKey: zPublicKey.nullish(),
  validDays: z.int('must be a whole number').min(1, 'must be 1 to 730').max(730, 'must be 1 to 730').default(365),
  idempotencyKey: zIdempotencyKey,
})
export type RegisterMachineKeyInput = z.input<typeof RegisterMachineKeyInput>

export type RegisteredMachineKey = {
  readonly keyId: Uuid
  readonly machineId: Uuid
  readonly expiresAt: string
  /** Shown now and never again; `null` for a public key, and for a call that is repeated. */
  readonly secret: string | null
}

/**
 * Gives a provider's machine a key: a secret that it sends as a bearer token, or an Ed25519 public key that it signs requests
 * for. By an admin only.
 *
 * @throws {Forbidden} {NotFound}
 */
export async function registerMachineKey(
  deps: Deps,
  actor: Actor,
  input: RegisterMachineKeyInput,
): Promise<RegisteredMachineKey> {
  const { providerId, machine, publicKey, validDays, idempotencyKey } = parse(RegisterMachineKeyInput, input)
  must(actor, 'admin')
  // Made outside of what is stored: the answer that is kept for a repeated call holds no secret.
  const secret = publicKey == null ? newMachineSecret() : null
  const keyId = newId()
  const scope = { kind: 'provider', id: providerId } as const
  const made = await once(
    deps,
    actor,
    { operation: 'registerMachineKey', scope, idempotencyKey, input },
    async (trx) => {
      const provider = await trx
        .selectFrom('provider')
        .select('provider_id')
        .where('provider_id', '=', providerId)
        .forNoKeyUpdate()
        .executeTakeFirst()
      if (provider === undefined) throw new NotFound('provider', globalId('Provider', providerId))
      const known = await machineNamed(trx, providerId, machine)
      const machineId = known ?? newId()
      if (known === undefined) await insertMachine(trx, { machineId, providerId, name: machine })
      const at = await instant(trx)
      const expiresAt = new Date(Date.parse(at) + validDays * 86_400_000).toISOString().replace('.000Z', 'Z')
      await trx
        .insertInto('machine_key')
        .values({
          key_id: keyId,
          machine_id: machineId,
          token_hash: secret === null ? null : sha256(secret),
          public_key: publicKey ?? null,
          created_by: actor.id,
          created_at: at,
          expires_at: expiresAt,
        })
        .execute()
      await audit(trx, actor, {
        scope,
        kind: 'machine_key.registered',
        subject: globalId('Provider', providerId),
        payload: { expiresAt, keyId, kind: secret === null ? 'ed25519' : 'secret', machineId },
      })
      return { keyId, machineId, expiresAt }
    },
  )
  return { ...made, secret: made.keyId === keyId ? secret : null }
}

export const RevokeMachineKeyInput = z.strictObject({
  providerId: zKey('Provider'),
  keyId: z.uuid('must be the id of a key'),
  reason: zText(400),
  idempotencyKey: zIdempotencyKey,
})
export type RevokeMachineKeyInput = z.input<typeof RevokeMachineKeyInput>

/**
 * Ends a key at once. By an admin only.
 *
 * @throws {Forbidden} {NotFound} {WrongState} for a key that is revoked already
 */
export async function revokeMachineKey(
  deps: Deps,
  actor: Actor,
  input: RevokeMachineKeyInput,
): Promise<{ readonly keyId: Uuid; readonly revokedAt: string }> {
  const { providerId, keyId, reason, idempotencyKey } = parse(RevokeMachineKeyInput, input)
  must(actor, 'admin')
  const scope = { kind: 'provider', id: providerId } as const
  return once(deps, actor, { operation: 'revokeMachineKey', scope, idempotencyKey, input }, async (trx) => {
    const key = await trx
      .selectFrom('machine_key')
      .innerJoin('machine', 'machine.machine_id', 'machine_key.machine_id')
      .select('revoked_at')
      .where('key_id', '=', keyId)
      .where('provider_id', '=', providerId)
      .forUpdate('machine_key')
      .executeTakeFirst()
    if (key === undefined) throw new NotFound('machine key', keyId)
    if (key.revoked_at !== null) throw new WrongState('machine key', 'revoked', ['valid'])
    const at = await instant(trx)
    await trx
      .updateTable('machine_key')
      .set({ revoked_by: actor.id, revoked_at: at })
      .where('key_id', '=', keyId)
      .execute()
    await audit(trx, actor, {
      scope,
      kind: 'machine_key.revoked',
      subject: globalId('Provider', providerId),
      payload: { keyId, reason },
    })
    return { keyId, revokedAt: at }
  })
}
