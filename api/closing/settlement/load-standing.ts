/** Reads a grant and everything that settling it depends on. */
import { owedDays, requestEvidence } from '../../clusters/index.ts'
import { earnedShares, type LockedGrant, lockGrant } from '../../drawdown/index.ts'
import {
  globalId,
  parseNumeric,
  parseTokens,
  type Reader,
  Refused,
  type Trx,
  today,
  type Uuid,
} from '../../platform/index.ts'
import { lockRound, type RoundTerms } from '../../rounds/index.ts'
import { type Balances, balances, daysAfter, levelOf, levelsOnDays, type MetricLevel } from '../../tokens/index.ts'
import { longStopOf } from './long-stop.ts'
import type { Circumstances, GrantStanding } from './plan.ts'
import { appliedToGrants } from './settlement.store.ts'
import { termsByDay } from './terms-by-day.ts'

/**
 * The grant, locked, and its standing. The caller has locked the company, so it stays as it is.
 *
 * @param said what happened, where something did: the terms of its day settle it, whatever was amended since. A fall of the
 *   index is compared today, by the terms of today.
 * @throws {NotFound} when there is no such grant
 */
export async function loadStanding(
  trx: Trx,
  companyId: Uuid,
  grantId: Uuid,
  said?: Pick<Circumstances, 'event' | 'happenedOn'>,
): Promise<{ standing: GrantStanding; grant: LockedGrant }> {
  const grant = await lockGrant(trx, companyId, grantId)
  const ref = { companyId, id: grant.grant.roundId }
  const round = await lockRound(trx, ref)
  const byToday = said === undefined || said.event === 'price_protection'
  const terms = byToday ? round.terms : (await termsByDay(trx, ref))(said.happenedOn)
  return { standing: await standingOf(trx, grant, terms), grant }
}

/** How a grant stands that was read, locked or not, by the terms that hold. */
async function standingOf(reader: Reader, grant: LockedGrant, terms: RoundTerms): Promise<GrantStanding> {
  const [standing] = await standingsOf(reader, [grant], terms, await today(reader))
  if (standing === undefined) throw new Error(`the grant ${grant.grant.grantId} has no standing`)
  return standing
}

/** How the grants of one round stand today, read, locked or not, by the terms that hold. As many queries as for one. */
export async function standingsOf(
  reader: Reader,
  grants: readonly LockedGrant[],
  terms: RoundTerms,
  on: string,
): Promise<GrantStanding[]> {
  const [first] = grants
  if (first === undefined) return []
  const books = await booksOf(reader, first.grant, grants, on)
  return withIndexes(
    reader,
    grants.map((grant) => standingIn(books, grant, terms)),
    books.applied,
  )
}

type Books = Awaited<ReturnType<typeof booksOf>>

/** What standings are read from: everything of the company that they depend on. */
async function booksOf(
  reader: Reader,
  { companyId, roundId }: LockedGrant['grant'],
  grants: readonly LockedGrant[],
  on: string,
) {
  const ids = grants.map(({ grant }) => grant.grantId)
  const { lots } = await balances(reader, companyId)
  return {
    lots: new Map(lots.map((lot) => [lot.lotId, lot])),
    on,
    applied: await appliedToGrants(reader, [companyId], ids),
    amountOf: amountsIn(lots),
    requests: (await requestEvidence(reader, [companyId])).get(companyId) ?? [],
    termsOn: await termsByDay(reader, { companyId, id: roundId }),
    agreedExpiry: await agreedExpiries(
      reader,
      grants.map(({ grant }) => grant),
    ),
  }
}

function standingIn(books: Books, grant: LockedGrant, terms: RoundTerms): GrantStanding {
  const { companyId, grantId, lotId, terms: earning, longStop: agreed } = grant.grant
  const { on, amountOf: of, termsOn } = books
  const lot = books.lots.get(lotId)
  if (lot === undefined) throw new Error(`the grant ${grantId} has no lot`)
  const applied = books.applied.get(grantId) ?? []
  const unusedOf = (id: Uuid) => of(id, 'locked') + of(id, 'available') + of(id, 'held')
  const topUps = applied.flatMap(({ plan, topUpLotId }) =>
    topUpLotId === null ? [] : [{ lotId: topUpLotId, amount: parseTokens(plan.tokens.topUp) }],
  )
  const openedOn = grant.openedAt.slice(0, 10)
  const owed = owedDays(
    books.requests.filter(({ tokenClassId }) => tokenClassId === lot.tokenClassId),
    { from: openedOn, until: on },
  )
  const noticeOn = applied.find(({ plan }) => plan.event === 'termination_for_convenience')?.said.happenedOn ?? null
  return {
    ...{ companyId, grantId, lotId, tokenClassId: lot.tokenClassId, terms, on, openedOn, expiresOn: lot.expiresOn },
    agreedExpiry: books.agreedExpiry(lotId, grantId, lot.expiresOn),
    granted: earning.granted,
    ...{ locked: of(lotId, 'locked'), available: of(lotId, 'available'), held: of(lotId, 'held') },
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
    longStop: longStopOf(agreed, owed, (day) => termsOn(day).settlement),
    noticeOn,
    windDownEnds: noticeOn === null ? null : daysAfter(noticeOn, termsOn(noticeOn).settlement.windDownDays),
    settledBy: applied.find(({ plan }) => plan.endsEarning)?.plan.event ?? null,
    toppedUp: topUps.reduce((sum, { amount }) => sum + amount, 0n),
    unusedTopUps: topUps.reduce((sum, topUp) => sum + unusedOf(topUp.lotId), 0n),
    base: terms.settlement.priceProtection?.baseLevel ?? null,
    index: null,
  }
}

