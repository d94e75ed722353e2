import { z } from 'zod'
import { type Actor, must } from '../../access/index.ts'
import { correctMeter, lockMeter, lotsOnDemand } from '../../clusters/index.ts'
import { lockCompany, mustSeeCompany } from '../../parties/index.ts'
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
} from '../../platform/index.ts'
import { drawableLots } from '../../tokens/index.ts'
import { accountingInstant } from '../accounting/accounting-instant.ts'
import { carryOut, type Step } from '../correction/correct-record.ts'
import { insertCorrection } from '../correction/correction.store.ts'
import { type Corrections, openCorrections } from '../correction/open-corrections.ts'
import { type Arrears, chargeableArrearsAfter, reduceArrears, sumOfArrears } from './arrears.store.ts'
import { allowedFrom } from './on-demand-lots.ts'

export const SettleArrearsInput = z.strictObject({ companyId: zKey('Company'), idempotencyKey: zIdempotencyKey })
export type SettleArrearsInput = z.input<typeof SettleArrearsInput>

/** Most arrears that one call charges: the company is locked meanwhile. */
export const SETTLED_AT_ONCE = 200
/** Arrears that are looked at together. */
const PAGE = 1000

export type SettledArrears = {
  readonly companyId: Uuid
  /** Tokens that were charged now. */
  readonly settled: MicroTokens
  /** What is open still, for want of tokens or since a dispute keeps its use aside. */
  readonly open: MicroTokens
  readonly earned: WholeShares
}

/**
 * Charges a company's arrears with what is available now, oldest first, as far as it goes. What use outside any
 * reservation owes is charged only to lots whose terms let such use draw them. What a dispute keeps aside is not charged before
 * that is settled. The charge counts in the month in which it is made. So many at once; what is open after that waits for the
 * next call.
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
    const before = await sumOfArrears(trx, companyId)
    if (before === 0n) throw new Refused('companyId', 'has no arrears')
    const grants = await openCorrections(trx, companyId)
    const settled = await settleOldest(trx, actor, companyId, grants)
    if (settled === 0n) {
      throw new Refused(
        'companyId',
        'has no tokens available that its arrears could be charged to, or a dispute keeps what they are for aside',
      )
    }
    const earned = await grants.store()
    const left = before - settled
    await audit(trx, actor, {
      scope,
      kind: 'arrears.settled',
      subject: globalId('Company', companyId),
      payload: { earned: earned.toString(), open: left.toString(), settled: settled.toString() },
    })
    return { companyId, settled, open: left, earned }
  })
}

async function settleOldest(trx: Trx, actor: Actor, companyId: Uuid, grants: Corrections): Promise<MicroTokens> {
  const lots = await openLots(trx, companyId)
  let [settled, charged] = [0n, 0]
  let after: Uuid | undefined
  for (;;) {
    const page = await chargeableArrearsAfter(trx, companyId, after, PAGE)
    for (const arrears of page) {
      const part = await settleOne(trx, actor, companyId, arrears, grants, await lots.of(arrears))
      settled += part
      if (part > 0n) charged += 1
      if (charged === SETTLED_AT_ONCE) return settled
    }
    after = page.at(-1)?.arrearsId
    if (page.length < PAGE) return settled
  }
}

type OpenLot = { readonly lotId: Uuid; left: MicroTokens }

/** What arrears can be charged to: read once, and less with each charge. */
async function openLots(trx: Trx, companyId: Uuid) {
  const onDemand = await lotsOnDemand(trx, companyId)
  const byClass = new Map<Uuid, readonly OpenLot[]>()
  return {
    async of({ tokenClassId, reservationId, startedAt }: Arrears): Promise<readonly OpenLot[]> {
      const all =
        byClass.get(tokenClassId) ??
        (await drawableLots(trx, companyId, tokenClassId)).lots.map(({ lotId, left }) => ({ lotId, left }))
      byClass.set(tokenClassId, all)
      const open = all.filter(({ left }) => left > 0n)
      if (reservationId !== null || open.length === 0) return open
      const allowed = allowedFrom(onDemand, startedAt)
      return open.filter(({ lotId }) => allowed.has(lotId))
    },
  } as const
}

async function settleOne(
  trx: Trx,
  actor: Actor,
  companyId: Uuid,
  arrears: Arrears,
  grants: Corrections,
  lots: readonly OpenLot[],
): Promise<MicroTokens> {
  let left = arrears.open
  const steps: Step[] = []
  for (const lot of lots) {
    const amount = lot.left < left ? lot.left : left
    if (amount <= 0n) continue
    const change = { cause: 'delivered' as const, amount, corrects: null, usageId: arrears.usageId }
    steps.push({ lotId: lot.lotId, from: 'available', to: 'charged:delivered', amount, changes: [change] })
    lot.left -= amount
    left -= amount
  }
  const settled = arrears.open - left
  if (settled === 0n) return 0n
  const metered = arrears.reservationId === null ? null : await lockMeter(trx, { companyId, id: arrears.reservationId })
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
    reason: 'Tokens came for usage that there were none for before.',
    correctedAs: 'operations',
    correctedBy: actor.id,
    accountedAt: at,
  })
  const reservation = metered?.reservation ?? null
  await carryOut(trx, { companyId, reservation, grants }, correctionId, at, arrears.usageId, steps)
  if (metered !== null) {
    const { meter } = metered
    await correctMeter(trx, metered.reservation.ref, { ...meter, delivered: meter.delivered + settled })
  }
  await reduceArrears(trx, companyId, arrears.arrearsId, { settled })
  return settled
}
