/** How a grant's tokens are charged, and earn shares. */
import { z } from 'zod'
import { zTokens } from '../../platform/index.ts'
import { zCount } from './term-pieces.ts'

/** Which causes of a charge earn equity. */
export const VEST_BASES = ['delivered', 'reserved', 'released'] as const
/** Allocation types of Open Cap Format 1.2.0. */
export const ALLOCATIONS = [
  'CUMULATIVE_ROUNDING',
  'CUMULATIVE_ROUND_DOWN',
  'FRONT_LOADED',
  'BACK_LOADED',
  'FRONT_LOADED_TO_SINGLE_TRANCHE',
  'BACK_LOADED_TO_SINGLE_TRANCHE',
  'FRACTIONAL',
] as const
export type Allocation = (typeof ALLOCATIONS)[number]
/** The allocation types that are defined without tranches. Source: DESIGN.md section 5. */
export const CONTINUOUS_ALLOCATIONS: readonly Allocation[] = [
  'CUMULATIVE_ROUNDING',
  'CUMULATIVE_ROUND_DOWN',
  'FRACTIONAL',
]

export const Charging = z.enum(['RESERVED', 'METERED'])

export const Vesting = z.strictObject({
  basis: z.enum(VEST_BASES).default('delivered'),
  allocation: z.enum(ALLOCATIONS).default('CUMULATIVE_ROUND_DOWN'),
  /** Number of equal token tranches; without it vesting is continuous. */
  tranches: zCount(1, 1000).optional(),
  /** Nothing vests before the basis reaches this many tokens. */
  cliffTokens: zTokens.optional(),
})
