/** What the operations page shows of tokens: the supply of each class, whether it is covered, and what expires soon. */
import type { CoverageOnPage, ExpiringOnPage, SupplyOnPage } from '../../../templates/pages/operations-tokens.ts'
import type { Actor } from '../../access/index.ts'
import { coverageOf } from '../../clusters/index.ts'
import { companiesById } from '../../parties/index.ts'
import { type Deps, formatNumeric, formatTokens } from '../../platform/index.ts'
import { allTokenClasses, CHARGE_CAUSES, openExpiryNotices, type SupplyView, suppliesFor } from '../../tokens/index.ts'

export type TokensNow = {
  readonly supplies: readonly SupplyView[]
  readonly expiring: readonly ExpiringOnPage[]
  readonly coverage: readonly CoverageOnPage[]
}

/** Of the classes and companies that the actor sees. */
export async function tokensNow(deps: Deps, actor: Actor): Promise<TokensNow> {
  const supplies = await suppliesFor(deps.db, actor)
  const expiring = await expiringSoon(deps, actor)
  return { supplies, expiring, coverage: await coverages(deps, supplies) }
}

export const supplyOnPage = ({ charged, authorisations, ...supply }: SupplyView): SupplyOnPage => ({
  name: supply.name,
  authorised: formatTokens(supply.authorised),
  granted: formatTokens(supply.granted),
  remaining: formatTokens(supply.remaining),
  outstanding: formatTokens(supply.outstanding),
  locked: formatTokens(supply.locked),
  available: formatTokens(supply.available),
  held: formatTokens(supply.held),
  escrow: formatTokens(supply.escrow),
  charged: CHARGE_CAUSES.map((cause) => ({ cause, tokens: formatTokens(charged[cause]) })),
  expired: formatTokens(supply.expired),
  cancelled: formatTokens(supply.cancelled),
  authority: authorisations.map(({ amount, validFrom, validUntil, approvedBy, reason }) => ({
    tokens: amount < 0n ? `-${formatTokens(-amount)}` : formatTokens(amount),
    from: validFrom,
    until: validUntil,
    approvedBy: approvedBy ?? '–',
    reason,
  })),
})

/** Of the classes whose supply the actor may know, where something is outstanding. */
async function coverages({ db }: Pick<Deps, 'db'>, supplies: readonly SupplyView[]): Promise<CoverageOnPage[]> {
  const held = supplies.filter(({ outstanding }) => outstanding > 0n)
  const coverage = await coverageOf(
    db,
    held.map(({ tokenClassId }) => tokenClassId),
  )
  return held.flatMap(({ tokenClassId, name }) => {
    const of = coverage.get(tokenClassId)
    if (of === undefined) return []
    const months = of.months.map(({ month, expiring, hours, promised, deliverable, ratio }) => ({
      month,
      expiring: formatTokens(expiring),
      hours: hours === null ? null : formatTokens(hours),
      promised: formatTokens(promised),
      deliverable: deliverable === null ? null : formatTokens(deliverable),
      ratio: ratio === null ? null : formatNumeric(ratio),
    }))
    const least = of.worst === null || of.worst.ratio === null ? null : formatNumeric(of.worst.ratio)
    return [{ name, unknown: of.unknown, least, leastIn: of.worst?.month ?? null, months }]
  })
}

/** Of the companies that the actor sees; nothing for a provider's people. */
async function expiringSoon({ db }: Pick<Deps, 'db'>, actor: Actor): Promise<ExpiringOnPage[]> {
  const notices = await openExpiryNotices(db, actor)
  if (notices.length === 0) return []
  const companies = await companiesById(db, actor, [...new Set(notices.map(({ companyId }) => companyId))])
  const names = new Map(companies.map(({ companyId, legalName }) => [companyId, legalName]))
  const classes = new Map((await allTokenClasses(db)).map(({ tokenClassId, name }) => [tokenClassId, name]))
  return notices.map((notice) => ({
    company: names.get(notice.companyId) ?? '',
    tokenClass: classes.get(notice.tokenClassId) ?? 'tokens',
    expiresOn: notice.expiresOn,
    daysLeft: notice.daysLeft,
    tokens: formatTokens(notice.left),
    noticed: notice.givenAt,
  }))
}
