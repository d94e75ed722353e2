/**
 * Every fact that a rule may ask for: its name, what it means, and the shape of its value. Values are JSON with decimals
 * as strings; rules get them parsed. A new rule adds its facts here.
 */
import { z } from 'zod'
import { zMoney, zNumeric, zText, zTokens } from '../platform/index.ts'

const ONE_HUNDRED_PERCENT = 100n * 10n ** 10n
/** Percent with up to ten places ("15.6"), at most 100, as a {@link Numeric}. */
const zPercent = zNumeric.refine((percent) => percent <= ONE_HUNDRED_PERCENT, 'must be at most 100')

/** Size of an ultimate parent as 16 CFR 801.11 counts it. `null` means not known; it is not zero. */
const zSize = { totalAssets: zMoney.nullable(), annualNetSales: zMoney.nullable() }

const zProducts = z
  .array(
    z.strictObject({
      /** Classification the code belongs to: `NAICS-2022`, or a list of the fund's own. */
      scheme: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, 'must name a classification, like "NAICS-2022"'),
      code: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, 'must be a code of that classification'),
      name: zText(200),
      /** Who sells it: the party itself or the affiliate by name. */
      seller: zText(200),
    }),
  )
  .max(500, 'must list at most 500 products')

const zMarket = z.strictObject({
  name: zText(200),
  area: zText(200),
  period: zText(100),
  participants: z
    .array(
      z.strictObject({
        name: zText(200),
        /** Whose share it is. `fund` includes what the fund's ultimate parent controls. */
        side: z.enum(['company', 'fund', 'provider', 'other']),
        share: zPercent,
      }),
    )
    .min(1, 'must name at least the company')
    .max(200, 'must list at most 200 participants')
    .refine((all) => all.filter(({ side }) => side === 'company').length === 1, 'must list the company exactly once'),
  /** Concentration before the deal in points, where a source states it and the small firms are not listed. */
  statedHhi: zNumeric.optional(),
})

/** What became of requests for GPUs that a provider decided on, or let lapse. */
const zDecisions = z.strictObject({
  requests: z.int().min(0),
  /** Declined, or not decided in time. */
  refused: z.int().min(0),
  /** Median seconds from a request to its decision, or to the end of the time for one; null where there is no request. */
  medianWaitSeconds: z.int().min(0).nullable(),
})

/** `about`: whether one deal has its own value, or it is a fact of the company whatever the deal. */
const kind = <S extends z.ZodType>(about: 'deal' | 'company', title: string, schema: S) => ({ about, title, schema })

export const FACT_KINDS = {
  'transaction.value': kind(
    'deal',
    "Value in US dollars of the voting securities that the fund's ultimate parent acquires by this deal, paid in cash or in compute, unearned shares included when they vote",
    zMoney,
  ),
  'holding.value': kind(
    'company',
    "Value in US dollars of the company's voting securities that the fund's ultimate parent holds already (zero when none)",
    zMoney,
  ),
  'acquirer.size': kind(
    'company',
    "Total assets and annual net sales of the fund's ultimate parent",
    z.strictObject(zSize),
  ),
  'company.size': kind(
    'company',
    "Total assets and annual net sales of the company's ultimate parent, and whether it is engaged in manufacturing (16 CFR 801.1(j))",
    z.strictObject({ ...zSize, manufacturing: z.boolean().nullable() }),
  ),
  'company.products': kind('company', 'What the company sells or develops for sale, by product code', zProducts),
  'provider.products': kind(
    'company',
    'What the provider and its affiliates sell or develop for sale, by product code',
    zProducts,
  ),
  'fund.provider_affiliation': kind(
    'company',
    'Whether fund and provider are under common control',
    z.strictObject({ affiliated: z.boolean(), how: zText(500) }),
  ),
  'company.bookings_suspended': kind(
    'company',
    'Whether the company may not book GPUs for now, and why: insolvency, sanctions, an order of a court or of compliance',
    z.strictObject({ suspended: z.boolean(), why: zText(500) }),
  ),
  'factors.set_alone': kind(
    'company',
    "Factors in force that a provider set and nobody on the fund's side countersigned, of the pools that the company's tokens book",
    z.strictObject({
      pools: z.int().min(0),
      alone: z
        .array(
          z.strictObject({
            pool: zText(300),
            h100HoursPerGpuHour: zNumeric,
            basis: zText(40),
            source: zText(500),
            validFrom: zText(40),
          }),
        )
        .max(1000),
    }),
  ),
  'allocation.decisions': kind(
    'company',
    "How providers decided on the company's requests for GPUs since a day, and on those of all others in the same pools",
    z.strictObject({ since: zText(10), company: zDecisions, others: zDecisions }),
  ),
  'coverage.outlook': kind(
    'deal',
    'By token class that the deal grants: what is promised until the end of each month, with this deal, and what its pools can deliver until then (docs/coverage.md)',
    z
      .array(
        z.strictObject({
          tokenClass: zText(200),
          added: zTokens,
          /** Global ids of the pools that are booked with it, in order. */
          pools: z.array(zText(100)).max(1000),
          months: z
            .array(
              z.strictObject({
                month: z.string().regex(/^[0-9]{4}-[0-9]{2}$/),
                expiring: zTokens,
                promised: zTokens,
                /** Null where a factor is not known. */
                deliverable: zTokens.nullable(),
                ratio: zNumeric.nullable(),
              }),
            )
            .max(240),
          /** Why some months cannot be told; null where all can. */
          unknown: zText(300).nullable(),
        }),
      )
      // Of no class nothing can be told.
      .min(1)
      .max(50),
  ),
  'market.shares': kind(
    'company',
    'Markets in which the company sells, with the shares of those who sell there, in percent',
    z.strictObject({ markets: z.array(zMarket).min(1, 'must hold at least one market').max(20) }),
  ),
} as const

export type FactName = keyof typeof FACT_KINDS
/** The parsed value of a fact, by name. */
export type FactValue<Name extends FactName> = z.output<(typeof FACT_KINDS)[Name]['schema']>
export type ProductCode = FactValue<'company.products'>[number]
export type Market = FactValue<'market.shares'>['markets'][number]

export const FACT_NAMES = Object.keys(FACT_KINDS).filter((name): name is FactName => name in FACT_KINDS)
export const isFactName = (name: string): name is FactName => Object.hasOwn(FACT_KINDS, name)

/** JSON Schema of a fact's value as it is sent. It says less than the parser: bounds of decimals are not in it. */
export const factJsonSchema = (name: FactName): unknown => z.toJSONSchema(FACT_KINDS[name].schema, { io: 'input' })
