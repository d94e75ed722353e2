/** Writes disputes and moves them on. */
import { type RawBuilder, sql } from 'kysely'
import { z } from 'zod'
import {
  globalId,
  instant,
  type MicroTokens,
  NotFound,
  newId,
  type Ref,
  type Trx,
  type Uuid,
  WrongState,
} from '../../platform/index.ts'
import type { Cause } from '../earned.ts'

export const DISPUTE_REASONS = [
  'NOT_RECEIVED',
  'WRONG_AMOUNT',
  'DUPLICATE',
  'NOT_OURS',
  'OUTAGE',
  'WRONG_RATE',
  'OTHER',
] as const
export type DisputeReason = (typeof DISPUTE_REASONS)[number]
export const DISPUTE_STATES = ['open', 'set_aside', 'resolved', 'withdrawn'] as const
export type DisputeState = (typeof DISPUTE_STATES)[number]
const State = z.enum(DISPUTE_STATES)

export type LockedDispute = {
  readonly ref: Ref
  readonly state: DisputeState
  readonly month: string
  readonly statementId: Uuid
  readonly whole: boolean
  readonly resolveBy: string
  readonly suspendedBy: Uuid | null
}

export async function insertDispute(
  trx: Trx,
  dispute: Omit<LockedDispute, 'state' | 'suspendedBy'> & {
    readonly reasonCode: DisputeReason
    readonly reason: string
    readonly openedBy: Uuid
    readonly usageIds: readonly Uuid[]
  },
): Promise<void> {
  const key = { company_id: dispute.ref.companyId, dispute_id: dispute.ref.id }
  await trx
    .insertInto('dispute')
    .values({
      ...key,
      statement_id: dispute.statementId,
      month: dispute.month,
      reason_code: dispute.reasonCode,
      reason: dispute.reason,
      whole: dispute.whole,
      resolve_by: dispute.resolveBy,
      opened_by: dispute.openedBy,
      opened_at: await instant(trx),
    })
    .execute()
  if (dispute.usageIds.length > 0) {
    await trx
      .insertInto('dispute_usage')
      .values(dispute.usageIds.map((usage_id) => ({ ...key, usage_id })))
      .execute()
  }
  await trx
    .insertInto('dispute_progress')
    .values({ ...key, state: 'open', resolve_by: dispute.resolveBy })
    .execute()
}

/** @throws {NotFound} */
export async function lockDispute(trx: Trx, ref: Ref): Promise<LockedDispute> {
  const row = await trx
    .selectFrom('dispute_progress as progress')
    .innerJoin('dispute', (join) =>
      join
        .onRef('dispute.company_id', '=', 'progress.company_id')
        .onRef('dispute.dispute_id', '=', 'progress.dispute_id'),
    )
    .select([
      'progress.state',
      'progress.suspended_by',
      'dispute.month',
      'dispute.statement_id',
      'dispute.whole',
      'dispute.resolve_by',
    ])
    .where('progress.company_id', '=', ref.companyId)
    .where('progress.dispute_id', '=', ref.id)
    .forUpdate('progress')
    .executeTakeFirst()
  if (row === undefined) throw new NotFound('dispute', globalId('Dispute', ref.companyId, ref.id))
  return {
    ref,
    state: State.parse(row.state),
    month: row.month,
    statementId: row.statement_id,
    whole: row.whole,
    resolveBy: row.resolve_by,
    suspendedBy: row.suspended_by,
  }
}

/** @throws {WrongState} */
export async function moveDispute(
  trx: Trx,
  dispute: LockedDispute,
  from: readonly DisputeState[],
  to: DisputeState,
  more: { suspended_by?: Uuid; reinstated_by?: Uuid; proposal_id?: Uuid } = {},
): Promise<void> {
  if (!from.includes(dispute.state)) throw new WrongState('dispute', dispute.state, from)
  const settled = to === 'resolved' || to === 'withdrawn' ? { settled_at: await instant(trx) } : {}
  await trx
    .updateTable('dispute_progress')
    .set({ state: to, ...more, ...settled })
    .where('company_id', '=', dispute.ref.companyId)
    .where('dispute_id', '=', dispute.ref.id)
    .execute()
}

/** The disputes of a month that are open and not set aside. */
export async function openDisputes(trx: Trx, companyId: Uuid, month: string): Promise<Ref[]> {
  const rows = await trx
    .selectFrom('dispute')
    .innerJoin('dispute_progress as progress', (join) =>
      join
        .onRef('progress.company_id', '=', 'dispute.company_id')
        .onRef('progress.dispute_id', '=', 'dispute.dispute_id'),
    )
    .select('dispute.dispute_id')
    .where('dispute.company_id', '=', companyId)
    .where('dispute.month', '=', month)
    .where('progress.state', '=', 'open')
    .execute()
  return rows.map((row) => ({ companyId, id: row.dispute_id }))
}

