/**
 * The cap table as people read it, on one day: by security, by class, by stakeholder. Pure: from a replayed table.
 *
 * Words, each a number of shares ({@link Numeric}):
 * - outstanding: issued stock that is still there, vested or not
 * - granted: options and like awards that are outstanding, vested or not
 * - reserved: what plans hold for grants not made yet (reserved minus granted, exercised, issued and gone)
 * - warrants: those with a number of their own; an estimate does not count
 * - fully diluted: outstanding + granted + warrants + reserved. Preferred counts as its own shares, not as converted;
 *   convertibles do not count. This is the simplest of the five quantities that go by that name.
 * - expired, cash settled: numbers under what is open and counts in none of these (counted.ts), nor in vested and unvested
 */
import { DomainError, divide, formatDecimal, type Money, type Numeric } from '../platform/index.ts'
import { type NotCounted, notCounted } from './replay/counted.ts'
import {
  type Authorized,
  afterSplits,
  type CapTable,
  type Security,
  type SecurityKind,
  type StockPlan,
  vestedOutstanding,
} from './replay/state.ts'

/** The company has no cap table here yet. */
export class NoCapTable extends DomainError {
  readonly code = 'NO_CAP_TABLE'
  constructor() {
    super('This company has no cap table here yet. Nothing was changed. Import one first.')
  }
}

/** Nothing is known of a day before the first transaction: an empty table would claim to know. */
export class BeforeFirstTransaction extends DomainError {
  readonly code = 'BEFORE_FIRST_TRANSACTION'
  readonly asOf: string
  readonly first: string
  constructor(asOf: string, first: string) {
    super(
      `Nothing is known of ${asOf}: the first transaction is of ${first}. Nothing was changed. Ask for ${first} or later.`,
    )
    this.asOf = asOf
    this.first = first
  }
}

export type SecurityRow = {
  readonly id: string
  readonly customId: string
  readonly kind: SecurityKind
  readonly stakeholderId: string
  readonly stakeholderName: string
  readonly classId: string | undefined
  readonly className: string | undefined
  readonly planId: string | undefined
  readonly planName: string | undefined
  readonly issuedOn: string
  readonly acceptedOn: string | undefined
  readonly issued: Numeric
  readonly outstanding: Numeric
  readonly vested: Numeric
  readonly unvested: Numeric
  /** What it adds to the fully diluted number. */
  readonly fullyDiluted: Numeric
  /** Why it counts in no sum of shares; `outstanding`, `vested` and `unvested` still say what is under it. */
  readonly notCounted: NotCounted | undefined
  /** Of what has expired, the last day on which it could be exercised. */
  readonly expiredOn: string | undefined
  readonly price: Money | undefined
  readonly convertible: Security['convertible']
  readonly amount: Money | undefined
  readonly triggers: Security['triggers']
}

export type ClassRow = {
  readonly id: string
  readonly name: string
  readonly kind: 'COMMON' | 'PREFERRED'
  readonly placeholder: boolean
  readonly authorized: Authorized
  readonly outstanding: Numeric
  readonly vested: Numeric
  readonly unvested: Numeric
  readonly granted: Numeric
  readonly warrants: Numeric
  /** Of all outstanding stock, in per cent. See {@link percentOf}. */
  readonly percentOfOutstanding: string | undefined
}

export type StakeholderRow = {
  readonly id: string
  readonly name: string
  /** Whether the company's data calls it a founder. */
  readonly founder: boolean
  readonly placeholder: boolean
  readonly outstanding: Numeric
  readonly granted: Numeric
  readonly warrants: Numeric
  readonly vested: Numeric
  readonly unvested: Numeric
  readonly fullyDiluted: Numeric
  /** What is left of the amounts of their convertibles, by currency. */
  readonly convertibles: readonly Money[]
  readonly percentOfOutstanding: string | undefined
  readonly percentFullyDiluted: string | undefined
}

export type PlanRow = {
  readonly id: string
  readonly name: string
  readonly placeholder: boolean
  readonly classIds: readonly string[]
  readonly reserved: Numeric
  readonly granted: Numeric
  readonly available: Numeric
}

