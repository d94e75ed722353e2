/** What other capabilities may use of rounds. */
export { type ClosingCondition, defaultClosingConditions, WAIVERS, type Waiver } from './closing-conditions.ts'
export { computeConsideration } from './consideration.ts'
export { StaleTerms, TermsRefused } from './errors.ts'
export { partOf, partsOfWhole } from './parts.ts'
export { type ProForma, type ProFormaCompute, type ProFormaPurchase, type ProFormaRisk, proForma } from './pro-forma.ts'
export type { ProFormaLine } from './pro-forma-lines.ts'
export type { ProFormaNote, ProFormaNoteCode } from './pro-forma-notes.ts'
export type { ProFormaClass, ProFormaHolder } from './pro-forma-rows.ts'
export { type PlannedRelease, releaseSchedule } from './release-schedule.ts'
export {
  defaultRiskTable,
  RISK_BEARERS,
  RISK_EVENT_TITLES,
  RISK_EVENTS,
  type RiskBearer,
  type RiskEvent,
  type RiskRow,
} from './risk-table.ts'
export {
  ALLOCATIONS,
  type Allocation,
  CONTINUOUS_ALLOCATIONS,
  RoundTerms,
  type RoundTermsWire,
  type SecurityTerms,
  VEST_BASES,
  writeTerms,
} from './terms.ts'
