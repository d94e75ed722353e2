/** What a rule found: everything a person needs to check it without this program. */
import type { JsonValue } from '../platform/index.ts'
import { canonicalJson, sha256 } from '../platform/index.ts'
import { FACT_KINDS, type FactName } from './fact-catalogue.ts'
import type { FactsAtHand } from './facts-at-hand.ts'
import type { DatedBy, Gate, Outcome, Rule, RuleKind, Verdict } from './rule.ts'
import type { Sureness } from './rule-table.ts'

/** A fact as it went into the rule. */
export type FindingInput = {
  readonly name: FactName
  readonly title: string
  readonly value: JsonValue
  readonly source: string
  readonly asOf: string
}

/** The row of the rule's table that was in force. */
export type FindingTable = {
  readonly from: string
  readonly until: string | null
  readonly citation: string
  readonly source: string
}

export type Finding = {
  readonly ruleId: string
  readonly kind: RuleKind
  readonly title: string
  readonly citation: string
  readonly outcome: Outcome
  readonly datedBy: DatedBy
  readonly onDate: string
  readonly inputs: readonly FindingInput[]
  readonly missing: readonly FactName[]
  readonly threshold: string
  readonly arithmetic: readonly string[]
  /** `null` for a house policy, and where no row was in force. */
  readonly table: FindingTable | null
  readonly sureness: Sureness
  readonly clearedBy: readonly string[]
  /** SHA-256 in hex over rule, outcome, grounds (the input values, unless the rule names others) and table row: equal prints, equal grounds. A waiver holds for one print. */
  readonly print: string
}

/** Runs one rule over the facts, as of the date that the rule names. Pure. */
export function evaluate(rule: Rule, facts: FactsAtHand, onDate: string): Finding {
  const { row, ...verdict } = rule.examine(facts, onDate)
  const inputs = rule.facts.flatMap((name): FindingInput[] => {
    const fact = facts.find(name)
    if (fact === undefined) return []
    return [{ name, title: FACT_KINDS[name].title, value: fact.value, source: fact.source, asOf: fact.asOf }]
  })
  const unusable = rule.facts.filter((name) => facts.unusable(name))
  const table = row === null ? null : { from: row.from, until: row.until, citation: row.citation, source: row.source }
  return {
    ruleId: rule.id,
    kind: rule.kind,
    title: rule.title,
    citation: rule.citation,
    outcome: verdict.outcome,
    datedBy: rule.datedBy,
    onDate,
    inputs,
    missing: verdict.missing,
    threshold: verdict.threshold,
    arithmetic: [
      ...unusable.map((name) => `The recorded value of ${name} has not the shape it needs, and was not used.`),
      ...verdict.arithmetic,
    ],
    table,
    sureness: row?.sureness ?? (verdict.outcome === 'cannot_tell' ? 'low' : 'high'),
    clearedBy: verdict.clearedBy,
    print: printOf(rule.id, verdict, inputs, table),
  }
}

/** Every rule of the gate over the facts. Pure: the command line uses it without a database. */
export function evaluateGate(rules: readonly Rule[], facts: FactsAtHand, gate: Gate, onDate: string): Finding[] {
  return rules.filter((rule) => rule.gates.includes(gate)).map((rule) => evaluate(rule, facts, onDate))
}

/** Sources and dates of inputs are left out: the same value confirmed by a second source is no changed ground. */
function printOf(
  rule: string,
  { outcome, grounds: named }: Pick<Verdict, 'outcome' | 'grounds'>,
  inputs: readonly FindingInput[],
  table: FindingTable | null,
): string {
  const grounds = {
    rule,
    outcome,
    inputs: named ?? Object.fromEntries(inputs.map(({ name, value }) => [name, value])),
    row: table?.from ?? null,
  }
  return sha256(canonicalJson(grounds)).toString('hex')
}
