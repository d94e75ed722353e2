/** Anti-dilution, pay-to-play and the quantities called "fully diluted", of the cap table of a day. */
import { z } from 'zod'
import {
  DomainError,
  divide,
  type Money,
  type Numeric,
  parse,
  type Reader,
  type Uuid,
  zMoney,
  zNumeric,
  zPositiveNumeric,
  zText,
} from '../platform/index.ts'
import { mustKnow, NoCapTable } from './cap-table-view.ts'
import { capitalizationOf } from './counted-capitalization.ts'
import { loadTables } from './history.views.ts'
import { type AdjustedPrice, conversionRatio, fullRatchet, weightedAverage } from './pricing/anti-dilution.ts'
import { asConverted } from './pricing/as-converted.ts'
import {
  ANTI_DILUTION_BASES,
  antiDilutionBase,
  CONVERSION_METHODS,
  priceDenominator,
  type ShareCount,
  safePostMoneyCapitalization,
  safePreMoneyCapitalization,
  shareCountOf,
} from './pricing/fully-diluted.ts'
import { type PayToPlayResult, payToPlay } from './pricing/pay-to-play.ts'
import { uncountedWarrantsIn } from './pricing/stated-warrants.ts'
import { uncountedIn } from './pricing/uncounted.ts'
import { type ConversionRatio, ratioOf } from './replay/conversion-ratio.ts'
import { afterSplits, type CapTable, type StockClass } from './replay/state.ts'
import { answered } from './waterfall/waterfall.views.ts'

/** The cap table does not say what is asked, or what is asked contradicts it. */
export class DilutionRefused extends DomainError {
  readonly code = 'DILUTION_REFUSED'
  readonly reasons: readonly string[]
  constructor(reasons: readonly string[]) {
    super(`This cannot be worked out: ${reasons.join('; ')}. Nothing was changed.`)
    this.reasons = reasons
  }
}

export const AntiDilutionInput = z
  .strictObject({
    /** OCF id of the preferred class whose price is adjusted. */
    classId: zText(255),
    method: z.enum(['WEIGHTED_AVERAGE', 'FULL_RATCHET']),
    /** What counts as outstanding; with a weighted average, and only with one. */
    base: z.enum(ANTI_DILUTION_BASES).nullish(),
    /** Shares issued, as converted to common. */
    issued: zPositiveNumeric,
    /** Money for all of them. */
    consideration: zMoney,
  })
  .refine((it) => (it.method === 'WEIGHTED_AVERAGE') === (it.base != null), {
    path: ['base'],
    error: 'must be given with WEIGHTED_AVERAGE, and only with it: a charter names its base',
  })
export type AntiDilutionInput = z.input<typeof AntiDilutionInput>

export type AntiDilutionView = {
  readonly classId: string
  readonly className: string
  readonly originalIssuePrice: Money
  readonly conversionPriceBefore: Money
  /** The price after, rounded to the nearest 0.0001 and never upwards, and as a fraction before rounding. */
  readonly conversionPriceAfter: Money
  readonly exactPrice: string
  readonly adjusted: boolean
  /** "A" of the weighted average; null for a full ratchet. */
  readonly outstandingBefore: Numeric | null
  /** Common per preferred share, before and after, as fractions in lowest terms. */
  readonly ratioBefore: string
  readonly ratioAfter: string
  /** Common that all of the class converts into, before and after; rounded down to ten places. */
  readonly convertsIntoBefore: Numeric
  readonly convertsIntoAfter: Numeric
}

/** Answers of companies by their tables on a day; refusals stand in the place of answers. */
async function ofTables<Answer>(
  reader: Reader,
  companyIds: readonly Uuid[],
  asOf: string,
  answer: (table: CapTable) => Answer,
): Promise<ReadonlyMap<Uuid, Answer | DomainError>> {
  const tables = await loadTables(reader, companyIds, asOf)
  return new Map(
    companyIds.map((companyId) => [
      companyId,
      answered(() => {
        const table = tables.get(companyId)
        if (table === undefined) throw new NoCapTable()
        mustKnow(table, asOf)
        return answer(table)
      }),
    ]),
  )
}

/** What an issue below the conversion price does to a class. The caller has decided who may see. @throws {BadInput} */
export const companyAntiDilution = (reader: Reader, companyIds: readonly Uuid[], asOf: string, input: unknown) => {
  const asked = parse(AntiDilutionInput, input)
  return ofTables(reader, companyIds, asOf, (table) => antiDilutionOf(table, asOf, asked))
}

