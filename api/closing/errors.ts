/** What closing refuses. */
import { DomainError } from '../platform/index.ts'

/** Conditions of closing are neither met nor waived. */
export class ConditionsOpen extends DomainError {
  readonly code = 'CONDITIONS_OPEN'
  readonly conditions: readonly { readonly code: string; readonly wording: string }[]
  constructor(conditions: readonly { code: string; wording: string }[]) {
    super(
      `The round cannot close: ${conditions.map((condition) => condition.code).join(', ')} ${conditions.length === 1 ? 'is' : 'are'} neither met nor waived. Nothing was changed.`,
    )
    this.conditions = conditions
  }
}

/** The cap table is not the one that the accepted document was computed on: it would issue other shares than it promises. */
export class CapTableMoved extends DomainError {
  readonly code = 'CAP_TABLE_MOVED'
  readonly promised: string
  readonly now: string
  constructor(promised: string, now: string) {
    super(
      `The cap table has changed since the term sheet was issued: it promises ${promised}; today the same terms give ${now}. Nothing was changed. Withdraw the round and draft it again.`,
    )
    this.promised = promised
    this.now = now
  }
}

/** The fund is still looking into the round. Says no more: flags are not for the company's eyes. */
export class UnderReview extends DomainError {
  readonly code = 'UNDER_REVIEW'
  override readonly transient = true
  constructor() {
    super('The fund is reviewing this round and cannot take your acceptance yet. Nothing was changed. Ask the fund.')
  }
}

/** This condition cannot be waived by the caller. */
export class NotWaivable extends DomainError {
  readonly code = 'NOT_WAIVABLE'
  readonly waivableBy: string
  constructor(waivableBy: string) {
    super(
      waivableBy === 'nobody'
        ? 'Nobody may waive this condition: it ends only by evidence that it is met. Nothing was changed.'
        : `This condition may be waived by ${waivableBy === 'both' ? 'the fund and the company together' : `the ${waivableBy}`} only. Nothing was changed.`,
    )
    this.waivableBy = waivableBy
  }
}
