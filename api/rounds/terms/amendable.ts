/** Which terms may be amended once a round is signed, and how far. Pure. */
import { formatTokens, type InputFault, type MicroTokens } from '../../platform/index.ts'
import { type GrantTerms, grantsOf, releasesOfGrant } from './grants-of.ts'
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
  /** How far its grants have come; left out before the closing. */
  readonly standing?: AmendedStanding | undefined
}

/** What of a closed round an amendment could contradict. */
export type AmendedStanding = {
  /** Of the grants that still earn: the last long-stop date; `null` where all are settled. */
  readonly lastLongStop: string | null
  /** The most that top-ups have added to one grant. */
  readonly toppedUp: MicroTokens
}

/** Says why a change is not possible, or `undefined` where it is. */
type Check = (change: TermChange, ground: AmendmentGround) => string | undefined

const anyChange: Check = () => undefined
const beforeClosing: Check = (_change, { closed }) =>
  closed ? 'concerns the closing, which is done: it cannot be amended any more' : undefined
const asIssued: Check = (_change, { closed }) =>
  closed ? 'is the security that was issued: another form or price is another security, not an amendment' : undefined

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

/** Of a warrant that was issued only the last day moves, while it lives, and only to a later one. */
const warrantLater: Check = (change, ground) => {
  if (ground.closed && ground.before.instrument?.kind !== 'PENNY_WARRANT') return asIssued(change, ground)
  const reached = ground.closed && typeof change.from === 'string' && change.from <= ground.effectiveOn
  return (
    laterOnly(change, ground) ??
    (reached ? `was reached on ${change.from}: the warrant has expired before the amendment takes effect` : undefined)
  )
}

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
  return leaveReleases(effectiveOn)
}

/** Why releases may not be changed so. */
export const leaveReleases = (effectiveOn: string): string =>
  `must leave every release up to ${effectiveOn} as it is: give them as dates that begin with what is due by then`

/**
 * What becomes of a grant is settled by the terms of the day on which it happens, so a change concerns what happens from its
 * day on: there must be something left that it could decide, and what was topped up is not taken back.
 */
const settlementForwards: Check = ({ path }, { after, effectiveOn, standing }) => {
  if (standing === undefined) return undefined
  const { lastLongStop, toppedUp } = standing
  if (lastLongStop === null) return 'would decide nothing: every grant of the round is settled'
  if (lastLongStop <= effectiveOn) {
    return `would decide nothing: the long-stop of every grant, ${lastLongStop} at the latest, is reached before it takes effect`
  }
  if (toppedUp === 0n || path[1] !== 'priceProtection') return undefined
  const { priceProtection } = after.settlement
  if (priceProtection?.cap !== undefined && priceProtection.cap < toppedUp) {
    return `has a cap below the ${formatTokens(toppedUp)} tokens that were topped up already`
  }
  return path[2] === 'baseLevel' ? 'cannot change: the level of the last top-up is the base since then' : undefined
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
  drawOrder: anyChange,
  charging: anyChange,
  disputeWindowDays: anyChange,
  settlement: settlementForwards,
  /** Reservations keep the rules of the day on which they were asked for. */
  booking: anyChange,
  /** Frozen for each lot when it is opened: use outside reservations is metered by it. */
  'booking.onDemand': beforeClosing,
  /** Issued once, it is what its holder has: another form would be another security. */
  instrument: asIssued,
  'instrument.expiresOn': warrantLater,
  /** Of pools that come later: those that a document states keep the factor it states. */
  factors: anyChange,
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
  rolling: 'says what later closings may bring and until when, on which investors relied: it cannot be amended',
  furtherGrants:
    'names tokens that buy shares of their own: that needs a new round or a further closing, not an amendment',
}
const NEEDS_ROUND = 'fixes the price, the money or the shares issued: that needs a new round, not an amendment'

const rule = (path: readonly string[]): Check | undefined =>
  AMENDABLE[path.slice(0, 2).join('.')] ?? AMENDABLE[path[0] ?? '']

/** Own terms of a further grant that may be amended, as those of the round of the same name. */
const OF_GRANTS: ReadonlySet<string> = new Set(['releases', 'charging', 'longStop', 'tokenExpiry', 'vesting'])

/**
 * A term of one further grant, asked as the round's own: between what the grant had and what it has then, whether it says so
 * itself or leaves it to the round.
 */
function ofGrant({ path }: TermChange, ground: AmendmentGround): string | undefined {
  const [, index = '', term = '', part] = path
  const [was, is] = [grantsOf(ground.before)[Number(index) + 1], grantsOf(ground.after)[Number(index) + 1]]
  if (was === undefined || is === undefined || !OF_GRANTS.has(term)) return FIXED.furtherGrants
  if (term === 'vesting') {
    const { basis: from, ...before } = was.vesting
    const { basis: to, ...after } = is.vesting
    if (text(before) !== text(after)) return FIXED.vesting
    // A row that comes or goes whole, with the same in it, changes nothing.
    return from === to || part === undefined || part === 'basis' ? basisForwards({ path, from, to }, ground) : undefined
  }
  if (term === 'releases') return releasesOf(was, is, ground)
  if (term === 'charging') return undefined
  const check = term === 'longStop' ? laterOnly : expiryLater
  const [from, to] = term === 'longStop' ? [was.longStop, is.longStop] : [was.tokenExpiry, is.tokenExpiry]
  return from === to ? undefined : check({ path, from, to }, ground)
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? String(part) : part))

/** As {@link releasesForwards}, of one grant. */
function releasesOf(was: GrantTerms, is: GrantTerms, { before, after, effectiveOn }: AmendmentGround) {
  const due = (grant: GrantTerms, { closingDate }: RoundTerms) =>
    releasesOfGrant(grant, closingDate)
      .filter(({ on }) => on <= effectiveOn)
      .map(({ on, amount }) => `${on} ${amount}`)
      .join()
  return due(was, before) === due(is, after) ? undefined : leaveReleases(effectiveOn)
}

/** Every changed term that may not be amended so, at its path. */
export function amendmentFaults(ground: AmendmentGround): readonly InputFault[] {
  return termChanges(ground.before, ground.after).flatMap((change) => {
    const reason = reasonAgainst(change, ground)
    return reason === undefined ? [] : [{ path: change.path, reason }]
  })
}

function reasonAgainst(change: TermChange, ground: AmendmentGround): string | undefined {
  const [first = '', , term] = change.path
  if (first === 'furtherGrants' && term !== undefined) return ofGrant(change, ground)
  const check = rule(change.path)
  return check === undefined ? (FIXED[first] ?? NEEDS_ROUND) : check(change, ground)
}
