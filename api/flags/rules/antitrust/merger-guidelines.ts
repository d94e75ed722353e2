/** Structural presumptions of the 2023 Merger Guidelines (U.S. Department of Justice and Federal Trade Commission). */
import type { RuleTable } from '../../rule-table.ts'

/** Points and percent, whole. Each is to be exceeded: a value equal to it does not count. */
export type StructuralPresumption = { readonly postHhi: bigint; readonly change: bigint; readonly share: bigint }

export const MERGER_GUIDELINES: RuleTable<StructuralPresumption> = {
  title: 'Merger Guidelines, structural presumptions',
  checkedOn: '2026-11-20',
  rows: [
    {
      from: '2023-12-18',
      until: null,
      value: { postHhi: 1800n, change: 100n, share: 30n },
      citation: '2023 Merger Guidelines, Guideline 1 (section 2.1)',
      source: 'https://www.justice.gov/atr/merger-guidelines/applying-merger-guidelines/guideline-1',
      sureness: 'high',
    },
  ],
}
