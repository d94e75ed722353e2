/**
 * How concentrated the company's markets are, and would be if the fund's side and the company were one seller. A minority
 * stake is counted as if it joined them: the guidelines name no percentage below which a holding is harmless (Guideline
 * 11), so the rule shows the most that the stake could mean, and only watches.
 */
import type { Numeric } from '../../../platform/index.ts'
import { formatNumeric } from '../../../platform/index.ts'
import type { FactName, Market } from '../../fact-catalogue.ts'
import type { Facts } from '../../facts-at-hand.ts'
import { defineRule, type Outcome, type Verdict } from '../../rule.ts'
import { type HhiPoints, herfindahl, hhiChange, pointsText, presumesHarm } from './concentration.ts'
import { MERGER_GUIDELINES, type StructuralPresumption } from './merger-guidelines.ts'

export const marketConcentration = defineRule<StructuralPresumption>({
  id: 'antitrust.hhi',
  kind: 'watch',
  title: "Concentration of the company's markets",
  citation: '2023 Merger Guidelines, Guidelines 1 and 11; 15 U.S.C. 18',
  gates: ['propose', 'sign', 'close', 'issue', 'amend'],
  datedBy: 'act_date',
  facts: ['market.shares', 'fund.provider_affiliation'],
  table: MERGER_GUIDELINES,
  evidence: [],
  evaluate: examineMarkets,
})

type MarketVerdict = {
  readonly outcome: Outcome
  readonly arithmetic: readonly string[]
  readonly missing: readonly FactName[]
}

function examineMarkets(facts: Facts, row: StructuralPresumption): Verdict {
  const threshold = `Change above ${row.change} points, and index above ${row.postHhi} points or joint share above ${row.share}%`
  const shares = facts.value('market.shares')
  if (shares === undefined) {
    return {
      outcome: 'cannot_tell',
      threshold,
      arithmetic: ['There are no market shares on record.'],
      missing: ['market.shares'],
      clearedBy: ["Record market.shares: the sellers in each of the company's markets, with source and date."],
    }
  }
  const affiliated = facts.value('fund.provider_affiliation')?.affiliated
  const markets = shares.markets.map((market) => examineMarket(market, affiliated, row))
  const outcome = worst(markets.map((market) => market.outcome))
  return {
    outcome,
    threshold,
    arithmetic: markets.flatMap((market) => market.arithmetic),
    missing: [...new Set(markets.flatMap((market) => market.missing))],
    clearedBy: outcome === 'clear' ? [] : clearedBy(outcome),
  }
}

function examineMarket(market: Market, affiliated: boolean | undefined, row: StructuralPresumption): MarketVerdict {
  const where = `${market.name} (${market.area}, ${market.period})`
  const share = (side: Market['participants'][number]['side']): Numeric => total(market, side)
  if (affiliated === undefined && share('provider') > 0n) {
    const line = `${where}: the provider sells here, and whether it belongs to the fund's side is not known.`
    return { outcome: 'cannot_tell', arithmetic: [line], missing: ['fund.provider_affiliation'] }
  }
  const listed = market.participants.reduce((sum, each) => sum + each.share, 0n)
  const unlisted = HUNDRED - listed
  if (unlisted < 0n) return contradiction(where, `the shares add up to ${formatNumeric(listed)}%`)
  const joins = (side: string): boolean => side === 'fund' || (side === 'provider' && affiliated === true)
  if (unlisted > 0n && !market.participants.some((each) => joins(each.side))) {
    const line = `${where}: ${formatNumeric(unlisted)}% of the market is not listed, and no share of the fund's side is stated (0 counts as stated).`
    return { outcome: 'cannot_tell', arithmetic: [line], missing: ['market.shares'] }
  }
  const company = share('company')
  const fundSide = share('fund') + (affiliated === true ? share('provider') : 0n)
  const others = market.participants
    .filter((each) => each.side !== 'company' && !joins(each.side))
    .map((each) => each.share)
  const least = herfindahl([company, fundSide, ...others])
  const most = least + unlisted * unlisted // the unlisted rest as one seller: the index cannot be higher
  const stated = market.statedHhi === undefined ? undefined : market.statedHhi * 10n ** 10n
  if (stated !== undefined && (stated < least || stated > most)) {
    return contradiction(
      where,
      `the stated index ${pointsText(stated)} is outside ${pointsText(least)} to ${pointsText(most)}, which the shares allow`,
    )
  }
  return judge(where, { company, fundSide, least: stated ?? least, most: stated ?? most }, row)
}

type Sums = {
  readonly company: Numeric
  readonly fundSide: Numeric
  readonly least: HhiPoints
  readonly most: HhiPoints
}

function judge(where: string, { company, fundSide, least, most }: Sums, row: StructuralPresumption): MarketVerdict {
  const change = hhiChange(fundSide, company)
  const share = fundSide + company
  const span = (low: HhiPoints, high: HhiPoints): string =>
    low === high ? pointsText(low) : `${pointsText(low)} to ${pointsText(high)}`
  const flagged = presumesHarm({ post: least + change, change, share }, row)
  const possible = presumesHarm({ post: most + change, change, share }, row)
  const outcome = flagged ? 'flag' : possible ? 'cannot_tell' : 'clear'
  const arithmetic = [
    `${where}: index before ${span(least, most)}${least === most ? '' : ' (unlisted sellers as very small ones, and as one)'}.`,
    `Change if the stake joined them: 2 × ${formatNumeric(fundSide)} (fund's side) × ${formatNumeric(company)} (company) = ${pointsText(change)}.`,
    `Index after ${span(least + change, most + change)}; joint share ${formatNumeric(fundSide)} + ${formatNumeric(company)} = ${formatNumeric(share)}%.`,
    `${where}: ${SENTENCES[outcome]}`,
  ]
  return { outcome, arithmetic, missing: outcome === 'cannot_tell' ? ['market.shares'] : [] }
}

const HUNDRED: Numeric = 100n * 10n ** 10n

const SENTENCES: Record<Outcome, string> = {
  flag: 'above the thresholds.',
  clear: 'not above the thresholds.',
  cannot_tell: 'the unlisted sellers decide; list them or state the index.',
}

function clearedBy(outcome: Outcome): string[] {
  if (outcome === 'cannot_tell')
    return ['Complete market.shares (list more sellers, or state the index), with source and date.']
  return [
    'Newer or better-sourced market shares below the thresholds.',
    'Nothing is stopped by it: compliance acknowledges it with a reason.',
  ]
}

const contradiction = (where: string, what: string): MarketVerdict => ({
  outcome: 'cannot_tell',
  arithmetic: [`${where}: ${what}. The recorded shares contradict each other and were not used.`],
  missing: ['market.shares'],
})

const total = (market: Market, side: string): Numeric =>
  market.participants.filter((each) => each.side === side).reduce((sum, each) => sum + each.share, 0n)

const worst = (outcomes: readonly Outcome[]): Outcome =>
  outcomes.includes('flag') ? 'flag' : outcomes.includes('cannot_tell') ? 'cannot_tell' : 'clear'
