/** The shape of each term, from the wire to its exact form. What terms owe each other is in `terms-checks.ts`. */
import { z } from 'zod'
import { NUMERIC_PLACES, ROUNDINGS, zIsoDate, zKey, zMoney, zNumeric, zText, zTokens } from '../../platform/index.ts'
import { DRAW_ORDERS } from '../../tokens/index.ts'
import { defaultClosingConditions, WAIVERS } from './closing-conditions.ts'
import { defaultRiskTable } from './default-risk-table.ts'
import { RISK_BEARERS, RISK_EVENTS } from './risk-table.ts'
import { zBoolean, zCount, zWholeShares } from './term-pieces.ts'
import { Booking } from './terms-booking.ts'
import { Conversions } from './terms-conversions.ts'
import { Charging, Vesting } from './terms-earning.ts'
import { FactorTerms } from './terms-factors.ts'
import { FurtherGrants } from './terms-grants.ts'
import { Instrument, UNEARNED_BASES } from './terms-instrument.ts'
import { Releases } from './terms-releases.ts'
import { PromisedOptions, ProRataRights } from './terms-rights.ts'
import { Rolling } from './terms-rolling.ts'
import { Settlement } from './terms-settlement.ts'

export { ALLOCATIONS, type Allocation, CONTINUOUS_ALLOCATIONS, VEST_BASES } from './terms-earning.ts'

/**
 * Who bears what earlier instruments for compute may still take: `COUNTED`, the present holders, as of options and warrants;
 * `LEFT_OUT`, whoever holds shares when it is earned, the round's buyers among them.
 */
export const UNEARNED_COMPUTE = ['COUNTED', 'LEFT_OUT'] as const
export type UnearnedCompute = (typeof UNEARNED_COMPUTE)[number]

const Security = z.strictObject({
  className: zText(120),
  /** The round creates the class. An existing class is named by `stockClassId`. */
  newClass: zBoolean,
  /** The class's id in the company's OCF data; only, and always, where `newClass` is false. */
  stockClassId: zText(100).optional(),
  /** Prefix of certificate numbers, like `PS-`. */
  idPrefix: zText(12).default('PS-'),
  /** Higher is paid first, as in OCF `StockClass.seniority`. */
  seniority: zNumeric.prefault('1'),
  liquidationPreferenceMultiple: zNumeric.prefault('1'),
  participation: z.enum(['none', 'full', 'capped']).default('none'),
  /** Multiple of the original price at which participation ends; only, and always, where it is `capped`. */
  participationCap: zNumeric.optional(),
  /** Shares of common per preferred share. Only 1:1. */
  conversion: z.literal('1', { error: 'must be "1": only one-to-one conversion is supported' }).default('1'),
  votesPerShare: zNumeric.prefault('1'),
  parValue: zMoney.optional(),
  /** Authorised number of a new class; what the round issues where it is left out. */
  authorized: zWholeShares.optional(),
})
export type SecurityTerms = z.output<typeof Security>

/** A fixed increase and a target at once would contradict each other. */
const oneOfTwo = z
  .never({ error: 'is given beside the other way to size the pool: give an increase or a target' })
  .optional()

const Pool = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('NONE') }),
    z.strictObject({ kind: z.literal('INCREASE'), shares: zWholeShares, postRoundUnallocated: oneOfTwo }),
    /** Unallocated pool after the round as a part of all shares after it: `'0.10'`. */
    z.strictObject({ kind: z.literal('TARGET'), postRoundUnallocated: zNumeric, shares: oneOfTwo }),
  ],
  { error: 'must be NONE, INCREASE with shares, or TARGET with postRoundUnallocated' },
)

const Compute = z.strictObject({
  tokenClassId: zKey('TokenClass'),
  tokens: zTokens,
  /** Money per token, that is per H100-hour. A price agreed between the parties, not a fair value. */
  referencePrice: zMoney,
  /** The fund, as the holder of the shares. */
  holderName: zText(200),
  /** Its id in the company's OCF data, where it holds shares already. */
  stakeholderId: zText(100).optional(),
})

const CashInvestor = z.strictObject({ name: zText(200), amount: zMoney, stakeholderId: zText(100).optional() })

