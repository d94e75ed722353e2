/** Who sees releases that are asked for, and whose people may say yes. */
import { type RawBuilder, type SqlBool, sql } from 'kysely'
import { type Actor, is, isStaff, must } from '../access/index.ts'
import { seesCompany } from '../parties/index.ts'
import {
  Forbidden,
  globalId,
  type MicroTokens,
  NotFound,
  type Reader,
  type Ref,
  Refused,
  type Uuid,
} from '../platform/index.ts'
import { type AskedRelease, findAskedRelease, waitingReleases } from './asked-release.store.ts'

export type ReleaseSide = 'fund' | 'provider'
export type LotFacts = {
  readonly companyId: Uuid
  readonly lotId: Uuid
  readonly tokenClassId: Uuid
  /** Who owes the hours. */
  readonly providerId: Uuid
  /** Tokens that it was opened with. */
  readonly amount: MicroTokens
  readonly expiresOn: string
}

/** Whoever sees the company, and the staff of the provider that owes the hours. @throws {NotFound} */
export async function mustSeeLotReleases(reader: Reader, actor: Actor, ref: Ref): Promise<LotFacts> {
  const lot = await reader
    .selectFrom('lot')
    .innerJoin('token_class', 'token_class.token_class_id', 'lot.token_class_id')
    .select(['lot.token_class_id as tokenClassId', 'token_class.provider_id as providerId'])
    .select(['lot.expires_on as expiresOn', 'lot.amount_micro as amount'])
    .where('lot.company_id', '=', ref.companyId)
    .where('lot.lot_id', '=', ref.id)
    .executeTakeFirst()
  const seen =
    lot !== undefined &&
    (seesCompany(actor, ref.companyId) || (is(actor, 'provider') && actor.providerIds.has(lot.providerId)))
  if (!seen) throw new NotFound('lot', globalId('Lot', ref.companyId, ref.id))
  return { ...lot, companyId: ref.companyId, lotId: ref.id }
}

/** @throws {NotFound} */
export async function mustSeeAskedRelease(reader: Reader, actor: Actor, ref: Ref): Promise<AskedRelease> {
  const release = await findAskedRelease(reader, ref)
  const missing = new NotFound('release', globalId('TokenRelease', ref.companyId, ref.id))
  if (release === undefined) throw missing
  await mustSeeLotReleases(reader, actor, { companyId: ref.companyId, id: release.lotId }).catch(() => {
    throw missing
  })
  return release
}

/** Who sees releases, as in {@link mustSeeLotReleases}, as a condition on `lot`, for lists: what somebody else has waiting takes no place in them. */
export function releasesSeenBy(actor: Actor): RawBuilder<SqlBool> {
  const [own, walled] = [[...actor.companyIds], [...actor.walledCompanyIds]]
  const providers = is(actor, 'provider') ? [...actor.providerIds] : []
  return sql<SqlBool>`((${isStaff(actor)}::boolean OR lot.company_id = ANY(${own}::uuid[]))
      AND lot.company_id <> ALL(${walled}::uuid[])
    OR lot.token_class_id IN (SELECT token_class_id FROM token_class WHERE provider_id = ANY(${providers}::uuid[])))`
}

/** Those that wait for somebody and that the actor sees, oldest first. */
export const releasesToDecide = (reader: Reader, actor: Actor): Promise<AskedRelease[]> =>
  waitingReleases(reader, releasesSeenBy(actor))

/**
 * The sides for which the actor may say yes: operations and partners for the fund, for the provider the staff of the one that
 * owes these tokens. Nobody who also speaks for the company, which gets them.
 */
export const sidesOf = (
  actor: Actor,
  { companyId, providerId }: Pick<LotFacts, 'companyId' | 'providerId'>,
): readonly ReleaseSide[] =>
  actor.companyIds.has(companyId)
    ? []
    : [
        ...(is(actor, 'operations', 'partner') ? (['fund'] as const) : []),
        ...(is(actor, 'provider') && actor.providerIds.has(providerId) ? (['provider'] as const) : []),
      ]

/** {@link sidesOf} of somebody who must have one. @throws {Forbidden} */
export function mustTakeSide(actor: Actor, lot: LotFacts): readonly ReleaseSide[] {
  const needs = ['operations', 'partner', 'provider'] as const
  if (actor.companyIds.has(lot.companyId))
    throw new Forbidden(
      needs,
      'Who speaks for the company, which gets the tokens, may not confirm it. Nothing was changed.',
    )
  must(actor, ...needs)
  return sidesOf(actor, lot)
}

/**
 * The first of the actor's sides that the terms name.
 *
 * @throws {Refused} for whoever is of neither
 */
export function sideOf(field: string, own: readonly ReleaseSide[], named: readonly ReleaseSide[]): ReleaseSide {
  const side = named.find((each) => own.includes(each))
  if (side === undefined) throw new Refused(field, `is the ${named.join("'s or the ")}'s to say: so the terms have it`)
  return side
}
