import { z } from 'zod'
import { type Actor, is } from '../../access/index.ts'
import { lockCompany, mustSeeCompany } from '../../parties/index.ts'
import {
  audit,
  type Deps,
  Forbidden,
  formatNumeric,
  globalId,
  instant,
  NotFound,
  once,
  parse,
  Refused,
  type Uuid,
  zIdempotencyKey,
  zKey,
  zPoolRef,
} from '../../platform/index.ts'
import { factorById, mustSeePool } from '../pool/pool.views.ts'

export const AgreeFactorInput = z.strictObject({
  companyId: zKey('Company'),
  factorId: zPoolRef('Factor'),
  idempotencyKey: zIdempotencyKey,
})
export type AgreeFactorInput = z.input<typeof AgreeFactorInput>

/**
 * The company's signature under the factor of a pool that came after its grants, by a signatory. The other side's is whoever
 * set the factor; a pool that the company's documents state has its factor already.
 *
 * @throws {NotFound} {Forbidden} {Refused} where it is signed already
 */
export async function agreeFactor(
  deps: Deps,
  actor: Actor,
  input: AgreeFactorInput,
): Promise<{ poolId: Uuid; factorId: Uuid }> {
  const { companyId, factorId: ref, idempotencyKey } = parse(AgreeFactorInput, input)
  const { poolId, id: factorId } = ref
  await mustSeeCompany(deps.db, actor, companyId)
  await mustSeePool(deps.db, actor, poolId)
  if (!is(actor, 'signatory') || !actor.companyIds.has(companyId)) throw new Forbidden(['signatory'])
  const scope = { kind: 'company', id: companyId } as const
  return once(deps, actor, { operation: 'agreeFactor', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, companyId)
    const factor = await factorById(trx, poolId, factorId)
    if (factor === undefined) throw new NotFound('factor', globalId('Factor', poolId, factorId))
    const signed = await trx
      .insertInto('agreed_factor')
      .values({
        company_id: companyId,
        pool_id: poolId,
        factor_id: factorId,
        h100_hours_per_gpu_hour: formatNumeric(factor.factor),
        agreed_by: actor.id,
        agreed_at: await instant(trx),
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst()
    if (signed.numInsertedOrUpdatedRows !== 1n) throw new Refused('factorId', 'is signed by the company already')
    await audit(trx, actor, {
      scope,
      kind: 'factor.agreed',
      subject: globalId('Pool', poolId),
      payload: { factorId, h100HoursPerGpuHour: formatNumeric(factor.factor) },
    })
    return { poolId, factorId }
  })
}
