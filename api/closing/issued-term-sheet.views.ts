/** Issued term sheets, with the equity that each promises. Visibility is the round's: callers read the round first. */
import type { Reader, Ref, Uuid, WholeShares } from '../platform/index.ts'

export type IssuedTermSheetView = {
  readonly companyId: Uuid
  readonly roundId: Uuid
  readonly documentId: Uuid
  readonly termsVersion: number
  /** Whole shares that it promises to issue unearned. */
  readonly shares: WholeShares
  readonly issuedAt: string
}

/** The latest issued term sheet of a round, or `undefined` before there is one. */
export const issuedTermSheet = (reader: Reader, ref: Ref): Promise<IssuedTermSheetView | undefined> =>
  reader
    .selectFrom('issued_term_sheet')
    .select([
      'company_id as companyId',
      'round_id as roundId',
      'document_id as documentId',
      'terms_version as termsVersion',
      'equity_shares as shares',
      'issued_at as issuedAt',
    ])
    .where('company_id', '=', ref.companyId)
    .where('round_id', '=', ref.id)
    .orderBy('document_id', 'desc')
    .limit(1)
    .executeTakeFirst()
