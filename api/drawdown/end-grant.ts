/** How a grant ends before all of its tokens were used: what earning becomes of, and of its unearned shares. */

import { retirePart, retireUnearned, settleEarned } from '../captable/index.ts'
import { USABLE_STATES } from '../clusters/index.ts'
import {
  formatDecimal,
  globalId,
  instant,
  NotFound,
  Refused,
  type Trx,
  type Uuid,
  type WholeShares,
} from '../platform/index.ts'
import { inDispute } from './dispute/dispute.store.ts'
import { lockProgress, type Progress, storeProgress } from './grant.store.ts'

/** A grant as a settlement finds it, locked. */
export type LockedGrant = Progress

/** Locks the sums of one grant. The caller has locked the company. @throws {NotFound} */
export async function lockGrant(trx: Trx, companyId: Uuid, grantId: Uuid): Promise<LockedGrant> {
  const progress = (await lockProgress(trx, companyId)).get(grantId)
  if (progress === undefined) throw new NotFound('grant', globalId('Grant', companyId, grantId))
  return progress
}

/**
 * The grant that vests this security or instrument, with its sums locked. The caller has locked the company.
 *
 * @throws {RangeError} when there is none: instruments for compute come with a grant
 */
export async function lockGrantOf(trx: Trx, companyId: Uuid, securityId: string): Promise<LockedGrant> {
  for (const progress of (await lockProgress(trx, companyId)).values()) {
    if (progress.grant.securityId === securityId) return progress
  }
  throw new RangeError(`no grant vests ${securityId}`)
}

/** What a settlement does to shares, and by which signed clause. */
export type BySettlement = {
  readonly settlementId: Uuid
  readonly date: string
  /** The clause in words, as the signed document has it. */
  readonly clause: string
}

/**
 * Earned is provisional: a settlement takes away or gives what is unearned, so everything earned must have vested before.
 *
 * @throws {Refused} when shares are earned and not vested yet
 */
export function mustBeSettleable(grant: LockedGrant): void {
  if (grant.earned === grant.vested) return
  throw new Refused(
    'grantId',
    `has ${wordsOf(grant, grant.earned - grant.vested)} earned and not vested yet: state their months and make the statements final first`,
  )
}

/** A number of units in words: shares, or the amount that cents of a SAFE come to. */
const wordsOf = ({ grant }: LockedGrant, units: bigint): string =>
  grant.unit === 'SHARE' ? `${units} shares that are` : `${formatDecimal(units, 2)} of the purchase amount`

/** From a day on what is used of the grant earns nothing. */
export async function endEarning(trx: Trx, grant: LockedGrant, on: string): Promise<void> {
  const { companyId, grantId } = grant.grant
  await trx
    .updateTable('grant_progress')
    .set({ ended_on: on })
    .where('company_id', '=', companyId)
    .where('grant_id', '=', grantId)
    .where('ended_on', 'is', null)
    .execute()
}

/** Says that a grant's shares have moved: from now on nothing earns any more, and late use of its time is kept aside. */
export async function markSettled(trx: Trx, grant: LockedGrant): Promise<void> {
  await trx
    .updateTable('grant_progress')
    .set({ settled_at: await instant(trx) })
    .where('company_id', '=', grant.grant.companyId)
    .where('grant_id', '=', grant.grant.grantId)
    .where('settled_at', 'is', null)
    .execute()
}

/**
 * Whether use of before the end may still come in, or waits for a decision: a reservation of the grant's tokens that began
 * before `endsOn` is not complete, or a part of the basis is set aside by a dispute.
 */
export async function isEarningOpen(trx: Trx, grant: LockedGrant, endsOn: string): Promise<boolean> {
  const { companyId, grantId, lotId } = grant.grant
  const running = await trx
    .selectFrom('reservation')
    .innerJoin('token_hold_lot as part', (join) =>
      join.onRef('part.company_id', '=', 'reservation.company_id').onRef('part.hold_id', '=', 'reservation.hold_id'),
    )
    .select('reservation.reservation_id')
    .where('reservation.company_id', '=', companyId)
    .where('part.lot_id', '=', lotId)
    // Nothing is left of it where a reservation that ends earlier gave all of the lot back.
    .where('part.amount_micro', '>', 0n)
    .where('reservation.state', 'in', [...USABLE_STATES])
    .where('reservation.starts_at', '<', `${endsOn}T00:00:00Z`)
    .limit(1)
    .executeTakeFirst()
  if (running !== undefined) return true
  return ((await inDispute(trx, companyId, 'infinity')).get(grantId) ?? 0n) > 0n
}

/**
 * Vests the last `quantity` unearned shares by a signed clause: the record leads from the shares to the clause's document.
 */
export async function vestByClause(
  trx: Trx,
  grant: LockedGrant,
  by: BySettlement & { readonly quantity: WholeShares },
): Promise<WholeShares> {
  const { companyId, grantId, securityId, termsDocumentId } = grant.grant
  if (by.quantity === 0n) return 0n
  const to = grant.vested + by.quantity
  const vested = await settleEarned(trx, {
    companyId,
    securityId,
    quantity: by.quantity,
    date: by.date,
    statementId: by.settlementId,
    description: by.clause,
  })
  await trx
    .insertInto('clause_vesting')
    .values({
      company_id: companyId,
      settlement_id: by.settlementId,
      grant_id: grantId,
      security_id: vested.securityId,
      transaction_id: vested.transactionId,
      shares_from: grant.vested,
      shares_to: to,
      clause: by.clause,
      terms_document_id: termsDocumentId,
      at: await instant(trx),
    })
    .execute()
  await storeProgress(trx, { ...grant, earned: to, vested: to })
  return by.quantity
}

/**
 * Forfeits unearned shares at zero: all of them, or `atMost` so many. What is left lives on in a security of its own: vested,
 * or after a part vesting on as before.
 */
export async function forfeitUnearned(
  trx: Trx,
  grant: LockedGrant,
  by: BySettlement & { readonly part?: WholeShares },
): Promise<WholeShares> {
  const { companyId, grantId, securityId } = grant.grant
  const retire = { companyId, securityId, date: by.date, reason: by.clause }
  const { retired, balanceSecurityId } =
    by.part === undefined ? await retireUnearned(trx, retire) : await retirePart(trx, { ...retire, quantity: by.part })
  if (balanceSecurityId !== null) {
    await trx
      .insertInto('grant_security')
      .values({
        company_id: companyId,
        security_id: balanceSecurityId,
        grant_id: grantId,
        settlement_id: by.settlementId,
      })
      .execute()
  }
  return retired
}
