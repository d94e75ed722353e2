/** Reads a grant and everything that settling it depends on. The caller has locked the company, so it stays as it is. */
import { owedDays, requestEvidence } from '../../clusters/index.ts'
import { earnedShares, type LockedGrant, lockGrant } from '../../drawdown/index.ts'
import { parseNumeric, parseTokens, Refused, type Trx, today, type Uuid } from '../../platform/index.ts'
import { lockRound, type RoundTerms } from '../../rounds/index.ts'
import { balances, levelOf, levelOfMetric, lotsOf, type MetricLevel } from '../../tokens/index.ts'
import { longStopOf } from './long-stop.ts'
import type { GrantStanding } from './plan.ts'
import { appliedTo } from './settlement.store.ts'

/** @throws {NotFound} when there is no such grant */
export async function loadStanding(
  trx: Trx,
  companyId: Uuid,
  grantId: Uuid,
): Promise<{ standing: GrantStanding; grant: LockedGrant }> {
  const grant = await lockGrant(trx, companyId, grantId)
  const { lotId, roundId, terms: earning, longStop: agreed } = grant.grant
  const round = await lockRound(trx, { companyId, id: roundId })
  const lots = await lotsOf(trx, companyId)
  const lot = lots.find((each) => each.lotId === lotId)
  if (lot === undefined) throw new Error(`the grant ${grantId} has no lot`)
  const on = await today(trx)
  const applied = await appliedTo(trx, companyId, grantId)
  const of = await lotsAmounts(trx, companyId)
  const unusedOf = (id: Uuid) => of(id, 'locked') + of(id, 'available') + of(id, 'held')
  const topUps = applied.flatMap(({ plan, topUpLotId }) =>
    topUpLotId === null ? [] : [{ lotId: topUpLotId, amount: parseTokens(plan.tokens.topUp) }],
  )
  const requests = (await requestEvidence(trx, [companyId])).get(companyId) ?? []
  const owed = owedDays(
    requests.filter(({ tokenClassId }) => tokenClassId === lot.tokenClassId),
    { from: grant.openedAt.slice(0, 10), until: on },
  )
  const { settlement } = round.terms
  const standing: GrantStanding = {
    companyId,
    grantId,
    lotId,
    tokenClassId: lot.tokenClassId,
    terms: round.terms,
    on,
    openedOn: grant.openedAt.slice(0, 10),
    expiresOn: lot.expiresOn,
    agreedExpiry: round.terms.tokenExpiry,
    granted: earning.granted,
    locked: of(lotId, 'locked'),
    available: of(lotId, 'available'),
    held: of(lotId, 'held'),
    total: earning.total,
    vested: grant.vested,
    forfeited: applied.reduce((sum, { plan }) => sum + BigInt(plan.shares.forfeits), 0n),
    givenUp: applied
      .filter(({ plan }) => plan.event === 'partial_termination')
      .reduce(
        (sum, { plan }) => sum + parseTokens(plan.tokens.fromLocked) + parseTokens(plan.tokens.fromAvailable),
        0n,
      ),
    earnedAt: (basis) => earnedShares(earning, basis),
    longStop: longStopOf(agreed, owed, settlement),
    noticeOn: applied.find(({ plan }) => plan.event === 'termination_for_convenience')?.said.happenedOn ?? null,
    settledBy: applied.find(({ plan }) => plan.endsEarning)?.plan.event ?? null,
    toppedUp: topUps.reduce((sum, { amount }) => sum + amount, 0n),
    unusedTopUps: topUps.reduce((sum, topUp) => sum + unusedOf(topUp.lotId), 0n),
    base: settlement.priceProtection?.baseLevel ?? null,
    index: null,
  }
  return { standing: await withIndex(trx, standing, applied, grant.openedAt.slice(0, 10)), grant }
}

/** Tokens of a lot by where they are; what a pending hold will take counts as held. */
async function lotsAmounts(trx: Trx, companyId: Uuid) {
  const { lots } = await balances(trx, companyId)
  const amounts = new Map(
    lots.map((lot) => [lot.lotId, new Map(lot.accounts.map(({ kind, amount }) => [kind, amount]))]),
  )
  return (lotId: Uuid, kind: 'locked' | 'available' | 'held') => amounts.get(lotId)?.get(kind) ?? 0n
}

/**
 * The level of the agreed index today and what it is compared with: the agreed level, or that of the last top-up. Once a
 * fallback stands for the metric, it is compared with what the fallback itself was when the grant was opened.
 */
async function withIndex(
  trx: Trx,
  standing: GrantStanding,
  applied: Awaited<ReturnType<typeof appliedTo>>,
  openedOn: string,
): Promise<GrantStanding> {
  const protection: RoundTerms['settlement']['priceProtection'] = standing.terms.settlement.priceProtection
  if (protection === undefined) return standing
  const { metricId, windowDays } = protection
  const index = await levelOf(trx, metricId, { asOf: standing.on, windowDays }).catch(refusalOr)
  if (index instanceof Refused) return { ...standing, index }
  const last = applied.findLast(({ plan, metricId: of }) => plan.newBase !== null && of === index.metric.metricId)
  if (last?.plan.newBase != null) {
    return {
      ...standing,
      index,
      base: { amount: parseNumeric(last.plan.newBase.amount), currency: last.plan.newBase.currency },
    }
  }
  if (index.metric.metricId === metricId) return { ...standing, index }
  const then = await levelOfMetric(trx, index.metric, { asOf: openedOn, windowDays }).catch(refusalOr)
  if (then instanceof Refused) return { ...standing, index: then }
  return { ...standing, index, base: { amount: then.level, currency: index.metric.currency } }
}

const refusalOr = (error: unknown): MetricLevel | Refused => {
  if (error instanceof Refused) return error
  throw error
}
