/** A dispute is settled by both sides, or by an expert: one proposes, the other confirms, and what was agreed is carried out. */
import { z } from 'zod'
import { type Actor, is, isStaff, must } from '../../access/index.ts'
import { findPool } from '../../clusters/index.ts'
import { lockCompany } from '../../parties/index.ts'
import {
  audit,
  type Deps,
  Forbidden,
  globalId,
  newId,
  once,
  parse,
  type Ref,
  Refused,
  SamePerson,
  type Trx,
  today,
  type Uuid,
  zIdempotencyKey,
  zRef,
  zText,
  zUuid,
} from '../../platform/index.ts'
import { accountingInstant } from '../accounting/accounting-instant.ts'
import { laterOf } from '../correction/booking.ts'
import { applyDrawCorrections } from '../correction/correct-on-demand.ts'
import { applyCorrections } from '../correction/correct-usage.ts'
import {
  type CurrentUsage,
  currentUsage,
  insertCorrection,
  type NewCorrection,
} from '../correction/correction.store.ts'
import { openCorrections } from '../correction/open-corrections.ts'
import { restateFrom } from '../statement/state-month.ts'
import { liveStatementsFrom, moveStatement } from '../statement/statement.store.ts'
import {
  insertConfirmation,
  insertProposal,
  type LockedDispute,
  lockDispute,
  moveDispute,
  openDisputes,
  ProposedRecords,
  suspensionsOf,
} from './dispute.store.ts'
import { mustSeeDispute } from './dispute.views.ts'

export const DISPUTE_OUTCOMES = ['STANDS', 'CORRECTED'] as const

const settlement = {
  disputeId: zRef('Dispute'),
  outcome: z.enum(DISPUTE_OUTCOMES),
  /** What the disputed records really were, where they are corrected. */
  records: z
    .array(
      z.strictObject({
        usageId: zUuid,
        gpuSeconds: z.string().regex(/^(0|[1-9]\d{0,17})$/, 'must be a whole number of GPU-seconds, as a string'),
      }),
    )
    .max(100, 'must hold at most 100 records')
    .default([]),
  note: zText(2000),
  idempotencyKey: zIdempotencyKey,
}
const agrees = (input: { outcome: string; records: readonly unknown[] }): boolean =>
  (input.outcome === 'CORRECTED') === input.records.length > 0
const shape = { path: ['records'], message: 'must be there when figures are corrected, and only then' }

export const ProposeSettlementInput = z.strictObject(settlement).refine(agrees, shape)
export type ProposeSettlementInput = z.input<typeof ProposeSettlementInput>
export const ConfirmSettlementInput = z.strictObject({
  disputeId: zRef('Dispute'),
  /** The proposal that was read. */
  proposalId: zUuid,
  idempotencyKey: zIdempotencyKey,
})
export type ConfirmSettlementInput = z.input<typeof ConfirmSettlementInput>
export const DetermineDisputeInput = z
  .strictObject({
    ...settlement,
    /** The expert's determination: a document of the company. */ documentId: zRef('Document'),
  })
  .refine(agrees, shape)
export type DetermineDisputeInput = z.input<typeof DetermineDisputeInput>

/** For which side somebody speaks: nobody for both. @throws {Forbidden} */
function sideOf(actor: Actor, companyId: Uuid): 'company' | 'fund' {
  const ofCompany = is(actor, 'founder', 'signatory') && actor.companyIds.has(companyId)
  if (ofCompany && !isStaff(actor)) return 'company'
  if (is(actor, 'operations', 'partner') && !actor.companyIds.has(companyId)) return 'fund'
  throw new Forbidden(
    ['operations', 'partner', 'founder', 'signatory'],
    'A dispute is settled between the fund and the company. Nothing was changed.',
  )
}

/** Proposes how to settle a dispute: the figures stand, or records are corrected. The other side confirms it. */
export async function proposeSettlement(
  deps: Deps,
  actor: Actor,
  input: ProposeSettlementInput,
): Promise<{ ref: Ref; proposalId: Uuid }> {
  const { disputeId: ref, outcome, records, note, idempotencyKey } = parse(ProposeSettlementInput, input)
  await mustSeeDispute(deps.db, actor, ref)
  const side = sideOf(actor, ref.companyId)
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'proposeSettlement', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, ref.companyId)
    await mustBeOpen(trx, ref)
    await mustBeRecords(trx, ref, records)
    const proposalId = await insertProposal(trx, {
      ref,
      side,
      outcome,
      records,
      note,
      evidence: null,
      proposedBy: actor.id,
    })
    await tell(trx, actor, ref, 'dispute.settlement_proposed', { outcome, proposalId, side })
    return { ref, proposalId }
  })
}

