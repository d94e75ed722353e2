import { DomainError } from '../../platform/index.ts'

/** The grant is not what it was when the settlement was proposed: applying it would do something else than was read. */
export class PlanChanged extends DomainError {
  readonly code = 'PLAN_CHANGED'
  readonly proposed: string
  readonly now: string
  constructor(proposed: string, now: string) {
    super(
      `The settlement would now do something else than was proposed: proposed was plan ${proposed.slice(0, 16)}, today it is ${now.slice(0, 16)}. Nothing was changed. Withdraw it, rehearse again and propose what it does today.`,
    )
    this.proposed = proposed
    this.now = now
  }
}
