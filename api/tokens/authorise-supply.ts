import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import {
  audit,
  type Deps,
  formatTokens,
  globalId,
  type MicroTokens,
  NotFound,
  once,
  parse,
  Refused,
  today,
  type Uuid,
  zIdempotencyKey,
  zIsoDate,
  zKey,
  zPositiveTokens,
  zText,
} from '../platform/index.ts'
import { insertAuthorisation, lockSupply } from './supply.store.ts'
import { findTokenClass } from './token-class.views.ts'

export const AuthoriseSupplyInput = z.strictObject({
  tokenClassId: zKey('TokenClass'),
  amount: zPositiveTokens,
  validUntil: zIsoDate,
  reason: zText(1000),
  idempotencyKey: zIdempotencyKey,
})
export type AuthoriseSupplyInput = z.input<typeof AuthoriseSupplyInput>

/** The authority that fits a `bigint` with room to spare: 10^12 tokens. */
const MOST: MicroTokens = 10n ** 18n

/**
 * Lets a class grant more tokens, from today until a date. What is not granted when the period ends lapses.
 *
 * @throws {Refused} when the period is over before it begins, or the sum is beyond what the ledger can hold
 */
export async function authoriseSupply(
  deps: Deps,
  actor: Actor,
  input: AuthoriseSupplyInput,
): Promise<{ tokenClassId: Uuid }> {
  const { idempotencyKey, tokenClassId, amount, validUntil, reason } = parse(AuthoriseSupplyInput, input)
  const missing = new NotFound('token class', globalId('TokenClass', tokenClassId))
  if ((await findTokenClass(deps.db, tokenClassId)) === undefined) throw missing
  must(actor, 'partner')
  const scope = { kind: 'token_class', id: tokenClassId } as const
  return once(deps, actor, { operation: 'authoriseSupply', scope, idempotencyKey, input }, async (trx) => {
    const supply = await lockSupply(trx, tokenClassId)
    if (supply === undefined) throw missing
    if (validUntil <= (await today(trx))) throw new Refused('validUntil', 'must be after today')
    const authorised = supply.authorised + amount
    if (authorised > MOST)
      throw new Refused('amount', `brings the authority of this class over ${formatTokens(MOST)} tokens`)
    await insertAuthorisation(trx, actor, { tokenClassId, amount, validUntil, reason, authorised })
    await audit(trx, actor, {
      scope,
      kind: 'supply.authorised',
      subject: globalId('TokenClass', tokenClassId),
      payload: { amountMicro: amount.toString(), authorisedMicro: authorised.toString(), validUntil, reason },
    })
    return { tokenClassId }
  })
}
