import type { RiskRow } from './risk-table.ts'
import { HOUSE_OUTCOMES, riskTableOf } from './risk-table-of.ts'

/** The table of terms that say nothing about settlement. */
export const defaultRiskTable = (): readonly RiskRow[] => riskTableOf(HOUSE_OUTCOMES)
