import { z } from 'zod'
import type { Actor } from '../../access/index.ts'
import { providersById } from '../../parties/index.ts'
import {
  audit,
  type Deps,
  globalId,
  NotFound,
  newId,
  once,
  parse,
  Refused,
  type Uuid,
  zIdempotencyKey,
  zInstant,
  zKey,
  zText,
} from '../../platform/index.ts'
import { findTokenClass } from '../../tokens/index.ts'
import { MOST_MINUTES } from '../interval.ts'
import { mustActFor } from '../visibility.ts'
import { insertPool } from './pool.store.ts'

const HOUR = 60
const DAY = 24 * HOUR
const zMinutes = (least: number, normal: number) =>
  z
    .int()
    .min(least)
    .max(MOST_MINUTES)
    .nullish()
    .transform((minutes) => minutes ?? normal)

export const CreatePoolInput = z
  .strictObject({
    providerId: zKey('Provider'),
    tokenClassId: zKey('TokenClass'),
    cluster: zText(100),
    gpuModel: zText(60),
    capacity: z.int().min(1).max(1_000_000),
    opensAt: zInstant.refine((at) => /:00(\.0+)?Z$/.test(at), 'must be a whole minute'),
    minLeadMinutes: zMinutes(0, 0),
    maxLeadMinutes: zMinutes(0, 2 * 365 * DAY),
    minLengthMinutes: zMinutes(1, HOUR),
    maxLengthMinutes: zMinutes(1, 90 * DAY),
    lockMinutes: zMinutes(0, DAY),
    decisionMinutes: zMinutes(1, 2 * DAY),
    idempotencyKey: zIdempotencyKey,
  })
  .refine((pool) => pool.minLeadMinutes <= pool.maxLeadMinutes, {
    path: ['maxLeadMinutes'],
    message: 'must not be less than minLeadMinutes',
  })
  .refine((pool) => pool.minLengthMinutes <= pool.maxLengthMinutes, {
    path: ['maxLengthMinutes'],
    message: 'must not be less than minLengthMinutes',
  })
export type CreatePoolInput = z.input<typeof CreatePoolInput>

/** Sets up a pool with its capacity, by the provider's staff or, recorded as such, by operations on their behalf. */
export async function createPool(deps: Deps, actor: Actor, input: CreatePoolInput): Promise<{ poolId: Uuid }> {
  const { idempotencyKey, ...pool } = parse(CreatePoolInput, input)
  const [provider] = await providersById(deps.db, [pool.providerId])
  if (provider === undefined) throw new NotFound('provider', globalId('Provider', pool.providerId))
  const createdAs = mustActFor(actor, pool.providerId)
  const scope = { kind: 'provider', id: pool.providerId } as const
  return once(deps, actor, { operation: 'createPool', scope, idempotencyKey, input }, async (trx) => {
    const tokenClass = await findTokenClass(trx, pool.tokenClassId)
    if (tokenClass === undefined) throw new NotFound('token class', globalId('TokenClass', pool.tokenClassId))
    if (tokenClass.providerId !== pool.providerId) {
      throw new Refused(
        'tokenClassId',
        'is the token of another provider: a pool is booked with its own provider’s token',
      )
    }
    const poolId = newId()
    await insertPool(trx, { ...pool, poolId, createdBy: actor.id, createdAs })
    await audit(trx, actor, {
      scope: { kind: 'pool', id: poolId },
      kind: 'pool.created',
      subject: globalId('Pool', poolId),
      payload: { ...pool, createdAs },
    })
    return { poolId }
  })
}
