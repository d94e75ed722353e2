/** What an amendment does beyond the words of the terms: to lots and to how grants earn, on its day. */
import { extendWarrant } from '../../captable/index.ts'
import { changeBookingTerms, changeLaterBasis } from '../../clusters/index.ts'
import { changeGrant } from '../../drawdown/index.ts'
import type { Ref, Trx, Uuid } from '../../platform/index.ts'
import {
  type GrantTerms,
  grantsOf,
  laterBasis,
  lotReleaseTerms,
  RoundTerms,
  releasesOfGrant,
  type TermChange,
} from '../../rounds/index.ts'
import { agreeDrawOrder, changeLot } from '../../tokens/index.ts'
import { LaterClosing } from '../later-closing/later-closing.ts'
import type { LaterGrant } from './later-grants.ts'

/** An amendment that both sides have signed. */
export type BindingAmendment = {
  readonly ref: Ref
  /** Global id. */
  readonly id: string
  readonly round: Ref
  readonly baseVersion: number
  readonly terms: RoundTerms
  readonly laterGrants: readonly LaterGrant[]
  readonly changes: readonly TermChange[]
  readonly effectiveOn: string
}

/** A grant of the round, as it stands. */
type OpenedGrant = {
  readonly grantId: Uuid
  readonly lotId: Uuid
  /** What it vests: of a warrant the instrument. */
  readonly securityId: string
  readonly basis: string
  readonly charging: string
  readonly longStop: string
  readonly expiresOn: string
  /** Its place in the terms where the first closing opened it; null for those of later closings, which have terms of their own. */
  readonly ordinal: number | null
}

/** Plans what follows for every open grant of the round. The company is locked. */
export async function scheduleEffects(trx: Trx, amendment: BindingAmendment): Promise<void> {
  const grants = await trx
    .selectFrom('vesting_grant as grant')
    .innerJoin('lot', (on) =>
      on.onRef('lot.company_id', '=', 'grant.company_id').onRef('lot.lot_id', '=', 'grant.lot_id'),
    )
    .leftJoin('planned_grant as planned', (on) =>
      on.onRef('planned.company_id', '=', 'grant.company_id').onRef('planned.grant_id', '=', 'grant.grant_id'),
    )
    .select([
      'grant.grant_id as grantId',
      'grant.lot_id as lotId',
      'grant.security_id as securityId',
      'grant.basis',
      'grant.charging',
      'grant.long_stop as longStop',
      'lot.expires_on as expiresOn',
      'planned.ordinal',
    ])
    .where('grant.company_id', '=', amendment.round.companyId)
    .where('grant.round_id', '=', amendment.round.id)
    .orderBy('grant.grant_id')
    .execute()
  const before = await baseTerms(trx, amendment)
  for (const grant of grants) {
    await scheduleOfRound(trx, amendment, before, grant)
    await (grant.ordinal === null
      ? scheduleFollowing(trx, amendment, before, grant)
      : scheduleOwn(trx, amendment, before, { ...grant, ordinal: grant.ordinal }))
  }
  if (grants.length > 0) await scheduleDrawOrder(trx, amendment)
}

/** What every grant has of the round alone: how later pools get their factors, and the last day of a warrant. */
async function scheduleOfRound(
  trx: Trx,
  { round, id, terms, effectiveOn }: BindingAmendment,
  base: RoundTerms,
  { grantId, securityId }: OpenedGrant,
): Promise<void> {
  const common = { companyId: round.companyId, effectiveOn, source: id }
  const later = laterBasis(terms.factors)
  if (later !== laterBasis(base.factors)) await changeLaterBasis(trx, { ...common, grantId, laterBasis: later })
  const [was, is] = [base.instrument, terms.instrument]
  if (was?.kind !== 'PENNY_WARRANT' || is?.kind !== 'PENNY_WARRANT' || was.expiresOn === is.expiresOn) return
  await extendWarrant(trx, { ...common, instrumentId: securityId, expiresOn: is.expiresOn })
}

/** An order that is no longer agreed is that of the earliest expiry again. */
async function scheduleDrawOrder(trx: Trx, amendment: BindingAmendment): Promise<void> {
  const { round, id, terms, changes, effectiveOn } = amendment
  if (!changes.some(({ path }) => path[0] === 'drawOrder')) return
  await agreeDrawOrder(trx, {
    companyId: round.companyId,
    tokenClassId: terms.compute.tokenClassId,
    order: terms.drawOrder ?? 'EARLIEST_EXPIRY',
    effectiveOn,
    source: id,
  })
}

async function baseTerms(trx: Trx, { round, baseVersion }: BindingAmendment): Promise<RoundTerms> {
  const { terms } = await trx
    .selectFrom('round_terms')
    .select('terms')
    .where('company_id', '=', round.companyId)
    .where('round_id', '=', round.id)
    .where('version', '=', baseVersion)
    .executeTakeFirstOrThrow()
  return RoundTerms.parse(terms)
}

