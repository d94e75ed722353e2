/** A cap table as its page and its JSON show it. */
import { date } from '../../../templates/format.ts'
import type { CapTablePage } from '../../../templates/pages/cap-table.ts'
import {
  type CompanyCapTable,
  capitalizationOf,
  openSecurityPages,
  replayedOn,
  type StakeholderRow,
  stakeholderPages,
} from '../../captable/index.ts'
import type { CompanyView } from '../../parties/index.ts'
import { formatNumeric, globalId, type JsonValue, type Money, type Numeric, type Reader } from '../../platform/index.ts'
import type { RoundView } from '../../rounds/index.ts'

/** Holders that a page lists; files hold all. */
const LISTED = 200
/** Steps of the chart that tells how ownership changed. */
const MOMENTS = 6

const number = (value: Numeric): string => (value < 0n ? `-${formatNumeric(-value)}` : formatNumeric(value))
const moneyWords = ({ amount, currency }: Money): string => `${currency} ${formatNumeric(amount)}`

export async function capTableOnPage(
  reader: Reader,
  company: CompanyView,
  table: CompanyCapTable,
  rounds: readonly RoundView[],
  person: CapTablePage['person'],
): Promise<CapTablePage> {
  const id = globalId('Company', company.companyId)
  const holders = (await stakeholderPages(reader, [table], { limit: LISTED + 1 })).get(company.companyId) ?? []
  const { totals } = table
  return {
    person,
    companyName: company.legalName,
    asOf: table.asOf,
    path: `/companies/${id}/cap-table`,
    ocfPath: `/companies/${id}/cap-table.ocf.zip`,
    totals: {
      outstanding: number(totals.outstanding),
      granted: number(totals.granted),
      reserved: number(totals.reserved),
      warrants: number(totals.warrants),
      fullyDiluted: number(totals.fullyDiluted),
      expired: number(totals.expired),
      cashSettled: number(totals.cashSettled),
    },
    expired: expiredOn(table),
    classes: table.classes.map((row) => ({
      name: row.name,
      authorized: typeof row.authorized === 'bigint' ? number(row.authorized) : row.authorized,
      outstanding: number(row.outstanding),
      vested: number(row.vested),
      granted: number(row.granted),
      percent: row.percentOfOutstanding,
    })),
    holders: holders.slice(0, LISTED).map((row) => ({
      name: row.name,
      founder: row.founder,
      outstanding: number(row.outstanding),
      granted: number(row.granted),
      warrants: number(row.warrants),
      vested: number(row.vested),
      fullyDiluted: number(row.fullyDiluted),
      convertibles: row.convertibles.map(moneyWords).join(', '),
    })),
    whole: holders.length <= LISTED,
    plans: table.plans.map(({ name, reserved, granted, available }) => ({
      name,
      reserved: number(reserved),
      granted: number(granted),
      available: number(available),
    })),
    moments: momentsOf(table),
    waterfallPath: `/companies/${id}/waterfall`,
    rounds: rounds.map((round) => ({ name: round.terms.name, path: `/rounds/${round.id}/pro-forma` })),
  }
}

/** What has expired and was not cancelled, of a history that is replayed; a longer one's stands in the downloads. */
function expiredOn({ source }: CompanyCapTable): CapTablePage['expired'] {
  if (source.kind !== 'replayed') return []
  const found = source.view.securities.filter((row) => row.notCounted === 'EXPIRED')
  return found.slice(0, LISTED).map((row) => ({
    name: row.customId,
    holder: row.stakeholderName,
    shares: number(row.outstanding),
    lastDay: row.expiredOn ?? '',
  }))
}

/**
 * The table after the first issue of each class, and on the day asked for. A long history, which is looked up and not
 * replayed, has too many holders for such a chart.
 */
