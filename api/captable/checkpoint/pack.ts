/** How the parts of a checkpoint are written: JSON with exact integers of 10^-10 shares as text. */
import { z } from 'zod'
import type { Numeric } from '../../platform/index.ts'
import { LAST_DAY } from '../dates.ts'
import type { Authorized, Security } from '../replay/state.ts'
import { NOTHING, type Steps, SUMS, type Sums } from './line.ts'
import type { ClassLine, HolderLine, Life, PlanLine, Timeline } from './timeline.ts'

/** Raised whenever a part is written otherwise, or a replay gives another table for the same history. */
export const FORMAT = 4
/** Rows in one part. */
export const PART_SIZE = { security: 64, holder: 32 } as const

export type Part = {
  readonly kind: 'holder' | 'month' | 'security'
  readonly ordinal: number
  readonly openedOn: string | undefined
  /** The first day on which nothing in it is open any more. */
  readonly closedOn: string | undefined
  /** Ids in it, in order. */
  readonly ids: readonly string[]
  readonly content: string
}

const text = (value: bigint): string => String(value)
const zNumber = z
  .string()
  .regex(/^-?[0-9]+$/)
  .transform(BigInt)
const zDay = z.string().length(10)
const zMoney = z.strictObject({ amount: zNumber, currency: z.string() })
const moneyText = (money: { amount: Numeric; currency: string } | undefined) =>
  money === undefined ? undefined : { amount: text(money.amount), currency: money.currency }

// Sums.

const sumsText = ([day, it]: readonly [string, Sums]): readonly string[] => [day, ...SUMS.map((key) => text(it[key]))]
const zSums = z.array(z.tuple([zDay], zNumber)).transform(
  (rows, context): Steps<Sums> =>
    rows.map(([day, ...values]) => {
      if (values.length !== SUMS.length) context.addIssue('has other sums than this format')
      const sums = { ...NOTHING }
      for (const [at, key] of SUMS.entries()) sums[key] = values[at] ?? 0n
      return [day, sums]
    }),
)

// Months: what the table as a whole, its classes and its plans hold.

const zAuthorized = z.union([z.literal('UNLIMITED'), z.literal('NOT APPLICABLE'), zNumber])
const authorizedText = (authorized: Authorized): string =>
  typeof authorized === 'bigint' ? text(authorized) : authorized
const zSteps = <Shape extends z.ZodType>(shape: Shape) => z.array(z.tuple([zDay, shape]))
const zMonth = z.strictObject({
  totals: zSums,
  standIns: z.boolean(),
  classes: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string(),
      kind: z.enum(['COMMON', 'PREFERRED']),
      placeholder: z.boolean(),
      since: z.string(),
      states: zSteps(z.strictObject({ authorized: zAuthorized, outstanding: zNumber })),
      sums: zSums,
      vested: zSteps(zNumber),
    }),
  ),
  plans: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string(),
      classIds: z.array(z.string()),
      placeholder: z.boolean(),
      since: z.string(),
      states: zSteps(z.strictObject({ reserved: zNumber, consumed: zNumber })),
      sums: zSums,
    }),
  ),
})
export type Month = {
  readonly totals: Steps<Sums>
  /** Whether anything only stands in for a holder, a class or a plan that no object describes. */
  readonly standIns: boolean
  readonly classes: readonly ClassLine[]
  readonly plans: readonly PlanLine[]
}

/** @throws when it is not of this format: what is stored was written by us */
export const readMonth = (content: string): Month => zMonth.parse(JSON.parse(content))

/** Months since the year 0: the ordinal of the part that tells of a day. */
export const monthOf = (day: string): number => Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1

/** A part for each month up to the last change, each beginning with what the month before leaves. */
function months(timeline: Timeline): Part[] {
  const last = [timeline.totals, ...timeline.classes.flatMap((line) => [line.sums, line.vested, line.states])]
    .flatMap((steps) => (steps.at(-1)?.[0] === undefined ? [] : [monthOf(steps.at(-1)?.[0] ?? '')]))
    .concat(timeline.plans.flatMap((line) => line.states.map(([day]) => monthOf(day))))
  const first = monthOf(timeline.firstDate)
  const count = last.reduce((most, month) => Math.max(most, month), first) - first + 1
  const totals = byMonth(timeline.totals, first, count)
  const classes = timeline.classes.map((line) => ({
    line,
    states: byMonth(line.states, first, count),
    sums: byMonth(line.sums, first, count),
    vested: byMonth(line.vested, first, count),
  }))
  const plans = timeline.plans.map((line) => ({
    line,
    states: byMonth(line.states, first, count),
    sums: byMonth(line.sums, first, count),
  }))
  const standIns = [...timeline.holders, ...timeline.classes, ...timeline.plans].some((line) => line.placeholder)
  return Array.from({ length: count }, (_, at): Part => {
    const content = JSON.stringify({
      totals: totals[at]?.map(sumsText),
      standIns,
      classes: classes.map(({ line, states, sums, vested }) => ({
        ...line,
        states: states[at]?.map(([day, it]) => [
          day,
          { authorized: authorizedText(it.authorized), outstanding: text(it.outstanding) },
        ]),
        sums: sums[at]?.map(sumsText),
        vested: vested[at]?.map(([day, it]) => [day, text(it)]),
      })),
      plans: plans.map(({ line, states, sums }) => ({
        ...line,
        states: states[at]?.map(([day, it]) => [day, { reserved: text(it.reserved), consumed: text(it.consumed) }]),
        sums: sums[at]?.map(sumsText),
      })),
    })
    return { kind: 'month', ordinal: first + at, openedOn: undefined, closedOn: undefined, ids: [], content }
  })
}

