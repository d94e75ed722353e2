/** What flags refuse. */
import { DomainError } from '../platform/index.ts'
import type { Gate, Outcome, RuleKind } from './rule.ts'

/** A rule that holds a gate shut, and what would open it. */
export type StandingRule = {
  /** Global id of the flag; `null` where the rule was not run on this subject for this date. */
  readonly flagId: string | null
  readonly ruleId: string
  readonly kind: RuleKind
  readonly title: string
  /** `null` where the rule was not run. */
  readonly outcome: Outcome | null
  readonly clearedBy: readonly string[]
}

/** The gate is shut: by open flags, or by rules that were not run. */
export class OpenFlags extends DomainError {
  readonly code = 'OPEN_FLAGS'
  readonly gate: Gate
  readonly subject: string
  readonly flags: readonly StandingRule[]
  constructor(gate: Gate, subject: string, flags: readonly StandingRule[]) {
    const list = flags.map(({ title, kind, outcome }) => `${title} (${kind}, ${said(outcome)})`).join('; ')
    super(
      `Open flags stop the step "${gate}": ${list}. Nothing else was changed. Clear them as each one says, then try again.`,
    )
    this.gate = gate
    this.subject = subject
    this.flags = flags
  }
}

const said = (outcome: Outcome | null): string => (outcome === null ? 'not run' : outcome.replace('_', ' '))

/** A bar ends by evidence or changed facts; nobody may waive it. */
export class BarCannotBeWaived extends DomainError {
  readonly code = 'BAR_CANNOT_BE_WAIVED'
  readonly ruleId: string
  /** Ids of the kinds of evidence that end it. */
  readonly endedBy: readonly string[]
  constructor(ruleId: string, title: string, endedBy: readonly string[]) {
    super(`"${title}" is a bar and cannot be waived. Nothing was changed. Submit evidence, or record changed facts.`)
    this.ruleId = ruleId
    this.endedBy = endedBy
  }
}

/** The rule found something else since the finding that the caller read. */
export class FindingChanged extends DomainError {
  readonly code = 'FINDING_CHANGED'
  /** Global id of the finding that stands now. */
  readonly findingId: string
  constructor(findingId: string) {
    super('The rule has found something else since. Nothing was changed. Read the new finding, then decide again.')
    this.findingId = findingId
  }
}
