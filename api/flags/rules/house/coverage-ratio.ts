/**
 * Does the deal promise more compute than the provider's pools can deliver before it expires? The fund answers for tokens that
 * nobody can use. Definition: docs/coverage.md.
 */
import { formatNumeric, formatTokens, type Numeric, parseNumeric } from '../../../platform/index.ts'
import type { FactValue } from '../../fact-catalogue.ts'
import type { Facts } from '../../facts-at-hand.ts'
import { defineRule, type Verdict } from '../../rule.ts'
import type { RuleTable } from '../../rule-table.ts'

/** Deliverable hours for each promised token, at least. */
const LEAST: RuleTable<{ readonly least: Numeric }> = {
  title: 'Least coverage of promised tokens',
  checkedOn: '2026-11-29',
  rows: [
    {
      from: '2026-01-01',
      until: null,
      value: { least: parseNumeric('1') },
      citation: "The fund's supply policy: no more is promised than can be delivered",
      source: 'docs/coverage.md',
      sureness: 'high',
    },
  ],
}

export const coverageRatio = defineRule<{ readonly least: Numeric }>({
  id: 'house.coverage_ratio',
  kind: 'watch',
  title: 'More tokens promised than can be delivered before they expire',
  citation: "The fund's supply policy",
  gates: ['close'],
  datedBy: 'closing_date',
  facts: ['coverage.outlook'],
  table: LEAST,
  evidence: [],
  evaluate: examine,
})

/** Months spelled out in one finding. The inputs hold the rest. */
const SHOWN = 24

function examine(facts: Facts, { least }: { readonly least: Numeric }): Verdict {
  const threshold = `At least ${formatNumeric(least)} deliverable H100-hours for each token, up to every month of expiry`
  const outlooks = facts.value('coverage.outlook')
  if (outlooks === undefined) {
    return {
      outcome: 'cannot_tell',
      threshold,
      arithmetic: ['It is not known which tokens this deal promises.'],
      missing: ['coverage.outlook'],
      clearedBy: ['Draft the terms of the deal.'],
    }
  }
  // Months in which nothing expires fall short only with one before them.
  const short = outlooks.map(({ tokenClass, pools, months }) => ({
    tokenClass,
    pools,
    months: months
      .filter(({ expiring, promised, deliverable }) => expiring > 0n && falls(promised, deliverable, least))
      .map(({ month }) => month),
  }))
  const unknown = outlooks.filter((outlook) => outlook.unknown !== null)
  const arithmetic = outlooks.flatMap((outlook) => linesOf(outlook))
  if (short.some(({ months }) => months.length > 0)) {
    const clearedBy = [
      'The provider adds capacity or lifts maintenance before those months, or the tokens expire later.',
      'Or the deal promises fewer tokens.',
    ]
    // Hours pass and tokens are used with every run: it opens again when other months fall short, or of other pools.
    const grounds = short.filter(({ months }) => months.length > 0)
    return { outcome: 'flag', threshold, arithmetic, missing: [], clearedBy, grounds }
  }
  if (unknown.length > 0) {
    const clearedBy = [
      "Set up the pools that these tokens book, with their capacity and factors for the months that aren't known.",
    ]
    const grounds = unknown.map(({ tokenClass, pools }) => ({ tokenClass, pools }))
    return { outcome: 'cannot_tell', threshold, arithmetic, missing: [], clearedBy, grounds }
  }
  return { outcome: 'clear', threshold, arithmetic, missing: [], clearedBy: [] }
}

/** deliverable / promised < least, without dividing. */
const falls = (promised: bigint, deliverable: bigint | null, least: Numeric): boolean =>
  deliverable !== null && deliverable * 10n ** 10n < promised * least

function linesOf(outlook: FactValue<'coverage.outlook'>[number]): string[] {
  const told = outlook.months.filter(({ expiring }) => expiring > 0n)
  return [
    `${outlook.tokenClass}: ${formatTokens(outlook.added)} tokens are added by this deal.`,
    ...told
      .slice(0, SHOWN)
      .map(({ month, promised, deliverable, ratio }) =>
        deliverable === null || ratio === null
          ? `Until the end of ${month}: ${formatTokens(promised)} tokens expire; what can be delivered is not known.`
          : `Until the end of ${month}: ${formatTokens(deliverable)} deliverable / ${formatTokens(promised)} tokens = ${formatNumeric(ratio)}.`,
      ),
    ...(told.length > SHOWN ? [`And ${told.length - SHOWN} more months.`] : []),
    ...(outlook.unknown === null ? [] : [`Not known: ${outlook.unknown}.`]),
  ]
}
