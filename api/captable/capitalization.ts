/**
 * A company's capitalization on one date, as plain values: what the rounds capability computes a pro forma from.
 * All quantities are {@link Numeric}: shares (or shares under an instrument) times 10^10.
 */
import type { Money, Numeric } from '../platform/index.ts'
import { capTableView, type SecurityRow } from './cap-table-view.ts'
import { type ComputeEquity, computeEquityOf } from './compute-equity.ts'
import type { InstrumentState } from './instruments/instrument.views.ts'
import type { ConversionTrigger } from './ocf/conversions.ts'
import { type ConversionRatio, ratioOf } from './replay/conversion-ratio.ts'
import type { NotCounted } from './replay/counted.ts'
import type { Authorized, CapTable } from './replay/state.ts'

export type { Authorized }

/** One stock class. `outstanding` counts issued shares that are still live, vested or not. */
export type CapitalizationClass = {
  readonly id: string
  readonly name: string
  readonly kind: 'COMMON' | 'PREFERRED'
  readonly authorized: Authorized
  readonly outstanding: Numeric
  /** Common for one share, in force on the day; left out: one for one. */
  readonly ratio?: ConversionRatio | undefined
}

type HoldingOf<K extends string> = {
  readonly kind: K
  readonly securityId: string
  readonly stakeholderId: string
  readonly stakeholderName: string
  /** Shares of stock; shares under an option or warrant. `0` where an instrument has no fixed number (see `convertibles`). */
  readonly quantity: Numeric
  /** Part of `quantity` that has not vested on the date. */
  readonly unvested: Numeric
}

/** An option, an award or a warrant that is open and stands for no shares on the date. */
export type UncountedHolding = {
  readonly why: NotCounted
  readonly securityId: string
  readonly customId: string
  readonly stakeholderName: string
  /** What is under it; 0 where it names no number. */
  readonly quantity: Numeric
  /** Of what has expired, the last day on which it could be exercised. */
  readonly expiredOn: string | undefined
}

/** One live security. Securities are not merged by holder: the table that a person reads does that. */
export type CapitalizationHolding =
  | (HoldingOf<'stock'> & { readonly classId: string })
  | (HoldingOf<'option'> & {
      readonly planId: string | undefined
      readonly classId: string | undefined
      readonly customId?: string | undefined
      /** The last day on which it can be exercised. */
      readonly lastDay?: string | undefined
    })
  | (HoldingOf<'warrant'> & {
      readonly classId: string | undefined
      readonly lastDay?: string | undefined
      /** False where the warrant names no number and none follows from the cap table: `quantity` is 0, it counts nowhere. */
      readonly fixed: boolean
      /** Why it counts nowhere, where its words were read. */
      readonly uncounted?: string | undefined
      readonly customId?: string | undefined
      /** How it is exercised, as the cap table says. */
      readonly triggers?: readonly ConversionTrigger[] | undefined
    })
  | (HoldingOf<'convertible'> & {
      readonly convertible: 'NOTE' | 'SAFE' | 'CONVERTIBLE_SECURITY'
      /** Purchase amount or principal that is left. */
      readonly amount: Money
      /** The id that people know it by: "SAFE-3". */
      readonly customId?: string | undefined
      /** How and when it converts, as the cap table says. */
      readonly triggers?: readonly ConversionTrigger[] | undefined
    })

/** One plan. `available` = reserved minus what is outstanding under it, was exercised, or left the pool for good. */
export type CapitalizationPool = {
  readonly planId: string
  readonly name: string
  readonly classIds: readonly string[]
  readonly reserved: Numeric
  readonly available: Numeric
}

/**
 * The capitalization of one company on `asOf` (inclusive).
 *
 * `fullyDiluted` = outstanding stock + outstanding options and like awards + warrants with a fixed number
 * + reserved but not granted. Convertibles are not in it: their number depends on a price that is not known yet.
 * Preferred counts as its own number of shares, not as converted to common: `asCommon` converts it.
 */
