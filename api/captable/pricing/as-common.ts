/** A capitalization with every right to shares as the common that it comes to. Pure. */

import type { Numeric } from '../../platform/index.ts'
import type { Capitalization, CapitalizationClass, CapitalizationHolding } from '../capitalization.ts'

const isOneToOne = ({ ratio }: CapitalizationClass): boolean =>
  ratio === undefined || ratio.numerator === ratio.denominator

/**
 * Preferred, and options, warrants and tranches on preferred, as converted at the ratio in force of their class; each
 * quantity is rounded down to ten places. What `fullyDiluted` is then is what a price is divided by. The numbers of the
 * classes stay: so many shares are issued and authorised.
 */
export function asCommon(capitalization: Capitalization): Capitalization {
  const converting = new Map(
    capitalization.classes.flatMap((each) => (isOneToOne(each) ? [] : [[each.id, each.ratio]])),
  )
  if (converting.size === 0) return capitalization
  const common = (classId: string | undefined, quantity: Numeric): Numeric => {
    const ratio = converting.get(classId ?? '')
    return ratio === undefined ? quantity : (quantity * ratio.numerator) / ratio.denominator
  }
  const holdings = capitalization.holdings.map((holding): CapitalizationHolding => {
    if (holding.kind === 'convertible') return holding
    const { classId, quantity, unvested } = holding
    return { ...holding, quantity: common(classId, quantity), unvested: common(classId, unvested) }
  })
  const sum = (rows: readonly { readonly quantity: Numeric }[]) =>
    rows.reduce((total, { quantity }) => total + quantity, 0n)
  return {
    ...capitalization,
    // Converted once: whoever asks again gets the same.
    classes: capitalization.classes.map(({ ratio: _, ...each }) => each),
    holdings,
    compute: capitalization.compute?.map((equity) => ({
      ...equity,
      earned: common(equity.classId, equity.earned),
      unearned: common(equity.classId, equity.unearned),
      toIssue: common(equity.classId, equity.toIssue),
    })),
    fullyDiluted: capitalization.fullyDiluted + sum(holdings) - sum(capitalization.holdings),
  }
}
