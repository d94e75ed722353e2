/** Writes and locks of amendments. */
import {
  canonicalJson,
  globalId,
  instant,
  type JsonValue,
  NotFound,
  type Reader,
  type Ref,
  type Trx,
  type Uuid,
  WrongState,
} from '../../platform/index.ts'
import { canonicalTerms, RoundTerms, type TermChange } from '../../rounds/index.ts'
import { type LockedPaper, type PaperState, paperState, type Signing } from '../paper.ts'
import { type LaterGrant, LaterGrants, laterGrantsJson } from './later-grants.ts'

/** An amendment whose row is locked until the end of the transaction. */
export type LockedAmendment = LockedPaper & {
  readonly round: Ref
  readonly baseVersion: number
  readonly terms: RoundTerms
  /** What it changes of grants of later closings. */
  readonly laterGrants: readonly LaterGrant[]
  readonly changes: readonly TermChange[]
  readonly reason: string
  readonly effectiveOn: string | undefined
}

export async function insertAmendment(
  trx: Trx,
  amendment: {
    readonly ref: Ref
    readonly roundId: Uuid
    readonly baseVersion: number
    readonly terms: RoundTerms
    readonly laterGrants: readonly LaterGrant[]
    readonly changes: readonly TermChange[]
    readonly reason: string
    readonly effectiveOn: string | undefined
    readonly draftedBy: Uuid
  },
): Promise<void> {
  await trx
    .insertInto('amendment')
    .values({
      company_id: amendment.ref.companyId,
      amendment_id: amendment.ref.id,
      round_id: amendment.roundId,
      state: 'draft',
      base_version: amendment.baseVersion,
      terms: canonicalTerms(amendment.terms),
      later_grants: canonicalJson(laterGrantsJson(amendment.laterGrants)),
      changes: JSON.stringify(amendment.changes),
      reason: amendment.reason,
      effective_on: amendment.effectiveOn ?? null,
      drafted_by: amendment.draftedBy,
      drafted_at: await instant(trx),
    })
    .execute()
}

/** The round of an amendment, for whoever must lock the round first. @throws {NotFound} */
export async function roundOfAmendment(reader: Reader, ref: Ref): Promise<Ref> {
  const row = await reader
    .selectFrom('amendment')
    .select('round_id')
    .where('company_id', '=', ref.companyId)
    .where('amendment_id', '=', ref.id)
    .executeTakeFirst()
  if (row === undefined) throw new NotFound('amendment', globalId('Amendment', ref.companyId, ref.id))
  return { companyId: ref.companyId, id: row.round_id }
}

/** Locks an amendment; its company and its round are locked by the caller. @throws {NotFound} */
export async function lockAmendment(trx: Trx, ref: Ref): Promise<LockedAmendment> {
  const row = await trx
    .selectFrom('amendment')
    .selectAll()
    .where('company_id', '=', ref.companyId)
    .where('amendment_id', '=', ref.id)
    .forUpdate()
    .executeTakeFirst()
  const id = globalId('Amendment', ref.companyId, ref.id)
  if (row === undefined) throw new NotFound('amendment', id)
  return {
    ref,
    id,
    round: { companyId: ref.companyId, id: row.round_id },
    state: paperState(row.state),
    baseVersion: row.base_version,
    terms: RoundTerms.parse(row.terms),
    laterGrants: LaterGrants.parse(row.later_grants),
    changes: storedChanges(row.changes),
    reason: row.reason,
    effectiveOn: row.effective_on ?? undefined,
    draftedBy: row.drafted_by,
    proposedBy: row.proposed_by ?? undefined,
    documentId: row.document_id ?? undefined,
    signedByFund: row.signed_by_fund,
    signedByCompany: row.signed_by_company,
  }
}

// Written by `insertAmendment` and never changed.
export const storedChanges = (stored: unknown): readonly TermChange[] => stored as readonly TermChange[]
/** Changes as JSON, for hashing and for documents. */
export const changesJson = (changes: readonly TermChange[]): JsonValue =>
  changes.map(({ path, from, to }) => ({ path, from, to }))

type Columns = {
  proposed_by?: Uuid
  proposed_at?: string
  document_id?: Uuid
  effective_on?: string
  accepted_at?: string
  terms_version?: number
  in_force_at?: string
  withdrawn_at?: string
}

/** A guarded step. @throws {WrongState} when it is in another state */
export async function markAmendment(
  trx: Trx,
  { ref, state }: Pick<LockedAmendment, 'ref' | 'state'>,
  from: PaperState,
  to: PaperState,
  columns: Columns,
): Promise<void> {
  const { numUpdatedRows } = await trx
    .updateTable('amendment')
    .set({ state: to, ...columns })
    .where('company_id', '=', ref.companyId)
    .where('amendment_id', '=', ref.id)
    .where('state', '=', from)
    .executeTakeFirstOrThrow()
  if (numUpdatedRows !== 1n) throw new WrongState('amendment', state, [from])
}

/** Records the signature of one side over exactly these bytes. */
export async function insertSignature(
  trx: Trx,
  amendment: LockedAmendment,
  signature: Signing & { readonly signedBy: Uuid },
): Promise<void> {
  const { companyId, id } = amendment.ref
  await trx
    .insertInto('amendment_signature')
    .values({
      company_id: companyId,
      amendment_id: id,
      side: signature.side,
      document_id: signature.documentId,
      sha256: Buffer.from(signature.sha256, 'hex'),
      signed_by: signature.signedBy,
      signed_at: await instant(trx),
    })
    .execute()
  await trx
    .updateTable('amendment')
    .set(signature.side === 'fund' ? { signed_by_fund: true } : { signed_by_company: true })
    .where('company_id', '=', companyId)
    .where('amendment_id', '=', id)
    .execute()
}
