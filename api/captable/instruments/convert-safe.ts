/** What a priced round makes of a SAFE for compute: what has accrued has become stock, and the rest ends or goes on. */
import { type Money, newId, type Reader, type Trx, type Uuid, type WholeShares } from '../../platform/index.ts'
import { sharesForCents } from './accrue-safe.ts'
import { type ComputeSafe, insertInstrument, type SafeRest } from './instrument.store.ts'
import { instrumentStates } from './instrument.views.ts'
import { insertConversion, type SafeNow } from './safe.store.ts'

/** A SAFE that a priced round converts. */
export type OpenSafe = {
  readonly instrument: ComputeSafe
  readonly now: SafeNow
  /** Cents that may still accrue: neither accrued nor given up. */
  readonly unaccrued: bigint
}

/** The SAFEs for compute of a company that are neither ended nor issued at the price of a round already. */
export async function openSafes(reader: Reader, companyId: Uuid): Promise<readonly OpenSafe[]> {
  const states = await instrumentStates(reader, [companyId])
  return [...states.values()].flatMap(({ terms, safe, retired, ended }) => {
    if (terms.kind !== 'SAFE' || safe === null || ended || safe.rest === 'END' || safe.rest === 'ROUND_PRICE') return []
    return [{ instrument: terms, now: safe, unaccrued: terms.totalShares - retired - safe.accrued }]
  })
}

export type ConvertSafe = {
  readonly roundId: Uuid
  /** The stock that the accrued amount became, or nothing where none had accrued. */
  readonly became: { readonly securityId: string; readonly shares: WholeShares } | undefined
  /** The price of the round and the class that money buys in it: what the rest is issued at and as. */
  readonly price: Money
  readonly stockClassId: string
}

/**
 * Records the conversion of a SAFE and opens what its rest goes on as. The cap table has converted what had accrued, and the
 * caller settles a rest that ends.
 *
 * @returns what becomes of the rest
 */
export async function convertSafe(
  trx: Trx,
  { instrument, now, unaccrued }: OpenSafe,
  of: ConvertSafe,
): Promise<SafeRest> {
  const { companyId, instrumentId, safe } = instrument
  const { price, stockClassId, became } = of
  const shares = safe.rest === 'ROUND_PRICE' ? sharesForCents(unaccrued, price.amount) : 0n
  const seriesId = shares === 0n ? null : newId()
  if (seriesId !== null) {
    await insertInstrument(trx, {
      companyId,
      instrumentId: seriesId,
      kind: 'STAGED',
      stakeholderId: instrument.stakeholderId,
      stockClassId,
      totalShares: shares,
      sharePrice: price,
      consideration: instrument.consideration,
    })
  }
  await insertConversion(
    trx,
    { companyId, instrumentId, roundId: of.roundId },
    {
      from: now.converted,
      to: now.accrued,
      securityId: now.securityId,
      stockSecurityId: became?.securityId ?? null,
      shares: became?.shares ?? null,
      rest: safe.rest,
      seriesId,
    },
  )
  return safe.rest
}
