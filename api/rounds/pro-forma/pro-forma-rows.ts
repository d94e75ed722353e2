/** The lines of a pro forma by holder and by class, with each one's part of the company. */
import type { Numeric } from '../../platform/index.ts'
import { partOf, partsOfWhole } from '../terms/parts.ts'
import type { ProFormaLine } from './pro-forma-lines.ts'

type Quantities = {
  readonly before: Numeric
  /** Everything issued, unearned shares included. */
  readonly after: Numeric
  readonly unearned: Numeric
  /** Parts of 1 to ten places; over all rows of one table each column adds up to exactly 1. */
  readonly beforePart: Numeric
  readonly afterPart: Numeric
  /** After the round if every unearned share is forfeited. */
  readonly afterWithoutUnearnedPart: Numeric
}

/** One holder with everything it has, or one pool. */
export type ProFormaHolder = Quantities & {
  readonly holderId: string | null
  readonly holder: string
  readonly isPool: boolean
  /** 1 minus part after / part before; negative for who gains. `null` for who had nothing before. */
  readonly dilution: Numeric | null
}

/** One class, one kind of instrument, or what is reserved and not granted. */
export type ProFormaClass = Quantities & {
  readonly classId: string | null
  readonly className: string
  readonly kind: ProFormaLine['kind']
}

type BeforeAndAfter = Pick<ProFormaLine, 'before' | 'after'>

/** 1 minus part after / part before, of somebody who had something. */
export const dilutionOf = (own: BeforeAndAfter, all: BeforeAndAfter): Numeric =>
  partOf(own.before * all.after - own.after * all.before, own.before * all.after)

type Sum = Pick<ProFormaLine, 'before' | 'after' | 'unearned'>

/** Sums of the lines by key, in the order in which the keys first occur, each with its first line. */
function summed(lines: readonly ProFormaLine[], keyOf: (line: ProFormaLine) => unknown) {
  const byKey = new Map<string, { readonly first: ProFormaLine; readonly sum: Sum }>()
  for (const line of lines) {
    const key = JSON.stringify(keyOf(line))
    const { first, sum } = byKey.get(key) ?? { first: line, sum: { before: 0n, after: 0n, unearned: 0n } }
    const { before, after, unearned } = line
    byKey.set(key, {
      first,
      sum: { before: sum.before + before, after: sum.after + after, unearned: sum.unearned + unearned },
    })
  }
  return [...byKey.values()]
}

function withParts<T extends Sum>(rows: readonly T[]): (T & Quantities)[] {
  const before = partsOfWhole(rows.map((row) => row.before))
  const after = partsOfWhole(rows.map((row) => row.after))
  const without = partsOfWhole(rows.map((row) => row.after - row.unearned))
  return rows.map((row, index) => ({
    ...row,
    beforePart: before[index] ?? 0n,
    afterPart: after[index] ?? 0n,
    afterWithoutUnearnedPart: without[index] ?? 0n,
  }))
}

/** One row per holder, then one per pool. */
export function holderRows(lines: readonly ProFormaLine[]): readonly ProFormaHolder[] {
  const totals = lines.reduce((sum, line) => ({ before: sum.before + line.before, after: sum.after + line.after }), {
    before: 0n,
    after: 0n,
  })
  const rows = summed(lines, (line) => [
    line.kind === 'pool' || line.kind === 'promised',
    line.holderId ?? ['new', line.holder],
  ])
  return withParts(
    rows.map(({ first, sum }) => ({
      ...sum,
      holderId: first.holderId,
      holder: first.holder,
      isPool: first.kind === 'pool' || first.kind === 'promised',
      dilution: sum.before === 0n ? null : dilutionOf(sum, totals),
    })),
  )
}

/** One row per class or kind of instrument. */
export function classRows(lines: readonly ProFormaLine[]): readonly ProFormaClass[] {
  const rows = summed(lines, (line) => [line.kind, line.classId, line.className])
  return withParts(
    rows.map(({ first, sum }) => ({ ...sum, classId: first.classId, className: first.className, kind: first.kind })),
  )
}
