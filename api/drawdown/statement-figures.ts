/** What a statement says, as it is hashed and answered. */
import { Temporal } from 'temporal-polyfill'
import { z } from 'zod'
import { formatTokens, globalId, instant, type JsonValue, Refused, type Trx, type Uuid } from '../platform/index.ts'
import { balancesAsOf, type LotBalance, sumBalances } from '../tokens/index.ts'
import { MonthNotStatable } from './errors.ts'
import type { Progress } from './grant.store.ts'
import { chargesIn, deliveriesIn, type StatementLine } from './statement.store.ts'

export type StatementContent = {
  readonly companyId: Uuid
  /** First day of the month. */
  readonly month: string
  readonly lines: readonly StatementLine[]
  readonly grants: ReadonlyMap<Uuid, Progress>
  /** The statement before it, if there is one. */
  readonly last: { readonly month: string; readonly figures: unknown } | undefined
}

/** What the statement before says of balances: what it closed with, this one opens with. */
const Closings = z.object({
  balances: z.array(
    z.object({ accounts: z.array(z.object({ closing: z.string(), kind: z.string() })), tokenClass: z.string() }),
  ),
})

/**
 * Tokens by class and account with which the month opens and closes; tokens charged in it by grant, pool and cause;
 * GPU-seconds delivered in it by pool; basis and shares of each grant. Tokens of two classes are never added up. The first
 * statement reaches back to the first grant.
 */
export async function figuresOf(trx: Trx, content: StatementContent): Promise<JsonValue> {
  const { companyId, month, lines, grants, last } = content
  const until = Temporal.PlainDate.from(month).add({ months: 1 })
  const from = last === undefined ? undefined : Temporal.PlainDate.from(last.month).add({ months: 1 }).toString()
  const period = { from: from === undefined ? undefined : `${from}T00:00:00Z`, until: `${until}T00:00:00Z` }
  const charged = await chargesIn(trx, companyId, period)
  const delivered = await deliveriesIn(trx, companyId, period)
  const first = [...grants.values()].map(({ openedAt }) => openedAt.slice(0, 10)).sort()[0]
  return {
    balances: await balancesOf(trx, content, until),
    charged: charged.map((row) => ({
      cause: row.cause,
      grant: row.grantId,
      pool: globalId('Pool', row.poolId),
      tokens: formatTokens(row.amount),
    })),
    company: globalId('Company', companyId),
    delivered: delivered.map((row) => ({
      gpuSeconds: row.gpuSeconds.toString(),
      pool: globalId('Pool', row.poolId),
      usageRecords: Number(row.records),
    })),
    from: from ?? first ?? null,
    grants: lines.map((line) => ({
      basis: { closing: formatTokens(line.basisTo), opening: formatTokens(line.basisFrom) },
      grant: line.grantId,
      security: grants.get(line.grantId)?.grant.securityId ?? null,
      shares: { earnedAtClose: line.sharesTo.toString(), earnedAtOpen: line.sharesFrom.toString() },
      vestBasis: grants.get(line.grantId)?.grant.basis ?? null,
    })),
    month: month.slice(0, 7),
    until: until.toString(),
  }
}

/** Opening and closing balance of each account, by token class. `obligation` is what was granted and is still owed. */
async function balancesOf(
  trx: Trx,
  { companyId, month, last }: StatementContent,
  until: Temporal.PlainDate,
): Promise<JsonValue> {
  // The last instant of the month: the database keeps microseconds.
  const close = `${until.subtract({ days: 1 })}T23:59:59.999999Z`
  const closing = (await balancesAsOf(trx, [companyId], close, await instant(trx))).get(companyId)
  if (closing === undefined || closing instanceof Refused) {
    throw new MonthNotStatable(month, 'the company had no tokens by its end')
  }
  const before = new Map(
    (last === undefined ? [] : Closings.parse(last.figures).balances).flatMap(({ tokenClass, accounts }) =>
      accounts.map(({ kind, closing: amount }) => [`${tokenClass} ${kind}`, amount] as const),
    ),
  )
  const classes = [...Map.groupBy(closing.lots, (lot: LotBalance) => globalId('TokenClass', lot.tokenClassId))]
  return classes
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([tokenClass, lots]) => ({
      accounts: sumBalances(lots).map(({ kind, amount }) => ({
        closing: formatTokens(amount),
        kind,
        opening: before.get(`${tokenClass} ${kind}`) ?? '0',
      })),
      tokenClass,
    }))
}