/** Of one table. Pure. @throws {DilutionRefused} */
export function antiDilutionOf(
  table: CapTable,
  asOf: string,
  { classId, method, base, issued, consideration }: z.output<typeof AntiDilutionInput>,
): AntiDilutionView {
  const stock = preferredOf(table, classId)
  const split = (price: Money | undefined) => price && afterSplits(price, stock)
  const original = split(stock.item?.price_per_share)
  const own = stock.item?.conversion_rights?.[0]?.conversion_mechanism.conversion_price
  const before = stock.ratio?.conversion_price ?? split(own) ?? original
  if (original === undefined || before === undefined) {
    throw new DilutionRefused([`${stock.name} has no original issue price on the cap table`])
  }
  for (const [what, { currency }] of [
    ['The issue', consideration],
    ['The conversion price', before],
  ] as const) {
    if (currency !== original.currency) {
      throw new DilutionRefused([`${what} is in ${currency}, and ${stock.name} is priced in ${original.currency}`])
    }
  }
  if (before.amount <= 0n || original.amount <= 0n) throw new DilutionRefused([`${stock.name} has a price of zero`])
  const issue = { conversionPrice: before.amount, issued, consideration: consideration.amount }
  const { count, converting } = countOf(table, asOf)
  const outstanding = base == null ? null : antiDilutionBase(count, converting, base)
  const answer = method === 'FULL_RATCHET' ? fullRatchet(issue) : weightedAverage(issue, outstanding ?? 0n)
  const after = priceAfter(answer, stock.name)
  const ratios = [before.amount, after].map((price) => conversionRatio(original.amount, price))
  const common = (price: Numeric): Numeric => divide(stock.outstanding * original.amount, price, 'DOWN')
  return {
    classId,
    className: stock.name,
    originalIssuePrice: original,
    conversionPriceBefore: before,
    conversionPriceAfter: { amount: after, currency: before.currency },
    exactPrice: answer.exact.toFraction(),
    adjusted: answer.kind === 'reduced',
    outstandingBefore: outstanding,
    ratioBefore: ratios[0]?.toFraction() ?? '',
    ratioAfter: ratios[1]?.toFraction() ?? '',
    convertsIntoBefore: common(before.amount),
    convertsIntoAfter: common(after),
  }
}

function priceAfter(answer: AdjustedPrice, className: string): Numeric {
  if (answer.kind !== 'price_rounds_to_zero') return answer.price
  throw new DilutionRefused([`the conversion price of ${className} would round to zero`])
}

function preferredOf(table: CapTable, classId: string): StockClass {
  const stock = table.classes.get(classId)
  if (stock === undefined) throw new DilutionRefused([`there is no stock class "${classId}"`])
  if (stock.kind !== 'PREFERRED') throw new DilutionRefused([`${stock.name} is common stock`])
  return stock
}

function countOf(
  table: CapTable,
  asOf: string,
  promised = 0n,
): Pick<FullyDilutedView, 'uncountedWarrants' | 'expired' | 'cashSettled'> & {
  readonly count: ShareCount
  readonly converting: Numeric
} {
  const ratios = new Map<string, ConversionRatio>(
    [...table.classes.values()].map((stock) => [stock.id, ratioOf(stock)]),
  )
  const open = [...table.securities.values()].filter(
    ({ kind, closedOn }) => kind === 'convertible' && closedOn === undefined,
  )
  const converting = [...asConverted(table, open, asOf).shares.values()].reduce((sum, { number }) => sum + number, 0n)
  const capitalization = capitalizationOf(table, asOf)
  return {
    count: shareCountOf(capitalization, { promised, ratios }),
    converting,
    uncountedWarrants: uncountedWarrantsIn(capitalization),
    expired: uncountedIn(capitalization, 'EXPIRED'),
    cashSettled: uncountedIn(capitalization, 'CASH_SETTLED'),
  }
}

export const FullyDilutedInput = z.strictObject({
  /** Options promised and not granted. */
  promised: zNumeric.default(0n),
  /** Increase of the pool in the round. */
  poolIncrease: zNumeric.default(0n),
  method: z.enum(CONVERSION_METHODS).default('PERCENT_OWNERSHIP'),
})
export type FullyDilutedInput = z.input<typeof FullyDilutedInput>