/** Agrees to the other side's latest proposal, and carries it out. @throws {Refused} for one's own, or one that was replaced */
export async function confirmSettlement(
  deps: Deps,
  actor: Actor,
  input: ConfirmSettlementInput,
): Promise<{ ref: Ref }> {
  const { disputeId: ref, proposalId, idempotencyKey } = parse(ConfirmSettlementInput, input)
  await mustSeeDispute(deps.db, actor, ref)
  const side = sideOf(actor, ref.companyId)
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'confirmSettlement', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, ref.companyId)
    const dispute = await mustBeOpen(trx, ref)
    const latest = await trx
      .selectFrom('dispute_proposal')
      .select(['proposal_id', 'side', 'outcome', 'records', 'note', 'proposed_by'])
      .where('company_id', '=', ref.companyId)
      .where('dispute_id', '=', ref.id)
      .orderBy('proposal_id', 'desc')
      .limit(1)
      .executeTakeFirst()
    if (latest === undefined || latest.proposal_id !== proposalId)
      throw new Refused('proposalId', 'is not the latest proposal of this dispute: read it again')
    if (latest.proposed_by === actor.id) throw new SamePerson('Whoever proposed a settlement does not confirm it.')
    if (latest.side === side) throw new Refused('proposalId', 'is of your own side: the other one confirms it')
    await insertConfirmation(trx, ref, proposalId, actor.id)
    await carryOut(trx, actor, dispute, proposalId, ProposedRecords.parse(latest.records), latest.note, 'both_sides')
    await tell(trx, actor, ref, 'dispute.settled', { outcome: latest.outcome, proposalId, side })
    return { ref }
  })
}

/**
 * Records what an expert determined, and carries it out: when the sides did not settle in time, it binds both. A partner
 * records it, with the document that says it.
 */
export async function determineDispute(deps: Deps, actor: Actor, input: DetermineDisputeInput): Promise<{ ref: Ref }> {
  const {
    disputeId: ref,
    outcome,
    records,
    note,
    documentId: document,
    idempotencyKey,
  } = parse(DetermineDisputeInput, input)
  const documentId = globalId('Document', document.companyId, document.id)
  await mustSeeDispute(deps.db, actor, ref)
  must(actor, 'partner')
  if (document.companyId !== ref.companyId)
    throw new Refused('documentId', 'must be the id of a document of the same company')
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'determineDispute', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, ref.companyId)
    const dispute = await mustBeOpen(trx, ref)
    if ((await today(trx)) <= dispute.resolveBy)
      throw new Refused('disputeId', `is the sides' own to settle up to and including ${dispute.resolveBy}`)
    await mustBeRecords(trx, ref, records)
    const proposalId = await insertProposal(trx, {
      ref,
      side: 'expert',
      outcome,
      records,
      note,
      evidence: documentId,
      proposedBy: actor.id,
    })
    await insertConfirmation(trx, ref, proposalId, actor.id)
    await carryOut(trx, actor, dispute, proposalId, records, note, 'expert')
    await tell(trx, actor, ref, 'dispute.determined', { document: documentId, outcome, proposalId })
    return { ref }
  })
}

async function mustBeOpen(trx: Trx, ref: Ref): Promise<LockedDispute> {
  const dispute = await lockDispute(trx, ref)
  if (dispute.state === 'open' || dispute.state === 'set_aside') return dispute
  throw new Refused('disputeId', `is ${dispute.state}: nothing is left to settle`)
}

async function mustBeRecords(trx: Trx, { companyId }: Ref, records: readonly { usageId: Uuid }[]): Promise<void> {
  const known = await currentUsage(
    trx,
    companyId,
    records.map(({ usageId }) => usageId),
  )
  const missing = records.find(({ usageId }) => !known.has(usageId))
  if (missing !== undefined) throw new Refused('usageId', `names no usage record of this company: ${missing.usageId}`)
}

