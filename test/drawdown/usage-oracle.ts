/** How usage was reported before it was one call of SQL: record by record, in TypeScript. What `usage_post` is held to. */
import { z } from 'zod'
import type { Actor } from '../../api/access/index.ts'
import { mustSeeReservation, recordUsage, USAGE_BATCH_MAX, zUsageRecord } from '../../api/clusters/index.ts'
import { advance, type Cause, counts, earnedShares } from '../../api/drawdown/earned.ts'
import {
  insertCharges,
  lockProgress,
  type NewCharge,
  type Progress,
  storeProgress,
} from '../../api/drawdown/grant.store.ts'
import { mustMeterFor } from '../../api/drawdown/visibility.ts'
import { lockCompany } from '../../api/parties/index.ts'
import {
  type Deps,
  type MicroTokens,
  newId,
  once,
  parse,
  type Ref,
  type Trx,
  type Uuid,
  type WholeShares,
  zIdempotencyKey,
  zRef,
} from '../../api/platform/index.ts'
import { type ChargedPart, chargeAll, type Hold, postHold, readHolds } from '../../api/tokens/index.ts'

export const ReportUsageInput = z
  .strictObject({
    reservationId: zRef('Reservation'),
    records: z
      .array(z.unknown())
      .max(USAGE_BATCH_MAX, `must hold at most ${USAGE_BATCH_MAX} records`)
      .pipe(z.array(zUsageRecord)),
    /** True when all usage of the reservation is in: unused time is charged as the terms say, and what is left of the hold returns. */
    complete: z.boolean().default(false),
    idempotencyKey: zIdempotencyKey,
  })
  .refine(({ records, complete }) => records.length > 0 || complete, {
    path: ['records'],
    message: 'must hold at least one record, unless all usage is in',
  })
export type ReportUsageInput = z.input<typeof ReportUsageInput>

export type ReportedUsage = {
  readonly ref: Ref
  /** What became of each record, in order. */
  readonly records: readonly {
    readonly externalId: string
    readonly usageId: Uuid
    readonly outcome: 'RECORDED' | 'ALREADY_RECORDED'
    readonly charged: MicroTokens
  }[]
  readonly charged: Readonly<Record<Cause, MicroTokens>>
  readonly returned: MicroTokens
  /** Shares that this report moved from unearned to earned; provisional until a statement is final. */
  readonly newlyEarned: WholeShares
}

/**
 * Usage of one reservation: one transaction posts the hold, charges by cause, advances the deliveries and the earned
 * shares, and returns what is left. Records that were told before are recognised and change nothing.
 */
export async function reportUsageInTypeScript(
  deps: Deps,
  actor: Actor,
  input: ReportUsageInput,
): Promise<ReportedUsage> {
  const { reservationId: ref, records, idempotencyKey } = parse(ReportUsageInput, input)
  const { providerId } = await mustSeeReservation(deps.db, actor, ref)
  mustMeterFor(actor, providerId)
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'reportUsage', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, ref.companyId)
    const batch = await openBatch(trx, ref)
    const recorded = records.length === 0 ? undefined : await recordUsage(trx, { ref, records, recordedBy: actor.id })
    if (recorded?.first === true) await postHold(trx, { companyId: ref.companyId, holdId: recorded.reservation.holdId })
    if (recorded !== undefined) {
      const fresh = recorded.records.filter((record) => record.outcome === 'RECORDED')
      await batch.charge(
        recorded.reservation.holdId,
        fresh.map(({ cause, charge, usageId }) => ({ cause, amount: charge, usageId })),
      )
    }
    const returned = 0n
    const { charged, newlyEarned } = await batch.store()
    const answer: ReportedUsage = {
      ref,
      records: (recorded?.records ?? []).map(({ externalId, usageId, outcome, charge: amount }) => ({
        externalId,
        usageId,
        outcome,
        charged: outcome === 'RECORDED' ? amount : 0n,
      })),
      charged,
      returned,
      newlyEarned,
    }
    return answer
  })
}

async function holdOf(trx: Trx, companyId: Uuid, holdId: Uuid): Promise<Hold> {
  const hold = (await readHolds(trx, companyId, [holdId])).get(holdId)
  if (hold === undefined) throw new Error(`there is no hold ${holdId}`)
  return hold
}

