/** Rows of instruments that are issued for compute in another form than vesting stock. */
import { z } from 'zod'
import {
  formatNumeric,
  instant,
  type Money,
  type Numeric,
  newId,
  parseNumeric,
  type Reader,
  type Trx,
  type Uuid,
  type WholeShares,
} from '../../platform/index.ts'

export const INSTRUMENT_KINDS = ['STAGED', 'PENNY_WARRANT', 'SAFE'] as const
export type InstrumentKind = (typeof INSTRUMENT_KINDS)[number]

/** What becomes, in a priced round, of what has not accrued under a SAFE. */
export const SAFE_RESTS = ['END', 'ROUND_PRICE', 'NEW_SAFE'] as const
export type SafeRest = (typeof SAFE_RESTS)[number]

/** How a SAFE converts. Without cap and discount: at the price of the round. */
export type SafeConversion = {
  readonly cap: { readonly valuation: Numeric; readonly base: 'POST_MONEY' | 'PRE_MONEY' } | null
  readonly discount: Numeric | null
  readonly rest: SafeRest
}

type Common = {
  readonly companyId: Uuid
  /** What grant and lot name: a warrant's OCF security, or an id that is no security, of a series of tranches or of a SAFE. */
  readonly instrumentId: string
  readonly stakeholderId: string
  /** Units in all: whole shares; of a SAFE cents of its purchase amount. */
  readonly totalShares: WholeShares
  /** The price of the round for one unit; of a SAFE a cent. */
  readonly sharePrice: Money
  readonly consideration: string
}
export type StagedSeries = Common & { readonly kind: 'STAGED'; readonly stockClassId: string }
export type ComputeWarrant = Common & {
  readonly kind: 'PENNY_WARRANT'
  readonly stockClassId: string
  /** What is paid to exercise one share. */
  readonly exercisePrice: Money
  readonly expiresOn: string
}
export type ComputeSafe = Common & { readonly kind: 'SAFE'; readonly safe: SafeConversion }
export type ComputeInstrument = StagedSeries | ComputeWarrant | ComputeSafe

