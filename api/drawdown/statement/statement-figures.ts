/** What a statement says, as it is hashed and answered. */
import { Temporal } from 'temporal-polyfill'
import { type StockIssuance, stockIssuances } from '../../captable/index.ts'
import {
  formatNumeric,
  formatTokens,
  globalId,
  instant,
  type JsonValue,
  type MicroTokens,
  parseTokens,
  Refused,
  type Trx,
  type Uuid,
} from '../../platform/index.ts'
import { balancesAsOf, type LotBalance, sumBalances } from '../../tokens/index.ts'
import { correctionsIn, type LateMove, movedLater } from '../correction/statement-corrections.ts'
import { inDispute } from '../dispute/dispute.store.ts'
import { MonthNotStatable } from '../errors.ts'
import type { Progress } from '../grant.store.ts'
import { EFFECTIVE_PRICE_DEFINITION, effectivePrice } from './effective-price.ts'
import { chargesIn, deliveriesIn, type StatementLine } from './statement.store.ts'
import { deficitsOf } from './statement-deficit.ts'
import { StatementFigures } from './statement-figures-shape.ts'
import { type DayOfUse, daysOfUse, jobsIn } from './statement-history.store.ts'
import { type ClassBalances, movementsUntil, mustAddUp } from './statement-movements.ts'
import { namesOf } from './statement-names.ts'
import { outlookOf } from './statement-outlook.ts'

export type StatementContent = {
  readonly companyId: Uuid
  /** First day of the month. */
  readonly month: string
  readonly lines: readonly StatementLine[]
  readonly grants: ReadonlyMap<Uuid, Progress>
  /** The statement before it, if there is one. */
  readonly last: { readonly month: string; readonly figures: unknown } | undefined
}

/** Jobs that are listed one by one; what the smaller ones come to is one line. */
const JOBS_MAX = 200

/**
 * Tokens by class and account with which the month opens and closes, and every movement between; tokens charged in it by
 * grant, pool, job and cause; GPU-seconds delivered in it by pool; basis and shares of each grant; what an hour has cost in
 * equity; plan, actual and forecast; and the names that the ids had. Tokens of two classes are never added up. The first
 * statement reaches back to the first grant.
 */
export async function figuresOf(trx: Trx, content: StatementContent): Promise<JsonValue> {
  const { companyId, month, lines, grants } = content
  const last = content.last === undefined ? undefined : { ...content.last, ...read(content.last.figures) }
  const until = Temporal.PlainDate.from(month).add({ months: 1 })
  const from = last === undefined ? undefined : Temporal.PlainDate.from(last.month).add({ months: 1 }).toString()
  const period = { from: from === undefined ? undefined : `${from}T00:00:00Z`, until: `${until}T00:00:00Z` }
  const charged = await chargesIn(trx, companyId, period)
  const delivered = await deliveriesIn(trx, companyId, period)
  const days = await daysOfUse(trx, companyId, period.until)
  const first = [...grants.values()].map(({ openedAt }) => openedAt.slice(0, 10)).sort()[0]
  // The last instant of the month: the database keeps microseconds.
  const close = `${until.subtract({ days: 1 })}T23:59:59.999999Z`
  const late = await movedLater(trx, companyId, close)
  const balances = await balancesOf(trx, content, close, last?.balances ?? [], late)
  const movements = await movementsUntil(trx, companyId, close, last?.movements ?? [], late)
  mustAddUp(balances, movements)
  const deficits = await deficitsOf(trx, companyId, period.until, content)
  const disputed = await inDispute(trx, companyId, period.until)
  const securities = [...grants.values()].map(({ grant }) => grant.securityId)
  const issuances = await stockIssuances(trx, companyId, securities)
  return {
    balances: balances.map(({ tokenClass, accounts }) => ({
      accounts: accounts.map(({ kind, opening, closing }) => ({
        closing: formatTokens(closing),
        kind,
        opening: formatTokens(opening),
      })),
      tokenClass,
    })),
    charged: charged.map((row) => ({
      cause: row.cause,
      grant: row.grantId,
      pool: globalId('Pool', row.poolId),
      tokens: formatTokens(row.amount),
    })),
    company: globalId('Company', companyId),
    corrections: await correctionsIn(trx, companyId, period),
    delivered: delivered.map((row) => ({
      gpuSeconds: row.gpuSeconds.toString(),
      pool: globalId('Pool', row.poolId),
      usageRecords: Number(row.records),
    })),
    form: 2,
    from: from ?? first ?? null,
    grants: lines.map((line) => grantOf(line, grants, issuances, days, from, deficits, disputed)),
    jobs: await jobsOf(trx, companyId, period),
    month: month.slice(0, 7),
    movements: movements.map(({ amount, total, ...movement }) => ({
      ...movement,
      tokens: formatTokens(amount),
      total: formatTokens(total),
    })),
    names: await namesOf(trx, companyId, grants, issuances, until.toString()),
    outlook: await outlookOf(trx, { companyId, until: until.toString(), lines, grants, days, balances }),
    priceDefinition: EFFECTIVE_PRICE_DEFINITION,
    until: until.toString(),
  }
}

