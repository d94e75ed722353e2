/** Plan, actual and forecast of a statement. */
import { Temporal } from 'temporal-polyfill'
import { formatTokens, globalId, type JsonValue, type MicroTokens, type Trx, type Uuid } from '../../platform/index.ts'
import { lotsOf, type PlannedReleaseView, releasePlans } from '../../tokens/index.ts'
import type { Progress } from '../grant.store.ts'
import { FORECAST_METHOD, type Forecast, forecast, trailingWindow } from './forecast.ts'
import type { StatementLine } from './statement.store.ts'
import type { DayOfUse } from './statement-history.store.ts'
import type { ClassBalances } from './statement-movements.ts'

type Outlook = {
  readonly companyId: Uuid
  /** First day after the month. */
  readonly until: string
  readonly lines: readonly StatementLine[]
  readonly grants: ReadonlyMap<Uuid, Progress>
  readonly days: readonly DayOfUse[]
  readonly balances: readonly ClassBalances[]
}

/** Most points of a chart: a month each, forty years. */
const POINTS_MAX = 480
/** Accounts of tokens that can still be used. */
const USABLE = new Set(['locked', 'available', 'held'])

/** What is left of each class and when it runs out; when each grant is fully vested; and what was planned beside what was used. */
export async function outlookOf(trx: Trx, outlook: Outlook): Promise<JsonValue> {
  const { companyId, until, grants, days, balances, lines } = outlook
  const lots = (await lotsOf(trx, companyId)).filter((lot) => lot.openedAt.slice(0, 10) < until)
  const plans = await releasePlans(
    trx,
    companyId,
    lots.map((lot) => lot.lotId),
  )
  const since = lots.map((lot) => lot.openedAt.slice(0, 10)).sort()[0] ?? until
  const trailing = trailingWindow(since, until)
  const recent = days.filter(({ day }) => day >= trailing.from)
  const sum = (rows: readonly DayOfUse[], of: 'charged' | 'delivered' | 'basis') =>
    rows.reduce((total, row) => total + row[of], 0n)
  const classes = balances.map(({ tokenClass, accounts }) => {
    const left = accounts
      .filter(({ kind }) => USABLE.has(kind))
      .reduce((total: MicroTokens, { closing }) => total + closing, 0n)
    const ofClass = (rows: readonly DayOfUse[]) =>
      rows.filter((row) => globalId('TokenClass', row.tokenClassId) === tokenClass)
    const own = lots.filter((lot) => globalId('TokenClass', lot.tokenClassId) === tokenClass)
    const opened = own.map((lot) => lot.openedAt.slice(0, 10)).sort()[0] ?? until
    const used = sum(ofClass(recent), 'charged')
    return {
      left: formatTokens(left),
      pace: formatTokens(used),
      paceDays: trailing.days,
      points: pointsOf(
        plans.filter((plan) => own.some((lot) => lot.lotId === plan.lotId)),
        ofClass(days),
        opened,
        until,
      ),
      runOut: asJson(forecast({ until, left, used, days: trailing.days })),
      tokenClass,
    }
  })
  return {
    classes,
    grants: lines.map((line) => {
      const progress = grants.get(line.grantId)
      const left = (progress?.grant.terms.granted ?? 0n) - line.basisTo
      const used = sum(
        recent.filter((row) => row.grantId === line.grantId),
        'basis',
      )
      return { fullyVested: asJson(vesting(progress, { until, left, used, days: trailing.days })), grant: line.grantId }
    }),
    method: FORECAST_METHOD,
  }
}

/** A grant that vests by releases is foretold by its plan, not by use. */
function vesting(progress: Progress | undefined, of: Parameters<typeof forecast>[0]): Forecast {
  if (progress?.grant.basis === 'released' && of.left > 0n)
    return { kind: 'cannot_tell', why: 'these shares vest as tokens are released, not as they are used' }
  return forecast(of)
}

const asJson = (of: Forecast): JsonValue =>
  of.kind === 'on'
    ? { kind: of.kind, on: of.on }
    : of.kind === 'done'
      ? { kind: of.kind }
      : { kind: of.kind, why: of.why }

/** Cumulative: planned releases up to each date, and what was charged and delivered before it. */
function pointsOf(
  plans: readonly PlannedReleaseView[],
  days: readonly DayOfUse[],
  opened: string,
  until: string,
): JsonValue {
  const last = plans.reduce((latest, plan) => (plan.on > latest ? plan.on : latest), until)
  const dates = [opened, ...firstsBetween(opened, last)]
  return dates.map((on) => {
    const actual = on <= until
    const before = days.filter(({ day }) => day < on)
    const total = (of: 'charged' | 'delivered') => formatTokens(before.reduce((sum, day) => sum + day[of], 0n))
    return {
      charged: actual ? total('charged') : null,
      delivered: actual ? total('delivered') : null,
      on,
      planned: formatTokens(plans.filter((plan) => plan.on <= on).reduce((sum, plan) => sum + plan.amount, 0n)),
    }
  })
}

/** The firsts of months after `from`, up to the first one on or after `last`. */
function firstsBetween(from: string, last: string): string[] {
  const firsts: string[] = []
  let month = Temporal.PlainDate.from(from).with({ day: 1 })
  while ((firsts.at(-1) ?? from) < last && firsts.length < POINTS_MAX) {
    month = month.add({ months: 1 })
    firsts.push(month.toString())
  }
  return firsts
}
