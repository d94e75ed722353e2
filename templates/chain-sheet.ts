/** Rounds one after another as a page and a file show them: one form of the figures for both. */
import { foundersIn } from './charts/ownership.ts'
import { column, date, grouped, listed, type MoneyText, moneyColumn, percent, sum } from './format.ts'

export type ChainSheet = {
  readonly companyName: string
  readonly name: string
  /** The cap table that it begins with is as of this date. */
  readonly asOf: string
  readonly rounds: readonly ChainRoundSheet[]
  /** Before the first round, and after each; the same holders in the same order. */
  readonly stages: readonly {
    readonly name: string
    readonly on: string
    readonly holdings: readonly ChainHolding[]
  }[]
}
/** `unearned` is a part of `shares`. */
export type ChainHolding = {
  readonly holder: string
  readonly shares: string
  readonly unearned: string
  readonly founder?: boolean
}
export type ChainRoundSheet = {
  readonly name: string
  readonly closingDate: string
  readonly preMoney: MoneyText
  readonly price: MoneyText
  readonly postMoney: MoneyText
  /** `null` in a round for cash alone. */
  readonly tokens: string | null
  readonly computeShares: string
  readonly cashShares: string
  readonly converted: string
  readonly poolIncrease: string
  /** Parts of 1: everything issued counted, and without what is not earned. */
  readonly firstHoldersPart: string
  readonly firstHoldersEarnedPart: string
  readonly notes: readonly string[]
}

const earnedOf = ({ shares, unearned }: ChainHolding): string =>
  sum([shares, ...(unearned === '0' ? [] : [`-${unearned}`])])

/** What every unearned share counts as one, and what none of them counts: the two tables of parts. */
export const PARTS_OF_CHAIN = [
  { caption: 'Parts of the company with every unearned share, %', of: ({ shares }: ChainHolding): string => shares },
  { caption: 'Parts of the company at what is earned, %', of: earnedOf },
] as const

/** By holder, then of several founders together, the part at each stage in per cent; and the shares of each stage. */
export function partsOfChain({ stages }: ChainSheet, of: (holding: ChainHolding) => string) {
  const totals = stages.map(({ holdings }) => sum(holdings.map(of)))
  const holders = (stages[0]?.holdings ?? []).map(({ holder }, at) => ({
    holder,
    parts: stages.map(({ holdings }, stage) => {
      const holding = holdings[at]
      return percent(holding === undefined ? '0' : of(holding), totals[stage] ?? '0')
    }),
  }))
  const founders = foundersIn(stages[0]?.holdings ?? [])
  const together = stages.map(({ holdings }, stage) =>
    percent(sum(holdings.filter(({ founder }) => founder === true).map(of)), totals[stage] ?? '0'),
  )
  const rows = founders.length === 0 ? [] : [{ holder: `Of these: ${listed(founders)} together`, parts: together }]
  return { holders: [...holders, ...rows], totals }
}

/** What today's holders have after the last round: with every unearned share, and at what is earned. Parts of 1. */
export const keptInChain = ({ rounds }: ChainSheet): { readonly part: string; readonly earned: string } => ({
  part: rounds.at(-1)?.firstHoldersPart ?? '1',
  earned: rounds.at(-1)?.firstHoldersEarnedPart ?? '1',
})

/** What the figures take for granted about earlier grants and deliveries: under each of them. */
export const CHAIN_BASIS =
  'What earlier grants on the cap table issued counts in full. What a round of this plan issues for compute is unearned at its closing, and later as far as the plan takes it as not delivered.'

/** By round: when it closes, the value before its money, its price, the value after it. */
export function pricesOfChain(rounds: readonly ChainRoundSheet[]): readonly { readonly cells: readonly string[] }[] {
  const [before, price, after] = [
    moneyColumn(rounds.map(({ preMoney }) => preMoney)),
    moneyColumn(rounds.map((round) => round.price)),
    moneyColumn(rounds.map(({ postMoney }) => postMoney)),
  ]
  return rounds.map(({ name, closingDate }, at) => ({
    cells: [name, date(closingDate), before[at] ?? '', price[at] ?? '', after[at] ?? ''],
  }))
}

/** By round: the tokens it grants, and the shares it issues for compute, for cash, by conversion and to the pool. */
export function salesOfChain(rounds: readonly ChainRoundSheet[]): readonly { readonly cells: readonly string[] }[] {
  const tokens = column(rounds.map((round) => round.tokens ?? '0'))
  return rounds.map((round, at) => ({
    cells: [
      ...[round.name, round.tokens === null ? 'none' : (tokens[at] ?? '')],
      ...[round.computeShares, round.cashShares, round.converted, round.poolIncrease].map((shares) => grouped(shares)),
    ],
  }))
}
