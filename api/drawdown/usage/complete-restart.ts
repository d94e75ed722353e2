import { z } from 'zod'
import type { Actor } from '../../access/index.ts'
import {
  answerRestart,
  type Interval,
  lockRestart,
  microsecondsOf,
  mustDecideFor,
  mustSeePool,
  type OpenRestart,
  RESTART_ANSWERS,
  restartOwner,
} from '../../clusters/index.ts'
import { lockCompany } from '../../parties/index.ts'
import {
  audit,
  type Deps,
  globalId,
  NotFound,
  once,
  parse,
  type Ref,
  Refused,
  WrongState,
  zIdempotencyKey,
  zInstant,
  zPoolRef,
  zText,
} from '../../platform/index.ts'
import { type RecordedOutage, recordLocked } from './record-outage.ts'

export const CompleteRestartInput = z
  .strictObject({
    restartId: zPoolRef('NodeRestart'),
    answer: z.enum(RESTART_ANSWERS),
    startsAt: zInstant.nullish(),
    endsAt: zInstant.nullish(),
    /** How the provider knows. The company reads it. */
    note: zText(1000),
    idempotencyKey: zIdempotencyKey,
  })
  .refine(({ answer, startsAt, endsAt }) => (answer === 'OUTAGE') === (startsAt != null && endsAt != null), {
    path: ['startsAt'],
    message: 'and endsAt must be given of an outage, and only then',
  })
export type CompleteRestartInput = z.input<typeof CompleteRestartInput>

/** What completing it recorded; undefined where the provider says that there was no more. */
export type CompletedRestart = { readonly ref: Ref; readonly outage: RecordedOutage | undefined }

/**
 * The provider says when a node was down that the scheduler had not seen go: within what is possible, and never less than what is
 * certain. It is recorded as an outage of the reservation, and credited like all. Once: who knows more later records it.
 *
 * @throws {NotFound} {Forbidden}
 * @throws {WrongState} once it was answered
 * @throws {Refused} for times beyond what is possible, or short of what is certain
 */
export async function completeRestart(
  deps: Deps,
  actor: Actor,
  input: CompleteRestartInput,
): Promise<CompletedRestart> {
  const { restartId: key, answer, startsAt, endsAt, note, idempotencyKey } = parse(CompleteRestartInput, input)
  const nowhere = new NotFound('restart', globalId('NodeRestart', key.poolId, key.id))
  const pool = await mustSeePool(deps.db, actor, key.poolId).catch((error: unknown) => {
    throw error instanceof NotFound ? nowhere : error
  })
  // Who does not decide on the pool learns nothing of its nodes, nor whose they were.
  mustDecideFor(actor, pool.providerId)
  const companyId = await restartOwner(deps.db, key)
  if (companyId === undefined) throw nowhere
  const scope = { kind: 'company', id: companyId } as const
  return once(deps, actor, { operation: 'completeRestart', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, companyId)
    const restart = await lockRestart(trx, key.poolId, key.id)
    if (restart.answer !== null) throw new WrongState('restart', restart.answer, ['open'])
    const interval = startsAt == null || endsAt == null ? undefined : { startsAt, endsAt }
    if (interval !== undefined) mustBeBounded(interval, restart)
    await answerRestart(trx, restart, { answer, interval, note, answeredBy: actor.id })
    const ref = { companyId, id: restart.reservationId }
    await audit(trx, actor, {
      scope,
      kind: 'reservation.restart-completed',
      subject: globalId('Reservation', companyId, ref.id),
      payload: { answer, node: restart.node, note, restart: key.id, ...interval },
    })
    if (interval === undefined) return { ref, outage: undefined }
    const { node, gpus, scheduler: source, evidence } = restart
    const told = {
      ...interval,
      node,
      gpus,
      source,
      evidence: `${evidence}. The provider: ${note}`,
      recordedAs: 'provider',
    } as const
    return { ref, outage: await recordLocked(trx, actor, ref, told) }
  })
}

/** @throws {Refused} */
function mustBeBounded({ startsAt, endsAt }: Interval, { possible, certain }: OpenRestart): void {
  const after = (a: string, b: string): boolean => microsecondsOf(a) > microsecondsOf(b)
  if (!after(endsAt, startsAt)) throw new Refused('endsAt', 'must be after startsAt')
  if (after(possible.startsAt, startsAt) || after(endsAt, possible.endsAt)) {
    throw new Refused('startsAt', `to endsAt must lie within ${possible.startsAt} to ${possible.endsAt}`)
  }
  if (certain !== undefined && (after(startsAt, certain.startsAt) || after(certain.endsAt, endsAt))) {
    throw new Refused('startsAt', `to endsAt must hold what is certain: ${certain.startsAt} to ${certain.endsAt}`)
  }
}
