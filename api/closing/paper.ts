/**
 * What the papers have in common that both sides sign, amendments and deal documents: drafted, proposed, signed by the fund and by
 * the company in any order, in force on their day; or withdrawn before both have signed.
 */
import type { Actor } from '../access/index.ts'
import { acceptDocument, HashMismatch, latestDocument } from '../documents/index.ts'
import { type GateQuestion, OpenFlags, refuseWhileOpen } from '../flags/index.ts'
import { NotFound, type Ref, SamePerson, type Trx, type Uuid, WrongState } from '../platform/index.ts'
import { UnderReview } from './errors.ts'

/** `withdrawn` and `in_force` are the ends. The triggers `amendment_step` and `deal_document_step` hold the same order. */
export const PAPER_STATES = ['draft', 'proposed', 'accepted', 'in_force', 'withdrawn'] as const
export type PaperState = (typeof PAPER_STATES)[number]
export const SIDES = ['fund', 'company'] as const
export type Side = (typeof SIDES)[number]

/** A state as the database gives it. @throws {RangeError} for another text: a fault of ours */
export function paperState(text: string): PaperState {
  const state = PAPER_STATES.find((known) => known === text)
  if (state === undefined) throw new RangeError(`"${text}" is not a state of a paper`)
  return state
}

/** A paper whose row is locked until the end of the transaction. */
export type LockedPaper = {
  readonly ref: Ref
  /** Global id. */
  readonly id: string
  readonly state: PaperState
  readonly draftedBy: Uuid
  readonly proposedBy: Uuid | undefined
  readonly documentId: Uuid | undefined
  readonly signedByFund: boolean
  readonly signedByCompany: boolean
}
/** The signature of one side over exactly these bytes. */
export type Signing = { readonly side: Side; readonly documentId: Uuid; readonly sha256: string }
/** What a side says when it signs, and the gate that it passes. */
type Reading = {
  /** The kind of paper, in words: "amendment". */
  readonly what: string
  readonly gate: GateQuestion
  readonly sha256: string
}

/**
 * The fund signs: a partner who neither drafted nor proposed the paper, over the document that is stored under `kind`.
 *
 * @throws {SamePerson | WrongState | OpenFlags | HashMismatch}
 */
export async function fundSigns(
  trx: Trx,
  actor: Actor,
  paper: LockedPaper,
  { what, gate, sha256, kind }: Reading & { readonly kind: string },
): Promise<Signing> {
  if (paper.draftedBy === actor.id || paper.proposedBy === actor.id) throw new SamePerson('sign')
  if (paper.signedByFund) throw new WrongState(what, 'signed by the fund', ['proposed'])
  await refuseWhileOpen(trx, gate)
  const document = await latestDocument(trx, paper.ref.companyId, paper.id, kind)
  if (document === undefined) throw new NotFound('document', paper.id)
  if (document.sha256 !== sha256) throw new HashMismatch(document)
  return { side: 'fund', documentId: document.documentId, sha256 }
}

/**
 * The company signs, through a signatory of its own. Which rule stops the gate is the fund's to know.
 *
 * @throws {WrongState | UnderReview | HashMismatch}
 */
export async function companySigns(
  trx: Trx,
  actor: Actor,
  paper: LockedPaper,
  { what, gate, sha256, typedName }: Reading & { readonly typedName: string | undefined },
): Promise<Signing> {
  if (paper.signedByCompany) throw new WrongState(what, 'signed by the company', ['proposed'])
  await refuseWhileOpen(trx, gate).catch((error: unknown) => {
    throw error instanceof OpenFlags ? new UnderReview() : error
  })
  const documentId = paper.documentId ?? ''
  await acceptDocument(trx, actor, { companyId: paper.ref.companyId, documentId, sha256, typedName })
  return { side: 'company', documentId, sha256 }
}

/** Whether the other side has signed before this one. */
export const otherSigned = (paper: LockedPaper, { side }: Signing): boolean =>
  side === 'fund' ? paper.signedByCompany : paper.signedByFund
