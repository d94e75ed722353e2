/** Collects what corrections of one transaction do to grants: sums, basis, peak, earned shares. */

import { Temporal } from 'temporal-polyfill'
import { type MicroTokens, newId, type Trx, type Uuid, type WholeShares } from '../../platform/index.ts'
import { basisAt } from '../basis-at.ts'
import { type Family, moveBasis, shortenLine } from '../basis-line.ts'
import { type Cause, counts, earnedShares } from '../earned.ts'
import { isBeforeEnd, stillEarns } from '../end-of-earning.ts'
import { lockProgress, type Progress, storeProgress } from '../grant.store.ts'
import { usedUntilOf } from '../used-until.ts'
import {
  type CorrectingCharge,
  familiesAbove,
  finalBasis,
  type Head,
  headsOf,
  insertCorrectingCharges,
} from './correction.store.ts'

/** One change of what a lot was charged. A negative amount names the charge that it takes back. */
export type ChargeChange = {
  readonly correctionId: Uuid
  /** When it counts: see `accountingInstant`. */
  readonly at: string
  /** Null for use outside any reservation. */
  readonly reservationId: Uuid | null
  readonly lotId: Uuid
  readonly usageId: Uuid | null
  readonly cause: Cause
  readonly amount: MicroTokens
  readonly corrects: Uuid | null
}

type CountedCharge = Pick<ChargeChange, 'cause' | 'corrects' | 'at' | 'lotId' | 'usageId' | 'reservationId'>
/** What a correction says of a charge that was booked before: it names it, and books nothing. */
type BookedCharge = Omit<ChargeChange, 'amount' | 'corrects'> & { readonly corrects: Uuid }
type NewRow = Omit<CorrectingCharge, 'basisFrom' | 'basisTo'>

export type Corrections = Awaited<ReturnType<typeof openCorrections>>