export type Totals = {
  readonly outstanding: Numeric
  readonly granted: Numeric
  readonly reserved: Numeric
  readonly warrants: Numeric
  readonly fullyDiluted: Numeric
  /** Under options, awards and warrants that have expired and that nobody has cancelled. In none of the others. */
  readonly expired: Numeric
  /** Under rights to appreciation that are settled in cash. In none of the others. */
  readonly cashSettled: Numeric
}

export type CapTableView = {
  readonly asOf: string
  readonly totals: Totals
  readonly securities: readonly SecurityRow[]
  readonly classes: readonly ClassRow[]
  readonly stakeholders: readonly StakeholderRow[]
  readonly plans: readonly PlanRow[]
}

/** Decimal places of a percentage: "12.345679" is 12.345679 per cent. */
export const PERCENT_PLACES = 6

/** `part` of `whole` in per cent, to {@link PERCENT_PLACES} places, half away from zero. `undefined` of nothing. */
export function percentOf(part: Numeric, whole: Numeric): string | undefined {
  if (whole === 0n) return undefined
  return formatDecimal(
    divide(part * 100n * 10n ** BigInt(PERCENT_PLACES), whole, 'NEAREST'),
    PERCENT_PLACES,
    PERCENT_PLACES,
  )
}

/**
 * Refuses a day of which nothing is known.
 *
 * @throws {NoCapTable}
 * @throws {BeforeFirstTransaction}
 */
export function mustKnow(table: CapTable, asOf: string): void {
  if (table.firstDate === undefined) throw new NoCapTable()
  if (asOf < table.firstDate) throw new BeforeFirstTransaction(asOf, table.firstDate)
}

/** What is left in a plan's pool; an overdrawn pool has nothing. */
export const availableOf = ({ reserved, consumed }: Pick<StockPlan, 'reserved' | 'consumed'>): Numeric =>
  reserved > consumed ? reserved - consumed : 0n

/**
 * The table on `asOf`, which is the day it was replayed through.
 *
 * @throws {NoCapTable}
 * @throws {BeforeFirstTransaction}
 */
export function capTableView(table: CapTable, asOf: string): CapTableView {
  mustKnow(table, asOf)
  const securities = [...table.securities.values()]
    .filter((security) => security.closedOn === undefined)
    .map((security) => rowOf(table, security, asOf))
  const totals = totalsOf(table, securities)
  return {
    asOf,
    totals,
    securities,
    classes: classRows(table, securities, totals),
    stakeholders: stakeholderRows(table, securities, totals),
    plans: [...table.plans.values()].map((plan) => ({
      id: plan.id,
      name: plan.name,
      placeholder: plan.placeholder,
      classIds: plan.classIds,
      reserved: plan.reserved,
      granted: sum(securities, (row) => (row.planId === plan.id ? equity(row) : 0n)),
      available: availableOf(plan),
    })),
  }
}

/** What names and terms a row of a security takes from its table. */
export type Names = Pick<CapTable, 'stakeholders' | 'classes' | 'plans' | 'terms'>

/** A security as a table shows it on a day. */
export function rowOf(table: Names, security: Security, asOf: string): SecurityRow {
  const vested = security.kind === 'convertible' ? 0n : vestedOutstanding(table, security, asOf)
  const number = security.kind === 'convertible' ? 0n : security.outstanding
  const why = notCounted(security, asOf)
  return {
    id: security.id,
    customId: security.customId,
    kind: security.kind,
    stakeholderId: security.stakeholderId,
    stakeholderName: table.stakeholders.get(security.stakeholderId)?.name ?? security.stakeholderId,
    classId: security.classId,
    className: security.classId === undefined ? undefined : table.classes.get(security.classId)?.name,
    planId: security.planId,
    planName: security.planId === undefined ? undefined : table.plans.get(security.planId)?.name,
    issuedOn: security.issuedOn,
    acceptedOn: security.acceptedOn,
    issued: security.issued,
    outstanding: number,
    vested,
    unvested: number - vested,
    fullyDiluted: security.fixed && why === undefined ? number : 0n,
    notCounted: why,
    expiredOn: why === 'EXPIRED' ? security.lastDay : undefined,
    price: security.price && afterSplits(security.price, security),
    convertible: security.convertible,
    amount: security.amount,
    triggers: security.triggers,
  }
}

