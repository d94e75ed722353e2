/**
 * The risk table in words, out of the settlement terms. Its rule: what was delivered stays earned whatever happens; what was not
 * delivered is forfeited at zero unless a signed clause vests it; a failure of the provider never costs the company time.
 */
import { formatNumeric, formatTokens, type Money, type Numeric, rationalOfNumeric } from '../../platform/index.ts'
import type { RiskRow } from './risk-table.ts'

/** What of the settlement terms the table follows from. */
export type SettlementOutcomes = {
  readonly nonUse: 'FORFEIT' | 'VEST_ANYWAY' | 'EXTEND'
  readonly extendDays?: number | undefined
  readonly deniedCapacityExtends: boolean
  readonly outageExtends: boolean
  readonly changeOfControl: 'ASSUMED_OR_FORFEIT' | 'FORFEIT' | 'VEST'
  readonly successorDays: number
  readonly windDownDays: number
  readonly partialTermination: boolean
  /** True where compute buys a SAFE: then nothing is forfeited, since nothing was issued. */
  readonly safe?: boolean | undefined
  readonly priceProtection?:
    | {
        readonly baseLevel: Money
        readonly threshold: Numeric
        readonly windowDays: number
        readonly compensates: 'WHOLE_FALL' | 'BEYOND_THRESHOLD'
        readonly cap?: bigint | undefined
      }
    | undefined
}

/** What holds where terms say nothing. */
export const HOUSE_OUTCOMES: SettlementOutcomes = {
  nonUse: 'FORFEIT',
  deniedCapacityExtends: true,
  outageExtends: true,
  changeOfControl: 'ASSUMED_OR_FORFEIT',
  successorDays: 90,
  windDownDays: 90,
  partialTermination: false,
}

const KEPT = 'Kept by the Fund, as earned on the day of the event.'
const NO_CASH = 'None is due.'

/** One row for each event, in the order in which they are printed. */
export const riskTableOf = (of: SettlementOutcomes): readonly RiskRow[] =>
  of.safe === true ? shareRows(of).map(ofSafe) : shareRows(of)

/** The rows of equity in shares. */
const shareRows = (of: SettlementOutcomes): readonly RiskRow[] => [
  nonUse(of),
  outage(of),
  deniedCapacity(of),
  {
    event: 'provider_default',
    tokens: `Redeemable at a successor provider that the Fund names within ${of.successorDays} days; otherwise cancelled.`,
    unearned:
      'Forfeited to the Company at zero unless a successor delivers. The Long-Stop Date moves by one day for each day lost.',
    earned: KEPT,
    cash: NO_CASH,
    bears: 'fund',
  },
  {
    event: 'company_insolvency',
    tokens: 'Cancelled on the opening of the proceedings. Tokens are not property of the estate and cannot be sold.',
    unearned: 'Forfeited to the Company at zero.',
    earned: 'Kept by the Fund and ranked as its class ranks.',
    cash: NO_CASH,
    bears: 'shared',
  },
  changeOfControl(of),
  {
    event: 'termination_for_cause',
    tokens: 'Cancelled on the date of termination, less those held for reservations already started.',
    unearned: 'Forfeited to the Company at zero.',
    earned: KEPT,
    cash: NO_CASH,
    bears: 'shared',
  },
  convenience(of),
  {
    event: 'price_rise',
    tokens: 'One Token remains one H100-hour whatever the market price.',
    unearned: 'Unchanged.',
    earned: KEPT,
    cash: NO_CASH,
    bears: 'fund',
  },
  indexFall(of),
]

const SAFE_KEPT = 'Stays the purchase amount of the SAFE, as accrued on the day of the event.'

/** The same outcome in the words of a SAFE: what is not accrued is no share, so it ends or accrues. */
function ofSafe(row: RiskRow): RiskRow {
  const unearned = row.unearned
    .replace('Forfeited to the Company at zero', 'Ends without accruing')
    .replace('otherwise forfeited to the Company at zero', 'otherwise it ends without accruing')
    .replace('otherwise forfeited at zero', 'otherwise it ends')
    .replace('Forfeited at zero', 'Ends')
    .replace(/^Vest on/, 'Accrues on')
    .replace('no share is earned', 'nothing accrues')
    .replace('forfeits its part of the unearned shares', 'ends its part of the purchase amount')
    .replace(/^Continue with/, 'Goes on with')
  if (row.event === 'change_of_control') {
    const cash = 'Proceeds are paid on the accrued amount only, as the SAFE says.'
    return { ...row, unearned, earned: 'Takes part in the proceeds as the SAFE says.', cash }
  }
  const earned = row.event === 'company_insolvency' ? 'Ranks as the SAFE ranks, as far as accrued.' : SAFE_KEPT
  return {
    ...row,
    unearned,
    earned,
    tokens: row.tokens.replace('Tokens that earn no shares', 'Tokens that accrue nothing'),
  }
}

