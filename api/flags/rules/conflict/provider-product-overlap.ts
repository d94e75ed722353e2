/**
 * Do the provider or its affiliates sell what the company sells? Then the provider sees a competitor's use of compute and
 * decides about its capacity. A question of the fund's conflict policy, not of a statute's threshold.
 */
import type { FactName, ProductCode } from '../../fact-catalogue.ts'
import type { Facts } from '../../facts-at-hand.ts'
import { definePolicy, type Verdict } from '../../rule.ts'

export const providerProductOverlap = definePolicy({
  id: 'conflict.provider_product_overlap',
  kind: 'policy',
  title: "The provider's products overlap with the company's",
  citation:
    "The fund's conflict policy; compare 2023 Merger Guidelines, Guideline 11 (access to a rival's sensitive information)",
  gates: ['propose', 'sign', 'close', 'amend'],
  datedBy: 'act_date',
  facts: ['company.products', 'provider.products'],
  table: null,
  evidence: [],
  evaluate: examineOverlap,
})

const THRESHOLD = 'No product code in common'
/** Classifications in which a shorter code contains the longer ones that begin with it. */
const HIERARCHICAL = /^NAICS-/

function examineOverlap(facts: Facts): Verdict {
  const company = facts.value('company.products')
  const provider = facts.value('provider.products')
  const missing: FactName[] = []
  if (company === undefined || company.length === 0) missing.push('company.products')
  if (provider === undefined || provider.length === 0) missing.push('provider.products')
  if (company === undefined || provider === undefined || missing.length > 0) {
    return undecided(
      missing,
      `There are no product codes on record for ${missing.map((name) => name.split('.')[0]).join(' and ')}.`,
    )
  }
  const overlaps = company.flatMap((ours) =>
    provider.filter((theirs) => overlap(ours, theirs)).map((theirs) => ({ ours, theirs })),
  )
  if (overlaps.length > 0) {
    return {
      outcome: 'flag',
      threshold: THRESHOLD,
      arithmetic: [
        ...overlaps.slice(0, SHOWN).map(({ ours, theirs }) => `${describe(ours)} overlaps with ${describe(theirs)}.`),
        ...(overlaps.length > SHOWN ? [`And ${overlaps.length - SHOWN} more.`] : []),
        `${overlaps.length} of ${company.length} × ${provider.length} pairs overlap.`,
      ],
      missing: [],
      clearedBy: [
        'Compliance waives it with a reason, such as an information barrier at the provider and an undertaking on capacity.',
        'Corrected product codes.',
      ],
    }
  }
  const alone = [...withoutCounterpart(company, provider), ...withoutCounterpart(provider, company)]
  if (alone.length > 0) {
    const line = `Not comparable: ${alone.slice(0, SHOWN).map(describe).join('; ')}: the other side has no codes of that classification.`
    return undecided(['company.products', 'provider.products'], line)
  }
  const line = `None of ${company.length} × ${provider.length} pairs of products has a code in common.`
  return { outcome: 'clear', threshold: THRESHOLD, arithmetic: [line], missing: [], clearedBy: [] }
}

/** Most pairs spelled out in one finding. The inputs hold the rest. */
const SHOWN = 20

/** Products in a classification that the other side does not use: whether they compete is not known. */
const withoutCounterpart = (ours: readonly ProductCode[], theirs: readonly ProductCode[]): ProductCode[] =>
  ours.filter(({ scheme }) => !theirs.some((each) => each.scheme === scheme))

function overlap(a: ProductCode, b: ProductCode): boolean {
  if (a.scheme !== b.scheme) return false
  if (a.code === b.code) return true
  return HIERARCHICAL.test(a.scheme) && (a.code.startsWith(b.code) || b.code.startsWith(a.code))
}

const undecided = (missing: readonly FactName[], line: string): Verdict => ({
  outcome: 'cannot_tell',
  threshold: THRESHOLD,
  arithmetic: [line],
  missing,
  clearedBy: [`Record ${missing.join(' and ')}, with source and date.`, 'Or compliance waives it with a reason.'],
})

const describe = ({ scheme, code, name, seller }: ProductCode): string => `${name} of ${seller} (${scheme} ${code})`