export async function insertInstrument(trx: Trx, instrument: ComputeInstrument): Promise<void> {
  const warrant = instrument.kind === 'PENNY_WARRANT' ? instrument : undefined
  const safe = instrument.kind === 'SAFE' ? instrument.safe : undefined
  await trx
    .insertInto('compute_instrument')
    .values({
      company_id: instrument.companyId,
      instrument_id: instrument.instrumentId,
      kind: instrument.kind,
      stakeholder_id: instrument.stakeholderId,
      stock_class_id: instrument.kind === 'SAFE' ? null : instrument.stockClassId,
      total_shares: instrument.totalShares,
      share_price: formatNumeric(instrument.sharePrice.amount),
      exercise_price: warrant === undefined ? null : formatNumeric(warrant.exercisePrice.amount),
      currency: instrument.sharePrice.currency,
      expires_on: warrant?.expiresOn ?? null,
      consideration: instrument.consideration,
      valuation_cap: safe?.cap == null ? null : formatNumeric(safe.cap.valuation),
      cap_base: safe?.cap?.base ?? null,
      discount: safe?.discount == null ? null : formatNumeric(safe.discount),
      rest: safe?.rest ?? null,
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
  const row = await instrumentRows(reader, [companyId]).where('instrument_id', '=', instrumentId).executeTakeFirst()
  return row && instrumentOfRow(row)
}

/** Rows of the instruments of these companies, in the order in which they were opened. */
export const instrumentRows = (reader: Reader, companyIds: readonly Uuid[]) =>
  reader
    .selectFrom('compute_instrument')
    .selectAll()
    .where('company_id', 'in', [...companyIds])
    .orderBy('opened_at')
    .orderBy('instrument_id')

type InstrumentRow = Awaited<ReturnType<ReturnType<typeof instrumentRows>['execute']>>[number]

/** A row of `compute_instrument` as the union that it is: its CHECKs hold each form together. */
export function instrumentOfRow(row: InstrumentRow): ComputeInstrument {
  const common = {
    companyId: row.company_id,
    instrumentId: row.instrument_id,
    stakeholderId: row.stakeholder_id,
    totalShares: row.total_shares,
    sharePrice: { amount: parseNumeric(row.share_price), currency: row.currency },
    consideration: row.consideration,
  }
  const kind = z.enum(INSTRUMENT_KINDS).parse(row.kind)
  if (kind === 'SAFE') return { ...common, kind, safe: safeOfRow(row) }
  const stock = { ...common, stockClassId: z.string().parse(row.stock_class_id) }
  if (kind === 'STAGED') return { ...stock, kind }
  const exercisePrice = { amount: parseNumeric(z.string().parse(row.exercise_price)), currency: row.currency }
  return { ...stock, kind, exercisePrice, expiresOn: z.string().parse(row.expires_on) }
}

const safeOfRow = (row: InstrumentRow): SafeConversion => ({
  cap:
    row.valuation_cap === null
      ? null
      : {
          valuation: parseNumeric(row.valuation_cap),
          base: z.enum(['POST_MONEY', 'PRE_MONEY']).parse(row.cap_base),
        },
  discount: row.discount === null ? null : parseNumeric(row.discount),
  rest: z.enum(SAFE_RESTS).parse(row.rest),
})

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
  const exercises = await reader
    .selectFrom('warrant_exercise')
    .select(['security_id', 'balance_security_id', 'shares_to'])
    .where('company_id', '=', companyId)
    .where('instrument_id', '=', instrumentId)
    .orderBy('shares_to')
    .execute()
  const retirements = await retirementsOf(reader, companyId, instrumentId)
  const steps = [
    ...exercises.map((row) => ({ from: row.security_id, to: row.balance_security_id })),
    ...retirements.map((each) => ({ from: each.securityId, to: each.balanceSecurityId })),
  ]
  return { securityId: currentOf(instrumentId, steps), exercised: exercises.at(-1)?.shares_to ?? 0n }
}

/** A warrant lives on in a balance security after each exercise and each part that was given up: the last of them. */
export function currentOf(
  instrumentId: string,
  steps: readonly { readonly from: string | null; readonly to: string | null }[],
): string | null {
  const next = new Map(steps.map(({ from, to }) => [from, to]))
  let now: string | null = instrumentId
  while (now !== null && next.has(now)) now = next.get(now) ?? null
  return now
}

/** Units that were given up, once or in parts. */
export type Retirement = {
  readonly retired: WholeShares
  /** True where it ended the instrument; false where it was a part, and the rest went on. */
  readonly ends: boolean
  /** Of a warrant: what it was until then, and what it is from then on. */
  readonly securityId: string | null
  readonly balanceSecurityId: string | null
}

/** What was given up of an instrument, in order; empty where nothing was. */
export async function retirementsOf(
  reader: Reader,
  companyId: Uuid,
  instrumentId: string,
): Promise<readonly Retirement[]> {
  const rows = await reader
    .selectFrom('instrument_retirement')
    .select(['retired_shares', 'ends', 'security_id', 'balance_security_id'])
    .where('company_id', '=', companyId)
    .where('instrument_id', '=', instrumentId)
    .orderBy('ordinal')
    .execute()
  return rows.map((row) => ({
    retired: row.retired_shares,
    ends: row.ends,
    securityId: row.security_id,
    balanceSecurityId: row.balance_security_id,
  }))
}

export async function insertRetirement(
  trx: Trx,
  { companyId, instrumentId }: Pick<ComputeInstrument, 'companyId' | 'instrumentId'>,
  { retired, ends, securityId, balanceSecurityId, reason }: Retirement & { readonly reason: string },
): Promise<void> {
  const before = await retirementsOf(trx, companyId, instrumentId)
  await trx
    .insertInto('instrument_retirement')
    .values({
      company_id: companyId,
      instrument_id: instrumentId,
      ordinal: before.length + 1,
      retired_shares: retired,
      ends,
      security_id: securityId,
      balance_security_id: balanceSecurityId,
      reason,
      retired_at: await instant(trx),
    })
    .execute()
}
