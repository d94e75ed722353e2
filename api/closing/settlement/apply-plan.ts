/** Does what a plan says, in the caller's transaction: the same code whether it is for good or for a rehearsal. */
import { settlementPdf } from '../../../templates/pdf/settlement.ts'
import { storeDocument } from '../../documents/index.ts'
import {
  type BySettlement,
  endEarning,
  forfeitUnearned,
  type LockedGrant,
  markSettled,
  mustBeSettleable,
  vestByClause,
} from '../../drawdown/index.ts'
import {
  addJob,
  audit,
  formatNumeric,
  formatTokens,
  globalId,
  instant,
  type MicroTokens,
  NOBODY,
  type Ref,
  Refused,
  type Trx,
  type Uuid,
  type WholeShares,
} from '../../platform/index.ts'
import { cancelTokens, lapseReleasesOfLot, openTopUp } from '../../tokens/index.ts'
import type { ApplyPlan } from './application.ts'
import { noticeOf } from './notice-of.ts'
import { type GrantStanding, planHash, planJson, type SettlementPlan } from './plan.ts'

/** The kind under which the notice of a settlement is stored. */
export const SETTLEMENT_NOTICE = 'settlement_notice'
/** Name of the job that is added for the end of a wind-down. */
export const SETTLE_DUE_JOB = 'closing.settle-due'

/** What was done: equal to what was planned, or nothing was. */
export type Applied = {
  readonly cancelled: MicroTokens
  readonly topUp: MicroTokens
  readonly topUpLotId: Uuid | null
  /** The metric whose level became the base. */
  readonly metricId: Uuid | null
  readonly vested: WholeShares
  readonly forfeited: WholeShares
  readonly documentId: Uuid
  readonly documentSha256: string
  readonly bytes: Uint8Array
}

/**
 * Moves the tokens, vests or forfeits the shares, ends earning, and stores the notice.
 *
 * Lock order: the caller holds the company; a supply row, where tokens are added, comes last.
 *
 * @throws {Refused} when shares are earned and not vested yet, or the grant is settled already
 * @throws {SupplyExceeded} when the class has no authority left for a top-up
 */
export async function applyPlan(trx: Trx, of: ApplyPlan): Promise<Applied> {
  const { ref, standing, grant, plan } = of
  const { companyId } = ref
  const subject = globalId('Settlement', companyId, ref.id)
  const by: BySettlement = { settlementId: ref.id, date: standing.on, clause: plan.clause }
  if (plan.endsEarning || plan.shares.forfeits > 0n) mustBeSettleable(grant)
  const cancelled = await cancel(trx, of, subject)
  const vested = await vestByClause(trx, grant, { ...by, quantity: plan.shares.vests })
  const forfeited = await forfeit(trx, grant, plan, by)
  if (plan.endsEarning) {
    await endEarning(trx, grant, endOf(standing, plan))
    await markSettled(trx, grant)
    // Tokens stay at a long-stop, but what was asked for and not given is for a grant that is no more.
    if (plan.shares.forfeits > 0n) await lapseReleasesOfLot(trx, companyId, standing.lotId)
  }
  if (plan.windDownUntil !== null) await windDown(trx, ref, standing, plan.windDownUntil)
  const document = await notice(trx, of)
  const topUpLotId = plan.tokens.topUp === 0n ? null : await topUp(trx, standing, plan.tokens.topUp, subject)
  const metricId =
    plan.newBase === null || standing.index === null || standing.index instanceof Refused
      ? null
      : standing.index.metric.metricId
  const done = { cancelled, topUp: plan.tokens.topUp, topUpLotId, metricId, vested, forfeited, ...document }
  mustEqual(plan, done)
  await audit(trx, of.actorId === null ? NOBODY : { id: of.actorId }, {
    scope: { kind: 'company', id: companyId },
    kind: 'settlement.applied',
    subject,
    payload: {
      plan: planJson(plan),
      planSha256: planHash(plan).toString('hex'),
      document: globalId('Document', companyId, document.documentId),
    },
  })
  return done
}

