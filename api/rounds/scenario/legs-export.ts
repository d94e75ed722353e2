/** Legs to take away: as JSON for programs, as CSV for spreadsheets. Pure. */
import { csvOf, formatNumeric, formatTokens, type JsonValue, words } from '../../platform/index.ts'
import type { LegRow } from './legs.ts'

/** One leg, every number as text. */
const legJson = (leg: LegRow) => ({
  kind: leg.kind,
  name: leg.name,
  shares: String(leg.shares),
  equityPart: formatNumeric(leg.equityPart),
  hours: formatTokens(leg.hours),
  hourPrice:
    leg.hourPrice === null
      ? null
      : {
          amount: { amount: formatNumeric(leg.hourPrice.amount.amount), currency: leg.hourPrice.amount.currency },
          source: leg.hourPrice.source,
        },
  sharesPerThousandHours: leg.sharesPerThousandHours === null ? null : formatNumeric(leg.sharesPerThousandHours),
  liquidity: leg.liquidity,
  expiresOn: leg.expiresOn,
  earnedByUse: leg.earnedByUse,
  restrictions: [...leg.restrictions],
})

/** The legs in their order. Shares, hours, money and parts of 1 are decimal strings. */
export const legsJson = (asOf: string, legs: readonly LegRow[]): JsonValue => ({ asOf, legs: legs.map(legJson) })

const COLUMNS = [
  'leg',
  'kind',
  'shares',
  'part',
  'H100-hours',
  'shares per 1000 hours',
  'price of an hour',
  'currency',
  'source of the price',
  'liquidity',
  'expires on',
  'earned by use',
  'restrictions',
]

/** One line for each leg. RFC 4180. */
export const legsCsv = (legs: readonly LegRow[]): string =>
  csvOf([
    COLUMNS,
    ...legs
      .map(legJson)
      .map((leg) => [
        words(leg.name),
        leg.kind,
        ...[leg.shares, leg.equityPart, leg.hours, leg.sharesPerThousandHours ?? ''],
        ...[
          leg.hourPrice?.amount.amount ?? '',
          leg.hourPrice?.amount.currency ?? '',
          words(leg.hourPrice?.source ?? ''),
        ],
        ...[leg.liquidity, leg.expiresOn ?? '', leg.earnedByUse ? 'yes' : 'no', words(leg.restrictions.join('; '))],
      ]),
  ])
