/** Reconciliation: what must be equal, from the rows themselves, from GPU-seconds to the cap table. */
import { usageDiscrepancies } from '../clusters/index.ts'
import { drawdownDiscrepancies } from '../drawdown/index.ts'
import { auditDiscrepancies, type Db, type Discrepancy, inSnapshot, type Trx, type Uuid } from '../platform/index.ts'
import { ledgerDiscrepancies, supplyDiscrepancies } from '../tokens/index.ts'

/** Checks of companies: each reads the rows of several at once, and names every difference that it finds. */
const OF_COMPANIES: readonly ((reader: Trx, companyIds: readonly Uuid[]) => Promise<readonly Discrepancy[]>)[] = [
  ledgerDiscrepancies,
  usageDiscrepancies,
  drawdownDiscrepancies,
]

/** Companies whose rows are read at once. */
const AT_ONCE = 25

export type Reconciled = {
  /** How many companies and audit events were looked at. */
  readonly companies: number
  readonly events: number
  readonly differenceCount: number
  /** Every difference; none when all is well. */
  readonly differences: readonly Discrepancy[]
}

/**
 * Reconciles everything, or one company, as of one instant:
 * - every balance is the sum of its transfers, every lot is conserved, promises are the pending transfers without an end;
 * - tokens are held for exactly the open reservations; releases are what was planned;
 * - charged is what was metered and reserved; earned shares are what the signed terms make of it;
 * - every vested share is reached from a final statement and from charges, and back; the cap table says the same;
 * - statements and audit events are what was hashed; the supply of each token class is what its lots were opened with.
 *
 * Reads only. Writes go on meanwhile and are not seen.
 */
export async function reconcile(db: Db, only?: Uuid): Promise<Reconciled> {
  return inSnapshot(db, async (trx) => {
    const differences: Discrepancy[] = []
    let companies = 0
    for await (const ids of only === undefined ? everyCompany(trx) : [[only]]) {
      companies += ids.length
      for (const check of OF_COMPANIES) differences.push(...(await check(trx, ids)))
    }
    if (only === undefined) differences.push(...(await supplyDiscrepancies(trx)))
    const log = await auditDiscrepancies(trx, only === undefined ? undefined : [only])
    differences.push(...log.differences)
    return { companies, events: log.events, differenceCount: differences.length, differences }
  })
}

/** Ids of all companies, some at a time. */
async function* everyCompany(trx: Trx): AsyncGenerator<Uuid[], void, void> {
  let after = '00000000-0000-0000-0000-000000000000'
  for (;;) {
    const rows = await trx
      .selectFrom('company')
      .select('company_id')
      .where('company_id', '>', after)
      .orderBy('company_id')
      .limit(AT_ONCE)
      .execute()
    const ids = rows.map((row) => row.company_id)
    if (ids.length > 0) yield ids
    const last = ids.at(-1)
    if (last === undefined || ids.length < AT_ONCE) return
    after = last
  }
}
