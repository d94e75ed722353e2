/** Revenue of the provider from tokens that nobody will redeem. A signal for accountants, not their judgement. */
import { z } from 'zod'
import { type Actor, must } from '../../access/index.ts'
import { accountingOf, NoBreakage, revenueWithBreakage } from '../../drawdown/index.ts'
import {
  type MicroTokens,
  type Money,
  parse,
  type Reader,
  type Ref,
  Refused,
  today,
  zRef,
  zTokens,
} from '../../platform/index.ts'
import { mustSeeGrant } from './grant-visibility.ts'
import { termsByDay } from './terms-by-day.ts'

export const GrantBreakageInput = z.strictObject({ grantId: zRef('Grant'), expectedUnused: zTokens })
export type GrantBreakageInput = z.input<typeof GrantBreakageInput>

/** Cumulative until the end of `month`, at ten places of the currency of the consideration. */
export type GrantBreakage = {
  /** The last stated month. */
  readonly month: string
  readonly redeemed: MicroTokens
  readonly expectedUnused: MicroTokens
  readonly consideration: Money
  /** Why unused tokens are not refundable: the signed term. */
  readonly because: string
  readonly delivery: bigint
  readonly breakage: bigint
  readonly revenue: bigint
  readonly liability: bigint
}

/**
 * The provider's revenue from a grant, with what it expects never to be redeemed recognised in proportion to what is (ASC
 * 606-10-55-46 to 55-49). `expectedUnused` is the accountants' estimate, and so an argument.
 *
 * Only where unused tokens are not refundable: releases earn the shares, or they vest at the long-stop although tokens are
 * unused (take or pay).
 *
 * @throws {NoBreakage} where unused tokens forfeit shares, or the estimate cannot be
 * @throws {Refused} where no approved mark says what was received, or no month is stated
 */
export async function grantBreakage(reader: Reader, actor: Actor, input: GrantBreakageInput): Promise<GrantBreakage> {
  const { grantId: ref, expectedUnused } = parse(GrantBreakageInput, input)
  await mustSeeGrant(reader, actor, ref)
  must(actor, 'analyst', 'partner', 'compliance', 'operations')
  const because = await notRefundable(reader, ref)
  const { grants } = await accountingOf(reader, actor, ref.companyId)
  const grant = grants.find(({ grantId }) => grantId === ref.id)
  if (grant?.providerConsideration == null)
    throw new Refused('grantId', `has no consideration: ${grant?.cannotTell ?? 'its issuance is not recorded here.'}`)
  const last = grant.months.at(-1)
  if (last === undefined) throw new Refused('grantId', 'has no stated month yet: state one first')
  const contract = { granted: grant.granted, consideration: grant.providerConsideration }
  const redeemed = last.provided
  return {
    month: last.month,
    redeemed,
    expectedUnused,
    consideration: grant.providerConsideration,
    because,
    ...revenueWithBreakage(contract, { redeemed, expectedBreakage: expectedUnused, refundable: false }),
  }
}

/** The term by which what was given for unused tokens is kept. @throws {NoBreakage} where there is none */
async function notRefundable(reader: Reader, ref: Ref): Promise<string> {
  const { basis, round_id: id } = await reader
    .selectFrom('vesting_grant')
    .select(['basis', 'round_id'])
    .where('company_id', '=', ref.companyId)
    .where('grant_id', '=', ref.id)
    .executeTakeFirstOrThrow()
  if (basis === 'released') return 'Releases earn the shares, whether the tokens are used or not.'
  const { settlement } = (await termsByDay(reader, { companyId: ref.companyId, id }))(await today(reader))
  if (settlement.nonUse === 'VEST_ANYWAY') return 'Unearned shares vest at the long-stop although tokens are unused.'
  throw new NoBreakage('unused tokens forfeit the shares that they would have earned')
}
