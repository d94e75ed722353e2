/**
 * Does a provider treat the company's requests for GPUs worse than others'? What it refuses delays what the company earns
 * and what the fund vests, and may favour whoever competes with the company: the provider itself, perhaps.
 */
import type { FactValue } from '../../fact-catalogue.ts'
import type { Facts } from '../../facts-at-hand.ts'
import { definePolicy, type Verdict } from '../../rule.ts'

export const allocationDisparity = definePolicy({
  id: 'conflict.allocation_disparity',
  kind: 'watch',
  title: "Requests of the company are treated worse than others'",
  citation:
    "The fund's conflict policy: even-handed allocation; compare 2023 Merger Guidelines, Guideline 5 (access to a product that rivals use)",
  gates: ['propose', 'close', 'amend', 'reserve'],
  datedBy: 'act_date',
  facts: ['allocation.decisions'],
  table: null,
  evidence: [],
  evaluate: examine,
})

/** Requests on each side below which a comparison says nothing. */
const FEWEST = 3
/** Percentage points by which the company's refusals may exceed the others'. */
const POINTS = 25
/** Times the others' median wait that the company's may be. */
const TIMES = 2

const THRESHOLD = `Refused at most ${POINTS} percentage points more often than others, and kept waiting at most ${TIMES} times as long, with ${FEWEST} requests on each side`

type Decisions = FactValue<'allocation.decisions'>['company']

function examine(facts: Facts): Verdict {
  const fact = facts.value('allocation.decisions')
  if (fact === undefined) return undecided('It is not known how requests for GPUs were decided.')
  const { since, company, others } = fact
  const lines = [words('The company', company, since), words('All others in the same pools', others, since)]
  if (company.requests === 0) return verdict('clear', [...lines, 'There is nothing to compare.'])
  if (company.requests < FEWEST || others.requests < FEWEST) {
    return undecided(...lines, `A comparison takes ${FEWEST} requests on each side.`)
  }
  // a/b - c/d > 25/100, in whole numbers.
  const product = company.requests * others.requests
  const more = company.refused * others.requests - others.refused * company.requests
  const refusals = more * 100 > POINTS * product
  const [ours, theirs] = [company.medianWaitSeconds ?? 0, others.medianWaitSeconds ?? 0]
  const waits = ours > TIMES * theirs
  if (!refusals && !waits) return verdict('clear', [...lines, 'Neither is beyond the threshold.'])
  return verdict('flag', [
    ...lines,
    ...(refusals ? [`Refusals: ${Math.round((more * 100) / product)} percentage points more than others.`] : []),
    ...(waits ? [`Waiting: ${ours} s is more than ${TIMES} times ${theirs} s.`] : []),
  ])
}

const words = (who: string, { requests, refused, medianWaitSeconds }: Decisions, since: string): string =>
  `${who}: ${refused} of ${requests} requests refused since ${since}${medianWaitSeconds === null ? '' : `, median wait ${medianWaitSeconds} s`}.`

const CLEARED_BY = [
  "Ask the provider for the reasons of its decisions, and record the answer as the company's and the fund's evidence.",
  'Later decisions that are even-handed.',
]
const verdict = (outcome: 'flag' | 'clear', arithmetic: readonly string[]): Verdict => ({
  outcome,
  threshold: THRESHOLD,
  arithmetic,
  missing: [],
  clearedBy: outcome === 'flag' ? CLEARED_BY : [],
})
const undecided = (...arithmetic: string[]): Verdict => ({
  outcome: 'cannot_tell',
  threshold: THRESHOLD,
  arithmetic,
  missing: ['allocation.decisions'],
  clearedBy: ['More decisions of providers on requests in the same pools.'],
})
