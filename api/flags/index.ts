/**
 * Flags: rules over facts, findings with evidence, and the flags that stop gates. Knows no other capability: each exports
 * fact providers, and the composition root registers them.
 */
export type { Fact, FactProvider, FactQuestion } from './fact.ts'
export { FACT_KINDS, FACT_NAMES, type FactName, type FactValue, isFactName } from './fact-catalogue.ts'
export { FactRegistry } from './fact-registry.ts'
export { FactsAtHand } from './facts-at-hand.ts'
export { evaluate, evaluateGate, type Finding, type FindingInput, type FindingTable } from './finding.ts'
export { GATES, type Gate, type Outcome, type Rule, type RuleKind, SIGNAL_NOTICE, type Sureness } from './rule.ts'
export { RULES, ruleById } from './rules.ts'