/** The company is locked. Every change is written at once, so that the next one sees the line as it is. */
export async function openCorrections(trx: Trx, companyId: Uuid) {
  const grants = await lockProgress(trx, companyId)
  const floors = await finalBasis(trx, companyId)
  const byLot = new Map([...grants.values()].map((progress) => [progress.grant.lotId, progress]))
  const earnedBefore = sum(grants)
  const touched = new Set<Progress>()
  const basisOn = await basisAt(trx, companyId)

  /**
   * What is taken back counts as what it takes back did, and not while a dispute keeps that aside; what is charged anew counts
   * only while its grant is not settled. What was booked before a grant ended counted, whenever it was used; what was made once
   * it was settled never did.
   */
  function isCounted(progress: Progress, { cause, at }: CountedCharge, of: Head | Pick<Head, 'usedUntil'>): boolean {
    const head = 'at' in of ? of : undefined
    const on = head?.at ?? at
    if (head?.isSetAside === true || !counts(basisOn(progress.grant, on), cause)) return false
    if (progress.endedOn === null) return true
    const usedUntil = of.usedUntil ?? on
    if (head === undefined) return stillEarns(progress, usedUntil)
    if (isAfter(head.madeAt, progress.settledAt)) return false
    return isBeforeEnd(progress, usedUntil) || isBeforeEnd(progress, on)
  }

  /** The charge that a change takes back, or the time that it is for. */
  async function countedAs(change: CountedCharge, progress: Progress): Promise<Head | Pick<Head, 'usedUntil'>> {
    if (change.corrects !== null) return headIn(await headsOf(trx, companyId, [change.corrects]), change.corrects)
    const usedUntil = progress.endedOn === null ? undefined : await usedUntilOf(trx, companyId, change)
    return { usedUntil: usedUntil ?? null }
  }

  const lineOf = (grantId: Uuid) => familiesAbove(trx, companyId, grantId, floors.get(grantId) ?? 0n)

  /**
   * Moves the vest basis of a grant, and answers the rows that say whose part of the line it was.
   *
   * @param line for a fall, which shortens it
   */
  function shift(progress: Progress, by: MicroTokens, row: NewRow, line: Family[]): readonly CorrectingCharge[] {
    const change = progress.settledAt === null ? by : onceSettled(progress, by)
    const own = change < 0n ? line.find(({ head }) => head === row.corrects) : undefined
    const moved = moveBasis(progress, change, floors.get(progress.grant.grantId) ?? 0n, own, line)
    let peak = progress.peak
    const ownFall = moved.shortened.find(({ family }) => family.head === row.corrects)?.by ?? 0n
    const to = moved.peak > peak ? moved.peak : peak - ownFall
    const rows: CorrectingCharge[] = [{ ...row, basisFrom: peak, basisTo: to }]
    peak = to
    for (const { family, by } of moved.shortened.filter(({ family: each }) => each.head !== row.corrects)) {
      rows.push({ ...shortening(family, row), basisFrom: peak, basisTo: peak - by })
      peak -= by
    }
    shortenLine(line, moved.shortened)
    progress.basis = moved.basis
    progress.peak = moved.peak
    // The shares of a settled grant have moved: a deficit is carried, and nothing is earned any more.
    if (progress.settledAt === null) progress.earned = earnedShares(progress.grant.terms, moved.peak)
    touched.add(progress)
    return rows
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
      const by = isCounted(progress, change, await countedAs(change, progress)) ? change.amount : 0n
      const line = by < 0n ? await lineOf(progress.grant.grantId) : []
      await insertCorrectingCharges(trx, companyId, shift(progress, by, row, line))
    },
    /** Those of these charges, booked before, that count towards vesting: by the basis of their day, and before the end of their grant. */
    async counted<T extends BookedCharge>(charges: readonly T[]): Promise<readonly T[]> {
      const heads = await headsOf(
        trx,
        companyId,
        charges.map(({ corrects }) => corrects),
      )
      return charges.filter((charge) => {
        const progress = byLot.get(charge.lotId)
        return progress !== undefined && isCounted(progress, charge, headIn(heads, charge.corrects))
      })
    },
    /**
     * Takes charges out of the vest basis, and changes nothing of what was charged. The line of a grant is read once for all of
     * them: the latest first is the least work.
     */
    async takeOut(charges: readonly (BookedCharge & { readonly net: MicroTokens })[]): Promise<void> {
      const rows: CorrectingCharge[] = []
      for (const [lotId, own] of Map.groupBy(charges, (charge) => charge.lotId)) {
        const progress = byLot.get(lotId)
        if (progress === undefined) continue
        const { grantId } = progress.grant
        const line = await lineOf(grantId)
        for (const { net, ...charge } of own)
          rows.push(...shift(progress, -net, { ...charge, grantId, amount: 0n, chargeId: newId() }, line))
      }
      await insertCorrectingCharges(trx, companyId, rows)
    },
    /** Puts what was taken out back: its part of the line is at the end, where it is vested next. */
    async putBack(charges: readonly Omit<ChargeChange, 'corrects'>[]): Promise<void> {
      const rows = charges.flatMap(({ amount, ...charge }) => {
        const progress = byLot.get(charge.lotId)
        if (progress === undefined || amount === 0n) return []
        const { grantId } = progress.grant
        return shift(progress, amount, { ...charge, grantId, corrects: null, amount: 0n, chargeId: newId() }, [])
      })
      await insertCorrectingCharges(trx, companyId, rows)
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

/** Once a grant is settled nothing is put back into its basis, and no more is taken out than is there. */
const onceSettled = ({ basis }: Progress, by: MicroTokens): MicroTokens => (by > 0n ? 0n : by < -basis ? -basis : by)

const isAfter = (madeAt: string, settledAt: string | null): boolean =>
  settledAt !== null && Temporal.Instant.compare(madeAt, settledAt) > 0

function headIn(heads: ReadonlyMap<Uuid, Head>, chargeId: Uuid): Head {
  const head = heads.get(chargeId)
  if (head === undefined) throw new Error(`there is no charge ${chargeId}`)
  return head
}
