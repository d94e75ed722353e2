/** Who holds what of a company over the closings of a round: before it, after each that was held, and after each that is planned. Pure. */
import type { Capitalization } from '../../captable/index.ts'
import {
  formatNumeric,
  type JsonValue,
  type Numeric,
  numericOfWhole,
  type WholeShares,
  words,
} from '../../platform/index.ts'
import { type ProFormaLine, partsOfWhole, tableLines } from '../../rounds/index.ts'

/**
 * `BEFORE`: the day before the first closing. `HELD`: the end of the day on which a closing was held, whatever else happened
 * on it. `TODAY`: where planned closings start from. `PLANNED`: that, with this closing and every planned one before it: the
 * last of them is all closings together.
 */
export type ClosingStepKind = 'BEFORE' | 'HELD' | 'TODAY' | 'PLANNED'

export type ClosingStep = {
  readonly kind: ClosingStepKind
  /** Which closing of the round, from 1; `null` where it is none. */
  readonly ordinal: number | null
  /** The day of the cap table; of a planned closing, its own day. */
  readonly on: string
  readonly total: Numeric
  /** Of these, issued for compute and not vested. */
  readonly unearned: Numeric
}

/** What one holder has after a step. Parts are of 1, and add up to exactly 1 over the holders. */
export type HolderAfterStep = { readonly shares: Numeric; readonly unearned: Numeric; readonly part: Numeric }

export type HolderOverClosings = {
  /** OCF id of the stakeholder or plan; `null` for whom a planned closing brings in. */
  readonly holderId: string | null
  readonly holder: string
  /** Shares reserved and not granted. */
  readonly isPool: boolean
  /** One for each step, in their order. */
  readonly after: readonly HolderAfterStep[]
}
export type HoldersOverClosings = {
  readonly steps: readonly ClosingStep[]
  readonly holders: readonly HolderOverClosings[]
}

/** What a planned closing issues to one holder. */
export type PlannedIssue = {
  readonly holderId: string | undefined
  readonly holder: string
  readonly shares: WholeShares
  /** Issued for compute: unearned, all of it. */
  readonly forCompute: boolean
}

/** The table of a day, or closings that are planned on top of the table before. */
export type StepInput =
  | {
      readonly kind: 'BEFORE' | 'HELD' | 'TODAY'
      readonly ordinal: number | null
      readonly on: string
      readonly table: Capitalization
    }
  | {
      readonly kind: 'PLANNED'
      readonly ordinal: number
      readonly on: string
      readonly issues: readonly PlannedIssue[]
    }

type Amount = { readonly shares: Numeric; readonly unearned: Numeric }
type Held = { readonly holderId: string | null; readonly holder: string; readonly isPool: boolean }
type Standing = ReadonlyMap<string, Held & Amount>

const keyOf = ({ holderId, holder, isPool }: Held): string => JSON.stringify([isPool, holderId ?? ['new', holder]])
const NOTHING: Amount = { shares: 0n, unearned: 0n }

/**
 * @param computeSecurities OCF ids of what vests with compute: only their unvested shares are unearned
 */
export function holdersOverClosings(
  inputs: readonly StepInput[],
  computeSecurities: ReadonlySet<string>,
): HoldersOverClosings {
  const standings: Standing[] = []
  for (const input of inputs) {
    const before = standings.at(-1) ?? new Map()
    standings.push(
      input.kind === 'PLANNED' ? withIssues(before, input.issues) : standingOf(input.table, computeSecurities),
    )
  }
  const holders = new Map<string, Held>()
  for (const standing of standings) for (const [key, held] of standing) if (!holders.has(key)) holders.set(key, held)
  const parts = standings.map((standing) => {
    const keys = [...holders.keys()]
    const shares = partsOfWhole(keys.map((key) => (standing.get(key) ?? NOTHING).shares))
    return new Map(keys.map((key, index) => [key, shares[index] ?? 0n]))
  })
  return {
    steps: inputs.map(({ kind, ordinal, on }, index) => ({ kind, ordinal, on, ...totalOf(standings[index]) })),
    holders: [...holders].map(([key, { holderId, holder, isPool }]) => ({
      holderId,
      holder,
      isPool,
      after: standings.map((standing, index) => {
        const { shares, unearned } = standing.get(key) ?? NOTHING
        return { shares, unearned, part: parts[index]?.get(key) ?? 0n }
      }),
    })),
  }
}

