/** Rows of instruments that are issued for compute in another form than vesting stock. */
import { z } from 'zod'
import {
  formatNumeric,
  instant,
  type Money,
  newId,
  parseNumeric,
  type Reader,
  type Trx,
  type Uuid,
  type WholeShares,
} from '../platform/index.ts'

export const INSTRUMENT_KINDS = ['STAGED', 'PENNY_WARRANT'] as const
export type InstrumentKind = (typeof INSTRUMENT_KINDS)[number]

export type ComputeInstrument = {
  readonly companyId: Uuid
  /** What grant and lot name: a warrant's OCF security, or the id of a series of tranches, which is no security. */
  readonly instrumentId: string
  readonly kind: InstrumentKind
  readonly stakeholderId: string
  readonly stockClassId: string
  readonly totalShares: WholeShares
  /** The price of the round, per share. */
  readonly sharePrice: Money
  /** What is paid to exercise one share of a warrant; `null` of stock. */
  readonly exercisePrice: Money | null
  readonly expiresOn: string | null
  readonly consideration: string
}

export async function insertInstrument(trx: Trx, instrument: ComputeInstrument): Promise<void> {
  await trx
    .insertInto('compute_instrument')
    .values({
      company_id: instrument.companyId,
      instrument_id: instrument.instrumentId,
      kind: instrument.kind,
      stakeholder_id: instrument.stakeholderId,
      stock_class_id: instrument.stockClassId,
      total_shares: instrument.totalShares,
      share_price: formatNumeric(instrument.sharePrice.amount),
      exercise_price: instrument.exercisePrice === null ? null : formatNumeric(instrument.exercisePrice.amount),
      currency: instrument.sharePrice.currency,
      expires_on: instrument.expiresOn,
      consideration: instrument.consideration,
      opened_at: await instant(trx),
    })
    .execute()
}

/** `undefined` for what is vesting stock, or nothing. */
export async function findInstrument(
  reader: Reader,
  companyId: Uuid,
  instrumentId: string,
): Promise<ComputeInstrument | undefined> {
  const row = await reader
    .selectFrom('compute_instrument')
    .selectAll()
    .where('company_id', '=', companyId)
    .where('instrument_id', '=', instrumentId)
    .executeTakeFirst()
  if (row === undefined) return undefined
  return {
    companyId,
    instrumentId,
    kind: z.enum(INSTRUMENT_KINDS).parse(row.kind),
    stakeholderId: row.stakeholder_id,
    stockClassId: row.stock_class_id,
    totalShares: row.total_shares,
    sharePrice: { amount: parseNumeric(row.share_price), currency: row.currency },
    exercisePrice:
      row.exercise_price === null ? null : { amount: parseNumeric(row.exercise_price), currency: row.currency },
    expiresOn: row.expires_on,
    consideration: row.consideration,
  }
}

export type Due = {
  readonly dueId: Uuid
  readonly statementId: Uuid
  readonly from: WholeShares
  readonly to: WholeShares
  readonly wording: string
}

export async function insertDue(
  trx: Trx,
  instrument: Pick<ComputeInstrument, 'companyId' | 'instrumentId'>,
  due: Omit<Due, 'dueId'>,
): Promise<Uuid> {
  const dueId = newId()
  await trx
    .insertInto('instrument_due')
    .values({
      company_id: instrument.companyId,
      due_id: dueId,
      instrument_id: instrument.instrumentId,
      statement_id: due.statementId,
      shares_from: due.from,
      shares_to: due.to,
      wording: due.wording,
      at: await instant(trx),
    })
    .execute()
  return dueId
}

/** Last share that is due, issued or not; 0 where none is. */
export async function dueSoFar(reader: Reader, companyId: Uuid, instrumentId: string): Promise<WholeShares> {
  const row = await reader
    .selectFrom('instrument_due')
    .select('shares_to')
    .where('company_id', '=', companyId)
    .where('instrument_id', '=', instrumentId)
    .orderBy('shares_to', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.shares_to ?? 0n
}

/** What is due and not issued, in order. */
export async function unissued(reader: Reader, companyId: Uuid, instrumentId: string): Promise<readonly Due[]> {
  const rows = await reader
    .selectFrom('instrument_due as due')
    .leftJoin('instrument_tranche as tranche', (join) =>
      join.onRef('tranche.company_id', '=', 'due.company_id').onRef('tranche.due_id', '=', 'due.due_id'),
    )
    .select(['due.due_id', 'due.statement_id', 'due.shares_from', 'due.shares_to', 'due.wording'])
    .where('due.company_id', '=', companyId)
    .where('due.instrument_id', '=', instrumentId)
    .where('tranche.due_id', 'is', null)
    .orderBy('due.shares_from')
    .execute()
  return rows.map((row) => ({
    dueId: row.due_id,
    statementId: row.statement_id,
    from: row.shares_from,
    to: row.shares_to,
    wording: row.wording,
  }))
}

export type Exercise = {
  readonly securityId: string
  readonly balanceSecurityId: string | null
  readonly stockSecurityId: string
  readonly from: WholeShares
  readonly to: WholeShares
  readonly amount: Money
}

/** What a warrant is now, and how many shares of it were exercised. `securityId` is `null` once nothing is left. */
export async function warrantNow(
  reader: Reader,
  companyId: Uuid,
  instrumentId: string,
): Promise<{ securityId: string | null; exercised: WholeShares }> {
  const last = await reader
    .selectFrom('warrant_exercise')
    .select(['balance_security_id', 'shares_to'])
    .where('company_id', '=', companyId)
    .where('instrument_id', '=', instrumentId)
    .orderBy('shares_to', 'desc')
    .limit(1)
    .executeTakeFirst()
  const now =
    last === undefined
      ? { securityId: instrumentId, exercised: 0n }
      : { securityId: last.balance_security_id, exercised: last.shares_to }
  const retired = await findRetirement(reader, companyId, instrumentId)
  return retired !== undefined && retired.securityId === now.securityId
    ? { ...now, securityId: retired.balanceSecurityId }
    : now
}

type Retirement = {
  readonly retired: WholeShares
  readonly securityId: string | null
  readonly balanceSecurityId: string | null
}

/** `undefined` where nothing was given up. */
export async function findRetirement(
  reader: Reader,
  companyId: Uuid,
  instrumentId: string,
): Promise<Retirement | undefined> {
  const row = await reader
    .selectFrom('instrument_retirement')
    .select(['retired_shares', 'security_id', 'balance_security_id'])
    .where('company_id', '=', companyId)
    .where('instrument_id', '=', instrumentId)
    .executeTakeFirst()
  return row && { retired: row.retired_shares, securityId: row.security_id, balanceSecurityId: row.balance_security_id }
}

export async function insertRetirement(
  trx: Trx,
  { companyId, instrumentId }: Pick<ComputeInstrument, 'companyId' | 'instrumentId'>,
  { retired, securityId, balanceSecurityId, reason }: Retirement & { readonly reason: string },
): Promise<void> {
  await trx
    .insertInto('instrument_retirement')
    .values({
      company_id: companyId,
      instrument_id: instrumentId,
      retired_shares: retired,
      security_id: securityId,
      balance_security_id: balanceSecurityId,
      reason,
      retired_at: await instant(trx),
    })
    .execute()
}
