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

/** Plans what follows for every open grant of the round. The company is locked. */
export async function scheduleEffects(trx: Trx, amendment: BindingAmendment): Promise<void> {
  const grants = await trx
    .selectFrom('vesting_grant')
    .select(['grant_id as grantId', 'lot_id as lotId'])
    .where('company_id', '=', amendment.round.companyId)
    .where('round_id', '=', amendment.round.id)
    .orderBy('grant_id')
    .execute()
  for (const grant of grants) await scheduleFor(trx, amendment, grant)
}

async function scheduleFor(
  trx: Trx,
  { round, id, terms, changes, effectiveOn }: BindingAmendment,
  { grantId, lotId }: { readonly grantId: Uuid; readonly lotId: Uuid },
): Promise<void> {
  const changed = new Set(changes.map(({ path }) => path.join('.')))
  const common = { companyId: round.companyId, effectiveOn, source: id }
  const expiresOn = changed.has('tokenExpiry') ? terms.tokenExpiry : undefined
  const releases = changed.has('releases') ? releaseSchedule(terms).filter(({ on }) => on >= effectiveOn) : undefined
  if (expiresOn !== undefined || releases !== undefined) {
    await changeLot(trx, { ...common, lotId, expiresOn, releases })
  }
  const basis = terms.vesting.basis
  const grantChange = {
    basis: changed.has('vesting.basis') && basis !== 'released' ? basis : undefined,
    charging: changed.has('charging') ? terms.charging : undefined,
    disputeWindowDays: changed.has('disputeWindowDays') ? terms.disputeWindowDays : undefined,
    longStop: changed.has('longStop') ? terms.longStop : undefined,
  }
  if (Object.values(grantChange).some((value) => value !== undefined)) {
    await changeGrant(trx, { ...common, grantId, ...grantChange })
  }
}
