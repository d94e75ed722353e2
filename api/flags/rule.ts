/** What a rule is. A rule is a pure function of facts and of the row of its table that is in force on the date it names. */
import type { JsonValue } from '../platform/index.ts'
import type { FactName } from './fact-catalogue.ts'
import type { Facts } from './facts-at-hand.ts'
import { type DatedRow, type RuleTable, rowInForce } from './rule-table.ts'

/** Said with every finding, wherever it is shown. */
export const SIGNAL_NOTICE = 'A signal for people, not a legal conclusion.'

/** Steps that open flags stop. Source: DESIGN.md section 1. */
export const GATES = ['propose', 'sign', 'close', 'issue', 'amend', 'reserve', 'transfer'] as const
export type Gate = (typeof GATES)[number]

/**
 * `bar` ends only by evidence or by changed facts; `policy` may be waived with a reason; `watch` is shown and never stops.
 */
export const RULE_KINDS = ['bar', 'policy', 'watch'] as const
export type RuleKind = (typeof RULE_KINDS)[number]

/** Whether an open flag of this kind stops a gate, whether it was flagged or could not be told (docs/adr/0005-open-flags.md). */
export const stops = (kind: RuleKind): boolean => kind !== 'watch'

/** `cannot_tell` is an answer of its own: it is never shown, counted or treated as `clear`. */
export const OUTCOMES = ['flag', 'clear', 'cannot_tell'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** Which date chooses the row of the rule's table. The gate's caller gives it as `onDate`. */
export const DATED_BY = ['closing_date', 'act_date'] as const
export type DatedBy = (typeof DATED_BY)[number]

/** What ends a bar, named by the rule that accepts it. */
export type EvidenceKind = {
  readonly id: string
  readonly title: string
  /** Whole years after which the evidence no longer counts, where the law says so. */
  readonly lapsesAfterYears?: number
}

/** What a rule answers. `threshold` and `arithmetic` are for a person who checks the sum by hand. */
export type Verdict = {
  readonly outcome: Outcome
  readonly threshold: string
  readonly arithmetic: readonly string[]
  /** Facts without which the rule could not decide, most useful first. */
  readonly missing: readonly FactName[]
  /** What would clear it, as instructions. Empty when it is clear. */
  readonly clearedBy: readonly string[]
  /**
   * What a waiver or an acknowledgement holds for, where the inputs change from one run to the next and what was found does
   * not. Left out, it holds for exactly these inputs.
   */
  readonly grounds?: JsonValue
}

export type RuleDefinition<Row> = {
  /** Stable and never reused: `antitrust.hsr_size_of_transaction`. */
  readonly id: string
  readonly kind: RuleKind
  readonly title: string
  readonly citation: string
  readonly gates: readonly Gate[]
  readonly datedBy: DatedBy
  /** Every fact that it may ask for. */
  readonly facts: readonly FactName[]
  /** `null` for a house policy that has no dated figures. */
  readonly table: RuleTable<Row> | null
  /** Evidence that ends it. Only a bar takes evidence. */
  readonly evidence: readonly EvidenceKind[]
  /** Pure. `row` is the row in force. Asks `facts` by name; an absent fact must lead to `cannot_tell` where it matters. */
  readonly evaluate: (facts: Facts, row: Row) => Verdict
}

/** A rule with the type of its row closed over, so that forty different ones fit one list. */
export type Rule = Omit<RuleDefinition<never>, 'table' | 'evaluate'> & {
  /** `onDate` is the date that `datedBy` names, `YYYY-MM-DD`. */
  readonly examine: (facts: Facts, onDate: string) => Verdict & { readonly row: DatedRow<unknown> | null }
}

/** Makes a {@link Rule} of its definition: no row on the date means `cannot_tell`, whatever the facts. */
export function defineRule<Row>(definition: RuleDefinition<Row> & { readonly table: RuleTable<Row> }): Rule {
  const { table, evaluate, ...rest } = definition
  return {
    ...rest,
    examine: (facts, onDate) => {
      const row = rowInForce(table, onDate)
      if (row === undefined) return { ...noRow(table, onDate), row: null }
      return { ...evaluate(facts, row.value), row }
    },
  }
}

/** Makes a {@link Rule} of a house policy: no dated figures. */
export function definePolicy(definition: RuleDefinition<null> & { readonly table: null }): Rule {
  const { table: _, evaluate, ...rest } = definition
  return { ...rest, examine: (facts) => ({ ...evaluate(facts, null), row: null }) }
}

function noRow(table: RuleTable<unknown>, onDate: string): Verdict {
  return {
    outcome: 'cannot_tell',
    threshold: `${table.title}: no figures on record for ${onDate}`,
    arithmetic: [
      `The table holds ${table.rows.map((row) => `${row.from} to ${row.until === null ? 'now' : `before ${row.until}`}`).join(', ')}.`,
      `${onDate} is in none of them, and figures of another year are not used in its place.`,
    ],
    missing: [],
    clearedBy: [`Add the row in force on ${onDate} to the table, with its source, and run the rules again.`],
  }
}