/** Steps by month, each month with the last step before it at its head. */
function byMonth<Value>(steps: Steps<Value>, first: number, count: number): Steps<Value>[] {
  let next = 0
  return Array.from({ length: count }, (_, at) => {
    const before = steps[next - 1]
    const from = next
    for (let day = steps[next]?.[0]; day !== undefined && monthOf(day) <= first + at; day = steps[next]?.[0]) next += 1
    const within = steps.slice(from, next)
    return before === undefined ? within : [before, ...within]
  })
}

// Holders.

const DAY = 86_400_000
/** Before any day of a history. */
const FIRST_DAY = '0001-01-01'
const zHolder = z
  .strictObject({
    id: z.string(),
    placeholder: z.boolean(),
    sums: zSums,
    vested: z.array(z.tuple([z.number().int(), zNumber])),
    convertibles: z.array(
      z.strictObject({
        id: z.string(),
        ordinal: z.number().int(),
        from: zDay,
        to: zDay.optional(),
        amount: zNumber,
        currency: z.string(),
      }),
    ),
  })
  .transform(({ vested, ...rest }) => ({ ...rest, vested: stepsOf(vested) }))
/** The rows of a part, to be read one by one: a page needs few of them. */
export const rowsOf = (content: string): readonly unknown[] => z.array(z.unknown()).parse(JSON.parse(content))

export function readHolder(row: unknown): HolderLine {
  const { convertibles, ...holder } = zHolder.parse(row)
  return { ...holder, convertibles: convertibles.map((it) => ({ ...it, to: it.to })) }
}

/** As differences: a schedule is fifty small numbers and not fifty dates. */
function differences(steps: Steps<Numeric>): [number, string][] {
  let [day, value] = [0, 0n]
  return steps.map(([at, now]): [number, string] => {
    const number = Date.parse(at) / DAY
    const step: [number, string] = [number - day, text(now - value)]
    day = number
    value = now
    return step
  })
}

function stepsOf(differences: readonly (readonly [number, Numeric])[]): Steps<Numeric> {
  let [day, value] = [0, 0n]
  return differences.map(([days, by]) => {
    day += days
    value += by
    return [new Date(day * DAY).toISOString().slice(0, 10), value]
  })
}

function holders(lines: readonly HolderLine[]): Part[] {
  return chunked(lines, PART_SIZE.holder).map(([ordinal, some]) => {
    const content = JSON.stringify(
      some.map(({ id, placeholder, sums, vested, convertibles }) => ({
        id,
        placeholder,
        sums: sums.map(sumsText),
        vested: differences(vested),
        convertibles: convertibles.map((it) => ({ ...it, amount: text(it.amount) })),
      })),
    )
    // Who never held anything opens on no day, and keeps no part open.
    const opened = some.map((line) => line.sums[0]?.[0] ?? LAST_DAY).sort()[0]
    const closed = some.map(({ sums: [first = [FIRST_DAY, NOTHING] as const, ...more] }) => {
      const [day, { open }] = more.at(-1) ?? first
      return open === 0n ? day : undefined
    })
    return {
      kind: 'holder',
      ordinal,
      openedOn: opened,
      closedOn: latest(closed),
      ids: some.map((it) => it.id),
      content,
    }
  })
}

/** The last of the days, or `undefined` where one is still open. */
const latest = (days: readonly (string | undefined)[]): string | undefined => {
  const known = days.filter((day) => day !== undefined)
  return known.length < days.length ? undefined : known.sort().at(-1)
}

// Securities.

