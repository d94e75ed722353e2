import { z } from 'zod'
import type { Actor } from '../../access/index.ts'
import { mustKnowCompany, mustSeePool, type UsageRecord, zUsageRecords } from '../../clusters/index.ts'
import { lockCompany } from '../../parties/index.ts'
import {
  type Deps,
  type MicroTokens,
  once,
  parse,
  type Trx,
  type Uuid,
  type WholeShares,
  zIdempotencyKey,
  zKey,
} from '../../platform/index.ts'
import { lockProgress } from '../grant.store.ts'
import { mustMeterFor } from '../visibility.ts'
import { postDraws } from './on-demand.store.ts'
import { type Drawn, drawnOf, prepareDraws } from './on-demand.ts'

export const ReportOnDemandUsageInput = z
  .strictObject({
    poolId: zKey('Pool'),
    companyId: zKey('Company'),
    records: zUsageRecords,
    idempotencyKey: zIdempotencyKey,
  })
  .refine(({ records }) => records.length > 0, { path: ['records'], message: 'must hold at least one record' })
export type ReportOnDemandUsageInput = z.input<typeof ReportOnDemandUsageInput>

export type ReportedOnDemandUsage = {
  readonly poolId: Uuid
  readonly companyId: Uuid
  /** What became of each record, in order. What was told before is charged nothing again. */
  readonly records: readonly {
    readonly externalId: string
    readonly usageId: Uuid
    readonly outcome: 'RECORDED' | 'ALREADY_RECORDED'
    readonly charged: MicroTokens
    readonly owed: MicroTokens
  }[]
  readonly charged: MicroTokens
  /** What there were no tokens for: arrears. */
  readonly owed: MicroTokens
  /** Shares that this report moved from unearned to earned; provisional until a statement is final. */
  readonly newlyEarned: WholeShares
}

/**
 * Use of a pool outside any reservation, told by a person: all of it or none, where the stream keeps aside what cannot be used.
 * Records that were told before are recognised and change nothing.
 *
 * @throws {OutsideReservation} when no signed terms of the company let such use draw its tokens when it began
 * @throws {OnDemandCapReached} when its month would cost more than they let it
 */
export async function reportOnDemandUsage(
  deps: Deps,
  actor: Actor,
  input: ReportOnDemandUsageInput,
): Promise<ReportedOnDemandUsage> {
  const { poolId, companyId, records, idempotencyKey } = parse(ReportOnDemandUsageInput, input)
  const pool = await mustSeePool(deps.db, actor, poolId)
  mustMeterFor(actor, pool.providerId)
  await mustKnowCompany(deps.db, actor, companyId, pool)
  const scope = { kind: 'company', id: companyId } as const
  return once(deps, actor, { operation: 'reportOnDemandUsage', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, companyId)
    const before = await earned(trx, companyId)
    const drawn = (await post(trx, actor, { companyId, poolId }, records)).map(mustBeUsed)
    return {
      poolId,
      companyId,
      records: drawn,
      charged: drawn.reduce((sum, record) => sum + record.charged, 0n),
      owed: drawn.reduce((sum, record) => sum + record.owed, 0n),
      newlyEarned: (await earned(trx, companyId)) - before,
    }
  })
}

async function post(
  trx: Trx,
  actor: Actor,
  of: { readonly companyId: Uuid; readonly poolId: Uuid },
  records: readonly UsageRecord[],
): Promise<readonly Drawn[]> {
  const { companyId } = of
  const pools = [of.poolId]
  const prepared = await prepareDraws(
    trx,
    { companyId, pools },
    records.map((record) => ({ ...record, ...of })),
  )
  const draws = prepared.map(({ draw }) => draw)
  return drawnOf(prepared, await postDraws(trx, { companyId, pools, draws, actorId: actor.id }))
}

/** The first that cannot be used undoes all of them. */
function mustBeUsed(drawn: Drawn): ReportedOnDemandUsage['records'][number] {
  if (drawn.outcome === 'REFUSED') throw drawn.why
  return drawn.outcome === 'RECORDED' ? drawn : { ...drawn, charged: 0n, owed: 0n }
}

const earned = async (trx: Trx, companyId: Uuid): Promise<WholeShares> =>
  [...(await lockProgress(trx, companyId)).values()].reduce((sum, progress) => sum + progress.earned, 0n)
