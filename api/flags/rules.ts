/** Every rule there is. A new one is a file under `rules/<field>/` and a line here. */
import type { Rule } from './rule.ts'
import { marketConcentration } from './rules/antitrust/hhi.ts'
import { hsrSizeOfTransaction } from './rules/antitrust/hsr-size-of-transaction.ts'
import { allocationDisparity } from './rules/conflict/allocation-disparity.ts'
import { factorSetAlone } from './rules/conflict/factor-set-alone.ts'
import { providerProductOverlap } from './rules/conflict/provider-product-overlap.ts'

import { bookingsSuspended } from './rules/house/bookings-suspended.ts'
import { coverageRatio } from './rules/house/coverage-ratio.ts'

export const RULES: readonly Rule[] = [
  hsrSizeOfTransaction,
  providerProductOverlap,
  marketConcentration,
  factorSetAlone,
  allocationDisparity,
  bookingsSuspended,
  coverageRatio,
]

export const ruleById = (id: string): Rule | undefined => RULES.find((rule) => rule.id === id)
