/** May the company book at all? Compliance suspends bookings by recording so, and lifts it by recording that. */
import type { Facts } from '../../facts-at-hand.ts'
import { definePolicy, type Verdict } from '../../rule.ts'

export const bookingsSuspended = definePolicy({
  id: 'house.bookings_suspended',
  kind: 'bar',
  title: 'Bookings of the company are suspended',
  citation: "The fund's compliance policy: suspension of redemption",
  gates: ['reserve'],
  datedBy: 'act_date',
  facts: ['company.bookings_suspended'],
  table: null,
  evidence: [{ id: 'lifting', title: 'The order that lifts the suspension' }],
  evaluate: examine,
})

const THRESHOLD = 'Not suspended'

function examine(facts: Facts): Verdict {
  const fact = facts.value('company.bookings_suspended')
  if (fact === undefined) {
    return {
      outcome: 'cannot_tell',
      threshold: THRESHOLD,
      arithmetic: ['It is not known whether bookings of the company are suspended.'],
      missing: ['company.bookings_suspended'],
      clearedBy: ['Record company.bookings_suspended, with source and date.'],
    }
  }
  if (!fact.suspended) {
    return {
      outcome: 'clear',
      threshold: THRESHOLD,
      arithmetic: [`Not suspended: ${fact.why}.`],
      missing: [],
      clearedBy: [],
    }
  }
  return {
    outcome: 'flag',
    threshold: THRESHOLD,
    arithmetic: [`Suspended: ${fact.why}.`],
    missing: [],
    clearedBy: ['Record that the suspension is lifted, with source and date.', 'Or submit the order that lifts it.'],
  }
}
