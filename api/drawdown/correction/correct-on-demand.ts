import { z } from 'zod'
import type { Actor } from '../../access/index.ts'
import { mustKnowCompany, mustSeePool, type PoolView } from '../../clusters/index.ts'
import { lockCompany } from '../../parties/index.ts'
import { audit, type Deps, globalId, once, parse, Refused, type Trx, type Uuid, zKey } from '../../platform/index.ts'
import { restateFrom } from '../statement/state-month.ts'
import { correctDraw } from './correct-draw.ts'
import type { CorrectedRecord } from './correct-record.ts'
import { type Corrected, correctionFields, mustCorrect } from './correct-usage.ts'
import { earlier, mustBeCorrectable, mustNameEachOnce, type RecordToCorrect } from './correctable.ts'
import type { CurrentUsage, NewCorrection } from './correction.store.ts'
import { openCorrections } from './open-corrections.ts'

export const CorrectOnDemandUsageInput = z.strictObject({
  poolId: zKey('Pool'),
  companyId: zKey('Company'),
  ...correctionFields,
})
export type CorrectOnDemandUsageInput = z.input<typeof CorrectOnDemandUsageInput>

export type CorrectedOnDemandUsage = Corrected & { readonly poolId: Uuid; readonly companyId: Uuid }

/**
 * Lowers, raises or voids recorded use of a pool outside any reservation, as {@link correctUsage} does in one: who may, what
 * is refused and which statement says it are the same. The provider names the pool, since it does not see companies as such.
 *
 * @throws {NotFound} for a pool that the actor does not see, and for a company without tokens of its class
 * @throws {Refused} for a record of something else, for no change, and for more than the pool's GPUs can do
 * @throws {OnDemandCapReached} when the month would cost more than the signed terms let it
 */
export async function correctOnDemandUsage(
  deps: Deps,
  actor: Actor,
  input: CorrectOnDemandUsageInput,
): Promise<CorrectedOnDemandUsage> {
  const { poolId, companyId, idempotencyKey, ...of } = parse(CorrectOnDemandUsageInput, input)
  const pool = await mustSeePool(deps.db, actor, poolId)
  const correctedAs = mustCorrect(actor, pool.providerId)
  await mustKnowCompany(deps.db, actor, companyId, pool)
  const scope = { kind: 'company', id: companyId } as const
  return once(deps, actor, { operation: 'correctOnDemandUsage', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, companyId)
    return applyDrawCorrections(trx, actor, { ...of, companyId, pool, correctedAs })
  })
}

/** Applies corrections of use of one pool. The company is locked, and the caller has checked who may. */
export async function applyDrawCorrections(
  trx: Trx,
  actor: { readonly id: Uuid },
  of: {
    readonly companyId: Uuid
    readonly pool: Pick<PoolView, 'poolId' | 'tokenClassId' | 'capacity'>
    readonly records: readonly RecordToCorrect[]
    /** A stated month that is made again in any case. */
    readonly restates?: string | undefined
  } & Pick<NewCorrection, 'reasonCode' | 'reason' | 'correctedAs'>,
): Promise<CorrectedOnDemandUsage> {
  const { companyId, pool, records, reasonCode, reason, correctedAs } = of
  const { poolId, tokenClassId } = pool
  mustNameEachOnce(records)
  const grants = await openCorrections(trx, companyId)
  const within = {
    correctedAs,
    belongs: (current: CurrentUsage) => current.rate !== null && current.poolId === poolId,
    called: 'this company outside any reservation in this pool',
    gpus: pool.capacity,
    whose: 'GPUs of the pool',
  }
  const corrected: CorrectedRecord[] = []
  let earliest = of.restates
  for (const { usageId, gpuSeconds } of records) {
    const current = await mustBeCorrectable(trx, companyId, { usageId, gpuSeconds }, within)
    if (current.rate === null) throw new Refused('usageId', `is of a reservation: ${usageId}`)
    const change = { usageId, current, rate: current.rate, gpuSeconds, reasonCode, reason, correctedAs }
    const of = { companyId, poolId, tokenClassId, grants }
    const record = await correctDraw(trx, of, { ...change, correctedBy: actor.id })
    earliest = earlier(earliest, record.restates)
    corrected.push(record)
  }
  const earned = await grants.store()
  const restated =
    earliest === undefined ? [] : await restateFrom(trx, actor, companyId, earliest, `Usage was corrected: ${reason}`)
  await audit(trx, actor, {
    scope: { kind: 'company', id: companyId },
    kind: 'usage.corrected',
    subject: globalId('Pool', poolId),
    payload: {
      as: correctedAs,
      earned: earned.toString(),
      reason,
      reasonCode,
      records: corrected.map((record) => ({
        after: record.after.toString(),
        before: record.before.toString(),
        usage: record.usageId,
      })),
      restated: restated.map((statement) => globalId('Statement', companyId, statement.id)),
    },
  })
  const arrears = corrected.reduce((sum, record) => sum + record.arrears, 0n)
  return { poolId, companyId, records: corrected, arrears, earned, restated }
}
