/**
 * Terms solved backwards: which tokens, or which valuation, reach a goal. Exact: bisection over the pro forma itself, with
 * parts compared as fractions, so what comes out is what the terms really give after every rounding. Pure.
 */
import type { Capitalization } from '../../captable/index.ts'
import {
  DomainError,
  formatNumeric,
  formatTokens,
  type InputFault,
  type MicroTokens,
  type Money,
  NUMERIC_PLACES,
  type Numeric,
  numericOfWhole,
  parseNumeric,
  Refused,
} from '../../platform/index.ts'
import { TermsRefused } from '../errors.ts'
import { transactionValue } from '../facts.ts'
import { boughtForCash, boughtForCompute } from '../pro-forma/named-purchases.ts'
import { type ProForma, proForma } from '../pro-forma/pro-forma.ts'
import type { ProFormaHolder } from '../pro-forma/pro-forma-rows.ts'
import { type RoundOverTable, roundOverTable } from '../pro-forma/round-over-table.ts'
import { partOf } from '../terms/parts.ts'
import { RoundTerms } from '../terms/terms.ts'
import { writeTerms } from '../terms/terms-wire.ts'
import type { Goal } from './goal.ts'
import { type Boundary, type Probe, type Solved, seekBoundary } from './seek-boundary.ts'

/** Why there is no answer. */
export const NO_ANSWERS = ['NEVER_REACHED', 'ALWAYS_REACHED', 'NOT_IN_DOLLARS'] as const
export type NoAnswer = (typeof NO_ANSWERS)[number]

/** No tokens, or no valuation, reach the goal; or all do. Says how far it goes and what stops it. */
export class GoalNotReached extends DomainError {
  readonly code = 'GOAL_NOT_REACHED'
  readonly reason: NoAnswer
  constructor(reason: NoAnswer, why: string) {
    super(`${why} Nothing was changed.`)
    this.reason = reason
  }
}

/** What was measured, exact. */
type Measured = { readonly numerator: bigint; readonly denominator: bigint }

export type GoalAnswer = {
  /** The terms with the answer in them: they can be drafted as they are. */
  readonly terms: RoundTerms
  readonly tokens: MicroTokens
  readonly preMoney: Money
  readonly proForma: ProForma
  /** Who keeps a part together, each with what it has after the round; nobody for other goals. */
  readonly keepers: readonly ProFormaHolder[]
  /** The measure at the answer, to ten places, to the nearest: a part of 1, or dollars. */
  readonly reached: Numeric
  /** The measure one step further, where the goal is not met; `null` at the end of what can be asked. */
  readonly oneStepBeyond: Numeric | null
  /** Why there is no round one step further, where there is none. */
  readonly refusedBeyond: readonly InputFault[]
  /**
   * Whether the measure only rose, or only fell, over all points tried. Where rounding makes it waver, the answer still holds
   * and one step further does not; another such point may lie elsewhere.
   */
  readonly monotone: boolean
  readonly pointsTried: number
}

const ONE = 10n ** BigInt(NUMERIC_PLACES)
/** As many digits as terms take: 12 before the point of tokens, 24 of money. */
const MOST: Readonly<Record<'tokens' | 'preMoney', bigint>> = { tokens: 10n ** 18n - 1n, preMoney: 10n ** 34n - 1n }

/**
 * The terms that reach a goal over a cap table. What the goal does not seek stays as it is given, and what it seeks is where
 * the search starts.
 *
 * @throws {TermsRefused} when there is no round by the terms as they are given, or when the terms contradict the answer: a list
 *   of releases that adds up to another number of tokens
 * @throws {GoalNotReached}
 * @throws {Refused} for a holder whom the cap table does not know, and where nobody is named and it knows no founder
 */
