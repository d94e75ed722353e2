/**
 * What a term sheet is made from. Codes are the field's own and are put into words here, never by the caller; every
 * number is a decimal string, every date ISO. Nothing is looked up and nothing is computed but sums and percentages.
 */
import type { MoneyText } from '../format.ts'
import type { LaterPools, StatedFactor } from './term-sheet-factors.ts'

export type TermSheet = {
  /** Canonical JSON of the terms (RFC 8785). It is attached to the file, and its SHA-256 stands in every footer. */
  readonly termsJson: string
  readonly termsVersion: number
  /** Instant of issue in UTC: the file's only date. Never the clock of whoever renders. */
  readonly issuedAt: string
  /** US letter where the parties print there. */
  readonly paper?: 'A4' | 'LETTER'
  /** The round's name: "Series Seed". */
  readonly roundName: string
  readonly closingDate: string
  /** More closings after the first, at its price. */
  readonly rolling?: { readonly maximum: MoneyText; readonly outsideDate: string }
  readonly company: Party
  readonly fund: Party
  readonly provider: Party & {
    /** How it stands to the fund: a sentence, or the fact as it is recorded, like "same ultimate parent" or "none". */
    readonly affiliation: string
  }
  readonly equity: Equity
  readonly grant: Grant
  /** Grants beside it, each of Tokens of one class for shares of its own; left out where there is one grant. */
  readonly furtherGrants?: readonly FurtherGrant[]
  readonly price: Price
  readonly cashInvestors: readonly CashInvestor[]
  /** Rights to take part in the round, exercised or not; left out where there are none. */
  readonly rights?: readonly RightOnPaper[]
  /** Options promised and not granted: whole shares, and whether plans hold them already. */
  readonly promised?: { readonly shares: string; readonly from: 'POOL' | 'ON_TOP' }
  /** Left out where nothing converts. */
  readonly conversions?: ConversionsOnPaper
  /** Warrants whose price the round fixes; left out where there is none. */
  readonly warrants?: readonly WarrantOnPaper[]
  /** Earlier instruments for compute that are not finished with; left out where there are none. */
  readonly earlierCompute?: EarlierCompute
  readonly capTable: CapTable
  readonly releases: readonly { readonly on: string; readonly tokens: string }[]
  /** What releases tokens once somebody confirms it; left out where nothing does. */
  readonly milestones?: readonly MilestoneOnPaper[]
  /** Tokens that neither dates nor milestones release are released when the company asks; left out where they are not. */
  readonly onDemand?: OnDemandOnPaper
  /** In which order the company's lots are drawn; left out: as was agreed before, or the earliest expiry first. */
  readonly drawOrder?: DrawOrderOnPaper
  /** Reserved time is charged whether used or not, or metered use only. */
  readonly charging: 'RESERVED' | 'METERED'
  /** Factors of pools other than one H100-hour an hour, and how later pools get theirs. */
  readonly factors?: readonly StatedFactor[]
  readonly laterPools?: LaterPools
  readonly vesting: Vesting
  /** Days in which the company may dispute a statement. */
  readonly disputeWindowDays: number
  readonly unearned: Unearned
  /** Left out: the equity for compute is stock. */
  readonly warrant?: { readonly exercisePrice: MoneyText; readonly expiresOn: string }
  /** Compute buys a SAFE: the clauses of shares give way to its own, and `equity` is what it would become. */
  readonly safe?: SafeOnPaper
  readonly longStop: string
  readonly booking: BookingClause
  readonly settlement: Settlement
  readonly riskTable: readonly Risk[]
  readonly conditions: readonly Condition[]
  /** Law of the binding clauses: "the State of Delaware". Left out: the law of the company's own jurisdiction. */
  readonly governingLaw?: string
  /** Binding clauses beside confidentiality, costs and governing law: exclusivity, for one. */
  readonly bindingClauses?: readonly { readonly title: string; readonly text: string }[]
}

/** What earlier instruments for compute are, and may become. Shares. */
export type EarlierCompute = {
  /** Whether the price counts what is not earned and not issued. */
  readonly choice: 'COUNTED' | 'LEFT_OUT'
  readonly rows: readonly {
    readonly kind: 'STOCK' | 'STAGED' | 'PENNY_WARRANT' | 'SAFE'
    readonly holder: string
    readonly className: string
    readonly earned: string
    readonly maximum: string
  }[]
}

