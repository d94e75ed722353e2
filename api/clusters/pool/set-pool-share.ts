import { z } from 'zod'
import type { Actor } from '../../access/index.ts'
import {
  audit,
  type Deps,
  formatNumeric,
  globalId,
  instant,
  NUMERIC_PLACES,
  newId,
  once,
  parse,
  type Uuid,
  zIdempotencyKey,
  zKey,
  zNumeric,
  zText,
} from '../../platform/index.ts'
import { mustActFor } from '../visibility.ts'
import { mustSeePool } from './pool.views.ts'
import { insertShare } from './pool-time.store.ts'
import { mustKnowCompany } from './pool-time.views.ts'

const ONE = 10n ** BigInt(NUMERIC_PLACES)

export const SetPoolShareInput = z.strictObject({
  poolId: zKey('Pool'),
  companyId: zKey('Company').nullish(),
  part: zNumeric.refine((part) => part >= 0n && part <= ONE, 'must be from 0 to 1'),
  source: zText(500),
  idempotencyKey: zIdempotencyKey,
})
export type SetPoolShareInput = z.input<typeof SetPoolShareInput>

/**
 * Limits what one company may have booked of a pool at an instant to a part of its capacity then, rounded down to whole
 * GPUs: for one company, or for every company without a share of its own. Reservations that are there stay.
 */
export async function setPoolShare(deps: Deps, actor: Actor, input: SetPoolShareInput): Promise<{ poolId: Uuid }> {
  const { poolId, companyId, part, source, idempotencyKey } = parse(SetPoolShareInput, input)
  const pool = await mustSeePool(deps.db, actor, poolId)
  const by = { id: actor.id, as: mustActFor(actor, pool.providerId) }
  if (companyId != null) await mustKnowCompany(deps.db, actor, companyId, pool)
  const scope = { kind: 'pool', id: poolId } as const
  return once(deps, actor, { operation: 'setPoolShare', scope, idempotencyKey, input }, async (trx) => {
    const from = await instant(trx)
    await insertShare(trx, { ref: { poolId, id: newId() }, companyId: companyId ?? null, part, from, source, by })
    await audit(trx, actor, {
      scope,
      kind: 'pool.share-set',
      subject: globalId('Pool', poolId),
      payload: {
        company: companyId == null ? null : globalId('Company', companyId),
        part: formatNumeric(part),
        source,
        as: by.as,
      },
    })
    return { poolId }
  })
}
