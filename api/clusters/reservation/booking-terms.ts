/** The signed terms by which reservations that draw a lot are charged by cause. Frozen at closing; a lot without has the house's. */
import { z } from 'zod'
import {
  divide,
  formatNumeric,
  instant,
  type MicroTokens,
  NUMERIC_PLACES,
  type Numeric,
  newId,
  parseNumeric,
  type Reader,
  type Trx,
  today,
  type Uuid,
} from '../../platform/index.ts'
import type { Charging } from '../metering/charge.ts'

const ONE: Numeric = 10n ** BigInt(NUMERIC_PLACES)

export type BookingRules = {
  readonly charging: Charging
  /** Parts that return before the lock time, by whole hours before the start, longest first. None: everything. */
  readonly refunds: readonly { readonly hoursBefore: number; readonly part: Numeric }[]
  readonly lockedRefund: Numeric
  readonly noShowGraceMinutes: number
  readonly noShowPart: Numeric
  readonly outageFactor: Numeric
  readonly quoteMinutes: number
  /** Use outside any reservation: by what the factor is multiplied, and what it may cost in a month. Undefined: it may not draw. */
  readonly onDemand?: { readonly premium: Numeric; readonly monthlyCapTokens?: MicroTokens | undefined } | undefined
}
export type FrozenBooking = BookingRules & {
  readonly companyId: Uuid
  readonly lotId: Uuid
  readonly roundId: Uuid
  readonly longStop: string
}

/** For tokens that no round granted, such as a top-up's: everything returns on cancelling. */
export const HOUSE_RULES: BookingRules = {
  charging: 'RESERVED',
  refunds: [],
  lockedRefund: ONE,
  noShowGraceMinutes: 60,
  noShowPart: ONE,
  outageFactor: ONE,
  quoteMinutes: 15,
}

/** Freezes the booking terms of a grant's lot. Called once, when its closing is held. */
export async function freezeBookingTerms(trx: Trx, terms: FrozenBooking): Promise<void> {
  await trx
    .insertInto('booking_terms')
    .values({
      company_id: terms.companyId,
      lot_id: terms.lotId,
      round_id: terms.roundId,
      charging: terms.charging,
      ...ruleColumns(terms),
      on_demand_premium: terms.onDemand === undefined ? null : formatNumeric(terms.onDemand.premium),
      on_demand_cap_micro: terms.onDemand?.monthlyCapTokens ?? null,
      long_stop: terms.longStop,
      frozen_at: await instant(trx),
    })
    .execute()
}

/** How what does not run as it was asked for is charged. */
export type DatedRules = Omit<BookingRules, 'charging' | 'onDemand'>

const ruleColumns = (rules: DatedRules) => ({
  refunds: JSON.stringify(rules.refunds.map(({ hoursBefore, part }) => ({ hoursBefore, part: formatNumeric(part) }))),
  locked_refund: formatNumeric(rules.lockedRefund),
  no_show_grace_minutes: rules.noShowGraceMinutes,
  no_show_part: formatNumeric(rules.noShowPart),
  outage_factor: formatNumeric(rules.outageFactor),
  quote_minutes: rules.quoteMinutes,
})

const RULES = [
  'refunds',
  'locked_refund as lockedRefund',
  'no_show_grace_minutes as noShowGraceMinutes',
  'no_show_part as noShowPart',
  'outage_factor as outageFactor',
  'quote_minutes as quoteMinutes',
] as const

const Refunds = z.array(z.object({ hoursBefore: z.int(), part: z.string().transform(parseNumeric) }))
const Charged = z.enum(['RESERVED', 'METERED'])

/** What a signed amendment changes; what is left out stays. */
export type BookingTermsChange = {
  readonly companyId: Uuid
  readonly lotId: Uuid
  /** The first day on which it holds. */
  readonly effectiveOn: string
  readonly charging?: Charging | undefined
  readonly longStop?: string | undefined
  /** All of them, where any of them changes. */
  readonly rules?: DatedRules | undefined
  /** Global id of the signed document that says so. */
  readonly source: string
}

/** Records a signed change of the booking terms of a grant's lot; a lot without any has the house's. The company is locked. */
export async function changeBookingTerms(trx: Trx, change: BookingTermsChange): Promise<void> {
  const { charging, longStop, rules } = change
  if (charging === undefined && longStop === undefined && rules === undefined) return
  if (!(await bookingTermsOf(trx, change.companyId)).has(change.lotId)) return
  const common = {
    company_id: change.companyId,
    change_id: newId(),
    lot_id: change.lotId,
    effective_on: change.effectiveOn,
    source: change.source,
    recorded_at: await instant(trx),
  }
  if (rules !== undefined) {
    await trx
      .insertInto('booking_rules_change')
      .values({ ...common, ...ruleColumns(rules) })
      .execute()
  }
  if (charging === undefined && longStop === undefined) return
  await trx
    .insertInto('booking_terms_change')
    .values({ ...common, charging: charging ?? null, long_stop: longStop ?? null })
    .execute()
}