/**
 * When a grant's tokens expire by what was signed: the last amendment of its lot, or what stood before the first day that
 * was owed moved it.
 */
async function agreedExpiries(reader: Reader, grants: readonly LockedGrant['grant'][]) {
  const changes = await reader
    .selectFrom('lot_change')
    .select(['lot_id', 'expires_on', 'expires_before', 'source'])
    .where('company_id', 'in', [...new Set(grants.map(({ companyId }) => companyId))])
    .where(
      'lot_id',
      'in',
      grants.map(({ lotId }) => lotId),
    )
    .where('expires_on', 'is not', null)
    .where('applied_at', 'is not', null)
    .orderBy('applied_at', 'desc')
    .orderBy('change_id', 'desc')
    .execute()
  const byLot = Map.groupBy(changes, ({ lot_id: lotId }) => lotId)
  const sources = new Map(grants.map(({ companyId, grantId }) => [grantId, globalId('Grant', companyId, grantId)]))
  return (lotId: Uuid, grantId: Uuid, now: string): string => {
    let agreed = now
    for (const { expires_before: before, source } of byLot.get(lotId) ?? []) {
      if (source !== sources.get(grantId)) break
      agreed = before ?? agreed
    }
    return agreed
  }
}

/** Tokens of a lot by where they are; what a pending hold will take counts as held. */
function amountsIn(lots: Balances['lots']) {
  const amounts = new Map(
    lots.map((lot) => [lot.lotId, new Map(lot.accounts.map(({ kind, amount }) => [kind, amount]))]),
  )
  return (lotId: Uuid, kind: 'locked' | 'available' | 'held') => amounts.get(lotId)?.get(kind) ?? 0n
}

/**
 * The level of the agreed index today and what it is compared with: the agreed level, or that of the last top-up. Once a
 * fallback stands for the metric, it is compared with what the fallback itself was when the grant was opened.
 */
async function withIndexes(
  reader: Reader,
  standings: readonly GrantStanding[],
  applied: Books['applied'],
): Promise<GrantStanding[]> {
  const [first] = standings
  const protection: RoundTerms['settlement']['priceProtection'] = first?.terms.settlement.priceProtection
  if (first === undefined || protection === undefined) return [...standings]
  const { metricId, windowDays } = protection
  const index = await levelOf(reader, metricId, { asOf: first.on, windowDays }).catch(refusalOr)
  if (index instanceof Refused) return standings.map((standing) => ({ ...standing, index }))
  const based = standings.map((standing) => {
    const last = (applied.get(standing.grantId) ?? []).findLast(
      ({ plan, metricId: of }) => plan.newBase !== null && of === index.metric.metricId,
    )
    return { ...standing, index, newBase: last?.plan.newBase ?? null }
  })
  const isFallback = index.metric.metricId !== metricId
  const openings = based.filter(({ newBase }) => isFallback && newBase === null).map(({ openedOn }) => openedOn)
  const then = await levelsOnDays(reader, index.metric, [...new Set(openings)], windowDays)
  const currency = index.metric.currency
  return based.map(({ newBase, ...standing }): GrantStanding => {
    if (newBase !== null) {
      return { ...standing, base: { amount: parseNumeric(newBase.amount), currency: newBase.currency } }
    }
    const opening = isFallback ? then.get(standing.openedOn) : undefined
    if (opening === undefined) return standing
    return opening instanceof Refused
      ? { ...standing, index: opening }
      : { ...standing, base: { amount: opening.level, currency } }
  })
}

const refusalOr = (error: unknown): MetricLevel | Refused => {
  if (error instanceof Refused) return error
  throw error
}
