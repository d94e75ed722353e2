/** What an amendment does beyond the words of the terms: to lots and to how grants earn, on its day. */
import { changeGrant } from '../drawdown/index.ts'
import type { Ref, Trx, Uuid } from '../platform/index.ts'
import { type RoundTerms, releaseSchedule, type TermChange } from '../rounds/index.ts'
import { changeLot } from '../tokens/index.ts'

/** An amendment that both sides have signed. */
export type BindingAmendment = {
  readonly ref: Ref
  /** Global id. */
  readonly id: string
  readonly round: Ref
  readonly terms: RoundTerms
  readonly changes: readonly TermChange[]
  readonly effectiveOn: string
}

/** A grant of the round, and what of the round's terms it has. Grants of later closings may have terms of their own. */
type OpenedGrant = {
  readonly grantId: Uuid
  readonly lotId: Uuid
  readonly basis: string
  readonly charging: string
  readonly longStop: string
  readonly expiresOn: string
  /** True for the grant of the first closing, whose releases the terms plan. */
  readonly first: boolean
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
    .select((on) => [
      'grant.grant_id as grantId',
      'grant.lot_id as lotId',
      'grant.basis',
      'grant.charging',
      'grant.long_stop as longStop',
      'lot.expires_on as expiresOn',
      on('planned.grant_id', 'is not', null).$castTo<boolean>().as('first'),
    ])
    .where('grant.company_id', '=', amendment.round.companyId)
    .where('grant.round_id', '=', amendment.round.id)
    .orderBy('grant.grant_id')
    .execute()
  for (const grant of grants) await scheduleFor(trx, amendment, grant)
}

/** A grant follows the round in what it had of it: where its own closing agreed otherwise, that stays. */
async function scheduleFor(
  trx: Trx,
  { round, id, terms, changes, effectiveOn }: BindingAmendment,
  grant: OpenedGrant,
): Promise<void> {
  const before = new Map(changes.map(({ path, from }) => [path.join('.'), from]))
  const follows = (path: string, own: string) => before.has(path) && (grant.first || before.get(path) === own)
  const { grantId, lotId } = grant
  const common = { companyId: round.companyId, effectiveOn, source: id }
  const expiresOn = follows('tokenExpiry', grant.expiresOn) ? terms.tokenExpiry : undefined
  const releases =
    before.has('releases') && grant.first ? releaseSchedule(terms).filter(({ on }) => on >= effectiveOn) : undefined
  if (expiresOn !== undefined || releases !== undefined) {
    await changeLot(trx, { ...common, lotId, expiresOn, releases })
  }
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
}
