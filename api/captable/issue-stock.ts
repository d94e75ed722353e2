/** Issues stock: unearned, to vest with compute, or paid in cash and vested at once. */
import {
  formatNumeric,
  type Money,
  type Numeric,
  newId,
  numericOfWhole,
  type Trx,
  type Uuid,
  type WholeShares,
} from '../platform/index.ts'
import type { AllocationType } from './allocation.ts'
import { appendToHistory, TransactionRefused } from './append-history.ts'
import type { JsonObject } from './ocf/json.ts'
import type { CapTable } from './state.ts'

/** Who gets the shares: somebody on the cap table, or a legal name, which is looked up and added where it is not there yet. */
export type Recipient =
  | { readonly id: string }
  | { readonly legalName: string; readonly type?: 'INDIVIDUAL' | 'INSTITUTION' | undefined }

/** A class that the issuance creates. Numbers are {@link Numeric} where fractions make sense. */
export type NewStockClass = {
  readonly name: string
  readonly kind?: 'COMMON' | 'PREFERRED'
  /** Prefix of certificate numbers: "PS-". */
  readonly idPrefix: string
  readonly authorized: WholeShares
  /** A higher number is paid first, as in OCF. */
  readonly seniority: Numeric
  readonly votesPerShare: Numeric
  readonly liquidationPreferenceMultiple?: Numeric | undefined
  /** Multiple of the original price at which participation ends; absent where there is none. */
  readonly participationCapMultiple?: Numeric | undefined
  readonly parValue?: Money | undefined
  /** Original price; the price of the issuance where it is left out. */
  readonly pricePerShare?: Money | undefined
  /** The class it converts into, one to one; the only common class where there is exactly one. */
  readonly convertsToClassId?: string | undefined
}

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
    const stockClass = classFor(table, issue, objects)
    const [issuanceId, securityId, startId, termsId] = [newId(), newId(), newId(), newId()]
    const customId = `${stockClass.prefix}${nextNumber(table, stockClass.prefix)}`
    if (vesting !== undefined) objects.push(termsOf(termsId, customId, vesting))
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

const money = ({ amount, currency }: Money): JsonObject => ({ amount: formatNumeric(amount), currency })

const termsOf = (id: Uuid, customId: string, vesting: IssueUnearned['vesting']): JsonObject => ({
  object_type: 'VESTING_TERMS',
  id,
  name: `Compute, ${customId}`,
  description: vesting.description,
  allocation_type: vesting.allocation,
  vesting_conditions: [
    {
      id: START_CONDITION,
      description: 'Nothing is vested before compute is delivered',
      quantity: '0',
      trigger: { type: 'VESTING_START_DATE' },
      next_condition_ids: [],
    },
  ],
})

function recipient(table: CapTable, who: Recipient, objects: JsonObject[]): string {
  if ('id' in who) {
    if (!table.stakeholders.has(who.id)) throw new TransactionRefused(['the stakeholder is not on the cap table'])
    return who.id
  }
  for (const holder of table.stakeholders.values())
    if (!holder.placeholder && holder.name === who.legalName) return holder.id
  const id = newId()
  objects.push({
    object_type: 'STAKEHOLDER',
    id,
    name: { legal_name: who.legalName },
    stakeholder_type: who.type ?? 'INSTITUTION',
  })
  return id
}

function classFor(table: CapTable, issue: IssueShares, objects: JsonObject[]): { id: string; prefix: string } {
  const { stockClass } = issue
  if ('id' in stockClass) {
    const known = table.classes.get(stockClass.id)
    if (known === undefined) throw new TransactionRefused(['the stock class is not on the cap table'])
    return { id: known.id, prefix: known.item?.default_id_prefix ?? 'S-' }
  }
  const id = newId()
  objects.push(newClass(id, stockClass, stockClass.pricePerShare ?? issue.sharePrice, convertsTo(table, stockClass)))
  return { id, prefix: stockClass.idPrefix }
}

function convertsTo(table: CapTable, { convertsToClassId: wanted, kind }: NewStockClass): string | undefined {
  if (kind === 'COMMON') return undefined
  if (wanted !== undefined) {
    if (!table.classes.has(wanted))
      throw new TransactionRefused(['the stock class to convert into is not on the cap table'])
    return wanted
  }
  const common = [...table.classes.values()].filter((it) => it.kind === 'COMMON' && !it.placeholder)
  return common.length === 1 ? common[0]?.id : undefined
}

function newClass(id: Uuid, it: NewStockClass, price: Money, target: string | undefined): JsonObject {
  return {
    object_type: 'STOCK_CLASS',
    id,
    name: it.name,
    class_type: it.kind ?? 'PREFERRED',
    default_id_prefix: it.idPrefix,
    initial_shares_authorized: formatNumeric(numericOfWhole(it.authorized)),
    votes_per_share: formatNumeric(it.votesPerShare),
    seniority: formatNumeric(it.seniority),
    price_per_share: money(price),
    ...(it.parValue === undefined ? {} : { par_value: money(it.parValue) }),
    ...(it.liquidationPreferenceMultiple === undefined
      ? {}
      : { liquidation_preference_multiple: formatNumeric(it.liquidationPreferenceMultiple) }),
    ...(it.participationCapMultiple === undefined
      ? {}
      : { participation_cap_multiple: formatNumeric(it.participationCapMultiple) }),
    ...(target === undefined ? {} : { conversion_rights: [oneToOne(price, target)] }),
  }
}

const oneToOne = (price: Money, target: string): JsonObject => ({
  type: 'STOCK_CLASS_CONVERSION_RIGHT',
  conversion_mechanism: {
    type: 'RATIO_CONVERSION',
    conversion_price: money(price),
    ratio: { numerator: '1', denominator: '1' },
    rounding_type: 'FLOOR',
  },
  converts_to_stock_class_id: target,
})

/** One more than the largest certificate number with this prefix. */
function nextNumber(table: CapTable, prefix: string): bigint {
  let last = 0n
  for (const { customId } of table.securities.values()) {
    if (!customId.startsWith(prefix)) continue
    const rest = customId.slice(prefix.length)
    if (/^[0-9]{1,18}$/.test(rest) && BigInt(rest) > last) last = BigInt(rest)
  }
  return last + 1n
}
