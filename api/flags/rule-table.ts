/** Dated figures of a rule. A date that no row covers has no figures: the rule then cannot tell. */

/** How sure the reading of the threshold is: `high` from an official text, `medium` from secondary sources, `low` from memory. */
export const SURENESSES = ['high', 'medium', 'low'] as const
export type Sureness = (typeof SURENESSES)[number]

/** One row, in force over the half-open interval `[from, until)` of dates. */
export type DatedRow<Value> = {
  readonly from: string
  /** First date on which it is no longer known to be in force; `null` only where the figures do not change by the year. */
  readonly until: string | null
  readonly value: Value
  readonly citation: string
  /** Address where the figures were read. */
  readonly source: string
  readonly sureness: Sureness
}

export type RuleTable<Value> = {
  readonly title: string
  /** Date on which somebody last compared the rows with their sources. */
  readonly checkedOn: string
  /** Ascending, not overlapping. */
  readonly rows: readonly DatedRow<Value>[]
}

/** The row in force on the date, or `undefined`: never the nearest one. */
export function rowInForce<Value>(table: RuleTable<Value>, onDate: string): DatedRow<Value> | undefined {
  return table.rows.find((row) => row.from <= onDate && (row.until === null || onDate < row.until))
}
