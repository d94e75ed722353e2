/** What a closing opens: each grant's equity, its lot, what releases it, how it earns, its factors, and how its reservations are charged. */
import type { Actor } from '../access/index.ts'
import { freezeBookingTerms, freezeFactors } from '../clusters/index.ts'
import { openVesting } from '../drawdown/index.ts'
import { formatTokens, globalId, type Money, type Trx, today, type Uuid, type WholeShares } from '../platform/index.ts'
import { type GrantTerms, type LockedRound, laterBasis, type PlannedRelease, purchaseCents } from '../rounds/index.ts'
import { byDatesOnly, freezeReleaseTerms, type LotReleaseTerms, openGrant } from '../tokens/index.ts'
import { insertClosedGrant } from './closed-grant.store.ts'
import { type ComputeIssue, type IssuedCompute, issueCompute } from './issue-compute.ts'

/** One grant that a closing opens, everything said. */
export type GrantToOpen = {
  readonly grantId: Uuid
  /** Its place among the grants of the closing, from 1. */
  readonly leg: number
  readonly terms: Omit<GrantTerms, 'ordinal' | 'releases'>
  readonly releases: readonly PlannedRelease[]
  /** What no date releases of it. */
  readonly releaseTerms: LotReleaseTerms
  /** None of a SAFE: it accrues its purchase amount. */
  readonly shares: WholeShares
  readonly amount: Money
}
export type OpenedGrant = {
  readonly grantId: Uuid
  readonly leg: number
  readonly lotId: Uuid
  readonly securityId: string
  /** `null` of a SAFE. */
  readonly stockClassId: string | null
  readonly shares: WholeShares
}

type Closing = {
  readonly round: LockedRound
  readonly closingId: Uuid
  /** The accepted document behind it. */
  readonly documentId: Uuid
  readonly price: Money
  readonly date: string
  readonly stakeholder: ComputeIssue['stakeholder']
  readonly stockClass: ComputeIssue['stockClass']
}

/**
 * Issues the equity of every grant: the first brings holder and class where they are new, the others use them.
 *
 * @throws {TransactionRefused} when the cap table does not allow it
 */
export async function issueGrants(
  trx: Trx,
  closing: Closing,
  grants: readonly GrantToOpen[],
): Promise<readonly (IssuedCompute & { readonly grant: GrantToOpen })[]> {
  let { stakeholder, stockClass } = closing
  const issued = []
  for (const grant of grants) {
    const { shares, amount, terms } = grant
    const { price, date } = closing
    const made = await issueCompute(trx, closing.round, {
      grant: terms,
      shares,
      amount,
      price,
      date,
      stakeholder,
      stockClass,
    })
    stakeholder = { id: made.stakeholderId }
    if (made.stockClassId !== null) stockClass = { id: made.stockClassId }
    issued.push({ ...made, grant })
  }
  return issued
}

/**
 * Opens each grant with a lot of its own, in the order of the token classes: so two closings at once lock supplies alike.
 * The answer is in the order of the grants.
 *
 * @throws {SupplyExceeded}
 */
export async function openGrants(
  trx: Trx,
  actor: Actor,
  closing: Pick<Closing, 'round' | 'closingId' | 'documentId'>,
  issued: Awaited<ReturnType<typeof issueGrants>>,
): Promise<readonly OpenedGrant[]> {
  const ordered = issued.toSorted((a, b) => (a.grant.terms.tokenClassId < b.grant.terms.tokenClassId ? -1 : 1))
  const opened: OpenedGrant[] = []
  for (const { grant, securityId, stockClassId } of ordered) {
    const lotId = await openOne(trx, closing, grant, securityId)
    const { grantId, leg, shares } = grant
    const { companyId, roundId } = closing.round
    await insertClosedGrant(trx, {
      companyId,
      grantId,
      roundId,
      closingId: closing.closingId,
      leg,
      lotId,
      securityId,
      stockClassId,
      documentId: closing.documentId,
      tokens: grant.terms.tokens,
      shares,
      closedBy: actor.id,
    })
    opened.push({ grantId, leg, lotId, securityId, stockClassId, shares })
  }
  return opened.toSorted((a, b) => a.leg - b.leg)
}

async function openOne(
  trx: Trx,
  { round, documentId }: Pick<Closing, 'round' | 'documentId'>,
  { grantId, terms, releases, releaseTerms, shares }: GrantToOpen,
  securityId: string,
): Promise<Uuid> {
  const { companyId, roundId } = round
  const { tokenClassId, vesting, charging, longStop } = terms
  const safe = round.terms.instrument?.kind === 'SAFE'
  const { lotId } = await openGrant(trx, {
    companyId,
    grantId,
    roundId,
    tokenClassId,
    amount: terms.tokens,
    expiresOn: terms.tokenExpiry,
    vests: securityId,
    releases,
  })
  if (!byDatesOnly(releaseTerms)) {
    const source = globalId('Document', companyId, documentId)
    await freezeReleaseTerms(trx, { companyId, lotId, effectiveOn: await today(trx), terms: releaseTerms, source })
  }
  await openVesting(trx, {
    companyId,
    grantId,
    lotId,
    roundId,
    termsDocumentId: documentId,
    securityId,
    unit: safe ? 'CENT' : 'SHARE',
    terms: {
      total: safe ? purchaseCents(terms) : shares,
      granted: terms.tokens,
      allocation: vesting.allocation,
      tranches: vesting.tranches ?? null,
      cliff: vesting.cliffTokens ?? 0n,
    },
    basis: vesting.basis,
    charging,
    disputeWindowDays: round.terms.disputeWindowDays,
    longStop,
  })
  await freezeFactors(trx, {
    companyId,
    grantId,
    tokenClassId,
    documentId,
    laterBasis: laterBasis(round.terms.factors),
  })
  await freezeBookingTerms(trx, { companyId, lotId, roundId, ...round.terms.booking, charging, longStop })
  return lotId
}

/** Opened grants as the audit log keeps them. */
export const auditedGrants = (opened: readonly OpenedGrant[], grants: readonly GrantToOpen[]) =>
  opened.map(({ grantId, lotId, securityId, shares, leg }) => ({
    grant: grantId,
    lot: lotId,
    security: securityId,
    shares: shares.toString(),
    tokens: formatTokens(grants[leg - 1]?.terms.tokens ?? 0n),
  }))
