/**
 * Flags: rules over facts, findings with evidence, and the flags that stop gates. Knows no other capability: each exports
 * fact providers, and the composition root registers them.
 */

export { checkGate } from './check-gate.ts'
export type { Fact, FactProvider, FactQuestion } from './fact.ts'
export { FACT_KINDS, FACT_NAMES, type FactName, type FactValue, factJsonSchema, isFactName } from './fact-catalogue.ts'
export { FactRegistry } from './fact-registry.ts'
export { bookingSuspension } from './facts.ts'
export { FactsAtHand } from './facts-at-hand.ts'
export { evaluate, evaluateGate, type Finding, type FindingInput, type FindingTable } from './finding.ts'
export { type FindingView, findingsOfRun, gateRunSince } from './finding.views.ts'
export { FLAG_EVENT_KINDS, FLAG_STATES, type FlagState, SETTLEMENTS } from './flag.store.ts'
export {
  type FlagEventView,
  type FlagFilter,
  type FlagView,
  flagCounts,
  flagEvents,
  flagPages,
  flagsById,
  mustSeeFlag,
} from './flag.views.ts'
export { BarCannotBeWaived, FindingChanged, OpenFlags, type StandingRule } from './flag-errors.ts'
export { seesFlags } from './flag-visibility.ts'
export { RecheckFlagsInput, recheckFlags } from './recheck-flags.ts'
export { RecordFactInput, recordFact } from './record-fact.ts'
export { factsOnRecord, type RecordedFactView, recordedFact } from './recorded-fact.views.ts'
export { type GateQuestion, refuseWhileOpen } from './refuse-while-open.ts'
export {
  GATES,
  type Gate,
  OUTCOMES,
  type Outcome,
  RULE_KINDS,
  type Rule,
  type RuleKind,
  SIGNAL_NOTICE,
  stops,
} from './rule.ts'
export { SURENESSES, type Sureness } from './rule-table.ts'
export { RULES, ruleById } from './rules.ts'
export { type FlagsDeps, type GateRequest, type GateRun, runGate } from './run-gate.ts'
export { SubmitEvidenceInput, submitEvidence } from './submit-evidence.ts'
export { WaiveFlagInput, waiveFlag } from './waive-flag.ts'