/** What was set aside counts again; then records are corrected; then the statement goes on. */
async function carryOut(
  trx: Trx,
  actor: Actor,
  dispute: LockedDispute,
  proposalId: Uuid,
  records: readonly { usageId: Uuid; gpuSeconds: string }[],
  note: string,
  correctedAs: 'both_sides' | 'expert',
): Promise<void> {
  const { companyId } = dispute.ref
  const reinstated = dispute.state === 'set_aside' ? await reinstate(trx, actor, dispute, note, correctedAs) : undefined
  await moveDispute(trx, dispute, ['open', 'set_aside'], 'resolved', {
    proposal_id: proposalId,
    ...(reinstated === undefined ? {} : { reinstated_by: reinstated.correctionId }),
  })
  const current = await currentUsage(
    trx,
    companyId,
    records.map(({ usageId }) => usageId),
  )
  await correctAll(trx, actor, companyId, records, current, {
    ...{ reasonCode: 'DISPUTE', reason: note, correctedAs },
    restates: reinstated?.restates,
  })
  if (records.length === 0 && reinstated?.restates !== undefined)
    await restateFrom(trx, actor, companyId, reinstated.restates, 'A dispute was settled.')
  if ((await openDisputes(trx, companyId, dispute.month)).length > 0) return
  // Where the figures stand, both sides have agreed to them; corrected ones are a version that is answered anew.
  const [statement] = await liveStatementsFrom(trx, companyId, dispute.month)
  if (statement?.month === dispute.month && statement.state === 'disputed')
    await moveStatement(trx, statement, { from: ['disputed'], to: 'accepted', actor, reason: note })
}

/** Corrects records as it was agreed: those of each reservation, and those outside any of each pool. */
async function correctAll(
  trx: Trx,
  actor: Actor,
  companyId: Uuid,
  records: readonly { usageId: Uuid; gpuSeconds: string }[],
  current: ReadonlyMap<Uuid, CurrentUsage>,
  why: Pick<NewCorrection, 'reasonCode' | 'reason' | 'correctedAs'> & { readonly restates: string | undefined },
): Promise<void> {
  const toCorrect = records.map(({ usageId, gpuSeconds }) => ({ usageId, gpuSeconds: BigInt(gpuSeconds) }))
  const byReservation = Map.groupBy(toCorrect, ({ usageId }) => current.get(usageId)?.reservationId ?? null)
  for (const [reservationId, own] of byReservation) {
    if (reservationId !== null) {
      await applyCorrections(trx, actor, { ...why, ref: { companyId, id: reservationId }, records: own })
    }
  }
  const byPool = Map.groupBy(byReservation.get(null) ?? [], ({ usageId }) => current.get(usageId)?.poolId ?? '')
  for (const [poolId, own] of byPool) {
    const pool = await findPool(trx, poolId)
    if (pool === undefined) throw new Error(`there is no pool ${poolId}`)
    await applyDrawCorrections(trx, actor, { ...why, companyId, pool, records: own })
  }
}

async function reinstate(
  trx: Trx,
  actor: Actor,
  dispute: LockedDispute,
  note: string,
  correctedAs: 'both_sides' | 'expert',
) {
  const { companyId } = dispute.ref
  const { at, restates } = await accountingInstant(trx, companyId, `${dispute.month}T00:00:00Z`)
  const correctionId = newId()
  await insertCorrection(trx, {
    companyId,
    correctionId,
    kind: 'reinstate',
    reservationId: null,
    usageId: null,
    usage: null,
    reasonCode: 'DISPUTE',
    reason: note,
    correctedAs,
    correctedBy: actor.id,
    accountedAt: at,
  })
  const grants = await openCorrections(trx, companyId)
  const aside = await suspensionsOf(trx, dispute.ref)
  await grants.putBack(
    aside.map(({ basis, at: charged, ...charge }) => ({
      ...charge,
      correctionId,
      at: laterOf(at, charged),
      amount: basis,
    })),
  )
  await grants.store()
  return { correctionId, restates }
}

const tell = (trx: Trx, actor: Actor, ref: Ref, kind: string, payload: Record<string, string>): Promise<void> =>
  audit(trx, actor, {
    scope: { kind: 'company', id: ref.companyId },
    kind,
    subject: globalId('Dispute', ref.companyId, ref.id),
    payload,
  }).then(() => undefined)
