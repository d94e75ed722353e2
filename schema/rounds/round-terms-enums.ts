/** The words that terms choose from: the field's own, so some are in capitals and some are not. */

import { ROUNDINGS } from '../../api/platform/index.ts'
import {
  ALLOCATIONS,
  DEMAND_CONFIRMERS,
  MILESTONE_CONFIRMERS,
  RISK_BEARERS,
  RISK_EVENTS,
  UNEARNED_BASES,
  UNEARNED_COMPUTE,
  VEST_BASES,
  WAIVERS,
} from '../../api/rounds/index.ts'
import { DRAW_ORDERS } from '../../api/tokens/index.ts'
import { builder } from '../kernel/builder.ts'

export const Rounding = builder.enumType('Rounding', {
  description:
    'How a result that does not fit its places is rounded: towards zero, away from it, half away, half to even.',
  values: ROUNDINGS,
})
export const Participation = builder.enumType('Participation', {
  description: 'Whether preferred shares also take part with common after their preference.',
  values: ['none', 'full', 'capped'] as const,
})
export const PoolKind = builder.enumType('PoolKind', {
  description: 'How the round sizes the pool: not at all, by a number of shares, or to a part of all shares after it.',
  values: ['NONE', 'INCREASE', 'TARGET'] as const,
})
export const ReleaseKind = builder.enumType('ReleaseKind', {
  description:
    'How tokens become available: all at closing, in equal monthly parts, on listed dates, by milestones that somebody confirms, or when the company asks.',
  values: ['AT_CLOSE', 'MONTHLY', 'LIST', 'MILESTONES', 'ON_DEMAND'] as const,
})
export const Charging = builder.enumType('Charging', {
  description:
    'What is charged: reserved time whether used or not, or metered use only. Where a reservation holds tokens of both, its unused time is charged to those of RESERVED alone, at most what is left of them; those of METERED return.',
  values: ['RESERVED', 'METERED'] as const,
})
export const VestBasis = builder.enumType('VestBasis', {
  description: 'Which causes of a charge earn equity.',
  values: VEST_BASES,
})
export const Allocation = builder.enumType('Allocation', {
  description: 'Allocation type of Open Cap Format 1.2.0.',
  values: ALLOCATIONS,
})
export const UnearnedDividends = builder.enumType('UnearnedDividends', {
  description:
    'Dividends on unearned shares: none, held until the share is earned, paid, or in proportion to what is paid on it.',
  values: ['none', 'held_until_earned', 'paid', 'in_proportion'] as const,
})
export const UnearnedBasisEnum = builder.enumType('UnearnedBasis', {
  description:
    'Corporate basis: fully paid by a binding promise, partly paid (8 Del. C. section 156), or issued in tranches (section 152).',
  values: UNEARNED_BASES,
})
export const UnearnedPreference = builder.enumType('UnearnedPreference', {
  description: 'Liquidation preference of unearned shares: only as far as earned, or in full.',
  values: ['earned_only', 'full'] as const,
})
export const UnearnedCompute = builder.enumType('UnearnedCompute', {
  description:
    'Who bears what earlier instruments for compute may still take. COUNTED: price and base count it, as options and warrants, so the present holders do. LEFT_OUT: whoever holds shares when it is earned, the buyers of the round among them.',
  values: UNEARNED_COMPUTE,
})
export const RiskEvent = builder.enumType('RiskEvent', {
  description: 'What the risk table has a row for.',
  values: RISK_EVENTS,
})
export const RiskBearer = builder.enumType('RiskBearer', { description: 'Who bears the loss.', values: RISK_BEARERS })
export const ConditionWaiver = builder.enumType('ConditionWaiver', {
  description: 'Who may waive a condition of closing.',
  values: WAIVERS,
})
export const MilestoneConfirmer = builder.enumType('MilestoneConfirmer', {
  description: 'Whose people confirm a milestone: never the company’s, which gets the tokens.',
  values: MILESTONE_CONFIRMERS,
})
export const DemandConfirmer = builder.enumType('DemandConfirmer', {
  description: 'Whose people confirm what the company asks for on demand.',
  values: DEMAND_CONFIRMERS,
})
export const DrawOrderEnum = builder.enumType('DrawOrder', {
  description:
    'Which lots of a class are drawn first: those that expire first, the oldest, grants, what no grant opened, or what was given before what was paid for. Among equals those that expire first.',
  values: DRAW_ORDERS,
})
