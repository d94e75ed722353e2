import { z } from 'zod'
import type { Actor } from '../../access/index.ts'
import {
  audit,
  type Deps,
  formatNumeric,
  globalId,
  instant,
  newId,
  once,
  parse,
  Refused,
  type Uuid,
  zIdempotencyKey,
  zInstant,
  zKey,
  zPositiveNumeric,
  zText,
} from '../../platform/index.ts'
import { microsecondsOf } from '../interval.ts'
import { insertFactor } from '../pool/pool.store.ts'
import { hasFactor, mustSeePool } from '../pool/pool.views.ts'
import { mustActFor } from '../visibility.ts'
import { FACTOR_BASES } from './factor-basis.ts'

export const SetFactorInput = z
  .strictObject({
    poolId: zKey('Pool'),
    h100HoursPerGpuHour: zPositiveNumeric.refine((factor) => factor <= 1000n * 10n ** 10n, 'must be at most 1000'),
    basis: z.enum(FACTOR_BASES),
    source: zText(500),
    validFrom: zInstant,
    validUntil: zInstant.nullish(),
    idempotencyKey: zIdempotencyKey,
  })
  .refine(
    (factor) => factor.validUntil == null || microsecondsOf(factor.validFrom) < microsecondsOf(factor.validUntil),
    {
      path: ['validUntil'],
      message: 'must be after validFrom',
    },
  )
export type SetFactorInput = z.input<typeof SetFactorInput>

/**
 * Sets how many H100-hours a GPU-hour of a pool counts, for a time. Reservations keep the factor they were made with: a
 * change never re-rates the past, so only a pool's first factor may reach back.
 */
export async function setFactor(
  deps: Deps,
  actor: Actor,
  input: SetFactorInput,
): Promise<{ poolId: Uuid; factorId: Uuid }> {
  const { poolId, idempotencyKey, ...term } = parse(SetFactorInput, input)
  const pool = await mustSeePool(deps.db, actor, poolId)
  const approvedAs = mustActFor(actor, pool.providerId)
  const scope = { kind: 'pool', id: poolId } as const
  return once(deps, actor, { operation: 'setFactor', scope, idempotencyKey, input }, async (trx) => {
    const first = !(await hasFactor(trx, poolId))
    if (!first && microsecondsOf(term.validFrom) < microsecondsOf(await instant(trx))) {
      throw new Refused('validFrom', 'is in the past: a change of a factor never re-rates the past')
    }
    const factorId = newId()
    await insertFactor(trx, {
      poolId,
      factorId,
      factor: term.h100HoursPerGpuHour,
      basis: term.basis,
      source: term.source,
      validFrom: term.validFrom,
      validUntil: term.validUntil ?? null,
      approvedBy: actor.id,
      approvedAs,
    })
    await audit(trx, actor, {
      scope,
      kind: 'factor.set',
      subject: globalId('Pool', poolId),
      payload: {
        ...term,
        factorId,
        h100HoursPerGpuHour: formatNumeric(term.h100HoursPerGpuHour),
        validUntil: term.validUntil ?? null,
        approvedAs,
      },
    })
    return { poolId, factorId }
  })
}
