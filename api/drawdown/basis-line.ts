/** How corrections move the vest basis, charge by charge. Pure. */
import type { MicroTokens, Uuid } from '../platform/index.ts'

/** A charge with all that corrected it: its net amount, and how much of the line of the vest basis is its own. */
export type Family = {
  /** The charge that the corrections name. */
  readonly head: Uuid
  readonly lotId: Uuid
  /** Null for use outside any reservation. */
  readonly reservationId: Uuid | null
  readonly usageId: Uuid | null
  readonly cause: string
  /** Where its part of the line ends. */
  readonly end: MicroTokens
  readonly length: MicroTokens
}

/** How far a change moves the basis and its peak; of a fall, which families' parts it shortens. */
export type Moved = {
  readonly basis: MicroTokens
  readonly peak: MicroTokens
  readonly shortened: readonly { readonly family: Family; readonly by: MicroTokens }[]
}

/** How much of a family's part lies above `floor`: what is below has vested, and stays. */
const aboveFloor = (family: Family, floor: MicroTokens): MicroTokens => {
  const above = family.end - floor
  return above <= 0n ? 0n : above < family.length ? above : family.length
}

/**
 * Moves the net basis by `change`. The peak follows down to `floor`, which is what final statements have vested: below it
 * a deficit is carried instead (DESIGN.md section 5). A fall shortens the corrected charge's own part first, then the
 * latest ones: of each charge never more of the line is left than it is worth net.
 *
 * @param own the corrected charge, where there is one
 * @param latest charges from the end of the line backwards
 * @throws {Error} when the parts above the floor do not hold the fall: the line has a gap
 */
export function moveBasis(
  at: { basis: MicroTokens; peak: MicroTokens },
  change: MicroTokens,
  floor: MicroTokens,
  own: Family | undefined,
  latest: readonly Family[],
): Moved {
  const basis = at.basis + change
  // The peak above the floor is what was reached without the correction; a rise fills a deficit first.
  const peak = change >= 0n ? max(at.peak, basis) : max(floor, min(at.peak, basis))
  let fall = at.peak - peak
  const shortened: { family: Family; by: MicroTokens }[] = []
  for (const family of ownFirst(own, latest)) {
    if (fall <= 0n) break
    const by = min(aboveFloor(family, floor), fall)
    if (by > 0n) shortened.push({ family, by })
    fall -= by
  }
  if (fall > 0n)
    throw new Error(`the parts of the basis above ${floor} are ${fall} short of what a correction takes back`)
  return { basis, peak, shortened }
}

function* ownFirst(own: Family | undefined, latest: Iterable<Family>): Iterable<Family> {
  if (own !== undefined) yield own
  for (const family of latest) if (family.head !== own?.head) yield family
}

/** Shortens the parts of a line, held from its end backwards, as {@link moveBasis} says: what lies after them moves down. */
export function shortenLine(line: Family[], shortened: Moved['shortened']): void {
  for (const { family, by } of shortened) {
    const index = line.findIndex(({ head }) => head === family.head)
    for (const [at, later] of line.slice(0, index + 1).entries()) line[at] = { ...later, end: later.end - by }
    const left = line[index]
    if (left !== undefined) line.splice(index, 1, ...(left.length > by ? [{ ...left, length: left.length - by }] : []))
  }
}

const min = (a: bigint, b: bigint): bigint => (a < b ? a : b)
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)