/** A SAFE whose purchase amount accrues as compute is delivered. */
export type SafeOnPaper = {
  readonly purchaseAmount: MoneyText
  readonly cap?: MoneyText
  readonly capBase?: 'POST_MONEY' | 'PRE_MONEY'
  /** "20". */
  readonly discountPercent?: string
  readonly rest: 'END' | 'ROUND_PRICE' | 'NEW_SAFE'
}
export type MilestoneOnPaper = {
  readonly code: string
  readonly text: string
  readonly tokens: string
  readonly confirmedBy: 'fund' | 'provider' | 'both'
}
export type OnDemandOnPaper = {
  /** Tokens that can be asked for in all. */
  readonly tokens: string
  readonly perRequest?: string
  readonly perPeriod?: { readonly tokens: string; readonly days: number }
  readonly noticeDays: number
  readonly confirmedBy: 'nobody' | 'fund' | 'provider'
}
export type DrawOrderOnPaper = 'EARLIEST_EXPIRY' | 'OLDEST_FIRST' | 'GRANTS_FIRST' | 'GRANTS_LAST' | 'UNPAID_FIRST'

export type Party = {
  readonly name: string
  /** "corporation", "limited partnership". */
  readonly form?: string
  /** ISO 3166: "US-DE"; or in words: "Delaware". */
  readonly jurisdiction?: string
}

export type Equity = {
  /** "Series Seed Preferred Stock". */
  readonly className: string
  /** Whole shares issued unearned against compute. */
  readonly shares: string
  /** `true`: this round creates the class. */
  readonly newClass: boolean
  readonly liquidationPreferenceMultiple: string
  readonly participation: 'none' | 'full' | 'capped'
  readonly participationCap?: string
  readonly votesPerShare: string
}

export type Grant = {
  readonly tokens: string
  /** The token class's name: "NVX-H100". */
  readonly tokenClass: string
  readonly expiresOn: string
}

/** One grant on paper: the first is made of the sheet's own terms. */
export type GrantOnPaper = {
  readonly tokens: string
  readonly tokenClass: string
  readonly shares: string
  readonly referencePerHour: MoneyText
  readonly impliedPerHour: MoneyText
  readonly consideration: MoneyText
  readonly vesting: Vesting
  readonly releases: readonly { readonly on: string; readonly tokens: string }[]
  /** What releases Tokens of it once somebody confirms it; left out where nothing does. */
  readonly milestones?: readonly MilestoneOnPaper[]
  /** What the company asks for; left out where it may not. */
  readonly onDemand?: OnDemandOnPaper
  readonly charging: 'RESERVED' | 'METERED'
  readonly longStop: string
  readonly expiresOn: string
}

/** A further grant, and who owes its compute. */
export type FurtherGrant = GrantOnPaper & {
  /** Left out: the provider of the first. */
  readonly provider?: TermSheet['provider']
}

export type Price = {
  readonly preMoney: MoneyText
  /** Shares that the pre-money valuation is divided by. */
  readonly denominator: string
  readonly perShare: MoneyText
  readonly rounding: { readonly direction: 'DOWN' | 'UP' | 'NEAREST' | 'NEAREST_EVEN'; readonly places: number }
  /** Tokens times the reference price: what the shares are issued for. */
  readonly consideration: MoneyText
  /** Price of one H100-hour that the equity implies: value of the shares at `perShare`, divided by the tokens. */
  readonly impliedPerHour: MoneyText
  readonly referencePerHour: MoneyText
  /** Where the reference price comes from: "agreed by the parties". */
  readonly referenceSource?: string
}

export type CashInvestor = {
  readonly name: string
  readonly amount: MoneyText
  readonly className: string
  readonly shares: string
}

export type CapTable = {
  /** The date of the table before the round. */
  readonly asOf: string
  readonly rows: readonly Holding[]
}
/** One line of the capitalisation. `unearned` is the part of `after` that is issued and not yet earned. */
export type Holding = {
  readonly holder: string
  readonly className: string
  readonly before: string
  readonly after: string
  readonly unearned: string
  /** Several founders are one bar in the chart. */
  readonly founder?: boolean
}

