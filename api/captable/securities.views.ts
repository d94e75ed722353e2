/** Single securities, with how they vest: for nodes and lists. Visibility is that of the company. */
import type { Actor } from '../access/index.ts'
import { seesCompany } from '../parties/index.ts'
import type { Numeric, Reader, Ref, Uuid } from '../platform/index.ts'
import { BeforeFirstTransaction, type CapTableView, capTableView } from './cap-table-view.ts'
import { LAST_DAY } from './dates.ts'
import { loadTables } from './history.views.ts'
import { nodeKey } from './node-key.ts'
import { type CapTable, type Security, termsOf } from './state.ts'
import { scheduledTranches } from './vesting.ts'

/** A security of a company, with the table it stands in. */
export type SecurityView = {
  readonly companyId: Uuid
  readonly key: Uuid
  readonly security: Security
  readonly table: CapTable
}

/** A table of a company on a day, ready to be shown. */
export type CompanyCapTable = { readonly companyId: Uuid; readonly table: CapTable; readonly view: CapTableView }

/** Shares that vest on a day: by a condition of the terms, by a listed date, or ahead of schedule by acceleration. */
export type VestingStep = {
  readonly date: string
  readonly quantity: Numeric
  readonly conditionId: string | null
  readonly accelerated: boolean
}

const viewOf = (companyId: Uuid, table: CapTable, security: Security): SecurityView => ({
  companyId,
  key: nodeKey(security.id),
  security,
  table,
})

/**
 * Tables of several companies on one day, for a list of companies in one go. A company that has none has no entry; one of
 * which nothing is known on the day has the error in its place. The caller has decided who may see the companies.
 */
export async function capTablesAsOf(
  reader: Reader,
  companyIds: readonly Uuid[],
  asOf: string,
): Promise<ReadonlyMap<Uuid, CompanyCapTable | BeforeFirstTransaction>> {
  const tables = await loadTables(reader, companyIds, asOf)
  const answers = new Map<Uuid, CompanyCapTable | BeforeFirstTransaction>()
  for (const [companyId, table] of tables) {
    try {
      answers.set(companyId, { companyId, table, view: capTableView(table, asOf) })
    } catch (error) {
      if (!(error instanceof BeforeFirstTransaction)) throw error
      answers.set(companyId, error)
    }
  }
  return answers
}

/** Securities by global id, in any order; those that are not there or that the actor may not see are left out. */
export async function securitiesByRef(
  reader: Reader,
  actor: Actor,
  refs: readonly Ref[],
): Promise<readonly SecurityView[]> {
  const visible = refs.filter(({ companyId }) => seesCompany(actor, companyId))
  const tables = await loadTables(reader, [...new Set(visible.map(({ companyId }) => companyId))])
  const wanted = new Set(visible.map(({ companyId, id }) => `${companyId}:${id}`))
  const found: SecurityView[] = []
  for (const [companyId, table] of tables) {
    for (const security of table.securities.values()) {
      const view = viewOf(companyId, table, security)
      if (wanted.has(`${companyId}:${view.key}`)) found.push(view)
    }
  }
  return found
}

/** All securities of a company's table, open and closed, in the order they were issued. */
export const securitiesOf = ({
  companyId,
  table,
}: Pick<CompanyCapTable, 'companyId' | 'table'>): readonly SecurityView[] =>
  [...table.securities.values()].map((security) => viewOf(companyId, table, security))

/**
 * How a security vests up to and on a day: by schedule, and by events and accelerations so far. What depends on events to come
 * is not in it.
 */
export function vestingSteps({ table, security }: SecurityView, through: string = LAST_DAY): readonly VestingStep[] {
  const scheduled = scheduledTranches(security, termsOf(table, security), through).map((tranche) => ({
    ...tranche,
    accelerated: false,
  }))
  const accelerated = security.accelerations
    .filter(({ date }) => date <= through)
    .map(({ date, quantity }) => ({ date, quantity, conditionId: null, accelerated: true }))
  return [...scheduled, ...accelerated].sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0))
}
