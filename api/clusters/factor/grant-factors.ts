/**
 * Which factor a company's tokens are booked at. A grant's document states the factors of its day, and they hold for that
 * grant whatever the pools' factors become: a change never re-rates what was signed. Pools that come later follow the method
 * of the grant's terms, or need the signature of both sides.
 */
import { sql } from 'kysely'
import { formatNumeric, instant, newId, type Reader, type Trx, type Uuid } from '../../platform/index.ts'
import { balancesByCompany, byDrawOrder, drawOrders, lotsOf } from '../../tokens/index.ts'
import { FactorNotAgreed, NoFactor } from '../errors.ts'
import { type FactorView, factorAt, factorById, factorsInForce } from '../pool/pool.views.ts'
import type { FactorBasis } from './factor-basis.ts'

/** The factors that a document on these token classes states: those in force now, by cluster and model. */
export const factorsToOffer = async (reader: Reader, tokenClassIds: readonly Uuid[]) =>
  factorsInForce(reader, tokenClassIds, await instant(reader))

/** Stores what a document states. */
export async function offerFactors(
  trx: Trx,
  {
    companyId,
    documentId,
    factors,
  }: {
    companyId: Uuid
    documentId: Uuid
    factors: Awaited<ReturnType<typeof factorsToOffer>>
  },
): Promise<void> {
  if (factors.length === 0) return
  await trx
    .insertInto('offered_factor')
    .values(
      factors.map((each) => ({
        company_id: companyId,
        document_id: documentId,
        token_class_id: each.tokenClassId,
        pool_id: each.poolId,
        factor_id: each.factorId,
        cluster: each.cluster,
        gpu_model: each.gpuModel,
        h100_hours_per_gpu_hour: formatNumeric(each.factor),
        basis: each.basis,
        source: each.source,
      })),
    )
    .execute()
}

/** From now on the document's factors hold for the grant. `laterBasis`: how pools that come later get theirs. */
export async function freezeFactors(
  trx: Trx,
  grant: {
    companyId: Uuid
    grantId: Uuid
    tokenClassId: Uuid
    documentId: Uuid
    laterBasis: FactorBasis | null
  },
): Promise<void> {
  await trx
    .insertInto('grant_factors')
    .values({
      company_id: grant.companyId,
      grant_id: grant.grantId,
      token_class_id: grant.tokenClassId,
      document_id: grant.documentId,
      later_basis: grant.laterBasis,
      frozen_at: await instant(trx),
    })
    .execute()
}

/** From a day on, pools that come later get their factors for a grant otherwise, as an amendment says. */
export async function changeLaterBasis(
  trx: Trx,
  change: {
    readonly companyId: Uuid
    readonly grantId: Uuid
    readonly laterBasis: FactorBasis | null
    readonly effectiveOn: string
    /** Global id of the amendment. */
    readonly source: string
  },
): Promise<void> {
  // A grant from before factors were frozen has none that could change.
  const frozen = await trx
    .selectFrom('grant_factors')
    .select('grant_id')
    .where('company_id', '=', change.companyId)
    .where('grant_id', '=', change.grantId)
    .executeTakeFirst()
  if (frozen === undefined) return
  await trx
    .insertInto('grant_factors_change')
    .values({
      company_id: change.companyId,
      change_id: newId(),
      grant_id: change.grantId,
      effective_on: change.effectiveOn,
      later_basis: change.laterBasis,
      source: change.source,
      recorded_at: await instant(trx),
    })
    .execute()
}

/** A factor, and whose it is. */
export type GoverningFactor = FactorView & {
  /** The grant whose document states it; null where it is the pool's own of the day. */
  readonly grantId: Uuid | null
}

/**
 * The factor at which a company books a pool from an instant on: that of the grant whose tokens would be drawn first. A
 * company without any grant of the pool's token books at the pool's own.
 *
 * @throws {NoFactor} where the pool has none
 * @throws {FactorNotAgreed} for a pool that came after the grant, until both sides have signed its factor
 */
