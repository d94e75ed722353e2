import { z } from 'zod'
import type { Actor } from '../../access/index.ts'
import { stockIssuances } from '../../captable/index.ts'
import { lockCompany, mustSeeCompany } from '../../parties/index.ts'
import {
  audit,
  type Deps,
  globalId,
  instant,
  newId,
  once,
  parse,
  Refused,
  today,
  type Uuid,
  zIdempotencyKey,
  zIsoDate,
  zKey,
  zText,
} from '../../platform/index.ts'
import { mustSpeakFor } from '../visibility.ts'
import { electionDue } from './section-83b.ts'

export const ELECTION_DECISIONS = ['ELECTED', 'NOT_ELECTED', 'NOT_APPLICABLE'] as const

export const RecordElectionInput = z
  .strictObject({
    companyId: zKey('Company'),
    securityId: zText(200),
    decision: z.enum(ELECTION_DECISIONS),
    /** Day of the postmark: only of an election that was made. */
    filedOn: zIsoDate.nullish(),
    reason: zText(2000),
    idempotencyKey: zIdempotencyKey,
  })
  .refine(({ decision, filedOn }) => filedOn == null || decision === 'ELECTED', {
    path: ['filedOn'],
    message: 'belongs to an election that was made',
  })
export type RecordElectionInput = z.input<typeof RecordElectionInput>

/**
 * The company records what was decided about an election under section 83(b) for shares that earn by drawdown. The last
 * record holds; none is changed.
 *
 * @throws {Refused} for an election that was filed before the issuance, after it was due, or in the future
 */
export async function recordElection(
  deps: Deps,
  actor: Actor,
  input: RecordElectionInput,
): Promise<{ companyId: Uuid; securityId: string }> {
  const { companyId, securityId, decision, filedOn, reason, idempotencyKey } = parse(RecordElectionInput, input)
  await mustSeeCompany(deps.db, actor, companyId)
  mustSpeakFor(actor, companyId)
  const scope = { kind: 'company', id: companyId } as const
  return once(deps, actor, { operation: 'recordElection', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, companyId)
    const issued = (await stockIssuances(trx, companyId, [securityId])).get(securityId)
    if (issued === undefined) throw new Refused('securityId', 'names no stock of this company')
    if (filedOn != null) {
      if (filedOn < issued.on) throw new Refused('filedOn', `must not be before the issuance, ${issued.on}`)
      if (filedOn > electionDue(issued.on))
        throw new Refused('filedOn', `is after ${electionDue(issued.on)}, when it was due`)
      if (filedOn > (await today(trx))) throw new Refused('filedOn', 'is in the future')
    }
    await trx
      .insertInto('tax_election')
      .values({
        company_id: companyId,
        event_id: newId(),
        security_id: securityId,
        decision,
        filed_on: filedOn ?? null,
        reason,
        recorded_by: actor.id,
        recorded_at: await instant(trx),
      })
      .execute()
    await audit(trx, actor, {
      scope,
      kind: 'tax_election.recorded',
      subject: globalId('Company', companyId),
      payload: { decision, filedOn: filedOn ?? null, security: securityId },
    })
    return { companyId, securityId }
  })
}
