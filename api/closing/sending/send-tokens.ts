import { z } from 'zod'
import { type Actor, must } from '../../access/index.ts'
import { checkGate, type FlagsDeps, refuseWhileOpen } from '../../flags/index.ts'
import { lockCompany, mustSeeCompany } from '../../parties/index.ts'
import {
  audit,
  globalId,
  NotFound,
  newId,
  once,
  parse,
  type Ref,
  Refused,
  today,
  zIdempotencyKey,
  zKey,
  zPositiveTokens,
  zText,
} from '../../platform/index.ts'
import { findTokenClass, setAsideToSend } from '../../tokens/index.ts'

export const SendTokensInput = z.strictObject({
  companyId: zKey('Company'),
  toCompanyId: zKey('Company'),
  tokenClassId: zKey('TokenClass'),
  amount: zPositiveTokens,
  reason: zText(1000),
  idempotencyKey: zIdempotencyKey,
})
export type SendTokensInput = z.input<typeof SendTokensInput>

/**
 * Asks to send a company's tokens to another company. They are set aside at once; when the provider consents they go. The
 * rules of the gate *transfer* are run for both sides.
 *
 * @throws {Refused} when the tokens may not go to another holder
 * @throws {WouldOverdraw} {OpenFlags} {NotFound} {Forbidden}
 */
export async function sendTokens(deps: FlagsDeps, actor: Actor, input: SendTokensInput): Promise<{ ref: Ref }> {
  const { companyId, toCompanyId, tokenClassId, amount, reason, idempotencyKey } = parse(SendTokensInput, input)
  await mustSeeCompany(deps.db, actor, companyId)
  must(actor, 'operations')
  await mustSeeCompany(deps.db, actor, toCompanyId)
  if ((await findTokenClass(deps.db, tokenClassId)) === undefined)
    throw new NotFound('token class', globalId('TokenClass', tokenClassId))
  if (companyId === toCompanyId) throw new Refused('toCompanyId', 'is the company that sends')
  const ref: Ref = { companyId, id: newId() }
  const onDate = await today(deps.db)
  await checkGate(deps, actor, {
    gate: 'transfer',
    companyId,
    subject: globalId('TokenSending', companyId, ref.id),
    onDate,
  })
  const receipt = globalId('TokenReceipt', toCompanyId, ref.id)
  await checkGate(deps, actor, { gate: 'transfer', companyId: toCompanyId, subject: receipt, onDate })
  const scope = { kind: 'company', id: companyId } as const
  return once(deps, actor, { operation: 'sendTokens', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, companyId)
    const subject = globalId('TokenSending', companyId, ref.id)
    await refuseWhileOpen(trx, { gate: 'transfer', companyId, subject })
    await setAsideToSend(trx, { ref, toCompanyId, tokenClassId, amount, reason, askedBy: actor.id })
    await audit(trx, actor, {
      scope,
      kind: 'sending.asked',
      subject,
      payload: {
        to: globalId('Company', toCompanyId),
        tokenClass: globalId('TokenClass', tokenClassId),
        amountMicro: amount.toString(),
        reason,
      },
    })
    return { ref }
  })
}
