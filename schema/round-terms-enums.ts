/** The words that terms choose from: the field's own, so some are in capitals and some are not. */

import { ROUNDINGS } from '../api/platform/index.ts'
import { ALLOCATIONS, RISK_BEARERS, RISK_EVENTS, UNEARNED_BASES, VEST_BASES, WAIVERS } from '../api/rounds/index.ts'
import { builder } from './builder.ts'

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
  description: 'How tokens become available: all at closing, in equal monthly parts, or on listed dates.',
  values: ['AT_CLOSE', 'MONTHLY', 'LIST'] as const,
})
export const Charging = builder.enumType('Charging', {
  description: 'What is charged: reserved time whether used or not, or metered use only.',
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
export const RiskEvent = builder.enumType('RiskEvent', {
  description: 'What the risk table has a row for.',
  values: RISK_EVENTS,
})
export const RiskBearer = builder.enumType('RiskBearer', { description: 'Who bears the loss.', values: RISK_BEARERS })
export const ConditionWaiver = builder.enumType('ConditionWaiver', {
  description: 'Who may waive a condition of closing.',
  values: WAIVERS,
})
