/** Goals of `equihour model --goal`: from the words of the command line, and the answer in words. */
import { grouped, listed, money } from '../../templates/format.ts'
import type { Capitalization } from '../captable/index.ts'
import { BadInput, formatNumeric, formatTokens, type JsonValue, parse, parseNumeric } from '../platform/index.ts'
import { Goal, type GoalAnswer, type RoundTerms, seekGoal, writeTerms } from '../rounds/index.ts'
import { CannotModel } from './cannot-model.ts'
import { printable } from './text-table.ts'

/** What is asked for on the command line. */
export type AskedGoal = {
  readonly goal: string
  readonly holders: readonly string[]
  readonly step: string | undefined
}

export const GOAL_USAGE = `  --goal <goal>             seek terms that reach a goal, from the given ones on:
                            tokens-for=10%      the fewest tokens for that part of the company
                            keep=60%            the lowest valuation at which they keep more together
                            compute-below=5%    the most tokens that buy less than that part
                            value-below=<usd>   the most tokens below that value of the transaction
  --holder <id or name>     who keeps: a stakeholder, once for each; without it, the founders
  --step <number>           the answer is a multiple of it: tokens, or money (1)`

type Kind = { readonly measure: 'part' | 'money'; readonly of: (figure: string, step: object, ids: string[]) => object }
const KINDS: Readonly<Record<string, Kind>> = {
  'tokens-for': { measure: 'part', of: (part, step) => ({ kind: 'TOKENS_FOR_PART', part, ...step }) },
  keep: {
    measure: 'part',
    of: (part, step, ids) => ({
      ...{ kind: 'PRE_MONEY_KEEPING', part, ...step },
      ...(ids.length === 0 ? {} : { holderIds: ids }),
    }),
  },
  'compute-below': {
    measure: 'part',
    of: (limit, step) => ({ kind: 'MOST_TOKENS_BELOW', measure: 'COMPUTE_PART', limit, ...step }),
  },
  'value-below': {
    measure: 'money',
    of: (limit, step) => ({ kind: 'MOST_TOKENS_BELOW', measure: 'TRANSACTION_VALUE', limit, ...step }),
  },
}

/** The words of a goal that are wrong whatever the cap table is; `undefined` where they are not. */
export function faultOfGoal({ goal, holders }: AskedGoal): string | undefined {
  const [name = '', figure, ...more] = goal.split('=')
  const known = Object.hasOwn(KINDS, name)
  if (!known || figure === undefined || more.length > 0) {
    return `--goal must be one of ${Object.keys(KINDS).join(', ')}, with "=" and a figure.`
  }
  if (name !== 'keep' && holders.length > 0) return '--holder belongs to --goal keep=...'
  return undefined
}

/** @throws {CannotModel} naming what of the goal is wrong */
export function goalOf(asked: AskedGoal, capitalization: Capitalization): Goal {
  const [name = '', figure = ''] = asked.goal.split('=')
  const kind = KINDS[name]
  if (kind === undefined) throw new CannotModel(faultOfGoal(asked) ?? '')
  const step = asked.step === undefined ? {} : { [name === 'keep' ? 'stepMoney' : 'stepTokens']: asked.step }
  const ids = asked.holders.map((holder) => stakeholderId(holder, capitalization))
  try {
    return parse(Goal, kind.of(kind.measure === 'part' ? partOfText(figure) : figure, step, ids))
  } catch (error) {
    if (!(error instanceof BadInput)) throw error
    const faults = error.faults.map(({ path, reason }) => `${path.join('.')} ${reason}`)
    throw new CannotModel(`The goal is not understood: ${faults.join('; ')}.`)
  }
}

/** `10%` and `0.1` are the same part. */
function partOfText(text: string): string {
  if (!text.endsWith('%')) return text
  try {
    return formatNumeric(parseNumeric(text.slice(0, -1)) / 100n)
  } catch {
    throw new CannotModel(`The goal is not understood: "${text}" is no part like 10% or 0.1.`)
  }
}

/** A stakeholder by id or, where only one has it, by name. @throws {CannotModel} */
function stakeholderId(holder: string, { holdings }: Capitalization): string {
  if (holdings.some(({ stakeholderId: id }) => id === holder)) return holder
  const named = new Set(holdings.flatMap((each) => (each.stakeholderName === holder ? [each.stakeholderId] : [])))
  if (named.size > 1) throw new CannotModel(`Several holders are called "${holder}": name them by id.`)
  const [only] = named
  if (only === undefined)
    throw new CannotModel(`Nobody with the id or the name "${holder}" holds anything of the company.`)
  return only
}

export const seek = (asked: AskedGoal, capitalization: Capitalization, terms: RoundTerms): GoalAnswer =>
  seekGoal(capitalization, terms, goalOf(asked, capitalization))

const inWords = (goal: string, reached: GoalAnswer['reached']): string =>
  goal.startsWith('value-below') ? money({ amount: formatNumeric(reached), currency: 'USD' }) : percent(reached)
const percent = (part: GoalAnswer['reached']): string => `${formatNumeric(part * 100n)} %`

/** The answer in three lines, above the pro forma of its terms. */
export function goalReport({ goal }: AskedGoal, found: GoalAnswer): string {
  const { tokens, preMoney, proForma, keepers, reached, oneStepBeyond, refusedBeyond, monotone, pointsTried } = found
  const amount = (value: typeof preMoney) => money({ amount: formatNumeric(value.amount), currency: value.currency })
  const answer = goal.startsWith('keep')
    ? `a valuation of ${amount(preMoney)} before the money, which is ${amount(proForma.price)} per share`
    : `${grouped(formatTokens(tokens))} tokens`
  const beyond =
    oneStepBeyond === null
      ? refusedBeyond.length === 0
        ? 'There is no step further.'
        : `One step further there is no such round: ${refusedBeyond.map(({ path, reason }) => `${path.join('.')} ${reason}`).join('; ')}.`
      : `One step further it comes to ${inWords(goal, oneStepBeyond)}, and the goal is not met.`
  const keeping = listed(keepers.map(({ holder, afterPart }) => `${holder} with ${formatNumeric(afterPart * 100n)} %`))
  const kept = keepers.length === 0 ? '' : ` They are ${keeping}.`
  const waver = monotone ? '' : ' Rounding makes the figure waver: another answer may lie elsewhere.'
  return printable(
    `Goal ${goal}: ${answer}. It comes to ${inWords(goal, reached)}.${kept} ${beyond}${waver} ${pointsTried} rounds were solved.`,
  )
}

/** For the file: what was asked, what came out. */
export const goalJson = ({ goal }: AskedGoal, found: GoalAnswer): JsonValue => ({
  goal,
  tokens: formatTokens(found.tokens),
  preMoney: { amount: formatNumeric(found.preMoney.amount), currency: found.preMoney.currency },
  reached: formatNumeric(found.reached),
  keepers: found.keepers.map(({ holderId, holder, afterPart }) => ({
    ...{ holderId, holder, afterPart: formatNumeric(afterPart) },
  })),
  oneStepBeyond: found.oneStepBeyond === null ? null : formatNumeric(found.oneStepBeyond),
  monotone: found.monotone,
})

/** The terms with the answer in them, as a file that `equihour model` takes again. */
export const termsFile = ({ terms }: GoalAnswer): string => `${JSON.stringify(writeTerms(terms), null, 2)}\n`
