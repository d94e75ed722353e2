/** In which statement a correction is. */
import { Temporal } from 'temporal-polyfill'
import { instant, type Trx, type Uuid } from '../../platform/index.ts'

/** When a correction counts: `restates` is the first stated month that it changes, if it changes one. */
export type Accounting = { readonly at: string; readonly restates: string | undefined }

/**
 * A correction of what was charged at `chargedAt` belongs to that month while its statement is not final: then the
 * statement is made again, and every later one. Of a final month it belongs to the first one that is not final; where none
 * of those is stated yet, to now. The company is locked.
 */
export async function accountingInstant(trx: Trx, companyId: Uuid, chargedAt: string): Promise<Accounting> {
  const months = await trx
    .selectFrom('statement')
    .innerJoin('statement_progress as progress', (join) =>
      join
        .onRef('progress.company_id', '=', 'statement.company_id')
        .onRef('progress.statement_id', '=', 'statement.statement_id'),
    )
    .select(['statement.month', 'progress.state'])
    .where('statement.company_id', '=', companyId)
    .where('progress.state', '!=', 'superseded')
    .orderBy('statement.month')
    .execute()
  const lastFinal = months.findLast(({ state }) => state === 'final')?.month ?? ''
  const month = months.find((stated) => stated.month > lastFinal && endOf(stated.month) > chargedAt.slice(0, 10))?.month
  if (month !== undefined) {
    const last = Temporal.PlainDate.from(endOf(month)).subtract({ days: 1 })
    return { at: `${last}T23:59:59.999999Z`, restates: month }
  }
  // Never before a charge that is booked already, nor within a month that is stated.
  const booked = await trx
    .selectFrom('charge')
    .select((on) => on.fn.max('at').as('at'))
    .where('company_id', '=', companyId)
    .executeTakeFirst()
  const stated = months.at(-1)
  const candidates = [
    await instant(trx),
    ...(booked?.at == null ? [] : [booked.at]),
    ...(stated === undefined ? [] : [`${endOf(stated.month)}T00:00:00.000000Z`]),
  ]
  const latest = candidates.reduce((a, b) => (Temporal.Instant.compare(a, b) >= 0 ? a : b))
  return { at: latest, restates: undefined }
}

/** First day after a month. */
const endOf = (month: string): string => Temporal.PlainDate.from(month).add({ months: 1 }).toString()
