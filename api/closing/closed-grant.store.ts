/** Records every grant that a closing opened. */
import { instant, type MicroTokens, type Trx, type Uuid, type WholeShares } from '../platform/index.ts'

export type ClosedGrant = {
  readonly companyId: Uuid
  readonly grantId: Uuid
  readonly roundId: Uuid
  readonly closingId: Uuid
  /** Which of the closing's grants: 1 is the first. */
  readonly leg: number
  readonly lotId: Uuid
  readonly securityId: string
  /** `null` of a SAFE. */
  readonly stockClassId: string | null
  /** The accepted document behind it. */
  readonly documentId: Uuid
  readonly tokens: MicroTokens
  readonly shares: WholeShares
  readonly closedBy: Uuid
}

export async function insertClosedGrant(trx: Trx, grant: ClosedGrant): Promise<void> {
  await trx
    .insertInto('closed_grant')
    .values({
      company_id: grant.companyId,
      grant_id: grant.grantId,
      round_id: grant.roundId,
      closing_id: grant.closingId,
      leg: grant.leg,
      lot_id: grant.lotId,
      security_id: grant.securityId,
      stock_class_id: grant.stockClassId,
      document_id: grant.documentId,
      tokens_micro: grant.tokens,
      equity_shares: grant.shares,
      closed_by: grant.closedBy,
      closed_at: await instant(trx),
    })
    .execute()
}