/** What the statement before closed with, and has counted. */
function read(figures: unknown) {
  const { balances, movements } = StatementFigures.parse(figures)
  return {
    balances,
    movements: movements.map(({ total, tokens: _, ...movement }) => ({ ...movement, total: signedTokens(total) })),
  }
}

const signedTokens = (text: string): MicroTokens =>
  text.startsWith('-') ? -parseTokens(text.slice(1)) : parseTokens(text)

function grantOf(
  line: StatementLine,
  grants: ReadonlyMap<Uuid, Progress>,
  issuances: ReadonlyMap<string, StockIssuance>,
  days: readonly DayOfUse[],
  from: string | undefined,
  deficits: ReadonlyMap<Uuid, MicroTokens>,
  disputed: ReadonlyMap<Uuid, MicroTokens>,
): JsonValue {
  const progress = grants.get(line.grantId)
  const issued = issuances.get(progress?.grant.securityId ?? '')
  const own = days.filter((day) => day.grantId === line.grantId)
  const sum = (rows: readonly DayOfUse[]) => rows.reduce((total, day) => total + day.delivered, 0n)
  const price = (shares: bigint, hours: MicroTokens): JsonValue =>
    issued === undefined ? null : (effectivePrice(shares, issued.sharePrice, hours) ?? null)
  return {
    basis: { closing: formatTokens(line.basisTo), opening: formatTokens(line.basisFrom) },
    deficit: formatTokens(deficits.get(line.grantId) ?? 0n),
    grant: line.grantId,
    inDispute: formatTokens(disputed.get(line.grantId) ?? 0n),
    granted: formatTokens(progress?.grant.terms.granted ?? 0n),
    price: {
      inMonth: price(line.sharesTo - line.sharesFrom, sum(own.filter((day) => from === undefined || day.day >= from))),
      perShare:
        issued === undefined
          ? null
          : { amount: formatNumeric(issued.sharePrice.amount), currency: issued.sharePrice.currency },
      sinceStart: price(line.sharesTo, sum(own)),
    },
    security: progress?.grant.securityId ?? null,
    shares: {
      earnedAtClose: line.sharesTo.toString(),
      earnedAtOpen: line.sharesFrom.toString(),
      total: (progress?.grant.terms.total ?? 0n).toString(),
      // Said only where it is not shares: what was stated before there were SAFEs keeps its hash.
      ...(progress?.grant.unit === 'CENT' ? { unit: 'CENT' } : {}),
      vestedWhenStated: (progress?.vested ?? 0n).toString(),
    },
    vestBasis: progress?.grant.basis ?? null,
  }
}

async function jobsOf(
  trx: Trx,
  companyId: Uuid,
  period: { from: string | undefined; until: string },
): Promise<JsonValue> {
  const jobs = await jobsIn(trx, companyId, period)
  const rest = jobs.slice(JOBS_MAX)
  return {
    listed: jobs.slice(0, JOBS_MAX).map((job) => ({
      cause: job.cause,
      gpuSeconds: job.gpuSeconds.toString(),
      job: job.job,
      pool: globalId('Pool', job.poolId),
      tokens: formatTokens(job.amount),
      usageRecords: Number(job.records),
    })),
    others: {
      count: rest.length,
      gpuSeconds: rest.reduce((sum, job) => sum + job.gpuSeconds, 0n).toString(),
      tokens: formatTokens(rest.reduce((sum, job) => sum + job.amount, 0n)),
    },
  }
}

/** Opening and closing balance of each account, by token class. `obligation` is what was granted and is still owed. */
async function balancesOf(
  trx: Trx,
  { companyId, month }: StatementContent,
  close: string,
  before: StatementFigures['balances'],
  late: readonly LateMove[],
): Promise<readonly ClassBalances[]> {
  const closing = (await balancesAsOf(trx, [companyId], close, await instant(trx))).get(companyId)
  if (closing === undefined || closing instanceof Refused) {
    throw new MonthNotStatable(month, 'the company had no tokens by its end')
  }
  const opening = new Map(
    before.flatMap(({ tokenClass, accounts }) =>
      accounts.map(({ kind, closing: amount }) => [`${tokenClass} ${kind}`, parseTokens(amount)] as const),
    ),
  )
  const classes = [...Map.groupBy(closing.lots, (lot: LotBalance) => globalId('TokenClass', lot.tokenClassId))]
  return classes
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([tokenClass, lots]) => ({
      accounts: sumBalances(lots).map(({ kind, amount }) => ({
        closing: amount + movedInto(late, tokenClass, kind),
        kind,
        opening: opening.get(`${tokenClass} ${kind}`) ?? 0n,
      })),
      tokenClass,
    }))
}

/** Net tokens that late corrections brought into an account. What is owed is not touched by them. */
const movedInto = (late: readonly LateMove[], tokenClass: string, kind: string): MicroTokens =>
  late
    .filter((move) => globalId('TokenClass', move.tokenClassId) === tokenClass)
    .reduce((sum, { from, to, amount }) => sum + (to === kind ? amount : 0n) - (from === kind ? amount : 0n), 0n)
