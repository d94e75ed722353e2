/** How a grant ends before all of its tokens were used: what earning becomes of, and of its unearned shares. */
import { retirePart, retireUnearned, vestShares } from '../captable/index.ts'
import { globalId, instant, NotFound, Refused, type Trx, type Uuid, type WholeShares } from '../platform/index.ts'
import { lockProgress, type Progress, storeProgress } from './grant.store.ts'

/** A grant as a settlement finds it, locked. */
export type LockedGrant = Progress

/** Locks the sums of one grant. The caller has locked the company. @throws {NotFound} */
export async function lockGrant(trx: Trx, companyId: Uuid, grantId: Uuid): Promise<LockedGrant> {
  const progress = (await lockProgress(trx, companyId)).get(grantId)
  if (progress === undefined) throw new NotFound('grant', globalId('Grant', companyId, grantId))
  return progress
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
    `has ${grant.earned - grant.vested} shares that are earned and not vested yet: state their months and make the statements final first`,
  )
}

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
  const { transactionId } = await vestShares(trx, {
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
      security_id: securityId,
      transaction_id: transactionId,
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
