import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import { correctMeter, lockMeter } from '../clusters/index.ts'
import { lockCompany, mustSeeCompany } from '../parties/index.ts'
import {
  audit,
  type Deps,
  globalId,
  instant,
  type MicroTokens,
  newId,
  once,
  parse,
  Refused,
  type Trx,
  type Uuid,
  type WholeShares,
  zIdempotencyKey,
  zKey,
} from '../platform/index.ts'
import { drawableLots } from '../tokens/index.ts'
import { accountingInstant } from './accounting-instant.ts'
import { type Arrears, openArrears, reduceArrears } from './arrears.store.ts'
import { carryOut, type Step } from './correct-record.ts'
import { insertCorrection } from './correction.store.ts'
import { type Corrections, openCorrections } from './open-corrections.ts'

export const SettleArrearsInput = z.strictObject({ companyId: zKey('Company'), idempotencyKey: zIdempotencyKey })
export type SettleArrearsInput = z.input<typeof SettleArrearsInput>

export type SettledArrears = {
  readonly companyId: Uuid
  /** Tokens that were charged now. */
  readonly settled: MicroTokens
  /** What is open still, for want of tokens. */
  readonly open: MicroTokens
  readonly earned: WholeShares
}

/**
 * Charges a company's arrears with what is available now, oldest first, as far as it goes. The charge counts in the month
 * in which it is made.
 *
 * @throws {Refused} when nothing is open, or nothing is available
 */
export async function settleArrears(deps: Deps, actor: Actor, input: SettleArrearsInput): Promise<SettledArrears> {
  const { companyId, idempotencyKey } = parse(SettleArrearsInput, input)
  await mustSeeCompany(deps.db, actor, companyId)
  must(actor, 'operations')
  const scope = { kind: 'company', id: companyId } as const
  return once(deps, actor, { operation: 'settleArrears', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, companyId)
    const open = await openArrears(trx, companyId)
    if (open.length === 0) throw new Refused('companyId', 'has no arrears')
    const grants = await openCorrections(trx, companyId)
    let settled = 0n
    for (const arrears of open) settled += await settleOne(trx, actor, companyId, arrears, grants)
    if (settled === 0n) throw new Refused('companyId', 'has no tokens available that its arrears could be charged to')
    const earned = await grants.store()
    const left = open.reduce((sum, arrears) => sum + arrears.open, 0n) - settled
    await audit(trx, actor, {
      scope,
      kind: 'arrears.settled',
      subject: globalId('Company', companyId),
      payload: { earned: earned.toString(), open: left.toString(), settled: settled.toString() },
    })
    return { companyId, settled, open: left, earned }
  })
}

async function settleOne(
  trx: Trx,
  actor: Actor,
  companyId: Uuid,
  arrears: Arrears,
  grants: Corrections,
): Promise<MicroTokens> {
  const { reservation, meter } = await lockMeter(trx, { companyId, id: arrears.reservationId })
  const { lots } = await drawableLots(trx, companyId, arrears.tokenClassId)
  let left = arrears.open
  const steps: Step[] = []
  for (const lot of lots) {
    const amount = lot.left < left ? lot.left : left
    if (amount <= 0n) continue
    const change = { cause: 'delivered' as const, amount, corrects: null, usageId: arrears.usageId }
    steps.push({ lotId: lot.lotId, from: 'available', to: 'charged:delivered', amount, changes: [change] })
    left -= amount
  }
  const settled = arrears.open - left
  if (settled === 0n) return 0n
  const { at } = await accountingInstant(trx, companyId, await instant(trx))
  const correctionId = newId()
  await insertCorrection(trx, {
    companyId,
    correctionId,
    kind: 'arrears',
    reservationId: arrears.reservationId,
    usageId: arrears.usageId,
    usage: null,
    reasonCode: 'ARREARS',
    reason: 'Tokens came for usage that was raised before.',
    correctedAs: 'operations',
    correctedBy: actor.id,
    accountedAt: at,
  })
  await carryOut(trx, { companyId, reservation, grants }, correctionId, at, arrears.usageId, steps)
  await correctMeter(trx, reservation.ref, { ...meter, delivered: meter.delivered + settled })
  await reduceArrears(trx, companyId, arrears.arrearsId, { settled })
  return settled
}
