/**
 * Terms solved backwards: which tokens, or which valuation, reach a goal. Exact: bisection over the pro forma itself, with
 * parts compared as fractions, so what comes out is what the terms really give after every rounding. Pure.
 */
import type { Capitalization } from '../captable/index.ts'
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
} from '../platform/index.ts'
import { TermsRefused } from './errors.ts'
import { transactionValue } from './facts.ts'
import type { Goal } from './goal.ts'
import { partOf } from './parts.ts'
import { type ProForma, proForma } from './pro-forma.ts'
import { type Boundary, type Probe, type Solved, seekBoundary } from './seek-boundary.ts'
import { RoundTerms } from './terms.ts'
import { writeTerms } from './terms-wire.ts'

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
type Measured = { readonly numerator: bigint; readonly denominator: bigint; readonly proForma: ProForma }

export type GoalAnswer = {
  /** The terms with the answer in them: they can be drafted as they are. */
  readonly terms: RoundTerms
  readonly tokens: MicroTokens
  readonly preMoney: Money
  readonly proForma: ProForma
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
 * @throws {Refused} for a holder whom the cap table does not know
 */
export function seekGoal(capitalization: Capitalization, terms: RoundTerms, goal: Goal): GoalAnswer {
  mustKnow(capitalization, goal)
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
  return {
    terms: answer,
    tokens: answer.compute.tokens,
    preMoney: answer.preMoney,
    proForma: met.answer.proForma,
    reached: roundedOf(met),
    oneStepBeyond: beyond === undefined || beyond.kind === 'refused' ? null : roundedOf(beyond),
    refusedBeyond: beyond?.kind === 'refused' ? beyond.faults : [],
    monotone: isMonotone(tried),
    pointsTried: tried.length,
  }
}

function mustKnow({ holdings }: Capitalization, goal: Goal): void {
  if (goal.kind !== 'PRE_MONEY_KEEPING') return
  for (const [index, id] of goal.holderIds.entries()) {
    if (holdings.some(({ stakeholderId }) => stakeholderId === id)) continue
    throw new Refused(`goal.holderIds.${index}`, 'holds nothing of this company on that day')
  }
}

const withLever = (terms: RoundTerms, lever: 'tokens' | 'preMoney', value: bigint): RoundTerms =>
  lever === 'tokens'
    ? { ...terms, compute: { ...terms.compute, tokens: value } }
    : { ...terms, preMoney: { ...terms.preMoney, amount: value } }

function probed(capitalization: Capitalization, terms: RoundTerms, goal: Goal, at: bigint): Probe<Measured> {
  try {
    const answer = measured(proForma(capitalization, terms), terms, goal)
    return { at, kind: isMet(answer, goal) ? 'met' : 'unmet', answer }
  } catch (error) {
    if (error instanceof TermsRefused) return { at, kind: 'refused', faults: error.faults }
    throw error
  }
}

function measured(found: ProForma, terms: RoundTerms, goal: Goal): Measured {
  if (goal.kind === 'MOST_TOKENS_BELOW' && goal.measure === 'TRANSACTION_VALUE') {
    const fact = transactionValue(terms, undefined)
    if (fact === undefined) {
      throw new GoalNotReached(
        'NOT_IN_DOLLARS',
        `The round is in ${terms.preMoney.currency}, and the value of a transaction is counted in US dollars.`,
      )
    }
    return { numerator: parseNumeric(fact.value.amount), denominator: ONE, proForma: found }
  }
  const numerator =
    goal.kind === 'PRE_MONEY_KEEPING'
      ? found.lines.reduce((sum, line) => sum + (isOf(goal.holderIds, line) ? line.after : 0n), 0n)
      : numericOfWhole(found.compute.shares)
  return { numerator, denominator: found.sharesAfter, proForma: found }
}

const isOf = (ids: readonly string[], { kind, holderId }: ProForma['lines'][number]): boolean =>
  kind !== 'pool' && kind !== 'promised' && holderId !== null && ids.includes(holderId)

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