function totalOf(standing: Standing = new Map()): { readonly total: Numeric; readonly unearned: Numeric } {
  let [total, unearned] = [0n, 0n]
  for (const held of standing.values()) {
    total += held.shares
    unearned += held.unearned
  }
  return { total, unearned }
}

function standingOf(table: Capitalization, computeSecurities: ReadonlySet<string>): Standing {
  const standing = new Map<string, Held & Amount>()
  const add = (held: Held, { shares, unearned }: Amount): void => {
    const was = standing.get(keyOf(held)) ?? { ...held, ...NOTHING }
    standing.set(keyOf(held), { ...was, shares: was.shares + shares, unearned: was.unearned + unearned })
  }
  for (const line of tableLines(table)) add(heldBy(line), { shares: line.after, unearned: 0n })
  for (const holding of table.holdings) {
    if (holding.kind === 'convertible' || !computeSecurities.has(holding.securityId)) continue
    const { stakeholderId: holderId, stakeholderName: holder, unvested } = holding
    add({ holderId, holder, isPool: false }, { shares: 0n, unearned: unvested })
  }
  return standing
}

const heldBy = ({ holderId, holder, kind }: ProFormaLine): Held => ({ holderId, holder, isPool: kind === 'pool' })

function withIssues(before: Standing, issues: readonly PlannedIssue[]): Standing {
  const after = new Map(before)
  for (const { holderId, holder, shares, forCompute } of issues) {
    const held: Held = { holderId: holderId ?? null, holder, isPool: false }
    const was = after.get(keyOf(held)) ?? { ...held, ...NOTHING }
    const bought = numericOfWhole(shares)
    after.set(keyOf(held), {
      ...was,
      shares: was.shares + bought,
      unearned: was.unearned + (forCompute ? bought : 0n),
    })
  }
  return after
}

/** A step's name in files and headings: "closing 2, planned". */
export const stepName = ({ kind, ordinal }: Pick<ClosingStep, 'kind' | 'ordinal'>): string =>
  kind === 'BEFORE'
    ? 'before'
    : kind === 'TODAY'
      ? 'today'
      : `closing ${ordinal}, ${kind === 'HELD' ? 'held' : 'planned'}`

/** Everything of it. Shares and parts of 1 are decimal strings. */
export const holdersOverClosingsJson = ({ steps, holders }: HoldersOverClosings): JsonValue => ({
  steps: steps.map(({ total, unearned, ...step }) => ({
    ...step,
    total: formatNumeric(total),
    unearned: formatNumeric(unearned),
  })),
  holders: holders.map(({ after, ...holder }) => ({
    ...holder,
    after: after.map(({ shares, unearned, part }) => ({
      shares: formatNumeric(shares),
      unearned: formatNumeric(unearned),
      part: formatNumeric(part),
    })),
  })),
})

/** One line for each holder and step, as a spreadsheet pivots it. RFC 4180. */
export function holdersOverClosingsRows({ steps, holders }: HoldersOverClosings): readonly (readonly string[])[] {
  const head = ['holder', 'pool', 'step', 'day', 'shares', 'of which unearned', 'part']
  const rows = holders.flatMap(({ holder, isPool, after }) =>
    after.map(({ shares, unearned, part }, index) => {
      const step = steps[index]
      return [
        words(holder),
        isPool ? 'yes' : 'no',
        step === undefined ? '' : stepName(step),
        step?.on ?? '',
        formatNumeric(shares),
        formatNumeric(unearned),
        formatNumeric(part),
      ]
    }),
  )
  return [head, ...rows]
}
