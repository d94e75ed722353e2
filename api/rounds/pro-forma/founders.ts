/** The founders of a company together, as one line over the lines of each: whose control a round is about. Pure. */
import type { Numeric } from '../../platform/index.ts'
import { partOf } from '../terms/parts.ts'
import { dilutionOf, type ProFormaHolder } from './pro-forma-rows.ts'

/** Everything that the founders have. Shares are sums of theirs; parts are of these, to the nearest, and not sums of rounded ones. */
export type ProFormaFounders = Pick<
  ProFormaHolder,
  'before' | 'after' | 'unearned' | 'beforePart' | 'afterPart' | 'afterWithoutUnearnedPart' | 'dilution'
> & {
  /** Ids and names, in the order of the holders. */
  readonly members: readonly { readonly holderId: string; readonly holder: string }[]
}

/** Whether it is one of them. */
export const isFounder = (
  { founders }: { readonly founders: ProFormaFounders | null },
  holderId: string | null,
): boolean => founders?.members.some((member) => member.holderId === holderId) ?? false

/**
 * @param ids stakeholders whom the company's data calls founders
 * @returns `null` where none of them has anything
 */
export function foundersTogether(
  holders: readonly ProFormaHolder[],
  ids: readonly string[],
  totals: { readonly before: Numeric; readonly after: Numeric; readonly unearned: Numeric },
): ProFormaFounders | null {
  const named = new Set(ids)
  const own = holders.flatMap((row) =>
    !row.isPool && row.holderId !== null && named.has(row.holderId) ? [{ ...row, holderId: row.holderId }] : [],
  )
  if (own.length === 0) return null
  const sum = (of: (row: ProFormaHolder) => Numeric): Numeric => own.reduce((total, row) => total + of(row), 0n)
  const [before, after, unearned] = [sum((row) => row.before), sum((row) => row.after), sum((row) => row.unearned)]
  return {
    members: own.map(({ holderId, holder }) => ({ holderId, holder })),
    ...{ before, after, unearned },
    beforePart: partOf(before, totals.before),
    afterPart: partOf(after, totals.after),
    afterWithoutUnearnedPart: partOf(after - unearned, totals.after - totals.unearned),
    dilution: before === 0n ? null : dilutionOf({ before, after }, totals),
  }
}
