/** Validators of conversion mechanisms, rights and triggers of Open Cap Format 1.2.0. */
import { z } from 'zod'
import { capitalizationRules, date, id, monetary, numeric, percentage, ratio, text } from './primitives.ts'

const capitalization = {
  capitalization_definition: text.optional(),
  capitalization_definition_rules: capitalizationRules.optional(),
}

const safe = z.strictObject({
  type: z.literal('SAFE_CONVERSION'),
  conversion_discount: percentage.optional(),
  conversion_valuation_cap: monetary.optional(),
  exit_multiple: ratio.optional(),
  conversion_mfn: z.boolean(),
  conversion_timing: z.enum(['PRE_MONEY', 'POST_MONEY']).optional(),
  ...capitalization,
})
const note = z.strictObject({
  type: z.literal('CONVERTIBLE_NOTE_CONVERSION'),
  interest_rates: z.array(
    z.strictObject({ rate: percentage, accrual_start_date: date, accrual_end_date: date.optional() }),
  ),
  day_count_convention: z.enum(['ACTUAL_365', '30_360']),
  interest_payout: z.enum(['DEFERRED', 'CASH']),
  interest_accrual_period: z.enum(['DAILY', 'MONTHLY', 'QUARTERLY', 'SEMI_ANNUAL', 'ANNUAL']),
  compounding_type: z.enum(['COMPOUNDING', 'SIMPLE']),
  conversion_discount: percentage.optional(),
  conversion_valuation_cap: monetary.optional(),
  exit_multiple: ratio.optional(),
  conversion_mfn: z.boolean().optional(),
  ...capitalization,
})
const custom = z.strictObject({ type: z.literal('CUSTOM_CONVERSION'), custom_conversion_description: text })
const percent = z.strictObject({
  type: z.literal('FIXED_PERCENT_OF_CAPITALIZATION_CONVERSION'),
  converts_to_percent: percentage,
  ...capitalization,
})
const fixedAmount = z.strictObject({ type: z.literal('FIXED_AMOUNT_CONVERSION'), converts_to_quantity: numeric })
/** Also what `TX_STOCK_CLASS_CONVERSION_RATIO_ADJUSTMENT` carries. */
export const ratioMechanism = z.strictObject({
  type: z.literal('RATIO_CONVERSION'),
  conversion_price: monetary,
  ratio,
  rounding_type: z.enum(['CEILING', 'FLOOR', 'NORMAL']),
})
const valuationBased = z
  .strictObject({
    type: z.literal('VALUATION_BASED_CONVERSION'),
    valuation_type: z.enum(['FIXED', 'ACTUAL', 'CAP']),
    valuation_amount: monetary.optional(),
    ...capitalization,
  })
  .refine((it) => it.valuation_type === 'ACTUAL' || it.valuation_amount !== undefined, {
    path: ['valuation_amount'],
    error: 'is missing: this valuation_type needs it',
  })
const priceBased = z
  .strictObject({
    type: z.literal('PPS_BASED_CONVERSION'),
    description: text,
    discount: z.boolean().optional(),
    discount_percentage: percentage.optional(),
    discount_amount: monetary.optional(),
  })
  .refine(discountIsClear, {
    path: ['discount'],
    error: 'needs exactly one of discount_percentage and discount_amount when true, and not both of them when false',
  })

/** The schema's `oneOf`, spelled out: exactly one of its three branches may hold, and an absent `discount` fits them all. */
function discountIsClear(it: {
  discount?: boolean | undefined
  discount_percentage?: unknown
  discount_amount?: unknown
}): boolean {
  const byPercentage = it.discount_percentage !== undefined
  const byAmount = it.discount_amount !== undefined
  if (it.discount === true) return byPercentage !== byAmount
  if (it.discount === false) return !(byPercentage && byAmount)
  return !byPercentage && !byAmount
}