export function seekGoal(capitalization: Capitalization, terms: RoundTerms, asked: Goal): GoalAnswer {
  const goal = { ...asked, keepers: keepersOf(capitalization, asked) }
  const lever = goal.kind === 'PRE_MONEY_KEEPING' ? 'preMoney' : 'tokens'
  const step = goal.kind === 'PRE_MONEY_KEEPING' ? goal.stepMoney : goal.stepTokens
  const tried: Solved<Measured>[] = []
  const probe = (at: bigint): Probe<Measured> => {
    const found = probed(capitalization, withLever(terms, lever, at * step), goal, at)
    if (found.kind !== 'refused') tried.push(found)
    return found
  }
  const given = lever === 'tokens' ? terms.compute.tokens : terms.preMoney.amount
  const [last, start] = [MOST[lever] / step, given / step]
  const toward = goal.kind === 'MOST_TOKENS_BELOW' ? 'DOWN' : 'UP'
  const boundary = seekBoundary({ probe, start: start < 1n ? 1n : start, last, toward })
  const { met, beyond } = reachedOr(boundary, goal, step)
  const answer = consistent(withLever(terms, lever, met.at * step))
  const found = proForma(capitalization, answer)
  return {
    terms: answer,
    tokens: answer.compute.tokens,
    preMoney: answer.preMoney,
    proForma: found,
    keepers: found.holders.filter(({ isPool, holderId }) => !isPool && goal.keepers.includes(holderId ?? '')),
    reached: roundedOf(met),
    oneStepBeyond: beyond === undefined || beyond.kind === 'refused' ? null : roundedOf(beyond),
    refusedBeyond: beyond?.kind === 'refused' ? beyond.faults : [],
    monotone: isMonotone(tried),
    pointsTried: tried.length,
  }
}

/** A goal, and the ids of those who keep their part in it. */
type GoalOf = Goal & { readonly keepers: readonly string[] }

/** Who keeps a part together: who is named, or the founders. @throws {Refused} */
function keepersOf({ holdings, founders = [] }: Capitalization, goal: Goal): readonly string[] {
  if (goal.kind !== 'PRE_MONEY_KEEPING') return []
  if (goal.holderIds === undefined && founders.length === 0) {
    const reason = 'is missing: the cap table calls nobody who holds anything a founder, so name who keeps the part'
    throw new Refused('goal.holderIds', reason)
  }
  for (const [index, id] of (goal.holderIds ?? []).entries()) {
    if (holdings.some(({ stakeholderId }) => stakeholderId === id)) continue
    throw new Refused(`goal.holderIds.${index}`, 'holds nothing of this company on that day')
  }
  return goal.holderIds ?? founders
}

const withLever = (terms: RoundTerms, lever: 'tokens' | 'preMoney', value: bigint): RoundTerms =>
  lever === 'tokens'
    ? { ...terms, compute: { ...terms.compute, tokens: value } }
    : { ...terms, preMoney: { ...terms.preMoney, amount: value } }

function probed(capitalization: Capitalization, terms: RoundTerms, goal: GoalOf, at: bigint): Probe<Measured> {
  try {
    const answer = measured(capitalization, terms, goal)
    return { at, kind: isMet(answer, goal) ? 'met' : 'unmet', answer }
  } catch (error) {
    if (error instanceof TermsRefused) return { at, kind: 'refused', faults: error.faults }
    throw error
  }
}

function measured(capitalization: Capitalization, terms: RoundTerms, goal: GoalOf): Measured {
  const round = roundOverTable(capitalization, terms, terms.closingDate)
  if (goal.kind === 'MOST_TOKENS_BELOW' && goal.measure === 'TRANSACTION_VALUE') {
    const fact = transactionValue(terms, undefined)
    if (fact === undefined) {
      throw new GoalNotReached(
        'NOT_IN_DOLLARS',
        `The round is in ${terms.preMoney.currency}, and the value of a transaction is counted in US dollars.`,
      )
    }
    return { numerator: parseNumeric(fact.value.amount), denominator: ONE }
  }
  const numerator =
    goal.kind === 'PRE_MONEY_KEEPING'
      ? heldAfter(capitalization, terms, round, goal.keepers)
      : numericOfWhole(boughtForCompute(round.solution.purchases)?.shares ?? 0n)
  return { numerator, denominator: round.solution.sharesAfter }
}

