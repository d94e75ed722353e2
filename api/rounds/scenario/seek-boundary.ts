/** Finds the last point of a whole-numbered line at which something holds, by doubling and bisection. Pure. */
import type { InputFault } from '../../platform/index.ts'

/** What one point came to: it holds there, or it does not, or there is no round there at all. */
export type Probe<Answer> =
  | { readonly at: bigint; readonly kind: 'met' | 'unmet'; readonly answer: Answer }
  | { readonly at: bigint; readonly kind: 'refused'; readonly faults: readonly InputFault[] }
/** A point with an answer. */
export type Solved<Answer> = Extract<Probe<Answer>, { readonly answer: Answer }>

/** Which way it comes to hold: `UP` for the smallest point at which it does, `DOWN` for the largest. */
export type Direction = 'UP' | 'DOWN'

export type Line<Answer> = {
  readonly probe: (at: bigint) => Probe<Answer>
  /** Where to start: a point with an answer. */
  readonly start: bigint
  /** The last point; the first is 1. */
  readonly last: bigint
  readonly toward: Direction
}

/** `met` next to a point where it does not hold, or at the end of the line; `unreached` with the nearest it came. */
export type Boundary<Answer> =
  | { readonly kind: 'met'; readonly met: Solved<Answer>; readonly beyond: Probe<Answer> | undefined }
  | { readonly kind: 'unreached'; readonly best: Solved<Answer>; readonly beyond: Probe<Answer> | undefined }
  | { readonly kind: 'no_start'; readonly faults: readonly InputFault[] }

/**
 * The boundary between where it holds and where it does not. Bounded: at most three times the bits of `last`, since every
 * probe doubles a distance or halves one. Where the line is not monotone, what comes out still is a boundary: it holds at
 * `met`, and not at `beyond`, one step away.
 */
export function seekBoundary<Answer>({ probe, start, last, toward }: Line<Answer>): Boundary<Answer> {
  const first = probe(start)
  if (first.kind === 'refused') return { kind: 'no_start', faults: first.faults }
  const away = toward === 'UP' ? 'DOWN' : 'UP'
  let [met, unmet]: [Solved<Answer> | undefined, Solved<Answer> | undefined] =
    first.kind === 'met' ? [first, undefined] : [undefined, first]
  let beyond: Probe<Answer> | undefined
  if (met !== undefined) {
    while (beyond === undefined && met.at !== endOf(away, last)) {
      const next = probe(stepped(met.at, away, last))
      if (next.kind === 'met') met = next
      else beyond = next
    }
    return bisected(probe, met, beyond)
  }
  while (unmet !== undefined && unmet.at !== endOf(toward, last)) {
    let next = probe(stepped(unmet.at, toward, last))
    // There is no round there: the most that there is lies between.
    while (next.kind === 'refused' && distance(next, unmet) > 1n) {
      const between = probe((next.at + unmet.at) / 2n)
      if (between.kind === 'unmet') unmet = between
      else next = between
    }
    if (next.kind === 'refused') return { kind: 'unreached', best: unmet, beyond: next }
    if (next.kind === 'met') {
      met = next
      break
    }
    unmet = next
  }
  if (met === undefined) return { kind: 'unreached', best: unmet ?? first, beyond: undefined }
  return bisected(probe, met, unmet)
}

function bisected<Answer>(
  probe: (at: bigint) => Probe<Answer>,
  from: Solved<Answer>,
  to: Probe<Answer> | undefined,
): Boundary<Answer> {
  let [met, beyond] = [from, to]
  while (beyond !== undefined && distance(met, beyond) > 1n) {
    const between = probe((met.at + beyond.at) / 2n)
    if (between.kind === 'met') met = between
    else beyond = between
  }
  return { kind: 'met', met, beyond }
}

const endOf = (direction: Direction, last: bigint): bigint => (direction === 'UP' ? last : 1n)
function stepped(at: bigint, direction: Direction, last: bigint): bigint {
  if (direction === 'DOWN') return at / 2n
  return at * 2n > last ? last : at * 2n
}
const distance = (a: { readonly at: bigint }, b: { readonly at: bigint }): bigint =>
  a.at > b.at ? a.at - b.at : b.at - a.at
