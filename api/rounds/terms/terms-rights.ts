/** Rights to take part in a round, and options that are promised: what is named beside what investors subscribe for. */
import { z } from 'zod'
import {
  formatDecimal,
  formatNumeric,
  type InputFault,
  NUMERIC_PLACES,
  type Numeric,
  zMoney,
  zNumeric,
  zText,
} from '../../platform/index.ts'
import { zWholeShares } from './term-pieces.ts'

const Exercise = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('NONE') }),
    z.strictObject({ kind: z.literal('FULL') }),
    z.strictObject({ kind: z.literal('MONEY'), amount: zMoney }),
    z.strictObject({ kind: z.literal('SHARES'), shares: zWholeShares }),
  ],
  { error: 'must be NONE, FULL, MONEY with amount, or SHARES with shares' },
)

const Right = z.strictObject({
  holder: zText(200),
  /** Its id in the company's OCF data: a right belongs to somebody who holds something. */
  stakeholderId: zText(100),
  /**
   * `NEW_SECURITIES`: a part of all that the round sells, what is bought by rights included. `COMPANY_AFTER`: as much as
   * brings all that it has to a part of the company after the round.
   */
  of: z.enum(['NEW_SECURITIES', 'COMPANY_AFTER']),
  /** Left out: its part of the fully diluted company before the round. More than that is a super pro rata right. */
  part: zNumeric.optional(),
  exercise: Exercise,
})
export type RightTerms = z.output<typeof Right>

export const ProRataRights = z.array(Right).max(200, { error: 'has more than 200 rights' })

export const PromisedOptions = z.strictObject({
  shares: zWholeShares,
  /**
   * `POOL`: shares that plans hold already; they are promised, so no target counts them. `ON_TOP`: not reserved yet; the
   * closing reserves them.
   */
  from: z.enum(['POOL', 'ON_TOP']),
})
export type PromisedOptionsTerms = z.output<typeof PromisedOptions>

const ONE: Numeric = 10n ** BigInt(NUMERIC_PLACES)

export function* rightsFaults(
  rights: readonly RightTerms[] | undefined,
  promised: PromisedOptionsTerms | undefined,
  currency: string | undefined,
): Iterable<InputFault> {
  if (promised?.shares === 0n) {
    yield { path: ['promisedOptions', 'shares'], reason: 'must be more than zero: leave promisedOptions out' }
  }
  const seen = new Set<string>()
  for (const [index, { stakeholderId, part, exercise }] of (rights ?? []).entries()) {
    const path = ['proRataRights', index]
    if (seen.has(stakeholderId)) yield { path: [...path, 'stakeholderId'], reason: 'has two rights in the round' }
    seen.add(stakeholderId)
    if (part !== undefined && (part === 0n || part >= ONE)) {
      yield { path: [...path, 'part'], reason: 'must be more than 0 and less than 1: "0.1" is ten percent' }
    }
    if (exercise.kind === 'MONEY' && exercise.amount.amount === 0n) {
      yield { path: [...path, 'exercise', 'amount', 'amount'], reason: 'must be more than zero: use NONE' }
    }
    if (exercise.kind === 'MONEY' && currency !== undefined && exercise.amount.currency !== currency) {
      const reason = `is ${exercise.amount.currency}, but the pre-money valuation is in ${currency}: a round has one currency`
      yield { path: [...path, 'exercise', 'amount', 'currency'], reason }
    }
    if (exercise.kind === 'SHARES' && exercise.shares === 0n) {
      yield { path: [...path, 'exercise', 'shares'], reason: 'must be more than zero: use NONE' }
    }
  }
  yield* mixedFaults(rights ?? [])
}

/** A part of what is sold must be known in money before the price is: what is sold by number or by target is not. */
function* mixedFaults(rights: readonly RightTerms[]): Iterable<InputFault> {
  const full = rights.filter(({ exercise }) => exercise.kind === 'FULL')
  const ofSold = full.some((right) => right.of === 'NEW_SECURITIES')
  const byNumber =
    full.some((right) => right.of === 'COMPANY_AFTER') || rights.some(({ exercise }) => exercise.kind === 'SHARES')
  if (ofSold && byNumber) {
    const reason =
      'exercises a part of new securities in full beside rights by number or to a part of the company: say the money of one of them'
    yield { path: ['proRataRights'], reason }
  }
}

/** The right back on the wire. */
export const writeRights = (rights: readonly RightTerms[]): z.input<typeof ProRataRights> =>
  rights.map(({ part, exercise, ...plain }) => ({
    ...plain,
    ...(part === undefined ? {} : { part: formatNumeric(part) }),
    exercise: writeExercise(exercise),
  }))

function writeExercise(exercise: RightTerms['exercise']): z.input<typeof Exercise> {
  if (exercise.kind === 'MONEY') {
    const { amount, currency } = exercise.amount
    return { kind: exercise.kind, amount: { amount: formatNumeric(amount), currency } }
  }
  if (exercise.kind === 'SHARES') return { kind: exercise.kind, shares: formatDecimal(exercise.shares, 0) }
  return exercise
}

export const writePromised = ({ shares, from }: PromisedOptionsTerms): z.input<typeof PromisedOptions> => ({
  shares: formatDecimal(shares, 0),
  from,
})