function sum<T>(rows: readonly T[], of: (row: T) => Numeric): Numeric {
  let total = 0n
  for (const row of rows) total += of(row)
  return total
}

const ofKind =
  (kind: SecurityKind) =>
  (row: SecurityRow): Numeric =>
    row.kind !== kind || row.notCounted !== undefined ? 0n : kind === 'warrant' ? row.fullyDiluted : row.outstanding
const stock = ofKind('stock')
const equity = ofKind('equity')
const warrant = ofKind('warrant')

function totalsOf(table: CapTable, securities: readonly SecurityRow[]): Totals {
  const outstanding = sum(securities, stock)
  const granted = sum(securities, equity)
  const warrants = sum(securities, warrant)
  const reserved = sum([...table.plans.values()], availableOf)
  const under = (why: NotCounted) => sum(securities, (row) => (row.notCounted === why ? row.outstanding : 0n))
  return {
    ...{ outstanding, granted, reserved, warrants, fullyDiluted: outstanding + granted + reserved + warrants },
    ...{ expired: under('EXPIRED'), cashSettled: under('CASH_SETTLED') },
  }
}

function grouped(
  rows: readonly SecurityRow[],
  key: (row: SecurityRow) => string | undefined,
): Map<string, SecurityRow[]> {
  const groups = new Map<string, SecurityRow[]>()
  for (const row of rows) {
    const id = key(row)
    if (id === undefined) continue
    const group = groups.get(id)
    if (group === undefined) groups.set(id, [row])
    else group.push(row)
  }
  return groups
}

function classRows(table: CapTable, securities: readonly SecurityRow[], totals: Totals): ClassRow[] {
  const groups = grouped(securities, (row) => row.classId)
  return [...table.classes.values()].map((stockClass) => {
    const rows = groups.get(stockClass.id) ?? []
    const own = rows.filter((row) => row.kind === 'stock')
    return {
      id: stockClass.id,
      name: stockClass.name,
      kind: stockClass.kind,
      placeholder: stockClass.placeholder,
      authorized: stockClass.authorized,
      outstanding: stockClass.outstanding,
      vested: sum(own, (row) => row.vested),
      unvested: sum(own, (row) => row.unvested),
      granted: sum(rows, equity),
      warrants: sum(rows, warrant),
      percentOfOutstanding: percentOf(stockClass.outstanding, totals.outstanding),
    }
  })
}

function stakeholderRows(table: CapTable, securities: readonly SecurityRow[], totals: Totals): StakeholderRow[] {
  const groups = grouped(securities, (row) => row.stakeholderId)
  return [...table.stakeholders.values()]
    .filter((holder) => groups.has(holder.id))
    .map((holder) => {
      const rows = groups.get(holder.id) ?? []
      const outstanding = sum(rows, stock)
      const fullyDiluted = sum(rows, (row) => row.fullyDiluted)
      return {
        id: holder.id,
        name: holder.name,
        founder: holder.founder,
        placeholder: holder.placeholder,
        outstanding,
        granted: sum(rows, equity),
        warrants: sum(rows, warrant),
        vested: sum(rows, (row) => (row.notCounted === undefined ? row.vested : 0n)),
        unvested: sum(rows, (row) => (row.notCounted === undefined ? row.unvested : 0n)),
        fullyDiluted,
        convertibles: amountsOf(rows),
        percentOfOutstanding: percentOf(outstanding, totals.outstanding),
        percentFullyDiluted: percentOf(fullyDiluted, totals.fullyDiluted),
      }
    })
}

const amountsOf = (rows: readonly SecurityRow[]): Money[] =>
  amountsByCurrency(
    rows.flatMap(({ kind, amount }) => (kind !== 'convertible' || amount === undefined ? [] : [amount])),
  )

/** Sums of amounts, one for each currency, in the order in which currencies first come. */
export function amountsByCurrency(amounts: readonly Money[]): Money[] {
  const byCurrency = new Map<string, Numeric>()
  for (const { amount, currency } of amounts) byCurrency.set(currency, (byCurrency.get(currency) ?? 0n) + amount)
  return [...byCurrency].map(([currency, amount]) => ({ amount, currency }))
}
