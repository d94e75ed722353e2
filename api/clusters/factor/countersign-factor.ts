import { z } from 'zod'
import { type Actor, is } from '../../access/index.ts'
import {
  audit,
  type Deps,
  Forbidden,
  globalId,
  instant,
  NotFound,
  once,
  parse,
  Refused,
  SamePerson,
  type Uuid,
  zIdempotencyKey,
  zPoolRef,
} from '../../platform/index.ts'
import { factorById, findPool } from '../pool/pool.views.ts'
import { seesPool, worksFor } from '../visibility.ts'

export const CountersignFactorInput = z.strictObject({
  factorId: zPoolRef('Factor'),
  idempotencyKey: zIdempotencyKey,
})
export type CountersignFactorInput = z.input<typeof CountersignFactorInput>

/**
 * The other side's signature under a factor: operations for the fund where the provider set it, the provider's staff where
 * operations did. Until then the factor is one side's, and a signal.
 *
 * @throws {NotFound} {Forbidden} {SamePerson} {Refused} where it is signed by both already
 */
export async function countersignFactor(
  deps: Deps,
  actor: Actor,
  input: CountersignFactorInput,
): Promise<{ poolId: Uuid; factorId: Uuid }> {
  const { factorId: ref, idempotencyKey } = parse(CountersignFactorInput, input)
  const { poolId, id: factorId } = ref
  const pool = await findPool(deps.db, poolId)
  if (pool === undefined || !seesPool(actor, pool)) throw new NotFound('factor', globalId('Factor', poolId, factorId))
  const side = is(actor, 'operations') ? 'operations' : worksFor(actor, pool.providerId) ? 'provider' : undefined
  if (side === undefined) throw new Forbidden(['provider', 'operations'])
  const scope = { kind: 'pool', id: poolId } as const
  return once(deps, actor, { operation: 'countersignFactor', scope, idempotencyKey, input }, async (trx) => {
    const factor = await factorById(trx, poolId, factorId)
    if (factor === undefined) throw new NotFound('factor', globalId('Factor', poolId, factorId))
    if (factor.approvedBy === actor.id) throw new SamePerson('countersign')
    if (factor.approvedAs === side)
      throw new Refused('factorId', `was set by the ${sideWords[side]}: the other side signs it`)
    const signed = await trx
      .insertInto('factor_countersignature')
      .values({
        pool_id: poolId,
        factor_id: factorId,
        signed_by: actor.id,
        signed_as: side,
        signed_at: await instant(trx),
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst()
    if (signed.numInsertedOrUpdatedRows !== 1n) throw new Refused('factorId', 'is signed by both sides already')
    await audit(trx, actor, {
      scope,
      kind: 'factor.countersigned',
      subject: globalId('Pool', poolId),
      payload: { factorId, as: side },
    })
    return { poolId, factorId }
  })
}

const sideWords = { provider: 'provider', operations: "fund's operations" } as const
