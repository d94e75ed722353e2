import { DomainError, type InputFault } from '../platform/index.ts'

/** The terms are well formed, but there is no such round over this cap table. Names every term to change. */
export class TermsRefused extends DomainError {
  readonly code = 'TERMS_REFUSED'
  readonly faults: readonly InputFault[]
  constructor(faults: readonly InputFault[]) {
    super(
      `The terms do not fit the company's cap table: ${faults
        .map(({ path, reason }) => `${path.join('.')} ${reason}`)
        .join('; ')}. Nothing was changed.`,
    )
    this.faults = faults
  }
}

/** Somebody revised the terms meanwhile: the caller has read version `given`, the round is at version `current`. */
export class StaleTerms extends DomainError {
  readonly code = 'STALE_TERMS'
  readonly given: number
  readonly current: number
  constructor(given: number, current: number) {
    super(
      `The terms are at version ${current}, not ${given}. Nothing was changed. Read the current version and decide again.`,
    )
    this.given = given
    this.current = current
  }
}

/** An amendment changes terms that it may not change, or not so. Names every one of them. */
export class NotAmendable extends DomainError {
  readonly code = 'NOT_AMENDABLE'
  readonly faults: readonly InputFault[]
  constructor(faults: readonly InputFault[]) {
    super(
      `These terms cannot be amended so: ${faults
        .map(({ path, reason }) => `${path.join('.')} ${reason}`)
        .join('; ')}. Nothing was changed.`,
    )
    this.faults = faults
  }
}