function nonUse({ nonUse: outcome, extendDays }: SettlementOutcomes): RiskRow {
  const tokens = 'Released Tokens stay redeemable until the token expiry date, then expire.'
  const base = { event: 'non_use', tokens, earned: KEPT, cash: NO_CASH } as const
  if (outcome === 'VEST_ANYWAY')
    return {
      ...base,
      unearned: 'Vest on the Long-Stop Date under this clause, as if used (take or pay).',
      bears: 'company',
    }
  if (outcome === 'EXTEND')
    return {
      ...base,
      unearned: `The Long-Stop Date moves by up to ${extendDays ?? 0} days in all if both parties sign an extension before it; otherwise forfeited to the Company at zero.`,
      bears: 'fund',
    }
  return { ...base, unearned: 'Forfeited to the Company at zero on the Long-Stop Date.', bears: 'fund' }
}

const outage = ({ outageExtends }: SettlementOutcomes): RiskRow => ({
  event: 'outage',
  // What terms say by default keeps its words, also in documents that were issued before they could say otherwise.
  tokens: outageExtends
    ? 'Not charged for the time not delivered; the held Tokens return to the Company.'
    : 'Not charged for the time not delivered; the held Tokens return to the Company. No date moves.',
  unearned: 'Unchanged: no share is earned by time that was not delivered.',
  earned: KEPT,
  cash: NO_CASH,
  bears: 'provider',
})

const deniedCapacity = ({ deniedCapacityExtends }: SettlementOutcomes): RiskRow => ({
  event: 'denied_capacity',
  tokens: deniedCapacityExtends
    ? 'Stay available. Expiry and Long-Stop Date move by one day for each day of denial.'
    : 'Stay available. No date moves.',
  unearned: deniedCapacityExtends
    ? 'Forfeited to the Company at zero where the capacity is still denied on the moved Long-Stop Date.'
    : 'Forfeited to the Company at zero on the Long-Stop Date.',
  earned: KEPT,
  cash: NO_CASH,
  bears: 'fund',
})

function changeOfControl({ changeOfControl: outcome }: SettlementOutcomes): RiskRow {
  const base = { event: 'change_of_control', earned: 'Take part in the proceeds as their class does.' } as const
  if (outcome === 'VEST')
    return {
      ...base,
      tokens: 'Pass to the successor if it assumes the compute services agreement; otherwise cancelled at completion.',
      unearned: 'Vest at completion under this clause, before proceeds are divided.',
      cash: 'Proceeds are paid on all shares, which have vested.',
      bears: 'company',
    }
  const cash = 'Proceeds are paid on earned shares only.'
  if (outcome === 'FORFEIT')
    return {
      ...base,
      tokens: 'Cancelled at completion.',
      unearned: 'Forfeited at zero before proceeds are divided.',
      cash,
      bears: 'shared',
    }
  return {
    ...base,
    tokens: 'Pass to the successor if it assumes the compute services agreement; otherwise cancelled at completion.',
    unearned:
      'Continue with the successor if it assumes the agreement; otherwise forfeited at zero before proceeds are divided.',
    cash,
    bears: 'shared',
  }
}

const convenience = ({ windDownDays, partialTermination }: SettlementOutcomes): RiskRow => ({
  event: 'termination_for_convenience',
  tokens: `The Company may redeem released Tokens for ${windDownDays} days after the notice; the rest are cancelled.${partialTermination ? ' A part of the Tokens may be given up at any time.' : ''}`,
  unearned: `Forfeited to the Company at zero at the end of the ${windDownDays} days.${partialTermination ? ' A part given up forfeits its part of the unearned shares.' : ''}`,
  earned: KEPT,
  cash: NO_CASH,
  bears: 'shared',
})

function indexFall({ priceProtection: protection }: SettlementOutcomes): RiskRow {
  const base = { event: 'index_fall', unearned: 'Unchanged.', earned: KEPT, cash: NO_CASH } as const
  if (protection === undefined)
    return {
      ...base,
      tokens: 'Unchanged. No Tokens are added unless a side letter gives price protection.',
      bears: 'company',
    }
  const { baseLevel, threshold, windowDays, compensates, cap } = protection
  const good = compensates === 'WHOLE_FALL' ? 'makes the whole fall good' : 'makes good what goes beyond that'
  return {
    ...base,
    tokens: `Where the agreed index, averaged over ${windowDays} days, falls by more than ${percent(threshold)} from ${formatNumeric(baseLevel.amount)} ${baseLevel.currency}, a top-up of Tokens that earn no shares ${good} for unused Tokens${cap === undefined ? '' : `, up to ${formatTokens(cap)} Tokens in all`}.`,
    bears: 'shared',
  }
}

const percent = (part: Numeric): string => `${rationalOfNumeric(part).mul(100).toString()}%`