export type Capitalization = {
  /** What was given for compute and is not finished with; left out where nobody asked. */
  readonly compute?: readonly ComputeEquity[] | undefined
  readonly asOf: string
  readonly classes: readonly CapitalizationClass[]
  readonly holdings: readonly CapitalizationHolding[]
  /** What is open and not among the holdings, since it stands for no shares; left out where nobody asked. */
  readonly uncounted?: readonly UncountedHolding[] | undefined
  readonly pools: readonly CapitalizationPool[]
  /** Ids of the stakeholders with a holding whom the company's data calls founders; left out where nobody asked. */
  readonly founders?: readonly string[] | undefined
  readonly fullyDiluted: Numeric
}

/**
 * The capitalization on `asOf`, out of a table that was replayed through that day, before warrants without a number are
 * looked at.
 *
 * @param instruments those for compute that are not vesting stock, as they stood on that day
 *
 * @throws {NoCapTable}
 * @throws {BeforeFirstTransaction}
 */
export function plainCapitalizationOf(
  table: CapTable,
  asOf: string,
  instruments: readonly InstrumentState[] = [],
): Capitalization {
  const view = capTableView(table, asOf)
  const counted = view.securities.filter((row) => row.notCounted === undefined)
  return {
    asOf,
    compute: computeEquityOf(table, asOf, instruments),
    classes: view.classes.map(({ id, name, kind, authorized, outstanding }) => ({
      ...{ id, name, kind, authorized, outstanding },
      ...(kind === 'PREFERRED' ? { ratio: ratioOf(table.classes.get(id)) } : {}),
    })),
    holdings: counted.map((row) => holdingOf(row, table.securities.get(row.id)?.lastDay)),
    uncounted: view.securities.flatMap(uncountedOf),
    founders: foundersAmong(table, counted),
    pools: view.plans.map((plan) => ({
      planId: plan.id,
      name: plan.name,
      classIds: plan.classIds,
      reserved: plan.reserved,
      available: plan.available,
    })),
    fullyDiluted: view.totals.fullyDiluted,
  }
}

/** In the order in which they come; who holds nothing any more is not among them. */
const foundersAmong = ({ stakeholders }: CapTable, rows: readonly SecurityRow[]): readonly string[] => [
  ...new Set(rows.flatMap(({ stakeholderId: id }) => (stakeholders.get(id)?.founder === true ? [id] : []))),
]

const uncountedOf = (row: SecurityRow): readonly UncountedHolding[] =>
  row.notCounted === undefined
    ? []
    : [
        {
          ...{ why: row.notCounted, securityId: row.id, customId: row.customId, stakeholderName: row.stakeholderName },
          ...{ quantity: row.outstanding, expiredOn: row.expiredOn },
        },
      ]

function holdingOf(row: SecurityRow, lastDay: string | undefined): CapitalizationHolding {
  const holder = {
    securityId: row.id,
    stakeholderId: row.stakeholderId,
    stakeholderName: row.stakeholderName,
    quantity: row.outstanding,
    unvested: row.unvested,
  }
  switch (row.kind) {
    case 'stock':
      return { ...holder, kind: 'stock', classId: row.classId ?? '' }
    case 'equity':
      return {
        ...{ ...holder, kind: 'option', planId: row.planId, classId: row.classId },
        ...(lastDay === undefined ? {} : { lastDay, customId: row.customId }),
      }
    case 'warrant': {
      // A number that is only an estimate dilutes nobody.
      const fixed = row.fullyDiluted > 0n
      return {
        ...holder,
        kind: 'warrant',
        classId: row.classId,
        fixed,
        ...(lastDay === undefined ? {} : { lastDay, customId: row.customId }),
        ...(fixed ? {} : { quantity: 0n, unvested: 0n, customId: row.customId, triggers: row.triggers }),
      }
    }
    case 'convertible':
      return {
        ...holder,
        kind: 'convertible',
        convertible: row.convertible ?? 'CONVERTIBLE_SECURITY',
        amount: row.amount ?? { amount: 0n, currency: 'USD' },
        customId: row.customId,
        triggers: row.triggers,
      }
  }
}
