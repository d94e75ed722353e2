import { z } from 'zod'
import { type Actor, is, must } from '../../access/index.ts'
import { refuseWhileOpen } from '../../flags/index.ts'
import { lockCompany, seesCompany } from '../../parties/index.ts'
import {
  addJob,
  audit,
  type Deps,
  globalId,
  NotFound,
  once,
  parse,
  type Reader,
  type Ref,
  zIdempotencyKey,
  zRef,
  zText,
} from '../../platform/index.ts'
import {
  findSending,
  findTokenClass,
  lockSending,
  moveSending,
  openSendings,
  type Sending,
  settleSending,
} from '../../tokens/index.ts'
import { COMPLETE_SENDING_JOB } from './complete-sending.ts'

/** What a provider says to tokens of its own going to another holder. */
export const SENDING_DECISIONS = ['CONSENT', 'DECLINE'] as const

export const DecideSendingInput = z
  .strictObject({
    sendingId: zRef('TokenSending'),
    decision: z.enum(SENDING_DECISIONS, `must be ${SENDING_DECISIONS.join(' or ')}`),
    reason: zText(1000).nullish(),
    idempotencyKey: zIdempotencyKey,
  })
  .refine(({ decision, reason }) => decision === 'CONSENT' || reason != null, {
    path: ['reason'],
    message: 'must be given to decline',
  })
export type DecideSendingInput = z.input<typeof DecideSendingInput>

/**
 * The provider of the tokens consents, and they go; or declines, and they are available again.
 *
 * @throws {WrongState} when it is decided {OpenFlags} {NotFound} {Forbidden}
 */
export async function decideSending(deps: Deps, actor: Actor, input: DecideSendingInput): Promise<{ ref: Ref }> {
  const { sendingId: ref, decision, reason, idempotencyKey } = parse(DecideSendingInput, input)
  await mustSeeSending(deps.db, actor, ref)
  must(actor, 'provider')
  const { companyId, id } = ref
  const scope = { kind: 'company', id: companyId } as const
  return once(deps, actor, { operation: 'decideSending', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, companyId)
    const sending = await lockSending(trx, ref)
    const subject = globalId('TokenSending', companyId, id)
    if (decision === 'CONSENT') {
      await refuseWhileOpen(trx, { gate: 'transfer', companyId, subject })
      await moveSending(trx, sending, { from: 'asked', to: 'on_its_way', by: actor.id })
      await addJob(trx, { name: COMPLETE_SENDING_JOB, payload: { companyId, sendingId: id }, key: `sending:${id}` })
    } else {
      await moveSending(trx, sending, { from: 'asked', to: 'declined', by: actor.id, because: 'DECLINED_BY_PROVIDER' })
      await settleSending(trx, sending, 'returned')
    }
    const kind = decision === 'CONSENT' ? 'sending.consented' : 'sending.declined'
    await audit(trx, actor, { scope, kind, subject, payload: { reason: reason ?? null } })
    return { ref }
  })
}

/**
 * A sending is seen by who sees the company that sends, and by the staff of the provider of the tokens.
 *
 * @throws {NotFound}
 */
export async function mustSeeSending(reader: Reader, actor: Actor, ref: Ref): Promise<Sending> {
  const sending = await findSending(reader, ref)
  if (sending === undefined || !(await sees(reader, actor, sending)))
    throw new NotFound('sending', globalId('TokenSending', ref.companyId, ref.id))
  return sending
}

async function sees(reader: Reader, actor: Actor, sending: Sending): Promise<boolean> {
  if (seesCompany(actor, sending.ref.companyId)) return true
  if (!is(actor, 'provider')) return false
  const tokenClass = await findTokenClass(reader, sending.tokenClassId)
  return tokenClass !== undefined && actor.providerIds.has(tokenClass.providerId)
}

/** Sendings that wait for a provider's consent and that the actor sees, oldest first. */
export async function sendingsToDecide(reader: Reader, actor: Actor): Promise<Sending[]> {
  const waiting = await openSendings(reader, 'asked')
  const seen = await Promise.all(waiting.map((sending) => sees(reader, actor, sending)))
  return waiting.filter((_sending, index) => seen[index])
}