/** A grant of the first closing: what differs between its terms before and after. */
async function scheduleOwn(
  trx: Trx,
  { round, id, terms, effectiveOn }: BindingAmendment,
  base: RoundTerms,
  { grantId, lotId, ordinal }: OpenedGrant & { readonly ordinal: number },
): Promise<void> {
  const [was, is] = [grantsOf(base)[ordinal - 1], grantsOf(terms)[ordinal - 1]]
  if (was === undefined || is === undefined) throw new Error(`the terms have no grant ${ordinal}`)
  const common = { companyId: round.companyId, effectiveOn, source: id }
  const differs = <K extends keyof GrantTerms>(key: K): GrantTerms[K] | undefined =>
    JSON.stringify(was[key], bigintText) === JSON.stringify(is[key], bigintText) ? undefined : is[key]
  const expiresOn = differs('tokenExpiry')
  const releases =
    differs('releases') === undefined
      ? undefined
      : releasesOfGrant(is, terms.closingDate).filter(({ on }) => on >= effectiveOn)
  if (expiresOn !== undefined || releases !== undefined) {
    const releaseTerms = releases === undefined ? undefined : lotReleaseTerms(is.releases)
    await changeLot(trx, { ...common, lotId, expiresOn, releases, releaseTerms })
  }
  const { basis } = is.vesting
  const grantChange = {
    basis: basis !== was.vesting.basis && basis !== 'released' ? basis : undefined,
    charging: differs('charging'),
    disputeWindowDays: base.disputeWindowDays === terms.disputeWindowDays ? undefined : terms.disputeWindowDays,
    longStop: differs('longStop'),
  }
  if (Object.values(grantChange).some((value) => value !== undefined)) {
    await changeGrant(trx, { ...common, grantId, ...grantChange })
  }
  const { charging, longStop } = grantChange
  await changeBookingTerms(trx, { ...common, lotId, charging, longStop, rules: changedRules(base, terms) })
}

/** The rules of reservations that are asked for from the day on, where they differ. */
function changedRules(base: RoundTerms, terms: RoundTerms): RoundTerms['booking'] | undefined {
  const same = JSON.stringify(base.booking, bigintText) === JSON.stringify(terms.booking, bigintText)
  return same ? undefined : terms.booking
}

const bigintText = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)

/** What releases a grant of a later closing from the day on, where the amendment says so. */
async function ownReleases(
  trx: Trx,
  { round: { companyId }, laterGrants, effectiveOn }: BindingAmendment,
  { grantId }: OpenedGrant,
) {
  const own = laterGrants.find((each) => each.grantId.id === grantId)
  if (own === undefined) return undefined
  const opened = await trx
    .selectFrom('closed_grant')
    .innerJoin('closing', (on) =>
      on
        .onRef('closing.company_id', '=', 'closed_grant.company_id')
        .onRef('closing.closing_id', '=', 'closed_grant.closing_id'),
    )
    .select(['closed_grant.tokens_micro as tokens', 'closing.content'])
    .where('closed_grant.company_id', '=', companyId)
    .where('closed_grant.grant_id', '=', grantId)
    .executeTakeFirstOrThrow()
  const { closingDate } = LaterClosing.parse(opened.content)
  const releases = releasesOfGrant({ releases: own.releases, tokens: opened.tokens }, closingDate)
  return { releases: releases.filter(({ on }) => on >= effectiveOn), releaseTerms: lotReleaseTerms(own.releases) }
}

/** A grant of a later closing follows the round in what it had of it: where its own closing agreed otherwise, that stays. */
async function scheduleFollowing(
  trx: Trx,
  amendment: BindingAmendment,
  base: RoundTerms,
  grant: OpenedGrant,
): Promise<void> {
  const { round, id, terms, changes, effectiveOn } = amendment
  const before = new Map(changes.map(({ path, from }) => [path.join('.'), from]))
  const follows = (path: string, own: string) => before.get(path) === own
  const { grantId, lotId } = grant
  const common = { companyId: round.companyId, effectiveOn, source: id }
  const expiresOn = follows('tokenExpiry', grant.expiresOn) ? terms.tokenExpiry : undefined
  const own = await ownReleases(trx, amendment, grant)
  if (expiresOn !== undefined || own !== undefined) await changeLot(trx, { ...common, lotId, expiresOn, ...own })
  const basis = terms.vesting.basis
  const grantChange = {
    basis: follows('vesting.basis', grant.basis) && basis !== 'released' ? basis : undefined,
    charging: follows('charging', grant.charging) ? terms.charging : undefined,
    disputeWindowDays: before.has('disputeWindowDays') ? terms.disputeWindowDays : undefined,
    longStop: follows('longStop', grant.longStop) ? terms.longStop : undefined,
  }
  if (Object.values(grantChange).some((value) => value !== undefined)) {
    await changeGrant(trx, { ...common, grantId, ...grantChange })
  }
  const { charging, longStop } = grantChange
  await changeBookingTerms(trx, { ...common, lotId, charging, longStop, rules: changedRules(base, terms) })
}
