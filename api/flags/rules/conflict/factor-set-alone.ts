/**
 * Did a provider set a factor that nobody on the fund's side signed? The factor decides how many GPUs a token buys, and
 * public figures disagree, so one hand alone on it is a signal.
 */
import { formatNumeric } from '../../../platform/index.ts'
import type { Facts } from '../../facts-at-hand.ts'
import { definePolicy, type Verdict } from '../../rule.ts'

export const factorSetAlone = definePolicy({
  id: 'conflict.factor_set_alone',
  kind: 'watch',
  title: 'A provider set a factor alone',
  citation: "The fund's conflict policy: both sides sign what a token buys",
  gates: ['propose', 'sign', 'close', 'reserve'],
  datedBy: 'act_date',
  facts: ['factors.set_alone'],
  table: null,
  evidence: [],
  evaluate: examine,
})

const THRESHOLD = 'Every factor in force is signed by both sides'
/** Factors spelled out in one finding. The inputs hold the rest. */
const SHOWN = 20

function examine(facts: Facts): Verdict {
  const fact = facts.value('factors.set_alone')
  if (fact === undefined) {
    return {
      outcome: 'cannot_tell',
      threshold: THRESHOLD,
      arithmetic: ["It is not known which factors are in force for the company's tokens."],
      missing: ['factors.set_alone'],
      clearedBy: ["Set up the pools that the company's tokens book, with their factors."],
    }
  }
  const { pools, alone } = fact
  const counted = `${alone.length} of ${pools} pools ${alone.length === 1 ? 'has' : 'have'} a factor that one side set alone.`
  if (alone.length === 0)
    return { outcome: 'clear', threshold: THRESHOLD, arithmetic: [counted], missing: [], clearedBy: [] }
  return {
    outcome: 'flag',
    threshold: THRESHOLD,
    arithmetic: [
      ...alone
        .slice(0, SHOWN)
        .map(
          (each) =>
            `${each.pool}: ${formatNumeric(each.h100HoursPerGpuHour)} H100-hours per GPU-hour by ${each.basis}, from ${each.validFrom} (${each.source}).`,
        ),
      ...(alone.length > SHOWN ? [`And ${alone.length - SHOWN} more.`] : []),
      counted,
    ],
    missing: [],
    clearedBy: ["Operations countersign the factor on the fund's behalf, or the parties agree on another."],
  }
}