export async function governingFactor(
  reader: Reader,
  companyId: Uuid | undefined,
  pool: { readonly poolId: Uuid; readonly tokenClassId: Uuid },
  at: string,
): Promise<GoverningFactor> {
  const own = await factorAt(reader, pool.poolId, at)
  const grant = companyId === undefined ? undefined : await firstGrant(reader, companyId, pool.tokenClassId, at)
  if (companyId !== undefined && grant !== undefined) {
    const offered = await reader
      .selectFrom('offered_factor')
      .select('factor_id as factorId')
      .where('company_id', '=', companyId)
      .where('document_id', '=', grant.documentId)
      .where('pool_id', '=', pool.poolId)
      .executeTakeFirst()
    // Factors are never changed in place, so the row that the document names is what it states.
    const frozen = offered === undefined ? undefined : await factorById(reader, pool.poolId, offered.factorId)
    if (frozen !== undefined) return { ...frozen, grantId: grant.grantId }
  }
  if (own === undefined) throw new NoFactor(at)
  if (companyId !== undefined && grant !== undefined && !(await agreed(reader, companyId, own, grant.laterBasis))) {
    throw new FactorNotAgreed(pool.poolId, own.factorId, own.factor)
  }
  return { ...own, grantId: null }
}

/** A basis that was agreed on beforehand, or both signatures: the provider's side's and the company's. */
async function agreed(reader: Reader, companyId: Uuid, own: FactorView, laterBasis: string | null): Promise<boolean> {
  if (laterBasis !== null && own.basis === laterBasis) return true
  const signed = await reader
    .selectFrom('agreed_factor')
    .select('factor_id')
    .where('company_id', '=', companyId)
    .where('pool_id', '=', own.poolId)
    .where('factor_id', '=', own.factorId)
    .executeTakeFirst()
  return signed !== undefined
}

type FrozenGrant = { readonly grantId: Uuid; readonly documentId: Uuid; readonly laterBasis: string | null }

/**
 * Of the company's grants of a token class with frozen factors, the one whose lot is drawn first and has tokens left. What
 * amendments say of later pools is that of the day on which the use began, whenever it is told; what is booked ahead is booked
 * by what holds today.
 */
async function firstGrant(reader: Reader, companyId: Uuid, tokenClassId: Uuid, at: string) {
  const { rows: grants } = await sql<FrozenGrant>`
    SELECT own.grant_id AS "grantId", own.document_id AS "documentId",
      CASE WHEN changed.grant_id IS NULL THEN own.later_basis ELSE changed.later_basis END AS "laterBasis"
    FROM grant_factors AS own
    LEFT JOIN LATERAL (
      SELECT change.grant_id, change.later_basis FROM grant_factors_change AS change
      WHERE change.company_id = own.company_id AND change.grant_id = own.grant_id
        AND change.effective_on <= (least(equihour_now(), ${at}::timestamptz) AT TIME ZONE 'UTC')::date
      ORDER BY change.effective_on DESC, change.recorded_at DESC, change.change_id DESC LIMIT 1
    ) AS changed ON true
    WHERE own.company_id = ${companyId} AND own.token_class_id = ${tokenClassId}`.execute(reader)
  if (grants.length < 2) return grants[0]
  const spendable = new Map(
    ((await balancesByCompany(reader, [companyId])).get(companyId)?.lots ?? []).map((lot) => [
      lot.lotId,
      lot.accounts.some(({ kind, amount }) => kind === 'available' && amount > 0n),
    ]),
  )
  const drawn = byDrawOrder((await drawOrders(reader, companyId)).get(tokenClassId))
  const order = (await lotsOf(reader, companyId))
    .map((lot) => ({ ...lot, paid: lot.cost !== null }))
    .toSorted((a, b) => Number(spendable.get(b.lotId)) - Number(spendable.get(a.lotId)) || drawn(a, b))
  for (const { grantId } of order) {
    const found = grants.find((grant) => grant.grantId === grantId)
    if (found !== undefined) return found
  }
  return grants[0]
}