/** What these holders have after the round, out of its solution: no table has to be laid out for it. */
function heldAfter(
  { holdings }: Capitalization,
  { compute, cashInvestors }: RoundTerms,
  { solution, conversions, rights, warrants }: RoundOverTable,
  ids: readonly string[],
): Numeric {
  const of = <Row>(
    rows: readonly Row[],
    idOf: (row: Row, index: number) => string | undefined,
    shares: SharesOf<Row>,
  ) => rows.reduce((sum, row, index) => (ids.includes(idOf(row, index) ?? '') ? sum + shares(row) : sum), 0n)
  const cash = boughtForCash(solution.purchases, { cashInvestors })
  const issued =
    of(
      conversions,
      (row) => row.holderId,
      (row) => row.shares,
    ) +
    of(
      warrants,
      (row) => row.holderId,
      (row) => row.shares,
    ) +
    of(
      rights,
      (row) => row.holderId,
      (row) => row.shares,
    ) +
    of(
      cash,
      (_, index) => cashInvestors[index]?.stakeholderId,
      (row) => row?.shares ?? 0n,
    ) +
    of(
      [boughtForCompute(solution.purchases)],
      () => compute.stakeholderId,
      (row) => row?.shares ?? 0n,
    )
  return (
    of(
      holdings,
      (row) => row.stakeholderId,
      (row) => row.quantity,
    ) + numericOfWhole(issued)
  )
}

type SharesOf<Row> = (row: Row) => bigint

function isMet({ numerator, denominator }: Measured, goal: Goal): boolean {
  switch (goal.kind) {
    case 'TOKENS_FOR_PART':
      return numerator * ONE >= goal.part * denominator
    case 'PRE_MONEY_KEEPING':
      return numerator * ONE > goal.part * denominator
    case 'MOST_TOKENS_BELOW':
      return numerator * ONE < goal.limit * denominator
  }
}

const roundedOf = ({ answer }: Solved<Measured>): Numeric => partOf(answer.numerator, answer.denominator)

/** The boundary, where it is one. @throws {GoalNotReached} @throws {TermsRefused} */
function reachedOr(boundary: Boundary<Measured>, goal: Goal, step: bigint) {
  if (boundary.kind === 'no_start') throw new TermsRefused(boundary.faults)
  const written = (at: bigint): string =>
    goal.kind === 'PRE_MONEY_KEEPING'
      ? `a valuation of ${formatNumeric(at * step)}`
      : `${formatTokens(at * step)} tokens`
  if (boundary.kind === 'unreached') {
    const { best, beyond } = boundary
    const stop =
      beyond?.kind === 'refused'
        ? `One step further there is no such round: ${beyond.faults.map(({ path, reason }) => `${path.join('.')} ${reason}`).join('; ')}.`
        : 'That is the end of what terms can say.'
    throw new GoalNotReached(
      'NEVER_REACHED',
      `The goal is never reached: with ${written(best.at)} it comes to ${formatNumeric(roundedOf(best))}. ${stop}`,
    )
  }
  const { met, beyond } = boundary
  if (beyond === undefined && goal.kind === 'MOST_TOKENS_BELOW') {
    const votes = goal.measure === 'TRANSACTION_VALUE' && met.answer.numerator === 0n
    throw new GoalNotReached(
      'ALWAYS_REACHED',
      votes
        ? 'Unearned shares do not vote, so none is held at the closing and the value is 0 with any number of tokens; it grows as they are earned.'
        : `Every number of tokens stays below: with ${written(met.at)} it comes to ${formatNumeric(roundedOf(met))}.`,
    )
  }
  return { met, beyond }
}

/** Whether the measure only rose or only fell, by the points tried in their order. */
function isMonotone(tried: readonly Solved<Measured>[]): boolean {
  const inOrder = [...tried].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  let [rises, falls] = [false, false]
  for (const [index, { answer }] of inOrder.entries()) {
    const before = inOrder[index - 1]?.answer
    if (before === undefined) continue
    const difference = answer.numerator * before.denominator - before.numerator * answer.denominator
    rises ||= difference > 0n
    falls ||= difference < 0n
  }
  return !(rises && falls)
}

/** The terms, if they still agree with each other. @throws {TermsRefused} naming every one that does not */
function consistent(terms: RoundTerms): RoundTerms {
  const checked = RoundTerms.safeParse(writeTerms(terms))
  if (checked.success) return checked.data
  throw new TermsRefused(
    checked.error.issues.map(({ path, message }) => ({
      path: path.map((key) => (typeof key === 'number' ? key : String(key))),
      reason: `${message} (with ${formatTokens(terms.compute.tokens)} tokens at ${formatNumeric(terms.preMoney.amount)})`,
    })),
  )
}
