/** Arrears: raised usage for which there were no tokens. */
import { sql } from 'kysely'
import {
  formatNumeric,
  instant,
  type MicroTokens,
  type Numeric,
  newId,
  type Trx,
  type Uuid,
} from '../../platform/index.ts'
import { keptAside } from '../dispute/dispute.store.ts'

export type Arrears = {
  readonly arrearsId: Uuid
  /** The correction that raised the usage; null for use outside any reservation. */
  readonly correctionId: Uuid | null
  readonly usageId: Uuid
  readonly reservationId: Uuid | null
  readonly tokenClassId: Uuid
  /** When the use began: what its lots' terms are asked for. */
  readonly startedAt: string
  readonly open: MicroTokens
}

export async function insertArrears(
  trx: Trx,
  arrears: Omit<Arrears, 'arrearsId' | 'startedAt' | 'open'> & { companyId: Uuid; amount: MicroTokens },
): Promise<void> {
  await trx
    .insertInto('arrears')
    .values({
      company_id: arrears.companyId,
      arrears_id: newId(),
      correction_id: arrears.correctionId,
      usage_id: arrears.usageId,
      reservation_id: arrears.reservationId,
      token_class_id: arrears.tokenClassId,
      amount_micro: arrears.amount,
      opened_at: await instant(trx),
    })
    .execute()
}

/** What is open of a reservation or of one record; oldest first. The company is locked. */
export async function openArrears(
  trx: Trx,
  companyId: Uuid,
  of: { readonly reservationId: Uuid } | { readonly usageId: Uuid },
): Promise<Arrears[]> {
  const rows =
    'usageId' in of
      ? allOpen(trx, companyId).where('arrears.usage_id', '=', of.usageId)
      : allOpen(trx, companyId).where('arrears.reservation_id', '=', of.reservationId)
  return (await rows.execute()).map(arrearsOf)
}

/**
 * What may be charged of a company's arrears, oldest first: so many that were opened after another one. What is owed for use
 * that a dispute keeps aside waits for its settlement. The company is locked.
 */
export async function chargeableArrearsAfter(
  trx: Trx,
  companyId: Uuid,
  after: Uuid | undefined,
  limit: number,
): Promise<Arrears[]> {
  let query = allOpen(trx, companyId)
    .where((on) => on.not(keptAside(companyId, sql.ref('arrears.usage_id'))))
    .limit(limit)
  if (after !== undefined) query = query.where('arrears_id', '>', after)
  return (await query.execute()).map(arrearsOf)
}

/** What is open of a company in all, in micro-tokens. */
export async function sumOfArrears(trx: Trx, companyId: Uuid): Promise<MicroTokens> {
  const { rows } = await sql<{ open: MicroTokens }>`
    SELECT coalesce(sum(amount_micro - settled_micro - cancelled_micro), 0)::bigint AS open FROM arrears
    WHERE company_id = ${companyId} AND settled_micro + cancelled_micro < amount_micro`.execute(trx)
  return rows[0]?.open ?? 0n
}

/** What is open of use of a pool outside any reservation at one rate; oldest first. The company is locked. */
export async function openArrearsOfMeter(
  trx: Trx,
  { companyId, poolId, rate }: { readonly companyId: Uuid; readonly poolId: Uuid; readonly rate: Numeric },
): Promise<Arrears[]> {
  const rows = await allOpen(trx, companyId)
    .where('pool_id', '=', poolId)
    .where('rate', '=', formatNumeric(rate))
    .execute()
  return rows.map(arrearsOf)
}

const allOpen = (trx: Trx, companyId: Uuid) =>
  trx
    .selectFrom('arrears')
    .innerJoin('usage_record', (join) =>
      join
        .onRef('usage_record.company_id', '=', 'arrears.company_id')
        .onRef('usage_record.usage_id', '=', 'arrears.usage_id'),
    )
    .selectAll('arrears')
    .select('usage_record.started_at')
    .where('arrears.company_id', '=', companyId)
    .whereRef((on) => on('settled_micro', '+', on.ref('cancelled_micro')), '<', 'amount_micro')
    .orderBy('arrears_id')

const arrearsOf = (row: Awaited<ReturnType<ReturnType<typeof allOpen>['execute']>>[number]): Arrears => ({
  arrearsId: row.arrears_id,
  correctionId: row.correction_id,
  usageId: row.usage_id,
  reservationId: row.reservation_id,
  tokenClassId: row.token_class_id,
  startedAt: row.started_at,
  open: row.amount_micro - row.settled_micro - row.cancelled_micro,
})

/** Charges or cancels a part of open arrears. */
export async function reduceArrears(
  trx: Trx,
  companyId: Uuid,
  arrearsId: Uuid,
  by: { settled?: MicroTokens; cancelled?: MicroTokens },
): Promise<void> {
  await trx
    .updateTable('arrears')
    .set((on) => ({
      settled_micro: on('settled_micro', '+', by.settled ?? 0n),
      cancelled_micro: on('cancelled_micro', '+', by.cancelled ?? 0n),
    }))
    .where('company_id', '=', companyId)
    .where('arrears_id', '=', arrearsId)
    .execute()
}
