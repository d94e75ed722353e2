/** Collects what corrections of one transaction do to grants: sums, basis, peak, earned shares. */
import { type MicroTokens, newId, type Trx, type Uuid, type WholeShares } from '../platform/index.ts'
import { basisAt } from './basis-at.ts'
import { type Family, moveBasis } from './basis-line.ts'
import { type CorrectingCharge, familiesAbove, finalBasis, insertCorrectingCharges } from './correction.store.ts'
import { type Cause, counts, earnedShares } from './earned.ts'
import { lockProgress, type Progress, storeProgress } from './grant.store.ts'

/** One change of what a lot was charged. A negative amount names the charge that it takes back. */
export type ChargeChange = {
  readonly correctionId: Uuid
  /** When it counts: see `accountingInstant`. */
  readonly at: string
  readonly reservationId: Uuid
  readonly lotId: Uuid
  readonly usageId: Uuid | null
  readonly cause: Cause
  readonly amount: MicroTokens
  readonly corrects: Uuid | null
}

export type Corrections = Awaited<ReturnType<typeof openCorrections>>

/** The company is locked. Every change is written at once, so that the next one sees the line as it is. */
export async function openCorrections(trx: Trx, companyId: Uuid) {
  const grants = await lockProgress(trx, companyId)
  const floors = await finalBasis(trx, companyId)
  const byLot = new Map([...grants.values()].map((progress) => [progress.grant.lotId, progress]))
  const earnedBefore = sum(grants)
  const touched = new Set<Progress>()
  const basisOn = await basisAt(trx, companyId)

  /** Moves the vest basis of a grant, and writes the rows that say whose part of the line it was. */
  async function shift(progress: Progress, change: MicroTokens, row: Omit<CorrectingCharge, 'basisFrom' | 'basisTo'>) {
    const { grantId } = progress.grant
    const floor = floors.get(grantId) ?? 0n
    const line =
      change < 0n
        ? await familiesAbove(trx, companyId, grantId, floor, row.corrects === null ? [] : [row.corrects])
        : []
    const own = line.find(({ head }) => head === row.corrects)
    const moved = moveBasis(progress, change, floor, own, line)
    let peak = progress.peak
    const ownFall = moved.shortened.find(({ family }) => family.head === row.corrects)?.by ?? 0n
    const to = moved.peak > peak ? moved.peak : peak - ownFall
    const rows: CorrectingCharge[] = [{ ...row, basisFrom: peak, basisTo: to }]
    peak = to
    for (const { family, by } of moved.shortened.filter(({ family: each }) => each.head !== row.corrects)) {
      rows.push({ ...shortening(family, row), basisFrom: peak, basisTo: peak - by })
      peak -= by
    }
    await insertCorrectingCharges(trx, companyId, rows)
    progress.basis = moved.basis
    progress.peak = moved.peak
    progress.earned = earnedShares(progress.grant.terms, moved.peak)
    touched.add(progress)
  }

  return {
    grants,
    byLot,
    /** Books a change of what a lot was charged. */
    async charge(change: ChargeChange): Promise<void> {
      const progress = byLot.get(change.lotId)
      const row = { ...change, chargeId: newId(), grantId: progress?.grant.grantId ?? null }
      if (progress === undefined) {
        await insertCorrectingCharges(trx, companyId, [{ ...row, basisFrom: 0n, basisTo: 0n }])
        return
      }
      progress.charged[change.cause] += change.amount
      const on = change.corrects === null ? change.at : await bookedAt(trx, companyId, change.corrects)
      await shift(progress, counts(basisOn(progress.grant, on), change.cause) ? change.amount : 0n, row)
    },
    /** Takes a charge out of the vest basis, or puts it back, and changes nothing of what was charged. */
    async suspend(change: Omit<ChargeChange, 'amount'>, basis: MicroTokens): Promise<void> {
      const progress = byLot.get(change.lotId)
      if (progress === undefined || basis === 0n) return
      await shift(progress, basis, { ...change, amount: 0n, chargeId: newId(), grantId: progress.grant.grantId })
    },
    async store(): Promise<WholeShares> {
      for (const progress of touched) await storeProgress(trx, progress)
      return sum(grants) - earnedBefore
    },
  } as const
}

/** A row that takes a piece of the line from a charge that is not corrected itself. */
const shortening = (family: Family, row: Pick<CorrectingCharge, 'correctionId' | 'at' | 'grantId'>) => ({
  correctionId: row.correctionId,
  at: row.at,
  grantId: row.grantId,
  chargeId: newId(),
  corrects: family.head,
  lotId: family.lotId,
  reservationId: family.reservationId,
  usageId: family.usageId,
  cause: family.cause,
  amount: 0n,
})

const sum = (grants: ReadonlyMap<Uuid, Progress>): WholeShares =>
  [...grants.values()].reduce((total, progress) => total + progress.earned, 0n)

/** When a charge was booked. */
async function bookedAt(trx: Trx, companyId: Uuid, chargeId: Uuid): Promise<string> {
  const row = await trx
    .selectFrom('charge')
    .select('at')
    .where('company_id', '=', companyId)
    .where('charge_id', '=', chargeId)
    .executeTakeFirstOrThrow()
  return row.at
}
