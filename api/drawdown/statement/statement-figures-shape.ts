/** The shape of a statement's figures, to read what was hashed. Every number is a decimal string. */
import { z } from 'zod'

const text = z.string()
const Price = z.object({ currency: text, value: text, hours: text, fraction: text, perHour: text }).nullable()
const Forecast = z.object({ kind: z.enum(['on', 'done', 'cannot_tell']), on: text.optional(), why: text.optional() })

/** Figures as `stateStatement` makes them. What a first form did not say yet is empty. */
export const StatementFigures = z.object({
  balances: z.array(
    z.object({ accounts: z.array(z.object({ closing: text, kind: text, opening: text })), tokenClass: text }),
  ),
  charged: z.array(z.object({ cause: text, grant: text.nullable(), pool: text, tokens: text })),
  company: text,
  corrections: z
    .array(
      z.object({
        before: text,
        after: text,
        cause: text,
        externalId: text,
        from: text,
        grant: text.nullable(),
        kind: text,
        ofMonth: text,
        pool: text,
        reason: text,
        to: text,
        tokens: text,
      }),
    )
    .default([]),
  delivered: z.array(z.object({ gpuSeconds: text, pool: text, usageRecords: z.number() })),
  from: text.nullable(),
  grants: z.array(
    z.object({
      basis: z.object({ closing: text, opening: text }),
      grant: text,
      granted: text.default('0'),
      inDispute: text.default('0'),
      deficit: text.default('0'),
      price: z
        .object({
          inMonth: Price,
          perShare: z.object({ amount: text, currency: text }).nullable(),
          sinceStart: Price,
        })
        .default({ inMonth: null, perShare: null, sinceStart: null }),
      security: text.nullable(),
      shares: z.object({
        earnedAtClose: text,
        earnedAtOpen: text,
        total: text.default('0'),
        vestedWhenStated: text.default('0'),
        /** `CENT`: these count a SAFE's purchase amount in hundredths of its currency. */
        unit: z.enum(['SHARE', 'CENT']).default('SHARE'),
      }),
      vestBasis: text.nullable(),
    }),
  ),
  jobs: z
    .object({
      listed: z.array(
        z.object({
          cause: text,
          gpuSeconds: text,
          job: text.nullable(),
          pool: text,
          tokens: text,
          usageRecords: z.number(),
        }),
      ),
      others: z.object({ count: z.number(), gpuSeconds: text, tokens: text }),
    })
    .default({ listed: [], others: { count: 0, gpuSeconds: '0', tokens: '0' } }),
  month: text,
  movements: z
    .array(z.object({ from: text, reason: text, to: text, tokenClass: text, tokens: text, total: text }))
    .default([]),
  names: z.record(text, text).default({}),
  outlook: z
    .object({
      classes: z.array(
        z.object({
          tokenClass: text,
          left: text,
          pace: text,
          paceDays: z.number(),
          runOut: Forecast,
          points: z.array(z.object({ on: text, planned: text, charged: text.nullable(), delivered: text.nullable() })),
        }),
      ),
      grants: z.array(z.object({ grant: text, fullyVested: Forecast })),
      method: text,
    })
    .default({ classes: [], grants: [], method: '' }),
  priceDefinition: text.default(''),
  until: text,
})
export type StatementFigures = z.output<typeof StatementFigures>
