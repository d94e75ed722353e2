/** What the releases of a grant owe its other terms. Pure; every fault at the path of the term to change. */
import { formatTokens, type InputFault, type MicroTokens } from '../../platform/index.ts'
import { releaseSchedule } from './release-schedule.ts'
import {
  countedTokens,
  type MilestoneTerms,
  milestonesOf,
  onDemandOf,
  type ReleaseOnDemandTerms,
  type ReleaseTerms,
} from './terms-releases.ts'

/** A grant as far as it is well formed. */
type InHand = {
  readonly releases?: ReleaseTerms | undefined
  readonly tokens?: MicroTokens | undefined
  readonly vesting?: { readonly basis: string } | undefined
  readonly closingDate?: string | undefined
  readonly longStop?: string | undefined
}
type Path = InputFault['path']
const fault = (path: Path, reason: string): InputFault => ({ path, reason })

/** Faults of one grant's releases, below the path of the grant. */
export function* releaseFaults(path: Path, grant: InHand): Iterable<InputFault> {
  const { releases, tokens, vesting, closingDate, longStop } = grant
  if (releases === undefined) return
  const at = [...path, 'releases']
  if (releases.kind === 'MONTHLY' && releases.cliffMonths > releases.months) {
    yield fault([...at, 'cliffMonths'], 'is longer than the schedule')
  }
  if ('releases' in releases) {
    if (tokens !== undefined) yield* sumFaults(at, releases, tokens)
    yield* datedFaults([...at, 'releases'], releases.releases, closingDate)
  }
  yield* milestoneFaults([...at, 'milestones'], milestonesOf(releases), vesting?.basis)
  const onDemand = onDemandOf(releases)
  if (onDemand !== null) yield* demandFaults([...at, 'onDemand'], onDemand)
  if (tokens === undefined || closingDate === undefined || longStop === undefined) return
  const last = releaseSchedule({ releases, compute: { tokens }, closingDate }).at(-1)
  if (last !== undefined && (last.on > longStop || last.on.length > longStop.length) && longStop > closingDate) {
    yield fault(at, `end on ${last.on}, after the long-stop date ${longStop}`)
  }
}

/** Where the company asks, something must be left to ask for; else everything must be released by something. */
function* sumFaults(
  path: Path,
  terms: Extract<ReleaseTerms, { releases: unknown }>,
  granted: MicroTokens,
): Iterable<InputFault> {
  const counted = countedTokens(terms)
  const [all, sum] = [formatTokens(granted), formatTokens(counted)]
  const at = (name: string) => [...path, name]
  if (onDemandOf(terms) !== null) {
    if (counted < granted) return
    if (terms.kind === 'MILESTONES')
      yield fault(at('onDemand'), `has nothing to give: dates and milestones release ${sum} of ${all} tokens`)
    else yield fault(at('releases'), `release all ${all} tokens of the grant: nothing is left to ask for`)
  } else if (counted !== granted) {
    if (terms.kind === 'MILESTONES')
      yield fault(at('milestones'), `and dates add up to ${sum} tokens, but the grant has ${all}`)
    else yield fault(at('releases'), `add up to ${sum} tokens, but the grant has ${all}`)
  }
}

function* datedFaults(
  path: Path,
  releases: readonly { readonly on: string; readonly tokens: MicroTokens }[],
  closingDate: string | undefined,
): Iterable<InputFault> {
  for (const [index, { on, tokens }] of releases.entries()) {
    const previous = releases[index - 1]
    if (tokens === 0n) yield fault([...path, index, 'tokens'], 'must be more than zero')
    if (previous !== undefined && on <= previous.on) {
      yield fault([...path, index, 'on'], 'must be after the release before it')
    }
    if (closingDate !== undefined && on < closingDate) {
      yield fault([...path, index, 'on'], `is before the closing date ${closingDate}`)
    }
  }
}

function* milestoneFaults(
  path: Path,
  milestones: readonly MilestoneTerms[],
  basis: string | undefined,
): Iterable<InputFault> {
  const codes = new Set<string>()
  for (const [index, { code, tokens, confirmedBy }] of milestones.entries()) {
    if (codes.has(code)) yield fault([...path, index, 'code'], 'is used twice')
    codes.add(code)
    if (tokens === 0n) yield fault([...path, index, 'tokens'], 'must be more than zero')
    if (basis === 'released' && confirmedBy === 'fund') {
      yield fault(
        [...path, index, 'confirmedBy'],
        'must be provider or both: tokens earn shares when they are released, so the fund would confirm to its own benefit',
      )
    }
  }
}

function* demandFaults(path: Path, { perRequest, perPeriod }: ReleaseOnDemandTerms): Iterable<InputFault> {
  if (perRequest === 0n) yield fault([...path, 'perRequest'], 'must be more than zero')
  if (perPeriod?.tokens === 0n) yield fault([...path, 'perPeriod', 'tokens'], 'must be more than zero')
  if (perRequest !== undefined && perPeriod !== undefined && perRequest > perPeriod.tokens) {
    yield fault([...path, 'perRequest'], 'is more than a period allows')
  }
}
