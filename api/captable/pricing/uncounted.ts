/** What is open and stands for no shares, in words, and what expires on the way from one round to the next. Pure. */
import { formatNumeric } from '../../platform/index.ts'
import type { Capitalization, CapitalizationHolding, UncountedHolding } from '../capitalization.ts'
import type { NotCounted } from '../replay/counted.ts'

/** Names that a sentence lists; the cap table and its downloads list all. */
const NAMED = 20

/** Each of these, with its holder, what is under it and the last day: "OP-9 of Chidi Okonkwo (300000, until 2026-03-01)". */
export function uncountedIn({ uncounted = [] }: Pick<Capitalization, 'uncounted'>, why: NotCounted): readonly string[] {
  const found = uncounted.filter((one) => one.why === why)
  const named = found.slice(0, NAMED).map(wordsOf)
  return found.length <= NAMED ? named : [...named, `${found.length - NAMED} more`]
}

const wordsOf = ({ customId, stakeholderName, quantity, expiredOn }: UncountedHolding): string =>
  `${customId} of ${stakeholderName} (${formatNumeric(quantity)}${expiredOn === undefined ? '' : `, until ${expiredOn}`})`

/** The same on a later day: what has expired by then is not counted any more. What plans hold stays: nobody cancels. */
export function expiredBy(capitalization: Capitalization, day: string): Capitalization {
  const { holdings, uncounted = [], fullyDiluted } = capitalization
  const gone = holdings.filter((held) => lastDayOf(held) !== undefined && day > (lastDayOf(held) ?? ''))
  if (gone.length === 0) return capitalization
  return {
    ...capitalization,
    holdings: holdings.filter((held) => !gone.includes(held)),
    uncounted: [
      ...uncounted,
      ...gone.map((held): UncountedHolding => {
        const { securityId, stakeholderName, quantity } = held
        const customId = (held.kind === 'stock' ? undefined : held.customId) ?? securityId
        return { why: 'EXPIRED', securityId, customId, stakeholderName, quantity, expiredOn: lastDayOf(held) }
      }),
    ],
    fullyDiluted: fullyDiluted - gone.reduce((sum, { quantity }) => sum + quantity, 0n),
  }
}

const lastDayOf = (held: CapitalizationHolding): string | undefined =>
  held.kind === 'option' || held.kind === 'warrant' ? held.lastDay : undefined