export type Vesting = {
  readonly basis: 'delivered' | 'reserved' | 'released'
  /** Allocation type of Open Cap Format 1.2.0. */
  readonly allocation: string
  /** Equal tranches of tokens; left out where vesting is continuous. */
  readonly tranches?: number
  /** Nothing vests before this many tokens count. */
  readonly cliffTokens?: string
}

export type Unearned = {
  readonly basis: 'obligation' | 'partly_paid' | 'staged'
  readonly votes: boolean
  readonly dividends: 'none' | 'held_until_earned' | 'paid' | 'in_proportion'
  readonly preference: 'earned_only' | 'full'
  readonly antiDilution: boolean
  readonly proRata: boolean
  readonly drag: boolean
}

/** One event, and what happens to what. */
export type Risk = {
  /** As it is called in a document: "Denied capacity". */
  readonly event: string
  readonly tokens: string
  readonly unearned: string
  readonly earned: string
  readonly cash: string
  readonly bears: 'company' | 'fund' | 'provider' | 'shared'
}

export type Condition = {
  readonly text: string
  readonly waivableBy: 'fund' | 'company' | 'both' | 'nobody'
}

/** What reservations are charged by cause. Percents like "50". */
export type BookingClause = {
  readonly refunds: readonly { readonly hoursBefore: number; readonly percent: string }[]
  readonly lockedRefundPercent: string
  readonly noShowGraceMinutes: number
  readonly noShowPercent: string
  readonly outageFactor: string
  readonly quoteMinutes: number
  /** Use outside any reservation; left out where it may not draw tokens. */
  readonly onDemand?: { readonly premium: string; readonly monthlyCap?: string }
}

/** What becomes of a grant that is not finished. */
export type Settlement = {
  readonly nonUse: 'FORFEIT' | 'VEST_ANYWAY' | 'EXTEND'
  readonly extendDays?: number | undefined
  readonly deniedCapacityExtends: boolean
  readonly outageExtends: boolean
  readonly successorDays: number
  readonly windDownDays: number
  readonly partialTermination: boolean
  readonly priceProtection?:
    | {
        /** Name of the index: its global id, as the attached terms have it. */
        readonly metric: string
        readonly baseLevel: MoneyText
        /** "20". */
        readonly thresholdPercent: string
        readonly windowDays: number
        readonly compensates: 'WHOLE_FALL' | 'BEYOND_THRESHOLD'
        readonly cap?: string | undefined
      }
    | undefined
}

/** SAFEs and notes that convert in the round. */
export type ConversionsOnPaper = {
  readonly method: 'PRE_MONEY' | 'PERCENT_OWNERSHIP' | 'DOLLARS_INVESTED'
  /** Rounding of each conversion's own price; left out, it is not rounded. */
  readonly priceRounding?: { readonly direction: 'DOWN' | 'UP' | 'NEAREST' | 'NEAREST_EVEN'; readonly places: number }
  readonly shareRounding: 'DOWN' | 'UP' | 'NEAREST' | 'NEAREST_EVEN'
  readonly rows: readonly {
    /** "SAFE-3". */
    readonly name: string
    readonly holder: string
    readonly principal: MoneyText
    /** Interest that converts with it. */
    readonly interest: string
    readonly at: 'CAP' | 'DISCOUNT' | 'ROUND_PRICE' | 'INSTRUMENT'
    readonly price: string
    readonly className: string
    readonly shares: string
  }[]
}

/** One warrant at a price that the round fixes. */
export type WarrantOnPaper = {
  readonly name: string
  readonly holder: string
  /** For how much money it buys shares. */
  readonly amount: MoneyText
  readonly at: ConversionsOnPaper['rows'][number]['at']
  readonly price: string
  readonly className: string
  readonly shares: string
}

/** One right to take part. */
export type RightOnPaper = {
  readonly holder: string
  readonly of: 'NEW_SECURITIES' | 'COMPANY_AFTER'
  /** Of 1: "0.1". */
  readonly part: string
  readonly exercise: 'NONE' | 'FULL' | 'MONEY' | 'SHARES'
  readonly amount: MoneyText
  readonly className: string
  readonly shares: string
}