/** Collects the charges of one transaction, so that sums and rows are written once. */
async function openBatch(trx: Trx, ref: Ref) {
  const { companyId } = ref
  const grants = await lockProgress(trx, companyId)
  const byLot = new Map([...grants.values()].map((progress) => [progress.grant.lotId, progress]))
  const earnedBefore = total(grants, (progress) => progress.earned)
  const rows: NewCharge[] = []
  const charged: Record<Cause, MicroTokens> = { delivered: 0n, idle_reserved: 0n, no_show: 0n, cancel_fee: 0n }
  const touched = new Set<Progress>()
  return {
    /** Charges a hold, each charge after the one before it, in one call of the ledger. */
    async charge(holdId: Uuid, charges: readonly Charge[]): Promise<void> {
      const current = lotInTurn(await holdOf(trx, companyId, holdId))
      const drawn = await chargeAll(trx, {
        companyId,
        charges: charges.map(({ usageId, ...each }) => ({ holdId, ...each, chargeId: usageId ?? newId() })),
      })
      for (const [index, each] of charges.entries()) {
        for (const part of partsOf(drawn[index] ?? [], current())) {
          charged[each.cause] += part.amount
          current(part)
          const progress = byLot.get(part.lotId)
          rows.push(progress === undefined ? vestsNothing(each, part) : draw(progress, each, part))
          if (progress !== undefined) touched.add(progress)
        }
      }
    },
    async store(): Promise<{ charged: typeof charged; newlyEarned: WholeShares }> {
      for (const progress of touched) await storeProgress(trx, progress)
      await insertCharges(trx, companyId, ref.id, rows)
      return { charged, newlyEarned: total(grants, (progress) => progress.earned) - earnedBefore }
    },
  } as const
}

type Charge = {
  readonly cause: Cause
  readonly amount: MicroTokens
  readonly usageId: Uuid | null
  readonly lots?: ReadonlySet<Uuid>
}
type Part = Pick<ChargedPart, 'lotId' | 'amount'>

/** The lot of a hold that is charged next, as parts are taken from it. Where nothing is left, the last. */
function lotInTurn(hold: Hold): (taken?: Part) => Uuid | undefined {
  const left = new Map(hold.lots.map((part) => [part.lotId, part.amount - part.charged]))
  return (taken) => {
    if (taken !== undefined) left.set(taken.lotId, (left.get(taken.lotId) ?? 0n) - taken.amount)
    return [...left].find(([, rest]) => rest > 0n)?.[0] ?? hold.lots.at(-1)?.lotId
  }
}

/**
 * What a charge took. Use so short that it costs nothing yet is kept too, at the lot in whose turn it fell: each GPU-second
 * leads to the signed document of a grant.
 */
const partsOf = (drawn: readonly Part[], inTurn: Uuid | undefined): readonly Part[] =>
  drawn.length > 0 || inTurn === undefined ? drawn : [{ lotId: inTurn, amount: 0n }]

/** Moves a grant's sums by what a charge took from its lot. */
function draw(progress: Progress, { cause, usageId }: Charge, { lotId, amount }: Part): NewCharge {
  const moved = advance(progress, amount, counts(progress.grant.basis, cause))
  progress.charged[cause] += amount
  progress.basis = moved.basis
  progress.peak = moved.peak
  progress.earned = earnedShares(progress.grant.terms, moved.peak)
  const { grantId } = progress.grant
  return { chargeId: newId(), grantId, lotId, usageId, cause, amount, basisFrom: moved.from, basisTo: moved.to }
}

/** A charge of tokens that earn nothing, such as a top-up's. */
const vestsNothing = ({ cause, usageId }: Charge, { lotId, amount }: Part): NewCharge => ({
  chargeId: newId(),
  grantId: null,
  lotId,
  usageId,
  cause,
  amount,
  basisFrom: 0n,
  basisTo: 0n,
})

const total = (grants: ReadonlyMap<Uuid, Progress>, of: (progress: Progress) => bigint): bigint =>
  [...grants.values()].reduce((sum, progress) => sum + of(progress), 0n)
