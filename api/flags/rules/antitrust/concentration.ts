/** Concentration of a market in exact arithmetic. Shares are percent as {@link Numeric} (times 10^10), points are times 10^20. */
import { formatDecimal, type Numeric } from '../../../platform/index.ts'
import type { StructuralPresumption } from './merger-guidelines.ts'

/** Points of the Herfindahl-Hirschman index times 10^20: 10,000 points are one seller with everything. */
export type HhiPoints = bigint
const PLACES = 20
/** One point. */
export const HHI_POINT: HhiPoints = 10n ** BigInt(PLACES)
const ONE_PERCENT = 10n ** 10n

/** The sum of squared shares. Source: 2023 Merger Guidelines, section 2.1. */
export const herfindahl = (shares: readonly Numeric[]): HhiPoints =>
  shares.reduce((sum, share) => sum + share * share, 0n)

/** By how much the index rises when two sellers become one: (a + b)^2 - a^2 - b^2 = 2ab. */
export const hhiChange = (a: Numeric, b: Numeric): HhiPoints => 2n * a * b

/** Whether the guidelines presume harm: the change above its threshold, and the index or the joint share above theirs. */
export function presumesHarm(
  { post, change, share }: { readonly post: HhiPoints; readonly change: HhiPoints; readonly share: Numeric },
  above: StructuralPresumption,
): boolean {
  return change > above.change * HHI_POINT && (post > above.postHhi * HHI_POINT || share > above.share * ONE_PERCENT)
}

/** `4690.36`: exact, without trailing zeros. */
export const pointsText = (points: HhiPoints): string => formatDecimal(points, PLACES)
