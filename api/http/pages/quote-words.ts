/** The rules by which a quoted reservation is charged, in sentences: all of them, before anybody confirms. */
import type { NoShowFound, QuotedRules, StoredQuote } from '../../clusters/index.ts'
import { formatNumeric, NUMERIC_PLACES, type Numeric } from '../../platform/index.ts'

const ONE: Numeric = 10n ** BigInt(NUMERIC_PLACES)
const part = (value: Numeric): string => `${formatNumeric(value * 100n)}%`
const period = (minutes: number): string => {
  if (minutes % (24 * 60) === 0 && minutes > 0) return minutes === 24 * 60 ? 'a day' : `${minutes / (24 * 60)} days`
  if (minutes % 60 === 0 && minutes > 0) return minutes === 60 ? 'an hour' : `${minutes / 60} hours`
  return minutes === 1 ? 'a minute' : `${minutes} minutes`
}

/** What applies to each lot that can pay, each sentence once; then what is the pool's. */
export const ruleWords = ({ rules, lockMinutes, noShow }: Pick<StoredQuote, 'rules' | 'lockMinutes' | 'noShow'>) => [
  ...new Set([
    ...rules.flatMap((own) => wordsOf(own, lockMinutes)),
    `${foundWords(noShow)} The provider may say so once that time is over. Use that is told late puts it right.`,
    'What is given up of a confirmed reservation is charged like a cancellation of it. If the provider does not decide in time, or cancels, everything returns but what was used.',
  ]),
]

/** What applies to a change of a reservation: the rules of the day on which it was asked for, each sentence once. */
export const changeWords = ({
  rules,
  lockMinutes,
}: {
  readonly rules: readonly QuotedRules[]
  readonly lockMinutes: number
}): string[] => [
  ...new Set([
    ...rules.flatMap((own) => wordsOf(own, lockMinutes)),
    'What is given up is charged like a cancellation; of one that runs, as past the lock time, and never more than keeping it unused would be.',
  ]),
]

function wordsOf(rules: QuotedRules, lockMinutes: number): string[] {
  const lock = lockMinutes % 60 === 0 ? `${lockMinutes / 60} hours` : `${lockMinutes} minutes`
  const reserved = rules.charging === 'RESERVED'
  const noShowPart = reserved ? rules.noShowPart : 0n
  return [
    reserved
      ? 'The reserved time is charged, used or not; what is not used earns no shares unless the terms say so.'
      : 'Only metered use is charged.',
    ...cancelWords(rules.refunds, lock),
    `Cancelled less than ${lock} before the start, ${part(rules.lockedRefund)} returns.`,
    `Unused for ${rules.noShowGraceMinutes} minutes, the GPUs are given to others and ${noShowPart === 0n ? 'nothing' : part(noShowPart)} is charged.`,
    ...(reserved ? [outageWords(rules.outageFactor)] : []),
  ]
}

/** The last step holds until the lock time, whenever its own hours are over. */
function cancelWords(refunds: QuotedRules['refunds'], lock: string): string[] {
  const last = refunds.at(-1)
  if (last === undefined) return [`Cancelled at least ${lock} before the start, everything returns.`]
  const until = `at least ${lock} before the start, ${part(last.part)} returns.`
  return [
    ...refunds
      .slice(0, -1)
      .map(
        ({ hoursBefore, part: back }) =>
          `Cancelled at least ${hoursBefore} hours before the start, ${part(back)} returns.`,
      ),
    refunds.length === 1 ? `Cancelled ${until}` : `Cancelled later, but ${until}`,
  ]
}

const outageWords = (factor: Numeric): string =>
  factor === ONE
    ? 'Time in which GPUs are down and nothing ran is credited.'
    : `Time in which GPUs are down and nothing ran is credited ${formatNumeric(factor)} times.`

/** When it is decided that nobody came: charging for it waits until somebody could have been heard of. */
function foundWords({ by, minutes }: NoShowFound): string {
  switch (by) {
    case 'SCHEDULER':
      return `Whether anybody came is asked of the scheduler ${period(minutes)} after that time.`
    case 'METER':
      return minutes === 0
        ? 'Whether anybody came is told by the meter at once.'
        : `The meter tells of use within ${period(minutes)}: whether anybody came is decided so long after that time.`
    case 'AFTER_END':
      return `The meter tells of jobs that have ended: whether anybody came is decided ${period(minutes)} after the end.`
  }
}
