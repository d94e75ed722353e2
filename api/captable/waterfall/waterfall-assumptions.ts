/** What a cap table does not say about a sale, and what is taken for granted about it: parsed from what people ask. */
import { z } from 'zod'
import { DomainError, zCurrency, zNumeric, zPositiveNumeric, zText } from '../../platform/index.ts'

/** Exit values of one question. */
export const MOST_EXITS = 200

/** A payout is paid in hundredths. */
const zAmount = zNumeric.refine((amount) => amount % 10n ** 8n === 0n, 'must have at most two decimal places')

const ClassAssumption = z
  .strictObject({
    classId: zText(255),
    participation: z.enum(['NONE', 'FULL', 'CAPPED']).optional(),
    /** Times the original price, preference included; only, and always, with `CAPPED`. */
    capMultiple: zPositiveNumeric.optional(),
    /** Original issue price per share, where the cap table does not say it. */
    price: zPositiveNumeric.optional(),
    accrued: zNumeric.optional(),
  })
  .refine((it) => (it.participation === 'CAPPED') === (it.capMultiple !== undefined), {
    path: ['capMultiple'],
    error: 'must be given with participation CAPPED, and only with it',
  })

export const WaterfallAssumptions = z.strictObject({
  exits: z.array(zAmount).min(1, 'must name at least one').max(MOST_EXITS, `must name at most ${MOST_EXITS}`),
  currency: zCurrency.default('USD'),
  debts: z
    .array(z.strictObject({ name: zText(200), amount: zAmount, rank: z.number().int().min(1).max(100).default(1) }))
    .max(50, 'must be at most 50')
    .refine((debts) => new Set(debts.map(({ name }) => name)).size === debts.length, 'must have different names')
    .default([]),
  carveOut: z
    .strictObject({
      part: zNumeric.refine((part) => part < 10n ** 10n, 'must be less than 1'),
      above: zAmount.default(0n),
      atMost: zAmount.optional(),
    })
    .optional(),
  /** What shares that have not vested get. */
  unearned: z.enum(['NO_PREFERENCE', 'FULL', 'FORFEITED']).default('NO_PREFERENCE'),
  /** Whether options that have not vested on the day may be exercised: acceleration on a sale. */
  unvestedOptions: z.boolean().default(false),
  classes: z
    .array(ClassAssumption)
    .max(100, 'must be at most 100')
    .refine(
      (classes) => new Set(classes.map(({ classId }) => classId)).size === classes.length,
      'must be of different classes',
    )
    .default([]),
})
export type WaterfallAssumptions = z.output<typeof WaterfallAssumptions>

/** The cap table does not say enough for a waterfall, or what is asked contradicts it. All reasons at once. */
export class WaterfallRefused extends DomainError {
  readonly code = 'WATERFALL_REFUSED'
  readonly reasons: readonly string[]
  constructor(reasons: readonly string[]) {
    super(`There is no such waterfall: ${reasons.join('; ')}. Nothing was changed.`)
    this.reasons = reasons
  }
}
