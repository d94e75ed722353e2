import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import { audit, type Deps, globalId, once, parse, type Ref, zIdempotencyKey, zRef, zText } from '../platform/index.ts'
import { lockForDecision } from './decide-flag.ts'
import { changeFlag, recordFlagEvent } from './flag.store.ts'
import { mustSeeFlag } from './flag.views.ts'
import { BarCannotBeWaived } from './flag-errors.ts'
import { ruleById } from './rules.ts'

/** Characters of a reason below which it is none. */
export const REASON_LENGTH = 20

export const WaiveFlagInput = z.strictObject({
  flagId: zRef('Flag'),
  /** The finding that the caller read. */
  findingId: zRef('Finding'),
  reason: zText(2000).refine(
    (reason) => reason.length >= REASON_LENGTH,
    `must say why in at least ${REASON_LENGTH} characters`,
  ),
  idempotencyKey: zIdempotencyKey,
})
export type WaiveFlagInput = z.input<typeof WaiveFlagInput>

/**
 * Compliance waives a policy flag, or acknowledges a watch, with a reason. It holds for the grounds of the finding: on
 * others the flag opens again.
 *
 * @throws {BarCannotBeWaived}
 * @throws {FindingChanged}
 */
export async function waiveFlag(deps: Deps, actor: Actor, input: WaiveFlagInput): Promise<{ flag: Ref }> {
  const { flagId: ref, findingId, reason, idempotencyKey } = parse(WaiveFlagInput, input)
  const { finding, ruleId } = await mustSeeFlag(deps.db, actor, ref)
  must(actor, 'compliance')
  if (finding.kind === 'bar') {
    throw new BarCannotBeWaived(ruleId, finding.title, ruleById(ruleId)?.evidence.map(({ id }) => id) ?? [])
  }
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'waiveFlag', scope, idempotencyKey, input }, async (trx) => {
    const { flag, print } = await lockForDecision(trx, actor, ref, findingId.id, 'waive')
    await changeFlag(trx, flag, { to: 'waived', findingId: flag.findingId, by: 'waiver', print })
    const kind = flag.kind === 'watch' ? 'acknowledged' : 'waived'
    await recordFlagEvent(trx, flag, { kind, findingId: flag.findingId, actorId: actor.id, reason })
    await audit(trx, actor, {
      scope,
      kind: `flag.${kind}`,
      subject: globalId('Flag', ref.companyId, ref.id),
      payload: { subject: flag.subject, rule: ruleId, finding: flag.findingId, print, reason },
    })
    return { flag: ref }
  })
}