/** What amendments that are in force on a day say of a company's lots, the later ones last. */
const changesInForce = (reader: Reader, companyId: Uuid, day: string) =>
  reader
    .selectFrom('booking_terms_change')
    .select(['lot_id as lotId', 'charging', 'long_stop as longStop'])
    .where('company_id', '=', companyId)
    .where('effective_on', '<=', day)
    .orderBy('effective_on')
    .orderBy('recorded_at')
    .orderBy('change_id')
    .execute()

/** The same of the rules. */
const rulesInForce = (reader: Reader, companyId: Uuid, day: string) =>
  reader
    .selectFrom('booking_rules_change')
    .select(['lot_id as lotId', ...RULES])
    .where('company_id', '=', companyId)
    .where('effective_on', '<=', day)
    .orderBy('effective_on')
    .orderBy('recorded_at')
    .orderBy('change_id')
    .execute()

/**
 * The frozen terms of a company's lots, by lot, as amendments have changed them, for what is asked for on a day; today where
 * it is left out. Of a reservation that stands already it is the day on which it was requested: no amendment re-rates it.
 */
export async function bookingTermsOf(
  reader: Reader,
  companyId: Uuid,
  requestedOn?: string,
): Promise<ReadonlyMap<Uuid, FrozenBooking>> {
  const rows = await reader
    .selectFrom('booking_terms')
    .select(['lot_id as lotId', 'round_id as roundId', 'charging', ...RULES, 'long_stop as longStop'])
    .where('company_id', '=', companyId)
    .execute()
  if (rows.length === 0) return new Map()
  const day = requestedOn?.slice(0, 10) ?? (await today(reader))
  const changes = Map.groupBy(await changesInForce(reader, companyId, day), ({ lotId }) => lotId)
  const rules = new Map((await rulesInForce(reader, companyId, day)).map((row) => [row.lotId, row]))
  return new Map(
    rows.map((frozen) => {
      const row = { ...frozen, ...rules.get(frozen.lotId) }
      const own = changes.get(row.lotId)
      return [
        row.lotId,
        {
          ...row,
          companyId,
          longStop: own?.findLast(({ longStop }) => longStop !== null)?.longStop ?? row.longStop,
          charging: Charged.parse(own?.findLast(({ charging }) => charging !== null)?.charging ?? row.charging),
          refunds: Refunds.parse(row.refunds),
          lockedRefund: parseNumeric(row.lockedRefund),
          noShowPart: parseNumeric(row.noShowPart),
          outageFactor: parseNumeric(row.outageFactor),
        },
      ]
    }),
  )
}

/** A lot that use outside any reservation may draw. */
export type LotOnDemand = {
  readonly lotId: Uuid
  /** Use that began before draws it not. */
  readonly from: string
  /** What a month may cost, in micro-tokens. */
  readonly cap: MicroTokens | null
}

/**
 * The lots of a company whose signed terms let use outside any reservation draw them. A lot without signed terms, such as a
 * top-up's, is never among them.
 */
export async function lotsOnDemand(reader: Reader, companyId: Uuid): Promise<readonly LotOnDemand[]> {
  return reader
    .selectFrom('booking_terms')
    .select(['lot_id as lotId', 'frozen_at as from', 'on_demand_cap_micro as cap'])
    .where('company_id', '=', companyId)
    .where('on_demand_premium', 'is not', null)
    .execute()
}

/**
 * The part of the held tokens that returns on cancelling `minutesLeft` before the start, in a pool that locks
 * `lockMinutes` before it.
 */
export function refundPart(rules: BookingRules, minutesLeft: number, lockMinutes: number): Numeric {
  if (minutesLeft < lockMinutes) return rules.lockedRefund
  const step = rules.refunds.find(({ hoursBefore }) => minutesLeft >= hoursBefore * 60)
  return (step ?? rules.refunds.at(-1))?.part ?? ONE
}

/** What is kept of held tokens where a part returns: rounded down, in favour of the company. */
export const feeOf = (held: MicroTokens, refund: Numeric): MicroTokens => divide(held * (ONE - refund), ONE, 'DOWN')

/** What is charged of held tokens when nobody came: a part where reserved time is charged, else nothing. */
export const noShowCharge = (held: MicroTokens, rules: BookingRules): MicroTokens =>
  rules.charging === 'RESERVED' ? divide(held * rules.noShowPart, ONE, 'DOWN') : 0n
