/** Requests that a machine signed: whose key it was, whether its time is right, and that each is taken once. */
import { createPublicKey, verify } from 'node:crypto'
import { type Deps, DomainError, instant, inTransaction, newId, type Uuid, violates } from '../platform/index.ts'
import type { Actor } from './actor.ts'
import { actorOfPerson } from './sessions.ts'

/** How far a machine's clock may differ from the database's, either way. */
export const CLOCK_SKEW_SECONDS = 300

/** A signature that says nothing: malformed, of an unknown, ended or other key, or not over this request. */
export class SignatureInvalid extends DomainError {
  readonly code = 'SIGNATURE_INVALID'
  constructor(why: string) {
    super(`The signature was refused: ${why}. Nothing was changed.`)
  }
}

/** The signature was made too long ago, or in the future. */
export class SignatureExpired extends DomainError {
  readonly code = 'SIGNATURE_EXPIRED'
  readonly signedAt: string
  constructor(signedAt: string) {
    super(
      `The signature was made at ${signedAt}, more than ${CLOCK_SKEW_SECONDS} seconds from now. Nothing was changed. Set the clock, and sign again.`,
    )
    this.signedAt = signedAt
  }
}

/** A signed request with this nonce was taken already: somebody sends it once more. */
export class SignatureReplayed extends DomainError {
  readonly code = 'SIGNATURE_REPLAYED'
  readonly nonce: string
  constructor(nonce: string) {
    super(
      `A request that this key signed with the nonce "${nonce}" was taken already. Nothing was changed. Sign again with a new nonce.`,
    )
    this.nonce = nonce
  }
}

/** What was signed, as a door read it. */
export type SignedText = {
  readonly keyId: string
  /** Unix seconds. */
  readonly created: number
  readonly nonce: string
  /** The text that the signature covers. */
  readonly base: string
  readonly signature: Buffer
}

/** Who signed; the scope of its nonces is its provider. */
export type Signer = { readonly actor: Actor; readonly keyId: Uuid; readonly providerId: Uuid }

/** Prefix of an Ed25519 public key in SPKI: RFC 8410 section 4. */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')

/** Whether an Ed25519 signature over a text is by this public key of 32 bytes. Source: RFC 8032. */
export const isSignedBy = (publicKey: Uint8Array, base: string, signature: Uint8Array): boolean =>
  signature.length === 64 &&
  verify(
    null,
    Buffer.from(base, 'utf8'),
    createPublicKey({ key: Buffer.concat([SPKI, publicKey]), format: 'der', type: 'spki' }),
    signature,
  )

/**
 * The machine that signed. What is wrong with the key is not told apart: that would tell which keys there are.
 *
 * @throws {SignatureInvalid} {SignatureExpired}
 */
export async function signerOf(deps: Deps, signed: SignedText): Promise<Signer> {
  const known = /^[0-9a-f-]{36}$/.test(signed.keyId)
    ? await deps.db
        .selectFrom('machine_key')
        .innerJoin('machine', 'machine.machine_id', 'machine_key.machine_id')
        .select(['machine_key.public_key', 'machine_key.expires_at', 'machine.machine_id', 'machine.provider_id'])
        .where('machine_key.key_id', '=', signed.keyId)
        .where('machine_key.revoked_at', 'is', null)
        .executeTakeFirst()
    : undefined
  const now = Date.parse(await instant(deps.db))
  const usable = known !== undefined && known.public_key !== null && Date.parse(known.expires_at) > now
  if (!usable || known.public_key === null || !isSignedBy(known.public_key, signed.base, signed.signature)) {
    throw new SignatureInvalid('it is not by a valid key of a machine, or not over this request')
  }
  if (Math.abs(now / 1000 - signed.created) > CLOCK_SKEW_SECONDS) {
    throw new SignatureExpired(new Date(signed.created * 1000).toISOString())
  }
  const actor = await actorOfPerson(deps.db, known.machine_id)
  if (actor === undefined) throw new SignatureInvalid('its machine has no role here')
  return { actor, keyId: signed.keyId, providerId: known.provider_id }
}

/**
 * Takes a signed request, once: the row of its nonce is the guard. It is kept with what was signed, as evidence.
 *
 * @returns the id that usage records name
 * @throws {SignatureReplayed}
 */
export async function takeSignedRequest(
  deps: Deps,
  { keyId, providerId }: Signer,
  signed: SignedText,
  contentSha256: Buffer,
): Promise<Uuid> {
  const requestId = newId()
  try {
    await inTransaction(deps.db, async (trx) =>
      trx
        .insertInto('signed_request')
        .values({
          scope_id: providerId,
          key_id: keyId,
          nonce: signed.nonce,
          request_id: requestId,
          content_sha256: contentSha256,
          signature: signed.signature,
          signed_text: signed.base,
          signed_at: new Date(signed.created * 1000).toISOString(),
          received_at: await instant(trx),
        })
        .execute(),
    )
    return requestId
  } catch (error) {
    if (violates(error, 'signed_request_pkey')) throw new SignatureReplayed(signed.nonce)
    throw error
  }
}
