/** What tests of clusters start from. */

import { insertFactor, insertPool, type NewPool } from '../../api/clusters/pool/pool.store.ts'
import { lockCompany } from '../../api/parties/index.ts'
import { inTransaction, newId, parseTokens, type Uuid } from '../../api/platform/index.ts'
import { openGrant } from '../../api/tokens/index.ts'
import type { World } from '../support/world.ts'

/** The start of most tests' time: pools are open long before it. */
export const NOON = '2026-11-20T12:00:00Z'

/** The instant so many minutes after noon. */
export const at = (minutes: number): string =>
  new Date(Date.parse(NOON) + minutes * 60_000).toISOString().replace('.000Z', 'Z')

/** A token class of a provider, made directly. */
export async function tokenClass(world: World, providerId: Uuid = world.providerId): Promise<Uuid> {
  const tokenClassId = newId()
  await world.deps.db
    .insertInto('token_class')
    .values({
      token_class_id: tokenClassId,
      provider_id: providerId,
      name: `H100-hours ${tokenClassId.slice(-6)}`,
      unit: 'H100-hour',
      transfer_rule: 'NOT_TRANSFERABLE',
      created_by: world.staff.operations.id,
      created_at: NOON,
    })
    .execute()
  await world.deps.db
    .insertInto('token_supply')
    .values({ token_class_id: tokenClassId, authorised_micro: 10n ** 15n, granted_micro: 0n })
    .execute()
  return tokenClassId
}

/** Tokens of a class for a company, released but for `locked`; 1,000 unless told otherwise. */
export async function tokens(
  world: World,
  of: { companyId: Uuid; tokenClassId: Uuid; amount?: string; locked?: string; expiresOn?: string },
): Promise<void> {
  const amount = parseTokens(of.amount ?? '1000')
  const released = amount - parseTokens(of.locked ?? '0')
  await inTransaction(world.deps.db, async (trx) => {
    await lockCompany(trx, of.companyId)
    await openGrant(trx, {
      companyId: of.companyId,
      grantId: newId(),
      roundId: newId(),
      tokenClassId: of.tokenClassId,
      amount,
      expiresOn: of.expiresOn ?? '2029-11-20',
      vests: newId(),
      releases: released === 0n ? [] : [{ on: '2026-11-20', amount: released }],
    })
  })
}

/** Somebody who books: a company with its founder, a pool, and tokens for it. */
export async function booker(
  world: World,
  wanted: {
    capacity?: number
    amount?: string
    locked?: string
    expiresOn?: string
    factor?: bigint
    opensAt?: string
  } = {},
) {
  const company = await world.company()
  const made = await pool(world, {
    capacity: wanted.capacity ?? 8,
    ...(wanted.factor === undefined ? {} : { factor: wanted.factor }),
    ...(wanted.opensAt === undefined ? {} : { opensAt: wanted.opensAt }),
  })
  await tokens(world, { ...wanted, companyId: company.companyId, tokenClassId: made.tokenClassId })
  return { company, pool: made }
}

/** A pool made directly, with a factor of one unless another is given. */
export async function pool(
  world: World,
  wanted: Partial<NewPool> & { factor?: bigint | undefined; factorFrom?: string } = {},
): Promise<{ poolId: Uuid; id: string; tokenClassId: Uuid }> {
  const { factor = 10n ** 10n, factorFrom = '2026-01-01T00:00:00Z', ...own } = wanted
  const poolId = newId()
  const providerId = own.providerId ?? world.providerId
  const tokenClassId = own.tokenClassId ?? (await tokenClass(world, providerId))
  await inTransaction(world.deps.db, async (trx) => {
    await insertPool(trx, {
      cluster: 'fjord-1',
      gpuModel: 'H100-SXM',
      capacity: 8,
      opensAt: '2026-01-01T00:00:00Z',
      minLeadMinutes: 0,
      maxLeadMinutes: 2 * 365 * 24 * 60,
      minLengthMinutes: 1,
      maxLengthMinutes: 90 * 24 * 60,
      lockMinutes: 24 * 60,
      decisionMinutes: 48 * 60,
      createdBy: world.staff.operations.id,
      createdAs: 'operations',
      ...own,
      poolId,
      providerId,
      tokenClassId,
    })
    await insertFactor(trx, {
      poolId,
      factorId: newId(),
      factor,
      basis: 'contract',
      source: 'Compute services agreement, schedule B',
      validFrom: factorFrom,
      validUntil: null,
      approvedBy: world.staff.operations.id,
      approvedAs: 'operations',
    })
  })
  return { poolId, id: `Pool:${poolId}`, tokenClassId }
}