/** A charge that a dispute is about, net of corrections. */
export type DisputedCharge = {
  readonly head: Uuid
  readonly grantId: Uuid
  readonly lotId: Uuid
  /** Null for use outside any reservation. */
  readonly reservationId: Uuid | null
  readonly usageId: Uuid | null
  readonly cause: Cause
  readonly at: string
  readonly net: MicroTokens
}

/**
 * The charges of a dispute's month that it is about and that are not set aside already: those of the records that it names,
 * or all that earn. `from` and `until` are the month's.
 */
export async function disputedCharges(
  trx: Trx,
  dispute: LockedDispute,
  from: string,
  until: string,
): Promise<DisputedCharge[]> {
  const { companyId, id } = dispute.ref
  const { rows } = await sql<DisputedCharge>`
    SELECT head.charge_id AS head, head.grant_id AS "grantId", head.lot_id AS "lotId", head.reservation_id AS "reservationId",
      head.usage_id AS "usageId", head.cause, head.at,
      (head.amount_micro + coalesce((SELECT sum(back.amount_micro) FROM charge AS back
        WHERE back.company_id = head.company_id AND back.corrects = head.charge_id), 0))::bigint AS net
    FROM charge AS head
    WHERE head.company_id = ${companyId} AND head.corrects IS NULL AND head.grant_id IS NOT NULL
      AND (CASE WHEN ${dispute.whole} THEN head.at >= ${from}::timestamptz AND head.at < ${until}::timestamptz
        ELSE head.usage_id IN (SELECT usage_id FROM dispute_usage WHERE company_id = ${companyId} AND dispute_id = ${id}) END)
      AND NOT EXISTS (SELECT FROM dispute_suspension AS aside
        JOIN dispute_progress AS progress ON progress.company_id = aside.company_id AND progress.dispute_id = aside.dispute_id
        WHERE aside.company_id = head.company_id AND aside.charge_id = head.charge_id AND progress.state = 'set_aside')
    ORDER BY head.at DESC, head.charge_id DESC`.execute(trx)
  return rows.filter(({ net }) => net > 0n)
}

/** Stores what is set aside in one statement, however much it is. */
export async function insertSuspensions(
  trx: Trx,
  ref: Ref,
  charges: readonly { readonly corrects: Uuid; readonly grantId: Uuid; readonly net: MicroTokens }[],
): Promise<void> {
  if (charges.length === 0) return
  await sql`
    INSERT INTO dispute_suspension (company_id, dispute_id, charge_id, grant_id, basis_micro)
    SELECT ${ref.companyId}::uuid, ${ref.id}::uuid, charge_id, grant_id, basis_micro
    FROM unnest(${charges.map(({ corrects }) => corrects)}::uuid[], ${charges.map(({ grantId }) => grantId)}::uuid[],
      ${charges.map(({ net }) => net.toString())}::bigint[]) AS given (charge_id, grant_id, basis_micro)`.execute(trx)
}

/** What is left of a charge that is set aside: rounding, or an outage, may have taken from it since. */
const leftAside = (until: string) => sql<MicroTokens>`least(aside.basis_micro, head.amount_micro
  + coalesce((SELECT sum(taken.amount_micro) FROM charge AS taken WHERE taken.company_id = head.company_id
    AND taken.corrects = head.charge_id AND taken.at < ${until}::timestamptz), 0))::bigint`

/** What a dispute has set aside, of which lot and of what use. */
export type Suspension = Pick<DisputedCharge, 'lotId' | 'reservationId' | 'usageId' | 'cause' | 'at'> & {
  readonly basis: MicroTokens
}

export async function suspensionsOf(trx: Trx, ref: Ref): Promise<readonly Suspension[]> {
  const { rows } = await sql<Suspension>`
    SELECT head.lot_id AS "lotId", head.reservation_id AS "reservationId", head.usage_id AS "usageId", head.cause,
      head.at, ${leftAside('infinity')} AS basis
    FROM dispute_suspension AS aside
    JOIN charge AS head ON head.company_id = aside.company_id AND head.charge_id = aside.charge_id
    WHERE aside.company_id = ${ref.companyId} AND aside.dispute_id = ${ref.id}
    ORDER BY head.at, head.charge_id`.execute(trx)
  return rows
}