const target = { converts_to_future_round: z.boolean().optional(), converts_to_stock_class_id: id.optional() }
const convertibleRight = z.strictObject({
  type: z.literal('CONVERTIBLE_CONVERSION_RIGHT').optional(),
  conversion_mechanism: z.discriminatedUnion('type', [safe, note, custom, percent, fixedAmount]),
  ...target,
})
const warrantRight = z.strictObject({
  type: z.literal('WARRANT_CONVERSION_RIGHT').optional(),
  conversion_mechanism: z.discriminatedUnion('type', [custom, percent, fixedAmount, valuationBased, priceBased]),
  ...target,
})
export const stockClassRight = z.strictObject({
  type: z.literal('STOCK_CLASS_CONVERSION_RIGHT').optional(),
  conversion_mechanism: z.discriminatedUnion('type', [ratioMechanism]),
  ...target,
})

type Right = z.output<typeof convertibleRight> | z.output<typeof warrantRight> | z.output<typeof stockClassRight>

/** Mechanisms by which an untyped right can be told. Those that fit two rights cannot, and the schema then accepts neither. */
const RIGHT_OF_MECHANISM: Readonly<Record<string, 'convertible' | 'warrant' | 'stock'>> = {
  SAFE_CONVERSION: 'convertible',
  CONVERTIBLE_NOTE_CONVERSION: 'convertible',
  VALUATION_BASED_CONVERSION: 'warrant',
  PPS_BASED_CONVERSION: 'warrant',
  RATIO_CONVERSION: 'stock',
}
const RIGHT_OF_TYPE: Readonly<Record<string, 'convertible' | 'warrant' | 'stock'>> = {
  CONVERTIBLE_CONVERSION_RIGHT: 'convertible',
  WARRANT_CONVERSION_RIGHT: 'warrant',
  STOCK_CLASS_CONVERSION_RIGHT: 'stock',
}
const RIGHTS = { convertible: convertibleRight, warrant: warrantRight, stock: stockClassRight }
const untyped = z.looseObject({
  type: z.string().optional(),
  conversion_mechanism: z.looseObject({ type: z.string() }),
})

/** A right of any kind. `type` is optional in 1.2.0, so an untyped one is told by its mechanism. */
const anyRight = z.unknown().transform((value, ctx): Right => {
  const shape = untyped.safeParse(value)
  if (!shape.success) return refuse(ctx, shape.error.issues)
  const kind =
    shape.data.type === undefined
      ? RIGHT_OF_MECHANISM[shape.data.conversion_mechanism.type]
      : RIGHT_OF_TYPE[shape.data.type]
  if (kind === undefined) {
    ctx.addIssue('is not a conversion right whose kind can be told: give it a type and a mechanism that fit each other')
    return z.NEVER
  }
  const right = RIGHTS[kind].safeParse(value)
  return right.success ? right.data : refuse(ctx, right.error.issues)
})

function refuse(ctx: z.core.$RefinementCtx, issues: readonly z.core.$ZodIssue[]): never {
  // An issue of the inner schema keeps its path: zod puts that of the right before it.
  for (const issue of issues) ctx.issues.push({ ...issue, input: issue.input } as z.core.$ZodRawIssue)
  return z.NEVER
}

const trigger = {
  trigger_id: id,
  nickname: text.optional(),
  trigger_description: text.optional(),
  conversion_right: anyRight,
}
/** When a convertible converts or a warrant is exercised. */
export const conversionTrigger = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('AUTOMATIC_ON_CONDITION'), trigger_condition: text, ...trigger }),
  z.strictObject({ type: z.literal('AUTOMATIC_ON_DATE'), trigger_date: date, ...trigger }),
  z.strictObject({ type: z.literal('ELECTIVE_AT_WILL'), ...trigger }),
  z.strictObject({ type: z.literal('ELECTIVE_IN_RANGE'), start_date: date, end_date: date, ...trigger }),
  z.strictObject({ type: z.literal('ELECTIVE_ON_CONDITION'), trigger_condition: text, ...trigger }),
  z.strictObject({ type: z.literal('UNSPECIFIED'), ...trigger }),
])
export type ConversionTrigger = z.output<typeof conversionTrigger>
