/** What a check tells of nodes that were down, and came back, since the one before. Pure. */
import { addMinutes, earlier, type Interval, later, microsecondsOf } from '../interval.ts'
import type { NodeFailure, NodeSeen } from './scheduler.ts'

/** A node as an earlier check showed it. */
export type NodeBefore = {
  readonly bootedAt: string
  readonly seenAt: string
  readonly down: boolean
  readonly reservations: NodeSeen['reservations']
}

/** A time in which a node was down, as far as it is known. */
export type NodeRestart = {
  /** It was down at no other time than this. */
  readonly possible: Interval
  /** In this it was down for certain; undefined where no part is. */
  readonly certain: Interval | undefined
  /** Whether that is all of it. */
  readonly whole: boolean
  /** What shows it, in words. */
  readonly evidence: string
}

/** Boot times are worked out from how long a machine has run, and move by seconds. */
const SAME_BOOT_SECONDS = 30n
/** Schedulers tell whole seconds: one that failed within the second of a check may have failed after it. */
const ONE_SECOND = 1_000_000n
/**
 * Schedulers show a node that has fallen silent as up for a while. Source: SlurmdTimeout of slurm.conf(5), 300 seconds unless
 * set.
 */
export const SILENT_MINUTES = 5

/**
 * How a node was down between two checks; undefined where nothing tells that it was. A node that is down now is told as such
 * (ADR 48), and asked about again once it is back.
 *
 * @param failures jobs that failed with this node, since {@link SILENT_MINUTES} before the check before
 * @param at when it was asked
 */
export function restartOf(
  before: NodeBefore | undefined,
  now: NodeSeen,
  failures: readonly NodeFailure[],
  at: string,
): NodeRestart | undefined {
  if (before === undefined || now.down) return undefined
  // A node of which a job failed is shown as down from then on: one that was seen up after it was back by then.
  const failed = failures
    .filter((each) => order(each.at, before.seenAt) > -ONE_SECOND)
    .map((failure) => failure.at)
    .reduce<string | undefined>(earliest, undefined)
  const booted = order(now.bootedAt, before.bootedAt) > SAME_BOOT_SECONDS * ONE_SECOND
  if (!booted) return failed === undefined || before.down ? undefined : failedOnly(now, failed, at)
  const back = later(now.bootedAt, earlier(now.readyAt, at))
  const told = `${now.node} was booted at ${now.bootedAt}, and answered from ${now.readyAt} on`
  const seen = before.down ? before.seenAt : addMinutes(earlier(before.seenAt, now.bootedAt), -SILENT_MINUTES)
  if (failed !== undefined && order(failed, now.bootedAt) < 0n) {
    const interval = { startsAt: failed, endsAt: back }
    return {
      possible: interval,
      certain: interval,
      whole: true,
      evidence: `A job failed with its node at ${failed}; ${told}`,
    }
  }
  const possible = { startsAt: earlier(seen, now.bootedAt), endsAt: back }
  const certain = order(now.bootedAt, back) < 0n ? { startsAt: now.bootedAt, endsAt: back } : undefined
  return {
    possible,
    certain,
    whole: false,
    evidence: `${told}; at ${before.seenAt} it was still seen as it was before`,
  }
}

/** Somebody took it down and back, or it fell silent: since when is known, and not until when. */
const failedOnly = (now: NodeSeen, failed: string, at: string): NodeRestart => ({
  possible: { startsAt: failed, endsAt: at },
  certain: undefined,
  whole: false,
  evidence: `A job failed with ${now.node} at ${failed}; at ${at} it was up`,
})

/** The part within an interval; undefined where that is of no length. */
export function partWithin(part: Interval, whole: Interval): Interval | undefined {
  const within = { startsAt: later(part.startsAt, whole.startsAt), endsAt: earlier(part.endsAt, whole.endsAt) }
  return order(within.startsAt, within.endsAt) < 0n ? within : undefined
}

const earliest = (first: string | undefined, at: string): string => (first === undefined ? at : earlier(first, at))
const order = (a: string, b: string): bigint => microsecondsOf(a) - microsecondsOf(b)
