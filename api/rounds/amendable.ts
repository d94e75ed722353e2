/** Which terms may be amended once a round is signed, and how far. Pure. */
import type { InputFault } from '../platform/index.ts'
import { releaseSchedule } from './release-schedule.ts'
import type { RoundTerms } from './terms.ts'
import { type TermChange, termChanges } from './terms-diff.ts'

/** Where the round stands when it is amended. */
export type AmendmentGround = {
  readonly before: RoundTerms
  readonly after: RoundTerms
  /** The first day on which the amendment holds. */
  readonly effectiveOn: string
  /** A round whose first closing is done: shares are issued. */
  readonly closed: boolean
}

/** Says why a change is not possible, or `undefined` where it is. */
type Check = (change: TermChange, ground: AmendmentGround) => string | undefined

const anyChange: Check = () => undefined
const beforeClosing: Check = (_change, { closed }) =>
  closed ? 'concerns the closing, which is done: it cannot be amended any more' : undefined

/** Dates that protect somebody move to a later day only, and never into the past. An earlier end is a termination. */
const laterOnly: Check = ({ from, to }, { effectiveOn }) => {
  if (typeof from !== 'string' || typeof to !== 'string') return 'is not a date'
  if (to < from) return `may only move to a later day than ${from}: an earlier end is a termination`
  return to <= effectiveOn ? `must be after ${effectiveOn}, on which the amendment takes effect` : undefined
}

/** Tokens that have expired are gone; only those that still live can be extended. */
const expiryLater: Check = (change, ground) =>
  laterOnly(change, ground) ??
  (ground.closed && typeof change.from === 'string' && change.from <= ground.effectiveOn
    ? `was reached on ${change.from}: the tokens have expired before the amendment takes effect`
    : undefined)

/**
 * Releases count backwards: tokens that were released and used would count again, or what was released before would begin
 * to count.
 */
const basisForwards: Check = ({ from, to }) =>
  from === 'released' || to === 'released'
    ? 'cannot change from or to "released": it would count again, or for the first time, what was released before'
    : undefined

/** What is due by the day on which the amendment takes effect stays as it is; the plan after it is free, within the grant. */
const releasesForwards: Check = (_change, { before, after, effectiveOn }) => {
  const due = (terms: RoundTerms) =>
    releaseSchedule(terms)
      .filter(({ on }) => on <= effectiveOn)
      .map(({ on, amount }) => `${on} ${amount}`)
      .join()
  if (due(before) === due(after)) return undefined
  return `must leave every release up to ${effectiveOn} as it is: give them as a LIST that begins with what is due by then`
}

/** A condition that the law demands is neither dropped nor reworded by agreement. */
const conditionsByAgreement: Check = (change, ground) => {
  const late = beforeClosing(change, ground)
  if (late !== undefined) return late
  const [, code] = change.path
  const was = ground.before.conditions.find((condition) => condition.code === code)
  if (was === undefined) return undefined
  if (was.waivableBy === 'nobody') return 'is demanded by law: nobody may drop or change it'
  const still = ground.after.conditions.some((condition) => condition.code === code)
  return still ? 'may be dropped, but not reworded: drop it and add another with a code of its own' : undefined
}

/** Terms that may be amended, by the beginning of their path. Every other term is refused. */
const AMENDABLE: Readonly<Record<string, Check>> = {
  name: anyChange,
  closingDate: beforeClosing,
  longStop: laterOnly,
  tokenExpiry: expiryLater,
  releases: releasesForwards,
  charging: anyChange,
  disputeWindowDays: anyChange,
  riskTable: anyChange,
  conditions: conditionsByAgreement,
  'vesting.basis': basisForwards,
  'unearned.votes': anyChange,
  'unearned.dividends': anyChange,
  'unearned.preference': anyChange,
  'unearned.antiDilution': anyChange,
  'unearned.proRata': anyChange,
  'unearned.drag': anyChange,
}

/** Why the other terms may not, by the beginning of their path. */
const FIXED: Readonly<Record<string, string>> = {
  vesting: 'says how each share is allocated: changing it would re-rate what was earned. It cannot be amended',
  unearned: 'is what the shares were issued as: it cannot be amended',
}
const NEEDS_ROUND = 'fixes the price, the money or the shares issued: that needs a new round, not an amendment'

const rule = (path: readonly string[]): Check | undefined =>
  AMENDABLE[path.slice(0, 2).join('.')] ?? AMENDABLE[path[0] ?? '']

/** Every changed term that may not be amended so, at its path. */
export function amendmentFaults(ground: AmendmentGround): readonly InputFault[] {
  return termChanges(ground.before, ground.after).flatMap((change) => {
    const check = rule(change.path)
    const reason = check === undefined ? (FIXED[change.path[0] ?? ''] ?? NEEDS_ROUND) : check(change, ground)
    return reason === undefined ? [] : [{ path: change.path, reason }]
  })
}
