/** What is disputed leaves the vest basis until it is settled, so that the rest of its month, and later months, can be final. */
import { Temporal } from 'temporal-polyfill'
import { z } from 'zod'
import { type Actor, must } from '../../access/index.ts'
import { lockCompany, mustSeeCompany } from '../../parties/index.ts'
import {
  audit,
  type Deps,
  globalId,
  inTransaction,
  NOBODY,
  NotFound,
  newId,
  once,
  parse,
  type Ref,
  type Trx,
  today,
  zIdempotencyKey,
  zRef,
  zUuid,
} from '../../platform/index.ts'
import { accountingInstant } from '../accounting/accounting-instant.ts'
import { laterOf } from '../correction/booking.ts'
import { insertCorrection } from '../correction/correction.store.ts'
import { openCorrections } from '../correction/open-corrections.ts'
import { nextMonth, restateFrom } from '../statement/state-month.ts'
import { disputedCharges, insertSuspensions, type LockedDispute, lockDispute, moveDispute } from './dispute.store.ts'
import { mustSeeDispute } from './dispute.views.ts'

export const DISPUTE_DUE_JOB = 'drawdown.dispute-due'
/** Days in which both sides may settle a dispute before what is disputed is set aside by itself. */
export const RESOLUTION_DAYS = 30

export const SetDisputeAsideInput = z.strictObject({ disputeId: zRef('Dispute'), idempotencyKey: zIdempotencyKey })
export type SetDisputeAsideInput = z.input<typeof SetDisputeAsideInput>

/**
 * Sets what is disputed aside before its time: it stays charged, and does not count towards vesting until it is settled.
 * The month is stated again without it, and can be accepted. Only the fund loses by it, so the fund may.
 *
 * @throws {WrongState} unless the dispute is open
 */
export async function setDisputeAside(deps: Deps, actor: Actor, input: SetDisputeAsideInput): Promise<{ ref: Ref }> {
  const { disputeId: ref, idempotencyKey } = parse(SetDisputeAsideInput, input)
  await mustSeeDispute(deps.db, actor, ref)
  await mustSeeCompany(deps.db, actor, ref.companyId)
  must(actor, 'operations')
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'setDisputeAside', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, ref.companyId)
    await setAside(trx, actor, await lockDispute(trx, ref))
    return { ref }
  })
}

async function setAside(trx: Trx, actor: { readonly id: string }, dispute: LockedDispute): Promise<void> {
  const { companyId } = dispute.ref
  const charges = await disputedCharges(
    trx,
    dispute,
    `${dispute.month}T00:00:00Z`,
    `${nextMonth(dispute.month)}T00:00:00Z`,
  )
  const accounting = await accountingInstant(trx, companyId, `${dispute.month}T00:00:00Z`)
  const correctionId = newId()
  await insertCorrection(trx, {
    companyId,
    correctionId,
    kind: 'suspend',
    reservationId: null,
    usageId: null,
    usage: null,
    reasonCode: 'DISPUTE',
    reason: 'Disputed and not settled: it does not count towards vesting until it is.',
    correctedAs: 'operations',
    correctedBy: actor.id,
    accountedAt: accounting.at,
  })
  const grants = await openCorrections(trx, companyId)
  const suspended = await grants.counted(
    charges.map(({ head, at, ...charge }) => ({
      ...charge,
      correctionId,
      // What a later month charged of it leaves that month.
      at: laterOf(accounting.at, at),
      corrects: head,
    })),
  )
  await grants.takeOut(suspended)
  await insertSuspensions(trx, dispute.ref, suspended)
  await grants.store()
  await moveDispute(trx, dispute, ['open'], 'set_aside', { suspended_by: correctionId })
  if (accounting.restates !== undefined)
    await restateFrom(trx, actor, companyId, accounting.restates, 'What is disputed was set aside.')
  await audit(trx, actor, {
    scope: { kind: 'company', id: companyId },
    kind: 'dispute.set_aside',
    subject: globalId('Dispute', companyId, dispute.ref.id),
    payload: { basis: suspended.reduce((sum, { net }) => sum + net, 0n).toString(), charges: suspended.length },
  })
}

/** The job of {@link DISPUTE_DUE_JOB}. Does nothing when the dispute was settled meanwhile; harmless the second time. */
export async function disputeDue(deps: Deps, payload: unknown): Promise<void> {
  const { companyId, disputeId } = parse(z.strictObject({ companyId: zUuid, disputeId: zUuid }), payload)
  await inTransaction(deps.db, async (trx) => {
    await lockCompany(trx, companyId)
    let dispute: LockedDispute
    try {
      dispute = await lockDispute(trx, { companyId, id: disputeId })
    } catch (error) {
      if (error instanceof NotFound) return
      throw error
    }
    if (dispute.state !== 'open') return
    if (Temporal.PlainDate.compare(await today(trx), dispute.resolveBy) <= 0) return
    // History names who stated the month: it is stated again on the same person's account.
    const stated = await trx
      .selectFrom('statement')
      .select('stated_by')
      .where('company_id', '=', companyId)
      .where('statement_id', '=', dispute.statementId)
      .executeTakeFirstOrThrow()
    await setAside(trx, { id: stated.stated_by }, dispute)
    await audit(trx, NOBODY, {
      scope: { kind: 'company', id: companyId },
      kind: 'dispute.time_over',
      subject: globalId('Dispute', companyId, disputeId),
      payload: { month: dispute.month, resolveBy: dispute.resolveBy },
    })
  })
}

/** Most disputes of one sweep. The next sweep takes the rest. */
const SWEEP_MAX = 100

/** Sets aside whatever is past its time: what a lost job would have left behind. */
export async function sweepDisputes(deps: Deps): Promise<void> {
  const due = await deps.db
    .selectFrom('dispute_progress')
    .select(['company_id as companyId', 'dispute_id as disputeId'])
    .where('state', '=', 'open')
    .where('resolve_by', '<', await today(deps.db))
    .orderBy('resolve_by')
    .limit(SWEEP_MAX)
    .execute()
  for (const dispute of due) await disputeDue(deps, dispute)
}