function momentsOf({ asOf, source }: CompanyCapTable): CapTablePage['moments'] {
  if (source.kind !== 'replayed') return []
  const firsts = new Map<string, string>()
  for (const { kind, classId, issuedOn } of source.table.securities.values()) {
    if (kind !== 'stock' || classId === undefined) continue
    const name = source.table.classes.get(classId)?.name ?? classId
    const known = firsts.get(name)
    if (known === undefined || issuedOn < known) firsts.set(name, issuedOn)
  }
  const days = [...Map.groupBy(firsts, ([, day]) => day)]
    .map(([day, classes]) => ({ day, name: classes.map(([name]) => shortName(name)).join(', ') }))
    .sort((a, b) => (a.day < b.day ? -1 : 1))
    .slice(-(MOMENTS - 1))
  if (days.at(-1)?.day !== asOf) days.push({ day: asOf, name: date(asOf) })
  return days.map(({ day, name }) => {
    const { holdings, founders = [], pools } = capitalizationOf(replayedOn(source, day), day)
    const shares = new Map<string, Numeric>()
    const founding = new Set<string>()
    for (const { kind, stakeholderId, stakeholderName, quantity } of holdings) {
      if (kind !== 'convertible') shares.set(stakeholderName, (shares.get(stakeholderName) ?? 0n) + quantity)
      if (founders.includes(stakeholderId)) founding.add(stakeholderName)
    }
    const available = pools.reduce((sum, pool) => sum + pool.available, 0n)
    if (available > 0n) shares.set('Reserved, not granted', available)
    return {
      name,
      holdings: [...shares].map(([holder, own]) => ({ holder, shares: number(own), founder: founding.has(holder) })),
    }
  })
}

const shortName = (name: string): string => name.replace(/\s+(?:preferred\s+)?stock$/i, '')

/** The whole table with exact decimals as text. Units: shares; per cent; amounts of money. */
export async function capTableJson(reader: Reader, table: CompanyCapTable): Promise<JsonValue> {
  const all = { limit: Number.MAX_SAFE_INTEGER }
  const holders = (await stakeholderPages(reader, [table], all)).get(table.companyId) ?? []
  const securities = (await openSecurityPages(reader, [table], all)).get(table.companyId) ?? []
  const { totals } = table
  return {
    asOf: table.asOf,
    totals: Object.fromEntries(Object.entries(totals).map(([name, value]) => [name, number(value)])),
    classes: table.classes.map((row) => ({
      id: row.id,
      name: row.name,
      kind: row.kind,
      authorized: typeof row.authorized === 'bigint' ? number(row.authorized) : row.authorized,
      outstanding: number(row.outstanding),
      vested: number(row.vested),
      granted: number(row.granted),
      warrants: number(row.warrants),
      percentOfOutstanding: row.percentOfOutstanding ?? null,
    })),
    plans: table.plans.map(({ id, name, reserved, granted, available }) => ({
      ...{ id, name },
      reserved: number(reserved),
      granted: number(granted),
      available: number(available),
    })),
    stakeholders: holders.map(stakeholderJson),
    securities: securities.map((row) => ({
      id: row.id,
      number: row.customId,
      kind: row.kind,
      stakeholderId: row.stakeholderId,
      stakeholder: row.stakeholderName,
      class: row.className ?? null,
      plan: row.planName ?? null,
      issuedOn: row.issuedOn,
      outstanding: number(row.outstanding),
      vested: number(row.vested),
      fullyDiluted: number(row.fullyDiluted),
      notCounted: row.notCounted ?? null,
      expiredOn: row.expiredOn ?? null,
      price: row.price === undefined ? null : { amount: number(row.price.amount), currency: row.price.currency },
      amount:
        row.kind !== 'convertible' || row.amount === undefined
          ? null
          : { amount: number(row.amount.amount), currency: row.amount.currency },
    })),
  }
}

const stakeholderJson = (row: StakeholderRow): JsonValue => ({
  id: row.id,
  name: row.name,
  outstanding: number(row.outstanding),
  granted: number(row.granted),
  warrants: number(row.warrants),
  vested: number(row.vested),
  fullyDiluted: number(row.fullyDiluted),
  percentFullyDiluted: row.percentFullyDiluted ?? null,
  convertibles: row.convertibles.map(({ amount, currency }) => ({ amount: number(amount), currency })),
})
