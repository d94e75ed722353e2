/**
 * Three ways to come by compute, side by side, as a founder weighs them: tokens for equity, cash venture money, cloud credits.
 * Pure. No price is invented: what an H100-hour costs is given with its source, and so is everything else of a leg.
 */
import { z } from 'zod'
import {
  divide,
  type MicroTokens,
  type Money,
  NUMERIC_PLACES,
  type Numeric,
  numericOfWhole,
  TOKEN_PLACES,
  type WholeShares,
  zIsoDate,
  zPositiveMoney,
  zPositiveNumeric,
  zPositiveTokens,
  zText,
} from '../../platform/index.ts'
import { partOf } from '../terms/parts.ts'
import { zWholeShares } from '../terms/term-pieces.ts'

/** Money per H100-hour, and who says so. */
const HourPrice = z.strictObject({ amount: zPositiveMoney, source: zText(500) })
const restrictions = z.array(zText(300)).max(20, { error: 'has more than 20 restrictions' }).default([])
const name = zText(120)

/** Tokens for shares: an hour each, at no further price. */
const ComputeLeg = z.strictObject({
  kind: z.literal('COMPUTE'),
  name,
  tokens: zPositiveTokens,
  shares: zWholeShares,
  expiresOn: zIsoDate.optional(),
  restrictions,
})
/** Money for shares, all of it spent on compute at the price that is named. */
const CashLeg = z
  .strictObject({
    kind: z.literal('CASH'),
    name,
    amount: zPositiveMoney,
    shares: zWholeShares,
    hourPrice: HourPrice,
    restrictions,
  })
  .superRefine(sameCurrency)
/** Credits of a cloud: no shares, no cash, and a day on which what is left is gone. */
const CreditsLeg = z
  .strictObject({
    kind: z.literal('CREDITS'),
    name,
    amount: zPositiveMoney,
    hourPrice: HourPrice,
    expiresOn: zIsoDate,
    restrictions,
  })
  .superRefine(sameCurrency)

type Priced = { readonly amount: Money; readonly hourPrice: { readonly amount: Money } }
function sameCurrency({ amount, hourPrice }: Priced, context: z.RefinementCtx): void {
  if (amount.currency === hourPrice.amount.currency) return
  const path = ['hourPrice', 'amount', 'currency']
  context.addIssue({ code: 'custom', path, message: `must be ${amount.currency}, like the amount` })
}

/** What stands beside the tokens of a round. */
export const OtherLeg = z.discriminatedUnion('kind', [CashLeg, CreditsLeg], {
  error: 'must be CASH or CREDITS, with what belongs to it',
})
export type OtherLeg = z.output<typeof OtherLeg>
const Leg = z.discriminatedUnion('kind', [ComputeLeg, CashLeg, CreditsLeg], {
  error: 'must be COMPUTE, CASH or CREDITS, with what belongs to it',
})

export const LegsInput = z.strictObject({
  /** All shares without any of the legs. Each leg stands by itself: its part is of these and its own. */
  sharesBefore: zPositiveNumeric,
  legs: z.array(Leg).min(1, { error: 'must have at least one leg' }).max(20, { error: 'has more than 20 legs' }),
})
export type LegsInput = z.output<typeof LegsInput>

/** What the company can do with what it gets: spend it on anything; on hours of one provider; on one cloud until a day. */
export const LIQUIDITIES = ['ANYTHING', 'H100_HOURS_ONLY', 'ONE_CLOUD_UNTIL_EXPIRY'] as const
export type Liquidity = (typeof LIQUIDITIES)[number]

export type LegRow = {
  readonly kind: LegsInput['legs'][number]['kind']
  readonly name: string
  readonly shares: WholeShares
  /** Of all shares after this leg alone, to ten places, to the nearest. */
  readonly equityPart: Numeric
  /** H100-hours, rounded down: what is not paid for is not got. */
  readonly hours: MicroTokens
  readonly hourPrice: { readonly amount: Money; readonly source: string } | null
  /** Shares given for each 1,000 hours, to ten places, to the nearest: the one figure that all legs share. */
  readonly sharesPerThousandHours: Numeric | null
  readonly liquidity: Liquidity
  readonly expiresOn: string | null
  /** Whether shares are earned only as hours are really delivered; what is not is forfeited. */
  readonly earnedByUse: boolean
  readonly restrictions: readonly string[]
}

const ONE = 10n ** BigInt(NUMERIC_PLACES)
const LIQUIDITY = { COMPUTE: 'H100_HOURS_ONLY', CASH: 'ANYTHING', CREDITS: 'ONE_CLOUD_UNTIL_EXPIRY' } as const

/** One row for each leg, in the order given. Nobody adds them up: they are alternatives. */
export function legRows({ sharesBefore, legs }: LegsInput): readonly LegRow[] {
  return legs.map((leg) => {
    const shares = leg.kind === 'CREDITS' ? 0n : leg.shares
    const hours = leg.kind === 'COMPUTE' ? leg.tokens : bought(leg.amount.amount, leg.hourPrice.amount.amount)
    return {
      kind: leg.kind,
      name: leg.name,
      shares,
      equityPart: partOf(numericOfWhole(shares), sharesBefore + numericOfWhole(shares)),
      hours,
      hourPrice: leg.kind === 'COMPUTE' ? null : leg.hourPrice,
      sharesPerThousandHours:
        hours === 0n ? null : divide(shares * 1_000n * 10n ** BigInt(TOKEN_PLACES) * ONE, hours, 'NEAREST'),
      liquidity: LIQUIDITY[leg.kind],
      expiresOn: leg.kind === 'CASH' ? null : (leg.expiresOn ?? null),
      earnedByUse: leg.kind === 'COMPUTE',
      restrictions: leg.restrictions,
    }
  })
}

const bought = (amount: Numeric, price: Numeric): MicroTokens =>
  divide(amount * 10n ** BigInt(TOKEN_PLACES), price, 'DOWN')
