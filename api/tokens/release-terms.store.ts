/** By which milestones, or within which limits, tokens of a lot are released that no date releases: as signed. */
import { z } from 'zod'
import { instant, type MicroTokens, newId, type Reader, type Trx, today, type Uuid } from '../platform/index.ts'

export type Milestone = {
  readonly code: string
  readonly text: string
  readonly amount: MicroTokens
  /** Whose people confirm it. */
  readonly confirmedBy: 'fund' | 'provider' | 'both'
}
export type OnDemandLimits = {
  readonly perRequest: MicroTokens | null
  /** Most within any `days` days in a row. */
  readonly perPeriod: { readonly amount: MicroTokens; readonly days: number } | null
  readonly noticeDays: number
  readonly confirmedBy: 'nobody' | 'fund' | 'provider'
}
/** What releases the tokens of a lot that no date releases: milestones, then requests for what is left. */
export type LotReleaseTerms = {
  readonly milestones: readonly Milestone[]
  /** `null` where the company may not ask. */
  readonly onDemand: OnDemandLimits | null
}
export const NO_RELEASE_TERMS: LotReleaseTerms = { milestones: [], onDemand: null }

/** Whether dates alone release the lot. */
export const byDatesOnly = ({ milestones, onDemand }: LotReleaseTerms): boolean =>
  milestones.length === 0 && onDemand === null

const zMicro = z.string().transform(BigInt)
const StoredMilestone = z.object({
  code: z.string(),
  text: z.string(),
  amount: zMicro,
  confirmedBy: z.enum(['fund', 'provider', 'both']),
})
const StoredLimits = z.object({
  perRequest: zMicro.nullable(),
  perPeriod: z.object({ amount: zMicro, days: z.int() }).nullable(),
  noticeDays: z.int(),
  confirmedBy: z.enum(['nobody', 'fund', 'provider']),
})
/** Rows of before milestones and requests went together have one of the two. */
const Stored = z
  .object({ milestones: z.array(StoredMilestone).default([]), limits: StoredLimits.nullish() })
  .transform(({ milestones, limits }): LotReleaseTerms => ({ milestones, onDemand: limits ?? null }))

/** Lots with milestones are found by it, whatever else they have. */
const kindOf = (terms: LotReleaseTerms) =>
  terms.milestones.length > 0 ? 'milestones' : byDatesOnly(terms) ? 'none' : 'on_demand'

const written = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? part.toString() : part))

const stored = (terms: LotReleaseTerms): string =>
  written({
    kind: kindOf(terms),
    ...(terms.milestones.length === 0 ? {} : { milestones: terms.milestones }),
    ...(terms.onDemand === null ? {} : { limits: terms.onDemand }),
  })

/** Whether two milestones say the same. */
export const sameMilestone = (a: Milestone, b: Milestone): boolean =>
  a.code === b.code && a.text === b.text && a.amount === b.amount && a.confirmedBy === b.confirmedBy

export type FrozenReleaseTerms = {
  readonly companyId: Uuid
  readonly lotId: Uuid
  /** The first day on which they hold. */
  readonly effectiveOn: string
  readonly terms: LotReleaseTerms
  /** Global id of the signed document. */
  readonly source: string
}

/** Records what was signed. The company is locked by the caller. */
export async function freezeReleaseTerms(trx: Trx, frozen: FrozenReleaseTerms): Promise<void> {
  await trx
    .insertInto('lot_release_terms')
    .values({
      company_id: frozen.companyId,
      lot_id: frozen.lotId,
      terms_id: newId(),
      effective_on: frozen.effectiveOn,
      kind: kindOf(frozen.terms),
      terms: stored(frozen.terms),
      source: frozen.source,
      recorded_at: await instant(trx),
    })
    .execute()
}

/** Those in force today, and those that are signed for later days, oldest first. */
export type ReleaseTermsOfLot = {
  readonly now: LotReleaseTerms
  readonly later: readonly { readonly effectiveOn: string; readonly terms: LotReleaseTerms }[]
}

/** What is in force for each of these companies' lots, by lot; a lot without such terms is left out. One query. */
export async function releaseTermsByLot(
  reader: Reader,
  companyIds: readonly Uuid[],
): Promise<Map<Uuid, ReleaseTermsOfLot>> {
  if (companyIds.length === 0) return new Map()
  const on = await today(reader)
  const rows = await reader
    .selectFrom('lot_release_terms')
    .select(['lot_id as lotId', 'effective_on as effectiveOn', 'terms'])
    .where('company_id', 'in', [...companyIds])
    .orderBy('effective_on')
    .orderBy('terms_id')
    .execute()
  const lots = new Map<Uuid, { now: LotReleaseTerms; later: { effectiveOn: string; terms: LotReleaseTerms }[] }>()
  for (const { lotId, effectiveOn, terms } of rows) {
    const of = lots.get(lotId) ?? { now: NO_RELEASE_TERMS, later: [] }
    lots.set(lotId, of)
    if (effectiveOn <= on) of.now = Stored.parse(terms)
    else of.later.push({ effectiveOn, terms: Stored.parse(terms) })
  }
  return lots
}

/** What holds for one lot. */
export const releaseTermsOf = async (reader: Reader, companyId: Uuid, lotId: Uuid): Promise<ReleaseTermsOfLot> =>
  (await releaseTermsByLot(reader, [companyId])).get(lotId) ?? { now: NO_RELEASE_TERMS, later: [] }
