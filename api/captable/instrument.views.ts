/** Where instruments for compute stand: what is due, issued and exercised under each, for many companies at once. */
import { z } from 'zod'
import type { Reader, Uuid, WholeShares } from '../platform/index.ts'
import { INSTRUMENT_KINDS, type InstrumentKind } from './instrument.store.ts'

export type InstrumentState = {
  readonly companyId: Uuid
  readonly instrumentId: string
  readonly kind: InstrumentKind
  readonly totalShares: WholeShares
  /** Of stock in tranches: shares that final statements have made due, issued or not. */
  readonly due: WholeShares
  /** The tranches that were issued, with their shares. */
  readonly tranches: readonly { readonly securityId: string; readonly shares: WholeShares }[]
  readonly exercised: WholeShares
  /** What a warrant is now; `null` once nothing is left. Of tranches, the id of the series. */
  readonly currentSecurityId: string | null
}

/** By company and instrument; four queries. */
export async function instrumentStates(
  reader: Reader,
  companyIds: readonly Uuid[],
): Promise<ReadonlyMap<string, InstrumentState>> {
  if (companyIds.length === 0) return new Map()
  const instruments = await reader
    .selectFrom('compute_instrument')
    .select(['company_id', 'instrument_id', 'kind', 'total_shares'])
    .where('company_id', 'in', [...companyIds])
    .execute()
  if (instruments.length === 0) return new Map()
  const dues = await reader
    .selectFrom('instrument_due as due')
    .leftJoin('instrument_tranche as tranche', (join) =>
      join.onRef('tranche.company_id', '=', 'due.company_id').onRef('tranche.due_id', '=', 'due.due_id'),
    )
    .select(['due.company_id', 'due.instrument_id', 'due.shares_from', 'due.shares_to', 'tranche.security_id'])
    .where('due.company_id', 'in', [...companyIds])
    .orderBy('due.shares_from')
    .execute()
  const exercises = await reader
    .selectFrom('warrant_exercise')
    .select(['company_id', 'instrument_id', 'shares_to', 'balance_security_id'])
    .where('company_id', 'in', [...companyIds])
    .orderBy('shares_to')
    .execute()
  const retirements = await reader
    .selectFrom('instrument_retirement')
    .select(['company_id', 'instrument_id', 'security_id', 'balance_security_id'])
    .where('company_id', 'in', [...companyIds])
    .execute()
  return new Map(
    instruments.map((row) => {
      const own = (one: { company_id: string; instrument_id: string }) =>
        one.company_id === row.company_id && one.instrument_id === row.instrument_id
      const ownDues = dues.filter(own)
      const last = exercises.filter(own).at(-1)
      return [
        stateKey(row.company_id, row.instrument_id),
        {
          companyId: row.company_id,
          instrumentId: row.instrument_id,
          kind: z.enum(INSTRUMENT_KINDS).parse(row.kind),
          totalShares: row.total_shares,
          due: ownDues.at(-1)?.shares_to ?? 0n,
          tranches: ownDues.flatMap((due) =>
            due.security_id === null ? [] : [{ securityId: due.security_id, shares: due.shares_to - due.shares_from }],
          ),
          exercised: last?.shares_to ?? 0n,
          currentSecurityId: currentOf(last, retirements.find(own), row.instrument_id),
        },
      ]
    }),
  )
}

/** A warrant goes on as the balance of its last exercise; where what was left of that was given up, as its vested part. */
function currentOf(
  last: { readonly balance_security_id: string | null } | undefined,
  retired: { readonly security_id: string | null; readonly balance_security_id: string | null } | undefined,
  instrumentId: string,
): string | null {
  const now = last === undefined ? instrumentId : last.balance_security_id
  return retired !== undefined && retired.security_id === now ? retired.balance_security_id : now
}

/** The key of {@link instrumentStates}. */
export const stateKey = (companyId: Uuid, instrumentId: string): string => `${companyId} ${instrumentId}`
