/** Where a waterfall bends: the exit values at which somebody is paid in full, starts to share, or stops. */
import { type Rational, rational, rationalOfNumeric } from '../../platform/index.ts'
import { type Claims, moneyOf } from './waterfall-claims.ts'
import type { WaterfallInput } from './waterfall-terms.ts'

/**
 * What happens at a breakpoint.
 *
 * - `DEBT_PAID`: these debts, of one rank, are paid
 * - `CARVE_OUT_STARTS`, `CARVE_OUT_FULL`: the carve-out starts to take its part, or has its most
 * - `PREFERENCES_PAID`: these classes and convertibles, of one tier, have their preference; after the last, shares share
 * - `EXERCISES`, `CAP_REACHED`, `CONVERTS`: an option, a capped class, a class or convertible
 */
export type BreakpointKind =
  | 'DEBT_PAID'
  | 'CARVE_OUT_STARTS'
  | 'CARVE_OUT_FULL'
  | 'PREFERENCES_PAID'
  | 'EXERCISES'
  | 'CAP_REACHED'
  | 'CONVERTS'

/** `exit` is money, exact, not times 10^10. Several kinds may be at one exit value: each is a line of its own. */
export type Breakpoint = { readonly exit: Rational; readonly kind: BreakpointKind; readonly ids: readonly string[] }

/** All breakpoints by rising exit value; those at one value in the order in which money flows. */
export function breakpointsOf(input: WaterfallInput, claims: Claims): Breakpoint[] {
  const debts = debtBreakpoints(input)
  const owed = debts.at(-1)?.exit ?? rational(0n)
  const equity = equityBreakpoints(claims).map((point) => ({
    ...point,
    exit: owed.add(beforeCarveOut(input, point.exit)),
  }))
  const points = [...debts, ...carveOutBreakpoints(input, owed), ...equity]
  return points.sort((a, b) => a.exit.compare(b.exit))
}

function debtBreakpoints({ debts }: WaterfallInput): Breakpoint[] {
  let exit = rational(0n)
  return [...new Set(debts.map(({ rank }) => rank))]
    .sort((a, b) => a - b)
    .map((rank) => {
      const own = debts.filter((debt) => debt.rank === rank)
      exit = own.reduce((sum, { amount }) => sum.add(rationalOfNumeric(amount)), exit)
      return { exit, kind: 'DEBT_PAID', ids: own.map(({ id }) => id) }
    })
}

function carveOutBreakpoints({ carveOut }: WaterfallInput, owed: Rational): Breakpoint[] {
  if (carveOut === undefined || carveOut.part === 0n) return []
  const starts = owed.add(rationalOfNumeric(carveOut.above))
  const points: Breakpoint[] = [{ exit: starts, kind: 'CARVE_OUT_STARTS', ids: [carveOut.id] }]
  if (carveOut.atMost === undefined) return points
  const full = starts.add(rationalOfNumeric(carveOut.atMost).div(rationalOfNumeric(carveOut.part)))
  return [...points, { exit: full, kind: 'CARVE_OUT_FULL', ids: [carveOut.id] }]
}

/** In terms of what is left below debt and carve-out. */
function equityBreakpoints(claims: Claims): Breakpoint[] {
  const money = moneyOf(claims, 10n ** 10n)
  let paid = 0n
  const tiers = claims.tiers.map((tier, at): Breakpoint => {
    paid += tier
    const ids = claims.claims.filter((claim) => claim.tier === at).map(({ id }) => id)
    return { exit: rational(paid, money), kind: 'PREFERENCES_PAID', ids }
  })
  const steps = claims.steps.flatMap(({ numerator, denominator, fixed, sharing, changes }) => {
    const exit = rational(fixed * denominator + sharing * numerator, denominator * money)
    return changes.map(({ claim, what }): Breakpoint => ({ exit, kind: what, ids: [claims.claims[claim]?.id ?? ''] }))
  })
  return [...tiers, ...steps]
}

/** What debt must leave for `equity` to be left after the carve-out; both money, exact. */
export function beforeCarveOut({ carveOut }: WaterfallInput, equity: Rational): Rational {
  if (carveOut === undefined) return equity
  const [above, part] = [rationalOfNumeric(carveOut.above), rationalOfNumeric(carveOut.part)]
  if (equity.lte(above)) return equity
  const growing = above.add(equity.sub(above).div(rational(1n).sub(part)))
  if (carveOut.atMost === undefined) return growing
  const full = equity.add(rationalOfNumeric(carveOut.atMost))
  return growing.lt(full) ? growing : full
}
