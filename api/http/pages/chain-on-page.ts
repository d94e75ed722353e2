/** A solved chain as its page and its file show it. */
import type { ChainSheet } from '../../../templates/chain-sheet.ts'
import { formatNumeric, formatTokens, type Money } from '../../platform/index.ts'
import type { SolvedChain } from '../../rounds/index.ts'

const moneyText = ({ amount, currency }: Money) => ({ amount: formatNumeric(amount), currency })

export const chainSheet = (
  companyName: string,
  name: string,
  { asOf, rounds, owners, stages }: SolvedChain,
): ChainSheet => ({
  ...{ companyName, name, asOf },
  rounds: rounds.map((round) => ({
    ...{ name: round.name, closingDate: round.closingDate },
    preMoney: moneyText(round.preMoney),
    price: moneyText(round.price),
    postMoney: moneyText(round.postMoney),
    tokens: round.compute === null ? null : formatTokens(round.compute.tokens),
    computeShares: String(round.compute?.shares ?? 0n),
    cashShares: String(round.cashShares + round.rightShares),
    converted: String(round.conversions.reduce((sum, { shares }) => sum + shares, 0n)),
    poolIncrease: String(round.poolIncrease),
    firstHoldersPart: formatNumeric(round.firstHoldersPart),
    firstHoldersEarnedPart: formatNumeric(round.firstHoldersEarnedPart),
    notes: round.notes.map(({ text }) => text),
  })),
  stages: stages.map(({ asOf: on, holdings }, index) => ({
    ...{ name: rounds[index - 1]?.name ?? 'Before', on },
    holdings: holdings.map(({ shares, unearned }, at) => ({
      holder: owners[at]?.isPool === true ? `${owners[at].holder} (not granted)` : (owners[at]?.holder ?? ''),
      shares: formatNumeric(shares),
      unearned: formatNumeric(unearned),
      founder: owners[at]?.isFounder ?? false,
    })),
  })),
})
