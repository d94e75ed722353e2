/** What drawdown refuses. */
import { DomainError, globalId, type Uuid } from '../platform/index.ts'

/**
 * The usage would have earned shares of a grant whose shares have moved already. Kept aside for operations: whether anything is
 * owed for it is between the parties.
 */
export class GrantSettled extends DomainError {
  readonly code = 'GRANT_SETTLED'
  readonly externalId: string
  readonly grantId: string
  constructor(externalId: string, companyId: Uuid, grantId: Uuid) {
    super(
      `The usage record "${externalId}" is of the time in which a grant still earned, and that grant is settled: its shares have moved. Nothing was charged.`,
    )
    this.externalId = externalId
    this.grantId = globalId('Grant', companyId, grantId)
  }
}

/** The month is not over, is stated already, or a later month is. */
export class MonthNotStatable extends DomainError {
  readonly code = 'MONTH_NOT_STATABLE'
  readonly month: string
  readonly reason: string
  constructor(month: string, reason: string) {
    super(`The statement of ${month.slice(0, 7)} cannot be made: ${reason}. Nothing was changed.`)
    this.month = month
    this.reason = reason
  }
}

/** The statement that the caller answers is not the one that was stated: its hash differs. */
export class StatementChanged extends DomainError {
  readonly code = 'STATEMENT_CHANGED'
  readonly sha256: string
  constructor(sha256: string) {
    super(
      `What you answer is not the statement as it was stated: that one has the SHA-256 ${sha256.slice(0, 12)}…. Nothing was changed. Read it again.`,
    )
    this.sha256 = sha256
  }
}
