/** Rows of SAFEs for compute: what has accrued under each, and what priced rounds made of it. Amounts are in cents. */
import { z } from 'zod'
import { instant, newId, type Reader, type Trx, type Uuid, type WholeShares } from '../../platform/index.ts'
import { SAFE_RESTS, type SafeRest } from './instrument.store.ts'

/** A cent as a numeric: a SAFE counts in hundredths of its currency. */
export const CENT = 10n ** 8n

export type SafeNow = {
  /** Cents that final statements have accrued in all, and how many of them have converted. */
  readonly accrued: bigint
  readonly converted: bigint
  /** The OCF security that holds the difference; `null` where nothing has accrued since the last conversion. */
  readonly securityId: string | null
  /** What the last priced round made of the rest; `null` before any. */
  readonly rest: SafeRest | null
  /** Where the rest is issued at the price of a round: the series of tranches. `null` where it comes to no whole share. */
  readonly seriesId: string | null
}

/** Where a SAFE stands. */
export async function safeNow(reader: Reader, companyId: Uuid, instrumentId: string): Promise<SafeNow> {
  const accrual = await reader
    .selectFrom('safe_accrual')
    .select(['cents_to', 'security_id'])
    .where('company_id', '=', companyId)
    .where('instrument_id', '=', instrumentId)
    .orderBy('cents_to', 'desc')
    .limit(1)
    .executeTakeFirst()
  const conversion = await reader
    .selectFrom('safe_conversion')
    .select(['cents_to', 'rest', 'series_id'])
    .where('company_id', '=', companyId)
    .where('instrument_id', '=', instrumentId)
    .orderBy('converted_at', 'desc')
    .orderBy('conversion_id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return safeNowOf(accrual, conversion)
}

/** The same from the last rows of a SAFE. */
export function safeNowOf(
  accrual: { readonly cents_to: bigint; readonly security_id: string | null } | undefined,
  conversion: { readonly cents_to: bigint; readonly rest: string; readonly series_id: string | null } | undefined,
): SafeNow {
  const [accrued, converted] = [accrual?.cents_to ?? 0n, conversion?.cents_to ?? 0n]
  return {
    accrued,
    converted,
    securityId: accrued > converted ? (accrual?.security_id ?? null) : null,
    rest: conversion === undefined ? null : z.enum(SAFE_RESTS).parse(conversion.rest),
    seriesId: conversion?.series_id ?? null,
  }
}

export async function insertAccrual(
  trx: Trx,
  of: { readonly companyId: Uuid; readonly instrumentId: string },
  accrual: {
    readonly statementId: Uuid
    readonly from: bigint
    readonly to: bigint
    readonly securityId: string | null
  },
): Promise<Uuid> {
  const accrualId = newId()
  await trx
    .insertInto('safe_accrual')
    .values({
      company_id: of.companyId,
      accrual_id: accrualId,
      instrument_id: of.instrumentId,
      statement_id: accrual.statementId,
      cents_from: accrual.from,
      cents_to: accrual.to,
      security_id: accrual.securityId,
      at: await instant(trx),
    })
    .execute()
  return accrualId
}

export async function insertConversion(
  trx: Trx,
  of: { readonly companyId: Uuid; readonly instrumentId: string; readonly roundId: Uuid },
  conversion: {
    readonly from: bigint
    readonly to: bigint
    readonly securityId: string | null
    readonly stockSecurityId: string | null
    readonly shares: WholeShares | null
    readonly rest: SafeRest
    readonly seriesId: string | null
  },
): Promise<void> {
  await trx
    .insertInto('safe_conversion')
    .values({
      company_id: of.companyId,
      conversion_id: newId(),
      instrument_id: of.instrumentId,
      round_id: of.roundId,
      cents_from: conversion.from,
      cents_to: conversion.to,
      security_id: conversion.securityId,
      stock_security_id: conversion.stockSecurityId,
      shares: conversion.shares,
      rest: conversion.rest,
      series_id: conversion.seriesId,
      converted_at: await instant(trx),
    })
    .execute()
}
