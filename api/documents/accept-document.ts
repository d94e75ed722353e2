import { randomBytes } from 'node:crypto'
import type { Actor } from '../access/index.ts'
import { lockCompany, seesCompany } from '../parties/index.ts'
import { audit, Forbidden, globalId, instant, NotFound, sha256, type Trx, type Uuid } from '../platform/index.ts'
import { insertAcceptance } from './document.store.ts'
import { type DocumentView, findAcceptance, findDocument, latestDocument } from './document.views.ts'
import { AlreadyAccepted, DocumentSuperseded, HashMismatch } from './errors.ts'

export type AcceptDocument = {
  readonly companyId: Uuid
  readonly documentId: Uuid
  /** SHA-256 of the bytes that were read, in hex. */
  readonly sha256: string
  /** The name as the person typed it, where the screen asks for one. Erasable; history keeps a salted hash. */
  readonly typedName?: string | undefined
}
export type Accepted = {
  readonly document: DocumentView
  readonly acceptedAt: string
}

/**
 * The company accepts a document, in the caller's transaction: exactly the bytes with this hash, the version that holds
 * now, once, through one of its own founders or signatories.
 *
 * @throws {NotFound} also where the actor may not see it
 * @throws {Forbidden} for everybody else who sees it: staff never accept for a company
 * @throws {HashMismatch} {@link DocumentSuperseded} {@link AlreadyAccepted}
 */
export async function acceptDocument(trx: Trx, actor: Actor, input: AcceptDocument): Promise<Accepted> {
  const { companyId, documentId } = input
  const ref = { companyId, id: documentId }
  const id = globalId('Document', companyId, documentId)
  if (!seesCompany(actor, companyId)) throw new NotFound('document', id)
  await lockCompany(trx, companyId)
  const document = await findDocument(trx, ref)
  if (document === undefined) throw new NotFound('document', id)
  const acceptedAs = capacityFor(actor, companyId)

  if (input.sha256.toLowerCase() !== document.sha256) throw new HashMismatch(document)
  const latest = await latestDocument(trx, companyId, document.subject, document.kind)
  if (latest !== undefined && latest.documentId !== documentId) {
    throw new DocumentSuperseded(companyId, documentId, latest.documentId)
  }
  const before = await findAcceptance(trx, ref)
  if (before !== undefined) throw new AlreadyAccepted(companyId, documentId, before.acceptedAt)

  const acceptedAt = await instant(trx)
  await insertAcceptance(trx, {
    companyId,
    documentId,
    sha256: Buffer.from(document.sha256, 'hex'),
    acceptedBy: actor.id,
    acceptedAs,
    acceptedAt,
    name: salted(input.typedName),
  })
  await audit(trx, actor, {
    scope: { kind: 'company', id: companyId },
    kind: 'document.accepted',
    subject: id,
    payload: { about: document.subject, kind: document.kind, sha256: document.sha256, as: acceptedAs },
  })
  return { document, acceptedAt }
}

/** In which capacity the actor speaks for this company. @throws {Forbidden} in none */
function capacityFor(actor: Actor, companyId: Uuid): 'founder' | 'signatory' {
  if (actor.companyIds.has(companyId)) {
    if (actor.roles.has('signatory')) return 'signatory'
    if (actor.roles.has('founder')) return 'founder'
  }
  throw new Forbidden(
    ['founder', 'signatory'],
    'Only a founder or signatory of the company accepts for it. Nothing was changed.',
  )
}

function salted(typed: string | undefined) {
  if (typed === undefined) return undefined
  const salt = randomBytes(32)
  return { typed, salt, hash: sha256(Buffer.concat([salt, Buffer.from(typed, 'utf8')])) }
}
