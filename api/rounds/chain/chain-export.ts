/** A solved chain to take away: as JSON for programs, as CSV for spreadsheets. Pure. */
import { csvOf, formatNumeric, formatTokens, type JsonValue, type Money, words } from '../../platform/index.ts'
import { conversionJson } from '../pro-forma/pro-forma-export.ts'
import type { ChainHolding } from './chain-ownership.ts'
import type { SolvedChain, SolvedLink } from './solve-chain.ts'

const money = ({ amount, currency }: Money) => ({ amount: formatNumeric(amount), currency })

const link = (round: SolvedLink) => ({
  kind: round.kind,
  name: round.name,
  closingDate: round.closingDate,
  preMoney: money(round.preMoney),
  pricePerShare: money(round.price),
  exactPrice: round.exactPrice,
  postMoney: money(round.postMoney),
  poolIncrease: String(round.poolIncrease),
  compute:
    round.compute === null
      ? null
      : {
          tokens: formatTokens(round.compute.tokens),
          shares: String(round.compute.shares),
          impliedPrice: money(round.compute.impliedPrice),
        },
  safe: round.safe === null ? null : money(round.safe),
  rests: round.rests.map(({ holder, becomes, amount, shares }) => ({
    ...{ holder, becomes, amount: money(amount) },
    shares: shares === null ? null : String(shares),
  })),
  cashShares: String(round.cashShares),
  rightShares: String(round.rightShares),
  conversions: round.conversions.map(conversionJson),
  firstHoldersPart: formatNumeric(round.firstHoldersPart),
  firstHoldersEarnedPart: formatNumeric(round.firstHoldersEarnedPart),
  notes: round.notes.map(({ code, weight, text }) => ({ code, weight, text })),
})

const held = ({ shares, unearned, part, earnedPart, dilution }: ChainHolding) => ({
  shares: formatNumeric(shares),
  unearned: formatNumeric(unearned),
  part: formatNumeric(part),
  earnedPart: formatNumeric(earnedPart),
  dilution: dilution === null ? null : formatNumeric(dilution),
})

/** Everything of a chain. Shares, money and parts of 1 are decimal strings; `stages[0]` is before the first round. */
export const chainJson = ({ asOf, owners, rounds, stages }: SolvedChain): JsonValue => ({
  asOf,
  rounds: rounds.map(link),
  stages: stages.map((stage, index) => ({
    after: rounds[index - 1]?.name ?? null,
    asOf: stage.asOf,
    shares: formatNumeric(stage.shares),
    unearned: formatNumeric(stage.unearned),
    holders: stage.holdings.map((holding, at) => ({
      holder: owners[at]?.holder ?? '',
      holderId: owners[at]?.holderId ?? '',
      isPool: owners[at]?.isPool ?? false,
      isFounder: owners[at]?.isFounder ?? false,
      ...held(holding),
    })),
    founders: stage.founders === null ? null : held(stage.founders),
  })),
})

const COLUMNS = [
  'stage',
  'as of',
  'holder',
  'shares',
  'of which unearned',
  'part',
  'part at what is earned',
  'dilution',
]

/** One line for each stage and holder; in each stage both columns of parts add up to exactly 1. RFC 4180. */
export const chainCsv = ({ owners, rounds, stages }: SolvedChain): string =>
  csvOf([
    COLUMNS,
    ...stages.flatMap(({ asOf, holdings }, index) =>
      holdings.map(({ shares, unearned, part, earnedPart, dilution }, at) => [
        words(rounds[index - 1]?.name ?? 'before'),
        asOf,
        words(owners[at]?.holder ?? ''),
        ...[shares, unearned, part, earnedPart].map(formatNumeric),
        dilution === null ? '' : formatNumeric(dilution),
      ]),
    ),
  ])
