import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import { providersById } from '../parties/index.ts'
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
  violates,
  zIdempotencyKey,
  zKey,
  zText,
} from '../platform/index.ts'
import { TRANSFER_RULES } from './lot.store.ts'
import { insertTokenClass } from './supply.store.ts'

export const CreateTokenClassInput = z.strictObject({
  providerId: zKey('Provider'),
  name: zText(100),
  transferRule: z.enum(TRANSFER_RULES, `must be ${TRANSFER_RULES.join(' or ')}`),
  idempotencyKey: zIdempotencyKey,
})
export type CreateTokenClassInput = z.input<typeof CreateTokenClassInput>

/** Registers a provider's token. Nothing can be granted of it until a partner authorises supply. */
export async function createTokenClass(
  deps: Deps,
  actor: Actor,
  input: CreateTokenClassInput,
): Promise<{ tokenClassId: Uuid }> {
  const { idempotencyKey, ...tokenClass } = parse(CreateTokenClassInput, input)
  const { providerId, name, transferRule } = tokenClass
  if ((await providersById(deps.db, [providerId])).length === 0) {
    throw new NotFound('provider', globalId('Provider', providerId))
  }
  must(actor, 'partner', 'operations')
  const scope = { kind: 'provider', id: providerId } as const
  const call = { operation: 'createTokenClass', scope, idempotencyKey, input }
  return once(deps, actor, call, async (trx) => {
    const tokenClassId = newId()
    await insertTokenClass(trx, { ...tokenClass, tokenClassId, createdBy: actor.id }).catch((error: unknown) => {
      if (violates(error, 'token_class_named_once'))
        throw new Refused('name', 'is taken by another token of this provider')
      throw error
    })
    await audit(trx, actor, {
      scope: { kind: 'token_class', id: tokenClassId },
      kind: 'token_class.created',
      subject: globalId('TokenClass', tokenClassId),
      payload: { providerId, name, transferRule },
    })
    return { tokenClassId }
  })
}
