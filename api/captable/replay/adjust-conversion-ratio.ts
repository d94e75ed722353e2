import { z } from 'zod'
import { type Actor, must } from '../../access/index.ts'
import { mustSeeCompany } from '../../parties/index.ts'
import {
  audit,
  type Deps,
  formatNumeric,
  globalId,
  type Money,
  newId,
  once,
  parse,
  today,
  type Uuid,
  zIdempotencyKey,
  zIsoDate,
  zKey,
  zText,
} from '../../platform/index.ts'
import { appendToHistory } from '../append-history.ts'
import { mustKnow } from '../cap-table-view.ts'
import { AntiDilutionInput, antiDilutionOf, DilutionRefused } from '../dilution.views.ts'
import { replay } from './replay.ts'

export const AdjustConversionRatioInput = z.strictObject({
  companyId: zKey('Company'),
  /** The day whose table counts as outstanding: before the issue, and the day that was previewed. */
  asOf: zIsoDate,
  /** Day on which the new price holds. */
  date: zIsoDate,
  issue: AntiDilutionInput,
  /** The price that was read in the preview, as decimal text: another one now refuses the call. */
  expectedPrice: zText(40),
  reason: zText(1_000),
  idempotencyKey: zIdempotencyKey,
})
export type AdjustConversionRatioInput = z.input<typeof AdjustConversionRatioInput>

export type AdjustedRatio = {
  readonly companyId: Uuid
  readonly transactionId: Uuid
  readonly conversionPrice: Money
}

/**
 * Writes what anti-dilution does to a class on the cap table: a conversion ratio adjustment of Open Cap Format, original issue
 * price over the new conversion price. The table of `asOf`, before the issue, is what counts as outstanding.
 *
 * @throws {NoCapTable}
 * @throws {DilutionRefused} when nothing is adjusted, or the price is not the one that was read
 */
export async function adjustConversionRatio(
  deps: Deps,
  actor: Actor,
  input: AdjustConversionRatioInput,
): Promise<AdjustedRatio> {
  const { companyId, asOf, date, issue, expectedPrice, reason, idempotencyKey } = parse(
    AdjustConversionRatioInput,
    input,
  )
  await mustSeeCompany(deps.db, actor, companyId)
  must(actor, 'partner', 'operations')
  const scope = { kind: 'company', id: companyId } as const
  return once(deps, actor, { operation: 'adjustConversionRatio', scope, idempotencyKey, input }, async (trx) => {
    const now = await today(trx)
    const adjusted = await appendToHistory(trx, companyId, (_table, history) => {
      if (date > now) throw new DilutionRefused([`${date} is still to come`])
      if (asOf > date) throw new DilutionRefused([`the table of ${asOf} is later than ${date}`])
      const { table } = replay(history, { through: asOf, trusted: true })
      mustKnow(table, asOf)
      const view = antiDilutionOf(table, asOf, issue)
      if (!view.adjusted) throw new DilutionRefused([`the conversion price of ${view.className} stays as it is`])
      const { conversionPriceAfter: price, originalIssuePrice: original } = view
      if (formatNumeric(price.amount) !== expectedPrice) {
        throw new DilutionRefused([
          `the conversion price would be ${formatNumeric(price.amount)}, not ${expectedPrice}`,
        ])
      }
      const transactionId = newId()
      const item = {
        object_type: 'TX_STOCK_CLASS_CONVERSION_RATIO_ADJUSTMENT',
        id: transactionId,
        date,
        comments: [reason],
        stock_class_id: view.classId,
        new_ratio_conversion_mechanism: {
          type: 'RATIO_CONVERSION',
          conversion_price: { amount: formatNumeric(price.amount), currency: price.currency },
          ratio: { numerator: formatNumeric(original.amount), denominator: formatNumeric(price.amount) },
          rounding_type: 'FLOOR',
        },
      }
      return {
        add: { objects: [], transactions: [{ item }] },
        result: { companyId, transactionId, conversionPrice: price },
      }
    })
    await audit(trx, actor, {
      scope,
      kind: 'captable.ratio_adjusted',
      subject: globalId('Company', companyId),
      payload: {
        transactionId: adjusted.transactionId,
        classId: issue.classId,
        price: formatNumeric(adjusted.conversionPrice.amount),
        currency: adjusted.conversionPrice.currency,
        reason,
      },
    })
    return adjusted
  })
}