const Unearned = z.strictObject({
  basis: z.enum(UNEARNED_BASES).default('obligation'),
  votes: zBoolean.default(false),
  /** `in_proportion`: to the consideration that is paid; of partly paid shares only. */
  dividends: z.enum(['none', 'held_until_earned', 'paid', 'in_proportion']).default('held_until_earned'),
  /** Liquidation preference of unearned shares: as far as earned, or as if they were. */
  preference: z.enum(['earned_only', 'full']).default('earned_only'),
  antiDilution: zBoolean.default(false),
  proRata: zBoolean.default(false),
  drag: zBoolean.default(true),
  forfeiture: z
    .literal('automatic_at_zero', { error: 'must be "automatic_at_zero": no other forfeiture is supported yet' })
    .default('automatic_at_zero'),
})

const RiskTable = z
  .array(
    z.strictObject({
      event: z.enum(RISK_EVENTS),
      tokens: zText(600),
      unearned: zText(600),
      earned: zText(600),
      cash: zText(600),
      bears: z.enum(RISK_BEARERS),
    }),
  )
  .max(50, { error: 'has more than 50 rows' })

const Conditions = z
  .array(
    z.strictObject({
      code: z.string().regex(/^[A-Z][A-Z0-9_]{1,39}$/, { error: 'must be capitals, digits and underscores' }),
      text: zText(1000),
      waivableBy: z.enum(WAIVERS).default('nobody'),
    }),
  )
  .max(50, { error: 'has more than 50 conditions' })

/** Shape only; `RoundTerms` in `terms.ts` also checks the terms against each other. */
export const TermsShape = z.strictObject({
  name: zText(120),
  closingDate: zIsoDate,
  security: Security,
  /** What cash buys, where that is another class at the same price. Left out: the same class as compute. */
  cashSecurity: Security.optional(),
  /** Value of the company before the round's money, over every share that the price counts. */
  preMoney: zMoney,
  priceRounding: z.strictObject({ direction: z.enum(ROUNDINGS), places: zCount(0, NUMERIC_PLACES) }),
  /** True: shares = money / rounded price. False: money / exact price; the rounded one is for show. */
  sharesFromRoundedPrice: zBoolean.default(true),
  shareRounding: z.enum(ROUNDINGS).default('DOWN'),
  /** Rounding of a pool increase that meets a target. */
  poolRounding: z.enum(ROUNDINGS).default('DOWN'),
  pool: Pool,
  compute: Compute,
  /** More grants of the first closing beside that of `compute`; left out: it opens one. */
  furtherGrants: FurtherGrants.optional(),
  cashInvestors: z.array(CashInvestor).max(200, { error: 'has more than 200 investors' }).default([]),
  /** How outstanding SAFEs and notes convert; left out, as the cap table says (`DEFAULT_CONVERSIONS`). */
  conversions: Conversions.optional(),
  /** Who may take part by right; left out: nobody. */
  proRataRights: ProRataRights.optional(),
  /** Options promised and not granted yet: the price counts them. */
  promisedOptions: PromisedOptions.optional(),
  /**
   * Whether price and fully diluted base count what may still be earned under earlier instruments for compute and is not
   * issued: tranches, warrants, SAFEs. What is earned counts always. Left out: `COUNTED`.
   */
  unearnedCompute: z.enum(UNEARNED_COMPUTE).optional(),
  /** In which form equity is issued for compute; left out: stock. */
  instrument: Instrument.optional(),
  /** More closings after the first, at its price; left out: there is one closing. */
  rolling: Rolling.optional(),
  vesting: Vesting,
  releases: Releases,
  /**
   * In which order the company's lots of the class are drawn. Left out: as was agreed before, or the earliest expiry first.
   */
  drawOrder: z.enum(DRAW_ORDERS).optional(),
  /** What is charged: reserved time whether used or not, or metered use only. */
  charging: Charging,
  /** Factors of pools that come later. */
  factors: FactorTerms.default({ laterPools: 'BOTH_SIGN' }),
  /** What cancelling, not coming and outages cost or return. */
  booking: Booking.prefault({}),
  longStop: zIsoDate,
  tokenExpiry: zIsoDate,
  /** Days in which the company may dispute a statement, after which it counts as accepted. */
  disputeWindowDays: zCount(1, 365).default(15),
  unearned: Unearned.prefault({}),
  /** What becomes of the grant where it does not go to plan; the risk table says the same in words. */
  settlement: Settlement.prefault({}),
  riskTable: RiskTable.default(() => defaultRiskTable().map((row) => ({ ...row }))),
  conditions: Conditions.default(() => defaultClosingConditions().map((condition) => ({ ...condition }))),
})

/** Parsed terms: bigints of the unit in each type, dates that exist. */
export type RoundTerms = z.output<typeof TermsShape>
/** Terms as they are sent and stored: every number but a count is a decimal string. */
export type RoundTermsWire = z.input<typeof TermsShape>
