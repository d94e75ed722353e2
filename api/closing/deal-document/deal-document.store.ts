/** Writes and locks of what binds a deal beside its terms. */
import {
  canonicalJson,
  globalId,
  instant,
  type JsonValue,
  NotFound,
  type Ref,
  type Trx,
  type Uuid,
  WrongState,
} from '../../platform/index.ts'
import { type LockedPaper, type PaperState, paperState, type Signing } from '../paper.ts'

export const DEAL_DOCUMENT_KINDS = ['assignment', 'side_letter'] as const
export type DealDocumentKind = (typeof DEAL_DOCUMENT_KINDS)[number]

/** A kind as the database gives it. @throws {RangeError} for another text: a fault of ours */
export function dealDocumentKind(text: string): DealDocumentKind {
  const kind = DEAL_DOCUMENT_KINDS.find((known) => known === text)
  if (kind === undefined) throw new RangeError(`"${text}" is not a kind of deal document`)
  return kind
}

/** A deal document whose row is locked until the end of the transaction. */
export type LockedDealDocument = LockedPaper & {
  readonly round: Ref
  readonly kind: DealDocumentKind
  readonly title: string
  /** As it is stored; its kind's schema reads it. */
  readonly content: unknown
  readonly effectiveOn: string | undefined
}

export async function insertDealDocument(
  trx: Trx,
  document: {
    readonly ref: Ref
    readonly roundId: Uuid
    readonly kind: DealDocumentKind
    readonly title: string
    readonly content: JsonValue
    /** Of a side letter: its holder among the stakeholders. */
    readonly stakeholderId?: string | undefined
    readonly effectiveOn: string | undefined
    readonly draftedBy: Uuid
  },
): Promise<void> {
  await trx
    .insertInto('deal_document')
    .values({
      company_id: document.ref.companyId,
      deal_document_id: document.ref.id,
      round_id: document.roundId,
      kind: document.kind,
      state: 'draft',
      title: document.title,
      content: canonicalJson(document.content),
      stakeholder_id: document.stakeholderId ?? null,
      effective_on: document.effectiveOn ?? null,
      drafted_by: document.draftedBy,
      drafted_at: await instant(trx),
    })
    .execute()
}

/** Locks a deal document; its company is locked by the caller. @throws {NotFound} */
export async function lockDealDocument(trx: Trx, ref: Ref): Promise<LockedDealDocument> {
  const row = await trx
    .selectFrom('deal_document')
    .selectAll()
    .where('company_id', '=', ref.companyId)
    .where('deal_document_id', '=', ref.id)
    .forUpdate()
    .executeTakeFirst()
  const id = globalId('DealDocument', ref.companyId, ref.id)
  if (row === undefined) throw new NotFound('deal document', id)
  return {
    ref,
    id,
    round: { companyId: ref.companyId, id: row.round_id },
    kind: dealDocumentKind(row.kind),
    state: paperState(row.state),
    title: row.title,
    content: row.content,
    effectiveOn: row.effective_on ?? undefined,
    draftedBy: row.drafted_by,
    proposedBy: row.proposed_by ?? undefined,
    documentId: row.document_id ?? undefined,
    signedByFund: row.signed_by_fund,
    signedByCompany: row.signed_by_company,
  }
}

type Columns = {
  proposed_by?: Uuid
  proposed_at?: string
  document_id?: Uuid
  effective_on?: string
  accepted_at?: string
  in_force_at?: string
  withdrawn_at?: string
}

/** A guarded step. @throws {WrongState} when it is in another state */
export async function markDealDocument(
  trx: Trx,
  { ref, state }: Pick<LockedDealDocument, 'ref' | 'state'>,
  from: PaperState,
  to: PaperState,
  columns: Columns,
): Promise<void> {
  const { numUpdatedRows } = await trx
    .updateTable('deal_document')
    .set({ state: to, ...columns })
    .where('company_id', '=', ref.companyId)
    .where('deal_document_id', '=', ref.id)
    .where('state', '=', from)
    .executeTakeFirstOrThrow()
  if (numUpdatedRows !== 1n) throw new WrongState('deal document', state, [from])
}

/** Records the signature of one side over exactly these bytes. */
export async function insertDealSignature(
  trx: Trx,
  { ref }: LockedDealDocument,
  signature: Signing & { readonly signedBy: Uuid },
): Promise<void> {
  await trx
    .insertInto('deal_signature')
    .values({
      company_id: ref.companyId,
      deal_document_id: ref.id,
      side: signature.side,
      document_id: signature.documentId,
      sha256: Buffer.from(signature.sha256, 'hex'),
      signed_by: signature.signedBy,
      signed_at: await instant(trx),
    })
    .execute()
  await trx
    .updateTable('deal_document')
    .set(signature.side === 'fund' ? { signed_by_fund: true } : { signed_by_company: true })
    .where('company_id', '=', ref.companyId)
    .where('deal_document_id', '=', ref.id)
    .execute()
}