/** Of each grant the vest basis that disputes keep aside as of an instant (exclusive). */
export async function inDispute(trx: Trx, companyId: Uuid, until: string): Promise<Map<Uuid, MicroTokens>> {
  const { rows } = await sql<{ grantId: Uuid; basis: MicroTokens }>`
    SELECT aside.grant_id AS "grantId", sum(${leftAside(until)})::bigint AS basis
    FROM dispute_suspension AS aside
    JOIN charge AS head ON head.company_id = aside.company_id AND head.charge_id = aside.charge_id
    JOIN dispute_progress AS progress ON progress.company_id = aside.company_id AND progress.dispute_id = aside.dispute_id
    JOIN correction AS out ON out.company_id = progress.company_id AND out.correction_id = progress.suspended_by
    LEFT JOIN correction AS back ON back.company_id = progress.company_id AND back.correction_id = progress.reinstated_by
    WHERE aside.company_id = ${companyId} AND head.at < ${until}::timestamptz
      AND out.accounted_at < ${until}::timestamptz
      AND (back.accounted_at IS NULL OR back.accounted_at >= ${until}::timestamptz)
    GROUP BY aside.grant_id`.execute(trx)
  return new Map(rows.map((row) => [row.grantId, row.basis]))
}

/**
 * Whether a usage record is in a dispute that was set aside: one that names it, or one over the whole month in which it was
 * charged. Nothing need be left of its charges, nor have counted: it may be owed, or of tokens that earn nothing.
 *
 * @param usageId as SQL: a value, or a column of the statement that asks
 */
export const keptAside = (
  companyId: Uuid,
  usageId: RawBuilder<Uuid>,
) => sql<boolean>`EXISTS (SELECT FROM dispute_progress AS progress
    JOIN dispute ON dispute.company_id = progress.company_id AND dispute.dispute_id = progress.dispute_id
  WHERE progress.company_id = ${companyId} AND progress.state = 'set_aside' AND (
    EXISTS (SELECT FROM dispute_usage AS named WHERE named.company_id = progress.company_id
      AND named.dispute_id = progress.dispute_id AND named.usage_id = ${usageId})
    OR dispute.whole AND EXISTS (SELECT FROM charge WHERE charge.company_id = progress.company_id AND charge.usage_id = ${usageId}
      AND (charge.correction_id IS NULL AND charge.at >= dispute.month::timestamp AT TIME ZONE 'UTC'
          AND charge.at < (dispute.month + interval '1 month') AT TIME ZONE 'UTC'
        OR EXISTS (SELECT FROM dispute_suspension AS aside WHERE aside.company_id = charge.company_id
          AND aside.charge_id = charge.charge_id AND aside.dispute_id = progress.dispute_id)))))`

/** {@link keptAside} of one record. The company is locked. */
export async function isSetAside(trx: Trx, companyId: Uuid, usageId: Uuid): Promise<boolean> {
  const { rows } = await sql<{
    aside: boolean
  }>`SELECT ${keptAside(companyId, sql`${usageId}::uuid`)} AS aside`.execute(trx)
  return rows[0]?.aside === true
}

export const ProposedRecords = z.array(z.strictObject({ usageId: z.string(), gpuSeconds: z.string() }))

export type NewProposal = {
  readonly ref: Ref
  readonly side: 'company' | 'fund' | 'expert'
  readonly outcome: 'STANDS' | 'CORRECTED'
  readonly records: readonly { readonly usageId: Uuid; readonly gpuSeconds: string }[]
  readonly note: string
  readonly evidence: string | null
  readonly proposedBy: Uuid
}

export async function insertProposal(trx: Trx, proposal: NewProposal): Promise<Uuid> {
  const proposalId = newId()
  await trx
    .insertInto('dispute_proposal')
    .values({
      company_id: proposal.ref.companyId,
      proposal_id: proposalId,
      dispute_id: proposal.ref.id,
      side: proposal.side,
      outcome: proposal.outcome,
      records: JSON.stringify(proposal.records),
      note: proposal.note,
      evidence: proposal.evidence,
      proposed_by: proposal.proposedBy,
      proposed_at: await instant(trx),
    })
    .execute()
  return proposalId
}

export async function insertConfirmation(trx: Trx, ref: Ref, proposalId: Uuid, by: Uuid): Promise<void> {
  await trx
    .insertInto('dispute_confirmation')
    .values({
      company_id: ref.companyId,
      dispute_id: ref.id,
      proposal_id: proposalId,
      confirmed_by: by,
      confirmed_at: await instant(trx),
    })
    .execute()
}
