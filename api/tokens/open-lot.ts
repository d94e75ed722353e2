import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import { lockCompany, mustSeeCompany } from '../parties/index.ts'
import {
  addJob,
  audit,
  type Deps,
  formatNumeric,
  globalId,
  NotFound,
  newId,
  once,
  parse,
  Refused,
  today,
  type Uuid,
  zIdempotencyKey,
  zIsoDate,
  zKey,
  zMoney,
  zPositiveTokens,
  zText,
} from '../platform/index.ts'
import { derivedId } from './derived-id.ts'
import { EXPIRE_LOTS_JOB } from './job-names.ts'
import { postAll } from './ledger.store.ts'
import { insertLot, TRANSFER_RULES } from './lot.store.ts'
import { takeSupply } from './supply.store.ts'
import { findTokenClass } from './token-class.views.ts'

/** Where a lot comes from that no grant opened. */
export const LOT_ORIGINS = ['top_up', 'purchase'] as const

export const OpenLotInput = z
  .strictObject({
    companyId: zKey('Company'),
    tokenClassId: zKey('TokenClass'),
    origin: z.enum(LOT_ORIGINS, `must be ${LOT_ORIGINS.join(' or ')}`),
    amount: zPositiveTokens,
    /** What the company paid for all of it. */
    cost: zMoney.nullish(),
    expiresOn: zIsoDate,
    /** The class's rule unless said otherwise. */
    transferRule: z.enum(TRANSFER_RULES, `must be ${TRANSFER_RULES.join(' or ')}`).nullish(),
    reason: zText(1000),
    idempotencyKey: zIdempotencyKey,
  })
  .refine(({ origin, cost }) => origin !== 'purchase' || cost != null, {
    path: ['cost'],
    message: 'must be given: a purchase has a price',
  })
  .refine(({ origin, cost }) => origin !== 'top_up' || cost == null, {
    path: ['cost'],
    message: 'must not be given: a top-up is not paid for',
  })
export type OpenLotInput = z.input<typeof OpenLotInput>

/**
 * Gives a company tokens beyond its grants, available at once: a top-up, which the fund gives, or a purchase, which the
 * company paid for. They vest nothing: the denominator of each grant is frozen, and these have no part in it.
 *
 * @throws {SupplyExceeded} {Refused} {NotFound} {Forbidden}
 */
export async function openLot(
  deps: Deps,
  actor: Actor,
  input: OpenLotInput,
): Promise<{ companyId: Uuid; lotId: Uuid }> {
  const { idempotencyKey, reason, cost, ...lot } = parse(OpenLotInput, input)
  const { companyId, tokenClassId, amount, expiresOn, origin } = lot
  await mustSeeCompany(deps.db, actor, companyId)
  const tokenClass = await findTokenClass(deps.db, tokenClassId)
  if (tokenClass === undefined) throw new NotFound('token class', globalId('TokenClass', tokenClassId))
  must(actor, 'operations', 'partner')
  const scope = { kind: 'company', id: companyId } as const
  return once(deps, actor, { operation: 'openLot', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, companyId)
    const on = await today(trx)
    if (expiresOn <= on) throw new Refused('expiresOn', `must be after ${on}: the tokens could never be used`)
    const lotId = newId()
    const transferRule = lot.transferRule ?? tokenClass.transferRule
    const opened = { companyId, lotId, tokenClassId, amount, transferRule, expiresOn, drawRank: 0, origin }
    const accounts = await insertLot(trx, { ...opened, cost: cost ?? undefined })
    await postAll(trx, companyId, [
      {
        id: derivedId(origin, lotId),
        kind: 'posted',
        debit: accounts.obligation,
        credit: accounts.available,
        amount,
        reason: origin,
        subject: globalId('Lot', companyId, lotId),
      },
    ])
    await addJob(trx, {
      name: EXPIRE_LOTS_JOB,
      payload: { companyId },
      runAt: `${expiresOn}T00:00:00Z`,
      key: `tokens.expire:${companyId}:${expiresOn}`,
    })
    await audit(trx, actor, {
      scope,
      kind: 'lot.opened',
      subject: globalId('Lot', companyId, lotId),
      payload: {
        origin,
        tokenClass: globalId('TokenClass', tokenClassId),
        amountMicro: amount.toString(),
        cost: cost == null ? null : { amount: formatNumeric(cost.amount), currency: cost.currency },
        transferRule,
        expiresOn,
        reason,
      },
    })
    await takeSupply(trx, tokenClassId, amount)
    return { companyId, lotId }
  })
}
