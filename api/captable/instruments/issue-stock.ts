/** Issues stock: unearned, to vest with compute, or paid in cash and vested at once. */
import {
  formatNumeric,
  type Money,
  type Numeric,
  newId,
  type Trx,
  type Uuid,
  type WholeShares,
} from '../../platform/index.ts'
import { appendToHistory } from '../append-history.ts'
import type { JsonObject } from '../ocf/json.ts'
import type { AllocationType } from '../replay/allocation.ts'
import {
  classFor,
  money,
  type NewStockClass,
  nextNumber,
  type Recipient,
  recipient,
} from '../replay/issuance-pieces.ts'

export type IssueShares = {
  readonly companyId: Uuid
  readonly stakeholder: Recipient
  readonly stockClass: { readonly id: string } | NewStockClass
  readonly quantity: WholeShares
  readonly sharePrice: Money
  /** Day of issuance, `YYYY-MM-DD`. */
  readonly date: string
  readonly considerationText?: string | undefined
  /** Total paid, where it is not price times quantity. */
  readonly costBasis?: Money | undefined
  readonly boardApprovalDate?: string | undefined
}

export type IssueUnearned = IssueShares & {
  readonly vesting: { readonly allocation: AllocationType; readonly description: string }
}

export type Issued = {
  readonly securityId: Uuid
  readonly stockClassId: string
  readonly stakeholderId: string
  readonly customId: string
  readonly transactionIds: readonly Uuid[]
}

/**
 * Issues shares that nobody has earned yet. Their vesting terms begin with a condition that vests nothing; {@link vestShares}
 * adds one condition for each final statement, and its event. The caller has checked who may do this.
 *
 * @throws {NoCapTable}
 * @throws {TransactionRefused} when the class has too few authorised shares
 */
export const issueUnearned = (trx: Trx, issue: IssueUnearned): Promise<Issued> => issueStock(trx, issue, issue.vesting)

/**
 * Issues shares that are vested at once: what co-investors buy for cash.
 *
 * @throws {NoCapTable}
 * @throws {TransactionRefused} when the class has too few authorised shares
 */
export const issueShares = (trx: Trx, issue: IssueShares): Promise<Issued> => issueStock(trx, issue, undefined)

/** How the name of vesting terms begins that compute fulfils: no other terms are named so. */
export const COMPUTE_TERMS = 'Compute, '

/** The condition at which vesting of unearned shares begins. */
export const START_CONDITION = 'start'

async function issueStock(
  trx: Trx,
  issue: IssueShares,
  vesting: IssueUnearned['vesting'] | undefined,
): Promise<Issued> {
  return appendToHistory(trx, issue.companyId, (table) => {
    const objects: JsonObject[] = []
    const stakeholderId = recipient(table, issue.stakeholder, objects)
    const stockClass = classFor(table, issue.stockClass, issue.sharePrice, objects)
    const [issuanceId, securityId, startId, termsId] = [newId(), newId(), newId(), newId()]
    const customId = `${stockClass.prefix}${nextNumber(table, stockClass.prefix)}`
    if (vesting !== undefined) objects.push(startOnly(termsId, customId, vesting))
    const issuance: JsonObject = {
      object_type: 'TX_STOCK_ISSUANCE',
      id: issuanceId,
      date: issue.date,
      security_id: securityId,
      custom_id: customId,
      stakeholder_id: stakeholderId,
      security_law_exemptions: [],
      stock_class_id: stockClass.id,
      share_price: money(issue.sharePrice),
      quantity: String(issue.quantity),
      stock_legend_ids: [],
      ...(issue.considerationText === undefined ? {} : { consideration_text: issue.considerationText }),
      ...(issue.costBasis === undefined ? {} : { cost_basis: money(issue.costBasis) }),
      ...(issue.boardApprovalDate === undefined ? {} : { board_approval_date: issue.boardApprovalDate }),
      ...(vesting === undefined ? {} : { vesting_terms_id: termsId }),
    }
    const start: JsonObject = {
      object_type: 'TX_VESTING_START',
      id: startId,
      date: issue.date,
      security_id: securityId,
      vesting_condition_id: START_CONDITION,
    }
    const items = vesting === undefined ? [issuance] : [issuance, start]
    return {
      add: { objects, transactions: items.map((item) => ({ item })) },
      result: {
        securityId,
        stockClassId: stockClass.id,
        stakeholderId,
        customId,
        transactionIds: vesting === undefined ? [issuanceId] : [issuanceId, startId],
      },
    }
  })
}

/** Vesting terms of which nothing has fired but the start: `vested` of the security, 0 where it is left out, is vested then. */
export const startOnly = (
  id: Uuid,
  customId: string,
  vesting: IssueUnearned['vesting'] & { readonly vested?: Numeric },
): JsonObject => ({
  object_type: 'VESTING_TERMS',
  id,
  name: `${COMPUTE_TERMS}${customId}`,
  description: vesting.description,
  allocation_type: vesting.allocation,
  vesting_conditions: [
    {
      id: START_CONDITION,
      description: 'Nothing is vested before compute is delivered',
      quantity: formatNumeric(vesting.vested ?? 0n),
      trigger: { type: 'VESTING_START_DATE' },
      next_condition_ids: [],
    },
  ],
})
