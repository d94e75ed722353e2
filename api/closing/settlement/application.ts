/** What a plan is applied to, and by whom. */
import type { LockedGrant } from '../../drawdown/index.ts'
import type { Ref, Uuid } from '../../platform/index.ts'
import type { GrantStanding, SettlementPlan } from './plan.ts'

export type ApplyPlan = {
  readonly ref: Ref
  readonly standing: GrantStanding
  readonly grant: LockedGrant
  readonly plan: SettlementPlan
  readonly evidence: string
  readonly happenedOn: string
  /** Who approved it; nobody where the day itself has come. */
  readonly actorId: Uuid | null
  /** Who makes the document: a document has a maker. */
  readonly madeBy: Uuid
}