const zFixed = z.strictObject({
  id: z.string(),
  kind: z.enum(['stock', 'equity', 'warrant', 'convertible']),
  issuanceId: z.string(),
  customId: z.string(),
  stakeholderId: z.string(),
  classId: z.string().optional(),
  planId: z.string().optional(),
  issuedOn: zDay,
  fixed: z.boolean(),
  price: zMoney.optional(),
  convertible: z.enum(['NOTE', 'SAFE', 'CONVERTIBLE_SECURITY']).optional(),
  lastDay: zDay.optional(),
  settledInCash: z.boolean().default(false),
  vesting: z.union([
    z.strictObject({ kind: z.literal('none') }),
    z.strictObject({ kind: z.literal('missing') }),
    z.strictObject({ kind: z.literal('terms'), termsId: z.string() }),
    z.strictObject({
      kind: z.literal('dates'),
      vestings: z.array(z.strictObject({ date: zDay, amount: zNumber })),
    }),
  ]),
})
const zVersion = z.strictObject({
  since: zDay,
  issued: zNumber,
  outstanding: zNumber,
  cancelled: zNumber,
  returnedByRule: zNumber,
  returnedByTransaction: zNumber,
  splitNumerator: zNumber,
  splitDenominator: zNumber,
  amount: zMoney.optional(),
  acceptedOn: zDay.optional(),
  closedOn: zDay.optional(),
  closedBy: z.string().optional(),
  fired: z.array(z.tuple([z.string(), zDay])),
  accelerations: z.array(z.strictObject({ date: zDay, quantity: zNumber })),
})
const zLife = z.strictObject({ ordinal: z.number().int(), fixed: zFixed, versions: z.array(zVersion) })

export function readLife(row: unknown): Life {
  const { ordinal, fixed, versions } = zLife.parse(row)
  return {
    ordinal,
    versions: versions.map(({ since, fired, ...version }) => ({
      since,
      security: { ...EMPTY, ...fixed, ...version, fired: new Map(fired) },
    })),
  }
}

/** Fields that JSON leaves out; and how instruments convert and stand, which rounds and sales ask for: these replay. */
const EMPTY = {
  triggers: undefined,
  seniority: undefined,
  classId: undefined,
  planId: undefined,
  price: undefined,
  convertible: undefined,
  lastDay: undefined,
  settledInCash: false,
  amount: undefined,
  acceptedOn: undefined,
  closedOn: undefined,
  closedBy: undefined,
}

const fixedText = (it: Security) => ({
  id: it.id,
  kind: it.kind,
  issuanceId: it.issuanceId,
  customId: it.customId,
  stakeholderId: it.stakeholderId,
  classId: it.classId,
  planId: it.planId,
  issuedOn: it.issuedOn,
  fixed: it.fixed,
  price: moneyText(it.price),
  convertible: it.convertible,
  lastDay: it.lastDay,
  settledInCash: it.settledInCash ? true : undefined,
  vesting:
    it.vesting.kind === 'dates'
      ? { kind: 'dates', vestings: it.vesting.vestings.map(({ date, amount }) => ({ date, amount: text(amount) })) }
      : it.vesting,
})
const versionText = (since: string, it: Security) => ({
  since,
  issued: text(it.issued),
  outstanding: text(it.outstanding),
  cancelled: text(it.cancelled),
  returnedByRule: text(it.returnedByRule),
  returnedByTransaction: text(it.returnedByTransaction),
  splitNumerator: text(it.splitNumerator),
  splitDenominator: text(it.splitDenominator),
  amount: moneyText(it.amount),
  acceptedOn: it.acceptedOn,
  closedOn: it.closedOn,
  closedBy: it.closedBy,
  fired: [...it.fired],
  accelerations: it.accelerations.map(({ date, quantity }) => ({ date, quantity: text(quantity) })),
})

function securities(lives: readonly Life[]): Part[] {
  return chunked(lives, PART_SIZE.security).map(([ordinal, some]) => {
    const known = some.flatMap((life) => {
      const first = life.versions[0]
      return first === undefined ? [] : [{ life, first }]
    })
    const content = JSON.stringify(
      known.map(({ life, first }) => ({
        ordinal: life.ordinal,
        fixed: fixedText(first.security),
        versions: life.versions.map(({ since, security }) => versionText(since, security)),
      })),
    )
    return {
      kind: 'security',
      ordinal,
      openedOn: known.map(({ first }) => first.since).sort()[0],
      closedOn: latest(known.map(({ life }) => life.versions.at(-1)?.security.closedOn)),
      ids: known.map(({ first }) => first.security.id),
      content,
    }
  })
}

function chunked<Row>(rows: readonly Row[], size: number): [ordinal: number, rows: readonly Row[]][] {
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, at) => [
    at * size,
    rows.slice(at * size, (at + 1) * size),
  ])
}

/** All parts of a timeline, by kind and ordinal. */
export const partsOf = (timeline: Timeline): readonly Part[] => [
  ...holders(timeline.holders),
  ...securities(timeline.lives),
  ...months(timeline),
]