async function cancel(trx: Trx, { ref, standing, plan }: ApplyPlan, subject: string): Promise<MicroTokens> {
  const { companyId, lotId } = standing
  let sum = 0n
  for (const [from, amount] of [
    ['locked', plan.tokens.fromLocked],
    ['available', plan.tokens.fromAvailable],
  ] as const) {
    if (amount === 0n) continue
    const parts = await cancelTokens(trx, { companyId, lotId, from: [from], cause: ref.id, subject, atMost: amount })
    sum += parts.reduce((total, part) => total + part.amount, 0n)
  }
  return sum
}

async function forfeit(trx: Trx, grant: LockedGrant, plan: SettlementPlan, by: BySettlement): Promise<WholeShares> {
  const { forfeits } = plan.shares
  if (forfeits === 0n) return 0n
  return forfeitUnearned(trx, grant, plan.endsEarning ? by : { ...by, part: forfeits })
}

/** At the long-stop earning ends on its day, also where the settlement comes later. */
const endOf = (standing: GrantStanding, plan: SettlementPlan): string =>
  plan.event === 'long_stop' ? standing.longStop.effective : standing.on

async function windDown(
  trx: Trx,
  ref: Ref,
  { companyId, grantId, lotId }: GrantStanding,
  endsOn: string,
): Promise<void> {
  await trx
    .insertInto('wind_down')
    .values({ company_id: companyId, lot_id: lotId, settlement_id: ref.id, ends_on: endsOn })
    .execute()
  await addJob(trx, {
    name: SETTLE_DUE_JOB,
    payload: { companyId, grantId },
    runAt: `${endsOn}T00:00:00Z`,
    key: `closing.settle:${companyId}:${grantId}:${endsOn}`,
  })
}

async function topUp(trx: Trx, standing: GrantStanding, amount: MicroTokens, subject: string): Promise<Uuid> {
  const { companyId, tokenClassId, expiresOn } = standing
  const { lotId } = await openTopUp(trx, { companyId, tokenClassId, amount, expiresOn, subject })
  return lotId
}

async function notice(trx: Trx, of: ApplyPlan) {
  const { ref, madeBy } = of
  const bytes = await settlementPdf(await noticeOf(trx, of, await instant(trx)))
  const { documentId, sha256 } = await storeDocument(trx, {
    companyId: ref.companyId,
    subject: globalId('Settlement', ref.companyId, ref.id),
    kind: SETTLEMENT_NOTICE,
    bytes,
    mediaType: 'application/pdf',
    fileName: `settlement-notice-${of.plan.event.replaceAll('_', '-')}-${of.standing.on}.pdf`,
    madeBy,
  })
  return { documentId, documentSha256: sha256, bytes }
}

/** What was done is what was shown: anything else is a fault of ours, and undone. */
function mustEqual(plan: SettlementPlan, done: Omit<Applied, 'bytes' | 'documentId' | 'documentSha256'>): void {
  const { tokens, shares } = plan
  const planned = [tokens.fromLocked + tokens.fromAvailable, tokens.topUp, shares.vests, shares.forfeits]
  const found = [done.cancelled, done.topUp, done.vested, done.forfeited]
  if (planned.some((amount, index) => amount !== found[index]))
    throw new Error(`the settlement planned ${planned.join(', ')} and did ${found.join(', ')}`)
}

/** A plan in words, for logs and people. */
export const planWords = ({ tokens, shares, cash }: SettlementPlan): string =>
  `${formatTokens(tokens.fromLocked + tokens.fromAvailable)} tokens cancelled, ${formatTokens(tokens.topUp)} added; ${shares.vests} shares vest, ${shares.forfeits} are forfeited; cash ${formatNumeric(cash.amount)} ${cash.currency}`
