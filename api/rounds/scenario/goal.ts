/** What a goal-seek is asked for. */
import { z } from 'zod'
import { NUMERIC_PLACES, zNumeric, zPositiveNumeric, zPositiveTokens, zText } from '../../platform/index.ts'

const WHOLE = 10n ** BigInt(NUMERIC_PLACES)
const zPart = zPositiveNumeric.refine((part) => part < WHOLE, { error: 'must be below 1: "0.1" is ten percent' })

/** What stays below a limit: dollars that a filing rule counts, or the part of the company that compute buys. */
export const GOAL_MEASURES = ['TRANSACTION_VALUE', 'COMPUTE_PART'] as const
export type GoalMeasure = (typeof GOAL_MEASURES)[number]

export const Goal = z
  .discriminatedUnion(
    'kind',
    [
      /** The fewest tokens whose shares are at least this part of all shares after the round. */
      z.strictObject({ kind: z.literal('TOKENS_FOR_PART'), part: zPart, stepTokens: zPositiveTokens.prefault('1') }),
      /** The lowest valuation before the money at which these holders, or the founders, keep more than this part together. */
      z.strictObject({
        kind: z.literal('PRE_MONEY_KEEPING'),
        /** Ids of stakeholders in the OCF data of the company; left out, those whom it calls founders. */
        holderIds: z
          .array(zText(100))
          .min(1, { error: 'must name at least one holder' })
          .max(100, { error: 'has more than 100 holders' })
          .optional(),
        part: zPart,
        /** In the currency of the terms. */
        stepMoney: zPositiveNumeric.prefault('1'),
      }),
      /** The most tokens at which the measure stays below the limit. */
      z.strictObject({
        kind: z.literal('MOST_TOKENS_BELOW'),
        measure: z.enum(GOAL_MEASURES),
        /** US dollars of a transaction value, or a part of 1. */
        limit: zNumeric.refine((limit) => limit > 0n, { error: 'must be more than zero' }),
        stepTokens: zPositiveTokens.prefault('1'),
      }),
    ],
    { error: 'must be TOKENS_FOR_PART, PRE_MONEY_KEEPING or MOST_TOKENS_BELOW, with what belongs to it' },
  )
  .superRefine((goal, context) => {
    if (goal.kind !== 'MOST_TOKENS_BELOW' || goal.measure !== 'COMPUTE_PART' || goal.limit < WHOLE) return
    context.addIssue({ code: 'custom', path: ['limit'], message: 'must be below 1: "0.1" is ten percent' })
  })
export type Goal = z.output<typeof Goal>