/** Four of the five quantities, in common as converted; the fifth, the waterfall base, depends on the exit value. */
export type FullyDilutedView = {
  readonly safePostMoneyCapitalization: Numeric
  readonly safePreMoneyCapitalization: Numeric
  readonly priceDenominator: Numeric
  readonly antiDilutionBase: Numeric
  readonly antiDilutionBaseStock: Numeric
  /** SAFEs and notes by their caps, as counted above. */
  readonly converting: Numeric
  /** Warrants that none of the quantities counts, each with the reason. */
  readonly uncountedWarrants: readonly string[]
  /** Options, awards and warrants that none of them counts, since they have expired, or give cash and no shares. */
  readonly expired: readonly string[]
  readonly cashSettled: readonly string[]
}

/** The quantities called "fully diluted" of companies on a day. @throws {BadInput} */
export const companyFullyDiluted = (reader: Reader, companyIds: readonly Uuid[], asOf: string, input: unknown) => {
  const asked = parse(FullyDilutedInput, input)
  return ofTables(reader, companyIds, asOf, (table) => fullyDilutedOf(table, asOf, asked))
}

/** Of one table. Pure. */
export function fullyDilutedOf(
  table: CapTable,
  asOf: string,
  { promised, poolIncrease, method }: z.output<typeof FullyDilutedInput>,
): FullyDilutedView {
  const { count, converting, ...left } = countOf(table, asOf, promised)
  return {
    ...left,
    safePostMoneyCapitalization: safePostMoneyCapitalization(count, converting),
    safePreMoneyCapitalization: safePreMoneyCapitalization(count, poolIncrease),
    priceDenominator: priceDenominator(count, { poolIncrease, converting, method }),
    antiDilutionBase: antiDilutionBase(count, converting, 'BROAD'),
    antiDilutionBaseStock: antiDilutionBase(count, converting, 'STOCK'),
    converting,
  }
}

export const PayToPlayInput = z.strictObject({
  classId: zText(255),
  portion: z.enum(['PROPORTIONAL', 'ALL']).default('PROPORTIONAL'),
  holders: z
    .array(z.strictObject({ stakeholderId: zText(255), proRata: zNumeric, bought: zNumeric }))
    .max(1_000, 'must be at most 1,000')
    .refine(
      (all) => new Set(all.map(({ stakeholderId }) => stakeholderId)).size === all.length,
      'must be different holders',
    ),
})
export type PayToPlayInput = z.input<typeof PayToPlayInput>
export type PayToPlayRow = PayToPlayResult & { readonly holder: string }

/** What becomes of the preferred of those who do not buy their part. Who is not named was entitled to none. @throws {BadInput} */
export const companyPayToPlay = (reader: Reader, companyIds: readonly Uuid[], asOf: string, input: unknown) => {
  const asked = parse(PayToPlayInput, input)
  return ofTables(reader, companyIds, asOf, (table) => payToPlayOf(table, asked))
}

/** Of one table. Pure. @throws {DilutionRefused} */
export function payToPlayOf(
  table: CapTable,
  { classId, portion, holders }: z.output<typeof PayToPlayInput>,
): readonly PayToPlayRow[] {
  const stock = preferredOf(table, classId)
  const held = new Map<string, Numeric>()
  for (const { kind, classId: own, stakeholderId, outstanding } of table.securities.values()) {
    if (kind === 'stock' && own === classId && outstanding > 0n) {
      held.set(stakeholderId, (held.get(stakeholderId) ?? 0n) + outstanding)
    }
  }
  const strangers = holders.filter(({ stakeholderId }) => !held.has(stakeholderId))
  if (strangers.length > 0) {
    throw new DilutionRefused(strangers.map(({ stakeholderId }) => `"${stakeholderId}" holds no ${stock.name}`))
  }
  const rows = [...held].map(([id, shares]) => {
    const named = holders.find(({ stakeholderId }) => stakeholderId === id)
    return { id, preferred: shares / 10n ** 10n, proRata: named?.proRata ?? 0n, bought: named?.bought ?? 0n }
  })
  const terms = { portion, ratio: ratioOf(stock), portionRounding: 'DOWN', shareRounding: 'DOWN' } as const
  return payToPlay(rows, terms).map((row) => ({ ...row, holder: table.stakeholders.get(row.id)?.name ?? row.id }))
}
